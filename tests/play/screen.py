"""The page in a real browser, and what a person does there."""

from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from paintnet.painting import Painting

DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
QUICK = "preset=draft&engine=numpy&epochs=8&max_side=128"
"""Settings behind the # that learn a sample in a fraction of a second."""

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SERIOUS = ("serious", "critical")


class Screen:
    """One page on a screen.

    Parameters
    ----------
    page : playwright's Page
        Where it is shown.
    address : str
        Of the server.
    """

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.set_default_timeout(120_000)
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, settings: str = QUICK, query: str = "") -> "Screen":
        self.page.goto(f"{self.address}{query}#{settings}")
        self.wait("ready")
        return self

    def wait(self, phase: str, epoch: int | None = None) -> None:
        """Until the run is in a phase, and the page shows an epoch."""
        self.until(
            "([phase, epoch]) => document.body.dataset.phase === phase && "
            "(epoch === null || parseInt(document.getElementById('epoch').textContent) === epoch)",
            [phase, epoch],
        )

    def until(self, condition: str, given: Any = None) -> None:
        self.page.wait_for_function(condition, arg=given)

    def click(self, selector: str) -> None:
        self.page.click(selector)

    def run(self, selector: str) -> None:
        """Press a button of the run; what is waited for then is what comes after it."""
        self.page.evaluate("delete document.body.dataset.phase")
        self.click(selector)

    def learn(self, epochs: int = 8) -> None:
        self.run("#start")
        self.wait("ended", epochs)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def says(self, words: str, selector: str = "#status") -> None:
        """Until a part of the page says so."""
        self.until(
            "([selector, words]) => document.querySelector(selector).textContent.includes(words)",
            [selector, words],
        )

    def set(self, name: str, value: str) -> dict[str, Any]:
        """Give a setting by hand; what the page asks for then."""
        field = self.page.locator(f"#set-{name}")
        with self.page.expect_response("**/configure") as answered:
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
                field.press("Enter")
        answer = answered.value
        assert answer.status == 200, answer.text()
        return dict(answer.request.post_data_json)

    def change_address(self, settings: str) -> None:
        """As if somebody had edited what stands behind the #."""
        with self.page.expect_response("**/configure"):
            self.page.evaluate("settings => { location.hash = settings }", settings)

    def canvas(self, selector: str) -> BytesIO:
        """What a canvas holds, as a PNG."""
        found = self.page.evaluate("canvas => document.querySelector(canvas).toDataURL()", selector)
        return BytesIO(b64decode(found.partition(",")[2]))

    def file(self, kind: str = "Model") -> bytes:
        """What the browser keeps, when its button is pressed."""
        with self.page.expect_download() as kept:
            self.page.locator("#downloads").get_by_role("button", name=kind).first.click()
        return Path(kept.value.path()).read_bytes()

    def painting(self) -> Painting:
        return Painting.from_bytes(self.file())

    def upload(self, name: str, content: bytes) -> None:
        self.page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": content})

    def address_settings(self) -> str:
        return str(self.page.evaluate("decodeURIComponent(location.hash)"))

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.id"))

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it is, of the grave kind."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run()")
        assert found["passes"]
        return [
            f"{each['id']}: {[node['target'] for node in each['nodes']]}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
        ]


Open = Callable[..., Screen]

"""The page in a real browser: what a person does to the run, its settings and its pictures."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from play_helpers import a_png
from screen import Open, Screen

from paintnet.painter.painter import Painter
from paintnet.painting import Painting
from paintnet.picture import open_picture
from paintnet.play.controls import CONTROLS

REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium writes into its console for each request that a server refuses."""


def weights(painting: Painting) -> list[bytes]:
    return [array.tobytes() for array in painting.patches[0].network.arrays]


def refused(screen: Screen, times: int = 1) -> None:
    """The browser has told of so many refusals, and of nothing else."""
    assert len(screen.complaints) == times
    assert all(complaint.startswith(REFUSED) for complaint in screen.complaints), screen.complaints
    screen.complaints.clear()


def test_start_pause_one_epoch_and_back_to_equal_weights(screen: Open) -> None:
    page = screen().open("preset=draft&engine=numpy&epochs=100000&max_side=128")
    page.run("#step")
    page.wait("paused", 1)
    first = weights(page.painting())
    page.run("#start")
    page.until("() => parseInt(document.getElementById('epoch').textContent) > 6")
    assert page.text("#start") == "Pause"
    page.run("#start")
    page.wait("paused")
    assert page.text("#start") == "Go on"
    stood_at = page.text("#epoch")
    page.page.wait_for_timeout(200)
    assert page.text("#epoch") == stood_at
    page.run("#back")
    page.wait("ready", 0)
    page.run("#step")
    page.wait("paused", 1)
    assert weights(page.painting()) == first


def test_rewind_goes_through_what_was_kept(screen: Open) -> None:
    page = screen().open()
    page.learn()
    end = page.file()
    slider = page.page.locator("#rewind")
    assert int(slider.get_attribute("max") or 0) >= 3
    slider.fill("2")
    page.wait("paused", 2)
    assert int(slider.get_attribute("max") or 0) == 2
    page.learn()
    assert page.file() == end
    assert page.text("#start") == "Start again"
    page.learn()
    assert page.file() == end


def test_what_is_painted_is_what_is_shown(screen: Open) -> None:
    page = screen().open()
    page.learn()
    painting = page.painting()
    page.until("() => document.getElementById('painted').width > 400")  # the whole one, after those in haste
    width, height = page.page.evaluate("[painted.width, painted.height]")
    seen = np.asarray(Image.open(page.canvas("#painted")).convert("RGB"), dtype=float)
    assert np.abs(seen - np.rint(255 * painting.render((width, height)))).max() <= 1
    page.page.locator("#compare").fill("40")
    assert page.page.evaluate("getComputedStyle(original).clipPath").endswith("40%)")
    page.click("text=Error")
    page.until("before => painted.toDataURL() !== before", page.page.evaluate("painted.toDataURL()"))
    page.page.wait_for_timeout(100)
    assert np.asarray(Image.open(page.canvas("#painted")).convert("RGB")).mean() < seen.mean()


VALUES = {
    "mode": "classify",
    "preset": "tutorial",
    "max_side": "128",
    "colors": "3",
    "threshold": "400",
    "palette": "red,#00f",
    "hold_out": "0.2",
    "purpose": "copying",
    "encoding": "grid",
    "sigma": "3",
    "n_frequencies": "16",
    "levels": "8,16",
    "basis": "linear",
    "layers": "4,8",
    "activation": "relu",
    "solver": "adam",
    "learning_rate": "0.002",
    "decay": "cosine",
    "batch_size": "500",
    "alpha": "0.001",
    "epochs": "3",
    "seconds": "20",
    "iterations": "5",
    "seed": "4",
    "engine": "numpy",
}
FIRST = {
    "mode": "",
    "purpose": "",
    "sigma": "encoding=fourier",
    "levels": "",
    "iterations": "solver=lbfgs&encoding=raw",
    "seed": "",
}
"""Settings with which to begin anew before a control, where those before it would be in its way."""


def test_each_control_does_what_it_says(screen: Open) -> None:
    page = screen().open("preset=draft&max_side=128")
    assert VALUES.keys() == {control.name for control in CONTROLS}
    for control in CONTROLS:
        if control.name in FIRST:
            page.change_address(f"preset=draft&max_side=128&{FIRST[control.name]}")
        asked = page.set(control.name, VALUES[control.name])
        assert str(asked[control.name]) == VALUES[control.name], control.name
        assert f"{control.name}={VALUES[control.name]}" in page.address_settings()
        assert page.text(f"#why-{control.name}").endswith(".")
        page.wait("ready")


def test_layers_and_neurons_come_and_go_with_a_click(screen: Open) -> None:
    page = screen().open("encoding=raw&layers=4,8&max_side=128")

    def settles(expected: list[int]) -> None:
        page.until(
            "wanted => wanted ==="
            " [...columns.children].map(each => each.querySelectorAll('.unit').length).join()",
            ",".join(map(str, expected)),
        )

    settles([2, 4, 8, 3])
    page.page.get_by_role("button", name="More neurons in layer 1").click()
    settles([2, 6, 8, 3])
    page.page.get_by_role("button", name="Fewer neurons in layer 2").click()
    settles([2, 6, 6, 3])
    page.page.get_by_role("button", name="+ layer").click()
    settles([2, 6, 6, 6, 3])
    page.page.get_by_role("button", name="Remove layer 2").click()
    settles([2, 6, 6, 3])
    page.wait("ready")
    assert "layers=6,6" in page.address_settings()
    page.page.get_by_role("button", name="layer 1, neuron 3").click()
    page.says("Answers from", "#unit-said")
    assert len(np.unique(Image.open(page.canvas("#unit-canvas")))) > 10
    page.click("#unit-close")
    assert not page.page.is_visible("#unit")


def test_a_pixel_and_a_line_tell_what_they_are(screen: Open) -> None:
    page = screen().open("encoding=raw&layers=4&epochs=3&max_side=128&mode=classify&colors=3")
    page.page.wait_for_selector("#preview", state="visible")
    stage = page.page.locator("#stage")
    stage.hover(position={"x": 9, "y": 9})  # scikit-learn makes the weights with the first batch
    page.run("#step")
    page.wait("paused", 1)
    page.until("() => document.querySelectorAll('.unit').length === 9")
    stage.hover(position={"x": 50, "y": 50})
    page.says("should be", "#probe")
    assert page.text("#probe").count("%") == 3
    assert page.page.locator(".unit i").count() == 2 + 4 + 3
    stage.click(position={"x": 20, "y": 20})
    stage.click(position={"x": 200, "y": 90})
    page.page.wait_for_selector("#strip", state="visible")
    assert Image.open(page.canvas("#strip")).size == (160, 2)


def test_the_address_holds_the_settings_and_a_lesson_runs_by_itself(screen: Open) -> None:
    page = screen().open()
    page.page.select_option("#lesson", "neuron")
    page.wait("ended", 30)
    assert page.page.locator("#told p").count() == 1
    assert "picture=sample:flower" in page.address_settings()
    assert "layers=1" in page.address_settings()
    page.page.select_option("#lesson", "")
    page.page.select_option("#lesson", "neuron")  # the same again: it learns again
    page.until("() => document.querySelectorAll('#runs li').length >= 2")
    page.wait("ended", 30)
    other = screen()
    other.page.goto(page.page.url)
    other.wait("ready")
    assert "flower" in other.text("#picture-name")
    other.learn(30)
    assert weights(other.painting()) == weights(page.painting())


def test_the_classic_recipe_races_the_settings(screen: Open) -> None:
    page = screen().open("preset=draft&engine=numpy&max_side=128&epochs=4")
    page.click("#race")
    page.until("() => document.querySelectorAll('#runs li').length === 2")
    page.until("() => document.body.dataset.phase === 'running' && parseInt(epoch.textContent) >= 1")
    assert "preset=tutorial" in page.address_settings()
    page.click("#start")  # who pauses wants no further race
    page.wait("paused")


def test_what_is_taken_along_is_copied_kept_and_saved(screen: Open, folder_of: Path) -> None:
    page = screen().open()
    page.learn()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def copied(button: str) -> str:
        page.page.evaluate("navigator.clipboard.writeText('')")
        page.click(button)
        page.says("Copied")
        return str(page.page.evaluate("navigator.clipboard.readText()"))

    assert copied("#copy-command") == page.text("#command")
    assert page.text("#command").startswith("paintnet fit sample:bird --preset draft")
    assert copied("#copy-link") == page.page.url
    assert copied("#copy-play").startswith("paintnet play --settings 'picture=sample:bird&")
    assert Image.open(BytesIO(page.file("Picture"))).size == (100, 100)
    page.page.get_by_role("button", name="Save in the folder of paintnet: Model").click()
    page.says("Saved as bird")
    (saved,) = [path for path in folder_of.glob("bird*.paintnet") if path.name in page.text("#status")]
    assert saved.read_bytes() == page.file()
    saved.unlink()
    page.run("#keep")
    page.wait("ready", 0)
    page.learn()
    assert page.page.locator("#runs li canvas").count() == 2
    page.page.check("#by-time")
    page.click("#clear-runs")
    assert page.page.locator("#runs li").count() == 1


def test_pictures_are_dropped_chosen_and_refused(screen: Open) -> None:
    page = screen().open()
    page.upload("my photo.png", a_png(40, 30))
    page.says("my photo.png, 40", "#picture-name")
    page.wait("ready")
    page.learn()
    for hostile, said in ((a_png()[:-30], "damaged"), (b"<html>" * 99, "not a supported image")):
        page.upload("photo.png", hostile)
        page.says(said)
        assert page.page.evaluate("document.getElementById('status').classList.contains('bad')")
        assert "my photo.png" in page.text("#picture-name")
        refused(page)
    page.page.fill("#address", "http://127.0.0.1:1/a.png")
    page.page.press("#address", "Enter")
    page.says("private")
    refused(page)
    dropped = page.page.evaluate_handle(
        "content => { const all = new DataTransfer(); all.items.add(new File([Uint8Array.from(content)], "
        "'dropped.png', { type: 'image/png' })); return all; }",
        list(a_png(20, 20)),
    )
    page.page.dispatch_event("#stage", "drop", {"dataTransfer": dropped})
    page.says("dropped.png, 20", "#picture-name")
    page.wait("ready")
    page.learn()
    page.click("text=china")
    page.says("sample:china", "#picture-name")
    page.until("() => location.hash.includes('picture=sample:china')")
    page.wait("ready")


def test_a_saved_painting_is_looked_through(screen: Open) -> None:
    painting = Painter("draft", engine="numpy", epochs=2).fit(open_picture("sample:bird").pixels)
    page = screen().open()
    page.upload("bird.paintnet", painting.to_bytes())
    page.wait("model", 2)
    page.says("A saved painting")
    assert page.page.is_disabled("#start")
    page.until("() => document.getElementById('painted').width > 200")
    assert page.file() == painting.to_bytes()


def test_a_setting_that_cannot_be_used_says_so_and_the_page_lives(screen: Open) -> None:
    page = screen().open()
    page.page.fill("#set-learning_rate", "0")
    page.page.press("#set-learning_rate", "Enter")
    page.says("learning_rate")
    assert page.page.get_attribute("#set-learning_rate", "aria-invalid") == "true"
    refused(page)
    page.set("learning_rate", "0.01")
    assert page.page.get_attribute("#set-learning_rate", "aria-invalid") is None
    page.set("encoding", "raw")  # which the engine cannot do, and only the training finds
    page.wait("failed")
    page.says("use engine stock")
    page.set("engine", "stock")
    page.wait("ready")
    page.learn()


def test_the_usual_network_is_seen_whole_on_a_desk(screen: Open) -> None:
    page = screen().open()
    page.until("() => document.querySelectorAll('#columns .unit').length > 50")
    widths = "['scrollWidth', 'clientWidth'].map((name) => document.getElementById('network-scroll')[name])"
    sides = page.page.evaluate(widths)
    assert sides[0] == sides[1]

"""What the tests of the report share: runs to report on, and a reader of pages."""

import base64
import io
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from paintnet.animation.frames import Frame
from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painter.painter import Painter
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.report.report import CurveListener, RunRecord, report_html

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT = 24, 16


def smooth(channels: int = 3, width: int = WIDTH, height: int = HEIGHT) -> Array:
    """A picture that is easy to learn: each channel rises in a direction of its own."""
    row, column = np.indices((height, width)) / max(width, height)
    planes = [column, row, (column + row) / 2, 0.25 + column / 2][:channels]
    return np.stack(planes, axis=-1).astype(np.float32)


def fitted(picture: Array, **settings: Any) -> RunRecord:
    """Learn a picture for a moment."""
    listener = CurveListener()
    settings = {"epochs": 3, **settings}
    painting = Painter("draft", listeners=(listener,), **settings).fit(picture)
    return RunRecord("bird.png", picture, painting, listener.points, command="paintnet fit bird.png")


def plain_network(layers: tuple[int, ...], outputs: int, value: float = 0.0) -> Network:
    """A network that says the same everywhere."""
    sizes = (2, *layers, outputs)
    coefs = tuple(np.zeros(shape, np.float32) for shape in pairwise(sizes))
    intercepts = tuple(np.zeros(n, np.float32) for n in sizes[1:])
    intercepts[-1][:] = value
    return Network(RawMap(Extent.of_picture(WIDTH, HEIGHT)), coefs, intercepts, "relu", "identity")


def plain_painting(
    value: float,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    channels: int = 3,
    layers: tuple[int, ...] = (4,),
    **more: Any,
) -> Painting:
    """A painting of one grey."""
    patches = (Patch.whole(plain_network(layers, channels, value), width, height),)
    return Painting("regress", width, height, channels, patches, **more)


def plain_frames(count: int) -> list[Frame]:
    """Frames of one grey each, darker to lighter."""
    greys = np.linspace(0, 255, count).round().astype(np.uint8)
    return [Frame(k, 10.0 + k, np.full((HEIGHT, WIDTH, 3), grey)) for k, grey in enumerate(greys)]


@dataclass
class Page(HTMLParser):
    """A page as a browser takes it apart: elements with their attributes, and what is text."""

    html: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def picture(self, alt: str) -> Image.Image:
        """The picture whose description begins so."""
        (found,) = [image for image in self.all("img") if image["alt"].startswith(alt)]
        return decoded(found["src"])


def decoded(uri: str) -> Image.Image:
    """The picture in a data: address."""
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def page_of(record: RunRecord) -> Page:
    """The report of a run, read."""
    return Page(report_html(record))

"""What a page is shown, and when."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from paintnet.painter.painter import Painter
from paintnet.play.display import Display, Scene
from paintnet.play.outbox import Outbox


@pytest.fixture(name="display")
def made() -> Iterator[Display]:
    display = Display(lambda: None, Outbox())
    yield display
    display.close()
    display.join()


def test_a_run_that_starts_is_painted_at_once_though_it_was_seen_whole(display: Display) -> None:
    picture = np.linspace(0, 1, 30 * 20 * 3, dtype=np.float32).reshape(20, 30, 3)
    still = Scene(Painter("draft", epochs=1, engine="numpy").fit(picture), epoch=0, is_moving=False)

    def frames(scene: Scene) -> int:
        display.paint(scene)
        return sum(header["kind"] == "frame" for header, _ in display.outbox.take())

    assert frames(still) == 1
    assert frames(replace(still, is_moving=True)) == 1

"""Mosaics in few bytes: the whole file is met, whoever learns the patches and however often they stop."""

from typing import Any

import numpy as np
import pytest
from painter_helpers import smooth

from paintnet import Painter, Painting
from paintnet.coding.network import CodedNetwork
from paintnet.dataset.windows import windows_of
from paintnet.engine.compiler import has_compiler
from paintnet.errors import TrainingError
from paintnet.metrics import psnr
from paintnet.painter.checkpoint import Checkpoint
from paintnet.painter.shares import shares_of
from paintnet.settings.presets import settings_for

pytestmark = pytest.mark.skipif(not has_compiler(), reason="needs numba")

WIDTH, HEIGHT, TARGET = 110, 60, 4000
GIVEN: dict[str, Any] = {"preset": "draft", "epochs": 80, "patch": 60, "file_size": TARGET}


def a_picture() -> np.ndarray:
    noise = np.random.default_rng(3).standard_normal((HEIGHT, WIDTH, 3)) * 0.04
    noise[:, : WIDTH // 2] = 0
    return (smooth(WIDTH, HEIGHT, 3) + noise).clip(0, 1).astype(np.float32)


PICTURE = a_picture()


@pytest.fixture(scope="module")
def painting() -> Painting:
    return Painter(**GIVEN).fit(PICTURE)


def test_the_whole_file_is_as_large_as_was_asked_for(painting: Painting) -> None:
    content = painting.to_bytes()
    assert 0.985 * TARGET < len(content) <= TARGET
    again = Painting.from_bytes(content)
    assert len(again.patches) == 2
    np.testing.assert_array_equal(again.render(), painting.render())
    assert psnr(PICTURE, again.render()) > 24


def test_the_part_with_more_to_tell_has_more_bytes() -> None:
    noise = np.random.default_rng(3).random((200, 400, 3), dtype=np.float32)
    noise[:, :200] = 0.5
    settings = settings_for(400, 200, "draft", file_size=50_000)
    calm, noisy = shares_of(noise, windows_of(400, 200, 200), settings, 50_000, None)
    assert noisy > 8 * calm > 4000
    assert 0.995 * 50_000 < calm + noisy <= 50_000


def test_workers_do_not_change_a_byte(painting: Painting) -> None:
    assert Painter(**GIVEN, workers=2).fit(PICTURE).to_bytes() == painting.to_bytes()


def test_a_mosaic_that_is_taken_up_again_ends_with_the_same_bytes(painting: Painting) -> None:
    run = Painter(**GIVEN).start(PICTURE)
    for event in run:
        if event.epoch == 90:
            break
    content = run.checkpoint().to_bytes()
    later = Painter(**GIVEN).start(PICTURE)
    later.restore(Checkpoint.from_bytes(content))
    for event in later:
        assert event.bits_per_pixel is not None
    parts = sum(later._finished.entry(number).end - later._finished.entry(number).begin for number in (0, 1))
    # Of the patch that was learned last it is an estimate, before what is left of its bytes is used.
    assert 0.75 * parts < event.bits_per_pixel * WIDTH * HEIGHT / 8 < parts
    assert later.result().to_bytes() == painting.to_bytes()


def test_what_was_not_begun_is_one_color_in_hardly_any_bytes() -> None:
    run = Painter(**GIVEN).start(PICTURE)
    for event in run:
        if event.epoch == 60:
            run.stop()
    painting = run.result()
    assert all(isinstance(patch.network, CodedNetwork) for patch in painting.patches)
    content = painting.to_bytes()
    assert len(content) < 0.7 * TARGET
    mean = PICTURE[:, -20:].mean(axis=(0, 1))
    np.testing.assert_allclose(
        Painting.from_bytes(content).render()[:, -20:].mean(axis=(0, 1)), mean, atol=0.1
    )


def test_too_few_bytes_for_so_many_patches_are_told_before_anything_is_learned() -> None:
    with pytest.raises(TrainingError, match=r"file_size: 900 bytes are too few for 2 patches; allow more"):
        next(iter(Painter(**{**GIVEN, "file_size": 900}).start(PICTURE)))


def test_a_quality_is_met_by_every_patch() -> None:
    given = {**GIVEN, "file_size": None, "purpose": "storing", "target_psnr": 26.0, "epochs": 150}
    assert Painter(**given).fit(PICTURE).training.psnr == pytest.approx(26, abs=1.5)

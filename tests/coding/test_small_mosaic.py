"""Small files of many patches, and of classes: to bytes and back, lazily, and bytes that nobody wrote."""

from pathlib import Path

import numpy as np
import pytest
from test_coded import a_coded

from paintnet import Painting
from paintnet.coding.network import CodedNetwork
from paintnet.dataset.windows import windows_of
from paintnet.errors import ModelFileError, SettingsError
from paintnet.painter.patch_learning import patch_over
from paintnet.small_mosaic import START, SmallPatches

PALETTE = np.array([[255, 0, 10], [0, 60, 255], [9, 9, 9]], np.float32) / np.float32(255)


def a_mosaic(width: int = 60, height: int = 40, *, is_classes: bool = False) -> Painting:
    """Random numbers in four patches."""
    output = "softmax" if is_classes else "identity"
    patches = tuple(
        patch_over(window, CodedNetwork.of(a_coded(window.width, window.height, seed=number), output))
        for number, window in enumerate(windows_of(width, height, 32))
    )
    mode = "classify" if is_classes else "regress"
    return Painting(mode, width, height, 3, patches, PALETTE if is_classes else None, pixel="center")


@pytest.mark.parametrize("is_classes", [False, True])
def test_a_mosaic_comes_back_from_its_file(is_classes: bool, tmp_path: Path) -> None:
    painting = a_mosaic(is_classes=is_classes)
    content = painting.to_bytes()
    assert content.startswith(START)
    assert len(content) < sum(len(patch.network.coded.to_bytes()) for patch in painting.patches) + 4 * 28 + 40
    painting.save(tmp_path / "a.paintnet")
    again = Painting.load(tmp_path / "a.paintnet")
    assert (again.mode, again.pixel, len(again.patches)) == (painting.mode, "center", 4)
    np.testing.assert_array_equal(again.render((90, 70)), painting.render((90, 70)))
    assert again.to_bytes() == content
    assert again.bits_per_pixel == pytest.approx(8 * len(content) / 2400, rel=0.1)
    assert again.n_parameters == painting.n_parameters


def test_a_region_reads_only_the_patches_that_it_shows(tmp_path: Path) -> None:
    a_mosaic().save(tmp_path / "a.paintnet")
    painting = Painting.load(tmp_path / "a.paintnet")
    assert isinstance(painting.patches, SmallPatches)
    assert painting.patches.n_read == 0
    painting.render(region=(0, 0, 10, 8))
    painting.predict([[2.0, 3.0]])
    assert painting.patches.n_read == 1


def test_one_patch_of_classes_has_a_small_file_too() -> None:
    network = CodedNetwork.of(a_coded(24, 16), "softmax")
    patches = (patch_over(windows_of(24, 16, 32)[0], network),)
    painting = Painting("classify", 24, 16, 3, patches, PALETTE)
    again = Painting.from_bytes(painting.to_bytes())
    np.testing.assert_array_equal(again.palette, PALETTE)
    np.testing.assert_array_equal(again.render(), painting.render())


def test_every_flipped_bit_and_every_cut_of_a_mosaic_is_refused() -> None:
    content = a_mosaic(is_classes=True).to_bytes()
    for at in range(0, len(content), 5):
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        for damaged in (bytes(flipped), content[:at]):
            with pytest.raises(ModelFileError):
                Painting.from_bytes(damaged)
    with pytest.raises(ModelFileError, match="patches end after"):
        Painting.from_bytes(content + b"x")


def test_a_patch_that_is_not_what_the_beginning_says_is_refused() -> None:
    painting, other = a_mosaic(), a_mosaic(is_classes=True)
    mixed = Painting("regress", 60, 40, 3, painting.patches, pixel="center")
    content = bytearray(mixed.to_bytes())
    wrong = other.to_bytes()
    # The same patches under another head: their outputs are classes.
    head = len(content) - sum(8 + len(patch.network.to_bytes()) for patch in painting.patches)
    tail = wrong[-(len(content) - head) :]
    read = Painting.from_bytes(bytes(content[:head]) + tail)
    with pytest.raises(ModelFileError, match="not what the beginning of the file says"):
        read.render()


def test_the_codec_of_whole_numbers_is_not_for_choosing() -> None:
    with pytest.raises(SettingsError, match="codec: unknown name 'coded'; use one of raw, zlib, packed"):
        a_mosaic().to_bytes("coded")

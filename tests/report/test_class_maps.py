"""The maps of a painting in classes: how sure the network is, and lines that leave the picture to be seen."""

import numpy as np
import pytest

from paintnet.report import maps


def test_certainty_by_hand() -> None:
    probability = np.full((10, 10), 0.99)
    probability[0, :4] = (0.5, 0.9, 0.6837722, 0.999)
    drawn = maps.certainty_map(probability, 2)
    # From a doubt of 1/2 to one of 1/100: 1.69897 decades.
    assert [(words, round(at, 2)) for words, at in drawn.marks] == [
        ("50 %", 0.0),
        ("90 %", 41.14),
        ("99 %", 100.0),
    ]
    first, last = bytes.fromhex(maps.VIRIDIS.split()[0]), bytes.fromhex(maps.VIRIDIS.split()[-1])
    assert bytes(drawn.pixels[0, 0].tolist()) == first
    assert bytes(drawn.pixels[0, 3].tolist()) == bytes(drawn.pixels[5, 5].tolist()) == last
    assert drawn.beyond == 0.01
    third = maps.colorise(np.array((np.log10(0.5) + 0.5) / (np.log10(0.5) + 2)), maps.VIRIDIS)
    np.testing.assert_allclose(drawn.pixels[0, 2], third, atol=3)


def test_a_network_that_is_nearly_always_sure_has_no_flat_map() -> None:
    doubt = 10.0 ** np.linspace(-7, -1, 10_000).reshape(100, 100)
    drawn = maps.certainty_map(1 - doubt, 5)
    assert [words for words, _ in drawn.marks] == ["20 %", "99 %", "99.99 %", "99.9999 %"]
    assert len(np.unique(drawn.pixels.reshape(-1, 3), axis=0)) > 100
    assert drawn.beyond == pytest.approx(1 / 6, abs=0.001)


@pytest.mark.parametrize("sure", [0.2, 0.5, 0.9999, 1.0])
@pytest.mark.parametrize("n_classes", [1, 2, 256])
def test_certainty_that_is_the_same_everywhere(sure: float, n_classes: int) -> None:
    drawn = maps.certainty_map(np.full((3, 4), sure, np.float32), n_classes)
    places = [at for _, at in drawn.marks]
    assert places[0] == 0
    assert places[-1] == pytest.approx(100)
    assert places == sorted(places)
    assert len(places) <= 4


def test_lines_leave_out_specks() -> None:
    classes = np.zeros((100, 100), int)
    classes[:, 50:] = 1
    assert maps.clear_boundaries(classes)[1] == 1
    specks = classes.copy()
    specks[::4, ::4] = 2
    edge, smallest = maps.clear_boundaries(specks)
    assert maps.boundaries(specks).mean() > 0.1
    assert smallest == 4
    assert edge[:, 49].sum() == 100
    assert edge.sum() == 100
    large = classes.copy()
    large[::10, ::10] = large[1::10, ::10] = large[::10, 1::10] = large[1::10, 1::10] = 2  # 2 x 2: 4 pixels
    assert maps.clear_boundaries(large, share=0.2)[1] == 1
    assert maps.clear_boundaries(large)[1] == 16


def test_noise_has_no_lines() -> None:
    noise = np.random.default_rng(0).integers(0, 8, (200, 200))
    edge, _ = maps.clear_boundaries(noise)
    assert edge.mean() <= maps.LINES

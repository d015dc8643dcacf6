import pytest

from paintnet.encoding.extent import Extent


def test_a_picture_reaches_from_pixel_centre_to_pixel_centre() -> None:
    extent = Extent.of_picture(width=768, height=512)
    assert extent == Extent(0, 0, 767, 511)
    assert extent.center == (383.5, 255.5)
    assert (extent.short_side, extent.long_side) == (511, 767)


@pytest.mark.parametrize(("width", "height", "long_side"), [(1, 1, 1), (1, 9, 8), (9, 1, 8)])
def test_a_side_without_length_counts_as_one_pixel(width: int, height: int, long_side: int) -> None:
    extent = Extent.of_picture(width, height)
    assert (extent.short_side, extent.long_side) == (1, long_side)


def test_a_list_brings_it_back() -> None:
    extent = Extent(-1.5, 2, 7, 2)
    assert Extent.from_list(extent.to_list()) == extent


@pytest.mark.parametrize(
    "values", [[0, 0, -1, 1], [0, 2, 1, 1], [0, 0, float("nan"), 1], [0, 0, float("inf"), 1]]
)
def test_what_is_no_rectangle_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"is not a rectangle: left, top, right, bottom"):
        Extent.from_list(values)


@pytest.mark.parametrize("values", [[0, 0, 1], [0, 0, 1, 1, 1]])
def test_four_numbers_it_must_be(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        Extent.from_list(values)

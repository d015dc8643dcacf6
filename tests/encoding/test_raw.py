import numpy as np

from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap

EXTENT = Extent.of_picture(9, 5)


def test_it_gives_row_and_column_unchanged() -> None:
    xy = np.array([[3.0, 1.0], [8.0, 4.0]])
    assert RawMap(EXTENT, normalize=False).transform(xy).tolist() == [[1, 3], [4, 8]]


def test_it_scales_the_longer_side_to_one() -> None:
    xy = np.array([[0.0, 0.0], [4.0, 2.0], [8.0, 4.0], [6.0, 3.0]])
    assert RawMap(EXTENT).transform(xy).tolist() == [[-0.5, -1], [0, 0], [0.5, 1], [0.25, 0.5]]


def test_one_pixel_is_the_centre() -> None:
    assert RawMap(Extent.of_picture(1, 1)).transform(np.zeros((1, 2))).tolist() == [[0, 0]]

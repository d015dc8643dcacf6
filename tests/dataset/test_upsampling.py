import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from paintnet.dataset import upsampling
from paintnet.dataset.upsampling import Upsampling

RANDOM = np.random.default_rng(1).random((20, 20, 3)).astype(np.float32)


def upsample(picture: np.ndarray, seed: int = 0, known: np.ndarray | None = None) -> np.ndarray:
    work = Upsampling(picture, seed, known)
    for _ in work:
        pass
    return work.dense


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def slanted_edge(side: int) -> np.ndarray:
    """Two colors parted by a straight line that no axis follows, antialiased over a pixel."""
    y, x = np.mgrid[:side, :side]
    distance = (x - side / 2) * 0.8 - (y - side / 2) * 0.6
    shade = np.clip(distance + 0.5, 0, 1)[:, :, None]
    return (shade * [0.9, 0.2, 0.1] + (1 - shade) * [0.1, 0.3, 0.8]).astype(np.float32)


def bicubic_between(given: np.ndarray) -> np.ndarray:
    """Keys' cubic (a = -0.5) halfway between pixels along both axes."""
    for axis in (0, 1):
        padded = np.pad(given, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        taps = [np.take(padded, np.arange(k, k + given.shape[axis] - 1), axis) for k in range(4)]
        given = (-taps[0] + 9 * taps[1] + 9 * taps[2] - taps[3]) / 16
    return given


@pytest.mark.parametrize("shape", [(40, 30, 3), (13, 17, 1), (20, 20, 4), (5, 3, 3), (1, 1, 1)])
def test_given_pixels_stay_as_they_are(shape):
    picture = np.random.default_rng(0).random(shape).astype(np.float32)
    dense = upsample(picture)
    assert dense.shape == (2 * shape[0] - 1, 2 * shape[1] - 1, shape[2])
    assert dense.dtype == np.float32
    assert np.array_equal(dense[::2, ::2], picture)
    assert picture.min() <= dense.min()
    assert dense.max() <= picture.max()


def test_one_color_stays_one_color():
    np.testing.assert_allclose(upsample(np.full((16, 16, 3), 0.3, np.float32)), 0.3, atol=1e-6)


def test_an_edge_comes_out_closer_than_by_bicubic_interpolation():
    fine = slanted_edge(65)
    given, hidden = fine[::2, ::2], fine[1::2, 1::2]
    inner = (slice(4, -4), slice(4, -4))
    learned = np.square(upsample(given)[1::2, 1::2] - hidden)[inner].mean()
    interpolated = np.square(bicubic_between(given) - hidden)[inner].mean()
    assert learned < interpolated / 2


def test_the_seed_decides_every_byte():
    assert upsample(RANDOM, 3).tobytes() == upsample(RANDOM, 3).tobytes()
    assert upsample(RANDOM, 3).tobytes() != upsample(RANDOM, 4).tobytes()


def test_a_point_is_known_between_known_pixels():
    known = np.array([[True, True, False], [True, False, True]])
    assert Upsampling(np.zeros((2, 3, 1)), known=known).dense_known.astype(int).tolist() == [
        [1, 1, 1, 0, 0],
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 1],
    ]


def test_unknown_pixels_have_no_part_in_the_points_between():
    known = np.random.default_rng(2).random((20, 20)) < 0.7
    noise = np.random.default_rng(3).random((20, 20, 3), dtype=np.float32)
    results = [
        upsample(np.where(known[:, :, None], RANDOM, other), known=known) for other in (noise, 1 - noise)
    ]
    assert results[0].tobytes() == results[1].tobytes()
    assert np.array_equal(results[0][::2, ::2][known], RANDOM[known])


def test_unknown_pixels_are_no_examples(monkeypatch):
    # What is filled in would hide it: far from all that is known, two fillings must come to the same.
    monkeypatch.setattr(upsampling, "filled", lambda picture, known: picture)
    known = np.ones((24, 40), dtype=bool)
    known[:, 8:34] = False
    rng = np.random.default_rng(4)
    one = rng.random((24, 40, 1)).astype(np.float32)
    other = one.copy()
    other[:, 19:23] = rng.permutation(one[:, 19:23])
    known_points = Upsampling(one, known=known).dense_known
    results = [upsample(picture, known=known)[known_points] for picture in (one, other)]
    assert results[0].tobytes() == results[1].tobytes()


def test_an_edge_beside_unknown_pixels_comes_out_as_sharp():
    fine = slanted_edge(65)
    given = fine[::2, ::2]
    known = np.ones(given.shape[:2], dtype=bool)
    known[:, 12:14] = False
    masked = upsample(np.where(known[:, :, None], given, 0), known=known)
    hidden = (slice(9, -8, 2), slice(29, -8, 2))  # where the edge runs on, from the first known column
    error, without_mask = (
        np.square(dense[hidden] - fine[hidden]).mean() for dense in (masked, upsample(given))
    )
    assert error < 2 * without_mask


def test_blas_has_one_thread_at_work_and_what_it_had_between_two_parts(monkeypatch):
    at_work, between = set(), set()
    forward = upsampling._Network.forward

    def observed(network, x):
        at_work.update(blas_threads())
        return forward(network, x)

    monkeypatch.setattr(upsampling._Network, "forward", observed)
    with threadpool_limits(2, user_api="blas"):
        had = blas_threads()
        for _ in Upsampling(RANDOM):
            between |= blas_threads()
    assert at_work == {1}
    assert between == had


def test_the_result_does_not_depend_on_the_threads_of_blas():
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            results.append(upsample(slanted_edge(24)).tobytes())
    assert results[0] == results[1]


def test_in_a_hurry_it_uses_what_was_learned_so_far(monkeypatch):
    fine = slanted_edge(65)
    given, hidden = fine[::2, ::2], fine[1::2, 1::2]
    inner = (slice(4, -4), slice(4, -4))
    looks = []
    forward = upsampling._Network.forward
    monkeypatch.setattr(
        upsampling._Network, "forward", lambda network, x: (looks.append(len(x)), forward(network, x))[1]
    )

    def error_and_looks(hurried_at):
        looks.clear()
        work = Upsampling(given)
        shares = []
        for share in work:
            shares.append(share)
            if share >= hurried_at:
                work.hurry()
        assert shares[-1] == 1
        assert np.array_equal(work.dense[::2, ::2], given)
        return np.square(work.dense[1::2, 1::2] - hidden)[inner].mean(), sum(looks)

    at_leisure, soon, at_once = (error_and_looks(at) for at in (2, 0.3, 0))
    assert at_leisure[1] > soon[1] > at_once[1]
    assert at_once[1] < at_leisure[1] / 4
    assert max(at_leisure[0], soon[0]) < np.square(bicubic_between(given) - hidden)[inner].mean() / 2


def test_ctrl_c_ends_it_within_a_batch(monkeypatch):
    batches = []
    forward = upsampling._Network.forward

    def interrupted(network, x):
        batches.append(len(x))
        if len(batches) == 5:
            raise KeyboardInterrupt
        return forward(network, x)

    monkeypatch.setattr(upsampling._Network, "forward", interrupted)
    with threadpool_limits(2, user_api="blas"):
        had = blas_threads()
        with pytest.raises(KeyboardInterrupt):
            upsample(RANDOM)
        assert blas_threads() == had
    assert len(batches) == 5

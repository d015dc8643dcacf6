"""BLAS, which multiplies matrices for NumPy, held to one thread."""

from threadpoolctl import ThreadpoolController


class OneBlasThread:
    """Context in which BLAS has one thread; may be entered again and again, but not within itself.

    The products of a small network lose more by sharing their work than they gain: threads that wait
    for each other make them up to thirty times slower. And their sums would depend on the number of
    threads. Making the context looks through all loaded libraries, which takes milliseconds; entering
    it takes a tenth of one.

    Examples
    --------
    >>> import numpy as np
    >>> with OneBlasThread():
    ...     product = np.eye(3) @ np.eye(3)
    """

    def __init__(self) -> None:
        self._pools = ThreadpoolController()

    def __enter__(self) -> None:
        self._limits = self._pools.limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        self._limits.restore_original_limits()

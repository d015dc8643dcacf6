"""What a block of a painting in few bytes lacks, compiled: for colors, and for classes."""

import numpy as np
from numba import njit

from paintnet.engine.kernel import ONE, OPTIONS, PIXELS, ZERO, _exp

LN_2 = np.float32(0.6931471805599453)


@njit(inline="always", **OPTIONS)
def _log2(x):  # type: ignore[no-untyped-def]
    """Logarithm of a positive number: its exponent, and a series for the rest, to 1e-6."""
    i = np.float32(x).view(np.int32)
    exponent = np.float32(np.int32((i >> np.int32(23)) - np.int32(127)))
    m = np.int32((i & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32)
    t = (m - ONE) / (m + ONE)
    s = t * t
    rest = np.float32(0.142857143) + s * np.float32(0.1111111)
    rest = ONE + s * (np.float32(0.33333333) + s * (np.float32(0.2) + s * rest))
    return exponent + np.float32(2.885390082) * t * rest


@njit(**OPTIONS)
def _square_of_colors(z, target, seen, delta):  # type: ignore[no-untyped-def]
    """Squared error of a block, the mean over channels; `delta` becomes its gradient."""
    channels, loss = len(z), 0.0
    for c in range(channels):
        s = ZERO
        for p in range(PIXELS):
            e = (z[c, p] - target[c, p]) * seen[p]
            s += e * e
            delta[c, p] = np.float32(2) / channels * e
        loss += float(s / channels)
    return loss


@njit(**OPTIONS)
def _surprise_of_classes(z, target, seen, delta):  # type: ignore[no-untyped-def]
    """Cross-entropy of a block in nats; `delta` becomes its gradient. Of two classes there is one output."""
    n, loss = len(z), 0.0
    for p in range(PIXELS):
        highest = ZERO if n == 1 else z[0, p]
        for c in range(n):
            highest = max(highest, z[c, p])
        s = _exp(-highest) if n == 1 else ZERO
        for c in range(n):
            e = _exp(z[c, p] - highest)
            delta[c, p] = e
            s += e
        # With one output, class 0 has the score 0.
        label = np.int64(target[0, p])
        score = z[0, p] * target[0, p] if n == 1 else z[label, p]
        loss += (LN_2 * _log2(s) + highest - score) * seen[p]
        for c in range(n):
            is_it = label == 1 if n == 1 else label == c
            delta[c, p] = (delta[c, p] / s - np.float32(is_it)) * seen[p]
    return loss

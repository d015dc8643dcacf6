"""One training step compiled by numba: the engine's fast form (extra `fast`).

It does what `numpy_step.py` does, block by block, so that all numbers of a
block stay in the cache. Values lie as [unit][pixel]: every inner loop runs
over pixels and becomes vector instructions. A batch's blocks share no vertex
(`blocks.py`), so threads update the grid without waiting for each other, and
no sum depends on how many there are.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from paintnet.engine.blocks import SIDE

PIXELS = SIDE * SIDE
RELU, TANH, LOGISTIC, IDENTITY, SOFTMAX = range(5)
CODES = {"relu": RELU, "tanh": TANH, "logistic": LOGISTIC, "identity": IDENTITY, "softmax": SOFTMAX}

ONE = np.float32(1)
ZERO = np.float32(0)
# Reordering of sums is allowed: the vector units need it, and it is the same for every thread.
OPTIONS: dict[str, Any] = {"fastmath": True, "nogil": True, "cache": True, "error_model": "numpy"}


@njit(**OPTIONS)
def _exp(x):  # type: ignore[no-untyped-def]
    """Exponential in float32 to rounding (Cephes expf); without a call, so loops over it become vectors."""
    x = min(max(x, np.float32(-87)), np.float32(87))
    n = np.floor(x * np.float32(1.4426950408889634) + np.float32(0.5))
    r = x - n * np.float32(0.6931471805599453)
    y = np.float32(1.9875691500e-4)
    y = y * r + np.float32(1.3981999507e-3)
    y = y * r + np.float32(8.3334519073e-3)
    y = y * r + np.float32(4.1665795894e-2)
    y = y * r + np.float32(1.6666665459e-1)
    y = y * r + np.float32(5.0000001201e-1)
    y = y * r * r + r + ONE
    return y * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(**OPTIONS)
def _add_product(weight, x, y):  # type: ignore[no-untyped-def]
    """y[j] += sum over i of weight[i, j] * x[i], for all pixels.

    Four inputs and two outputs at a time stay in registers.
    """
    inputs, outputs = weight.shape
    for j in range(0, outputs, 2):
        # An odd last output is computed twice, the second time into nothing that is kept.
        pair = j + 1 < outputs
        out0, out1 = y[j], y[j + 1] if pair else y[j]
        i = 0
        while i + 4 <= inputs and pair:
            a0, b0, c0, d0 = weight[i, j], weight[i + 1, j], weight[i + 2, j], weight[i + 3, j]
            a1, b1, c1, d1 = (
                weight[i, j + 1],
                weight[i + 1, j + 1],
                weight[i + 2, j + 1],
                weight[i + 3, j + 1],
            )
            p0, p1, p2, p3 = x[i], x[i + 1], x[i + 2], x[i + 3]
            for p in range(PIXELS):
                out0[p] += a0 * p0[p] + b0 * p1[p] + c0 * p2[p] + d0 * p3[p]
                out1[p] += a1 * p0[p] + b1 * p1[p] + c1 * p2[p] + d1 * p3[p]
            i += 4
        while i + 4 <= inputs:
            a0, b0, c0, d0 = weight[i, j], weight[i + 1, j], weight[i + 2, j], weight[i + 3, j]
            p0, p1, p2, p3 = x[i], x[i + 1], x[i + 2], x[i + 3]
            for p in range(PIXELS):
                out0[p] += a0 * p0[p] + b0 * p1[p] + c0 * p2[p] + d0 * p3[p]
            i += 4
        while i < inputs:
            p0 = x[i]
            a0 = weight[i, j]
            for p in range(PIXELS):
                out0[p] += a0 * p0[p]
            if pair:
                a1 = weight[i, j + 1]
                for p in range(PIXELS):
                    out1[p] += a1 * p0[p]
            i += 1


@njit(**OPTIONS)
def _outer(x, delta, gradient):  # type: ignore[no-untyped-def]
    """gradient[i, j] = sum over pixels of x[i] * delta[j], two by two, then what is left."""
    inputs, outputs = gradient.shape
    even_inputs, even_outputs = inputs - inputs % 2, outputs - outputs % 2
    for j in range(0, even_outputs, 2):
        d0, d1 = delta[j], delta[j + 1]
        for i in range(0, even_inputs, 2):
            p0, p1 = x[i], x[i + 1]
            a = b = c = d = ZERO
            for p in range(PIXELS):
                a += p0[p] * d0[p]
                b += p0[p] * d1[p]
                c += p1[p] * d0[p]
                d += p1[p] * d1[p]
            gradient[i, j], gradient[i, j + 1], gradient[i + 1, j], gradient[i + 1, j + 1] = a, b, c, d
    for i in range(inputs):
        for j in range(outputs):
            if i >= even_inputs or j >= even_outputs:
                p0, d0 = x[i], delta[j]
                a = ZERO
                for p in range(PIXELS):
                    a += p0[p] * d0[p]
                gradient[i, j] = a


@njit(**OPTIONS)
def _activate(kind, z):  # type: ignore[no-untyped-def]
    """Apply an activation of hidden or output units in place."""
    for unit in range(len(z)):
        a = z[unit]
        if kind == RELU:
            for p in range(PIXELS):
                a[p] = max(a[p], ZERO)
        elif kind == TANH:
            for p in range(PIXELS):
                e = _exp(np.float32(-2) * abs(a[p]))
                t = (ONE - e) / (ONE + e)
                a[p] = t if a[p] > 0 else -t
        elif kind == LOGISTIC:
            for p in range(PIXELS):
                a[p] = ONE / (ONE + _exp(-a[p]))


@njit(**OPTIONS)
def _slope(kind, a, delta):  # type: ignore[no-untyped-def]
    """Multiply the gradient by the activation's derivative, written in its value."""
    for unit in range(len(a)):
        v, d = a[unit], delta[unit]
        if kind == RELU:
            for p in range(PIXELS):
                d[p] = d[p] if v[p] > 0 else ZERO
        elif kind == TANH:
            for p in range(PIXELS):
                d[p] *= ONE - v[p] * v[p]
        elif kind == LOGISTIC:
            for p in range(PIXELS):
                d[p] *= v[p] * (ONE - v[p])


@njit(**OPTIONS)
def _interpolate(table, stride, top, left, high, wide, down, across, line, z):  # type: ignore[no-untyped-def]
    """z[unit] += down @ patch @ across, the grid at the block's pixels."""
    for unit in range(table.shape[1]):
        for row in range(high):
            base = (top + row) * stride + left
            part = line[row]
            part[:] = ZERO
            for column in range(wide):
                value = table[base + column, unit]
                for p in range(SIDE):
                    part[p] += value * across[column, p]
        for y in range(SIDE):
            out = z[unit, y * SIDE : (y + 1) * SIDE]
            for row in range(high):
                weight, part = down[y, row], line[row]
                if weight != 0:
                    for p in range(SIDE):
                        out[p] += weight * part[p]


@njit(**OPTIONS)
def _update_patch(  # type: ignore[no-untyped-def]
    table, moments, firsts, stride, top, left, high, wide, down, across, line, delta, adam, decay
):
    """Adam on the block's patch; adam is (corrected rate, beta_1, beta_2, epsilon)."""
    rate, beta_1, beta_2, epsilon = adam[0], adam[1], adam[2], adam[3]
    for unit in range(table.shape[1]):
        for row in range(high):
            part = line[row]
            part[:] = ZERO
            for y in range(SIDE):
                weight, d = down[y, row], delta[unit, y * SIDE : (y + 1) * SIDE]
                if weight != 0:
                    for p in range(SIDE):
                        part[p] += weight * d[p]
        for row in range(high):
            base = (top + row) * stride + left
            part = line[row]
            for column in range(wide):
                g = decay * table[base + column, unit]
                for p in range(SIDE):
                    g += part[p] * across[column, p]
                second = beta_2 * moments[base + column, unit] + (ONE - beta_2) * g * g
                moments[base + column, unit] = second
                if beta_1 > 0:
                    g = beta_1 * firsts[base + column, unit] + (ONE - beta_1) * g
                    firsts[base + column, unit] = g
                table[base + column, unit] -= rate * g / (np.sqrt(second) + epsilon)


@njit(**OPTIONS)
def _softmax(z, scratch):  # type: ignore[no-untyped-def]
    """Turn sums into probabilities of one class among all, in place."""
    for p in range(PIXELS):
        scratch[p] = z[0, p]
    for c in range(1, len(z)):
        for p in range(PIXELS):
            scratch[p] = max(scratch[p], z[c, p])
    for c in range(len(z)):
        for p in range(PIXELS):
            z[c, p] = _exp(z[c, p] - scratch[p])
    scratch[:] = ZERO
    for c in range(len(z)):
        for p in range(PIXELS):
            scratch[p] += z[c, p]
    for c in range(len(z)):
        for p in range(PIXELS):
            z[c, p] /= scratch[p]


@njit(**OPTIONS)
def _pixel_loss(output, chance, target, channels):  # type: ignore[no-untyped-def]
    """Loss of one output of one pixel, as scikit-learn defines it."""
    if output == IDENTITY:
        return (chance - target) * (chance - target) / (2 * channels)
    if output == SOFTMAX:
        return -target * np.log(max(chance, np.float32(1e-38)))
    chance = min(max(chance, np.float32(1e-7)), ONE - np.float32(1e-7))
    return -(target * np.log(chance) + (ONE - target) * np.log(ONE - chance))


@njit(**OPTIONS)
def _block_loss(output, z, delta, targets, mask, y0, x0, share):  # type: ignore[no-untyped-def]
    """Turn the last sums into their gradient, masked and times `share`; returns the summed loss."""
    channels = len(z)
    if output == SOFTMAX:
        _softmax(z, delta[0])
    else:
        _activate(output, z)
    loss = 0.0
    for c in range(channels):
        for y in range(SIDE):
            for x in range(SIDE):
                p = y * SIDE + x
                seen = mask[y0 + y, x0 + x]
                if output == SOFTMAX:
                    target = ONE if targets[0, y0 + y, x0 + x] == c else ZERO
                else:
                    target = targets[c, y0 + y, x0 + x]
                delta[c, p] = (z[c, p] - target) * seen * share
                loss += seen * _pixel_loss(output, z[c, p], target, channels)
    return loss


@njit(**OPTIONS)
def _forward(dense, units, kind, a):  # type: ignore[no-untyped-def]
    """Run the layers behind the grid's; returns where parameters and values of the last one end and begin."""
    at, low = units[0], 0
    for layer in range(1, len(units)):
        n, m = units[layer - 1], units[layer]
        weight = dense[at : at + n * m].reshape(n, m)
        out = a[low + n : low + n + m]
        for unit in range(m):
            out[unit, :] = dense[at + n * m + unit]
        _add_product(weight, a[low : low + n], out)
        if layer < len(units) - 1:
            _activate(kind, out)
        at += n * m + m
        low += n
    return at, low


@njit(**OPTIONS)
def _run_block(  # type: ignore[no-untyped-def]
    row, column, table, moments, firsts, stride, top, left, high, wide, down, across,
    dense, units, kinds, targets, mask, share, adam, decay, line, a, delta, gradient,
):  # fmt: skip
    """Forward, backward and the update of the block's vertices; leaves the dense gradient."""
    first_units = units[0]
    for unit in range(first_units):
        a[unit, :] = dense[unit]
    _interpolate(table, stride, top, left, high, wide, down, across, line, a[:first_units])
    _activate(kinds[0], a[:first_units])
    at, low = _forward(dense, units, kinds[0], a)
    last = units[-1]
    loss = _block_loss(
        kinds[1],
        a[low : low + last],
        delta[low : low + last],
        targets,
        mask,
        row * SIDE,
        column * SIDE,
        share,
    )
    for layer in range(len(units) - 1, 0, -1):
        n, m = units[layer - 1], units[layer]
        at -= n * m + m
        weight = dense[at : at + n * m].reshape(n, m)
        out, back = delta[low : low + m], delta[low - n : low]
        _outer(a[low - n : low], out, gradient[at : at + n * m].reshape(n, m))
        for unit in range(m):
            gradient[at + n * m + unit] = out[unit].sum()
        back[:] = ZERO
        _add_product(weight.T, out, back)
        _slope(kinds[0], a[low - n : low], back)
        low -= n
    for unit in range(first_units):
        gradient[unit] = delta[unit].sum()
    _update_patch(
        table,
        moments,
        firsts,
        stride,
        top,
        left,
        high,
        wide,
        down,
        across,
        line,
        delta[:first_units],
        adam,
        decay,
    )
    return loss


@njit(parallel=True, **OPTIONS)
def run_epoch(  # type: ignore[no-untyped-def]
    ends, rows, columns, pixels, table, moments, firsts, stride, tops, lefts, highs, wides, downs, acrosses,
    dense, dense_first, dense_second, is_weight, units, kinds, targets, mask, alpha,
    grid_adam, dense_adam, dense_rate, step, lines, a, delta, gradients, losses,
):  # fmt: skip
    """Train on batches of blocks in turn; returns the summed loss of their pixels.

    Batch k holds the blocks ends[k] to ends[k + 1] of `rows` and `columns` and
    `pixels[k]` learned pixels. Scratch arrays come from outside: allocating
    them for each batch would cost more than using them.
    """
    total = 0.0
    threads = len(lines)
    for batch in range(len(ends) - 1):
        begin, count = ends[batch], ends[batch + 1] - ends[batch]
        share = ONE / pixels[batch]
        decay = alpha * share
        for thread in prange(threads):
            for k in range(thread, count, threads):
                row, column = rows[begin + k], columns[begin + k]
                losses[k] = _run_block(
                    row, column, table, moments, firsts, stride, tops[row], lefts[column],
                    highs[row], wides[column],
                    downs[row], acrosses[column], dense, units, kinds, targets, mask, share, grid_adam,
                    decay, lines[thread], a[thread], delta[thread], gradients[k],
                )  # fmt: skip
        sums = gradients[0]
        for k in range(1, count):
            for i in range(len(dense)):
                sums[i] += gradients[k, i]
        step += 1
        beta_1, beta_2, epsilon = dense_adam[1], dense_adam[2], dense_adam[3]
        rate = np.float32(
            dense_rate * np.sqrt(1 - np.float64(beta_2) ** step) / (1 - np.float64(beta_1) ** step)
        )
        for i in range(len(dense)):
            g = sums[i] + decay * is_weight[i] * dense[i]
            dense_first[i] = beta_1 * dense_first[i] + (ONE - beta_1) * g
            dense_second[i] = beta_2 * dense_second[i] + (ONE - beta_2) * g * g
            dense[i] -= rate * dense_first[i] / (np.sqrt(dense_second[i]) + epsilon)
        for k in range(count):
            total += losses[k]
    return total

"""One training step compiled by numba: the engine's fast form (extra `fast`).

It does what `numpy_step.py` does, block by block, so that all numbers of a block stay in the cache. Values
lie as [unit][pixel]: every inner loop runs over pixels and becomes vector instructions. A batch's blocks
share no vertex (the multicolor ordering of `blocks.py`), so threads update the grid without waiting for
each other, and no sum depends on how many there are.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from paintnet.activations import HIDDEN, OUTPUT
from paintnet.engine.blocks import SIDE
from paintnet.engine.compiler import caches

PIXELS = SIDE * SIDE
RELU, TANH, LOGISTIC = (HIDDEN[name].code for name in ("relu", "tanh", "logistic"))
IDENTITY, SOFTMAX = (OUTPUT[name].code for name in ("identity", "softmax"))

ONE = np.float32(1)
ZERO = np.float32(0)
# Reordering of sums is allowed: the vector units need it, and it is the same for every thread.
OPTIONS: dict[str, Any] = {"fastmath": True, "nogil": True, "cache": caches(), "error_model": "numpy"}


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
    """y[j] += sum over i of weight[i, j] * x[i]; four by four in registers, then what is left."""
    inputs, outputs = weight.shape
    whole_inputs, whole_outputs = inputs - inputs % 4, outputs - outputs % 4
    for j in range(0, whole_outputs, 4):
        y0, y1, y2, y3 = y[j], y[j + 1], y[j + 2], y[j + 3]
        for i in range(0, whole_inputs, 4):
            a, b, c, d = weight[i], weight[i + 1], weight[i + 2], weight[i + 3]
            a0, a1, a2, a3 = a[j], a[j + 1], a[j + 2], a[j + 3]
            b0, b1, b2, b3 = b[j], b[j + 1], b[j + 2], b[j + 3]
            c0, c1, c2, c3 = c[j], c[j + 1], c[j + 2], c[j + 3]
            d0, d1, d2, d3 = d[j], d[j + 1], d[j + 2], d[j + 3]
            x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
            for p in range(PIXELS):
                p0, p1, p2, p3 = x0[p], x1[p], x2[p], x3[p]
                y0[p] += a0 * p0 + b0 * p1 + c0 * p2 + d0 * p3
                y1[p] += a1 * p0 + b1 * p1 + c1 * p2 + d1 * p3
                y2[p] += a2 * p0 + b2 * p1 + c2 * p2 + d2 * p3
                y3[p] += a3 * p0 + b3 * p1 + c3 * p2 + d3 * p3
    for j in range(outputs):
        y0 = y[j]
        i = whole_inputs if j < whole_outputs else 0
        while i < whole_inputs:
            a0, b0, c0, d0 = weight[i, j], weight[i + 1, j], weight[i + 2, j], weight[i + 3, j]
            x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
            for p in range(PIXELS):
                y0[p] += a0 * x0[p] + b0 * x1[p] + c0 * x2[p] + d0 * x3[p]
            i += 4
        for i in range(whole_inputs, inputs):
            a0, x0 = weight[i, j], x[i]
            for p in range(PIXELS):
                y0[p] += a0 * x0[p]


@njit(**OPTIONS)
def _outer(x, delta, gradient):  # type: ignore[no-untyped-def]
    """gradient[i, j] = sum over pixels of x[i] * delta[j], four by four, then what is left."""
    inputs, outputs = gradient.shape
    whole_inputs, whole_outputs = inputs - inputs % 4, outputs - outputs % 4
    for j in range(0, whole_outputs, 4):
        d0, d1, d2, d3 = delta[j], delta[j + 1], delta[j + 2], delta[j + 3]
        for i in range(0, whole_inputs, 4):
            x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
            a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = e0 = e1 = e2 = e3 = ZERO
            for p in range(PIXELS):
                # One line a sum: each is a register of its own.
                a0 += x0[p] * d0[p]
                a1 += x0[p] * d1[p]
                a2 += x0[p] * d2[p]
                a3 += x0[p] * d3[p]
                b0 += x1[p] * d0[p]
                b1 += x1[p] * d1[p]
                b2 += x1[p] * d2[p]
                b3 += x1[p] * d3[p]
                c0 += x2[p] * d0[p]
                c1 += x2[p] * d1[p]
                c2 += x2[p] * d2[p]
                c3 += x2[p] * d3[p]
                e0 += x3[p] * d0[p]
                e1 += x3[p] * d1[p]
                e2 += x3[p] * d2[p]
                e3 += x3[p] * d3[p]
            a, b, c, e = gradient[i], gradient[i + 1], gradient[i + 2], gradient[i + 3]
            a[j], a[j + 1], a[j + 2], a[j + 3] = a0, a1, a2, a3
            b[j], b[j + 1], b[j + 2], b[j + 3] = b0, b1, b2, b3
            c[j], c[j + 1], c[j + 2], c[j + 3] = c0, c1, c2, c3
            e[j], e[j + 1], e[j + 2], e[j + 3] = e0, e1, e2, e3
    for i in range(inputs):
        for j in range(whole_outputs if i < whole_inputs else 0, outputs):
            x0, d0 = x[i], delta[j]
            a0 = ZERO
            for p in range(PIXELS):
                a0 += x0[p] * d0[p]
            gradient[i, j] = a0


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
def _interpolate(table, patch, down, across, lines, z):  # type: ignore[no-untyped-def]
    """z[unit] += the grid at the block's pixels: first between rows of vertices, then between columns."""
    units = table.shape[1]
    corner, stride, _, wide = patch
    flat = table.reshape(-1)
    vertices, weights = down
    for y in range(SIDE):
        line = lines[y]
        line[: wide * units] = ZERO
        for tap in range(weights.shape[1]):
            weight, base = weights[y, tap], (corner + vertices[y, tap] * stride) * units
            row = flat[base : base + wide * units]
            for i in range(len(row)):
                line[i] += weight * row[i]
    vertices, weights = across
    pixels = z.reshape(units, SIDE, SIDE)
    for unit in range(units):
        for x in range(SIDE):
            for tap in range(weights.shape[1]):
                weight, i = weights[x, tap], vertices[x, tap] * units + unit
                for y in range(SIDE):
                    pixels[unit, y, x] += weight * lines[y, i]


@njit(**OPTIONS)
def _pull_back(patch, down, across, delta, lines, rows):  # type: ignore[no-untyped-def]
    """rows[row] = the gradient by the patch's vertices: `_interpolate` backwards, step by step."""
    units = len(delta)
    _, _, high, wide = patch
    pixels = delta.reshape(units, SIDE, SIDE)
    vertices, weights = across
    lines[:SIDE, : wide * units] = ZERO
    for unit in range(units):
        for x in range(SIDE):
            for tap in range(weights.shape[1]):
                weight, i = weights[x, tap], vertices[x, tap] * units + unit
                for y in range(SIDE):
                    lines[y, i] += weight * pixels[unit, y, x]
    vertices, weights = down
    rows[:high, : wide * units] = ZERO
    for y in range(SIDE):
        line = lines[y]
        for tap in range(weights.shape[1]):
            weight, row = weights[y, tap], rows[vertices[y, tap]]
            for i in range(wide * units):
                row[i] += weight * line[i]


@njit(**OPTIONS)
def _update_patch(table, moments, firsts, patch, rows, adam, decay):  # type: ignore[no-untyped-def]
    """Adam on the block's patch; adam is (corrected rate, beta_1, beta_2, epsilon)."""
    rate, beta_1, beta_2, epsilon = adam[0], adam[1], adam[2], adam[3]
    units = table.shape[1]
    corner, stride, high, wide = patch
    flat, seconds = table.reshape(-1), moments.reshape(-1)
    for row in range(high):
        base, n = (corner + row * stride) * units, wide * units
        # Counted from 0, so that no index can be negative and the loops become vectors.
        gradient, weight = rows[row], flat[base : base + n]
        second = seconds[base : base + n]
        if beta_1 > 0:
            first = firsts.reshape(-1)[base : base + n]
            for i in range(n):
                g = gradient[i] + decay * weight[i]
                second[i] = beta_2 * second[i] + (ONE - beta_2) * g * g
                first[i] = beta_1 * first[i] + (ONE - beta_1) * g
                weight[i] -= rate * first[i] / (np.sqrt(second[i]) + epsilon)
        else:
            for i in range(n):
                g = gradient[i] + decay * weight[i]
                second[i] = beta_2 * second[i] + (ONE - beta_2) * g * g
                weight[i] -= rate * g / (np.sqrt(second[i]) + epsilon)


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
def _emphasize(delta, share, emphasis):  # type: ignore[no-untyped-def]
    """Add the gradient of `BlockState.emphasis` to that of the points; returns the loss of their means."""
    loss = 0.0
    for c in range(len(delta)):
        pairs = delta[c].reshape(SIDE // 2, 2 * SIDE)  # of rows
        for y in range(SIDE // 2):
            for x in range(0, SIDE, 2):
                error = pairs[y, x] + pairs[y, x + 1] + pairs[y, SIDE + x] + pairs[y, SIDE + x + 1]
                loss += (error / share) ** 2
                for point in (x, x + 1, SIDE + x, SIDE + x + 1):
                    pairs[y, point] += np.float32(0.25) * emphasis * error
    return loss / (8 * len(delta))  # four times half the squared mean, of each channel alike


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
def _backward(dense, units, first, kind, a, delta, at, low, gradient):  # type: ignore[no-untyped-def]
    """`_forward` backwards, to the gradient by the first layer's sums, whose activation is `first`."""
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
        _slope(kind if layer > 1 else first, a[low - n : low], back)
        low -= n


@njit(**OPTIONS)
def _run_block(row, column, share, network, table, plan, targets, grid_adam, room, thread, gradient):  # type: ignore[no-untyped-def]
    """Forward, backward and the update of the block's vertices; leaves the dense gradient."""
    dense, units, kinds = network.dense, network.units, network.kinds
    a, delta, lines, rows = room.a[thread], room.delta[thread], room.lines[thread], room.rows[thread]
    corner = np.int64(plan.top[row]) * plan.stride + plan.left[column]
    patch = (corner, plan.stride, plan.high[row], plan.wide[column])
    down = (plan.down_vertices[row], plan.down_weights[row])
    across = (plan.across_vertices[column], plan.across_weights[column])
    first_units, last = units[0], units[-1]
    for unit in range(first_units):
        a[unit, :] = dense[unit]
    _interpolate(table.features, patch, down, across, lines, a[:first_units])
    _activate(kinds[0], a[:first_units])
    at, low = _forward(dense, units, kinds[0], a)
    sums, errors = a[low : low + last], delta[low : low + last]
    loss = _block_loss(kinds[1], sums, errors, targets.values, targets.mask, row * SIDE, column * SIDE, share)
    if targets.emphasis > 0:
        loss = _emphasize(errors, share, targets.emphasis)
    _backward(dense, units, kinds[0], kinds[0], a, delta, at, low, gradient)
    for unit in range(first_units):
        gradient[unit] = delta[unit].sum()
    _pull_back(patch, down, across, delta[:first_units], lines, rows)
    _update_patch(table.features, table.second, table.first, patch, rows, grid_adam, network.alpha * share)
    return loss


@njit(**OPTIONS)
def _adam(weights, first, second, gradient, adam, rate):  # type: ignore[no-untyped-def]
    """Update weights; adam is (unused, beta_1, beta_2, epsilon), `rate` corrected for the first steps."""
    beta_1, beta_2, epsilon = adam[1], adam[2], adam[3]
    for i in range(len(weights)):
        g = gradient[i]
        first[i] = beta_1 * first[i] + (ONE - beta_1) * g
        second[i] = beta_2 * second[i] + (ONE - beta_2) * g * g
        weights[i] -= rate * first[i] / (np.sqrt(second[i]) + epsilon)


@njit(parallel=True, **OPTIONS)
def run_batches(batches, network, table, plan, targets, rates, room):  # type: ignore[no-untyped-def]
    """Train on batches of blocks in turn; returns the summed loss of their pixels."""
    total = 0.0
    threads = len(room.a)
    gradients, losses, step = room.gradients, room.losses, rates.step
    for batch in range(len(batches.ends) - 1):
        begin, count = batches.ends[batch], batches.ends[batch + 1] - batches.ends[batch]
        share = ONE / batches.pixels[batch]
        for thread in prange(threads):
            for k in range(thread, count, threads):
                losses[k] = _run_block(
                    batches.rows[begin + k], batches.columns[begin + k], share,
                    network, table, plan, targets, rates.grid, room, thread, gradients[k],
                )  # fmt: skip
        # Summed block by block, in one thread, so that no sum depends on how many there are.
        sums = gradients[0]
        for k in range(1, count):
            for i in range(len(sums)):
                sums[i] += gradients[k, i]
        step += 1
        beta_1, beta_2 = np.float64(rates.dense[1]), np.float64(rates.dense[2])
        rate = np.float32(rates.dense_rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step))
        for i in range(len(sums)):
            sums[i] += network.alpha * share * network.is_weight[i] * network.dense[i]
        _adam(network.dense, network.first, network.second, sums, rates.dense, rate)
        for k in range(count):
            total += losses[k]
    return total

"""The training of a painting in few bytes, compiled by numba: its numbers, decoder and context model.

Numbers are learned in blocks of 16 x 16 pixels, whose parts of the pyramid overlap, and bits are counted in
runs of 256 numbers. Gradients of the numbers are added up in a fixed count of stripes, each of which one
thread goes through from its first to its last block; so no sum depends on how many threads there are.
"""

import numpy as np
from numba import njit, prange

from paintnet.activations import HIDDEN
from paintnet.engine.blocks import SIDE
from paintnet.engine.kernel import (
    ONE,
    OPTIONS,
    PIXELS,
    RELU,
    ZERO,
    _activate,
    _adam,
    _add_product,
    _backward,
    _exp,
    _forward,
    _outer,
    _slope,
)
from paintnet.engine.rate_losses import LN_2, _log2, _square_of_colors, _surprise_of_classes

HALF = np.float32(0.5)
LINEAR = HIDDEN["identity"].code


@njit(inline="always", **OPTIONS)
def _soft_round(y, temperature, norm):  # type: ignore[no-untyped-def]
    """Round softly; the value and its slope (Agustsson and Theis 2020, "Universally Quantized Neural
    Compression", section 4).
    """
    floor = np.floor(y)
    v = (y - floor - HALF) / temperature
    e = _exp(np.float32(-2) * abs(v))
    t = (ONE - e) / (ONE + e)
    t = t if v > 0 else -t
    return floor + HALF + t * norm, (ONE - t * t) * norm / temperature


@njit(parallel=True, **OPTIONS)
def quantize(y, q, slope, valid, temperature, norm, amplitude, seed, stripes):  # type: ignore[no-untyped-def]
    """Numbers as the losses see them: rounded softly, with noise, and rounded softly again.

    `norm` is ``0.5 / tanh(0.5 / temperature)``.
    """
    n = len(y)
    for thread in prange(stripes):
        stripe = np.int64(thread)
        low, high = n * stripe // stripes, n * (stripe + 1) // stripes
        for i in range(low, high):
            # Noise by a hash of place and seed (the end of MurmurHash3), whoever asks for it.
            h = np.uint32(np.uint32(i) * np.uint32(0x9E3779B9)) ^ np.uint32(seed)
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            h = np.uint32(h * np.uint32(0x85EBCA6B))
            h = np.uint32(h ^ np.uint32(h >> np.uint32(13)))
            h = np.uint32(h * np.uint32(0xC2B2AE35))
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            uniform = np.float32(np.int32(h >> np.uint32(8))) * np.float32(1 / 16777216) - HALF
            once, slope_1 = _soft_round(y[i], temperature, norm)
            twice, slope_2 = _soft_round(once + uniform * amplitude, temperature, norm)
            q[i] = twice * valid[i]
            slope[i] = slope_1 * slope_2


@njit(**OPTIONS)
def _enlarge(q, base, stride, y0, x0, taps, lines, z):  # type: ignore[no-untyped-def]
    """z[y, x] = a level at the pixels of a block."""
    down, down_weights, across, across_weights = taps
    n_taps = down.shape[1]
    first = down[y0, 0]
    count = down[y0 + SIDE - 1, n_taps - 1] - first + 1
    for row in range(count):
        at = base + (first + row) * stride
        line = lines[row]
        for x in range(SIDE):
            s = ZERO
            for tap in range(n_taps):
                s += across_weights[x0 + x, tap] * q[at + across[x0 + x, tap]]
            line[x] = s
    for y in range(SIDE):
        out = z[y]
        out[:] = ZERO
        for tap in range(n_taps):
            weight, line = down_weights[y0 + y, tap], lines[down[y0 + y, tap] - first]
            for x in range(SIDE):
                out[x] += weight * line[x]


@njit(**OPTIONS)
def _enlarge_back(g, base, stride, y0, x0, taps, lines, d):  # type: ignore[no-untyped-def]
    """Add the gradient by a level's numbers; `_enlarge` backwards."""
    down, down_weights, across, across_weights = taps
    n_taps = down.shape[1]
    first = down[y0, 0]
    count = down[y0 + SIDE - 1, n_taps - 1] - first + 1
    lines[:count, :] = ZERO
    for y in range(SIDE):
        for tap in range(n_taps):
            weight, line = down_weights[y0 + y, tap], lines[down[y0 + y, tap] - first]
            for x in range(SIDE):
                line[x] += weight * d[y, x]
    for row in range(count):
        at = base + (first + row) * stride
        for x in range(SIDE):
            v = lines[row, x]
            for tap in range(n_taps):
                g[at + across[x0 + x, tap]] += across_weights[x0 + x, tap] * v


@njit(**OPTIONS)
def _block(block, columns, q, pyramid, dense, units, room):  # type: ignore[no-untyped-def]
    """Levels at a block's pixels in `u`, and all layers in `a`; where the last one begins."""
    u, a, lines = room
    y0, x0 = block // columns * SIDE, block % columns * SIDE
    for level in range(units[0]):
        n = pyramid.n_taps[level]
        taps = (
            pyramid.down[level, :, :n], pyramid.down_weights[level, :, :n],
            pyramid.across[level, :, :n], pyramid.across_weights[level, :, :n],
        )  # fmt: skip
        base, stride = pyramid.bases[level], pyramid.strides[level]
        _enlarge(q, base, stride, y0, x0, taps, lines, u[level].reshape(SIDE, SIDE))
        gain = dense[level]
        for p in range(PIXELS):
            a[level, p] = gain * u[level, p]
    return _forward(dense, units, RELU, a)


@njit(**OPTIONS)
def _learn_block(block, columns, q, gradient_q, pyramid, dense, units, picture, room, delta, gradient):  # type: ignore[no-untyped-def]
    """Error of a block; adds the gradients by all that it depends on."""
    u, a, lines = room
    at, low = _block(block, columns, q, pyramid, dense, units, room)
    out, by_out = a[low : low + units[-1]], delta[low : low + units[-1]]
    if picture.is_classes:
        loss = _surprise_of_classes(out, picture.targets[block], picture.mask[block], by_out)
    else:
        loss = _square_of_colors(out, picture.targets[block], picture.mask[block], by_out)
    _backward(dense, units, LINEAR, RELU, a, delta, at, low, gradient)
    y0, x0 = block // columns * SIDE, block % columns * SIDE
    for level in range(units[0]):
        d, gain, s = delta[level], dense[level], ZERO
        for p in range(PIXELS):
            s += d[p] * u[level, p]
        gradient[level] = s
        for p in range(PIXELS):
            d[p] *= gain
        n = pyramid.n_taps[level]
        taps = (
            pyramid.down[level, :, :n], pyramid.down_weights[level, :, :n],
            pyramid.across[level, :, :n], pyramid.across_weights[level, :, :n],
        )  # fmt: skip
        base, stride = pyramid.bases[level], pyramid.strides[level]
        _enlarge_back(gradient_q, base, stride, y0, x0, taps, lines, d.reshape(SIDE, SIDE))
    return loss


@njit(**OPTIONS)
def _adam_of_batch(net, gradients, count, adam, step):  # type: ignore[no-untyped-def]
    """Update a network by the sum of the gradients of a batch; adam is (rate, beta_1, beta_2, epsilon)."""
    beta_1, beta_2 = np.float64(adam[1]), np.float64(adam[2])
    rate = np.float32(adam[0] * (np.sqrt(1 - beta_2**step) / (1 - beta_1**step)))
    for k in range(1, count):
        for i in range(len(net.weights)):
            gradients[0, i] += gradients[k, i]
    _adam(net.weights, net.first, net.second, gradients[0], adam, rate)


@njit(parallel=True, **OPTIONS)
def paint_epoch(order, per_batch, q, gradient_q, pyramid, net, picture, adam, step, room):  # type: ignore[no-untyped-def]
    """Learn from all blocks in an order; returns the summed error.

    The gradient by the numbers is added to `gradient_q` (stripes, n); the decoder learns after each batch.
    """
    stripes, gradients, losses = len(gradient_q), room.gradients, room.losses
    total, done = 0.0, 0
    while done < len(order):
        count = min(per_batch, len(order) - done)
        for thread in prange(stripes):
            stripe = np.int64(thread)
            for k in range(stripe, count, stripes):
                losses[k] = _learn_block(
                    order[done + k], picture.columns, q, gradient_q[stripe], pyramid, net.weights, net.units,
                    picture, (room.u[stripe], room.a[stripe], room.lines[stripe]), room.delta[stripe],
                    gradients[k],
                )  # fmt: skip
        step += 1
        _adam_of_batch(net, gradients, count, adam, step)
        for k in range(count):
            total += losses[k]
        done += count
    return total


@njit(parallel=True, **OPTIONS)
def paint(order, q, pyramid, weights, units, picture, room, out):  # type: ignore[no-untyped-def]
    """Paint the blocks that are named: out (blocks, channels, pixels)."""
    stripes = len(room.u)
    for thread in prange(stripes):
        stripe = np.int64(thread)
        for k in range(stripe, len(order), stripes):
            rooms = (room.u[stripe], room.a[stripe], room.lines[stripe])
            _, low = _block(order[k], picture.columns, q, pyramid, weights, units, rooms)
            for c in range(units[-1]):
                for p in range(PIXELS):
                    out[k, c, p] = room.a[stripe, low + c, p]


@njit(**OPTIONS)
def _count_bits(x, valid, mean, scale, weight, by_mean, by_scale, by_x):  # type: ignore[no-untyped-def]
    """Bits of a run under Laplace distributions, and `weight` times their gradients."""
    total = ZERO
    for p in range(PIXELS):
        s = min(max(scale[p], np.float32(-3.5)), np.float32(4.5))
        inverse = _exp(-s)
        d = x[p] - mean[p]
        v = abs(d)
        near, far = abs(v - HALF), v + HALF
        e_near, e_far = _exp(-near * inverse), _exp(-far * inverse)
        outside = v >= HALF
        chance = HALF * (e_near - e_far) if outside else ONE - HALF * (e_near + e_far)
        # Every number has a least chance in the file, too.
        chance = max(chance, np.float32(1e-6))
        f = weight * valid[p] / (chance * LN_2)
        g = HALF * (e_near - e_far) * inverse * f
        g = g if d > 0 else -g
        by_mean[p] = -g
        by_x[p] += g
        by_s = -HALF * ((e_near * near if outside else -e_near * near) - e_far * far) * inverse * f
        # At its bounds a scale may only come back.
        stuck = (scale[p] > s and by_s < 0) or (scale[p] < s and by_s > 0)
        by_scale[p] = ZERO if stuck else by_s
        total -= _log2(chance) * valid[p]
    return total


@njit(**OPTIONS)
def _learn_run(run, runs, q, parent, gradient_q, gradient_parent, net, weight, a, delta, gradient, learns):  # type: ignore[no-untyped-def]
    """Bits of a run of numbers, and gradients by all that they depend on."""
    place, level, w, units = runs.places[run], runs.levels[run], net.weights, net.units
    own, above = runs.neighbors[level], runs.parent_neighbors[level]
    n, h = units[0], units[1]
    for i in range(len(own)):
        a[i, :] = q[place + own[i] : place + own[i] + PIXELS]
    for i in range(len(above)):
        a[len(own) + i, :] = parent[place + above[i] : place + above[i] + PIXELS]
    start = runs.n_levels * h
    first = w[start : start + n * h].reshape(n, h)
    out = a[n : n + h]
    for unit in range(h):
        out[unit, :] = w[level * h + unit]
    _add_product(first, a[:n], out)
    _activate(RELU, out)
    rest = start + n * h - h  # `_forward` begins behind biases that it does not use
    at, low = _forward(w[rest:], units[1:], RELU, a[n:])
    sums, by_sums = a[n + low : n + low + 2], delta[n + low : n + low + 2]
    here = slice(place, place + PIXELS)
    bits = _count_bits(
        q[here], runs.valid[here], sums[0], sums[1], weight, by_sums[0], by_sums[1], gradient_q[here]
    )
    if learns:
        gradient[:start] = ZERO
        _backward(w[rest:], units[1:], LINEAR, RELU, a[n:], delta[n:], at, low, gradient[rest:])
        by_out = delta[n : n + h]
        _slope(RELU, out, by_out)
        _outer(a[:n], by_out, gradient[start : start + n * h].reshape(n, h))
        for unit in range(h):
            gradient[level * h + unit] = by_out[unit].sum()
        by_seen = delta[:n]
        by_seen[:] = ZERO
        _add_product(first.T, by_out, by_seen)
        for i in range(len(own)):
            g, d = gradient_q[place + own[i] : place + own[i] + PIXELS], by_seen[i]
            for p in range(PIXELS):
                g[p] += d[p]
        for i in range(len(above)):
            g, d = gradient_parent[place + above[i] : place + above[i] + PIXELS], by_seen[len(own) + i]
            for p in range(PIXELS):
                g[p] += d[p]
    return bits


@njit(parallel=True, **OPTIONS)
def rate_epoch(  # type: ignore[no-untyped-def]
    order, per_batch, runs, q, parent, gradient_q, gradient_parent, net, weight, adam, step, learns, room
):
    """Count the bits of all runs; where it learns, the context model does so after each batch."""
    stripes, gradients, losses = len(gradient_q), room.gradients, room.losses
    total, done = 0.0, 0
    while done < len(order):
        count = min(per_batch, len(order) - done)
        for thread in prange(stripes):
            stripe = np.int64(thread)
            for k in range(stripe, count, stripes):
                losses[k] = _learn_run(
                    order[done + k], runs, q, parent, gradient_q[stripe], gradient_parent[stripe], net,
                    weight, room.a[stripe], room.delta[stripe], gradients[k], learns,
                )  # fmt: skip
        if learns:
            step += 1
            _adam_of_batch(net, gradients, count, adam, step)
        for k in range(count):
            total += losses[k]
        done += count
    return total


@njit(parallel=True, **OPTIONS)
def update_numbers(y, slope, valid, gradient_q, first, second, adam, step):  # type: ignore[no-untyped-def]
    """Adam on the pyramid's numbers; empties the gradient."""
    stripes = len(gradient_q)
    beta_1, beta_2, epsilon = adam[1], adam[2], adam[3]
    correction = np.sqrt(1 - np.float64(beta_2) ** step) / (1 - np.float64(beta_1) ** step)
    rate, n = np.float32(adam[0] * correction), len(y)
    for thread in prange(stripes):
        part = np.int64(thread)
        for i in range(n * part // stripes, n * (part + 1) // stripes):
            g = ZERO
            for stripe in range(stripes):
                g += gradient_q[stripe, i]
                gradient_q[stripe, i] = ZERO
            g *= slope[i] * valid[i]
            first[i] = beta_1 * first[i] + (ONE - beta_1) * g
            second[i] = beta_2 * second[i] + (ONE - beta_2) * g * g
            y[i] -= rate * first[i] / (np.sqrt(second[i]) + epsilon)

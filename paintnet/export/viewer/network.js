"use strict";

/* The painting as it lies in the page, and its forward pass in plain JavaScript. */

async function readPainting() {
  const about = JSON.parse(document.getElementById("painting").textContent);
  const text = atob(document.getElementById("weights").textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  let start = 0;
  const take = (count) => {
    start += 4 * count;
    return Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + 4 * (i - count), true));
  };
  for (const patch of about.patches) {
    patch.frequencies = take(2 * patch.n_frequencies);
    patch.layers.forEach((layer, k) => {
      if (k || !patch.table) layer.weights = take(layer.inputs * layer.units);
    });
    for (const layer of patch.layers) layer.biases = take(layer.units);
  }
  for (const { table, layers, levels } of about.patches) {
    if (!table) continue;
    const count = table.packed.reduce((sum, each) => sum + each, 0);
    const unpack = table.gains ? unpackPyramid : unpackTable;
    layers[0].weights = await unpack(bytes.subarray(start, (start += count)), table, levels);
  }
  return about;
}

const HIDDEN = {
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  logistic: (z) => 1 / (1 + Math.exp(-z)),
  identity: (z) => z,
};

const BASES = {
  linear: (t) => [1 - t, t],
  quadratic: (t) => [((1 - t) * (1 - t)) / 2, (1 + 2 * t * (1 - t)) / 2, (t * t) / 2],
  cubic: (t) => {
    const u = 1 - t;
    return [u ** 3 / 6, (4 - 3 * t * t * (2 - t)) / 6, (4 - 3 * u * u * (2 - u)) / 6, t ** 3 / 6];
  },
  keys: (t) => {
    const u = 1 - t;
    return [(-t * u * u) / 2, 1 - (t * t * (5 - 3 * t)) / 2, 1 - (u * u * (5 - 3 * u)) / 2, (-u * t * t) / 2];
  },
};

function firstLayer(patch, x, y) {
  const { encoding, extent } = patch;
  const { weights, biases, units } = patch.layers[0];
  const sums = Float64Array.from(biases);
  const add = (row, share) => {
    for (let unit = 0, at = row * units; unit < units; unit++, at++) sums[unit] += share * weights[at];
  };
  if (encoding === "raw") {
    const { center, half } = patch;
    add(0, (y - center[1]) / half);
    add(1, (x - center[0]) / half);
  } else if (encoding === "fourier") {
    const count = patch.n_frequencies;
    for (let k = 0; k < count; k++) {
      const across = patch.frequencies[k], down = patch.frequencies[count + k];
      const phase = 2 * Math.PI * ((x - extent[0]) * across + (y - extent[1]) * down);
      add(k, Math.sin(phase));
      add(count + k, Math.cos(phase));
    }
  } else if (encoding === "pyramid") {
    const inside = (value, low, high) => Math.min(Math.max(value, low), high) - low;
    const along = (distance, spacing, count) => {
      const at = (distance + 0.5) / spacing - 0.5, cell = Math.floor(at);
      const shares = BASES[spacing === 1 ? "keys" : "cubic"](at - cell);
      return shares.map((share, i) => [Math.min(Math.max(cell - 1 + i, 0), count - 1), share]);
    };
    let first = 0;
    patch.levels.forEach(([rows, columns, spacing], k) => {
      const across = along(inside(x, extent[0], extent[2]), spacing, columns);
      for (const [row, high] of along(inside(y, extent[1], extent[3]), spacing, rows)) {
        for (const [column, wide] of across) sums[k] += high * wide * weights[first + row * columns + column];
      }
      first += rows * columns;
    });
  } else {
    const weigh = BASES[patch.basis];
    const along = (value, low, high, spacing, vertices) => {
      const cells = vertices - patch.degree;
      const distance = Math.min(Math.max(value, low), high) - low;
      const at = Math.min(Math.max(distance / spacing, 0), cells);
      const cell = Math.min(Math.floor(at), cells - 1);
      return [cell, weigh(at - cell)];
    };
    let first = 0;
    for (const [rows, columns, spacing] of patch.levels) {
      const [column, across] = along(x, extent[0], extent[2], spacing, columns);
      const [row, down] = along(y, extent[1], extent[3], spacing, rows);
      down.forEach((high, j) => {
        across.forEach((wide, i) => add(first + (row + j) * columns + column + i, high * wide));
      });
      first += rows * columns;
    }
  }
  return sums;
}

const OUTPUT = {
  identity: (z) => z,
  logistic: (z) => z.map(HIDDEN.logistic),
  softmax: (z) => {
    const powers = z.map((value) => Math.exp(value - Math.max(...z)));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  },
};

/* What the network of a patch makes of a position: its outputs, and what its last hidden layer said. */
function answerOf(patch, x, y) {
  let sums = firstLayer(patch, x - patch.origin[0], y - patch.origin[1]);
  let hidden = null;
  for (const layer of patch.layers.slice(1)) {
    hidden = sums.map(HIDDEN[patch.activation]);
    const next = Float64Array.from(layer.biases);
    for (let i = 0, at = 0; i < layer.inputs; i++) {
      for (let unit = 0; unit < layer.units; unit++, at++) next[unit] += hidden[i] * layer.weights[at];
    }
    sums = next;
  }
  return { outputs: OUTPUT[patch.output](sums), hidden, patch };
}

/* The weight of a patch along an axis: the square of the distance to its nearest edge that is not the picture's. */
function feather(value, low, high) {
  if (low === null && high === null) return 1;
  const apart = Math.min(low === null ? Infinity : value - low, high === null ? Infinity : high - value);
  return Math.max(apart, 1e-6) ** 2;
}

/* What the painting makes of a position: patches are blended; also the patch that counts most there. */
function answer(about, x, y) {
  if (about.patches.length === 1) return answerOf(about.patches[0], x, y);
  const [left, top, right, bottom] = about.border;
  const inX = Math.min(Math.max(x, left), right), inY = Math.min(Math.max(y, top), bottom);
  const parts = [];
  for (const patch of about.patches) {
    const { covers, edges } = patch;
    if (inX < covers[0] || inY < covers[1] || inX > covers[2] || inY > covers[3]) continue;
    const weight = feather(inX, edges[0], edges[2]) * feather(inY, edges[1], edges[3]);
    parts.push({ weight, ...answerOf(patch, x, y) });
  }
  parts.sort((one, other) => other.weight - one.weight);
  const total = parts.reduce((sum, part) => sum + part.weight, 0);
  const outputs = parts[0].outputs.map((_, k) => parts.reduce((sum, { weight, outputs }) => sum + weight * outputs[k], 0) / total);
  return { ...parts[0], outputs };
}

/* The class of outputs: the most probable one. */
function classOf(about, outputs) {
  if (about.palette.length === 1) return 0;
  if (outputs.length === 1) return outputs[0] > 0.5 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < outputs.length; k++) if (outputs[k] > outputs[best]) best = k;
  return best;
}

/* Red, green, blue times alpha, and alpha. */
function colorOf(about, outputs) {
  const values = about.palette
    ? about.palette[classOf(about, outputs)]
    : Array.from(outputs, (value) => Math.min(Math.max(value, 0), 1));
  if (values.length === 1) return [values[0], values[0], values[0], 1];
  if (values.length === 3) return [values[0], values[1], values[2], 1];
  const alpha = values[3];
  // A palette's colors are plain; a network has learned them times alpha.
  return values.slice(0, 3).map((v) => (about.palette ? v * alpha : Math.min(v, alpha))).concat([alpha]);
}

/* Paints rows of a lattice without a graphics card. `lattice` says where pixels are; see `latticeOf`. */
class PlainPainter {
  constructor(about) {
    this.about = about;
    this.name = "JavaScript";
    this.most = 200;
  }

  rows(lattice, top, rows) {
    const { x0, y0, wide, high, columns, across, down } = lattice;
    const levels = new Uint8ClampedArray(4 * columns * rows);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at += 4) {
        const x = x0 + (column + 0.5) * wide, y = y0 + (top + row + 0.5) * high;
        if (isOutside(this.about, x, y)) continue;
        const total = [0, 0, 0, 0];
        for (let j = 0; j < down; j++) {
          for (let i = 0; i < across; i++) {
            const px = x + wide * ((i + 0.5) / across - 0.5), py = y + high * ((j + 0.5) / down - 0.5);
            colorOf(this.about, answer(this.about, px, py).outputs).forEach((v, k) => (total[k] += v));
          }
        }
        const alpha = total[3];
        for (let k = 0; k < 3; k++) levels[at + k] = alpha > 0 ? (255 * total[k]) / alpha : 0;
        levels[at + 3] = (255 * alpha) / (across * down);
      }
    }
    return levels;
  }
}

function isOutside(about, x, y) {
  return x < -0.5 || y < -0.5 || x > about.width - 0.5 || y > about.height - 0.5;
}

/* Pixels over a part [x0, y0, x1, y1] of the picture, and how many points each is the mean of. */
function latticeOf(about, [x0, y0, x1, y1], columns, rows) {
  const wide = (x1 - x0) / columns, high = (y1 - y0) / rows;
  const count = (side, own, pixels) =>
    about.pixel === "area"
      ? Math.max(1, Math.min(Math.ceil(2 * side - 1e-9), Math.ceil((4 * own) / pixels)))
      : 1;
  return {
    x0: x0 - 0.5, y0: y0 - 0.5, wide, high, columns, rows,
    across: count(wide, about.width, columns), down: count(high, about.height, rows),
  };
}

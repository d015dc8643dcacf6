"use strict";

/* The packed table of a grid, as paintnet/files/planes.py packs it, and the lattice that it is rounded to. */

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* Where the numbers of a pass lie, and the 12 known ones around each: [down, across, of the middles?]. */
const KNOWN = false, MIDDLES = true;
const AROUND_MIDDLES = [
  [0, 0, KNOWN], [0, 1, KNOWN], [1, 0, KNOWN], [1, 1, KNOWN],
  [0, -1, KNOWN], [0, 2, KNOWN], [1, -1, KNOWN], [1, 2, KNOWN],
  [-1, 0, KNOWN], [-1, 1, KNOWN], [2, 0, KNOWN], [2, 1, KNOWN],
];
const BETWEEN = [
  [0, 0, KNOWN], [0, 1, KNOWN], [-1, 0, MIDDLES], [0, 0, MIDDLES],
  [-1, 0, KNOWN], [-1, 1, KNOWN], [1, 0, KNOWN], [1, 1, KNOWN],
  [-1, -1, MIDDLES], [-1, 1, MIDDLES], [0, -1, MIDDLES], [0, 1, MIDDLES],
];
const IN_A_ROW = [
  [0, 0, KNOWN], [0, 1, KNOWN], [0, 0, KNOWN], [0, 1, KNOWN],
  ...Array.from({ length: 4 }, () => [[0, -1, KNOWN], [0, 2, KNOWN]]).flat(),
];
const turned = (around) => around.map(([down, across, which]) => [across, down, which]);

/* Passes over a plane, from coarse to fine. */
function passesOf(rows, columns) {
  let step = 1;
  while (step < Math.max(rows, columns)) step *= 2;
  const passes = [{ top: 0, left: 0, step, around: [] }];
  for (; step > 1; step /= 2) {
    const half = step / 2, isTall = rows > half, isWide = columns > half;
    const between = isTall && isWide ? BETWEEN : IN_A_ROW;
    if (isTall && isWide) passes.push({ top: half, left: half, step, around: AROUND_MIDDLES });
    if (isWide) passes.push({ top: 0, left: half, step, around: between });
    if (isTall) passes.push({ top: half, left: 0, step, around: turned(between) });
  }
  return passes;
}

/* The weights and streams of each plane, unpacked. */
async function readPlanes(bytes, count, rows, columns, passes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const streams = Math.min(Math.max(Math.floor((rows * columns) / 2048), 1), 24);
  const planes = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    const weights = passes.map(({ around }) => {
      return Float64Array.from({ length: around.length + number }, () => view.getInt16((at += 2) - 2, true));
    });
    const parts = [];
    for (let k = 0; k < streams; k++) {
      const packed = view.getUint32(at + 4, true), large = view.getUint32(at + 8, true);
      at += 12;
      const small = inflated(bytes.slice(at, at + packed));
      at += packed;
      const rest = Array.from({ length: large / 4 }, (_, i) => view.getUint32(at + 4 * i, true));
      at += large;
      parts.push(small.then((values) => ({ values, rest, next: 0, nextLarge: 0 })));
    }
    planes.push({ weights, streams: await Promise.all(parts) });
  }
  return planes;
}

function nextOf(stream) {
  let folded = stream.values[stream.next++];
  if (folded === 255) folded = stream.rest[stream.nextLarge++];
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}

/* Planes of whole numbers, one after the other. `firsts` are the least spreads of the classes after the first. */
async function unpackPlanes(bytes, count, rows, columns, firsts) {
  const size = rows * columns;
  const planes = new Int32Array(count * size), wrong = new Int32Array(count * size);
  const classes = new Uint8Array(16384);
  for (const first of firsts) for (let i = first; i < classes.length; i++) classes[i]++;
  const passes = passesOf(rows, columns);
  const packed = await readPlanes(bytes, count, rows, columns, passes);
  packed.forEach(({ weights, streams }, number) => {
    const plane = planes.subarray(number * size, (number + 1) * size);
    passes.forEach((pass, k) => {
      fillPass(pass, { plane, wrong, number, rows, columns, weights: weights[k], streams, classes });
    });
  });
  return planes;
}

function fillPass({ top, left, step, around }, { plane, wrong, number, rows, columns, weights, streams, classes }) {
  const size = rows * columns, half = step / 2, count = around.length;
  const last = (side, begin) => Math.ceil((side - begin) / step) - 1;
  const [downs, acrosses, begins] = [0, 1, 2].map((k) => Int32Array.from(around, (each) => each[k] && (k < 2 ? each[k] : half)));
  const lowest = begins.map((begin) => last(rows, begin)), farthest = begins.map((begin) => last(columns, begin));
  const near = new Int32Array(count);
  const hold = (value, most) => (value < 0 ? 0 : value > most ? most : value);
  for (let y = top, row = 0; y < rows; y += step, row++) {
    for (let x = left, column = 0; x < columns; x += step, column++) {
      const place = y * columns + x;
      let total = 128, mean = 0, spread = 0;
      for (let i = 0; i < count; i++) {
        const from = begins[i] + hold(row + downs[i], lowest[i]) * step;
        near[i] = plane[from * columns + begins[i] + hold(column + acrosses[i], farthest[i]) * step];
        total += near[i] * weights[i];
        if (i < 4) mean += near[i];
      }
      for (let i = 0; i < count; i++) spread += (i < 4 ? 4 : 1) * Math.abs(4 * near[i] - mean);
      spread = Math.floor(spread / 16);
      for (let p = 0; p < number; p++) {
        const before = wrong[p * size + place];
        total += before * weights[count + p];
        spread += Math.floor((2 * Math.abs(before)) / number);
      }
      const kind = count ? classes[Math.min(spread, classes.length - 1)] : 0;
      const rest = nextOf(streams[Math.floor((kind * streams.length) / 24)]);
      wrong[number * size + place] = rest;
      plane[place] = (total >> 8) + rest;
    }
  }
}

/* The table: each row is a sum of whole numbers times the vectors of a lattice. */
async function unpackTable(bytes, { lattice, packed, firsts }, levels) {
  const features = lattice.length;
  const table = new Float32Array(features * levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0));
  let from = 0, at = 0;
  for (const [k, [rows, columns]] of levels.entries()) {
    const planes = await unpackPlanes(bytes.subarray(from, (from += packed[k])), features, rows, columns, firsts);
    const size = rows * columns;
    for (let vertex = 0; vertex < size; vertex++) {
      for (let feature = 0; feature < features; feature++, at++) {
        let sum = 0;
        for (let p = 0; p < features; p++) sum += planes[p * size + vertex] * lattice[p][feature];
        table[at] = sum;
      }
    }
  }
  return table;
}

/* The numbers of a pyramid, level by level, each times its level's gain. */
async function unpackPyramid(bytes, { gains, packed, firsts }, levels) {
  const numbers = new Float32Array(levels.reduce((sum, [rows, columns]) => sum + rows * columns, 0));
  let from = 0, at = 0;
  for (const [k, [rows, columns]] of levels.entries()) {
    const plane = await unpackPlanes(bytes.subarray(from, (from += packed[k])), 1, rows, columns, firsts);
    for (const number of plane) numbers[at++] = gains[k] * number;
  }
  return numbers;
}

// The network: what every unit answers over the picture, and the weights between them as lines.

import { paced } from "./pace.js";
import { number, say } from "./words.js";

const byId = (id) => document.getElementById(id);
const NEGATIVE = [245, 147, 34], POSITIVE = [8, 119, 189], NOTHING = [232, 234, 235];
const FAINTEST = 12, MOST_LINES = 1500, INTERVAL = 900;

// Signed bytes as colors: orange below nothing, blue above.
const SHADES = (() => {
  const shades = new Uint32Array(256);
  for (let value = -128; value < 128; value += 1) {
    const end = value < 0 ? NEGATIVE : POSITIVE, share = Math.min(1, Math.abs(value) / 127);
    const [r, g, b] = NOTHING.map((from, channel) => Math.round(from + (end[channel] - from) * share));
    shades[value & 255] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return shades;
})();

function paint(canvas, width, height, values) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height), words = new Uint32Array(image.data.buffer);
  for (let at = 0; at < words.length; at += 1) words[at] = SHADES[values[at] & 255];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

export class Network {
  constructor(look) {
    Object.assign(this, { look, key: "", columns: [], unit: null, firsts: [], header: null, lines: [] });
    this.wiresSoon = paced(INTERVAL, () => this.wires());
    byId("unit-close").addEventListener("click", () => this.choose(null));
    addEventListener("resize", () => this.wires());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.wires());
  }

  forget() {
    this.firsts = [];
    this.key = "";
  }

  show(header, body) {
    const bytes = new Int8Array(body.buffer, body.byteOffset, body.length);
    const key = JSON.stringify([header.width, header.height, header.has_inputs, document.documentElement.lang, header.layers.map((each) => [each.units, each.first, each.count])]);
    this.header = header;
    if (key !== this.key) this.build(header);
    this.key = key;
    let at = 0;
    const cells = header.width * header.height;
    for (const column of this.columns) {
      for (const button of column.units) {
        paint(button.firstChild, header.width, header.height, bytes.subarray(at, at + cells));
        at += cells;
      }
    }
    this.lines = [];
    for (let layer = 0; layer + 1 < header.layers.length; layer += 1) {
      const count = header.layers[layer].count * header.layers[layer + 1].count;
      this.lines.push(bytes.slice(at, at + count));
      at += count;
    }
    this.wiresSoon();
  }

  // Number of the layer in the server's count: 0 are the inputs, which a grid has no pictures of.
  number(column) {
    return column + (this.header.has_inputs ? 0 : 1);
  }

  build(header) {
    this.columns = [];
    const made = [];
    if (!header.has_inputs) {
      const column = this.column(say("grid_of", { about: header.about, features: number(header.features, 0) }));
      const box = document.createElement("div");
      box.className = "gridbox";
      column.append(box);
      made.push(column);
    }
    header.layers.forEach((layer, at) => {
      const last = at === header.layers.length - 1, first = at === 0 && header.has_inputs;
      const name = first ? say("inputs", { about: header.about }).replace(/,? $/, "") : last ? say("outputs") : say("layer", { number: at + (header.has_inputs ? 0 : 1) });
      const column = this.column(`${name} · ${number(layer.units, 0)}`);
      if (layer.count < layer.units) column.append(this.pager(layer, at));
      const grid = document.createElement("div");
      grid.className = layer.count > 12 ? "grid wide" : "grid";
      const units = [];
      for (let unit = 0; unit < layer.count; unit += 1) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "unit";
        button.append(document.createElement("canvas"));
        button.setAttribute("aria-label", `${name}, ${say("unit", { number: layer.first + unit + 1 })}`);
        const place = [this.number(at), layer.first + unit];
        const isChosen = JSON.stringify(this.unit) === JSON.stringify(place);
        button.setAttribute("aria-pressed", String(isChosen));
        if (isChosen) this.name(button.getAttribute("aria-label"));
        button.addEventListener("click", () => this.choose(place, button.getAttribute("aria-label")));
        button.addEventListener("pointerenter", () => this.wires([at, unit]));
        button.addEventListener("pointerleave", () => this.wires());
        units.push(button);
        grid.append(button);
      }
      column.append(grid);
      made.push(column);
      this.columns.push({ units, layer });
    });
    byId("columns").replaceChildren(...made);
  }

  column(name) {
    const column = document.createElement("div");
    column.className = "column";
    const heading = document.createElement("h3");
    heading.textContent = name;
    column.append(heading);
    return column;
  }

  pager(layer, at) {
    const pager = document.createElement("div");
    pager.className = "pager";
    for (const [sign, move] of [["‹", -layer.count], ["›", layer.count]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign;
      button.setAttribute("aria-label", say(move < 0 ? "units_before" : "units_after"));
      button.disabled = move < 0 ? layer.first === 0 : layer.first + layer.count >= layer.units;
      button.addEventListener("click", () => {
        const number = this.number(at);
        while (this.firsts.length <= number) this.firsts.push(0);
        this.firsts[number] = Math.max(0, layer.first + move);
        this.look();
      });
      pager.append(button);
    }
    const said = document.createElement("span");
    said.className = "small";
    said.textContent = `${layer.first + 1}–${layer.first + layer.count}`;
    pager.children[0].after(said);
    return pager;
  }

  choose(place, name = "") {
    this.unit = place;
    byId("unit").hidden = !place;
    this.name(name);
    for (const { units, layer } of this.columns) {
      units.forEach((button, unit) => {
        const own = [this.number(this.columns.findIndex((each) => each.units === units)), layer.first + unit];
        button.setAttribute("aria-pressed", String(JSON.stringify(own) === JSON.stringify(place)));
      });
    }
    this.look();
  }

  large(header, body) {
    if (!this.unit || header.layer !== this.unit[0] || header.unit !== this.unit[1]) return;
    const values = new Float32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
    const most = Math.max(Math.abs(header.low), Math.abs(header.high), 1e-9);
    paint(byId("unit-canvas"), header.width, header.height, Int8Array.from(values, (value) => Math.round((127 * value) / most)));
    byId("unit-said").textContent = say("unit_range", { low: header.low.toPrecision(3), high: header.high.toPrecision(3) });
  }

  name(text) {
    byId("unit-name").textContent = text;
    byId("unit-canvas").setAttribute("aria-label", text);
  }

  // What each unit answers at the pointer.
  answers(all) {
    const from = all ? all.length - (this.header?.layers.length ?? 0) : 0;
    this.columns.forEach(({ units, layer }, at) => {
      units.forEach((button, unit) => {
        const value = all?.[at + from]?.[layer.first + unit];
        let mark = button.querySelector("i");
        if (value === undefined) return mark?.remove();
        if (!mark) button.append((mark = document.createElement("i")));
        mark.textContent = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
      });
    });
  }

  wires(only = null) {
    const canvas = byId("wires"), home = byId("network").getBoundingClientRect(), ratio = devicePixelRatio || 1;
    const width = byId("network").scrollWidth, height = byId("network").scrollHeight;
    if (!width || !this.header) return;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const places = this.columns.map(({ units }) => units.map((button) => {
      const box = button.getBoundingClientRect();
      return { left: box.left - home.left, right: box.right - home.left, y: box.top - home.top + box.height / 2 };
    }));
    this.lines.forEach((weights, layer) => {
      const before = places[layer], after = places[layer + 1];
      if (!before || !after) return;
      // Of thousands only the strongest are drawn, all others would be haze.
      const step = Math.max(FAINTEST, weights.length > MOST_LINES ? 60 : FAINTEST);
      weights.forEach((weight, at) => {
        const from = Math.floor(at / after.length), to = at % after.length;
        const mine = only && ((only[0] === layer && only[1] === from) || (only[0] === layer + 1 && only[1] === to));
        if (only ? !mine : Math.abs(weight) < step) return;
        const share = Math.abs(weight) / 127, start = before[from], end = after[to], middle = (start.right + end.left) / 2;
        pen.strokeStyle = `rgba(${(weight < 0 ? NEGATIVE : POSITIVE).join()},${only ? 0.4 + 0.6 * share : 0.12 + 0.6 * share})`;
        pen.lineWidth = 0.4 + 3 * share;
        pen.beginPath();
        pen.moveTo(start.right, start.y);
        pen.bezierCurveTo(middle, start.y, middle, end.y, end.left, end.y);
        pen.stroke();
      });
    });
  }
}

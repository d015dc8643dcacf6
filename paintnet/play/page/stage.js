// The stage: painting and original under a slider, a pointer that asks, and the line between two points.

import { color, say } from "./words.js";

const byId = (id) => document.getElementById(id);

export function draw(canvas, width, height, rgba) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, 4 * width * height), width, height), 0, 0);
}

export class Stage {
  constructor(ask) {
    Object.assign(this, { ask, size: [1, 1], at: null, points: [], busy: false, isPainted: false });
    const stage = byId("stage");
    stage.addEventListener("pointermove", (event) => this.point(event));
    stage.addEventListener("click", (event) => {
      this.point(event); // a finger that taps has not moved
      this.mark(this.at);
    });
    stage.addEventListener("keydown", (event) => this.key(event));
    byId("compare").addEventListener("input", (event) => this.compare(event.target.value));
  }

  picture(header, rgba) {
    this.size = [header.width, header.height];
    this.points = [];
    this.at = null;
    this.forget();
    byId("strip").hidden = true;
    byId("overlay").replaceChildren();
    const original = byId("original");
    original.hidden = !rgba.length;
    if (rgba.length) draw(original, header.shown[0], header.shown[1], rgba);
    for (const canvas of [byId("painted"), original]) canvas.style.aspectRatio = `${header.width} / ${header.height}`;
  }

  words() {
    byId("painted").setAttribute("aria-label", say("painted_alt"));
    byId("original").setAttribute("aria-label", say("original_alt"));
    byId("strip").setAttribute("aria-label", say("strip_alt"));
    byId("strip").title = say("strip_alt");
  }

  // Another network: until it has been painted, there is nothing to ask about.
  forget() {
    this.isPainted = false;
  }

  frame(header, rgba) {
    this.isPainted = true;
    draw(byId("painted"), header.width, header.height, rgba);
  }

  compare(at) {
    byId("stage").style.setProperty("--at", `${at}%`);
  }

  place(event) {
    const box = byId("stage").getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.size[0] - 0.5, ((event.clientY - box.top) / box.height) * this.size[1] - 0.5];
  }

  point(event) {
    this.at = this.place(event);
    this.probe();
  }

  // Asks at most one question at a time; the newest position wins.
  async probe() {
    if (this.busy || !this.at || !this.isPainted) return;
    this.busy = true;
    const [x, y] = this.at;
    try {
      this.said(await this.ask("probe", { x, y }));
    } catch {
      // It has begun anew meanwhile, and there is no painting yet.
    }
    this.busy = false;
    if (this.at && (this.at[0] !== x || this.at[1] !== y)) this.probe();
  }

  said(found) {
    const box = byId("probe");
    const part = (text, code) => {
      const item = document.createElement("span");
      if (code) {
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = code;
        item.append(swatch);
      }
      item.append(`${text} `);
      return item;
    };
    box.replaceChildren(part(`x ${found.xy[0].toFixed(1)}, y ${found.xy[1].toFixed(1)}:`), part(`${found.color} ${color(found.name)}`, found.color));
    if (found.target) box.append(part(`${say("target")} ${found.target} ${color(found.target_name)}`, found.target));
    for (const [, code, share] of found.classes || []) {
      const item = part(`${(100 * share).toFixed(1)} %`, code);
      box.append(item);
    }
    this.onAnswers?.(found.answers);
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) {
      const [x, y] = this.at || this.size.map((side) => side / 2);
      this.at = [Math.min(this.size[0] - 1, Math.max(0, x + moves[event.key][0])), Math.min(this.size[1] - 1, Math.max(0, y + moves[event.key][1]))];
      this.cross();
      this.probe();
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === " ") {
      if (this.at) this.mark(this.at);
      event.preventDefault();
    }
  }

  async mark(place) {
    this.points = this.points.length === 1 ? [this.points[0], place] : [place];
    this.cross();
    if (this.points.length < 2 || !this.isPainted) return;
    const [[x0, y0], [x1, y1]] = this.points;
    try {
      const found = await this.ask("line", { x0, y0, x1, y1 });
      const rows = [found.painting, found.picture].filter(Boolean).map((text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16)));
      const strip = byId("strip"), all = new Uint8Array(rows.length * 4 * found.count);
      rows.forEach((row, number) => all.set(row, number * 4 * found.count));
      draw(strip, found.count, rows.length, all);
      strip.hidden = false;
    } catch {
      // As above.
    }
  }

  cross() {
    const svg = byId("overlay"), [width, height] = this.size;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("preserveAspectRatio", "none");
    const make = (kind, given) => {
      const item = document.createElementNS("http://www.w3.org/2000/svg", kind);
      for (const [name, value] of Object.entries({ "vector-effect": "non-scaling-stroke", ...given })) item.setAttribute(name, value);
      return item;
    };
    const points = this.points.length ? this.points : this.at ? [this.at] : [];
    const items = points.map(([x, y]) => make("circle", { cx: x + 0.5, cy: y + 0.5, r: Math.max(width, height) / 60 }));
    if (points.length === 2) items.push(make("line", { x1: points[0][0] + 0.5, y1: points[0][1] + 0.5, x2: points[1][0] + 0.5, y2: points[1][1] + 0.5 }));
    svg.replaceChildren(...items);
  }
}

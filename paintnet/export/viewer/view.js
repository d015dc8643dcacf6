"use strict";

/* What the reader sees and does: the part of the picture on the canvas, the point under the pointer. */

const STEPS = [8, 2, 1];
const SLICE = 24;
const CLOSEST = 4096;
const MOST_BARS = 12;

const element = (id) => document.getElementById(id);

class View {
  constructor(about, painter) {
    this.about = about;
    this.painter = painter;
    this.canvas = element("canvas");
    this.context = this.canvas.getContext("2d");
    this.turn = 0;
    this.fit();
  }

  /* Screen pixels for each of the picture's, and what lies in the middle. */
  fit() {
    this.isWhole = true;
    this.resize();
    const { width, height } = this.about;
    this.zoom = Math.min(this.canvas.width / width, this.canvas.height / height);
    this.middle = [width / 2, height / 2];
    this.shown = null;
    this.paint();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    [this.canvas.width, this.canvas.height] = this.sizeFor(box);
    this.density = this.canvas.width / Math.max(1, box.width);
  }

  sizeFor(box) {
    const density = window.devicePixelRatio || 1;
    return [box.width, box.height].map((side) => Math.max(1, Math.round(side * density)));
  }

  region() {
    const wide = this.canvas.width / this.zoom / 2, high = this.canvas.height / this.zoom / 2;
    const [x, y] = this.middle;
    return [x - wide, y - high, x + wide, y + high];
  }

  /* The place in the picture, between pixel edges, under a place on the screen. */
  under(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const [x0, y0] = this.region();
    return [
      x0 + ((clientX - box.left) * this.canvas.width) / box.width / this.zoom,
      y0 + ((clientY - box.top) * this.canvas.height) / box.height / this.zoom,
    ];
  }

  move(byX, byY) {
    this.isWhole = false;
    const hold = (value, most) => Math.min(Math.max(value, 0), most);
    this.middle = [
      hold(this.middle[0] - (byX * this.density) / this.zoom, this.about.width),
      hold(this.middle[1] - (byY * this.density) / this.zoom, this.about.height),
    ];
    this.paint();
  }

  /* Zoom so that what lies under a place on the screen stays there. */
  zoomBy(factor, clientX, clientY) {
    const before = this.under(clientX, clientY);
    const least = Math.min(this.canvas.width / this.about.width, this.canvas.height / this.about.height) / 4;
    this.zoom = Math.min(Math.max(this.zoom * factor, least), CLOSEST);
    const after = this.under(clientX, clientY);
    this.middle = this.middle.map((value, axis) => value + before[axis] - after[axis]);
    this.move(0, 0);
  }

  zoomAtMiddle(factor) {
    const box = this.canvas.getBoundingClientRect();
    this.zoomBy(factor, box.left + box.width / 2, box.top + box.height / 2);
  }

  /* Show what was there in its new place, then paint it coarsely, then finely. */
  async paint() {
    const turn = ++this.turn;
    const { canvas, context } = this;
    const region = this.region();
    if (this.shown) {
      const old = new OffscreenCanvas(this.shown.image.width, this.shown.image.height);
      old.getContext("2d").drawImage(this.shown.image, 0, 0);
      const [x0, y0, x1, y1] = this.shown.region;
      context.clearRect(0, 0, canvas.width, canvas.height);
      const { zoom } = this;
      context.drawImage(old, (x0 - region[0]) * zoom, (y0 - region[1]) * zoom, (x1 - x0) * zoom, (y1 - y0) * zoom);
    }
    element("engine").textContent = say("painting", { engine: this.painter.name });
    for (const step of STEPS) {
      const columns = Math.ceil(canvas.width / step), rows = Math.ceil(canvas.height / step);
      const lattice = latticeOf(this.about, this.covered(region, columns * step, rows * step), columns, rows);
      if (step > 1) lattice.across = lattice.down = 1;
      if (!(await this.pass(turn, lattice, step))) return;
    }
    const image = new OffscreenCanvas(canvas.width, canvas.height);
    image.getContext("2d").drawImage(canvas, 0, 0);
    this.shown = { image, region };
    element("engine").textContent = say("painted", { engine: this.painter.name });
  }

  covered([x0, y0], columns, rows) {
    return [x0, y0, x0 + columns / this.zoom, y0 + rows / this.zoom];
  }

  /* Paint rows, as many at once as take a moment; false where the view has changed meanwhile. */
  async pass(turn, lattice, step) {
    let rows = 1;
    for (let top = 0; top < lattice.rows; ) {
      const count = Math.min(rows, lattice.rows - top);
      const begun = performance.now();
      const levels = this.pixels(lattice, top, count);
      const took = performance.now() - begun;
      const strip = new OffscreenCanvas(lattice.columns, count);
      strip.getContext("2d").putImageData(new ImageData(levels, lattice.columns, count), 0, 0);
      const place = [0, top * step, lattice.columns * step, count * step];
      this.context.imageSmoothingEnabled = false;
      this.context.clearRect(...place);
      this.context.drawImage(strip, ...place);
      top += count;
      rows = Math.max(1, Math.min(this.painter.most, Math.floor(count * Math.min(4, SLICE / Math.max(took, 0.1)))));
      await new Promise((go) => setTimeout(go, 0));
      if (turn !== this.turn) return false;
    }
    return true;
  }

  /* A graphics card may be taken away at any moment: then it goes on without. */
  pixels(lattice, top, rows) {
    try {
      return this.painter.rows(lattice, top, rows);
    } catch (error) {
      if (this.painter instanceof PlainPainter) throw error;
      this.painter = new PlainPainter(this.about);
      return this.painter.rows(lattice, top, rows);
    }
  }

  /* Tell the point under a place on the screen. */
  tell(clientX, clientY) {
    const [x, y] = this.under(clientX, clientY).map((value) => value - 0.5);
    if (isOutside(this.about, x, y)) return;
    const { outputs, hidden, patch } = answer(this.about, x, y);
    const [red, green, blue, alpha] = colorOf(this.about, outputs);
    const levels = [red, green, blue].map((v) => Math.round(alpha > 0 ? (255 * v) / alpha : 0));
    const hex = "#" + levels.map((v) => Math.min(v, 255).toString(16).padStart(2, "0")).join("");
    element("swatch").style.backgroundColor = hex;
    element("swatch").style.opacity = alpha;
    const see = alpha < 1 ? say("opaque", { percent: Math.round(100 * alpha) }) : "";
    const which = this.about.palette ? say("class", { number: classOf(this.about, outputs) }) : "";
    element("point").textContent = `x ${x.toFixed(2)}, y ${y.toFixed(2)}: ${hex}${see}${which}`;
    this.tellUnits(outputs, hidden, patch);
  }

  /* What each unit of the last hidden layer adds to the color, or for the class; the largest ones. */
  tellUnits(outputs, hidden, patch) {
    if (!hidden) return;
    const { weights, units } = patch.layers[patch.layers.length - 1];
    const seen = this.about.palette
      ? [Math.min(classOf(this.about, outputs), units - 1)]
      : Array.from({ length: Math.min(units, 3) }, (_, k) => k);
    const sums = Array.from(hidden, (value, i) => {
      const parts = seen.map((k) => value * weights[i * units + k]);
      return [i, parts.reduce((a, b) => a + b, 0) / seen.length];
    });
    sums.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const most = Math.max(...sums.map(([, sum]) => Math.abs(sum)), 1e-9);
    const bars = sums.slice(0, MOST_BARS).map(([i, sum]) => {
      const row = document.createElement("li");
      const bar = document.createElement("i");
      bar.className = sum < 0 ? "less" : "more";
      bar.style.width = `${(50 * Math.abs(sum)) / most}%`;
      row.append(bar, `${say("neuron", { number: i + 1 })}  ${sum < 0 ? "−" : "+"}${Math.abs(sum).toFixed(3)}`);
      return row;
    });
    element("units").replaceChildren(...bars);
  }
}

/* Mouse, fingers, wheel and keys. */
function listen(view) {
  const { canvas } = view;
  const held = new Map();
  const spread = () => {
    const [a, b] = [...held.values()];
    return { apart: Math.hypot(a[0] - b[0], a[1] - b[1]), x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, [event.clientX, event.clientY]);
    view.tell(event.clientX, event.clientY);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    const now = [event.clientX, event.clientY];
    if (!before) return view.tell(...now);
    if (held.size === 1) {
      held.set(event.pointerId, now);
      return view.move(now[0] - before[0], now[1] - before[1]);
    }
    const old = spread();
    held.set(event.pointerId, now);
    const wide = spread();
    view.move(wide.x - old.x, wide.y - old.y);
    if (old.apart > 0) view.zoomBy(wide.apart / old.apart, wide.x, wide.y);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => held.delete(event.pointerId));
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    view.zoomBy(2 ** (-Math.max(-200, Math.min(200, pixels)) / 200), event.clientX, event.clientY);
  }, { passive: false });
  const keys = {
    ArrowLeft: () => view.move(60, 0), ArrowRight: () => view.move(-60, 0),
    ArrowUp: () => view.move(0, 60), ArrowDown: () => view.move(0, -60),
    "+": () => view.zoomAtMiddle(1.5), "=": () => view.zoomAtMiddle(1.5),
    "-": () => view.zoomAtMiddle(1 / 1.5), 0: () => view.fit(),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  element("closer").addEventListener("click", () => view.zoomAtMiddle(1.5));
  element("farther").addEventListener("click", () => view.zoomAtMiddle(1 / 1.5));
  element("whole").addEventListener("click", () => view.fit());
  // What is told below the picture takes room from it, as a smaller window does.
  new ResizeObserver(() => {
    const before = [canvas.width, canvas.height].join();
    if (before === view.sizeFor(canvas.getBoundingClientRect()).join()) return;
    if (view.isWhole) return view.fit();
    view.resize();
    view.move(0, 0);
  }).observe(canvas);
}

function painterFor(about) {
  if (location.hash === "#plain") return new PlainPainter(about);
  try {
    return new ShaderPainter(about);
  } catch {
    return new PlainPainter(about);
  }
}

/* `paintnet` is for programs that open the page: the levels of a part of the picture, as `paintnet render` has them. */
async function begin() {
  element("engine").textContent = say("unpacking");
  const about = await readPainting();
  const view = new View(about, painterFor(about));
  listen(view);
  const render = (columns, rows, region = [0, 0, about.width, about.height]) => {
    const lattice = latticeOf(about, region, columns, rows);
    const levels = new Uint8ClampedArray(4 * columns * rows);
    for (let top = 0; top < rows; top += view.painter.most) {
      const count = Math.min(view.painter.most, rows - top);
      levels.set(view.pixels(lattice, top, count), 4 * columns * top);
    }
    return levels;
  };
  window.paintnet = { view, render };
}

speak();
begin().catch((error) => {
  element("engine").textContent = say("failed", { why: error.message });
  throw error;
});

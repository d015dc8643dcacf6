// The learning curve, with the runs before laid over each other, and a card for each.

import { paced } from "./pace.js";
import { number, say } from "./words.js";

const byId = (id) => document.getElementById(id);
const MOST_RUNS = 4, MOST_POINTS = 1500, INTERVAL = 250;

export class Curve {
  constructor() {
    this.runs = [];
    this.fresh = null;
    this.drawSoon = paced(INTERVAL, () => this.draw());
    byId("by-time").addEventListener("change", () => this.draw());
    byId("clear-runs").addEventListener("click", () => {
      this.runs = this.fresh ? [this.fresh] : [];
      this.draw();
      this.list();
    });
    addEventListener("resize", () => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // A new run begins; the one before stays if it has learned anything. `name` gives its name in the page's language.
  begin(name) {
    this.runs = this.runs.filter((run) => run.points.length);
    if (this.runs.length >= MOST_RUNS) this.runs.shift();
    const used = this.runs.map((run) => run.color);
    const color = [0, 1, 2, 3].find((each) => !used.includes(each)) ?? 0;
    this.fresh = { name, color, points: [], thumb: null };
    this.runs.push(this.fresh);
    this.list();
    this.draw();
  }

  add(items) {
    if (!this.fresh) return;
    this.fresh.points.push(...items);
    if (this.fresh.points.length > MOST_POINTS) this.fresh.points = this.fresh.points.filter((_, at) => at % 2 === 0);
    this.drawSoon();
  }

  back(epoch) {
    if (this.fresh) this.fresh.points = this.fresh.points.filter((point) => point[0] <= epoch);
    this.draw();
  }

  // The last point of the run that is learned now.
  last() {
    return this.fresh?.points.at(-1);
  }

  thumb(canvas) {
    if (!this.fresh) return;
    const small = this.fresh.thumb || document.createElement("canvas");
    small.width = 150;
    small.height = Math.max(1, Math.round((150 * canvas.height) / canvas.width));
    small.getContext("2d").drawImage(canvas, 0, 0, small.width, small.height);
    small.setAttribute("role", "img");
    this.fresh.thumb = small;
    this.list();
  }

  list() {
    byId("runs").replaceChildren(...this.runs.map((run) => {
      const item = document.createElement("li"), line = document.createElement("b");
      line.style.background = `var(--r${run.color})`;
      const last = run.points.at(-1);
      const said = last ? ` — ${last[3] === null ? say("loss_is", { loss: last[2].toPrecision(3) }) : `${number(last[3], 1)} dB`}, ${number(last[1], 1)} s` : "";
      item.append(line, run.name() + said);
      run.thumb?.setAttribute("aria-label", run.name());
      if (run.thumb) item.append(run.thumb);
      return item;
    }));
  }

  draw() {
    const canvas = byId("curve"), box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
    if (!box.width) return;
    Object.assign(canvas, { width: box.width * ratio, height: box.height * ratio });
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    pen.scale(ratio, ratio);
    const byTime = byId("by-time").checked ? 1 : 0;
    const value = (point) => (point[3] === null ? 10 * Math.log10(1 / Math.max(1e-9, point[2])) : Math.min(point[3], 80));
    const all = this.runs.flatMap((run) => run.points);
    const left = 38, right = box.width - 8, top = 8, bottom = box.height - 22;
    const most = Math.max(1e-3, ...all.map((point) => point[byTime])), values = all.map(value);
    const low = values.length ? Math.floor(Math.min(...values)) : 0, high = Math.max(low + 1, values.length ? Math.ceil(Math.max(...values)) : 40);
    const x = (at) => left + ((right - left) * at) / most, y = (at) => bottom - ((bottom - top) * (at - low)) / (high - low);
    pen.font = "11px system-ui";
    pen.fillStyle = style.getPropertyValue("--soft");
    pen.strokeStyle = style.getPropertyValue("--line");
    pen.textAlign = "right";
    for (let tick = 0; tick <= 4; tick += 1) {
      const at = low + ((high - low) * tick) / 4;
      pen.beginPath();
      pen.moveTo(left, y(at));
      pen.lineTo(right, y(at));
      pen.stroke();
      pen.fillText(number(at, (high - low) % 4 ? 1 : 0), left - 5, y(at) + 4);
    }
    pen.fillText(byTime ? `${number(most, 1)} s` : `${Math.round(most)} ${say("epochs")}`, right, bottom + 16);
    pen.textAlign = "left";
    pen.fillText(all.some((point) => point[3] === null) ? say("minus_loss") : "PSNR, dB", left, bottom + 16);
    for (const run of this.runs) {
      pen.strokeStyle = style.getPropertyValue(`--r${run.color}`);
      pen.lineWidth = run === this.fresh ? 2.5 : 1.5;
      pen.beginPath();
      run.points.forEach((point, at) => pen[at ? "lineTo" : "moveTo"](x(point[byTime]), y(value(point))));
      pen.stroke();
    }
    const last = this.last();
    canvas.setAttribute("aria-label", last ? say("curve_alt", { epoch: last[0], value: number(value(last), 1) }) : say("curve"));
  }
}

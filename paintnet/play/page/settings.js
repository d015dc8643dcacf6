// The settings: one control for each, its sentence below it, and the address that holds them all.

import { say } from "./words.js";

const byId = (id) => document.getElementById(id);
const GROUPS = ["picture", "positions", "network", "learning"];

// What stands behind # in the address: the settings that were given, and the picture where it has an address.
export function fromAddress(text = location.hash) {
  return Object.fromEntries(new URLSearchParams(text.replace(/^[^#]*#/, "")));
}

export function toAddress(given) {
  const text = new URLSearchParams(given).toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%23", "#");
  return text ? `#${text.replaceAll("#", "%23")}` : "#";
}

export class Settings {
  // `changed` is called after each change that a person makes.
  constructor(controls, changed) {
    Object.assign(this, { controls, changed, given: {}, values: {}, fields: {} });
    this.build();
  }

  build() {
    const home = byId("controls");
    home.replaceChildren();
    for (const group of GROUPS) {
      const set = document.createElement("fieldset"), legend = document.createElement("legend");
      legend.textContent = say(`group_${group}`);
      set.append(legend);
      for (const control of this.controls.filter((each) => each.group === group)) set.append(this.field(control));
      home.append(set);
      if (group === "picture") {
        const preview = document.createElement("canvas");
        Object.assign(preview, { id: "preview", hidden: true });
        preview.setAttribute("role", "img");
        set.append(preview);
      }
    }
    this.show();
  }

  field(control) {
    const box = document.createElement("div"), label = document.createElement("label"), name = document.createElement("span");
    box.className = "setting";
    name.textContent = say(`name_${control.name}`);
    const field = document.createElement(control.kind === "choice" ? "select" : "input");
    field.id = `set-${control.name}`;
    if (control.kind === "choice") {
      for (const choice of ["", ...control.choices]) field.append(new Option(choice, choice));
    } else {
      field.type = "text";
      field.inputMode = ["number", "whole"].includes(control.kind) ? "decimal" : "text";
      field.autocomplete = "off";
      field.spellcheck = false;
    }
    field.addEventListener("change", () => this.set(control.name, field.value.trim()));
    label.htmlFor = field.id;
    label.append(name, field);
    const why = document.createElement("p");
    why.id = `why-${control.name}`;
    why.textContent = say(`why_${control.name}`);
    field.setAttribute("aria-describedby", why.id);
    box.append(label);
    if (control.kind === "layers") {
      const layers = document.createElement("div");
      Object.assign(layers, { className: "layers", id: "layer-buttons" });
      box.append(layers);
    }
    if (control.name === "threshold") {
      const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 765, id: "threshold-slider" });
      slider.setAttribute("aria-label", say("name_threshold"));
      slider.addEventListener("input", () => {
        field.value = slider.value;
        this.onPreview?.({ ...this.read(), mode: "classify", threshold: Number(slider.value) });
      });
      slider.addEventListener("change", () => this.set("threshold", slider.value));
      box.append(slider);
    }
    box.append(why);
    this.fields[control.name] = { control, box, field };
    return box;
  }

  set(name, value) {
    if (value === "") delete this.given[name];
    else this.given[name] = value;
    // One way to sort pixels at a time.
    const ways = ["colors", "threshold", "palette"];
    if (ways.includes(name) && value !== "") for (const other of ways) if (other !== name) delete this.given[other];
    this.dropWhatHasNoEffect();
    this.changed(name);
  }

  dropWhatHasNoEffect() {
    for (const { control } of Object.values(this.fields)) {
      if (!this.applies(control)) delete this.given[control.name];
    }
  }

  // What was given decides; where nothing was, what the preset has come to.
  applies(control) {
    return Object.entries(control.needs).every(([name, wanted]) => {
      const own = this.given[name] ?? (name === "mode" ? "regress" : "");
      return wanted.includes(String(own));
    });
  }

  take(given) {
    this.given = Object.fromEntries(Object.entries(given).filter(([name, value]) => this.fields[name] && value !== ""));
    this.show();
  }

  told(values) {
    this.values = values;
    this.show();
  }

  // As the server takes them: numbers where numbers are meant.
  read() {
    return Object.fromEntries(Object.entries(this.given).map(([name, value]) => {
      const kind = this.fields[name].control.kind, plain = Number(value);
      const isNumber = (["number", "whole"].includes(kind) || name === "max_side") && value !== "" && Number.isFinite(plain);
      return [name, isNumber ? plain : String(value)];
    }));
  }

  show() {
    for (const [name, { control, box, field }] of Object.entries(this.fields)) {
      const own = this.given[name], preset = this.values[name];
      box.hidden = !this.applies(control);
      box.classList.toggle("given", own !== undefined);
      const shown = Array.isArray(preset) ? preset.join(",") : preset ?? "";
      if (control.kind === "choice") {
        field.options[0].text = shown === "" || own !== undefined ? say("as_preset") : `(${shown})`;
        field.value = own ?? "";
      } else {
        field.placeholder = shown === "" ? say("none") : String(shown);
        if (document.activeElement !== field) field.value = own ?? ""; // or somebody may be typing
      }
      field.removeAttribute("aria-invalid");
    }
    const slider = byId("threshold-slider");
    if (slider && document.activeElement !== slider) slider.value = this.given.threshold ?? 380;
    this.layers();
  }

  layers() {
    const home = byId("layer-buttons");
    const text = String(this.given.layers ?? (this.values.layers || []).join(","));
    const layers = text.split(",").flatMap((part) => {
      const [units, times] = part.trim().split("x").map(Number);
      return units > 0 ? Array(Math.min(40, times || 1)).fill(units) : [];
    });
    const focused = document.activeElement?.dataset?.layer;
    const put = (changed) => this.set("layers", changed.join(","));
    const button = (sign, label, key, act) => {
      const item = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
      item.setAttribute("aria-label", label);
      item.dataset.layer = key;
      item.addEventListener("click", act);
      return item;
    };
    const made = layers.map((units, at) => {
      const one = document.createElement("span"), count = document.createElement("span");
      one.className = "one";
      count.textContent = units;
      const step = units >= 16 ? 8 : units >= 4 ? 2 : 1;
      one.append(
        button("−", say("fewer_units", { number: at + 1 }), `less-${at}`, () => put(layers.map((n, k) => (k === at ? Math.max(1, n - step) : n)))),
        count,
        button("+", say("more_units", { number: at + 1 }), `more-${at}`, () => put(layers.map((n, k) => (k === at ? n + step : n)))),
        button("×", say("drop_layer", { number: at + 1 }), `drop-${at}`, () => layers.length > 1 && put(layers.filter((_, k) => k !== at))),
      );
      return one;
    });
    made.push(button(say("add_layer"), say("add_layer"), "add", () => put([...layers, layers.at(-1) || 16])));
    home.replaceChildren(...made);
    if (focused) home.querySelector(`[data-layer="${focused}"]`)?.focus();
  }
}

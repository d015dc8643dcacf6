// The page: what is heard goes to its parts, what a person does goes to the server.

import { Curve } from "./curve.js";
import { Network } from "./network.js";
import { paced } from "./pace.js";
import { Settings, fromAddress, toAddress } from "./settings.js";
import { Stage, draw } from "./stage.js";
import { Wire, checked, openPage, trouble } from "./wire.js";
import { language, list, number, preferred, refusal, say, speak, translated } from "./words.js";

const byId = (id) => document.getElementById(id);
const VIEWS = ["painting", "error", "held-out"], TAKEN = ["model", "picture", "animation", "report"];
const CLASSIC = { preset: "tutorial" }, RACE_SECONDS = 6;
const page = { wire: null, phase: "", why: "", source: null, file: null, queue: [], state: {}, view: "painting", frames: 0, lessons: [], rates: [] };
const INTERVAL = 250;
let settings, stage, network, curve;

function status(text, bad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", bad);
}

// Does something that the server may refuse, and says so where it does.
async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    status(trouble(error), true);
    return null;
  }
}

const ask = (verb, document) => page.wire.ask(verb, document);

function look() {
  const width = Math.round(Math.min(1600, byId("stage").clientWidth * (devicePixelRatio || 1)));
  return attempt(() => ask("look", { view: page.view, width, firsts: network.firsts, unit: network.unit }));
}

const HEARD = {
  picture(header, body) {
    page.source = header.source;
    delete document.body.dataset.phase; // it was of the run before
    history.replaceState(null, "", toAddress(addressed()));
    byId("picture-name").textContent = `${header.source}, ${header.width} × ${header.height}`;
    stage.picture(header, body);
    look();
  },
  settings(header) {
    settings.told(header.values);
    page.command = header.command;
    showCommand();
  },
  anew(header) {
    const names = header.why.split(", ").filter((name) => name && name !== "picture").map((name) => say(`name_${name}`).startsWith("name_") ? name : say(`name_${name}`));
    page.why = names.length && page.state.epoch ? `${say("begun_anew", { why: list(names) })} ` : "";
    network.forget();
    stage.forget();
    page.state = {};
    page.phase = "";
    page.rates = [];
    curve.begin(runName());
  },
  back(header) {
    curve.back(header.epoch);
    page.rates = [];
  },
  points(header) {
    curve.add(header.items);
    const last = header.items.at(-1);
    page.rates = [...page.rates, last].slice(-12);
    figuresSoon();
  },
  state: (header) => told(header),
  frame(header, body) {
    stage.frame(header, body);
    page.frames += 1;
    document.body.dataset.frames = page.frames;
    document.body.dataset.frameEpoch = header.epoch;
    if (header.view === "painting" && page.phase !== "running") curve.thumb(byId("painted"));
  },
  network: (header, body) => network.show(header, body),
  unit: (header, body) => network.large(header, body),
  classes(header, body) {
    const preview = byId("preview");
    draw(preview, header.width, header.height, body);
    preview.hidden = false;
    preview.setAttribute("aria-label", say("preview_alt", { shares: header.shares.map((share) => `${(100 * share).toFixed(0)} %`).join(", ") }));
  },
  note: (header) => header.items.forEach((text) => status(translated(text))),
};

// From the state and the curve together: either may come first, and a rewind takes both back.
function figures() {
  const { epoch = 0, epochs, seconds = 0, psnr } = page.state, last = curve.last();
  const learned = last ? last[3] : null, loss = last?.[2];
  const quality = ["ended", "model"].includes(page.phase) && psnr ? psnr : learned;
  byId("epoch").textContent = epochs ? `${Math.max(epoch, last?.[0] ?? 0)} / ${epochs}` : Math.max(epoch, last?.[0] ?? 0);
  byId("quality-name").textContent = quality === null && last ? say("loss") : "PSNR";
  byId("quality").textContent = quality !== null ? `${number(quality, 1)} dB` : loss === undefined ? "–" : loss.toPrecision(3);
  byId("seconds").textContent = `${number(Math.max(seconds, last?.[1] ?? 0), 1)} s`;
  const [first, now] = [page.rates[0], page.rates.at(-1)], span = now ? now[1] - first[1] : 0;
  byId("speed").textContent = span > 0 ? number((now[0] - first[0]) / span, now[0] - first[0] < span * 10 ? 1 : 0) : "–";
}

const figuresSoon = paced(INTERVAL, figures);

// What the page says of the phase that the run is in.
function tellPhase() {
  const { phase, psnr, held_out: heldOut, accuracy } = page.state;
  const measured = [psnr && `PSNR ${number(psnr, 2)} dB`, heldOut && say("held_out_is", { value: number(heldOut, 2) }), accuracy && say("accuracy_is", { value: number(100 * accuracy, 1) })];
  const after = (said) => `${said} ${measured.filter(Boolean).join(", ")}`;
  const words = { failed: () => refusal(page.state), preparing: () => page.why + say("preparing"), measuring: () => say("measuring"), ready: () => page.why + say("ready"), running: () => "", ended: () => after(say("ended")), model: () => after(say("model_shown")) };
  const isRefused = byId("status").classList.contains("bad") && ["preparing", "ready", "measuring"].includes(phase); // it stays
  if (words[phase] && !isRefused) status(words[phase](), phase === "failed");
}

function told(state) {
  const before = page.phase;
  page.state = state;
  page.phase = state.phase;
  document.body.dataset.phase = state.phase;
  const running = state.phase === "running";
  byId("start").textContent = say(running ? "pause" : state.phase === "ended" ? "again" : state.epoch ? "go_on" : "start");
  byId("start").disabled = ["model", "preparing", "measuring"].includes(state.phase);
  byId("step").disabled = byId("start").disabled || running || state.phase === "ended";
  byId("back").disabled = byId("start").disabled || !state.epoch;
  const slider = byId("rewind"), moments = state.moments || [];
  slider.max = Math.max(0, moments.length - 1);
  slider.disabled = moments.length < 2;
  if (document.activeElement !== slider) slider.value = slider.max;
  slider.setAttribute("aria-valuetext", `${say("epoch")} ${moments.at(slider.value) ?? 0}`);
  if (state.phase !== before) tellPhase();
  figures();
  const note = byId("command-note");
  note.hidden = !state.changed?.length;
  if (state.changed?.length) note.textContent = say("changed_on_the_way", { what: list(state.changed.map((name) => say(`name_${name}`))) });
  if (state.phase === "ended" && before !== "ended") setTimeout(next, 400);
}

function showCommand() {
  byId("command").textContent = page.command || say("no_command");
  byId("copy-command").disabled = !page.command;
}

// The name of a run, in whatever language the page speaks when it is asked.
function runName() {
  const given = Object.entries(settings.given).filter(([name]) => name !== "seconds");
  return () => given.map(([name, value]) => `${say(`name_${name}`)} ${value}`).join(", ") || say("standard_run");
}

// Runs that wait for their turn: settings that are laid over each other.
function next() {
  const given = page.queue.shift();
  if (given) run(given);
}

// Gives whether the server took them.
async function apply(given, source = null) {
  settings.take(given);
  const done = await send();
  if (!done || !source || source === page.source) return done;
  if (!(await attempt(() => ask("open", { source })))) return null;
  page.file = null;
  return { anew: true };
}

// Learns from the start, also where nothing that was given begins the run anew.
async function run(given, source = null) {
  const done = await apply(given, source);
  if (!done) {
    page.queue = [];
    return;
  }
  if (!done.anew) {
    curve.begin(runName());
    await attempt(() => ask("rewind", { epoch: 0 }));
  }
  await attempt(() => ask("start"));
}

async function send() {
  status(""); // what was refused before
  history.replaceState(null, "", toAddress(addressed()));
  settings.show();
  return attempt(() => ask("configure", settings.read()));
}

function addressed() {
  const shared = page.source && /^(sample:|https?:)/.test(page.source) ? { picture: page.source } : {};
  return { ...shared, ...settings.given };
}

async function changed(name) {
  const done = await send();
  if (done === null) settings.fields[name]?.field.setAttribute("aria-invalid", "true");
  if (["colors", "threshold", "palette", "mode"].includes(name)) preview(settings.read());
}

async function preview(given) {
  if (given.mode !== "classify") byId("preview").hidden = true;
  else attempt(() => ask("classes", given));
}

async function upload(file) {
  status(say("opening"));
  byId("file").value = ""; // so that the same file can be chosen again
  if (!(await attempt(() => page.wire.upload(file)))) return;
  page.file = file;
}

async function open(source) {
  status(say("opening"));
  if (!(await attempt(() => ask("open", { source })))) return;
  page.file = null;
}

function taking() {
  byId("downloads").replaceChildren(...TAKEN.flatMap((kind) => {
    const link = Object.assign(document.createElement("button"), { type: "button", textContent: say(`take_${kind}`) });
    link.addEventListener("click", () => attempt(async () => {
      const answer = await fetch(`pages/${page.wire.id}/take/${kind}`);
      if (!answer.ok) await checked(answer);
      const name = decodeURIComponent(answer.headers.get("content-disposition").split("''")[1]);
      const address = URL.createObjectURL(await answer.blob());
      Object.assign(document.createElement("a"), { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    }));
    const save = Object.assign(document.createElement("button"), { type: "button", textContent: "⤓" });
    save.setAttribute("aria-label", say("save_here", { what: say(`take_${kind}`) }));
    save.title = save.getAttribute("aria-label");
    save.addEventListener("click", () => attempt(async () => {
      const found = await ask(`save/${kind}`);
      status(say("saved", { name: found.name }));
    }));
    return [link, save];
  }));
}

function views() {
  const seen = byId("views");
  seen.setAttribute("aria-label", say("painting"));
  seen.replaceChildren(...VIEWS.map((view) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: say(`view_${view}`), title: say(`view_${view}_hint`) });
    button.setAttribute("aria-pressed", String(view === page.view));
    button.addEventListener("click", () => {
      page.view = view;
      views();
      look();
    });
    return button;
  }));
}

function tellLesson() {
  const lesson = page.lessons.find((each) => each.id === byId("lesson").value);
  const said = document.createElement("p");
  said.textContent = lesson?.[language].join(language === "ja" ? "" : " ");
  byId("told").replaceChildren(...(lesson ? [said] : []));
  return lesson;
}

function teach() {
  const lesson = tellLesson();
  if (!lesson) return;
  const [first, ...others] = lesson.runs;
  page.queue = others;
  run(first, lesson.picture);
}

async function words() {
  await speak(page.language);
  byId("language").textContent = page.language === "ja" ? "English" : "日本語";
  byId("language").lang = page.language === "ja" ? "en" : "ja";
  byId("address").placeholder = "https://…";
  byId("address").setAttribute("aria-label", say("address"));
  const chosen = byId("lesson").value;
  byId("lesson").replaceChildren(new Option(say("choose_lesson"), ""), ...page.lessons.map((each) => new Option(each.title[page.language], each.id)));
  byId("lesson").value = chosen;
  tellLesson();
  stage.words();
  settings?.build();
  taking();
  views();
}

// What was said in the other language is said again.
function spokenAnew() {
  status("");
  if (page.phase) {
    told(page.state);
    tellPhase();
  }
  showCommand();
  curve.list();
  curve.draw();
  network.forget();
  look();
}

async function connect() {
  const opened = await openPage();
  page.wire = new Wire(opened.id, (header, body) => HEARD[header.kind]?.(header, body), lost, () => { byId("connection").hidden = true; });
  return opened;
}

// The stream broke: the page says so, and looks for the server until it is there again.
async function lost(isGone) {
  byId("connection").textContent = say("lost");
  byId("connection").hidden = false;
  delete document.body.dataset.phase;
  await new Promise((done) => setTimeout(done, 1000));
  if (!isGone) return page.wire.listen();
  try {
    await connect();
    await begin(addressed(), page.file);
    status(say("found_again"));
  } catch {
    lost(true);
  }
}

async function begin(given, file = null) {
  const { picture, ...others } = given;
  settings.take(others);
  const done = await attempt(() => ask("configure", settings.read()));
  // Settings that cannot be used must not leave the page without a picture.
  if (done === null) {
    settings.take({});
    await attempt(() => ask("configure", {}));
  }
  const taken = file && (await attempt(() => page.wire.upload(file)));
  if (!taken) await attempt(() => ask("open", picture ? { source: picture } : {}));
  if (settings.given.mode === "classify") preview(settings.read());
}

function wireUp() {
  byId("start").addEventListener("click", () => {
    if (page.phase === "running") page.queue = [];
    attempt(() => ask(page.phase === "running" ? "pause" : "start"));
  });
  byId("step").addEventListener("click", () => attempt(() => ask("step")));
  byId("back").addEventListener("click", () => attempt(() => ask("rewind", { epoch: 0 })));
  byId("rewind").addEventListener("change", (event) => attempt(() => ask("rewind", { epoch: page.state.moments[event.target.value] ?? 0 })));
  byId("file").addEventListener("change", (event) => event.target.files[0] && upload(event.target.files[0]));
  byId("address-form").addEventListener("submit", (event) => {
    event.preventDefault();
    open(byId("address").value.trim());
  });
  for (const kind of ["dragover", "drop", "dragleave"]) {
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      byId("drop").classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files[0]) upload(event.dataTransfer.files[0]);
    });
  }
  byId("language").addEventListener("click", () => {
    page.language = page.language === "ja" ? "en" : "ja";
    const address = new URL(location.href);
    address.searchParams.set("lang", page.language);
    history.replaceState(null, "", address);
    words().then(spokenAnew);
  });
  byId("lesson").addEventListener("change", teach);
  byId("race").addEventListener("click", () => {
    const { seconds, preset, ...own } = settings.given;
    page.queue = [{ ...CLASSIC, ...(own.mode ? { mode: own.mode } : {}), seconds: RACE_SECONDS }];
    byId("by-time").checked = true;
    run({ seconds: RACE_SECONDS, ...(preset && preset !== "tutorial" ? { preset } : {}), ...own });
  });
  byId("keep").addEventListener("click", () => { curve.thumb(byId("painted")); curve.begin(runName()); attempt(() => ask("rewind", { epoch: 0 })); });
  const copied = (id, text) => byId(id).addEventListener("click", () => attempt(async () => { await navigator.clipboard.writeText(text()); status(say("copied")); }));
  copied("copy-command", () => byId("command").textContent);
  copied("copy-link", () => location.href);
  copied("copy-play", () => `paintnet play --settings '${location.hash.slice(1)}'`);
  addEventListener("pagehide", () => navigator.sendBeacon(`pages/${page.wire.id}/leave`));
  addEventListener("hashchange", () => { const { picture, ...given } = fromAddress(); apply(given, picture); });
  addEventListener("resize", () => { clearTimeout(page.resized); page.resized = setTimeout(look, 300); });
}

async function main() {
  page.language = preferred() === "ja" ? "ja" : "en";
  page.lessons = await (await fetch("own/lessons.json")).json();
  await speak(page.language);
  curve = new Curve();
  stage = new Stage((verb, document) => ask(verb, document));
  network = new Network(look);
  stage.onAnswers = (answers) => network.answers(answers);
  const opened = await attempt(connect);
  if (!opened) return; // it has said why
  settings = new Settings(opened.controls, changed);
  settings.onPreview = preview;
  await words();
  for (const sample of opened.samples) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sample });
    button.addEventListener("click", () => open(`sample:${sample}`));
    byId("samples").append(button);
  }
  wireUp();
  await begin(fromAddress());
}

main();

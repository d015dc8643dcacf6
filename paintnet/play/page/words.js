// Words in two languages: one file for each, with the same keys.

let words = {}, colors = {}, things = {}, sentences = [];
export let language = "en";

const own = async (name) => (await fetch(`own/${name}`)).json();

export async function speak(wanted) {
  language = wanted === "ja" ? "ja" : "en";
  words = await own(`words.${language}.json`);
  colors = language === "en" ? {} : await own(`colors.${language}.json`); // the server names colors in English
  const messages = language === "en" ? {} : await own(`messages.${language}.json`); // and says what was wrong in English
  things = messages.things ?? {};
  const lettersOf = ([english]) => english.replace(/\{\w+\}/g, "").length; // the one with the most is meant
  sentences = (messages.sentences ?? []).sort((a, b) => lettersOf(b) - lettersOf(a)).map(([english, own]) => [pattern(english), own]);
  document.documentElement.lang = language;
  for (const item of document.querySelectorAll("[data-word]")) item.textContent = say(item.dataset.word);
  for (const item of document.querySelectorAll("[data-hint]")) item.title = say(item.dataset.hint);
  for (const item of document.querySelectorAll("[data-label]")) item.setAttribute("aria-label", say(`label_${item.dataset.label}`));
}

export function preferred() {
  const asked = new URLSearchParams(location.search).get("lang");
  return asked || (navigator.language || "en").slice(0, 2);
}

// The text of a key, with {names} filled in.
export function say(key, values = {}) {
  const text = words[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const NUMBERS = ["low", "high", "count", "limit", "seconds"];

// What matches a sentence of the server, with a group for each {name} in it.
function pattern(english) {
  const group = (name) => `(?<${name}>${NUMBERS.includes(name) ? "[-+\\d.,e]+" : ".+?"})`;
  const parts = english.split(/\{(\w+)\}/).map((part, number) => (number % 2 ? group(part) : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`, "s");
}

// A sentence of the server in the page's language, or as it is where it has none; what is in it, too.
export function translated(text) {
  for (const [english, own] of sentences) {
    const found = english.exec(text);
    if (found) return own.replace(/\{(\w+)\}/g, (_, name) => translated(found.groups[name]));
  }
  return text;
}

// What the server refused: the thing, what was wrong with it, and what to do.
export function refusal({ error, what, why, remedy }) {
  if (language === "en" || why === undefined || translated(why) === why) return error;
  return `${words[`name_${what}`] ?? things[what] ?? what}: ${translated(why)}。${translated(remedy)}。`;
}

export const list = (items) => new Intl.ListFormat(language).format(items);

export const color = (name) => colors[name] ?? name;

export const number = (value, digits = 2) => Number(value).toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits });

// Words in two languages: one file for each, with the same keys.

let words = {}, colors = {};
export let language = "en";

const own = async (name) => (await fetch(`own/${name}`)).json();

export async function speak(wanted) {
  language = wanted === "ja" ? "ja" : "en";
  words = await own(`words.${language}.json`);
  colors = language === "en" ? {} : await own(`colors.${language}.json`); // the server names colors in English
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

export const list = (items) => new Intl.ListFormat(language).format(items);

export const color = (name) => colors[name] ?? name;

export const number = (value, digits = 2) => Number(value).toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits });

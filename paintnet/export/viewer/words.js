"use strict";

/* The words of the page, in the language of its address (?lang=ja) or of the browser, English where it has none. */
const WORDS = JSON.parse(document.getElementById("words").textContent);
const WANTED = (new URLSearchParams(location.search).get("lang") || navigator.language || "").slice(0, 2);
const LANGUAGE = WANTED in WORDS ? WANTED : "en";

function say(key, values = {}) {
  return WORDS[LANGUAGE][key].replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

function speak() {
  document.documentElement.lang = LANGUAGE;
  for (const item of document.querySelectorAll("[data-word]")) item.textContent = say(item.dataset.word);
  for (const item of document.querySelectorAll("[data-label]")) item.setAttribute("aria-label", say(item.dataset.label));
}

// The wire to the server: one stream that tells, and short requests that ask.

import { refusal, say } from "./words.js";

// `said` is what the server answers: the error, and its parts.
export class Refused extends Error {
  constructor(status, said) {
    super(said.error || `${status}`);
    Object.assign(this, { status, said: { error: this.message, ...said } });
  }
}

export async function checked(answer) {
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, said);
  return said;
}

// What went wrong, in the page's language. A browser that reaches nobody throws a TypeError, whose words are its own.
export function trouble(error) {
  if (error instanceof Refused) return refusal(error.said);
  return error instanceof TypeError ? say("lost") : error.message;
}

export async function openPage() {
  return checked(await fetch("pages", { method: "POST" }));
}

export class Wire {
  // Messages go to `heard`; `lost` is called where the stream breaks, and `found` when it is there again.
  constructor(id, heard, lost, found) {
    Object.assign(this, { id, heard, lost, found, over: false });
    this.listen();
  }

  async ask(verb, document = {}) {
    return checked(await fetch(`pages/${this.id}/${verb}`, { method: "POST", body: JSON.stringify(document) }));
  }

  async upload(file) {
    const headers = { "X-File-Name": encodeURIComponent(file.name) };
    return checked(await fetch(`pages/${this.id}/upload`, { method: "POST", body: file, headers }));
  }

  async listen() {
    try {
      const answer = await fetch(`pages/${this.id}/stream`);
      if (!answer.ok) throw new Refused(answer.status, {});
      this.found();
      const reader = answer.body.getReader();
      let held = new Uint8Array(0);
      for (;;) {
        // A server that has gone without a word is noticed by its silence: it says something every two seconds.
        const silence = new Promise((_, fail) => { this.timer = setTimeout(() => fail(new Error("silence")), 15000); });
        const { done, value } = await Promise.race([reader.read(), silence]);
        clearTimeout(this.timer);
        if (done) break;
        held = this.cut(held.length ? joined(held, value) : value);
      }
      throw new Error("ended");
    } catch (error) {
      clearTimeout(this.timer);
      if (!this.over) this.lost(error.status === 404);
    }
  }

  cut(bytes) {
    let at = 0;
    while (bytes.length - at >= 8) {
      const view = new DataView(bytes.buffer, bytes.byteOffset + at);
      const head = view.getUint32(0, true), body = view.getUint32(4, true);
      if (bytes.length - at < 8 + head + body) break;
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + head)));
      this.heard(header, bytes.slice(at + 8 + head, at + 8 + head + body));
      at += 8 + head + body;
    }
    return bytes.slice(at);
  }
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

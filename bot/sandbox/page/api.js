// What the page asks of the sandbox. Errors become toasts; the caller only learns that there was one.

import { h } from "./dom.js";

export function toast(text) {
  const note = h("div", { class: "toast" }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

/** POST JSON; returns the answer, or undefined after an error that has been shown. `quiet` leaves the showing out. */
export async function post(path, body, { quiet = false } = {}) {
  let answer;
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
    if (response.ok) return answer;
  } catch {
    answer = { error: "The sandbox does not answer. Is it still running?" };
  }
  if (!quiet) toast(answer.error);
  return quiet ? answer : undefined;
}

export async function get(path) {
  const response = await fetch(path);
  return response.json();
}

/** Call `changed` after every change of the state, and once at the start. */
export function follow(changed, lost) {
  const source = new EventSource("/_page/events");
  source.onmessage = changed;
  source.onerror = lost;
}

// What is typed travels in order, one request at a time; of letters typed meanwhile only the last state is sent.
const waiting = new Map();
let sending = Promise.resolve();

export function sendInput(request) {
  const key = `${request.view_id}/${request.block_id}/${request.action_id}`;
  const queued = waiting.has(key);
  waiting.set(key, request);
  if (queued) return sending;
  sending = sending.then(async () => {
    const latest = waiting.get(key);
    waiting.delete(key);
    await post("/_sandbox/input", latest);
  });
  return sending;
}

/** Resolves when everything typed so far has arrived. */
export function typed() {
  return sending;
}

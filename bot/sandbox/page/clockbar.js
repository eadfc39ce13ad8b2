// The sandbox's time, and the buttons that move it.

import { h } from "./dom.js";
import { post } from "./api.js";

const ZONE = "Europe/Zurich"; // the zone of the bot's times of day (bot/sandbox/run.py)
let ahead = 0;

/** The state's clock as of now. */
export function setClock(iso) {
  ahead = new Date(iso) - Date.now();
}

function now() {
  return new Date(Date.now() + ahead);
}

function secondsOfDay(at) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(at);
  const [hour, minute, second] = ["hour", "minute", "second"].map((type) => Number(parts.find((part) => part.type === type).value));
  return hour * 3600 + minute * 60 + second;
}

function untilNine() {
  const nine = 9 * 3600 + 1;
  let wait = (nine - secondsOfDay(now()) + 86400) % 86400 || 86400;
  const off = secondsOfDay(new Date(now().getTime() + wait * 1000)) - nine; // the clocks may change on the way
  if (Math.abs(off) < 7200) wait -= off;
  return wait;
}

export function clockbar() {
  const time = h("time", { class: "now", title: "The sandbox's clock, in your own time zone" });
  const buttons = [["+1 h", () => 3600], ["+24 h", () => 86400], ["next 09:00", untilNine]].map(([label, seconds]) =>
    h("button", { type: "button", class: "button small", "data-advance": label, title: label.startsWith("next") ? `When the digest is due: 09:00 in ${ZONE}` : null, onclick: () => advance(seconds()) }, label));
  const bar = h("div", { class: "clock", role: "group", "aria-label": "Clock" }, time, buttons);
  async function advance(advance_seconds) {
    bar.classList.add("busy");
    for (const button of buttons) button.disabled = true;
    const answer = await post("/_sandbox/clock", { advance_seconds });
    if (answer) setClock(answer.clock);
    for (const button of buttons) button.disabled = false;
    bar.classList.remove("busy");
    tick();
  }
  function tick() {
    time.textContent = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(now());
  }
  tick();
  setInterval(tick, 1000);
  return bar;
}

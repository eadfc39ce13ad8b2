// A channel's messages as one person sees them.

import { arrange, avatar, h } from "./dom.js";
import { post } from "./api.js";
import { picture, render } from "./blocks.js";
import { confirmed } from "./confirm.js";
import { mrkdwn, nameOf } from "./text.js";

const drawn = new Map(); // ts → { json, node }
let shownFor = "";
let shortcuts = [];

/** The shortcuts that a message's menu offers. */
export function learn(declared) {
  shortcuts = declared.filter((one) => one.type === "message");
}

export function visible(channel, user) {
  return channel.messages.filter((message) => !message.ephemeral_for || message.ephemeral_for === user);
}

/** Each message with the replies below it, all in the order in which they were written. */
function threads(messages) {
  const replies = new Map();
  for (const message of messages) {
    if (message.thread_ts) replies.set(message.thread_ts, [...(replies.get(message.thread_ts) ?? []), message]);
  }
  return messages.filter((message) => !message.thread_ts).map((message) => ({ message, replies: replies.get(message.ts) ?? [] }));
}

/** Nodes of all messages, days apart; unchanged ones are the same nodes as before. */
export function drawMessages(list, user, channel) {
  const key = `${user}/${channel.id}`;
  if (key !== shownFor) drawn.clear();
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80 || key !== shownFor;
  shownFor = key;
  const nodes = [];
  let day = "";
  const one = (message) => memo(message.ts, JSON.stringify(message), () => draw(message, user, channel));
  for (const { message, replies } of threads(visible(channel, user))) {
    const at = new Date(Number(message.ts) * 1000);
    const label = at.toLocaleDateString("en", { weekday: "long", month: "long", day: "numeric" });
    if (label !== day) nodes.push(memo(`day ${label}`, label, () => h("div", { class: "day" }, h("span", {}, label))));
    day = label;
    nodes.push(one(message));
    if (replies.length) nodes.push(memo(`replies ${message.ts}`, `${replies.length}`, () => h("div", { class: "replies" }, replies.length === 1 ? "1 reply" : `${replies.length} replies`)));
    nodes.push(...replies.map(one));
  }
  if (!nodes.length) nodes.push(memo("welcome", channel.id, () => welcome(channel)));
  arrange(list, nodes);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function memo(key, json, make) {
  const known = drawn.get(key);
  if (known?.json === json) return known.node;
  const node = make();
  drawn.set(key, { json, node });
  return node;
}

const SURE = {
  title: { text: "Remove this message?" },
  text: { type: "plain_text", text: "It goes for everybody, as when a workspace admin deletes a message in Slack. Mailwarden may have something to say about it." },
  confirm: { text: "Remove" },
  deny: { text: "Keep it" },
  style: "danger",
};

function removal(message, user, channel) {
  const remove = async () => {
    if (!(await confirmed(SURE))) return;
    await post("/_page/remove", { user, channel: channel.id, ts: message.ts });
    document.getElementById("say")?.focus({ preventScroll: true });
  };
  return h("button", { type: "button", class: "remove", "aria-label": "Remove this message", onclick: remove }, "Remove");
}

function more(message, user, channel) {
  const use = async (one) => {
    menu.hidden = true;
    await post("/_sandbox/shortcut", { user, shortcut: one.callback_id, channel: channel.id, ts: message.ts });
  };
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, shortcuts.map((one) =>
    h("button", { type: "button", role: "menuitem", onclick: () => use(one) }, one.name, h("small", {}, one.description))));
  const button = h("button", { type: "button", "aria-label": "More actions", "aria-haspopup": "menu", onclick: () => (menu.hidden = !menu.hidden) }, "⋮");
  return h("div", { class: "more", onkeydown: (event) => { if (event.key === "Escape") menu.hidden = true; } }, button, menu);
}

/** What is left of a message that was removed and had replies. */
function tombstone(message) {
  return h("article", { class: "message tombstone", "data-ts": message.ts }, h("span", { class: "avatar", "aria-hidden": "true" }, "🗑"), h("div", { class: "message-body" }, message.text));
}

function draw(message, user, channel) {
  if (message.user === "USLACKBOT" && !message.ephemeral_for) return tombstone(message);
  const isApp = message.user === "U0BOT";
  const at = new Date(Number(message.ts) * 1000);
  const where = {
    key: message.ts,
    files: message.files,
    click: (block_id, action_id, value) => post("/_sandbox/click", { user, channel: channel.id, ts: message.ts, block_id, action_id, value }),
  };
  return h("article", { class: `message${message.ephemeral_for ? " private" : ""}${message.thread_ts ? " reply" : ""}`, "data-ts": message.ts },
    avatar(nameOf(message.user), isApp),
    h("div", { class: "message-body" },
      message.ephemeral_for && h("div", { class: "only-you" }, "👁 Only visible to you"),
      h("div", { class: "byline" }, h("strong", {}, nameOf(message.user)), isApp && h("span", { class: "app" }, "APP"),
        h("time", { datetime: at.toISOString(), title: at.toLocaleString("en") }, at.toLocaleTimeString("en", { hour: "numeric", minute: "2-digit" }))),
      message.blocks.length ? h("div", { class: "blocks" }, message.blocks.map((block) => render(block, where))) : h("div", {}, mrkdwn(message.text)),
      shared(message).map((file) => file.width ? picture(file.url, file.alt_text || file.title, file.title, file) : h("a", { href: file.url, download: file.name }, `📄 ${file.title}`))),
    !message.ephemeral_for && shortcuts.length > 0 && more(message, user, channel),
    isApp && !message.ephemeral_for && removal(message, user, channel));
}

/** The files that came with the message and are not shown by its blocks. */
function shared(message) {
  const inBlocks = JSON.stringify(message.blocks);
  return (message.files ?? []).filter((file) => !inBlocks.includes(`"${file.id}"`));
}

function welcome(channel) {
  const tries = {
    "mail-ops": ["Type / below to see every command; /mail is the front door.", "Create a mail user with /mail-create, or look around with /mail-users.", "Schedule a deletion with /mail-delete, become somebody else, cancel it, or move the clock by 24 hours and see it happen."],
    "mail-digest": ["Every morning at 09:00 the DNS digest is posted here.", "Press “next 09:00” at the top to see one."],
  }[channel.name] ?? ["Nothing has been said here yet."];
  return h("div", { class: "welcome" }, h("h3", {}, `# ${channel.name}`), h("ul", {}, tries.map((line) => h("li", {}, line))));
}

// Slack's texts: mrkdwn, plain text and rich text, as DOM nodes.

import { h } from "./dom.js";

const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", x: "❌", wastebasket: "🗑️", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  lock: "🔒", unlock: "🔓", key: "🔑", closed_lock_with_key: "🔐", email: "✉️", envelope: "✉️", mailbox: "📫",
  mailbox_with_mail: "📬", globe_with_meridians: "🌐", bell: "🔔", no_entry: "⛔", no_entry_sign: "🚫", mag: "🔍",
  red_circle: "🔴", large_yellow_circle: "🟡", large_green_circle: "🟢", white_circle: "⚪", large_blue_circle: "🔵",
  question: "❓", grey_question: "❔", information_source: "ℹ️", heavy_check_mark: "✔️", arrows_counterclockwise: "🔄",
  calendar: "📅", clock9: "🕘", alarm_clock: "⏰", tada: "🎉", wave: "👋", house: "🏠", gear: "⚙️", wrench: "🔧",
  hammer_and_wrench: "🛠️", pencil2: "✏️", memo: "📝", clipboard: "📋", bust_in_silhouette: "👤", busts_in_silhouette: "👥",
  heavy_plus_sign: "➕", heavy_minus_sign: "➖", back: "🔙", raised_hand: "✋", bulb: "💡", rotating_light: "🚨", shield: "🛡️",
  file_cabinet: "🗄️", large_orange_circle: "🟠", satellite_antenna: "📡", game_die: "🎲", sparkles: "✨", eyes: "👀", thumbsup: "👍",
};

let people = new Map();
let channels = new Map();

/** Names for the mentions. */
export function know(state) {
  people = new Map(state.people.map((person) => [person.id, person.name]));
  people.set("U0BOT", "mailwarden").set("USLACKBOT", "Slackbot");
  channels = new Map(state.channels.map((channel) => [channel.id, channel.name]));
}

export function nameOf(id) {
  return people.get(id) ?? id;
}

/** The people that a select of people offers: id and name. */
export function everybody() {
  return [...people].filter(([id]) => id !== "USLACKBOT");
}

function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

/** Slack's date tokens, in the reader's own zone (docs.slack.dev, formatting message text). */
export function date(epoch, format, fallback) {
  const at = new Date(Number(epoch) * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const make = (options) => new Intl.DateTimeFormat("en", options).format(at);
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
  const forms = {
    date_num: () => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`,
    date: () => make({ month: "long", day: "numeric", year: "numeric" }),
    date_short: () => make({ month: "short", day: "numeric", year: "numeric" }),
    date_long: () => make({ weekday: "long", month: "long", day: "numeric", year: "numeric" }),
    date_pretty: () => near ?? forms.date(),
    date_short_pretty: () => near ?? forms.date_short(),
    date_long_pretty: () => near ?? forms.date_long(),
    time: () => make({ hour: "numeric", minute: "2-digit" }),
    time_secs: () => make({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => `${Math.round((Date.now() - at) / 60000)} minutes ago`,
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => forms[name]?.() ?? whole);
}

export function plain(object) {
  return object ? withEmoji(object.text) : "";
}

function mention(name) {
  return h("span", { class: "mention" }, name);
}

function link(url, text) {
  const safe = /^(https?|mailto):/i.test(url);
  return safe ? h("a", { href: url, target: "_blank", rel: "noreferrer" }, text) : text;
}

function angle(inside) {
  const [target, label] = [inside.split("|")[0], inside.split("|").slice(1).join("|")];
  if (target.startsWith("@")) return mention(`@${nameOf(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${channels.get(target.slice(1)) ?? target.slice(1)}`);
  if (target.startsWith("!date^")) {
    const [, epoch, format] = target.split("^");
    return h("time", { title: decode(label) }, date(epoch, format, decode(label)));
  }
  if (target.startsWith("!")) return mention(`@${target.slice(1).split("^")[0]}`);
  return link(decode(target), decode(label || target.replace(/^mailto:/, "")));
}

const INLINE = /```([\s\S]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(?=\S)([^*\n]*\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*\S)~(?![\w~])/;

function inline(text) {
  const nodes = [];
  for (let rest = text; rest; ) {
    const found = INLINE.exec(rest);
    if (!found) {
      nodes.push(withEmoji(decode(rest)));
      break;
    }
    if (found.index) nodes.push(withEmoji(decode(rest.slice(0, found.index))));
    const [whole, block, code, inside, bold, italic, strike] = found;
    if (block !== undefined) nodes.push(preformatted(decode(block.replace(/^\n/, ""))));
    else if (code !== undefined) nodes.push(h("code", {}, decode(code)));
    else if (inside !== undefined) nodes.push(angle(inside));
    else if (bold !== undefined) nodes.push(h("strong", {}, inline(bold)));
    else if (italic !== undefined) nodes.push(h("em", {}, inline(italic)));
    else nodes.push(h("s", {}, inline(strike)));
    rest = rest.slice(found.index + whole.length);
  }
  return nodes;
}

/** mrkdwn as nodes; line breaks and quotes kept. */
export function mrkdwn(text) {
  const nodes = [];
  let quote = null;
  for (const line of text.split(/\n(?![^`]*```)/)) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      quote.append(...inline(line.slice(quoted[0].length)), h("br"));
    } else {
      if (nodes.length && !quote) nodes.push(h("br"));
      quote = null;
      nodes.push(...inline(line));
    }
  }
  return nodes;
}

/** A text object of either kind. */
export function text(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : [withEmoji(object.text)];
}

async function copy(button, content) {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    const area = h("textarea", { class: "offscreen", value: content });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function preformatted(content) {
  const button = h("button", { type: "button", class: "copy", onclick: () => copy(button, content) }, "Copy");
  return h("div", { class: "pre" }, h("pre", {}, content), button);
}

function richElement(element) {
  const style = element.style ?? {};
  let node;
  switch (element.type) {
    case "text": node = element.text; break;
    case "link": node = link(element.url, element.text ?? element.url); break;
    case "emoji": node = EMOJI[element.name] ?? `:${element.name}:`; break;
    case "user": node = mention(`@${nameOf(element.user_id)}`); break;
    case "channel": node = mention(`#${channels.get(element.channel_id) ?? element.channel_id}`); break;
    case "date": node = date(element.timestamp, element.format, element.fallback ?? ""); break;
    default: node = "";
  }
  if (style.code) node = h("code", {}, node);
  if (style.bold) node = h("strong", {}, node);
  if (style.italic) node = h("em", {}, node);
  if (style.strike) node = h("s", {}, node);
  return node;
}

export function rich(block) {
  return block.elements.map((part) => {
    switch (part.type) {
      case "rich_text_preformatted": return preformatted(part.elements.map((e) => e.text ?? "").join(""));
      case "rich_text_quote": return h("blockquote", {}, part.elements.map(richElement));
      case "rich_text_list":
        return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => h("li", {}, item.elements.map(richElement))));
      default: return h("p", {}, part.elements.map(richElement));
    }
  });
}

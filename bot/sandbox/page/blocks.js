// Block Kit blocks. `where` says how an act on an element travels (see elements.js).

import { h } from "./dom.js";
import { mrkdwn, plain, rich, text } from "./text.js";
import { element, source } from "./elements.js";

const LEVELS = { warning: "⚠️", error: "⛔", success: "✅", info: "ℹ️", default: "💬" };

function cell(value) {
  if (value.type === "rich_text") return rich(value);
  if (value.type === "raw_number") return value.text ?? String(value.value);
  return value.text;
}

function table(block) {
  const align = (index) => block.column_settings?.[index]?.align ?? "left";
  const row = (cells, tag) => h("tr", {}, cells.map((value, index) => h(tag, { style: `text-align:${align(index)}` }, cell(value))));
  const [head, ...body] = block.rows;
  return h("div", { class: "table" }, h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, body.map((cells) => row(cells, "td")))));
}

function input(block, where) {
  const id = `${where.key}-${block.block_id}`;
  const problem = where.errors?.[block.block_id];
  return h("div", { class: problem ? "field wrong" : "field" },
    h("label", { for: id }, plain(block.label), block.optional && h("span", { class: "optional" }, " (optional)")),
    element(block, block.element, where, id),
    problem && h("p", { class: "problem", role: "alert" }, problem),
    block.hint && h("p", { class: "hint" }, text(block.hint)));
}

function section(block, where) {
  return h("div", { class: "section" },
    h("div", { class: "section-text" },
      block.text && h("div", {}, text(block.text)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, text(field))))),
    block.accessory && h("div", { class: "accessory" }, element(block, block.accessory, where)));
}

/** A picture that opens in full. Its size, where known, keeps what is below from jumping when it arrives. */
export function picture(url, alt, title, size) {
  return h("figure", {},
    title && h("figcaption", {}, title),
    h("a", { href: url, target: "_blank", rel: "noreferrer" }, h("img", { src: url, alt, width: size?.width, height: size?.height })));
}

function image(block, where) {
  const file = where.files?.find((one) => one.id === block.slack_file?.id);
  return picture(source(block), block.alt_text, block.title && plain(block.title), file);
}

export function render(block, where) {
  switch (block.type) {
    case "section": return section(block, where);
    case "header": return h("h3", {}, plain(block.text));
    case "divider": return h("hr");
    case "context": return h("div", { class: "context" }, block.elements.map((part) =>
      part.type === "image" ? h("img", { src: source(part), alt: part.alt_text }) : h("span", {}, text(part))));
    case "actions": return h("div", { class: "actions" }, block.elements.map((part) => element(block, part, where)));
    case "input": return input(block, where);
    case "image": return image(block, where);
    case "rich_text": return h("div", { class: "rich" }, rich(block));
    case "table": return table(block);
    case "alert": return h("div", { class: `alert ${block.level ?? "default"}`, role: "note" }, h("span", {}, LEVELS[block.level ?? "default"]), h("div", {}, text(block.text)));
    case "markdown": return h("div", {}, mrkdwn(block.text));
    default: return h("div", { class: "context" }, `(a ${block.type} block)`);
  }
}

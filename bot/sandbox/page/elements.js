// Interactive elements. `where` is { key, errors?, values?, click(block_id, action_id, value), type(...), options(...) }:
// a click is an act at once, a typed value belongs to an input block.

import { h } from "./dom.js";
import { everybody, plain, text } from "./text.js";
import { confirmed } from "./confirm.js";
import { combobox } from "./combobox.js";
import { post } from "./api.js";

const TEXT_TYPES = { plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "text" };

function stateOf(block, part, where) {
  return where.values?.[block.block_id]?.[part.action_id] ?? {};
}

function act(block, part, where, value) {
  return block.type === "input" ? where.type(block.block_id, part.action_id, value) : where.click(block.block_id, part.action_id, value);
}

function button(block, part, where) {
  const press = async (event) => {
    const node = event.currentTarget;
    if (part.confirm && !(await confirmed(part.confirm))) return;
    node.disabled = true;
    await where.click(block.block_id, part.action_id);
    node.disabled = false;
  };
  if (part.url) return h("a", { class: `button ${part.style ?? ""}`, href: part.url, target: "_blank", rel: "noreferrer" }, plain(part.text));
  return h("button", { type: "button", class: `button ${part.style ?? ""}`, "aria-label": part.accessibility_label, onclick: press, "data-action": part.action_id }, plain(part.text));
}

function textInput(block, part, where, id) {
  const props = {
    id, name: block.block_id, "data-action": part.action_id, placeholder: plain(part.placeholder), autocomplete: "off", spellcheck: "false", autocapitalize: "off",
    value: stateOf(block, part, where).value ?? "",
    oninput: (event) => where.type(block.block_id, part.action_id, event.target.value),
  };
  if (part.multiline) return h("textarea", { ...props, rows: "4" });
  return h("input", { ...props, type: TEXT_TYPES[part.type], inputmode: part.type === "number_input" ? "numeric" : undefined });
}

function select(block, part, where, id) {
  const chosen = stateOf(block, part, where).selected_option?.value ?? "";
  const one = (option) => h("option", { value: option.value, selected: option.value === chosen }, plain(option.text));
  const choose = async (event) => {
    if (part.confirm && !(await confirmed(part.confirm))) return (event.target.value = chosen);
    return act(block, part, where, event.target.value);
  };
  return h("select", { id, onchange: choose },
    h("option", { value: "", selected: !chosen, disabled: true, hidden: true }, plain(part.placeholder) || "Choose an option"),
    part.options?.map(one),
    part.option_groups?.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map(one))));
}

function choices(block, part, where, type) {
  const state = stateOf(block, part, where);
  const chosen = new Set(type === "radio" ? [state.selected_option?.value] : (state.selected_options ?? []).map((o) => o.value));
  const name = `${where.key}-${block.block_id}-${part.action_id}`;
  const change = (value) => {
    if (type === "radio") return act(block, part, where, value);
    if (!chosen.delete(value)) chosen.add(value);
    return act(block, part, where, [...chosen]);
  };
  return h("fieldset", { class: "choices" }, part.options.map((option) =>
    h("label", {},
      h("input", { type, name, checked: chosen.has(option.value), onchange: () => change(option.value) }),
      h("span", {}, text(option.text), option.description && h("small", {}, text(option.description))))));
}

function overflow(block, part, where) {
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, part.options.map((option) =>
    h("button", { type: "button", role: "menuitem", onclick: async () => {
      menu.hidden = true;
      if (part.confirm && !(await confirmed(part.confirm))) return;
      await where.click(block.block_id, part.action_id, option.value);
    } }, plain(option.text))));
  return h("div", { class: "overflow" }, h("button", { type: "button", class: "button", "aria-label": "More", onclick: () => (menu.hidden = !menu.hidden) }, "⋯"), menu);
}

function base64(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(",")[1] ?? "");
    reader.readAsDataURL(file);
  });
}

/** As Slack's own client does, a file is uploaded when it is picked; the form holds its id. */
function fileInput(block, part, where, id) {
  const pick = async (event) => {
    const ids = [];
    for (const file of event.target.files) {
      const given = await post("/_sandbox/upload", { user: where.user, name: file.name, base64: await base64(file) });
      if (given) ids.push(given.id);
    }
    await where.type(block.block_id, part.action_id, ids);
  };
  const accept = part.filetypes?.map((ending) => `.${ending}`).join(",");
  return h("input", { id, type: "file", name: block.block_id, accept, multiple: (part.max_files ?? 10) > 1, onchange: pick });
}

function peopleSelect(block, part, where, id) {
  const chosen = stateOf(block, part, where).selected_user ?? "";
  return h("select", { id, onchange: (event) => act(block, part, where, event.target.value) },
    h("option", { value: "", selected: !chosen, disabled: true, hidden: true }, plain(part.placeholder) || "Choose a person"),
    everybody().map(([value, name]) => h("option", { value, selected: value === chosen }, name)));
}

/** Where an image is to be had: an address, or a file of this Slack. */
export function source(part) {
  return part.slack_file ? `/_page/files/${part.slack_file.id}` : part.image_url;
}

export function element(block, part, where, id) {
  switch (part.type) {
    case "button": return button(block, part, where);
    case "plain_text_input": case "email_text_input": case "url_text_input": case "number_input": return textInput(block, part, where, id);
    case "static_select": return select(block, part, where, id);
    case "external_select": case "multi_external_select": case "multi_static_select":
      return combobox({
        id, part, state: stateOf(block, part, where),
        find: (query) => where.options(block, part, query),
        choose: (value) => act(block, part, where, value),
      });
    case "radio_buttons": return choices(block, part, where, "radio");
    case "checkboxes": return choices(block, part, where, "checkbox");
    case "overflow": return overflow(block, part, where);
    case "datepicker": return h("input", { id, type: "date", value: stateOf(block, part, where).selected_date ?? "", onchange: (e) => act(block, part, where, e.target.value) });
    case "users_select": return peopleSelect(block, part, where, id);
    case "file_input": return fileInput(block, part, where, id);
    case "image": return h("img", { src: source(part), alt: part.alt_text });
    default: return h("span", {}, `(a ${part.type})`);
  }
}

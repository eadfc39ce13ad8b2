// A select with live search, for one choice or several.

import { h } from "./dom.js";
import { plain } from "./text.js";

/** `find(query)` resolves to options; `choose(value)` takes a value, or a list of them where several may be chosen. */
export function combobox({ id, part, state, find, choose }) {
  const several = part.type.startsWith("multi_");
  let chosen = several ? [...(state.selected_options ?? [])] : [state.selected_option].filter(Boolean);
  let shown = [];
  let marked = 0;
  let asked = 0;
  const listId = `${id ?? part.action_id}-list`;
  const list = h("ul", { id: listId, class: "menu", role: "listbox", hidden: true });
  const field = h("input", {
    id, role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
    placeholder: plain(part.placeholder) || "Search…",
    value: !several && chosen[0] ? plain(chosen[0].text) : "",
    oninput: () => search(field.value),
    onfocus: () => { field.select(); search(several || !chosen.length ? field.value : ""); },
    onblur: () => setTimeout(close, 150),
    onkeydown: key,
  });
  const chips = h("div", { class: "chips" });
  const box = h("div", { class: "combobox" }, several && chips, field, list);
  drawChips();
  return box;

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    if (!several) field.value = chosen[0] ? plain(chosen[0].text) : "";
  }

  async function search(query) {
    const mine = ++asked;
    if (query.length < (part.min_query_length ?? 3) && part.type.includes("external")) return draw([], "Type to search");
    const found = part.options
      ? part.options.filter((option) => plain(option.text).toLowerCase().includes(query.toLowerCase()))
      : await find(query);
    if (mine === asked && found) draw(found, "Nothing found");
  }

  function draw(options, empty) {
    [shown, marked] = [options, 0];
    list.replaceChildren(...(options.length
      ? options.map((option, index) => h("li", {
          role: "option", "aria-selected": String(index === 0), "data-value": option.value,
          onpointerdown: (event) => { event.preventDefault(); take(option); },
        }, h("span", {}, plain(option.text)), option.description && h("small", {}, plain(option.description))))
      : [h("li", { class: "nothing" }, empty)]));
    list.hidden = document.activeElement !== field;
    field.setAttribute("aria-expanded", String(!list.hidden));
  }

  function take(option) {
    if (!several) chosen = [option];
    else if (!chosen.some((one) => one.value === option.value)) chosen.push(option);
    if (several) field.value = "";
    drawChips();
    close();
    choose(several ? chosen.map((one) => one.value) : option.value);
  }

  function drawChips() {
    chips.replaceChildren(...chosen.map((option) => h("span", { class: "chip" }, plain(option.text), h("button", {
      type: "button", "aria-label": `Remove ${plain(option.text)}`,
      onclick: () => { chosen = chosen.filter((one) => one !== option); drawChips(); choose(chosen.map((one) => one.value)); },
    }, "×"))));
  }

  function key(event) {
    if (list.hidden || !shown.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      marked = (marked + step + shown.length) % shown.length;
      [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === marked)));
      list.children[marked].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") take(shown[marked]);
    else if (event.key === "Escape") { close(); event.stopPropagation(); }
    else return;
    event.preventDefault();
  }
}

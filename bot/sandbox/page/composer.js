// The line to write in, with completion of slash commands.

import { h } from "./dom.js";
import { get, post } from "./api.js";

/** `present()` gives the person and channel that are shown now. */
export async function composer(root, present) {
  const commands = await get("/_page/commands");
  const shortcuts = (await get("/_sandbox/shortcuts")).filter((one) => one.type === "global");
  let shown = [];
  let marked = 0;
  const field = h("input", { id: "say", autocomplete: "off", spellcheck: "false", autocapitalize: "off", "aria-label": "Message", role: "combobox", "aria-expanded": "false", "aria-controls": "commands", oninput: complete, onkeydown: key, onblur: () => setTimeout(hide, 150) });
  const list = h("ul", { id: "commands", class: "menu up", role: "listbox", hidden: true });
  const menu = h("div", { class: "menu up", role: "menu", hidden: true }, shortcuts.map((one) =>
    h("button", { type: "button", role: "menuitem", onclick: () => shortcut(one) }, one.name, h("small", {}, one.description))));
  const bolt = h("button", { type: "button", class: "bolt", "aria-label": "Shortcuts", "aria-haspopup": "menu", onclick: () => (menu.hidden = !menu.hidden) }, "⚡");
  const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); send(); } }, list, menu, bolt, field, h("button", { class: "send", "aria-label": "Send" }, "➤"));
  root.replaceChildren(form);
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") menu.hidden = true; });

  async function shortcut(one) {
    menu.hidden = true;
    await post("/_sandbox/shortcut", { user: present().user, shortcut: one.callback_id });
  }

  function complete() {
    const typed = field.value;
    shown = typed.startsWith("/") && !typed.includes(" ") ? commands.filter((one) => one.command.startsWith(typed)) : [];
    marked = 0;
    draw();
  }

  function draw() {
    list.hidden = !shown.length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    list.replaceChildren(...shown.map((one, index) => h("li", { role: "option", "aria-selected": String(index === marked), onpointerdown: (event) => { event.preventDefault(); take(one); } },
      h("span", {}, h("b", {}, one.command), " ", h("span", { class: "usage" }, one.usage_hint)), h("small", {}, one.description))));
  }

  function hide() {
    shown = [];
    draw();
  }

  function take(one) {
    field.value = `${one.command} `;
    hide();
    field.focus();
  }

  function key(event) {
    if (!shown.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      marked = (marked + step + shown.length) % shown.length;
      draw();
    } else if (event.key === "Tab") take(shown[marked]);
    else if (event.key === "Enter" && shown[marked].command !== field.value.trim()) take(shown[marked]);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
  }

  async function send() {
    const line = field.value.trim();
    if (!line) return;
    const { user, channel } = present();
    field.value = "";
    hide();
    if (line.startsWith("/")) {
      const [command] = line.split(/\s+/, 1);
      const answer = await post("/_sandbox/command", { user, channel, command, text: line.slice(command.length).trim() });
      if (!answer && !field.value) field.value = line;
    } else await post("/_page/say", { user, channel, text: line });
  }
  return field;
}

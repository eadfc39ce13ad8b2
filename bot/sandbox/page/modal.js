// The window on top of a person's stack. Blocks that did not change keep their nodes, and so their caret and scroll.

import { arrange, h } from "./dom.js";
import { post, sendInput, typed } from "./api.js";
import { render } from "./blocks.js";

const overlay = document.getElementById("overlay");
let open = null; // { id, nodes: Map block_id → { json, node }, fields: Map key → element }
let returnFocus = null;

function whereFor(user, view) {
  return {
    key: view.id,
    user,
    errors: view.errors,
    values: view.state.values,
    click: (block_id, action_id, value) => typed().then(() => post("/_sandbox/click", { user, view_id: view.id, block_id, action_id, value })),
    type: (block_id, action_id, value) => sendInput({ user, view_id: view.id, block_id, action_id, value }),
    options: async (block, part, query) => (await post("/_sandbox/options", { user, view_id: view.id, block_id: block.block_id, action_id: part.action_id, query }))?.options,
  };
}

/** Draw the topmost of `views`, which are one person's; nothing if there are none. */
export function drawModal(user, views) {
  const view = views.at(-1);
  if (!view) return close();
  if (open?.id !== view.id) start(user, view, views.length > 1);
  update(user, view);
}

function close() {
  if (!open) return;
  open = null;
  overlay.replaceChildren();
  document.getElementById("shell").inert = false;
  returnFocus?.focus?.();
}

function start(user, view, stacked) {
  if (!open) returnFocus = document.activeElement;
  const leave = () => post("/_sandbox/close", { user, view_id: view.id });
  const form = h("form", { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-title", "data-view": view.id, novalidate: true,
    onsubmit: (event) => { event.preventDefault(); submit(user, view.id); } },
    h("header", {},
      stacked && h("button", { type: "button", class: "icon", "aria-label": "Back", onclick: leave }, "←"),
      h("h2", { id: "modal-title" }),
      h("button", { type: "button", class: "icon", "aria-label": "Close window", onclick: leave }, "×")),
    h("div", { class: "trouble", role: "alert", hidden: true }),
    h("div", { class: "modal-body", tabindex: "-1" }),
    h("footer", {},
      h("button", { type: "button", class: "button leave", onclick: leave }),
      h("button", { type: "submit", class: "button primary send" })));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); leave(); }
    if (event.key === "Tab") trap(form, event);
  });
  overlay.replaceChildren(h("div", { class: "backdrop" }, form));
  document.getElementById("shell").inert = true;
  open = { id: view.id, form, nodes: new Map(), fields: new Map(), hash: null };
}

function update(user, view) {
  const { form } = open;
  const fresh = open.hash === null;
  form.querySelector("h2").textContent = view.title;
  form.querySelector(".leave").textContent = view.close ?? (view.submit ? "Cancel" : "Close");
  const send = form.querySelector(".send");
  send.hidden = !view.submit;
  if (!form.classList.contains("busy")) send.textContent = view.submit ?? "";
  if (open.hash !== view.hash) form.querySelector(".trouble").hidden = true;
  open.hash = view.hash;
  const body = form.querySelector(".modal-body");
  const focus = document.activeElement;
  const caret = focus?.selectionStart;
  arrange(body, view.blocks.map((block) => nodeFor(user, view, block)));
  for (const key of open.nodes.keys()) if (!view.blocks.some((block) => block.block_id === key)) open.nodes.delete(key);
  if (fresh) (body.querySelector("input:not([type=radio]), textarea, select") ?? form.querySelector(".modal-body")).focus();
  else if (focus && body.contains(focus) && focus !== document.activeElement) {
    focus.focus();
    if (typeof caret === "number") focus.setSelectionRange?.(caret, caret);
  }
  if (!form.contains(document.activeElement) && !document.querySelector("dialog[open]")) body.focus(); // keys must reach the window
}

function nodeFor(user, view, block) {
  // What was typed is no reason to draw anew: the field has it already. What was chosen is.
  const part = block.element ?? block.accessory;
  const chosen = part && !part.type.endsWith("_input") ? view.state.values[block.block_id] : null;
  const json = JSON.stringify([block, view.errors[block.block_id], chosen]);
  const known = open.nodes.get(block.block_id);
  if (known?.json === json) return known.node;
  const node = render(block, whereFor(user, view));
  if (block.type === "input" && part.type.endsWith("_input")) keepField(block, node);
  open.nodes.set(block.block_id, { json, node });
  return node;
}

/** Put the field that the person is typing in into the newly drawn block. */
function keepField(block, node) {
  const key = `${block.block_id}/${block.element.action_id}/${block.element.type}/${Boolean(block.element.multiline)}`;
  const drawn = node.querySelector("input, textarea");
  const kept = open.fields.get(key);
  if (kept?.isConnected) drawn.replaceWith(kept);
  else open.fields.set(key, drawn);
}

async function submit(user, viewId) {
  const { form } = open;
  if (form.classList.contains("busy")) return;
  form.classList.add("busy");
  await typed();
  const answer = await post("/_sandbox/submit", { user, view_id: viewId }, { quiet: true });
  form.classList.remove("busy");
  const trouble = form.querySelector(".trouble");
  trouble.hidden = !answer.error;
  trouble.textContent = answer.error ?? "";
  if (answer.errors) setTimeout(() => form.querySelector(".field.wrong input, .field.wrong textarea, .field.wrong select")?.focus());
}

function trap(form, event) {
  const stops = [...form.querySelectorAll("button, input, textarea, select, a[href]")].filter((node) => !node.disabled && node.offsetParent);
  const [first, last] = [stops[0], stops.at(-1)];
  if (event.shiftKey && document.activeElement === first) { event.preventDefault(); last.focus(); }
  else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
}


// The dialog that asks "are you sure" before an act, as a button's `confirm` describes it.

import { h } from "./dom.js";
import { plain, text } from "./text.js";

/** Resolves to whether the person confirmed. */
export function confirmed(confirm) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "confirm", "aria-label": plain(confirm.title) },
      h("h2", {}, plain(confirm.title)),
      h("div", { class: "confirm-text" }, text(confirm.text)),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "button", onclick: () => dialog.close("no") }, plain(confirm.deny)),
        h("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, autofocus: true, onclick: () => dialog.close("yes") }, plain(confirm.confirm))));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Elements without innerHTML: text from outside is only ever text.

/** h("button", { class: "x", onclick: f, "aria-label": "y" }, "text", child, [more]) */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/** Make `nodes` the children of `parent`, leaving those in place that are there: a focused field keeps its caret. */
export function arrange(parent, nodes) {
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  while (parent.children.length > nodes.length) parent.lastElementChild.remove();
}

export function initials(name) {
  return name.slice(0, 2).toUpperCase();
}

/** A colour for a name, the same each time. */
export function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

export function avatar(name, isApp = false) {
  if (isApp) return h("img", { class: "avatar", src: "/page/icon.svg", alt: "" });
  return h("span", { class: "avatar", style: `--hue:${hue(name)}`, "aria-hidden": "true" }, initials(name));
}

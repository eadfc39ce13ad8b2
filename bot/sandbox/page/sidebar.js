// Workspace, channels with unread marks, the app, and who to be.

import { avatar, h } from "./dom.js";
import { labelOf, placeOf } from "./mail.js";
import { visible } from "./messages.js";

const seen = new Map(); // "user/channel" → ts of the newest message seen

export function drawSidebar(root, state, present, go) {
  const mine = state.channels.filter((channel) => !channel.id.startsWith("D") || channel.id.slice(1) === present.user.slice(1));
  const item = (place, label, unread) =>
    h("button", { type: "button", class: `place${present.place === place ? " here" : ""}${unread ? " unread" : ""}`, "aria-current": present.place === place ? "page" : undefined, onclick: () => go({ place }) },
      h("span", { class: "place-name" }, label), unread > 0 && h("span", { class: "badge" }, String(unread)));
  root.replaceChildren(
    h("div", { class: "workspace" }, h("img", { src: "/page/icon.svg", alt: "" }), h("span", {}, "Sandbox")),
    h("h2", {}, "Channels"),
    ...mine.filter((channel) => !channel.id.startsWith("D")).map((channel) => item(channel.id, `# ${channel.name}`, unread(channel, present))),
    h("h2", {}, "Apps"),
    item("home", "Mailwarden", 0),
    ...mine.filter((channel) => channel.id.startsWith("D")).map((channel) => item(channel.id, "Messages from Mailwarden", unread(channel, present))),
    h("h2", {}, "Mail systems"),
    ...state.accounts.map((account) => item(placeOf(account), labelOf(account), 0)),
    h("h2", {}, "Be another person"),
    h("div", { class: "people" }, state.people.map((person) =>
      h("button", { type: "button", class: `person${person.id === present.user ? " here" : ""}`, "aria-pressed": String(person.id === present.user), "data-person": person.name, onclick: () => go({ user: person.id }) },
        avatar(person.name), h("span", {}, person.name, h("small", {}, person.role))))));
}

function unread(channel, present) {
  const key = `${present.user}/${channel.id}`;
  const messages = visible(channel, present.user);
  if (channel.id === present.place || !seen.has(key)) seen.set(key, messages.at(-1)?.ts ?? "0");
  return messages.filter((message) => message.ts > seen.get(key)).length;
}

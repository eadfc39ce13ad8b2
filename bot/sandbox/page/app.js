// The page: fetches the state after every change and draws it. The address remembers who you are and where.

import { avatar, h } from "./dom.js";
import { follow, get, post, sendInput, toast, typed } from "./api.js";
import { know } from "./text.js";
import { drawSidebar } from "./sidebar.js";
import { drawMail, labelOf, mailAt, placeOf } from "./mail.js";
import { drawMessages, learn } from "./messages.js";
import { drawModal } from "./modal.js";
import { clockbar, setClock } from "./clockbar.js";
import { composer } from "./composer.js";
import { render } from "./blocks.js";

const shell = document.getElementById("shell");
const sidebar = document.getElementById("sidebar");
const bar = document.getElementById("bar");
const content = document.getElementById("content");
const foot = document.getElementById("composer");

let state = null;
let present = { user: "U0ADA", place: "C0MAILOPS" };
let homeDrawn = "";

function readAddress() {
  const [user, place] = location.hash.slice(1).split("/");
  if (state.people.some((person) => person.id === user)) present.user = user;
  if (place === "home" || mailAt(state, place) || state.channels.some((channel) => channel.id === place)) present.place = place;
}

function go(change) {
  present = { ...present, ...change };
  if (present.place.startsWith("D") && present.place.slice(1) !== present.user.slice(1)) present.place = "C0MAILOPS";
  history.replaceState(null, "", `#${present.user}/${present.place}`);
  shell.classList.remove("drawer");
  if (present.place === "home") post("/_page/home", { user: present.user });
  draw();
  document.getElementById("say")?.focus({ preventScroll: true });
}

const title = h("h1");
const me = h("span", { class: "me" });
bar.append(
  h("button", { type: "button", class: "icon drawer-button", "aria-label": "Channels and people", onclick: () => shell.classList.toggle("drawer") }, "☰"),
  title, clockbar(), me);
const list = h("div", { class: "messages", role: "log", "aria-label": "Messages" });
const home = h("div", { class: "home" });
const mail = h("div", { class: "mail" });
home.addEventListener("keydown", async ({ key, target }) => {
  if (key !== "Enter" || target.tagName !== "INPUT") return;
  await typed();
  const user = present.user;
  await post("/_sandbox/input", { user, view_id: state.homes[user].view_id, block_id: target.name, action_id: target.dataset.action, value: target.value, enter: true });
});

function draw() {
  know(state);
  drawSidebar(sidebar, state, present, go);
  const person = state.people.find((one) => one.id === present.user);
  me.replaceChildren(avatar(person.name));
  me.title = `You are ${person.name} (${person.role})`;
  const atHome = present.place === "home";
  const account = mailAt(state, present.place);
  const channel = state.channels.find((one) => one.id === present.place);
  title.textContent = atHome ? "Mailwarden" : account ? labelOf(account) : channel.id.startsWith("D") ? "Messages from Mailwarden" : `# ${channel.name}`;
  foot.hidden = atHome || account !== undefined;
  const shown = atHome ? home : account ? mail : list;
  if (content.firstElementChild !== shown) content.replaceChildren(shown);
  if (atHome) drawHome();
  else if (account) drawMail(mail, account, () => present.place === placeOf(account)).catch(() => toast("The sandbox does not answer. Is it still running?"));
  else drawMessages(list, present.user, channel);
  const say = document.getElementById("say");
  if (say && channel) say.placeholder = `Message ${title.textContent.replace("# ", "#")}, or type / for commands`;
  drawModal(present.user, state.views.filter((view) => view.user === present.user));
}

function drawHome() {
  const shown = state.homes[present.user];
  const json = JSON.stringify([present.user, shown]);
  if (json === homeDrawn) return;
  homeDrawn = json;
  const user = present.user;
  const where = {
    key: "home",
    values: {},
    click: async (block_id, action_id, value) => {
      await typed();
      return post("/_sandbox/click", { user, view_id: state.homes[user].view_id, block_id, action_id, value });
    },
    type: (block_id, action_id, value) => sendInput({ user, view_id: state.homes[user].view_id, block_id, action_id, value }),
  };
  home.replaceChildren(...(shown ? shown.blocks.map((block) => render(block, where)) : [h("p", { class: "context" }, "Mailwarden has nothing here yet.")]));
}

let fetching = null;
let again = false;

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = get("/_sandbox/state");
  try {
    const first = state === null;
    state = await fetching;
    setClock(state.clock);
    if (first) { readAddress(); go({}); } else draw();
  } catch {
    toast("The sandbox does not answer. Is it still running?");
  } finally {
    fetching = null;
    if (again) { again = false; refresh(); }
  }
}

window.addEventListener("hashchange", () => { readAddress(); draw(); });
learn(await get("/_sandbox/shortcuts"));
await composer(foot, () => ({ user: present.user, channel: present.place }));
follow(refresh, () => shell.classList.add("lost"));
refresh();

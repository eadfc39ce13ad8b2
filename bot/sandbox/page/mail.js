// What a mail system really holds, and what it was asked: the sandbox's own view of it, not the bot's.

import { get } from "./api.js";
import { h } from "./dom.js";

const PREFIX = "mail-"; // of the places that are mail accounts
const SYSTEMS = { purelymail: "PurelyMail", mailinabox: "Mail-in-a-Box" };
const NEWEST = 30;
const drawn = new WeakMap(); // root → what it shows, as JSON

export function mailAt(state, place) {
  return state.accounts.find((account) => PREFIX + account.name === place);
}

export function placeOf(account) {
  return PREFIX + account.name;
}

export function labelOf(account) {
  return `${account.name} · ${SYSTEMS[account.provider] ?? account.provider}`;
}

/** Fetch anew and draw; `isThere` says whether anybody still looks when the answer has come. */
export async function drawMail(root, account, isThere) {
  const held = await get(`/_sandbox/mail/${account.name}`);
  const json = JSON.stringify([account.name, held]);
  if (!isThere() || drawn.get(root) === json) return;
  drawn.set(root, json);
  const tables = [
    table("Mail users", ["Address", "Password", "2FA", "Admin", "Quota", "Used"], held.users.map((user) =>
      [user.address, user.password, tick(user.two_factor), tick(user.privileges?.includes("admin")), user.quota === "0" ? "none" : user.quota, size(user.used)])),
    held.archived && table("Archived: removed, with their mailboxes", ["Address", "Used"], held.archived.map((user) => [user.address, size(user.used)])),
    held.rules && table("Routing rules", ["From", "To"], held.rules.map((rule) =>
      [`${rule.matchUser}${rule.prefix ? "*" : ""}@${rule.domainName}${rule.catchall ? " (catch-all)" : ""}`, rule.targetAddresses.join(", ")])),
    held.aliases && table("Aliases", ["From", "To"], held.aliases.map((alias) => [alias.address, alias.forwards_to.join(", ")])),
    table("Domains", ["Name"], held.domains.map((domain) => [domain.name])),
    table(`Newest ${NEWEST} of ${held.calls.length} requests`, ["At", "Operation", "Status", "Carried out", "Body"], held.calls.slice(-NEWEST).reverse().map((call) =>
      [call.at.slice(0, 19).replace("T", " "), call.operation, String(call.status), tick(call.effect), JSON.stringify(call.body)])),
  ];
  root.replaceChildren(...tables.filter(Boolean));
}

/** Columns of which no row has anything are left out. */
function table(title, columns, rows) {
  const kept = columns.map((_, index) => index).filter((index) => rows.some((row) => row[index]));
  return h("section", { class: "held" }, h("h2", {}, `${title} (${rows.length})`),
    h("table", { "aria-label": title },
      h("thead", {}, h("tr", {}, kept.map((index) => h("th", { scope: "col" }, columns[index])))),
      h("tbody", {}, rows.map((row) => h("tr", {}, kept.map((index) => h("td", {}, row[index] ?? "")))))));
}

function tick(yes) {
  return yes ? "✓" : "";
}

function size(bytes) {
  if (bytes === undefined || bytes === null) return "";
  return bytes < 1e6 ? `${bytes} B` : bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MB` : `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

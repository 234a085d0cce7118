// The shell: what is on every page, and which view an address shows.

import { get, has, me, signOut } from "./api.js";
import { add, fill, h, icon } from "./dom.js";
import { alertOf } from "./form.js";
import { number, plural } from "./words.js";
import { community } from "./community.js";
import { course } from "./course.js";
import { discover } from "./discover.js";
import { home } from "./home.js";
import { inbox } from "./inbox.js";
import { progress } from "./progress.js";
import { sign } from "./sign.js";
import { tasks } from "./tasks.js";

// Views by the first word of the address. needs is an address of the API without
// which a section is not shown.
const sections = [
  { name: "", title: "Learn", icon: "home", view: home },
  { name: "discover", title: "Discover", icon: "discover", view: discover, needs: "/v1/feeds" },
  { name: "progress", title: "Progress", icon: "progress", view: progress, needs: "/v1/gamification/profile" },
  { name: "community", title: "Community", icon: "community", view: community, needs: "/v1/community/posts" },
  { name: "inbox", title: "Inbox", icon: "inbox", view: inbox, needs: "/v1/notifications" },
  { name: "tasks", title: "Tasks", icon: "tasks", view: tasks },
];
const open = { "": home, sign }; // without an account
const views = { ...Object.fromEntries(sections.map((s) => [s.name, s.view])), courses: course, sign };

const main = document.getElementById("main");
const top = document.getElementById("top");
let leaving = new AbortController(); // ends what the present view keeps running
let shown = 0;

const route = () => decodeURI(location.hash.replace(/^#\/?/, "")).split("?")[0].split("/");

async function show() {
  if (location.hash && !location.hash.startsWith("#/")) return; // the link past the header
  leaving.abort();
  leaving = new AbortController();
  const turn = ++shown;
  const [section, ...rest] = route();
  const view = me() ? views[section] : open[section] ?? sign;
  document.body.classList.add("loading");
  mark(section);
  let node;
  try {
    node = view ? await view({ rest, signal: leaving.signal, go, reload: show, shell }) : lost();
  } catch (problem) {
    if (turn !== shown) return;
    if (!me()) return go("/sign");
    node = failed(problem);
  }
  if (turn !== shown) return;
  document.body.classList.remove("loading");
  fill(main, node);
  const title = main.querySelector("h1");
  document.title = title ? `${title.textContent} · Lyo` : "Lyo";
  main.dataset.view = section || "home";
  if (!main.querySelector("[autofocus]")) main.focus({ preventScroll: true });
  main.querySelector("[autofocus]")?.focus();
  window.scrollTo(0, 0);
}

/** Leads to another address of the page; to the same one: shows it anew. */
function go(path) {
  if (location.hash === "#" + path) return show();
  location.hash = path;
}

function failed(problem) {
  if (!(problem.title)) console.error(problem);
  return [h("h1", null, problem.status === 404 ? "Not here" : "That did not work"),
    alertOf(problem, undefined, h("button", { type: "button", click: show }, "Try again"))];
}

const lost = () => [h("h1", null, "Not here"), h("p", null, "There is no such page. ", h("a", { href: "#/" }, "Back to the beginning"))];

function mark(section) {
  for (const link of top.querySelectorAll("nav a")) {
    if (link.dataset.section === (section === "courses" ? "" : section)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** What views may ask of the shell. */
const shell = { standing, unread };

async function header() {
  const user = me();
  const mark = h("a", { class: "wordmark", href: "#/", "aria-label": "Lyo, to the beginning" }, "Lyo");
  if (!user) {
    fill(top, mark, h("a", { class: "quiet", id: "to-sign-in", href: "#/sign" }, "Sign in"));
    return;
  }
  const nav = h("nav", { "aria-label": "Sections" });
  fill(top, mark, nav, h("a", { id: "standing", class: "standing", href: "#/progress", hidden: true }), account(user));
  const there = await Promise.all(sections.map((s) => !s.needs || has(s.needs)));
  if (me() !== user) return;
  add(nav, sections.filter((_, i) => there[i]).map((s) => h("a", { href: "#/" + s.name, "data-section": s.name },
    icon(s.icon), h("span", null, s.title), s.name === "inbox" && h("b", { id: "unread", class: "badge", hidden: true }))));
  nav.dataset.ready = "true";
  markNow();
  await Promise.all([standing(), unread()]);
}

const markNow = () => mark(route()[0]);

function account(user) {
  const out = async () => { await signOut(); go("/"); };
  return h("details", { class: "account" },
    h("summary", { "aria-label": "Account" }, (user.full_name || user.email).trim().charAt(0).toUpperCase()),
    h("div", { class: "menu" }, h("p", null, h("strong", null, user.full_name), h("br"), h("span", { class: "dim" }, user.email)),
      h("button", { type: "button", id: "sign-out", click: out }, "Sign out")));
}

/** Shows points and streak beside the name. */
async function standing() {
  const place = document.getElementById("standing");
  if (!place || !(await has("/v1/gamification/profile"))) return;
  const profile = await get("/v1/gamification/profile");
  fill(place, h("span", null, number(profile.total_points), " pts"), profile.current_streak > 0 && h("span", null, plural(profile.current_streak, "day")));
  place.setAttribute("aria-label", `${plural(profile.total_points, "point")}, streak of ${plural(profile.current_streak, "day")}`);
  place.hidden = false;
}

/** Shows how many news are unread. */
async function unread() {
  const badge = document.getElementById("unread");
  if (!badge || !(await has("/v1/notifications/unread-count"))) return;
  const { unread_count: count } = await get("/v1/notifications/unread-count");
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.setAttribute("aria-label", `, ${count} unread`);
  badge.hidden = count === 0;
}

function session() {
  header().catch((problem) => console.warn("the header is not whole:", problem.message));
}

let last = me()?.id;
document.addEventListener("lyo:session", () => {
  if (me()?.id === last) return; // only new tokens
  last = me()?.id;
  session();
  if (!last) show();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.account[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("details.account[open]")?.removeAttribute("open");
});
window.addEventListener("hashchange", show);
session();
show();

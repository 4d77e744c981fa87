// The page: who reads, which channel and thread, and what is sent. All that it shows comes from /ui/state.

import { showBlocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { el, sync } from "./dom.js";
import { keepAtEnd, showMessages } from "./messages.js";
import { showModal } from "./modal.js";
import { address, ask, key, me, post, trouble } from "./server.js";
import { surfaceOf } from "./surface.js";
import { setClock } from "./time.js";

const HOME = "home";
const $ = (id) => document.getElementById(id);
let channel = location.hash.slice(1);
let thread = null;
let state = null;
let asking = false;
let again = false;

const complain = (sentence) => { $("trouble").textContent = sentence; };
const NOTHING_YET = { commands: [], shortcuts: [], message_shortcuts: [], people: [], channels: [], bot: { name: "" } };
let arrived;
const ready = new Promise((done) => { arrived = done; });

// What is sent before the first look has come is sent after it.
async function send(path, body) {
  await ready;
  complain(trouble(await post(path, { channel, ...body })));
}

// Changes may come faster than answers: one request at a time, and one more if something changed meanwhile.
async function refresh() {
  again = true;
  if (asking) return;
  asking = true;
  try {
    while (again) {
      again = false;
      const [person, where] = [me.person, channel];
      const answer = await ask("state", { person, channel });
      if (person !== me.person || where !== channel) again = true;
      else if (settled(answer)) show({ ...answer, channel, complain });
      else again = true;
    }
  } catch (error) {
    if (!(error instanceof TypeError && error.message.includes("fetch"))) throw error;
    gone();
  } finally {
    asking = false;
  }
}

// The event stream comes back by itself when the workspace does, and with it the next look.
function gone() {
  $("connection").textContent = "The practice workspace is gone";
  $("connection").className = "off";
}

// On the first look, or after a new start, take the first person and channel there are.
function settled(answer) {
  const isPerson = answer.people.some((each) => each.id === me.person);
  const isPlace = places(answer).some((each) => each.id === channel) || (channel === HOME && answer.has_home);
  if (!isPerson) become(answer.people[0].id);
  if (!isPlace) channel = answer.channels[0].id;
  return isPerson && isPlace;
}

// The channels, and what the app has said to this person alone. Nobody writes there: the app's tab is to be read.
const places = (now) => [...now.channels, ...(now.direct ? [now.direct] : [])];
const titled = (each) => (each === state.direct ? `${each.name} (direct message)` : `#${each.name}`);

// Who this tab is stands in its address, so that two tabs can be two people.
function become(person) {
  me.person = person;
  sessionStorage.setItem("person", person);
  history.replaceState(null, "", `?${new URLSearchParams({ key, as: person })}${location.hash}`);
}

function show(now) {
  state = now;
  setClock(state.now);
  arrived();
  const home = channel === HOME;
  const name = home ? state.bot.name : titled(places(state).find((each) => each.id === channel));
  document.title = `${name} · Practice workspace`;
  $("place").textContent = name;
  $("text").placeholder = `Message ${name}, or ${state.commands[0]?.name ?? "/"} help`;
  const [words, kind] = state.by_http ? ["App reached by HTTP", "on"] : state.connected ? ["App connected", "on"] : ["No app connected", "off"];
  $("connection").textContent = words;
  $("connection").className = kind;
  showFrame();
  showWelcome();
  for (const id of ["log", "composer", "welcome"]) $(id).hidden = home;
  if (channel === state.direct?.id) $("composer").hidden = true;
  $("home").hidden = !home;
  if (home) showHome();
  else showMessages($("log"), state.messages.filter((each) => !each.thread_ts), state, { region: "main", replies: repliesTo, open, shortcut: (message, callback_id) => send("shortcut", { callback_id, ts: message.ts }) });
  showThread();
  showModal(state.modals, state);
}

const repliesTo = (message) => state.messages.filter((each) => each.thread_ts === message.ts && !each.ephemeral);

function showFrame() {
  sync($("person"), state.people.map((each) => ({ id: each.id, sign: each.real_name, draw: () => el("option", { value: each.id }, each.real_name) })));
  $("person").value = me.person;
  sync($("tabs"), state.tabs.map((tab) => ({ id: tab.address, sign: tab.title, draw: () => el("a", { href: `${tab.address}?${new URLSearchParams({ key })}` }, tab.title) })));
  const read = seen();
  const links = places(state).map((each) => ({ id: each.id, label: titled(each).replace("#", "# "), unread: each.id !== channel && each.latest > (read[each.id] ?? "") }));
  if (state.has_home) links.push({ id: HOME, label: `⌂ ${state.bot.name}`, unread: false });
  sync($("channels"), links.map((each) => ({ id: each.id, sign: JSON.stringify([each, channel]), draw: () => place(each) })));
}

// What the world around this workspace says to newcomers is a script of its own.
function showWelcome() {
  if (!state.welcome || $("welcome").dataset.begun) return;
  $("welcome").dataset.begun = "yes";
  import(state.welcome).then(({ welcome }) => welcome($("welcome")));
}

const place = ({ id, label, unread }) => el("a", { href: `#${id}`, "data-key": id, class: unread ? "unread" : null, "aria-current": id === channel ? "page" : null }, label, unread ? el("span", { class: "unseen" }, " (unread)") : null);

// What this person has seen of each channel, in this tab.
function seen() {
  const kept = `seen:${me.person}`;
  const read = JSON.parse(sessionStorage.getItem(kept) ?? "{}");
  const here = places(state).find((each) => each.id === channel);
  if (here && !document.hidden) sessionStorage.setItem(kept, JSON.stringify({ ...read, [channel]: here.latest }));
  return read;
}

function showHome() {
  $("home-empty").hidden = Boolean(state.home);
  if (state.home) showBlocks($("home-body"), state.home.blocks, surfaceOf(state.home.id, { view_id: state.home.id }, state));
  else sync($("home-body"), []);
}

function showThread() {
  $("thread").hidden = !thread;
  document.body.classList.toggle("threaded", Boolean(thread));
  if (thread) showMessages($("thread-log"), state.messages.filter((each) => each.ts === thread || each.thread_ts === thread), state, { region: "side" });
}

function open(message) {
  thread = message.ts;
  show(state);
  $("thread-text").focus();
}

function closeThread() {
  const root = thread;
  thread = null;
  show(state);
  ($("log").kept.get(root)?.node.querySelector(".opener") ?? $("text")).focus();
}

function go() {
  channel = location.hash.slice(1);
  thread = null;
  complain("");
  if (channel === HOME) post("home", {});
  refresh();
}

function start() {
  new Composer($("composer"), () => state ?? NOTHING_YET, (text) => send("say", { text }), (callback_id) => send("shortcut", { callback_id }));
  new Composer($("thread-composer"), () => state ?? NOTHING_YET, (text) => send("say", { text, thread_ts: thread }));
  $("close-thread").addEventListener("click", closeThread);
  $("thread").addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closeThread());
  $("person").addEventListener("change", () => { become($("person").value); go(); });
  addEventListener("hashchange", go);
  addEventListener("visibilitychange", () => state && show(state));
  for (const each of document.querySelectorAll(".log")) keepAtEnd(each);
  const events = new EventSource(address("events"));
  events.onmessage = refresh;
  events.onerror = gone;
  ready.then(() => channel === HOME && post("home", {}));
}

start();

// The page: who reads, which channel and thread, and what is sent. All that it shows comes from /ui/state.

import { words } from "./blocks.js";
import { el } from "./dom.js";
import { Log } from "./messages.js";

const key = new URLSearchParams(location.search).get("key");
const $ = (id) => document.getElementById(id);
const main = new Log($("log"));
const side = new Log($("thread-log"));
const typed = [];
let back = 0;
let person = sessionStorage.getItem("person") ?? "";
let channel = location.hash.slice(1);
let thread = null;
let state = null;
let asking = false;
let again = false;

const address = (path, query = {}) => `/ui/${path}?${new URLSearchParams({ key, ...query })}`;

async function send(path, body) {
  $("trouble").textContent = "";
  const answer = await fetch(address(path), { method: "POST", body: JSON.stringify({ person, channel, ...body }) });
  const told = await answer.json();
  if (!told.ok) $("trouble").textContent = `That did not work: ${told.error}`;
}

// Changes may come faster than answers: one request at a time, and one more if something changed meanwhile.
async function refresh() {
  again = true;
  if (asking) return;
  asking = true;
  try {
    while (again) {
      again = false;
      state = await (await fetch(address("state", { person, channel }))).json();
      if (!settled()) again = true;
      else show();
    }
  } finally {
    asking = false;
  }
}

// On the first look, or after a new start, take the first person and channel there are.
function settled() {
  const known = state.people.some((each) => each.id === person) && state.channels.some((each) => each.id === channel);
  if (!known) {
    person = state.people[0].id;
    channel = state.channels[0].id;
  }
  return known;
}

function show() {
  const name = state.channels.find((each) => each.id === channel).name;
  $("channel-name").textContent = `# ${name}`;
  $("text").placeholder = `Message #${name}, or ${state.commands[0] ?? "/"} help`;
  $("connection").textContent = state.connected ? "App connected" : "No app connected";
  $("connection").className = state.connected ? "on" : "off";
  showPeople();
  showChannels();
  const replies = (message) => state.messages.filter((each) => each.thread_ts === message.ts && !each.ephemeral).length;
  main.show(state.messages.filter((each) => !each.thread_ts), state, replies, { press, open });
  $("thread").hidden = !thread;
  if (thread) side.show(state.messages.filter((each) => each.ts === thread || each.thread_ts === thread), state, () => 0, { press });
}

function showPeople() {
  if (document.activeElement === $("person")) return;
  $("person").replaceChildren(...state.people.map((each) => el("option", { value: each.id, selected: each.id === person }, each.real_name)));
}

function showChannels() {
  const now = $("channels").contains(document.activeElement) ? document.activeElement.dataset.id : null;
  const links = state.channels.map((each) => {
    const node = el("a", { href: `#${each.id}`, "aria-current": each.id === channel ? "page" : null }, `# ${each.name}`);
    node.dataset.id = each.id;
    return node;
  });
  $("channels").replaceChildren(...links);
  links.find((each) => each.dataset.id === now)?.focus();
}

function open(message) {
  if (thread !== message.ts) side.clear();
  thread = message.ts;
  show();
  $("thread-text").focus();
}

async function press(message, button, block, node) {
  if (button.url) window.open(button.url, "_blank", "noopener,noreferrer");
  if (button.confirm && !(await confirmed(button.confirm))) return;
  if (node.hasAttribute("aria-busy")) return;
  node.setAttribute("aria-busy", "true");
  await send("click", { ts: message.ts, block_id: block.block_id, action_id: button.action_id });
  node.removeAttribute("aria-busy");
}

function confirmed(confirm) {
  const dialog = $("confirm");
  $("confirm-title").replaceChildren(words(confirm.title, state));
  $("confirm-text").replaceChildren(words(confirm.text, state));
  $("agree").replaceChildren(words(confirm.confirm, state));
  $("deny").replaceChildren(words(confirm.deny, state));
  $("agree").className = confirm.style ?? "primary";
  dialog.returnValue = "";
  dialog.showModal();
  $("deny").focus();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true }));
}

function submit(input, more) {
  const text = input.value.trim();
  if (!text) return;
  typed.push(text);
  back = typed.length;
  input.value = "";
  send("say", { text, ...more });
}

function start() {
  $("agree").addEventListener("click", () => $("confirm").close("yes"));
  $("deny").addEventListener("click", () => $("confirm").close());
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); submit($("text"), {}); });
  $("thread-composer").addEventListener("submit", (event) => { event.preventDefault(); submit($("thread-text"), { thread_ts: thread }); });
  $("close-thread").addEventListener("click", () => { thread = null; show(); $("text").focus(); });
  $("text").addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !typed.length) return;
    event.preventDefault();
    back = Math.min(Math.max(back + step, 0), typed.length);
    $("text").value = typed[back] ?? "";
  });
  $("person").addEventListener("change", () => {
    person = $("person").value;
    sessionStorage.setItem("person", person);
    $("person").blur();
    refresh();
  });
  addEventListener("hashchange", () => { channel = location.hash.slice(1); thread = null; main.clear(); refresh(); });
  const events = new EventSource(address("events"));
  events.onmessage = refresh;
  events.onerror = () => { $("connection").textContent = "The practice workspace is gone"; $("connection").className = "off"; };
}

start();

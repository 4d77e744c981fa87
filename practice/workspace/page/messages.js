// A list of messages kept in step with what the server says, each changed in place.

import { showBlocks } from "./blocks.js";
import { el, sync } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { drawFile } from "./pictures.js";
import { surfaceOf } from "./surface.js";
import { keepFresh } from "./time.js";

// Pixels from the end within which somebody reads the newest message.
const NEAR = 80;

// `region` tells the places apart where a message is shown; `replies(message)` are those below it, `open` shows them;
// `shortcut(message, id)` takes one of the app's shortcuts at a message.
export function showMessages(log, messages, state, { region, replies = () => [], open, shortcut }) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  sync(log, messages.map((message) => {
    const below = replies(message);
    const fill = (node) => fillIn(node, message, state, region, [...(open ? [opener(message, below, open)] : []), ...(shortcut && state.apps.includes(message.user) ? state.message_shortcuts.map((each) => taker(message, each, shortcut)) : [])]);
    return {
      id: message.ts,
      sign: JSON.stringify([message, below.length]),
      draw: () => fill(shell(message, state)),
      update: fill,
    };
  }));
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// Whoever reads the newest message still does when the place becomes narrower or lower.
export function keepAtEnd(log) {
  let end = true;
  log.addEventListener("scroll", () => { end = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR; });
  const keep = () => { if (end) log.scrollTop = log.scrollHeight; };
  new ResizeObserver(keep).observe(log);
  log.addEventListener("load", keep, true); // a picture takes its room when it has come
}

// What stays as long as the message does. Later changes are not read out: the log announces messages, not repaints.
function shell(message, state) {
  const when = new Date(Number(message.ts) * 1000);
  const isApp = state.apps.includes(message.user);
  const name = nameOf(message.user, state);
  const shade = [...message.user].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5;
  const initials = name.split(/[\s-]+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  return el(
    "article",
    { class: message.ephemeral ? "message ephemeral" : "message", tabindex: -1 },
    el("div", { class: `avatar shade${shade}${isApp ? " robot" : ""}`, "aria-hidden": "true" }, initials),
    el(
      "div",
      { class: "content" },
      message.ephemeral ? el("div", { class: "only" }, "👁 Only visible to you") : null,
      el(
        "div",
        { class: "who" },
        el("strong", {}, name),
        isApp ? el("span", { class: "app" }, "APP") : null,
        keepFresh(el("time", { datetime: when.toISOString(), title: when.toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" }) })),
      ),
      el("div", { class: "body", "aria-live": "off" }),
      el("div", { class: "foot", "aria-live": "off" }),
    ),
  );
}

const nameOf = (user, state) => state.people.find((each) => each.id === user)?.real_name ?? state.names[user] ?? user;

function fillIn(node, message, state, region, below) {
  const surface = surfaceOf(`${region}:${message.ts}`, { channel: state.channel, ts: message.ts }, state);
  const text = mrkdwn(message.text, state);
  node.setAttribute("aria-label", `${nameOf(message.user, state)}: ${text.textContent}`);
  const body = node.querySelector(".body");
  if (message.blocks.length) showBlocks(body, message.blocks, surface);
  else sync(body, message.text ? [{ id: "text", sign: message.text + message.edited, draw: () => el("div", { class: "text" }, text, message.edited ? el("small", {}, " (edited)") : null) }] : []);
  const reactions = Object.entries(message.reactions).map(([name, count]) => ({ id: name, sign: String(count), draw: () => el("span", { class: "reaction", role: "img", "aria-label": `${count} × ${name.replaceAll("_", " ")}` }, `${state.emoji[name] ?? `:${name}:`} ${count}`) }));
  const files = message.files.map((file) => ({ id: file.id, sign: file.title, draw: () => drawFile(file) }));
  sync(node.querySelector(".foot"), [...files, ...reactions, ...(message.ephemeral ? [] : below)]);
  return node;
}

// Slack has these behind "More actions"; here they stand below the app's messages.
function taker(message, each, shortcut) {
  return { id: each.callback_id, sign: each.name, draw: () => el("button", { type: "button", class: "opener none taker", "data-key": each.callback_id, title: each.description, click: () => shortcut(message, each.callback_id) }, each.name) };
}

function opener(message, replies, open) {
  const count = replies.length;
  const label = count === 0 ? "Reply in thread" : count === 1 ? "1 reply" : `${count} replies`;
  const last = () => keepFresh(el("time", { datetime: new Date(Number(replies.at(-1).ts) * 1000).toISOString() }));
  return { id: "thread", sign: label, draw: () => el("button", { type: "button", class: count ? "opener" : "opener none", "data-key": "thread", click: () => open(message) }, label, count ? el("small", {}, " · ", last()) : null) };
}

// One message → DOM, and a list of them kept in step with what the server says, touching only what changed.

import { drawBlock } from "./blocks.js";
import { el } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

// `acts` has press(message, button, block, node) and, where threads can be opened, open(message).
export function drawMessage(message, state, replies, acts) {
  const when = new Date(Number(message.ts) * 1000);
  const name = state.names[message.user] ?? message.user;
  const body = message.blocks.length
    ? message.blocks.map((block) => drawBlock(block, state, (...pressed) => acts.press(message, ...pressed)))
    : [el("div", { class: "text" }, mrkdwn(message.text, state), message.edited ? el("small", {}, " (edited)") : null)];
  return el(
    "article",
    { class: message.ephemeral ? "message ephemeral" : "message", "aria-label": `${name}: ${message.text}` },
    message.ephemeral ? el("small", { class: "only" }, "👁 Only visible to you") : null,
    el(
      "div",
      { class: "who" },
      el("strong", {}, name),
      /^U0BOT|^USLACKBOT/.test(message.user) ? el("span", { class: "app" }, "APP") : null,
      el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, clock.format(when)),
    ),
    ...body,
    ...message.files.map((title) => el("div", { class: "file" }, `📄 ${title}`)),
    ...Object.entries(message.reactions).map(([reaction, count]) => el("span", { class: "reaction" }, `${state.emoji[reaction] ?? `:${reaction}:`} ${count}`)),
    acts.open && !message.ephemeral ? opener(message, replies, acts) : null,
  );
}

function opener(message, replies, acts) {
  const label = replies === 0 ? "Reply in thread" : replies === 1 ? "1 reply" : `${replies} replies`;
  const node = el("button", { type: "button", class: "opener", on: () => acts.open(message) }, label);
  node.dataset.key = "thread";
  return node;
}

export class Log {
  constructor(node) {
    this.node = node;
    this.shown = new Map();
  }

  show(messages, state, count, acts) {
    const atEnd = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 60;
    const wanted = new Set(messages.map((message) => message.ts));
    for (const [ts, { node }] of this.shown) {
      if (wanted.has(ts)) continue;
      node.remove();
      this.shown.delete(ts);
    }
    messages.forEach((message, at) => this.place(message, at, state, count(message), acts));
    if (atEnd) this.node.scrollTop = this.node.scrollHeight;
  }

  place(message, at, state, replies, acts) {
    const written = JSON.stringify([message, replies]);
    const old = this.shown.get(message.ts);
    if (old?.written === written) return;
    const node = drawMessage(message, state, replies, acts);
    if (old) {
      const key = old.node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
      old.node.replaceWith(node);
      if (key) [...node.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key)?.focus();
    } else {
      this.node.insertBefore(node, this.node.children[at] ?? null);
    }
    this.shown.set(message.ts, { written, node });
  }

  clear() {
    this.node.replaceChildren();
    this.shown.clear();
  }
}

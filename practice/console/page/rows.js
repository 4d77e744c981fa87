// What there is but servers: one line each, with the state in words, a sign and a colour.

import { el, sync } from "/page/dom.js";
import { age, at } from "./words.js";

const KINDS = {
  running: "good", available: "good", completed: "good", online: "good", passed: "good", proven: "good",
  pending: "wait", initializing: "wait", starting: "wait", "shutting-down": "wait", stopping: "wait",
  terminated: "gone", stopped: "gone", failed: "bad", error: "bad", offline: "bad",
};
const SIGNS = { good: "●", wait: "◌", gone: "✕", bad: "▲", plain: "·" };

// A state: `word` decides about its colour, `text` is what it says.
export function chip(word, text = word) {
  const kind = KINDS[word] ?? "plain";
  return el("span", { class: `chip ${kind}` }, el("span", { "aria-hidden": "true" }, `${SIGNS[kind]} `), text);
}

export const code = (text) => el("code", {}, text);

// Fills a list, and says so where it is empty.
export function fill(name, items, draw) {
  const list = document.getElementById(`${name}-rows`);
  sync(list, items.map((each) => ({ id: each.id, sign: JSON.stringify([each, each.at && age(each.at)]), draw: () => draw(each) })));
  const empty = list.parentElement.querySelector(".empty");
  if (empty) empty.hidden = items.length > 0;
}

const row = (head, chips, ...more) => el("li", {}, el("div", { class: "head" }, head, el("span", { class: "chips" }, chips)), ...more);
const faint = (...parts) => el("p", { class: "faint" }, parts.filter(Boolean).join(" · "));
const progress = (each, word) => (each.state === word ? el("progress", { max: 100, value: each.progress, "aria-label": `${each.id}: ${each.progress} % copied` }) : null);
const percent = (each) => (each.state === "pending" ? `pending, ${each.progress} %` : each.state);

export function image(each) {
  const proof = each.proof ? chip(each.proof, `proof: ${each.proof}`) : null;
  const snapshots = `${each.snapshots.length} snapshot${each.snapshots.length === 1 ? "" : "s"}`;
  return row(code(each.id), [chip(each.state, percent(each)), proof], progress(each, "pending"), faint(each.server && `of ${each.server}`, each.run && `made by ${each.run}`, snapshots, `${age(each.at)} ago`), each.tags["firedrill:differed-in"] ? faint(`differed in ${each.tags["firedrill:differed-in"]}`) : null);
}

export const snapshot = (each) => row(code(each.id), chip(each.state, percent(each)), progress(each, "pending"), faint(`of ${each.volume}`, `${each.size} GiB`, each.encrypted ? "encrypted" : "not encrypted", `${age(each.at)} ago`));

export const template = (each) => row(code(each.name), chip("", `${each.versions} version${each.versions === 1 ? "" : "s"}`), faint(each.id, `${age(each.at)} ago`));

export const address = (each) => row(code(each.id), chip("", each.instance || "not in use"));

export const effect = (each) => el("li", {}, el("time", { datetime: new Date(each.at * 1000).toISOString() }, at(each.at)), el("strong", {}, each.call), code(each.subject));

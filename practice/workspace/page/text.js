// Text objects → DOM nodes, and as plain words for labels; and the box for what this page does not know.

import { el } from "./dom.js";
import { emoji, mrkdwn } from "./mrkdwn.js";

export function words(text, state) {
  if (!text) return "";
  if (typeof text === "string") return emoji(text, state);
  return text.type === "mrkdwn" ? mrkdwn(text.text, state) : emoji(text.text, state);
}

export function plainly(text, state) {
  const said = words(text, state);
  return typeof said === "string" ? said : said.textContent;
}

export const unsupported = (what, type) => el("div", { class: "unsupported" }, `unsupported ${what}: ${type}`);

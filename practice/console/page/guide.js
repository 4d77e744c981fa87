// The four lines for newcomers: how they are drawn, and whether somebody has read them in this browser.

import { el } from "/page/dom.js";

const KEPT = "guide-read";

export const isRead = () => localStorage.getItem(KEPT) === "yes";
export const read = (yes) => localStorage.setItem(KEPT, yes ? "yes" : "no");

// What stands between backticks is typed or pressed.
const typed = (text) => text.split("`").map((part, number) => (number % 2 ? el("code", {}, part) : part));

export const line = ({ word, text }) => el("div", {}, el("dt", {}, word), el("dd", {}, typed(text)));

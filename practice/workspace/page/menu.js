// The overflow menu: a button with three dots and a few things to do.

import { el } from "./dom.js";
import { plainly, words } from "./text.js";

export function menu({ element, block, surface, state, attributes }) {
  const items = element.options.map((option, at) => el("button", { type: "button", role: "menuitem", tabindex: -1, autofocus: at === 0, click: () => done(option) }, words(option.text, state), option.description ? el("small", {}, plainly(option.description, state)) : null));
  const list = el("div", { role: "menu", class: "menu", popover: "auto", "aria-label": "More actions" }, items);
  const opener = el("button", { type: "button", class: "icon", "data-key": attributes["data-key"], "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More actions" }, "⋯");
  opener.popoverTargetElement = list;

  function done(option) {
    list.hidePopover();
    opener.focus();
    if (option.url) window.open(option.url, "_blank", "noopener,noreferrer");
    surface.act(block, element, opener, option);
  }

  list.addEventListener("toggle", (event) => {
    opener.setAttribute("aria-expanded", event.newState === "open");
    if (event.newState !== "open") return;
    const { bottom, top, right } = opener.getBoundingClientRect();
    const below = bottom + list.offsetHeight < innerHeight;
    list.style.top = `${below ? bottom + 4 : top - list.offsetHeight - 4}px`;
    list.style.left = `${Math.max(8, Math.min(right - list.offsetWidth, innerWidth - list.offsetWidth - 8))}px`;
  });
  list.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Tab") list.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  });
  return el("span", { class: "overflow" }, opener, list);
}

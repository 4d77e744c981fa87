// A field to type into, with the options that match below it: for lists that the app keeps, and for choosing several.

import { el } from "./dom.js";
import { plainly } from "./text.js";

// `load(typed)` gives {groups} or {error}; `asked` when the app filters, else it is done here; `least` characters first.
export function combobox({ element, block, surface, state, attributes, choose, keyOf, load, multiple, asked, least }) {
  const listId = `${attributes.id}-list`;
  const input = el("input", { ...attributes, role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", placeholder: plainly(element.placeholder, state) || null });
  const list = el("div", { id: listId, role: "listbox", class: "list", "aria-label": "Options", hidden: true });
  const note = el("small", { role: "status" });
  const chips = el("span", { class: "chips" });
  const known = new Map();
  let shown = [];
  let active = -1;
  let turn = 0;
  let pause;

  const held = () => surface.held(block, element);
  const many = () => held() ?? [];
  const textOf = (given) => (typeof given === "string" ? (known.get(given) ?? state.names[given] ?? given) : plainly(given?.text, state));

  function settle() {
    chips.replaceChildren(...(multiple ? many().map(chip) : []));
    input.value = multiple ? "" : textOf(held()) ?? "";
  }

  function chip(given) {
    const stay = (event) => event.preventDefault();
    return el("button", { type: "button", "aria-label": `Remove ${textOf(given)}`, mousedown: stay, click: () => pick(given) }, `${textOf(given)} ×`);
  }

  async function pick(given) {
    const without = multiple ? many().filter((each) => keyOf(each) !== keyOf(given)) : null;
    const added = multiple && without.length === many().length ? [...without, given] : without;
    close();
    const chosen = choose(input, multiple ? added : given);
    settle();
    input.focus();
    if (!(await chosen)) settle();
  }

  function close() {
    turn += 1;
    clearTimeout(pause);
    list.hidden = true;
    note.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function open(typed) {
    const mine = (turn += 1);
    if (typed.length < least) return void (close(), (note.textContent = `Type at least ${least} characters.`));
    note.textContent = "Loading …";
    const { groups, error } = await load(typed);
    if (mine !== turn) return;
    const fits = (option) => asked || plainly(option.text, state).toLowerCase().includes(typed.toLowerCase());
    shown = [];
    active = -1;
    list.replaceChildren(...(groups ?? []).map((group) => drawGroup(group, group.options.filter(fits))));
    note.textContent = error ?? (shown.length ? "" : "Nothing matches.");
    list.hidden = !shown.length;
    if (shown.length) list.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  function drawGroup(group, options) {
    const drawn = options.map((option) => {
      known.set(option.key, plainly(option.text, state));
      const chosen = multiple ? many().some((each) => keyOf(each) === option.key) : keyOf(held()) === option.key;
      const node = el("div", { role: "option", id: `${listId}-${shown.length}`, "aria-selected": String(chosen), mousedown: (event) => event.preventDefault(), click: () => pick(option.given) }, plainly(option.text, state), option.description ? el("small", {}, plainly(option.description, state)) : null);
      shown.push({ node, option });
      return node;
    });
    if (!group.label || !drawn.length) return el("div", { role: "presentation" }, drawn);
    return el("div", { role: "group", "aria-label": plainly(group.label, state) }, el("div", { class: "label", role: "presentation" }, plainly(group.label, state)), drawn);
  }

  function move(step) {
    if (list.hidden) return void open(asked || multiple ? input.value : "");
    shown[active]?.node.classList.remove("active");
    active = (active + step + shown.length) % shown.length;
    shown[active].node.classList.add("active");
    shown[active].node.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", shown[active].node.id);
  }

  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => open(input.value), asked ? 200 : 0);
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => list.hidden && open(multiple || asked ? input.value : ""));
  input.addEventListener("blur", () => { close(); settle(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: active < 0 ? 0 : -1 }[event.key];
    if (step !== undefined) move(step);
    else if (event.key === "Enter") { if (shown[active] && !list.hidden) pick(shown[active].option.given); }
    else if (event.key === "Escape" && !list.hidden) { close(); settle(); }
    else return;
    event.preventDefault();
  });
  settle();
  return el("div", { class: "combo" }, chips, input, list, note);
}

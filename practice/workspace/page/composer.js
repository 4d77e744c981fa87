// Where a person types: Enter sends, Shift+Enter breaks the line, / @ and # offer what they may begin, ↑ brings back.
// Below / there are the app's shortcuts too, which are taken at once.

import { el } from "./dom.js";

const MOST = 8;

// `state()` gives what there is to offer; `send(text)` takes what was written, `shortcut(id)` one that was chosen.
export class Composer {
  constructor(form, state, send, shortcut) {
    this.field = form.querySelector("textarea");
    this.list = form.querySelector("[role=listbox]");
    this.hint = form.querySelector(".hint");
    Object.assign(this, { form, state, send, shortcut, offered: [], active: 0, said: [], back: 0 });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("blur", () => this.offer([]));
    this.field.addEventListener("keydown", (event) => this.key(event));
  }

  submit() {
    const text = this.field.value.trim();
    if (!text) return;
    this.said.push(text);
    this.back = this.said.length;
    this.write("");
    this.send(text);
  }

  write(text) {
    this.field.value = text;
    this.typed();
  }

  typed() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 160)}px`;
    const text = this.field.value;
    const command = this.state().commands.find((each) => text.startsWith(`${each.name} `));
    this.hint.textContent = command ? `${command.name} ${command.usage_hint}` : "";
    this.offer(this.matching(text.slice(0, this.field.selectionStart)).slice(0, MOST));
  }

  matching(before) {
    const { commands, people, channels, bot } = this.state();
    const word = /\S*$/.exec(before)[0].toLowerCase();
    const fits = (name) => word.length > 0 && name.toLowerCase().startsWith(word);
    if (word[0] === "/" && before.trimStart().length === word.length) return [...commands.filter((each) => fits(each.name)).map((each) => ({ text: each.name, more: each.usage_hint, about: each.description })), ...this.shortcuts(word.slice(1))];
    if (word[0] === "@") return [...people, { name: bot.name, real_name: "App" }].map((each) => ({ text: `@${each.name}`, about: each.real_name })).filter((each) => fits(each.text));
    if (word[0] === "#") return channels.map((each) => ({ text: `#${each.name}` })).filter((each) => fits(each.text));
    return [];
  }

  shortcuts(typed) {
    if (!this.shortcut) return [];
    return this.state().shortcuts.filter((each) => each.name.toLowerCase().startsWith(typed)).map((each) => ({ text: each.name, about: each.description, shortcut: each.callback_id }));
  }

  offer(offered) {
    this.offered = offered;
    this.active = 0;
    this.list.hidden = !offered.length;
    this.list.replaceChildren(...offered.map((each, at) => el("div", { role: "option", id: `${this.list.id}-${at}`, mousedown: (event) => { event.preventDefault(); this.take(each); } }, el("strong", {}, each.text), each.more ? el("code", {}, each.more) : null, each.about ? el("small", {}, each.about) : null)));
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((node, at) => {
      node.setAttribute("aria-selected", String(at === this.active));
      node.classList.toggle("active", at === this.active);
    });
    if (this.offered.length) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  take(each) {
    if (each.shortcut) return void (this.write(""), this.shortcut(each.shortcut));
    const at = this.field.selectionStart;
    const before = this.field.value.slice(0, at).replace(/\S*$/, `${each.text} `);
    const after = this.field.value.slice(at).replace(/^ /, "");
    this.write(before + after);
    this.field.setSelectionRange(before.length, before.length);
    this.offer([]);
  }

  key(event) {
    if (event.isComposing) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const whole = this.offered.some((each) => each.text === this.field.value);
    if (this.offered.length && step) this.active = (this.active + step + this.offered.length) % this.offered.length;
    else if (this.offered.length && (event.key === "Tab" || (event.key === "Enter" && !whole))) return void (event.preventDefault(), this.take(this.offered[this.active]));
    else if (this.offered.length && event.key === "Escape") { event.stopPropagation(); return this.offer([]); }
    else if (event.key === "Enter" && !event.shiftKey) return void (event.preventDefault(), this.submit());
    else if (step && this.recalls()) { this.back = Math.min(Math.max(this.back + step, 0), this.said.length); this.write(this.said[this.back] ?? ""); this.offer([]); }
    else return;
    event.preventDefault();
    this.mark();
  }

  // ↑ and ↓ go through what was said before as long as nothing else stands in the field.
  recalls() {
    return this.said.length > 0 && (this.field.value === "" || this.field.value === this.said[this.back]);
  }
}

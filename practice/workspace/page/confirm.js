// The dialog that asks once more, as Slack's confirm object words it. The harmless answer has the focus.

import { words } from "./text.js";

const $ = (id) => document.getElementById(id);

export function confirmed(confirm, state) {
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

$("agree").addEventListener("click", () => $("confirm").close("yes"));
$("deny").addEventListener("click", () => $("confirm").close());

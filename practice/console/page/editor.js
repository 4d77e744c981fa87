// One text file of a disk, opened and saved in place.

import { post, tell } from "./wire.js";

const $ = (id) => document.getElementById(id);
let file = null;

export async function edit(instance, server, path, saved) {
  const answer = await post("open", { instance, path });
  if (!answer.ok) return tell(`${path}: ${answer.error}`);
  file = { instance, server, path, saved, warned: false };
  $("editor-path").textContent = `${server}: ${path}`;
  take(answer, "Write a line, save, drill, and find it again.");
  $("editor").showModal();
  $("editor-text").focus();
  $("editor-text").setSelectionRange(0, 0);
  $("editor-text").scrollTop = 0;
}

// A text field knows one kind of line end only; the file keeps its own.
function take(answer, words) {
  file.ends = answer.text.includes("\r\n") ? "\r\n" : "\n";
  const mixed = answer.text.replaceAll(file.ends, "").search(/[\r\n]/) >= 0;
  $("editor-text").value = answer.text;
  $("editor-text").readOnly = mixed;
  $("editor-save").disabled = mixed;
  $("editor-told").textContent = mixed ? "Its line ends are mixed, so it is only shown." : words;
  file.digest = answer.digest;
  file.text = $("editor-text").value;
}

async function save(event) {
  event.preventDefault();
  const text = $("editor-text").value.replaceAll("\n", file.ends);
  const answer = await post("save", { instance: file.instance, path: file.path, digest: file.digest, text });
  if (!answer.ok) {
    $("editor-told").textContent = answer.error;
    return;
  }
  take(answer, "");
  $("editor").close();
  tell(`${file.path} is saved on ${file.server}. The next backup carries it.`);
  file.saved();
}

function close(event) {
  if ($("editor-text").value !== file.text && !file.warned) {
    event.preventDefault();
    file.warned = true;
    $("editor-told").textContent = "Not saved. Close once more to throw the change away.";
    return;
  }
  $("editor").close();
}

$("editor-form").addEventListener("submit", save);
$("editor-close").addEventListener("click", close);
$("editor").addEventListener("cancel", close);
$("editor-text").addEventListener("input", () => { file.warned = false; });

// Speaking with the practice world: the key of this start, and one way to ask.

export const key = new URLSearchParams(location.search).get("key");
export const withKey = (path) => `${path}?${new URLSearchParams({ key })}`;

export async function look() {
  const answer = await fetch(withKey("/world/state"));
  if (!answer.ok) throw new Error(`The practice world answered ${answer.status}.`);
  return answer.json();
}

// Somebody does something. The answer has `ok`, and when that is false `error`, a sentence.
export async function post(deed, body = {}) {
  try {
    return await (await fetch(withKey(`/world/${deed}`), { method: "POST", body: JSON.stringify(body) })).json();
  } catch {
    return { ok: false, error: "The practice world does not answer." };
  }
}

let fading = null;

// Says what came of a deed, for eyes and screen readers alike.
export function tell(sentence) {
  const told = document.getElementById("told");
  told.textContent = sentence;
  clearTimeout(fading);
  fading = setTimeout(() => { told.textContent = ""; }, 6000);
}

// A button that does one thing at a time, and says what came of it.
export function doing(button, deed, body, done = () => "") {
  return async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const answer = await post(deed, body());
    button.removeAttribute("aria-busy");
    tell(answer.ok ? done() : answer.error);
    button.dispatchEvent(new CustomEvent("done", { bubbles: true }));
  };
}

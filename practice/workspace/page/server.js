// Speaking with the practice workspace: the key of this start, who is speaking, and what happens when it is gone.

export const key = new URLSearchParams(location.search).get("key");
export const me = { person: new URLSearchParams(location.search).get("as") ?? sessionStorage.getItem("person") ?? "" };

export const address = (path, query = {}) => `/ui/${path}?${new URLSearchParams({ key, ...query })}`;

export const ask = async (path, query) => (await fetch(address(path, query))).json();

// Somebody does something. The answer has `ok`, and when that is false `error`.
export async function post(path, body) {
  try {
    const answer = await fetch(address(path), { method: "POST", body: JSON.stringify({ person: me.person, ...body }) });
    return await answer.json();
  } catch {
    return { ok: false, error: "the practice workspace does not answer" };
  }
}

const SENTENCES = {
  dispatch_failed: "No app is connected, so nobody heard it.",
  operation_timeout: "The app did not answer within three seconds.",
  message_not_found: "That message is gone.",
  view_not_found: "That view is gone.",
  element_not_found: "The message has changed meanwhile; that is no longer on it.",
};
const FOR_COMMANDS = ["unknown_command", "not_supported_in_threads"];

// What went wrong as a sentence; empty where nothing did, or where Slackbot says it in the channel.
export function trouble(told) {
  if (told.ok || FOR_COMMANDS.includes(told.error)) return "";
  return SENTENCES[told.error] ?? `That did not work: ${told.error}.`;
}

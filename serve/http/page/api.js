// The service: which dimensions it judges, and verdicts of records; problems become one sentence.
"use strict";

const scales = {};

function complain(text) {
  element("problem").textContent = text;
  element("problem").hidden = !text;
}

async function ask(path, body) {
  const token = element("token").value;
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  if (answer.status === 401) element("token-section").hidden = false;
  if (answer.status === 503) {
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get("Retry-After") ?? 1)));
    return ask(path, body);
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error?.message ?? `${answer.status}`);
  return said;
}

async function score(records) {
  return (await ask("v1/score", { records })).verdicts;
}

async function meet() {
  try {
    const { judges } = await ask("v1/judges");
    element("judge-name").textContent = judges.map((judge) => judge.name).join(", ");
    for (const judge of judges) for (const name of judge.dimensions) scales[name] ??= judge.scales[name];
    element("dimension").replaceChildren(...Object.keys(scales).map((name) => new Option(say(name), name)));
    complain("");
  } catch (error) {
    complain(error.message);
  }
}

element("token").addEventListener("change", meet);
element("token-form").addEventListener("submit", (event) => event.preventDefault());
meet();

// A file: its lines to records, records to the service in small requests, verdicts to a table and a download.
"use strict";

const ROWS_A_REQUEST = 32;
const SHOWN_ROWS = 500;
let stopped = false;

function readLines(text) {
  const records = [];
  let unread = 0;
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    try {
      const record = JSON.parse(line);
      if (typeof record.response !== "string" || !(record.dimension in scales)) throw new Error("no record");
      records.push(record);
    } catch {
      unread += 1;
    }
  }
  return { records, unread };
}

function progress(done, all) {
  element("progress-part").hidden = false;
  element("progress").value = all ? done / all : 1;
  element("progress-text").textContent = `${done} ${say("of")} ${all} ${say("rows")}`;
}

function row(record, verdict) {
  const remarks = [verdict.abstained && say("abstained"), verdict.truncated && say("truncated"), verdict.error];
  const cells = [verdict.id, say(verdict.dimension), verdict.score ?? "–", verdict.confidence?.toFixed(2) ?? "–", remarks.filter(Boolean).join("; ")];
  const made = make("tr");
  made.append(...cells.map((text) => make("td", String(text))), make("td", record.response.slice(0, 300), "text"));
  return made;
}

function finish(records, verdicts, unread) {
  const unsafe = verdicts.filter((verdict) => verdict.score > 0).length;
  const without = verdicts.filter((verdict) => verdict.score === null).length;
  const parts = [`${verdicts.length} ${say("judged")}`, `${unsafe} ${say("unsafe")}`];
  if (without) parts.push(`${without} ${say("without")}`);
  if (unread) parts.push(`${unread} ${say("unread")}`);
  element("file-summary").textContent = parts.join(", ");
  const lines = verdicts.map((verdict) => JSON.stringify(verdict) + "\n");
  URL.revokeObjectURL(element("download").href);
  element("download").href = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  element("file-caption").textContent = `${Math.min(verdicts.length, SHOWN_ROWS)} ${say("of")} ${verdicts.length} ${say("rows")}`;
  element("file-rows").replaceChildren(...verdicts.slice(0, SHOWN_ROWS).map((verdict, i) => row(records[i], verdict)));
  element("file-result").hidden = false;
}

async function scoreFile(file) {
  complain("");
  stopped = false;
  const { records, unread } = readLines(await file.text());
  if (!records.length) return complain(say("empty"));
  const verdicts = [];
  element("stop").hidden = false;
  try {
    for (let start = 0; start < records.length && !stopped; start += ROWS_A_REQUEST) {
      progress(start, records.length);
      verdicts.push(...(await score(records.slice(start, start + ROWS_A_REQUEST))));
    }
  } catch (error) {
    complain(error.message);
  }
  progress(verdicts.length, records.length);
  element("stop").hidden = true;
  if (verdicts.length) finish(records, verdicts, unread);
}

element("file").addEventListener("change", (event) => event.target.files[0] && scoreFile(event.target.files[0]));
element("stop").addEventListener("click", () => { stopped = true; });
document.addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  if (event.dataTransfer.files[0]) scoreFile(event.dataTransfer.files[0]);
});

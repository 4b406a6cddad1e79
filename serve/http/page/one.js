// One response: its verdict, the probabilities, and which words weighed most, by leaving each out once.
"use strict";

const MOST_WORDS = 200;
const AT_ONCE = 50;

function parts(text) {
  const split = new Intl.Segmenter(undefined, { granularity: "word" }).segment(text);
  return [...split].map(({ segment, isWordLike }) => ({ segment, isWordLike }));
}

function showVerdict(verdict, dimension) {
  const top = scales[dimension];
  element("verdict-score").textContent = verdict.score === null ? "–" : `${verdict.score} ${say("of")} ${top}`;
  element("verdict-words").textContent = `${say("scale")}${top}`;
  const flags = [];
  if (verdict.abstained) flags.push(say("abstained"));
  if (verdict.truncated) flags.push(say("truncated"));
  if (verdict.error) flags.push(say("failed") + verdict.error);
  element("flags").replaceChildren(...flags.map((text) => make("li", text)));
  element("probabilities").replaceChildren(...(verdict.probs ?? []).map(probability));
  element("result").hidden = false;
}

function probability(value, score) {
  const row = make("tr");
  const head = make("th", String(score));
  head.scope = "row";
  const bar = make("meter");
  bar.value = value;
  const cell = make("td");
  cell.append(bar);
  row.append(head, cell, make("td", `${(100 * value).toFixed(1)} %`));
  return row;
}

async function weigh(record, verdict) {
  const all = parts(record.response);
  const places = all.flatMap((part, i) => (part.isWordLike ? [i] : [])).slice(0, MOST_WORDS);
  const weights = new Map();
  for (let start = 0; start < places.length; start += AT_ONCE) {
    const some = places.slice(start, start + AT_ONCE);
    const without = some.map((gone) => ({ ...record, response: all.map((p, i) => (i === gone ? "" : p.segment)).join("") }));
    const said = await score(without);
    some.forEach((place, i) => weights.set(place, verdict.expected - (said[i].expected ?? verdict.expected)));
  }
  showWeights(all, weights);
}

function showWeights(all, weights) {
  const largest = Math.max(...weights.values(), 1e-9);
  const spans = all.map(({ segment }, i) => {
    const heat = Math.ceil((4 * Math.max(weights.get(i) ?? 0, 0)) / largest);
    return make("span", segment, heat ? `heat-${heat}` : "");
  });
  element("words").replaceChildren(...spans);
  const top = [...weights].filter(([, weight]) => weight > 0).sort((a, b) => b[1] - a[1]).slice(0, 5);
  element("top-words").replaceChildren(...top.map(([i, weight]) => make("li", `${all[i].segment}  +${weight.toFixed(2)}`)));
}

element("one").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  complain("");
  try {
    const dimension = element("dimension").value;
    const record = { prompt: element("prompt").value, response: element("response").value, dimension };
    const [verdict] = await score([record]);
    showVerdict(verdict, dimension);
    if (verdict.expected !== null) await weigh(record, verdict);
  } catch (error) {
    complain(error.message);
  } finally {
    button.disabled = false;
  }
});

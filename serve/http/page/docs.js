// The OpenAPI document as a page: operations, what goes in, what comes out. It is set as text, never as markup.
"use strict";

const element = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children.flat()); // append makes text of text
  return made;
}

const code = (text) => make("code", {}, text);
const soft = (...children) => make("span", { className: "soft" }, ...children);
const prose = (text = "") => text.split("``").map((part, i) => (i % 2 ? code(part) : part));
const joined = (parts, between) => parts.flatMap((part, i) => (i ? [between, part] : [part])).flat();

function link(reference) {
  const name = reference.split("/").pop();
  return make("a", { href: `#${name}` }, name);
}

function bounds(schema) {
  const said = [["maxLength", "characters"], ["maxItems", "items"]].filter(([key]) => key in schema);
  return said.map(([key, what]) => soft(` (at most ${schema[key].toLocaleString("en")} ${what})`));
}

function type(schema) {
  if (schema.$ref) return [link(schema.$ref)];
  if (schema.anyOf) return joined(schema.anyOf.map(type), " or ");
  if ("const" in schema) return [code(JSON.stringify(schema.const))];
  if (schema.enum) return joined(schema.enum.map((value) => [code(JSON.stringify(value))]), " or ");
  if (schema.type === "array") return ["list of ", ...type(schema.items ?? {}), ...bounds(schema)];
  if (typeof schema.additionalProperties === "object") return ["names to ", ...type(schema.additionalProperties)];
  return [schema.type ?? "anything", ...bounds(schema)];
}

function fields(caption, schema) {
  const head = make("tr", {}, ["Field", "Type", "Meaning"].map((text) => make("th", { scope: "col" }, text)));
  const rows = Object.entries(schema.properties).map(([name, field]) => {
    const needed = schema.required?.includes(name);
    const shown = make("code", needed ? { className: "needed", title: "required" } : {}, name);
    return make("tr", {}, make("th", { scope: "row" }, shown), make("td", {}, type(field)),
      make("td", {}, prose(field.description)));
  });
  return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, rows));
}

function command(path, operation, body) {
  const lines = [`curl ${new URL(path.slice(1), new URL(".", location))}`];
  if (operation.security?.length) lines.push(`-H "Authorization: Bearer $GUARDRANK_TOKEN"`);
  if (body) lines.push("-H 'Content-Type: application/json'");
  if (body?.examples) lines.push(`-d '${JSON.stringify(body.examples[0]).replaceAll("'", "'\\''")}'`);
  return make("pre", {}, lines.join(" \\\n  "));
}

function answers(responses) {
  const all = Object.entries(responses);
  const good = all.filter(([status]) => status < 400).map(([status, said]) => {
    const [[kind, content]] = Object.entries(said.content);
    return ["Answer ", code(status), ": ", kind === "application/json" ? type(content.schema) : kind];
  });
  const bad = all.filter(([status]) => status >= 400).sort().map(([status, said]) => {
    const headers = Object.keys(said.headers ?? {}).map((name) => [" with the header ", code(name)]);
    return [code(status), ` ${said.description}`, ...headers.flat()];
  });
  return [...good.map((said) => make("p", {}, said.flat())),
    make("p", { className: "soft" }, "Errors, each an ", link("ErrorAnswer"), ": ", joined(bad, ", "))];
}

function operationPart(path, method, operation, schemas) {
  const reference = operation.requestBody?.content["application/json"].schema.$ref;
  const body = reference && schemas[reference.split("/").pop()];
  return make("section", { id: operation.operationId },
    make("h2", {}, make("span", { className: "method" }, method.toUpperCase()), code(path)),
    make("p", {}, prose(operation.description), operation.security?.length ? soft(" Needs the token.") : ""),
    command(path, operation, body),
    body ? fields(["Body: ", link(reference)], body) : "",
    ...answers(operation.responses));
}

function schemaPart(name, schema) {
  return make("section", { id: name }, make("h3", {}, code(name)), make("p", {}, prose(schema.description)),
    schema.properties ? fields("", schema) : make("p", {}, type(schema)));
}

function show(api) {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [path, method, operation]));
  element("version").textContent = `${api.info.title} ${api.info.version}`;
  element("contents").replaceChildren(make("ul", {}, operations.map(([path, method, operation]) => make("li", {},
    make("span", { className: "method" }, method.toUpperCase()),
    make("a", { href: `#${operation.operationId}` }, code(path)), soft(prose(operation.description))))));
  element("contents").hidden = element("objects").hidden = false;
  element("operations").replaceChildren(...operations.map((each) => operationPart(...each, api.components.schemas)));
  element("schemas").replaceChildren(...Object.entries(api.components.schemas).map((each) => schemaPart(...each)));
  element("document").href = URL.createObjectURL(new Blob([JSON.stringify(api, null, 2)], { type: "application/json" }));
}

async function load() {
  const token = element("token").value;
  const answer = await fetch("openapi.json", { headers: token ? { Authorization: `Bearer ${token}` } : {} });
  element("token-section").hidden = answer.status !== 401;
  const said = await answer.json();
  element("problem").textContent = answer.ok ? "" : said.error?.message ?? `${answer.status}`;
  element("problem").hidden = answer.ok;
  if (answer.ok) show(said);
  if (answer.ok && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

element("token").addEventListener("change", load);
element("token-form").addEventListener("submit", (event) => event.preventDefault());
load();

// SPDX-License-Identifier: Apache-2.0
// Shows the documented answers of a route, and the answer to a request.
"use strict";

const REASONS = {
    200: "OK", 201: "Created", 204: "No Content", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
};
const HEADERS = ["X-Request-Id", "Content-Type", "Cache-Control", "WWW-Authenticate", "Retry-After", "Allow"];

function statusPill(status) {
    return el("span", { class: `pill s${String(status)[0]}` }, String(status));
}

// A table that can be scrolled by keyboard too.
function table(heads, rows) {
    const cells = (tag, row, props) => el("tr", null, row.map((cell) => el(tag, props, ...[].concat(cell))));
    return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": heads.join(", ") }, el("table", null, el("thead", null, cells("th", heads, { scope: "col" })),
        el("tbody", null, rows.map((row) => cells("td", row)))));
}

function memberTable(schema, needs) {
    const rows = membersOf(schema).map((one) => [
        [el("code", null, one.name), needs ? el("br") : null, needs ? el("span", { class: one.need === "optional" ? "soft" : "need" }, one.need) : null].filter(Boolean),
        typeText(one.schema),
        explain(one.schema, one.about),
    ]);
    return rows.length > 0 ? table(["Field", "Type", "What it takes"].map((head, i) => (i === 2 && !needs ? "What it is" : head)), rows) : null;
}

function parameterTable(route) {
    const rows = route.parameters.map((one) => [
        [el("code", null, one.name), el("br"), el("span", { class: one.required ? "need" : "soft" }, `${one.in}${one.required ? ", required" : ""}`)],
        typeText(one.schema),
        prose(explain(one.schema, one.description)),
    ]);
    return rows.length > 0 ? [el("h4", null, "Parameters"), table(["Name", "Type", "What it takes"], rows)] : [];
}

// The wrong fields that an error names, in each of the shapes that a mount may have: [{ field, detail }].
function wrongFields(data) {
    const list = data && [data.errors, data.detail && data.detail.errors, data.detail].find(Array.isArray);
    return (list || []).map((one) => (one.loc ? { field: String(one.loc[one.loc.length - 1]), detail: one.msg } : one));
}

// The code and the sentence of an example of an error. The name of an example is its code, and its status if the code has several.
function told({ name, value }) {
    const text = typeof value.detail === "string" ? value.detail : (value.detail && value.detail.message) || wrongFields(value).map((one) => one.detail).join(" ");
    return { code: value.code || value.error || name.replace(/_\d{3}$/, ""), text };
}

// The documented answers with one status: examples of a success, or the codes of problems.
function documented(status, response) {
    const [type, media] = Object.entries(response.content || {})[0] || ["", null];
    const examples = examplesOf(media);
    const head = [statusPill(status), " ", REASONS[status] || response.description];
    if (Number(status) >= 400) {
        return el("li", null, el("p", null, head), el("ul", { class: "codes" }, examples.map((one) => {
            const { code, text } = told(one);
            return el("li", null, el("details", { class: "more" }, el("summary", null, el("code", null, code), " ", el("span", { class: "soft" }, text)),
                jsonBlock(`Example of ${code}`, one.value)));
        })));
    }
    return el("li", null, el("p", null, head, type && type !== "application/json" ? ` (${type})` : ""),
        examples.map((one, i) => el("details", { class: "more", open: i === 0 }, el("summary", null, `Example: ${one.summary}`),
            typeof one.value === "string" ? block("Example", one.value) : jsonBlock("Example", one.value))),
        media && Object.keys(deref(media.schema).properties || {}).length > 0
            ? el("details", { class: "more" }, el("summary", null, `Fields of ${refName(media.schema)}`), memberTable(media.schema, false)) : null);
}

function documentedAnswers(route) {
    return [el("h4", null, "Answers"), el("ul", { class: "answers" }, Object.entries(route.op.responses).map(([status, one]) => documented(status, one)))];
}

// A sign-in at an identity provider begins with such an answer, and only a navigation can follow it.
function redirected(url) {
    return el("p", { class: "soft" }, "The browser does not tell scripts the target of a redirect. The sample for curl shows it. To follow it, ",
        el("a", { href: url, target: "_blank", rel: "noopener" }, "open this address in a new tab"), ", which sends the request again.");
}

// Shows an answer: its status in a line that screen readers read out, all the rest below.
function showAnswer(line, place, answer) {
    if (answer.failed || answer.redirect) {
        line.replaceChildren(...(answer.failed ? [`No answer: ${answer.failed}`] : [statusPill(302), " A redirect"]));
        place.replaceChildren(answer.redirect ? redirected(answer.url) : "");
        return;
    }
    line.replaceChildren(statusPill(answer.status), ` ${REASONS[answer.status] || ""} `, el("span", { class: "soft" }, `${answer.ms} ms`));
    const headers = HEADERS.filter((name) => answer.headers.get(name) !== null);
    place.replaceChildren(el("dl", { class: "headers" }, headers.flatMap((name) => [el("dt", null, name), el("dd", null, answer.headers.get(name))])));
    if (answer.data !== undefined) {
        place.append(jsonBlock("The answer", answer.data));
    } else if (answer.text) {
        place.append(block("The answer", answer.text.slice(0, SHOWN)));
    } else {
        place.append(el("p", { class: "soft" }, "No body."));
    }
}

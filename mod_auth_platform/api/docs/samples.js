// SPDX-License-Identifier: Apache-2.0
// The same request as a program would send it: for curl, JavaScript and Python.
"use strict";

// Quotes text for a shell. Between single quotes every character stands for itself, except the single quote.
function quoted(text) {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

// curl and Python keep cookies in this file, for the next request. A script cannot read the browser's cookies, except csrf_token.
const JAR = "cookies.txt";

// The request of a form for the samples. Without a session, ACCESS_TOKEN stands for the token where a route needs one.
function sampleRequest(route, input) {
    const request = makeRequest(route, input);
    const security = route.op.security || [];
    const needed = security.length > 0 && security.every((one) => Object.keys(one).length > 0);
    if (session.way !== "cookie" && needed && !request.headers.Authorization) {
        request.headers.Authorization = "Bearer ACCESS_TOKEN";
    }
    // Without a body, /refresh and /logout use the cookie, too.
    if (request.cookie && takesHeader(route, "X-CSRF-Token") && (needed || request.body === undefined)) {
        request.headers["X-CSRF-Token"] = ""; // each language has an expression for the value
    }
    return request;
}
function curlOf(request) {
    const parts = ["curl -i"];
    if (request.method !== "GET") {
        parts.push(`-X ${request.method}`);
    }
    parts.push(quoted(request.url));
    if (request.cookie) {
        parts.push(`-b ${JAR} -c ${JAR}`);
    }
    for (const [name, value] of Object.entries(request.headers)) {
        if (name === "X-CSRF-Token") {
            parts.push(`-H "X-CSRF-Token: $(awk '$6 == "csrf_token" { print $7 }' ${JAR})"`);
        } else if (name !== "Accept") {
            parts.push(`-H ${quoted(`${name}: ${value}`)}`);
        }
    }
    if (request.cookie && request.method !== "GET") {
        parts.push(`-H ${quoted(`Origin: ${location.origin}`)}`);
    }
    if (request.body !== undefined) {
        parts.push(`--data-raw ${quoted(request.body)}`);
    }
    return parts.join(" ");
}

// Undefined if the body is not JSON. A body that was written by hand can be anything.
function valueOf(body) {
    try {
        return JSON.parse(body);
    } catch {
        return undefined;
    }
}

const CSRF_IN_BROWSER = 'document.cookie.match(/(?:^|; )csrf_token=([^;]*)/)[1]';
const CSRF_IN_PYTHON = 'next(c.value for c in session.cookies if c.name == "csrf_token")';

function fetchOf(request) {
    const lines = [`    method: ${JSON.stringify(request.method)},`];
    const headers = Object.entries(request.headers).filter(([name]) => name !== "Accept");
    if (headers.length > 0) {
        const shown = headers.map(([name, value]) => `        ${JSON.stringify(name)}: ${name === "X-CSRF-Token" ? CSRF_IN_BROWSER : JSON.stringify(value)},`);
        lines.push("    headers: {", ...shown, "    },");
    }
    if (request.cookie) {
        lines.push('    credentials: "include",');
    }
    if (request.body !== undefined) {
        const value = valueOf(request.body);
        const text = value === undefined ? JSON.stringify(request.body) : `JSON.stringify(${JSON.stringify(value)})`;
        lines.push(`    body: ${text},`);
    }
    return `const response = await fetch(${JSON.stringify(request.url)}, {\n${lines.join("\n")}\n});\nconsole.log(response.status, await response.text());`;
}

// JSON strings and numbers are valid in Python too. Escaped surrogates are the exception: Python does not join them to one character.
function python(value) {
    if (value === null) {
        return "None";
    }
    if (typeof value === "boolean") {
        return value ? "True" : "False";
    }
    if (Array.isArray(value)) {
        return `[${value.map(python).join(", ")}]`;
    }
    if (typeof value === "object") {
        return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`).join(", ")}}`;
    }
    return JSON.stringify(value);
}

function pythonOf(request) {
    const lines = ["import requests", ""];
    const caller = request.cookie ? "session" : "requests"; // the session has the cookies
    const headers = Object.entries(request.headers).filter(([name]) => name !== "Accept" && name !== "Content-Type");
    const value = request.body === undefined ? undefined : valueOf(request.body);
    const args = [JSON.stringify(request.method), JSON.stringify(request.url)];
    const shown = headers.map(([name, one]) => `${JSON.stringify(name)}: ${name === "X-CSRF-Token" ? CSRF_IN_PYTHON : JSON.stringify(one)}`);
    if (request.cookie) {
        lines.unshift("import http.cookiejar", "import os", "");
        lines.push("session = requests.Session()", `session.cookies = http.cookiejar.MozillaCookieJar("${JAR}")`,
            `if os.path.exists("${JAR}"):`, "    session.cookies.load(ignore_discard=True)");
        shown.push(...(request.method === "GET" ? [] : [`"Origin": ${JSON.stringify(location.origin)}`]));
    }
    if (request.body !== undefined && value === undefined) {
        shown.push(`"Content-Type": ${JSON.stringify(request.headers["Content-Type"])}`);
        args.push(`data=${JSON.stringify(request.body)}.encode()`);
    } else if (request.body !== undefined) {
        args.push(`json=${python(value)}`);
    }
    if (shown.length > 0) {
        args.push(`headers={${shown.join(", ")}}`);
    }
    lines.push(`response = ${caller}.request(\n    ${args.join(",\n    ")},\n    allow_redirects=False,\n)`);
    if (request.cookie) {
        lines.push("session.cookies.save(ignore_discard=True)");
    }
    lines.push("print(response.status_code, response.text)");
    return lines.join("\n");
}

const LANGUAGES = [["curl", curlOf], ["JavaScript", fetchOf], ["Python", pythonOf]];
let language = 0; // the chosen one, for all forms

// Returns { row, write }: the row of the form with the choice, and write(request), which returns the text of the sample.
function sampleChooser(id) {
    const select = el("select", { id }, LANGUAGES.map(([name], i) => el("option", { value: i }, name)));
    select.addEventListener("change", (event) => {
        event.stopPropagation(); // the form itself has not changed
        language = Number(select.value);
        document.dispatchEvent(new Event("language"));
    });
    document.addEventListener("language", () => (select.value = String(language)));
    const row = el("div", { class: "field language" }, el("label", { for: id }, "Language"), select);
    return { row, write: (request) => LANGUAGES[language][1](request) };
}

// SPDX-License-Identifier: Apache-2.0
// The same request as a program would send it: for curl, JavaScript and Python.
"use strict";

// Between single quotes a shell takes everything as it is, but for the quote itself.
function quoted(text) {
    return `'${text.replaceAll("'", "'\\''")}'`;
}

const JAR = "cookies.txt";

// Scripts do not see the cookies: curl keeps its own, and takes the CSRF token from there.
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

// Undefined if it is no JSON, as what was written by hand may be.
function valueOf(body) {
    try {
        return JSON.parse(body);
    } catch {
        return undefined;
    }
}

const CSRF_IN_BROWSER = 'document.cookie.match(/(?:^|; )csrf_token=([^;]*)/)[1]';

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

// JSON strings and numbers are Python's too, but for the escapes of halves of a character, which stay halves there.
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
    const caller = request.cookie ? "session" : "requests";
    const headers = Object.entries(request.headers).filter(([name]) => name !== "Accept" && name !== "Content-Type");
    const value = request.body === undefined ? undefined : valueOf(request.body);
    const args = [JSON.stringify(request.method), JSON.stringify(request.url)];
    const shown = headers.map(([name, one]) => `${JSON.stringify(name)}: ${name === "X-CSRF-Token" ? 'session.cookies["csrf_token"]' : JSON.stringify(one)}`);
    if (request.cookie) {
        lines.push("session = requests.Session()  # the one that has signed in keeps the cookies");
        shown.push(...(request.method === "GET" ? [] : [`"Origin": ${JSON.stringify(location.origin)}`]));
    }
    if (request.body !== undefined && value === undefined) {
        shown.push('"Content-Type": "application/json"');
        args.push(`data=${JSON.stringify(request.body)}.encode()`);
    } else if (request.body !== undefined) {
        args.push(`json=${python(value)}`);
    }
    if (shown.length > 0) {
        args.push(`headers={${shown.join(", ")}}`);
    }
    lines.push(`response = ${caller}.request(\n    ${args.join(",\n    ")},\n    allow_redirects=False,\n)`, "print(response.status_code, response.text)");
    return lines.join("\n");
}

const LANGUAGES = [["curl", curlOf], ["JavaScript", fetchOf], ["Python", pythonOf]];
let language = 0; // of all forms at once

// { row, write(request) -> text }
function sampleChooser(id) {
    const select = el("select", { id }, LANGUAGES.map(([name], i) => el("option", { value: i }, name)));
    select.addEventListener("change", (event) => {
        event.stopPropagation(); // no change of the form
        language = Number(select.value);
        document.dispatchEvent(new Event("language"));
    });
    document.addEventListener("language", () => (select.value = String(language)));
    const row = el("div", { class: "field language" }, el("label", { for: id }, "Language"), select);
    return { row, write: (request) => LANGUAGES[language][1](request) };
}

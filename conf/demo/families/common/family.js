// SPDX-License-Identifier: Apache-2.0
// What the pages of all families share: requests with a bearer token, forms, and who is signed in. The access token is in this module's
// memory only, so it ends with the page.
const byId = (id) => document.getElementById(id);
let token = null;

export { byId };
export const keepToken = (value) => { token = value; };
export const hasToken = () => token !== null;

// Returns {status, body, wait}. The body is {} if the answer has no JSON; the status is 0 if there was no answer; wait is the number of seconds
// that Retry-After tells, or 0.
export async function call(method, path, json, headers = {}) {
    const init = { method, headers: { ...headers } };
    if (token !== null) {
        init.headers.Authorization = `Bearer ${token}`;
    }
    if (json !== undefined) {
        init.headers["Content-Type"] = "application/json";
        init.body = JSON.stringify(json);
    }
    try {
        const answer = await fetch(path, init);
        const body = await answer.json().catch(() => ({}));
        return { status: answer.status, body, wait: Number(answer.headers.get("Retry-After")) || 0 };
    } catch {
        return { status: 0, body: {}, wait: 0 };
    }
}

// The sentence of an error in the shape of any family, or of FastAPI.
export function explain({ status, body }) {
    if (status === 0) {
        return "The server does not answer.";
    }
    const detail = body.detail;
    if (Array.isArray(detail)) {
        return detail.map((one) => `${one.loc.at(-1)}: ${one.msg}`).join(" ");
    }
    if (detail && typeof detail === "object") {
        return (detail.errors || []).map((one) => `${one.field}: ${one.detail}`).join(" ") || detail.message;
    }
    return detail || `The server answered with status ${status}.`;
}

export const succeeded = ({ status }) => status >= 200 && status < 300;

// Calls work(fields, button) when the form is sent, one at a time. What work returns, or throws as an Error, is shown in the form's alert.
export function onSubmit(form, work) {
    const alert = form.querySelector("[role=alert]");
    let busy = false;
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (busy) {
            return;
        }
        busy = true;
        alert.textContent = "";
        try {
            alert.textContent = (await work(Object.fromEntries(new FormData(form)), event.submitter)) || "";
        } finally {
            busy = false;
        }
    });
}

// Shows the part of the page for people who are signed in (a list of role names and a name), or the other one.
export function show(person) {
    byId("view-out").hidden = person !== null;
    byId("view-in").hidden = person === null;
    byId("who").textContent = person === null ? "You are signed out." : `You are signed in as ${person.name}.`;
    for (const part of document.querySelectorAll("[data-for]")) {
        part.hidden = person === null || !part.dataset.for.split(" ").some((role) => person.roles.includes(role));
    }
}

export function addLine(list, text) {
    const line = document.createElement("li");
    line.textContent = text;
    list.append(line);
}

// SPDX-License-Identifier: Apache-2.0
import { byId, explain, keepToken, onSubmit, show, succeeded } from "/common/family.js";
import { authed, csrf, renew } from "/session.js";

async function showMe() {
    const me = await authed("GET", "/auth/me");
    show(succeeded(me) ? { name: `${me.body.username || "an account without a user name"} (${me.body.role})`, roles: [me.body.role] } : null);
    return succeeded(me) ? "" : explain(me);
}

onSubmit(byId("form-sign-in"), async ({ login, password }, button) => {
    const fields = login.includes("@") ? { email: login, password } : { username: login, password };
    if (button === byId("sign-up")) {
        const made = await authed("POST", "/auth/register", fields);
        if (!succeeded(made)) {
            return explain(made);
        }
    }
    const answer = await authed("POST", "/auth/login", fields);
    if (!succeeded(answer)) {
        return explain(answer);
    }
    keepToken(answer.body.access_token);
    byId("form-sign-in").reset();
    return showMe();
});

onSubmit(byId("form-sign-out"), async () => {
    const ended = await authed("POST", "/auth/logout", undefined, csrf());
    if (!succeeded(ended) && ended.status !== 401) {
        return explain(ended);
    }
    keepToken(null);
    for (const result of document.querySelectorAll(".result")) {
        result.textContent = "";
    }
    show(null);
    byId("login").focus();
    return "";
});

// Sends the form to the app and shows what it says at the id.
function connect(form, id, send, read) {
    onSubmit(byId(form), async (fields, button) => {
        byId(id).textContent = "";
        const answer = await send(fields, button);
        if (!succeeded(answer)) {
            return explain(answer);
        }
        byId(id).textContent = read(answer.body);
        return "";
    });
}

connect("form-query", "answer", ({ query }) => authed("POST", "/rag/rag_query", { query }), (body) => body.answer);
connect("form-generate", "text", ({ prompt }) => authed("POST", "/llm/generate", { prompt }), (body) => body.text);
connect("form-add", "added", ({ text }) => authed("POST", "/rag/add_document", { text }), (body) => `Document ${body.id} of ${body.documents}.`);
connect("form-look", "seen", (fields, button) => authed("GET", button.value), (body) => body.message || `${body.status}, ${body.documents} documents`);

if (await renew()) {
    await showMe();
} else {
    show(null);
}

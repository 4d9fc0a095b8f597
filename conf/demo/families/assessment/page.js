// SPDX-License-Identifier: Apache-2.0
import { addLine, byId, call, explain, keepToken, onSubmit, show, succeeded } from "/common/family.js";
import { closeChat, cookieSignIn, cookieSignOut } from "/chat.js";

const AUTH = "/api/v1/auth";

onSubmit(byId("form-sign-in"), async ({ door, email, password }, button) => {
    if (button === byId("sign-up")) {
        const made = await call("POST", `${AUTH}/${door}/register`, { email, password });
        if (!succeeded(made)) {
            return explain(made);
        }
    }
    const answer = await call("POST", `${AUTH}/${door}/login`, { email, password });
    if (!succeeded(answer)) {
        return explain(answer);
    }
    if (door === "candidate") {
        await cookieSignIn(email, password);
    }
    keepToken(answer.body.access_token);
    const me = await call("GET", `${AUTH}/me`);
    if (!succeeded(me)) {
        return explain(me);
    }
    byId("form-sign-in").reset();
    show({ name: `${me.body.name || me.body.email} (${me.body.role})`, roles: me.body.roles });
    return "";
});

onSubmit(byId("form-sign-out"), async () => {
    const ended = await call("POST", `${AUTH}/logout`);
    if (!succeeded(ended) && ended.status !== 401) {
        return explain(ended);
    }
    keepToken(null);
    closeChat();
    await cookieSignOut();
    for (const list of document.querySelectorAll(".log, .result")) {
        list.replaceChildren();
    }
    show(null);
    byId("email").focus();
    return "";
});

// --- candidates ---------------------------------------------------------------------------------
onSubmit(byId("form-session"), async () => {
    const session = await call("POST", "/api/v1/candidate/session", {});
    byId("questions").replaceChildren();
    for (const question of session.body.questions || []) {
        addLine(byId("questions"), question);
    }
    return succeeded(session) ? "" : explain(session);
});

onSubmit(byId("form-prompt"), async ({ prompt }) => {
    const answer = await call("POST", "/api/v1/candidate/llm-prompt", { prompt });
    byId("hint").textContent = answer.body.response || "";
    return succeeded(answer) ? "" : explain(answer);
});

// --- recruiters ---------------------------------------------------------------------------------
onSubmit(byId("form-template"), async ({ title, text }) => {
    const questions = text.split("\n").map((line) => line.trim()).filter(Boolean);
    const made = await call("POST", "/api/v1/recruiter/test-template", { title, questions });
    byId("template").textContent = succeeded(made) ? `Test ${made.body.id} has ${made.body.questions.length} questions.` : "";
    return succeeded(made) ? "" : explain(made);
});

onSubmit(byId("form-results"), async () => {
    const answer = await call("GET", "/api/v1/recruiter/results");
    byId("results").replaceChildren();
    for (const one of answer.body.items || []) {
        addLine(byId("results"), `${one.candidate}: ${one.title}, ${one.prompts} hints, ${one.messages} messages`);
    }
    if (succeeded(answer) && answer.body.items.length === 0) {
        addLine(byId("results"), "Nobody has started a test.");
    }
    return succeeded(answer) ? "" : explain(answer);
});

show(null);

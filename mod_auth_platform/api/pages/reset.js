// SPDX-License-Identifier: Apache-2.0
// The page reset-password: with a link of a mail a new password is set. Without one, or with one that does not work any more, the page sends
// such a mail.
"use strict";

let token = "";

// What the answer has against a field, or undefined.
function findingOf(answer, field) {
    return Array.isArray(answer.data?.errors) ? answer.data.errors.find((one) => one.field === field) : undefined;
}

const PASSWORD_MIN = Number(document.documentElement.dataset.passwordMin); // characters
const PASSWORD_MOST = 72; // bytes of UTF-8

// Why the server has refused a new password. Its own sentence is English.
function wordsAbout(password, finding) {
    if (finding.code === "too_common") {
        return say("code_too_common");
    }
    if (Array.from(password).length < PASSWORD_MIN) {
        return say("passwordShort", { min: PASSWORD_MIN });
    }
    if (new TextEncoder().encode(password).length > PASSWORD_MOST) {
        return say("passwordLong");
    }
    return say("newPasswordBad", { detail: finding.detail });
}

function showAsk(kind) {
    byId("ask-title").textContent = say(kind === "bad" ? "badTitle" : "askTitle");
    byId("ask-why").textContent = say(kind === "bad" ? "askBad" : "askText");
    showView("ask");
}

async function setPassword(password) {
    const field = byId("new-password");
    const answer = await callPatiently("POST", "password/reset", { token, new_password: password });
    const finding = findingOf(answer, "new_password");
    tell("");
    if (answer.ok) {
        token = "";
        reveal(document.querySelector("[aria-controls=new-password]"), false); // else the browser does not offer to save the password
        showView("done");
    } else if (finding) {
        setFieldError(field, wordsAbout(password, finding));
    } else if (answer.code === "link_invalid" || findingOf(answer, "token")) {
        token = "";
        showAsk("bad");
    } else {
        byId("form-choose").querySelector(".alert").textContent = explain(answer);
    }
}

async function askForLink(email) {
    const answer = await callPatiently("POST", "password/forgot", { email });
    tell("");
    if (answer.ok) {
        byId("sent-text").textContent = say("sentText", { email });
        showView("sent");
    } else if (findingOf(answer, "email")) {
        setFieldError(byId("email"), say("emailBad"));
    } else {
        byId("form-ask").querySelector(".alert").textContent = explain(answer);
    }
}

function begin() {
    token = takeToken();
    if (token === "") {
        showAsk("empty");
        return;
    }
    byId("new-password").value = "";
    showView("choose");
    byId("new-password").focus();
}

startPage();
byId("new-password-hint").textContent = say("passwordHint", { min: PASSWORD_MIN });
linkOn(byId("sign-in"), false, "");
connectForm(byId("form-choose"), byId("new-password"), "passwordMissing", setPassword);
connectForm(byId("form-ask"), byId("email"), "emailMissing", askForLink);
// A link that is opened in the tab of this page changes only the fragment.
window.addEventListener("hashchange", () => {
    if (location.hash !== "") {
        begin();
    }
});
begin();

// SPDX-License-Identifier: Apache-2.0
// The page verify-email: a link of a mail proves an address. The route wants the session of the account, or its password.
"use strict";

let token = "";
let signedIn = null; // the user of the session of this browser
let round = 0; // changes when another link is opened in the same page: answers about the one before are dropped

function nameOf(user) {
    return user.email || user.username || user.name;
}

// The user of the session, or null. Renews an access token that has expired.
async function whoAmI() {
    if (readCookie("csrf_token") === "") {
        return null;
    }
    let answer = await callPatiently("GET", "me");
    if (answer.status === 401 && (await callPatiently("POST", "refresh")).ok) {
        answer = await callPatiently("GET", "me");
    }
    return answer.ok ? answer.data : null;
}

function showFailed(answer) {
    showView("failed");
    byId("view-failed").querySelector(".alert").textContent = explain(answer);
}

function showDone(user) {
    token = "";
    const changed = signedIn && signedIn.email && signedIn.id === user.id && signedIn.email !== user.email;
    byId("done-text").textContent = changed ? say("doneChanged", { email: user.email, old: signedIn.email }) : say("doneText", { email: user.email });
    linkOn(byId("go-on"), Boolean(signedIn), "");
    showView("done");
}

// Says what is wrong with the link, and how to get another one. `kind` is the first part of the names of the sentences.
function showAgain(kind) {
    const proven = signedIn && signedIn.email_verified;
    byId("again-title").textContent = say(`${kind}Title`);
    byId("again-why").textContent = say(`${kind}Text`);
    byId("again-how").textContent = proven ? say("provenAlready") : signedIn ? say("againSignedIn", { who: nameOf(signedIn) }) : say("againSignedOut");
    byId("view-again").querySelector(".alert").textContent = "";
    byId("send").hidden = !signedIn || proven;
    byId("sign-in").hidden = Boolean(signedIn);
    byId("again-reset").hidden = Boolean(signedIn);
    showView("again");
}

function askPassword() {
    byId("password").value = "";
    byId("password-why").textContent = signedIn ? say("passwordOther", { who: nameOf(signedIn) }) : say("passwordWhy");
    showView("password");
    byId("password").focus();
}

// What all answers but 200 and 401 mean, whether a password was sent or not.
function showRefusal(answer) {
    if (answer.code === "link_invalid") {
        showAgain("bad");
    } else if (answer.code === "email_taken") {
        showAgain("taken");
    } else if (answer.code === "validation_failed") { // the fragment was no token
        showAgain("bad");
    } else {
        showFailed(answer);
    }
}

async function begin() {
    const mine = ++round;
    token = takeToken() || token;
    showView("wait");
    signedIn = await whoAmI();
    const answer = token === "" ? null : await callPatiently("POST", "email/verify", { token });
    if (mine !== round) {
        return;
    }
    if (answer === null) {
        showAgain("empty");
    } else if (answer.ok) {
        showDone(answer.data);
    } else if (answer.status === 401) {
        askPassword();
    } else {
        showRefusal(answer);
    }
}

async function verifyByPassword(password) {
    const form = byId("form-password");
    const answer = await callPatiently("POST", "email/verify", { token, password });
    tell("");
    if (answer.ok) {
        showDone(answer.data);
    } else if (answer.status === 401 || answer.code === "invalid_credentials") {
        setFieldError(byId("password"), say("passwordWrong"));
    } else if (isBusy(answer) || answer.status === 0) {
        form.querySelector(".alert").textContent = explain(answer);
    } else {
        showRefusal(answer);
    }
}

async function sendAgain() {
    const alert = byId("view-again").querySelector(".alert");
    alert.textContent = "";
    tell(say("moment"));
    const answer = await callPatiently("POST", "email/verify/send");
    tell("");
    if (answer.status === 401) {
        signedIn = null;
        showAgain("empty");
    } else if (!answer.ok) {
        alert.textContent = explain(answer);
    } else {
        tell(say(answer.status === 204 ? "provenAlready" : "sentTo"));
    }
}

startPage();
linkOn(byId("sign-in"), false, location.pathname);
connectForm(byId("form-password"), byId("password"), "passwordMissing", verifyByPassword);
byId("send").addEventListener("click", onceAtATime(byId("send"), sendAgain));
byId("try-again").addEventListener("click", begin);
// A link that is opened in the tab of this page changes only the fragment.
window.addEventListener("hashchange", () => {
    if (location.hash !== "") {
        begin();
    }
});
begin();

// SPDX-License-Identifier: Apache-2.0
// The sign-in page: one of its views is shown (sign in, sign in as a recruiter, create an account, forgotten password, mail sent, already
// signed in).
import { explainReturn, showProviders } from "./providers.js";
import { callPatiently, explain, maySignedIn, onceAtATime, roleList, safeReturnTo, signOut, whoAmI } from "./session.js";
import { noteUnconfirmed } from "./unconfirmed.js";

const query = new URLSearchParams(location.search);
const asked = safeReturnTo(query.get("return_to"));
const target = asked.startsWith(location.pathname) ? "/" : asked;
const status = document.getElementById("status");
const site = document.getElementById("site"); // `make install` leaves it empty: then the page shows the host's name
site.textContent = site.textContent || location.hostname;
const views = {
    "sign-in": document.getElementById("view-sign-in"),
    "sign-up": document.getElementById("view-sign-up"),
    recruiter: document.getElementById("view-recruiter"),
    forgot: document.getElementById("view-forgot"),
    sent: document.getElementById("view-sent"),
    "signed-in": document.getElementById("view-signed-in"),
};

function showView(name, moveFocus) {
    for (const [key, view] of Object.entries(views)) {
        view.hidden = key !== name;
    }
    const heading = views[name].querySelector("h1");
    document.title = `${heading.textContent} · ${site.textContent}`;
    status.textContent = "";
    if (moveFocus) {
        heading.focus();
    }
}

function errorOf(field) {
    return document.getElementById(`${field.id}-error`);
}

function setFieldError(field, message) {
    errorOf(field).textContent = message;
    if (message) {
        field.setAttribute("aria-invalid", "true");
    } else {
        field.removeAttribute("aria-invalid");
    }
}

function fieldsOf(form) {
    return Array.from(form.elements).filter((element) => element.tagName === "INPUT");
}

function clearErrors(form) {
    fieldsOf(form).forEach((field) => setFieldError(field, ""));
    form.querySelector(".alert").textContent = "";
}

function focusFirstError(form) {
    const first = fieldsOf(form).find((field) => field.getAttribute("aria-invalid") === "true");
    if (first) {
        first.focus();
    }
}

// Checks only that fields are filled in. The server checks all the rest, and explains it.
function checkFilledIn(form) {
    const messages = { email: "Enter your e-mail address.", password: "Enter your password." };
    for (const field of fieldsOf(form)) {
        if (messages[field.name] && field.value.trim() === "") {
            setFieldError(field, messages[field.name]);
        }
    }
    focusFirstError(form);
    return form.querySelector("[aria-invalid]") === null;
}

// The errors of an answer, each with its field. For some codes the server names no field, but the error belongs to one.
function asFieldErrors(answer) {
    const problem = answer.data || {};
    if (problem.code === "email_taken") {
        return [{ field: "email", detail: "This e-mail address already has an account. Sign in with it instead." }];
    }
    if (problem.code === "invalid_credentials") {
        return [{ field: "password", detail: "The e-mail address or the password is wrong." }];
    }
    if (problem.code === "invite_invalid") {
        return [{ field: "invite_code", detail: "This invite is for another address, or it was used, revoked or has expired." }];
    }
    return Array.isArray(problem.errors) ? problem.errors : [];
}

function showProblem(form, answer) {
    const rest = [];
    for (const error of asFieldErrors(answer)) {
        const field = fieldsOf(form).find((one) => one.name === error.field);
        if (field) {
            setFieldError(field, error.detail || error.code);
        } else {
            rest.push(`${error.field}: ${error.detail || error.code}`);
        }
    }
    if (form.querySelector("[aria-invalid]") === null || rest.length > 0) {
        form.querySelector(".alert").textContent = [explain(answer), ...rest].join(" ");
    }
    if (answer.data?.code === "email_unverified") {
        form.querySelector(".alert").append(" ", wayToForgot());
    }
    focusFirstError(form);
}

// A button for a person who cannot sign in before the address is confirmed. A new password by mail confirms it, too.
function wayToForgot() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.dataset.switch = "forgot";
    button.textContent = "Choose a new password by mail";
    connectSwitch(button);
    return button;
}

function bodyOf(form) {
    const body = {};
    for (const field of fieldsOf(form)) {
        const value = field.name === "password" ? field.value : field.value.trim(); // a password may begin with a blank
        if (field.required || value !== "") {
            body[field.name] = value;
        }
    }
    return body;
}

function showPassword(button, shown) {
    document.getElementById(button.getAttribute("aria-controls")).type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", `${button.textContent} password`);
}

// The server answers the same whether the address has an account or not. The form to sign in gets the address.
function showSent(formId, email) {
    document.getElementById("sent").textContent =
        formId === "form-forgot"
            ? `If there is an account with the address ${email}, a mail with a link is on its way. The link works for 30 minutes.`
            : `A mail to ${email} is on its way. Open the link in it to confirm the address. After that you can sign in.`;
    views["sign-in"].querySelector("input[name=email]").value = email;
    showView("sent", true);
}

// Makes a form send its fields. routeFor(body) returns the route.
function connect(formId, routeFor) {
    const form = document.getElementById(formId);
    const button = form.querySelector("button[type='submit']");
    async function send() {
        clearErrors(form);
        if (!checkFilledIn(form)) {
            return;
        }
        status.textContent = "One moment…";
        const body = bodyOf(form);
        const answer = await callPatiently("POST", routeFor(body), body, (text) => {
            status.textContent = text;
        });
        status.textContent = "";
        if (!answer.ok) {
            showProblem(form, answer);
            return;
        }
        form.querySelectorAll(".reveal").forEach((one) => showPassword(one, false)); // else the browser does not offer to save the password
        if (answer.status === 202) {
            showSent(formId, body.email);
            return;
        }
        if (!maySignedIn()) {
            form.querySelector(".alert").textContent =
                "The server accepted this, but your browser did not keep its cookies. Allow cookies for this site; " +
                "for plain http:// the server needs SECURE_COOKIES=false.";
            return;
        }
        status.textContent = "You are signed in.";
        location.assign(target);
    }
    form.addEventListener("submit", onceAtATime(button, send));
    for (const field of fieldsOf(form)) {
        field.addEventListener("input", () => setFieldError(field, ""));
    }
}

function connectReveal(button) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    button.hidden = false;
    button.addEventListener("click", () => showPassword(button, field.type === "password"));
}

// Copies the typed e-mail address into the other view when the view changes.
function connectSwitch(button) {
    const email = (view) => view.querySelector("input[name=email]");
    const to = button.dataset.switch;
    button.addEventListener("click", () => {
        const typed = email(button.closest("section"))?.value;
        if (typed) {
            email(views[to]).value = typed;
        }
        showView(to, true);
    });
}

function showSignedIn(user) {
    const person = document.getElementById("person");
    const name = document.createElement("strong");
    name.textContent = user.name || user.email;
    person.replaceChildren("You are ", name, " ", roleList(user));
    noteUnconfirmed(person, user);
    const go = document.getElementById("continue");
    go.href = target;
    go.textContent = target === "/" ? "Continue to the front page" : `Continue to ${target}`;
    showView("signed-in", false);
}

function connectSignedIn() {
    const out = document.getElementById("sign-out");
    const leave = async () => {
        const { done, answer } = await signOut();
        views["signed-in"].querySelector(".alert").textContent = done ? "" : explain(answer);
        if (done) {
            showView("sign-in", true);
            status.textContent = "You are signed out.";
        }
    };
    out.addEventListener("click", onceAtATime(out, leave));
    document.getElementById("other-account").addEventListener("click", () => showView("sign-in", true));
}

connect("form-sign-in", () => "/login");
connect("form-recruiter", () => "/login/recruiter");
connect("form-sign-up", (body) => (body.invite_code ? "/register/recruiter" : "/register"));
connect("form-forgot", () => "/password/forgot");
connectSignedIn();
document.querySelectorAll(".reveal").forEach(connectReveal);
document.querySelectorAll("[data-switch]").forEach(connectSwitch);
if (target !== "/") {
    document.querySelectorAll(".destination").forEach((note) => {
        note.textContent = `You will continue to ${target} afterwards.`;
    });
}
const returned = explainReturn(query);
if (returned) {
    // The address without the error, so that a reload does not show it again.
    const first = query.get("error") === "recruiter_pending" ? "recruiter" : "sign-in";
    query.delete("error");
    history.replaceState(null, "", `${location.pathname}?${query}`);
    showView(first, false);
    views[first].querySelector(".alert").textContent = returned;
} else {
    showView(["#sign-up", "#recruiter", "#forgot"].includes(location.hash) ? location.hash.slice(1) : "sign-in", false);
}

const [who] = await Promise.all([whoAmI(), showProviders(target)]);
const typing = document.querySelector("input:focus") !== null;
// True if the browser comes from a refused page, by its link "Sign in as somebody else".
const refused = target !== "/" && document.referrer === location.origin + target;
if (who.user && !typing && !refused && !returned) {
    showSignedIn(who.user);
} else if (who.problem && !returned) {
    document.querySelector("#form-sign-in .alert").textContent = explain(who.problem);
}

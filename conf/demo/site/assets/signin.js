// SPDX-License-Identifier: Apache-2.0
// The sign-in page: three views (sign in, create an account, already signed in), one of them shown.
import { call, explain, maySignedIn, onceAtATime, roleList, safeReturnTo, signOut, whoAmI } from "./session.js";

const asked = safeReturnTo(new URLSearchParams(location.search).get("return_to"));
const target = asked.startsWith(location.pathname) ? "/" : asked;
const status = document.getElementById("status");
const views = {
    "sign-in": document.getElementById("view-sign-in"),
    "sign-up": document.getElementById("view-sign-up"),
    "signed-in": document.getElementById("view-signed-in"),
};

function showView(name, moveFocus) {
    for (const [key, view] of Object.entries(views)) {
        view.hidden = key !== name;
    }
    const heading = views[name].querySelector("h1");
    document.title = `${heading.textContent} · mod_auth_platform demo`;
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

// Only what the server could not say better: its rules are the ones that count.
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

// Answers that belong to one field although the server names none.
function asFieldErrors(answer) {
    const problem = answer.data || {};
    if (problem.code === "email_taken") {
        return [{ field: "email", detail: "This e-mail address already has an account. Sign in with it instead." }];
    }
    if (problem.code === "invalid_credentials") {
        return [{ field: "password", detail: "The e-mail address or the password is not right." }];
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
    focusFirstError(form);
}

function bodyOf(form) {
    const body = {};
    for (const field of fieldsOf(form)) {
        const value = field.type === "email" ? field.value.trim() : field.value;
        if (field.name !== "name" || value.trim() !== "") {
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

function connect(formId, route) {
    const form = document.getElementById(formId);
    const button = form.querySelector("button[type='submit']");
    async function send() {
        clearErrors(form);
        if (!checkFilledIn(form)) {
            return;
        }
        status.textContent = "One moment…";
        const answer = await call("POST", route, bodyOf(form));
        status.textContent = "";
        if (!answer.ok) {
            showProblem(form, answer);
            return;
        }
        if (!maySignedIn()) {
            form.querySelector(".alert").textContent =
                "The server accepted this, but your browser did not keep its cookies. Allow cookies for this site; " +
                "for plain http:// the server needs SECURE_COOKIES=false.";
            return;
        }
        form.querySelectorAll(".reveal").forEach((one) => showPassword(one, false)); // so that the browser offers to save it as a password
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

// What was typed as e-mail address goes along when the view changes.
function connectSwitch(button) {
    const [from, to] = button.dataset.switch === "sign-up" ? ["in", "up"] : ["up", "in"];
    button.addEventListener("click", () => {
        const typed = document.getElementById(`${from}-email`).value;
        if (typed) {
            document.getElementById(`${to}-email`).value = typed;
        }
        showView(button.dataset.switch, true);
    });
}

function showSignedIn(user) {
    const person = document.getElementById("person");
    const name = document.createElement("strong");
    name.textContent = user.name || user.email;
    person.replaceChildren("You are ", name, " ", roleList(user.roles));
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

connect("form-sign-in", "/login");
connect("form-sign-up", "/register");
connectSignedIn();
document.querySelectorAll(".reveal").forEach(connectReveal);
document.querySelectorAll("[data-switch]").forEach(connectSwitch);
if (target !== "/") {
    document.querySelectorAll(".destination").forEach((note) => {
        note.textContent = `You will continue to ${target} afterwards.`;
    });
}
showView(location.hash === "#sign-up" ? "sign-up" : "sign-in", false);

const who = await whoAmI();
const typing = document.querySelector("input:focus") !== null;
if (who.user && !typing) {
    showSignedIn(who.user);
} else if (who.problem) {
    document.querySelector("#form-sign-in .alert").textContent = explain(who.problem);
}

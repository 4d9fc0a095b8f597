// SPDX-License-Identifier: Apache-2.0
// What both pages use: the sentences of the reader's language, views of which one is shown, and calls of the routes of the same mount.
// The token of a link is only in variables of the page. A reload drops it.
"use strict";

// The first language of the browser's list that has sentences, else English.
function chooseLanguage() {
    const known = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
    return known.find((tag) => Object.hasOwn(TEXTS, tag)) || "en";
}

const language = chooseLanguage();

function say(key, values = {}) {
    return TEXTS[language][key].replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(values, name) ? String(values[name]) : all));
}

function byId(id) {
    return document.getElementById(id);
}

// --- views -------------------------------------------------------------------------------------
function tell(text) {
    byId("status").textContent = text;
}

// Shows one view. A screen reader then reads its heading.
function showView(name) {
    for (const view of document.querySelectorAll("main > section")) {
        view.hidden = view.id !== `view-${name}`;
    }
    const heading = byId(`view-${name}`).querySelector("h1");
    document.title = `${heading.textContent} · ${location.hostname}`;
    tell("");
    heading.focus();
}

// The link leads to the host's sign-in page, and from there to the path `back` unless that is "". If the host has no sign-in page, or if
// somebody is signed in, it leads to the front page.
function linkOn(link, signedIn, back) {
    const place = signedIn ? "" : document.documentElement.dataset.signIn;
    link.href = place ? place + (back ? `?${new URLSearchParams({ return_to: back })}` : "") : "/";
    link.textContent = say(place ? "signIn" : "startPage");
}

function reveal(button, shown) {
    byId(button.getAttribute("aria-controls")).type = shown ? "text" : "password";
    button.textContent = say(shown ? "hide" : "show");
    button.setAttribute("aria-label", say(shown ? "hidePassword" : "showPassword"));
}

function startPage() {
    document.documentElement.lang = language;
    byId("site").textContent = location.hostname;
    for (const element of document.querySelectorAll("[data-text]")) {
        element.textContent = say(element.dataset.text);
    }
    for (const button of document.querySelectorAll(".reveal")) {
        reveal(button, false);
        button.addEventListener("click", () => reveal(button, byId(button.getAttribute("aria-controls")).type === "password"));
    }
}

// Returns the token of the link, "" if there is none, and removes it from the address and from the history of the browser.
function takeToken() {
    const token = location.hash.slice(1);
    if (location.hash !== "" || location.href.endsWith("#")) {
        history.replaceState(null, "", location.pathname + location.search);
    }
    return token;
}

// --- requests ----------------------------------------------------------------------------------
function readCookie(name) {
    const start = `${name}=`;
    const found = document.cookie.split("; ").find((part) => part.startsWith(start));
    return found ? found.slice(start.length) : "";
}

// Seconds of a Retry-After header, which holds either a number or a date; 0 if there is none.
function retryAfter(response) {
    const text = response.headers.get("Retry-After") || "";
    if (/^\d+$/.test(text)) {
        return Number(text);
    }
    const at = Date.parse(text);
    return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

// Calls a route of the mount of this page, with the cookies of the session if there is one. Never throws. Returns
// {ok, status, data, code, wait}, with status 0 if no answer came.
async function call(method, route, body) {
    const headers = { Accept: "application/json", "X-Token-Delivery": "cookie" };
    const options = { method, headers, credentials: "same-origin", cache: "no-store", referrerPolicy: "no-referrer" };
    if (method !== "GET") {
        headers["Content-Type"] = "application/json";
        headers["X-CSRF-Token"] = readCookie("csrf_token");
        options.body = JSON.stringify(body || {});
    }
    try {
        const response = await fetch(route, options);
        const data = await response.json().catch(() => null);
        return { ok: response.ok, status: response.status, data, code: data?.code || "", wait: retryAfter(response) };
    } catch {
        return { ok: false, status: 0, data: null, code: "unreachable", wait: 0 };
    }
}

const TRIES_MOST = 3;
const WAIT_MOST = 60; // seconds; after a longer pause the person has to try again

function isBusy(answer) {
    return (answer.status === 429 || answer.status === 503) && answer.code !== "mail_unavailable";
}

// Like call(), and repeats the request up to three times if the server is too busy (429 or 503 with Retry-After). It waits for
// that time before each try, and says so.
async function callPatiently(method, route, body) {
    for (let tries = 1; ; tries++) {
        const answer = await call(method, route, body);
        if (!isBusy(answer) || tries > TRIES_MOST || answer.wait <= 0 || answer.wait > WAIT_MOST) {
            return answer;
        }
        tell(say("waiting", { why: wordsFor(answer), time: duration(answer.wait), tries, most: TRIES_MOST }));
        // A random part is added, so that many clients that were refused together do not come back together.
        await new Promise((done) => setTimeout(done, answer.wait * 1000 + Math.random() * 500));
        tell(say("trying"));
    }
}

function duration(seconds) {
    if (seconds <= 1) {
        return say("aMoment");
    }
    return seconds < 90 ? say("seconds", { count: seconds }) : say("minutes", { count: Math.ceil(seconds / 60) });
}

// A sentence about a failed request. For a code without a sentence of its own it is the server's, which is English.
function wordsFor(answer) {
    const key = `code_${answer.code}`;
    if (Object.hasOwn(TEXTS[language], key)) {
        return say(key);
    }
    return answer.data?.detail || answer.data?.title || say("status", { status: answer.status });
}

function explain(answer) {
    return isBusy(answer) ? say("later", { why: wordsFor(answer), time: duration(answer.wait) }) : wordsFor(answer);
}

// --- forms -------------------------------------------------------------------------------------
function setFieldError(field, message) {
    byId(`${field.id}-error`).textContent = message;
    if (message) {
        field.setAttribute("aria-invalid", "true");
        field.focus();
    } else {
        field.removeAttribute("aria-invalid");
    }
}

// Ignores further clicks while the work runs. The button stays focusable, so that keyboard users do not lose their place.
function onceAtATime(button, work) {
    return async (event) => {
        event.preventDefault();
        if (button.getAttribute("aria-disabled") === "true") {
            return;
        }
        button.setAttribute("aria-disabled", "true");
        try {
            await work();
        } finally {
            button.removeAttribute("aria-disabled");
        }
    };
}

// Makes a form with one field call work(value). An empty field is not sent: `missing` is the key of the sentence about it.
function connectForm(form, field, missing, work) {
    const alert = form.querySelector(".alert");
    async function send() {
        alert.textContent = "";
        setFieldError(field, "");
        const value = field.type === "email" ? field.value.trim() : field.value; // a password may begin with a blank
        if (value === "") {
            setFieldError(field, say(missing));
            return;
        }
        tell(say("moment"));
        await work(value);
    }
    form.addEventListener("submit", onceAtATime(form.querySelector("[type=submit]"), send));
    field.addEventListener("input", () => setFieldError(field, ""));
}

// SPDX-License-Identifier: Apache-2.0
// Who is signed in on this page. Tokens stay in these variables: no storage, no URL; a reload forgets them.
"use strict";

const session = { way: "bearer", access: "", refresh: "", name: "" };

const ABOUT_WAY = {
    bearer: "Sign up or in below: the tokens of the answer are kept in this page's memory, until it is reloaded, and go along as Authorization: Bearer.",
    cookie: "The browser keeps the tokens in cookies that scripts cannot read. Requests that change something carry the csrf_token cookie's value as X-CSRF-Token.",
};

function csrfToken() {
    const found = document.cookie.split("; ").find((one) => one.startsWith("csrf_token="));
    return found ? found.slice("csrf_token=".length) : "";
}

// Forms that take a refresh token get the one we have.
function fillRefreshTokens() {
    for (const input of document.querySelectorAll("input[data-member=refresh_token]")) {
        if (session.way === "cookie") {
            input.value = "";
        } else if (session.refresh) {
            input.value = session.refresh;
        }
    }
}

function showSession() {
    const cookie = session.way === "cookie";
    const signedIn = cookie ? csrfToken() !== "" : session.access !== "";
    const who = document.getElementById("who");
    who.textContent = signedIn ? session.name || "a token" : "signed out";
    who.classList.toggle("on", signedIn);
    document.getElementById("token").value = session.access;
    document.getElementById("token-part").hidden = cookie;
    document.getElementById("way-about").textContent = ABOUT_WAY[session.way];
}

function forget() {
    session.access = "";
    session.refresh = "";
    session.name = "";
    showSession();
}

// Takes what an answer says about who is signed in.
function learn(route, answer) {
    const data = answer.data || {};
    if (typeof data.access_token === "string") {
        session.access = session.way === "cookie" ? "" : data.access_token;
        session.refresh = session.way === "cookie" ? "" : data.refresh_token || "";
        session.name = (data.user && (data.user.name || data.user.email || data.user.id)) || "";
    } else if (answer.ok && (route.id === "postLogout" || route.id === "deleteMe")) {
        forget();
    } else if (answer.ok && (route.id === "getMe" || route.id === "patchMe")) {
        session.name = data.name || data.email || data.id || "";
    }
    fillRefreshTokens();
    showSession();
}

// Without a way to ask for it, the mount decides: cookies, where its sign-in says that it sets them.
function wayOfMount(routes) {
    const signIns = routes.filter((route) => Object.values(route.op.responses).some((one) => (one.headers || {})["Set-Cookie"]));
    return signIns.length > 0 && !signIns.some((route) => takesHeader(route, "X-Token-Delivery")) ? "cookie" : "bearer";
}

function startSession(routes) {
    session.way = wayOfMount(routes);
    for (const choice of document.querySelectorAll("input[name=way]")) {
        choice.checked = choice.value === session.way;
        choice.addEventListener("change", () => {
            session.way = choice.value;
            forget();
            fillRefreshTokens();
            document.dispatchEvent(new Event("session"));
        });
    }
    const token = document.getElementById("token");
    token.addEventListener("change", () => {
        session.access = token.value.trim();
        session.refresh = "";
        session.name = "";
        showSession();
        document.dispatchEvent(new Event("session"));
    });
    document.getElementById("forget").addEventListener("click", () => {
        forget();
        document.dispatchEvent(new Event("session"));
        token.focus();
    });
    fillRefreshTokens();
    showSession();
}

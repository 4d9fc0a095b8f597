// SPDX-License-Identifier: Apache-2.0
// Who is signed in on this page. Tokens are only in these variables, not in storage or a URL. A reload drops them.
"use strict";

const session = { way: "bearer", access: "", refresh: "", name: "" };

const ABOUT_WAY = {
    bearer: "Sign up or sign in below. The page keeps the tokens of the answer in its memory until it is reloaded, and sends the access token as Authorization: Bearer.",
    cookie: "The browser keeps the tokens in cookies that scripts cannot read. In requests that change something, the page sends the value of the cookie csrf_token as X-CSRF-Token.",
};

const ABOUT_REFRESH = " The refresh token of this mount is in a cookie. The page sends it, and X-CSRF-Token, only to the routes that need them.";

function csrfToken() {
    const found = document.cookie.split("; ").find((one) => one.startsWith("csrf_token="));
    return found ? found.slice("csrf_token=".length) : "";
}

// Puts the refresh token into the forms that have a field for it.
function fillRefreshTokens() {
    for (const input of document.querySelectorAll("input[data-member=refresh_token]")) {
        if (session.way === "cookie" || (keepsRefreshCookie() && !session.refresh)) {
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
    document.getElementById("way-about").textContent = ABOUT_WAY[session.way] + (keepsRefreshCookie() ? ABOUT_REFRESH : "");
}

function forget() {
    session.access = "";
    session.refresh = "";
    session.name = "";
    showSession();
}

function nameOf(user) {
    return user.name || user.full_name || user.username || user.email || user.phone || user.id || "";
}

// What an answer says. Some profiles put it into the member `data`.
function contentOf(answer) {
    const whole = answer.data || {};
    return whole.data && typeof whole.data === "object" ? whole.data : whole;
}

// Updates the session from an answer: its tokens and the name of the user.
function learn(route, answer) {
    const data = contentOf(answer);
    if (typeof data.access_token === "string") {
        session.access = session.way === "cookie" ? "" : data.access_token;
        session.refresh = session.way === "cookie" ? "" : data.refresh_token || "";
        session.name = (data.user && nameOf(data.user)) || (route.id === "postRefresh" ? session.name : "");
    } else if (answer.ok && /^(?:post(?:Auth)?Logout|deleteMe)$/.test(route.id)) {
        forget();
    } else if (answer.ok && /^(?:get(?:Auth)?Me|patchMe)$/.test(route.id)) {
        session.name = nameOf(data.user || data);
    }
    fillRefreshTokens();
    showSession();
}

// How this mount delivers tokens at first: by cookie if its sign-in sets cookies and has no parameter X-Token-Delivery, else by bearer.
function wayOfMount(routes) {
    if (!hasAccessCookie()) {
        return "bearer";
    }
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

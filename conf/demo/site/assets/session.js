// SPDX-License-Identifier: Apache-2.0
// Functions that all pages of the demo use: calls of the account routes with cookies, and sentences about errors.

const MOUNT = "/api/auth"; // AuthPlatformMount

function readCookie(name) {
    const start = name + "=";
    const found = document.cookie.split("; ").find((part) => part.startsWith(start));
    return found ? found.slice(start.length) : "";
}

// True if the browser has the cookie that scripts may read. The server sets it for as long as the session can be renewed.
export function maySignedIn() {
    return readCookie("csrf_token") !== "";
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

// Calls an account route. Never throws. Returns {ok, status, data, wait}, with status 0 if no answer came.
export async function call(method, route, body) {
    const headers = { Accept: "application/json", "X-Token-Delivery": "cookie" };
    const options = { method, headers, credentials: "same-origin", cache: "no-store" };
    if (method !== "GET") {
        headers["Content-Type"] = "application/json";
        headers["X-CSRF-Token"] = readCookie("csrf_token");
        options.body = JSON.stringify(body || {});
    }
    try {
        const response = await fetch(MOUNT + route, options);
        const data = await response.json().catch(() => null);
        return { ok: response.ok, status: response.status, data, wait: retryAfter(response) };
    } catch {
        return { ok: false, status: 0, data: null, wait: 0 };
    }
}

const TRIES_MOST = 3;
const WAIT_MOST = 60; // seconds; after a longer pause the person has to try again

// True if the same request may succeed a little later.
function isBusy(answer) {
    return (answer.status === 429 || answer.status === 503) && answer.data?.code !== "mail_unavailable";
}

// Like call(), and repeats the request up to three times if the server is too busy (429 or 503 with Retry-After). It waits for
// that time before each try, and passes a sentence about it to `tell`.
export async function callPatiently(method, route, body, tell) {
    for (let tries = 1; ; tries++) {
        const answer = await call(method, route, body);
        if (!isBusy(answer) || tries > TRIES_MOST || answer.wait <= 0 || answer.wait > WAIT_MOST) {
            return answer;
        }
        tell(`${wordsFor(answer)} Trying again in ${duration(answer.wait)} (${tries} of ${TRIES_MOST})…`);
        // A random part is added, so that many clients that were refused together do not come back together.
        await new Promise((done) => setTimeout(done, answer.wait * 1000 + Math.random() * 500));
        tell("Trying again…");
    }
}

let renewing = null;

// Callers that need a refresh at the same time share one request.
function renew() {
    renewing ??= call("POST", "/refresh").finally(() => {
        renewing = null;
    });
    return renewing;
}

// Like call(), for a page that stays open: if the access token has expired, it is renewed and the request is repeated. A 401 means
// that the session has ended.
export async function callSignedIn(method, route, body) {
    const answer = await call(method, route, body);
    if (answer.status !== 401) {
        return answer;
    }
    const renewed = await renew();
    return renewed.ok ? call(method, route, body) : renewed;
}

// Returns {user}: the signed-in user, or null. Renews an access token that has expired. `problem` is set if the server could not say
// who it is.
export async function whoAmI() {
    if (!maySignedIn()) {
        return { user: null };
    }
    const answer = await callSignedIn("GET", "/me");
    if (answer.ok) {
        return { user: answer.data };
    }
    return answer.status === 401 ? { user: null } : { user: null, problem: answer };
}

// `done` is true if nobody is signed in now. 401 means that nobody was signed in before.
export async function signOut() {
    const answer = await call("POST", "/logout");
    return { done: answer.ok || answer.status === 401, answer };
}

function duration(seconds) {
    if (seconds <= 0) {
        return "a moment";
    }
    const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const WORDS = {
    busy: "The server is very busy.",
    store_unavailable: "Accounts cannot be reached right now.",
    rate_limited: "Too many attempts.",
    mail_unavailable: "This server sends no mail. Ask an administrator for help.",
    email_unverified:
        "Your e-mail address is not confirmed yet. Open the link in the mail that was sent to it, then sign in. Is there no such mail, or is " +
        "it too old?",
    csrf_failed: "This page no longer belongs to your session. Reload it and try again.",
    origin_denied: "The server did not accept the address of this page.",
    recruiter_pending: "Recruiter pending verification. An administrator must verify the account first, or send you an invite.",
    not_recruiter: "This account is no recruiter account. An invite makes it one.",
};

function wordsFor(answer) {
    const problem = answer.data || {};
    return WORDS[problem.code] || problem.detail || problem.title || `The server answered with status ${answer.status}.`;
}

// Returns one or two sentences for a person about a failed request.
export function explain(answer) {
    if (answer.status === 0) {
        return "The server could not be reached. Check your connection and try again.";
    }
    const text = wordsFor(answer);
    if (isBusy(answer)) {
        return `${text} Please try again in ${duration(answer.wait)}.`;
    }
    return text;
}

// Returns the text if it is a path of this site, else "/". Such a path begins with one slash, not two, and has no backslash and no control
// character, also after percent-decoding.
export function safeReturnTo(text) {
    let plain = text || "";
    try {
        plain = decodeURIComponent(plain);
    } catch {
        return "/";
    }
    for (const form of [text || "", plain]) {
        if (!/^\/(?!\/)/.test(form) || /[\\\u0000-\u001f\u007f]/.test(form)) {
            return "/";
        }
    }
    const url = new URL(text, location.origin);
    const path = url.pathname + url.search + url.hash; // the parser has turned "/.//host" into "//host"
    return url.origin === location.origin && !path.startsWith("//") ? path : "/";
}

// A list of the stored roles. It marks the role recruiter if it does not count because the account is not verified.
export function roleList(user) {
    const roles = user.roles.map((role) => (role === "recruiter" && !user.is_recruiter_verified ? "recruiter, not verified" : role));
    const list = document.createElement("ul");
    list.className = "roles";
    list.setAttribute("aria-label", "Roles");
    for (const role of roles.length ? roles : ["no role"]) {
        const item = document.createElement("li");
        item.textContent = role;
        list.append(item);
    }
    return list;
}

// Ignores further clicks while the work runs. The button stays focusable, so that keyboard users do not lose their place.
export function onceAtATime(button, work) {
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

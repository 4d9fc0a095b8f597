// SPDX-License-Identifier: Apache-2.0
// Makes a request from a filled-in form, and sends it.
"use strict";

// input: { path: {name: text}, query: {name: text}, body: text or undefined, type: of the body }
function makeRequest(route, input) {
    const path = route.path.replace(/\{(\w+)\}/g, (all, name) => encodeURIComponent(input.path[name] || all));
    const query = new URLSearchParams(Object.entries(input.query).filter(([, value]) => value !== "")).toString();
    const headers = { Accept: "application/json" };
    // A form neither reads nor sets a cookie.
    const cookie = session.way === "cookie" || (hasRefreshCookie(route) && input.type !== FORM_TYPE);
    if (input.body !== undefined) {
        headers["Content-Type"] = input.type;
    }
    if (cookie && takesHeader(route, "X-Token-Delivery")) {
        headers["X-Token-Delivery"] = "cookie";
    }
    if (session.way !== "cookie" && session.access && (route.op.security || []).some((one) => "bearer" in one)) {
        headers.Authorization = `Bearer ${session.access}`;
    }
    if (cookie && takesHeader(route, "X-CSRF-Token") && csrfToken()) {
        headers["X-CSRF-Token"] = csrfToken();
    }
    return { method: route.method, url: location.origin + path + (query ? `?${query}` : ""), headers, body: input.body, cookie };
}

function parsed(text, type) {
    if (!/[/+]json\b/.test(type)) {
        return undefined;
    }
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

// Never throws. Returns { status, ok, redirect, url, failed, ms, headers, text, data }.
async function send(request) {
    const began = performance.now();
    try {
        const response = await fetch(request.url, {
            method: request.method,
            headers: request.headers,
            body: request.body,
            credentials: request.cookie ? "same-origin" : "omit",
            redirect: "manual",
            cache: "no-store",
        });
        const text = await response.text();
        return {
            status: response.status,
            ok: response.ok,
            redirect: response.type === "opaqueredirect",
            url: request.url,
            ms: Math.round(performance.now() - began),
            headers: response.headers,
            text,
            data: parsed(text, response.headers.get("Content-Type") || ""),
        };
    } catch (error) {
        return { status: 0, ok: false, failed: String(error.message || error), ms: Math.round(performance.now() - began) };
    }
}

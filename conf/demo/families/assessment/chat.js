// SPDX-License-Identifier: Apache-2.0
// The chat. A script cannot send a bearer token when it opens a WebSocket, so the page also signs in at the platform's mount, which sets
// cookies. They count at every guarded place of this host. The guard lets a WebSocket in by cookie only from a page of this origin.
import { addLine, byId, onSubmit } from "/common/family.js";

const COOKIES = "/api/auth";
let socket = null;

// Without a bearer token, so that only the cookies count.
function post(path, json, headers) {
    return fetch(`${COOKIES}${path}`, {
        method: "POST",
        headers: { "X-Token-Delivery": "cookie", ...(json && { "Content-Type": "application/json" }), ...headers },
        body: json && JSON.stringify(json),
    }).catch(() => null);
}

function csrf() {
    const pair = document.cookie.split("; ").find((one) => one.startsWith("csrf_token="));
    return { "X-CSRF-Token": pair ? pair.slice("csrf_token=".length) : "" };
}

export const cookieSignIn = (email, password) => post("/login/candidate", { email, password });
export const cookieSignOut = () => post("/logout", undefined, csrf());

export function closeChat() {
    socket?.close();
    socket = null;
}

function hasClosed(why) {
    socket = null;
    byId("chat-line").hidden = true;
    byId("open-chat").hidden = false;
    addLine(byId("chat"), why);
}

async function open() {
    await post("/refresh", undefined, csrf()); // the access cookie may have expired
    const opening = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/candidate/ws/chat`);
    let opened = false;
    opening.addEventListener("open", () => {
        opened = true;
        byId("open-chat").hidden = true;
        byId("chat-line").hidden = false;
        byId("message").focus();
    });
    opening.addEventListener("message", ({ data }) => {
        const { from, text } = JSON.parse(data);
        addLine(byId("chat"), `${from}: ${text}`);
    });
    opening.addEventListener("close", () => {
        if (socket === opening) {
            hasClosed(opened ? "The chat has ended." : "The chat cannot be opened.");
        }
    });
    socket = opening;
}

onSubmit(byId("form-chat"), async ({ message }) => {
    if (socket === null) {
        await open();
        return "";
    }
    if (socket.readyState === WebSocket.OPEN && message.trim()) {
        addLine(byId("chat"), `you: ${message}`);
        socket.send(message);
        byId("message").value = "";
    }
    return "";
});

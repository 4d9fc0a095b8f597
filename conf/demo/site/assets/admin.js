// SPDX-License-Identifier: Apache-2.0
// The admins' page: verifies recruiters and withdraws that, makes and revokes invites. The routes check that the user is an admin.
import { callSignedIn, explain, onceAtATime } from "./session.js";

const trouble = document.getElementById("trouble");

// True if the request succeeded. Otherwise shows the reason until the next action.
function worked(answer) {
    if (answer.status === 401) {
        const link = document.createElement("a");
        link.href = document.getElementById("sign-in").href;
        link.textContent = "Sign in again";
        trouble.replaceChildren("Your session has ended. ", link, " to go on here.");
    } else if (!answer.ok) {
        trouble.textContent = explain(answer);
    }
    return answer.ok;
}

// The rows of all pages of a list, or null if a page could not be loaded.
async function listOf(route) {
    const rows = [];
    let cursor = "";
    do {
        const mark = route.includes("?") ? "&" : "?";
        const answer = await callSignedIn("GET", `${route}${mark}limit=200${cursor ? `&cursor=${cursor}` : ""}`);
        if (!worked(answer)) {
            return null;
        }
        rows.push(...answer.data.items);
        cursor = answer.data.next_cursor;
    } while (cursor);
    return rows;
}

function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
}

// One row of a list: a title, a state, and a button.
function row(id, title, state, label, act) {
    const item = document.createElement("li");
    const button = element("button", "button quiet", label);
    const work = async () => {
        trouble.textContent = "";
        await act();
    };
    button.type = "button";
    button.dataset.id = id;
    button.setAttribute("aria-label", `${label} ${title}`);
    button.addEventListener("click", onceAtATime(button, work));
    item.append(element("span", "person", title), element("span", "tag", state), button);
    return item;
}

function show(id, rows, none) {
    document.getElementById(id).replaceChildren(...(rows.length > 0 ? rows : [element("li", "soft", none)]));
}

async function verify(user, verified) {
    if (worked(await callSignedIn("POST", "/recruiter/verify", { user_id: user.id, verified }))) {
        await showRecruiters();
        document.querySelector(`[data-id="${user.id}"]`)?.focus(); // a new button in place of the one that was pressed
    }
}

async function showRecruiters() {
    const users = await listOf("/users?role=recruiter");
    if (users === null) {
        return;
    }
    users.sort((one, other) => Number(one.is_recruiter_verified) - Number(other.is_recruiter_verified)); // unverified ones first
    const rows = users.map((user) => {
        const title = user.name ? `${user.name}, ${user.email}` : user.email;
        const verified = user.is_recruiter_verified;
        return row(user.id, title, verified ? "verified" : "not verified", verified ? "Withdraw" : "Verify", () => verify(user, !verified));
    });
    show("recruiters", rows, "There are no recruiters yet.");
}

async function revoke(invite) {
    if (worked(await callSignedIn("DELETE", `/recruiter/invites/${invite.id}`))) {
        await showInvites();
        document.getElementById("invite-email").focus();
    }
}

function isOpen(invite) {
    return !invite.used_at && !invite.revoked_at && Date.parse(invite.expires_at) > Date.now();
}

async function showInvites() {
    const invites = await listOf("/recruiter/invites");
    if (invites !== null) {
        const until = (invite) => `until ${new Date(invite.expires_at).toLocaleDateString()}`;
        const rows = invites.filter(isOpen).map((invite) => row(invite.id, invite.email, until(invite), "Revoke", () => revoke(invite)));
        show("invites", rows, "No invite is open.");
    }
}

// Returns a sentence with the result. If scripts cannot use the clipboard, the text is selected, so that the person can copy it.
async function copyText(element) {
    try {
        await navigator.clipboard.writeText(element.textContent);
        return "Copied.";
    } catch {
        getSelection().selectAllChildren(element);
        return "The browser did not copy the code. It is selected: copy it with Ctrl+C or the menu.";
    }
}

function connectInvite() {
    const form = document.getElementById("form-invite");
    const field = document.getElementById("invite-email");
    const error = document.getElementById("invite-email-error");
    const made = document.getElementById("invite-made");
    const copy = document.getElementById("invite-copy");
    const copied = document.getElementById("invite-copied");
    const complain = (text) => {
        error.textContent = text;
        field.setAttribute("aria-invalid", String(text !== ""));
    };
    async function send() {
        complain("");
        trouble.textContent = "";
        made.replaceChildren();
        copy.hidden = true;
        copied.textContent = "";
        const answer = await callSignedIn("POST", "/recruiter/invites", { email: field.value.trim() });
        if (answer.status === 422) {
            complain(answer.data.errors[0].detail);
            field.focus();
            return;
        }
        if (!worked(answer)) {
            return;
        }
        made.append(`The code for ${answer.data.email}, shown this once: `, element("code", "", answer.data.code));
        copy.hidden = false;
        form.reset();
        await showInvites();
    }
    form.addEventListener("submit", onceAtATime(form.querySelector("button"), send));
    copy.addEventListener(
        "click",
        onceAtATime(copy, async () => {
            copied.textContent = await copyText(made.querySelector("code"));
        }),
    );
    field.addEventListener("input", () => complain(""));
}

connectInvite();
await Promise.all([showRecruiters(), showInvites()]);

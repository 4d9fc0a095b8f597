// SPDX-License-Identifier: Apache-2.0
// Sign-in at identity providers: a link for each provider, and sentences about sign-ins that came back with an error.
import { call } from "./session.js";

// Keys are values of `error` in the address of the sign-in page.
const WORDS = {
    oauth_denied: "You did not allow the sign-in at the provider. Nothing was changed.",
    oauth_failed: "The sign-in at the provider failed. Please try again.",
    oauth_unavailable: "The provider cannot be reached right now. Try again in a moment, or sign in with your password.",
    oauth_state_invalid: "This sign-in was too old, or was begun in another browser. Please try again.",
    email_unverified: "The provider does not say that your e-mail address is yours. Confirm the address there, then try again.",
    identity_conflict:
        "There is already an account with this e-mail address, which the provider cannot open. Sign in with its password. " +
        "Then the provider can be linked to it.",
    account_disabled: "This account is disabled. Ask an administrator.",
    recruiter_pending:
        "Your request to become a recruiter is noted, and you are not signed in yet. An administrator must verify you, or send you " +
        "an invite for your e-mail address. After that, sign in here in the same way.",
    store_unavailable: "Accounts cannot be reached right now. Please try again in a moment.",
    busy: "The server is very busy. Please try again in a moment.",
    rate_limited: "Too many attempts. Please try again later.",
};

// Returns the sentence for an error with which a sign-in came back, or "" if there was none.
export function explainReturn(query) {
    const code = query.get("error");
    return code === null ? "" : (Object.hasOwn(WORDS, code) && WORDS[code]) || "The sign-in at the provider failed. Please try again.";
}

const RETURN_TO_MOST = 1024; // bytes; the server refuses a longer return_to

function linkTo(provider, role, target) {
    const link = document.createElement("a");
    link.className = "button quiet wide";
    link.href = `${provider.login}?${new URLSearchParams({ role, return_to: target.length > RETURN_TO_MOST ? "/" : target })}`;
    link.textContent = `Continue with ${provider.label}`;
    return link;
}

// Fills each element with data-role with one link for each provider. An element stays hidden if there is no provider.
export async function showProviders(target) {
    const answer = await call("GET", "/providers");
    const providers = answer.ok && Array.isArray(answer.data?.providers) ? answer.data.providers : [];
    for (const box of document.querySelectorAll(".providers")) {
        box.append(...providers.map((provider) => linkTo(provider, box.dataset.role, target)));
        box.hidden = providers.length === 0;
    }
}

// SPDX-License-Identifier: Apache-2.0
// The session of the family ai: an access token in memory, and cookies that renew it. `refresh_token` is out of scripts' reach.
// `csrf_token` shows the server that a page of this origin asks. A session of this family has a value that begins with "a.".
import { call, hasToken, keepToken, succeeded } from "/common/family.js";

function csrfToken() {
    const pair = document.cookie.split("; ").find((one) => one.startsWith("csrf_token=a."));
    return pair ? pair.slice("csrf_token=".length) : null;
}

export const csrf = () => ({ "x-csrf-token": csrfToken() || "" });

// True if there is a new access token.
export async function renew() {
    if (csrfToken() === null) {
        return false;
    }
    const answer = await call("POST", "/auth/refresh", undefined, csrf());
    keepToken(succeeded(answer) ? answer.body.access_token : null);
    return succeeded(answer);
}

// As call(). If the access token has expired, it is renewed and the request is sent again, once.
export async function authed(...request) {
    const answer = await call(...request);
    if (answer.status === 401 && hasToken() && (await renew())) {
        return call(...request);
    }
    return answer;
}

// SPDX-License-Identifier: Apache-2.0
import { byId, call, explain, keepToken, onSubmit, show, succeeded } from "/common/family.js";

onSubmit(byId("form-sign-in"), async ({ email, password }, button) => {
    if (button === byId("sign-up")) {
        const made = await call("POST", "/auth/signup", { email, password });
        if (!succeeded(made)) {
            return explain(made);
        }
    }
    const answer = await call("POST", "/auth/login", { email, password });
    if (!succeeded(answer)) {
        return explain(answer);
    }
    keepToken(answer.body.access_token);
    byId("form-sign-in").reset();
    byId("me").textContent = "";
    show({ name: answer.body.user.email, roles: [] });
    byId("show-me").focus();
    return "";
});

onSubmit(byId("form-account"), async (fields, button) => {
    if (button === byId("sign-out")) {
        const ended = await call("POST", "/auth/logout");
        if (!succeeded(ended) && ended.status !== 401) {
            return explain(ended);
        }
        keepToken(null);
        show(null);
        byId("email").focus();
        return "";
    }
    const me = await call("GET", "/auth/me");
    byId("me").textContent = succeeded(me) ? `${me.body.email}, id ${me.body.id}, ${me.body.is_active ? "active" : "not active"}` : "";
    return succeeded(me) ? "" : explain(me);
});

show(null);

// SPDX-License-Identifier: Apache-2.0
import { byId, call, explain, keepToken, onSubmit, show, succeeded } from "/common/family.js";
import { countDown } from "/countdown.js";

const API = "/api/v1";
const PAUSE = 30;
const words = {
    code: { title: "Your code", button: "Sign in" },
    password: { title: "Your password", button: "Sign in" },
    "sign-up": { title: "Your account", button: "Sign up" },
    reset: { title: "A new password", button: "Save the password" },
};
let person = null;
let asked = null; // {want, phone} of the second step

// Asks for a code. Returns the sentence of an error, or "".
async function sendCode() {
    const answer = await call("POST", `${API}/auth/${asked.want === "reset" ? "forgot-password" : "send-otp"}`, { phone: asked.phone });
    if (succeeded(answer) || answer.status === 429) {
        countDown(byId("again"), "Send another code", answer.wait || PAUSE);
    }
    byId("sent").textContent = succeeded(answer) ? `A code is on its way to ${asked.phone}.` : "";
    return succeeded(answer) ? "" : explain(answer);
}

function showStep(second) {
    byId("step-number").hidden = second;
    byId("step-code").hidden = !second;
    if (!second) {
        byId("phone").focus();
        return;
    }
    const { want } = asked;
    byId("form-code").reset();
    byId("form-code").querySelector("[role=alert]").textContent = "";
    byId("step-title").textContent = words[want].title;
    byId("enter").textContent = words[want].button;
    byId("password-label").textContent = want === "reset" ? "New password" : "Password";
    byId("password").autocomplete = want === "password" ? "current-password" : "new-password";
    for (const part of byId("form-code").querySelectorAll("[data-want]")) {
        part.hidden = !part.dataset.want.split(" ").includes(want);
    }
    byId(want === "password" ? "password" : "otp").focus();
}

onSubmit(byId("form-number"), async ({ want, phone }) => {
    asked = { want, phone };
    byId("sent").textContent = "";
    if (want !== "password") {
        const wrong = await sendCode();
        if (wrong) {
            byId("phone").focus();
            return wrong;
        }
    }
    showStep(true);
    return "";
});

function welcome(answer) {
    const { access_token: token, user } = answer.body.data;
    keepToken(token);
    person = user;
    show({ name: `${user.full_name || user.phone} (${user.user_type})`, roles: [user.user_type] });
    for (const result of document.querySelectorAll(".result")) {
        result.textContent = "";
    }
    showStep(false);
    byId("about").focus();
}

// The requests of the second step.
const steps = {
    code: ({ otp }) => call("POST", `${API}/auth/login-otp`, { phone: asked.phone, otp, password: byId("password").value || undefined }),
    password: ({ password }) => call("POST", `${API}/auth/login`, { phone: asked.phone, password }),
    "sign-up": ({ otp, password, full_name, user_type }) =>
        call("POST", `${API}/auth/register`, { phone: asked.phone, otp, password, full_name, user_type }),
    reset: ({ otp, password }) => call("POST", `${API}/auth/reset-password`, { phone: asked.phone, otp, new_password: password }),
};

onSubmit(byId("form-code"), async (fields) => {
    const answer = await steps[asked.want](fields);
    if (!succeeded(answer)) {
        if (answer.body.code === "password_required") { // the number was not used for long
            byId("password").closest(".field").hidden = false;
            byId("password").focus();
        }
        return explain(answer);
    }
    if (asked.want === "reset") {
        byId("form-number").elements.want.value = "password";
        showStep(false);
        byId("who").textContent = "The new password is saved. Sign in with it.";
        return "";
    }
    welcome(answer);
    return "";
});

byId("again").addEventListener("click", async () => {
    byId("form-code").querySelector("[role=alert]").textContent = await sendCode();
    byId("otp").focus();
});
byId("back").addEventListener("click", () => showStep(false));

onSubmit(byId("form-profile"), async ({ about }) => {
    const answer = await call("PATCH", `${API}/me/${person.user_type}`, { personal_info: { about } });
    byId("saved").textContent = succeeded(answer) ? `Saved: ${answer.body.personal_info.about}` : "";
    return succeeded(answer) ? "" : explain(answer);
});

onSubmit(byId("form-boards"), async (fields, button) => {
    const answer = await call("GET", `/${button.id}/board.json`);
    byId("board").textContent = succeeded(answer) ? answer.body.lines.join("\n") : "";
    return succeeded(answer) ? "" : explain(answer);
});

onSubmit(byId("form-leave"), async (fields, button) => {
    if (button === byId("give-up")) {
        const gone = await call("POST", `${API}/delete/${person.user_type}`);
        byId("board").textContent = "";
        return succeeded(gone) ? gone.body.message : explain(gone);
    }
    const ended = await call("POST", `${API}/auth/logout`);
    if (!succeeded(ended) && ended.status !== 401) {
        return explain(ended);
    }
    keepToken(null);
    person = null;
    show(null);
    showStep(false);
    return "";
});

show(null);

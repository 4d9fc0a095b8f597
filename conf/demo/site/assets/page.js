// SPDX-License-Identifier: Apache-2.0
// The card of the front page and of the guarded pages that shows who is signed in, with buttons to sign in and out.
import { explain, onceAtATime, roleList, signOut, whoAmI } from "./session.js";
import { noteUnconfirmed } from "./unconfirmed.js";

const text = document.getElementById("who");
const out = document.getElementById("sign-out");
const into = document.getElementById("sign-in");

function show(who) {
    text.replaceChildren();
    if (who.user) {
        const name = document.createElement("strong");
        name.textContent = who.user.name || who.user.email;
        text.append("You are signed in as ", name, " ", roleList(who.user));
    } else if (who.problem) {
        text.textContent = explain(who.problem);
    } else {
        text.textContent = "You are signed out.";
    }
    noteUnconfirmed(text, who.user);
    out.hidden = !who.user;
    into.hidden = Boolean(who.user);
}

out.addEventListener(
    "click",
    onceAtATime(out, async () => {
        const { done, answer } = await signOut();
        if (!done) {
            text.textContent = explain(answer);
            return;
        }
        if (document.body.dataset.guarded === undefined) {
            show({ user: null });
            into.focus();
        } else {
            location.replace("/");
        }
    }),
);

show(await whoAmI());

// SPDX-License-Identifier: Apache-2.0
// The note for a signed-in person whose e-mail address is not confirmed, with a button that has the mail sent again.
import { callSignedIn, explain, onceAtATime } from "./session.js";

function noteAbout(email) {
    const note = document.createElement("p");
    const result = document.createElement("span");
    const button = document.createElement("button");
    note.className = "unconfirmed soft";
    result.setAttribute("role", "status");
    button.type = "button";
    button.className = "link";
    button.textContent = "Send the mail again";
    button.addEventListener(
        "click",
        onceAtATime(button, async () => {
            result.textContent = "One moment…";
            const answer = await callSignedIn("POST", "/email/verify/send");
            if (answer.status === 202) {
                result.textContent = `A mail to ${email} is on its way. Open the link in it.`;
            } else {
                result.textContent = answer.status === 204 ? "The address is confirmed already." : explain(answer);
            }
        }),
    );
    note.append(`The address ${email} is not confirmed yet. `, button, " ", result);
    return note;
}

// Puts the note after the element, in place of an older one. `user` is the signed-in user or null. There is no note if nothing is left to
// confirm.
export function noteUnconfirmed(element, user) {
    element.parentElement.querySelector(".unconfirmed")?.remove();
    if (user?.email && !user.email_verified) {
        element.after(noteAbout(user.email));
    }
}

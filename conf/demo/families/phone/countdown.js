// SPDX-License-Identifier: Apache-2.0
let timer = null;

// Disables the button for some seconds and shows on it how many are left. The button is no live region, so that a screen reader does not
// read every second.
export function countDown(button, text, seconds) {
    const until = Date.now() + seconds * 1000;
    clearInterval(timer);
    const tick = () => {
        const left = Math.ceil((until - Date.now()) / 1000);
        button.disabled = left > 0;
        button.textContent = left > 0 ? `${text} in ${left} s` : text;
        if (left <= 0) {
            clearInterval(timer);
        }
    };
    timer = setInterval(tick, 250);
    tick();
}

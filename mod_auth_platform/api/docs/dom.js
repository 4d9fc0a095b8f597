// SPDX-License-Identifier: Apache-2.0
// Makes elements. Data is only put into text nodes and attributes, never into markup. The page's policy would refuse scripts in it.
"use strict";

// el("p", { class: "soft", onclick: f, hidden: true }, "text", child, ...). Leaves out values that are null, undefined or false.
function el(tag, props, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(props || {})) {
        if (name.startsWith("on")) {
            made.addEventListener(name.slice(2), value);
        } else if (value !== null && value !== undefined && value !== false) {
            made.setAttribute(name, value === true ? "" : value);
        }
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return made;
}

// "For the role `admin`": text between backquotes is shown as code.
function prose(text) {
    return (text || "").split("`").map((part, i) => (i % 2 === 1 ? el("code", null, part) : part));
}

// Paragraphs of such text, between blank lines.
function paragraphs(text) {
    return (text || "").split(/\n{2,}/).map((one) => el("p", null, prose(one)));
}

// A longer text is shown without colours, because they would make the page slow.
const COLOURED = 20000;
const SHOWN = 200000;

function coloured(text) {
    const parts = [];
    let end = 0;
    for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)) {
        const kind = found[2] !== undefined ? "name" : found[1] !== undefined ? "text" : "word";
        parts.push(text.slice(end, found.index), el("span", { class: `j-${kind}` }, found[1] || found[0]), found[2] || "");
        end = found.index + found[0].length;
    }
    return [...parts, text.slice(end)];
}

// A block of code that can be scrolled by keyboard too.
function block(label, ...children) {
    return el("pre", { tabindex: "0", role: "group", "aria-label": label }, ...children);
}

function jsonBlock(label, value) {
    const text = JSON.stringify(value, null, 2);
    return block(label, text.length > COLOURED ? text.slice(0, SHOWN) : coloured(text));
}

// Copies text. Returns false if the browser does not allow it, such as with plain http on another host.
async function copied(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

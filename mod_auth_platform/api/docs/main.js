// SPDX-License-Identifier: Apache-2.0
// Puts the page together.
"use strict";

function method(route) {
    return el("span", { class: `method m-${route.method.toLowerCase()}` }, route.method);
}

// The path of a route. The mount has a quiet colour, because all routes have it. A line may break before each slash.
function pathOf(route, mount) {
    const inside = mount !== "" && route.path.startsWith(`${mount}/`);
    const rest = inside ? route.path.slice(mount.length) : route.path;
    const parts = rest.split(/(?=\/)/).flatMap((part) => [el("wbr"), part]);
    return el("code", { class: "path" }, inside ? el("span", { class: "soft" }, mount) : null, ...parts);
}

function tryPart(route) {
    const line = el("p", { class: "line", role: "status" });
    const place = el("div", { class: "answer" });
    const { form, show } = makeForm(route, async (request) => {
        const answer = await send(request);
        show(wrongFields(answer.data));
        showAnswer(line, place, answer);
        learn(route, answer);
        document.dispatchEvent(new Event("session"));
    });
    return el("section", { class: "try" }, el("h4", null, "Try it"), form, line, place);
}

function card(route, mount) {
    const link = el("p", { class: "permalink" }, el("a", { href: `#${route.id}` }, "Link to this route"));
    const read = el("section", { class: "about-route" }, paragraphs(route.op.description), link, parameterTable(route),
        route.media ? [el("h4", null, "Body"), memberTable(route.media.schema, true)] : [],
        route.form ? [el("h4", null, "Body as a form"), memberTable(route.form.schema, true)] : []);
    const answers = el("section", { class: "answered" }, documentedAnswers(route));
    const body = el("div", { class: "columns" }, read, tryPart(route), answers);
    const who = whoMay(route);
    return el("details", { class: "op", id: route.id },
        el("summary", null, el("h3", null, method(route), " ", pathOf(route, mount)),
            el("span", { class: "about" }, route.op.summary), el("span", { class: `who ${who === "admin" ? "high" : ""}` }, who)),
        body);
}

// The mount, read from the address of this page.
function mountOfPage() {
    return location.pathname.replace(/\/docs$/, "");
}

// Leaves out what does not hold at this mount: cookies where it takes bearer tokens only, problem documents where its errors have another shape.
function fitGuide() {
    const holds = { cookies: hasAccessCookie(), problems: JSON.stringify(spec.paths).includes("application/problem+json") };
    for (const topic of document.querySelectorAll(".topic[data-needs]")) {
        if (!holds[topic.dataset.needs]) {
            topic.remove();
        }
    }
    document.getElementById("ways").hidden = !hasAccessCookie();
}

function build(routes) {
    fitGuide();
    const main = document.getElementById("routes");
    const toc = document.getElementById("toc");
    const mount = mountOfPage();
    toc.append(el("div", { class: "topics" }, el("h3", null, "How it works"), el("ul", null, [...document.querySelectorAll(".topic")].map((topic) =>
        el("li", null, el("a", { href: `#${topic.id}` }, topic.querySelector("h3").textContent.split(":")[0]))))));
    for (const tag of spec.tags || []) {
        const mine = routes.filter((route) => route.tag === tag.name);
        if (mine.length === 0) {
            continue;
        }
        main.append(el("section", { class: "group" }, el("h2", null, tag.name), el("p", { class: "soft" }, tag.description),
            mine.map((route) => card(route, mount))));
        toc.append(el("div", { class: "group" }, el("h3", null, tag.name), el("ul", null, mine.map((route) =>
            el("li", { "data-id": route.id }, el("a", { href: `#${route.id}` }, method(route), " ",
                route.path.startsWith(`${mount}/`) ? route.path.slice(mount.length) : route.path))))));
    }
}

// Opens, shows and focuses what the address names after #: a route, or a part of "How it works".
function openFromHash() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.matches(".op, .topic")) {
        return;
    }
    if (!target.checkVisibility()) {
        document.getElementById("filter").value = "";
        document.getElementById("filter").dispatchEvent(new Event("input"));
    }
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
}

// If the address already names the target of a link, a click does not change it, and there is no hashchange event. So open it here.
function openAgain(event) {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) {
        openFromHash();
    }
}

function filterBy(text, routes) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const route of routes) {
        const all = `${route.method} ${route.path} ${route.op.summary} ${route.tag}`.toLowerCase();
        const hidden = !words.every((word) => all.includes(word));
        found += hidden ? 0 : 1;
        document.getElementById(route.id).hidden = hidden;
        document.querySelector(`[data-id="${route.id}"]`).hidden = hidden;
    }
    for (const part of document.querySelectorAll("#guide, .topics")) {
        part.hidden = words.length > 0;
    }
    const many = found === 1 ? "1 route" : `${found} routes`;
    document.getElementById("found").textContent = words.length === 0 ? "" : found > 0 ? many : `Nothing found for “${text.trim()}”.`;
    document.getElementById("nothing").hidden = found > 0;
    for (const group of document.querySelectorAll(".group")) {
        group.hidden = group.querySelector(".op:not([hidden]), [data-id]:not([hidden])") === null;
    }
}

// The panels are open in a wide window, where they are beside the routes. On a phone they are above the routes, and closed.
function fitPanels(wide) {
    for (const panel of document.querySelectorAll(".side .panel")) {
        panel.open = wide;
    }
}

async function start() {
    const status = document.getElementById("status");
    try {
        const response = await fetch("openapi.json", { credentials: "omit" });
        if (!response.ok) {
            throw new Error(`status ${response.status}`);
        }
        spec = await response.json();
    } catch (error) {
        status.textContent = `openapi.json could not be read (${error.message}). Reload this page to try again.`;
        return;
    }
    const routes = operations();
    document.getElementById("title").textContent = spec.info.title;
    document.getElementById("guide").hidden = false;
    document.getElementById("about").replaceChildren(el("span", { class: "version" }, spec.info.version), " ", ...prose(spec.info.description));
    build(routes);
    startSession(routes);
    status.hidden = true;
    const filter = document.getElementById("filter");
    filter.addEventListener("input", () => filterBy(filter.value, routes));
    document.getElementById("clear").addEventListener("click", () => {
        filter.value = "";
        filterBy("", routes);
        filter.focus();
    });
    const wide = matchMedia("(min-width: 64rem)");
    wide.addEventListener("change", () => fitPanels(wide.matches));
    fitPanels(wide.matches);
    addEventListener("hashchange", openFromHash);
    document.addEventListener("click", openAgain);
    openFromHash();
    document.body.classList.add("ready");
}

start();

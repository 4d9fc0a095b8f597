// SPDX-License-Identifier: Apache-2.0
// The form that tries a route: one field for each parameter and each member of the body.
"use strict";

// A password field with a button that shows or hides the text.
function secretInput(input) {
    const button = el("button", { type: "button", class: "quiet", "aria-label": `Show ${input.name}` }, "Show");
    button.addEventListener("click", () => {
        const shown = input.type === "password";
        input.type = shown ? "text" : "password";
        button.textContent = shown ? "Hide" : "Show";
        button.setAttribute("aria-label", `${button.textContent} ${input.name}`);
    });
    return el("div", { class: "with-button" }, input, button);
}

// What a person wrote where JSON belongs. The server says what is wrong with a text that is none.
function jsonOrText(text) {
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

// A field: { name, row, get() -> value or undefined, set(value), error(text) }.
function makeField(id, name, schema, need) {
    const types = typesOf(schema);
    const errorId = `${id}-error`;
    const error = el("p", { class: "error", id: errorId });
    const label = [el("code", null, name), el("span", { class: "soft" }, ` ${need}`)];
    const finish = (row, get, set, controls) => ({
        name,
        row,
        get,
        set,
        error: (text) => {
            error.textContent = text;
            controls.forEach((one) => (text ? one.setAttribute("aria-invalid", "true") : one.removeAttribute("aria-invalid")));
        },
    });
    if (types.includes("array") && schema.items && schema.items.enum) {
        const boxes = schema.items.enum.map((value) => el("input", { type: "checkbox", value, "aria-describedby": errorId }));
        const choices = boxes.map((box) => el("label", { class: "choice" }, box, ` ${box.value}`));
        const row = el("fieldset", { class: "field" }, el("legend", null, label), ...choices, error);
        const get = () => (boxes.some((box) => box.checked) ? boxes.filter((box) => box.checked).map((box) => box.value) : undefined);
        const set = (value) => boxes.forEach((box) => (box.checked = (value || []).includes(box.value)));
        return finish(row, get, set, boxes);
    }
    if (types.includes("boolean")) {
        const select = el("select", { id, "aria-describedby": errorId });
        select.append(...["", "true", "false"].map((value) => el("option", { value }, value || "not sent")));
        const row = el("div", { class: "field" }, el("label", { for: id }, label), select, error);
        const set = (value) => (select.value = value === undefined ? "" : String(value));
        return finish(row, () => (select.value === "" ? undefined : select.value === "true"), set, [select]);
    }
    if (types.includes("object")) {
        const area = el("textarea", { id, name, rows: "3", spellcheck: "false", autocapitalize: "none", "aria-describedby": errorId });
        const row = el("div", { class: "field" }, el("label", { for: id }, label), area, error);
        const set = (value) => (area.value = value === undefined || value === null ? "" : JSON.stringify(value));
        return finish(row, () => (area.value === "" ? undefined : jsonOrText(area.value)), set, [area]);
    }
    const secret = schema.format === "password";
    const number = types.includes("integer");
    const input = el("input", {
        id,
        name,
        type: secret ? "password" : "text",
        inputmode: number ? "numeric" : schema.format === "email" ? "email" : null,
        "aria-describedby": errorId,
        "data-member": name,
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        placeholder: number && schema.default !== undefined ? String(schema.default) : null,
    });
    const row = el("div", { class: "field" }, el("label", { for: id }, label), secret ? secretInput(input) : input, error);
    const get = () => {
        if (input.value === "") {
            return undefined;
        }
        return number && /^-?\d{1,15}$/.test(input.value) ? Number(input.value) : input.value;
    };
    return finish(row, get, (value) => (input.value = value === undefined || value === null ? "" : String(value)), [input]);
}

function showErrors(fields, errors) {
    fields.forEach((field) => field.error(errors.filter((one) => one.field === field.name).map((one) => one.detail).join(" ")));
}

// A body of JSON, by fields or written by hand: { rows, text(), type(), show(errors) }.
function makeJsonBody(route) {
    const fields = membersOf(route.media.schema).map((one) => makeField(`${route.id}-${one.name}`, one.name, one.schema, one.need));
    const examples = examplesOf(route.media);
    const raw = el("textarea", { id: `${route.id}-raw`, rows: "6", spellcheck: "false", autocapitalize: "none" });
    const rawRow = el("div", { class: "field", hidden: true }, el("label", { for: raw.id }, "The body"), raw);
    const byHand = el("input", { type: "checkbox", id: `${route.id}-by-hand` });
    const rows = el("div", null, fields.map((field) => field.row));
    const object = () => Object.fromEntries(fields.map((field) => [field.name, field.get()]).filter(([, value]) => value !== undefined));
    const fill = (value) => {
        fields.forEach((field) => field.set(value[field.name]));
        raw.value = JSON.stringify(value, null, 2);
        fillRefreshTokens();
    };
    byHand.addEventListener("change", () => {
        raw.value = byHand.checked ? JSON.stringify(object(), null, 2) : raw.value;
        rows.hidden = byHand.checked;
        rawRow.hidden = !byHand.checked;
    });
    const choose = el("select", { id: `${route.id}-example` }, examples.map((one, i) => el("option", { value: i }, one.summary)));
    choose.addEventListener("change", () => fill(examples[Number(choose.value)].value));
    const chooseRow = el("div", { class: "field" }, el("label", { for: choose.id }, "Example"), choose);
    if (examples.length > 0) {
        fill(examples[0].value);
    }
    return {
        rows: [examples.length > 1 ? chooseRow : null, rows, rawRow, el("label", { class: "choice" }, byHand, " Write the JSON myself")],
        text: () => {
            if (byHand.checked) {
                return raw.value === "" ? undefined : raw.value;
            }
            const value = object();
            return Object.keys(value).length === 0 && !route.op.requestBody.required ? undefined : JSON.stringify(value);
        },
        type: () => JSON_TYPE,
        show: (errors) => showErrors(fields, errors),
    };
}

// The same for a form, as OAuth 2.0 clients send it.
function makeFormBody(route) {
    const fields = membersOf(route.form.schema).map((one) => makeField(`${route.id}-form-${one.name}`, one.name, one.schema, one.need));
    const [example] = examplesOf(route.form);
    fields.forEach((field) => example && field.set(example.value[field.name]));
    const values = () => fields.map((field) => [field.name, field.get()]).filter(([, value]) => value !== undefined);
    return {
        rows: fields.map((field) => field.row),
        text: () => new URLSearchParams(values()).toString(),
        type: () => FORM_TYPE,
        show: (errors) => showErrors(fields, errors),
    };
}

// The part of the form that makes the body, with a choice where a route takes forms, too. Nothing for a route that takes no body.
function makeBody(route) {
    if (!route.media) {
        return { rows: [], text: () => undefined, type: () => undefined, show: () => [] };
    }
    if (!route.form) {
        return makeJsonBody(route);
    }
    const bodies = [makeJsonBody(route), makeFormBody(route)];
    const parts = bodies.map((body, i) => el("div", { hidden: i > 0 }, body.rows));
    const choose = el("select", { id: `${route.id}-as` }, ["JSON", "a form (OAuth 2.0)"].map((name, i) => el("option", { value: i }, name)));
    const chosen = () => bodies[Number(choose.value)];
    choose.addEventListener("change", () => parts.forEach((part, i) => (part.hidden = i !== Number(choose.value))));
    return {
        rows: [el("div", { class: "field" }, el("label", { for: choose.id }, "Send the body as"), choose), ...parts],
        text: () => chosen().text(),
        type: () => chosen().type(),
        show: (errors) => chosen().show(errors),
    };
}

// { form, input(), show(errors) }: onsend is called when it is submitted.
function makeForm(route, onsend) {
    const params = route.parameters.filter((one) => one.in !== "header");
    const fields = params.map((one) => ({
        in: one.in,
        ...makeField(`${route.id}-${one.in}-${one.name}`, one.name, one.schema, one.required ? "required" : "optional"),
    }));
    fields.forEach((field, i) => field.set(params[i].example));
    const body = makeBody(route);
    const valuesOf = (place) => Object.fromEntries(fields.filter((field) => field.in === place).map((field) => [field.name, String(field.get() ?? "")]));
    const input = () => ({ path: valuesOf("path"), query: valuesOf("query"), body: body.text(), type: body.type() });
    const send = el("button", { type: "submit" }, "Send");
    const copy = el("button", { type: "button", class: "quiet" }, "Copy as code");
    const said = el("span", { class: "soft", role: "status" });
    const line = block("The request as code");
    const choose = sampleChooser(`${route.id}-language`);
    const lines = el("details", { class: "more" }, el("summary", null, "As code"), choose.row, line);
    const sample = () => choose.write(sampleRequest(route, input()));
    const refresh = () => (line.textContent = sample());
    document.addEventListener("language", refresh);
    copy.addEventListener("click", async () => {
        const done = await copied(sample());
        said.textContent = done ? "Copied." : "Copy it from below.";
        if (!done) {
            lines.open = true;
            getSelection().selectAllChildren(line);
        }
    });
    const form = el("form", { novalidate: true, "aria-label": `Try ${route.method} ${route.path}` },
        fields.map((field) => field.row), body.rows, el("div", { class: "buttons" }, send, copy, said), lines);
    form.addEventListener("input", refresh);
    form.addEventListener("change", refresh);
    lines.addEventListener("toggle", refresh);
    document.addEventListener("session", () => lines.open && refresh());
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (send.getAttribute("aria-disabled") === "true") {
            return;
        }
        send.setAttribute("aria-disabled", "true"); // stays focusable: the keyboard keeps its place
        said.textContent = "";
        await onsend(makeRequest(route, input()));
        send.removeAttribute("aria-disabled");
    });
    const show = (errors) => {
        body.show(errors);
        showErrors(fields, errors);
    };
    return { form, show };
}

// SPDX-License-Identifier: Apache-2.0
// Reads openapi.json.
"use strict";

let spec = null;

function deref(node) {
    let at = node;
    while (at && at.$ref) {
        at = at.$ref.slice(2).split("/").reduce((inside, step) => inside && inside[step], spec);
    }
    return at || {};
}

const METHODS = ["get", "post", "put", "patch", "delete"];
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

// True if the access token may also be a cookie at this mount.
function hasAccessCookie() {
    return "cookie" in ((spec.components || {}).securitySchemes || {});
}

// True if this mount keeps its refresh token in a cookie, whatever way the access token is carried.
function keepsRefreshCookie() {
    return "refreshCookie" in ((spec.components || {}).securitySchemes || {});
}

// True if cookies are a credential at the route, or it sets those of such a mount.
function hasRefreshCookie(route) {
    const sets = Object.values(route.op.responses).some((one) => (((one.headers || {})["Set-Cookie"] || {}).$ref || "").endsWith("/RefreshCookies"));
    return sets || (route.op.security || []).some((one) => "refreshCookie" in one);
}

// Every operation: { id, method, path, tag, op, parameters, media and form (of its body) }, in the order of the document.
function operations() {
    return Object.entries(spec.paths).flatMap(([path, item]) =>
        METHODS.filter((method) => item[method]).map((method) => {
            const op = item[method];
            return {
                id: op.operationId,
                method: method.toUpperCase(),
                path,
                tag: (op.tags || ["Other"])[0],
                op,
                parameters: (op.parameters || []).map(deref),
                media: ((op.requestBody || {}).content || {})[JSON_TYPE] || null,
                form: ((op.requestBody || {}).content || {})[FORM_TYPE] || null,
            };
        }),
    );
}

function takesHeader(route, name) {
    return route.parameters.some((one) => one.in === "header" && one.name === name);
}

// The text of the badge of a route: who may call it.
function whoMay(route) {
    const ways = route.op.security || [];
    const role = ways.flatMap((way) => Object.values(way).flat())[0];
    if (role) {
        return role;
    }
    if (ways.length === 0) {
        return "everybody";
    }
    if (!ways.some((way) => Object.keys(way).length === 0)) {
        return "signed in";
    }
    // No token is needed, but without one the body must have a credential.
    const refusal = Object.values((route.op.responses["401"] || {}).content || {})[0];
    const asks = refusal && refusal.examples && (refusal.examples.token_missing || refusal.examples.refresh_invalid || refusal.examples.csrf_failed);
    return asks ? "session" : "everybody";
}

// [{ name, summary, value }] of a media type.
function examplesOf(media) {
    return Object.entries((media && media.examples) || {}).map(([name, entry]) => {
        const { summary, value } = deref(entry);
        return { name, summary: summary || name, value };
    });
}

function typesOf(schema) {
    return [].concat(schema.type || []);
}

function refName(schema) {
    return schema.$ref ? schema.$ref.split("/").pop() : "";
}

function typeText(schema) {
    if (schema.$ref) {
        return refName(schema);
    }
    if (schema.anyOf) {
        return schema.anyOf.map(typeText).join(" or ");
    }
    const names = typesOf(schema).map((type) => (type === "array" ? `list of ${typeText(schema.items || {})}` : type));
    return names.join(" or ") || "anything";
}

// The limits of a value, in words. What its pattern means is in its description.
function limitsOf(schema) {
    const said = [];
    const inside = schema.items || schema;
    if (schema.format === "email") {
        said.push("an e-mail address");
    }
    if (schema.minLength !== undefined) {
        said.push(`at least ${schema.minLength} characters`);
    }
    if (schema.maxLength !== undefined) {
        said.push(`at most ${schema.maxLength} characters`);
    }
    if (schema.minimum !== undefined && schema.maximum !== undefined) {
        said.push(`${schema.minimum} to ${schema.maximum}`);
    }
    if (inside.enum) {
        said.push(`any of ${inside.enum.join(", ")}`);
    }
    if (schema.uniqueItems) {
        said.push("each once");
    }
    if (schema.default !== undefined) {
        said.push(`${schema.default} when absent`);
    }
    return said.join(" · ");
}

// Limits and meaning of a value, as sentences.
function explain(schema, about) {
    const said = [limitsOf(schema), about].filter(Boolean).map((one) => one[0].toUpperCase() + one.slice(1).replace(/\.$/, ""));
    return [...new Set(said)].join(". ");
}

// [{ name, schema, need, about }] of an object's members.
function membersOf(schema) {
    const whole = deref(schema);
    const required = whole.required || [];
    const choices = (whole.oneOf || whole.anyOf || []).flatMap((one) => one.required || []);
    return Object.entries(whole.properties || {}).map(([name, member]) => ({
        name,
        schema: member,
        need: required.includes(name) ? "required" : choices.includes(name) ? `one of ${choices.join(" and ")}` : "optional",
        about: member.description || "",
    }));
}

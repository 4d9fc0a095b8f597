# SPDX-License-Identifier: Apache-2.0
"""Each example of an OpenAPI document against the schema it stands beside: examples.py FILE LEAST. Prints "valid" or what is wrong. There are at
least LEAST of them."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    doc = json.load(file)
components = doc["components"]
# An answer's schema is taken at its word here: no members but those it names.
for schema in components["schemas"].values():
    if "properties" in schema:
        schema["additionalProperties"] = False


def complaints(schema, value):
    checker = jsonschema.FormatChecker()
    validator = jsonschema.Draft202012Validator({"components": components, **schema}, format_checker=checker)
    return [error.message[:200] for error in validator.iter_errors(value)]


def check(where, media, used):
    for name, entry in media.get("examples", {}).items():
        assert entry["$ref"] == "#/components/examples/" + name, entry
        value = components["examples"][name]["value"]
        used.append(name)
        yield from (f"{where}, {name}: {said}" for said in complaints(media["schema"], value))
        # With a member too many it must not fit: else nothing was checked. Only the document itself is not described.
        if media["schema"]["$ref"] not in ("#/components/schemas/Document", "#/components/schemas/Page"):
            if not complaints(media["schema"], {**value, "surprise": 1}):
                yield f"{where}, {name}: its schema refuses nothing"
    if not media.get("examples"):
        yield f"{where}: no example"


def all_of_it(used):
    for path, item in doc["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            contents = [response.get("content", {}) for response in operation["responses"].values()]
            contents.append(operation.get("requestBody", {}).get("content", {}))
            for media in (media for content in contents for media in content.values()):
                yield from check(where, media, used)
            for parameter in operation.get("parameters", []):
                if "example" in parameter:
                    yield from (f"{where}, {parameter['name']}: {said}" for said in complaints(parameter["schema"], parameter["example"]))


names = []
found = list(all_of_it(names))
assert len(names) >= int(sys.argv[2]), names
# These two belong to every path.
found += [f"{name}: an example of nothing" for name in sorted(components["examples"].keys() - set(names) - {"method_not_allowed", "not_found"})]
print("\n".join(found) or "valid")

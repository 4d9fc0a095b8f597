# SPDX-License-Identifier: Apache-2.0
"""Hooks for Schemathesis (see 75_schemathesis.t): signs in as an administrator, and notes what was answered."""
import json
import os
import urllib.request

import schemathesis

BASE = os.environ["AUTHP_BASE"]
SEEN = os.environ["AUTHP_SEEN"]
BCRYPT_MAX_BYTES = 72
FRAMING = {"connection", "content-encoding", "content-length", "content-type", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade"}
token = None


def sign_in():
    """Some routes end the session that asks: then the next request signs in anew."""
    who = {"email": os.environ["AUTHP_EMAIL"], "password": os.environ["AUTHP_PASSWORD"]}
    request = urllib.request.Request(os.environ["AUTHP_LOGIN"], json.dumps(who).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["access_token"]


@schemathesis.auth()
class Administrator:
    def get(self, case, context):
        global token
        if token is None:
            token = sign_in()
        return token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_headers(context, headers):
    """Header names are made up too. What frames a message is httpd's business: a broken one gets its own 400."""
    return not {name.lower() for name in headers or {}} & FRAMING


@schemathesis.hook
def filter_body(context, body):
    """A password's bound is one of bytes, which JSON Schema cannot say: it counts characters."""
    if not isinstance(body, dict):
        return True
    texts = [body[name] for name in ("password", "new_password") if isinstance(body.get(name), str)]
    return all(len(text) > BCRYPT_MAX_BYTES or len(text.encode("utf-8", "replace")) <= BCRYPT_MAX_BYTES for text in texts)


@schemathesis.hook
def after_call(context, case, response):
    global token
    if response.status_code == 401:
        token = None
    with open(SEEN, "a", encoding="utf-8") as seen:  # the path is the document's, the method may be a wrong one
        seen.write(f"{response.request.method} {case.operation.path} {response.status_code}\n")

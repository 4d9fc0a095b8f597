# SPDX-License-Identifier: Apache-2.0
"""Who a request comes from.

mod_auth_platform checks the token and the role before a request gets here. It removes every X-Auth-* header that the client sent, and
sets its own. So an app reads these headers and checks nothing else. This is only true if nobody can reach the app past httpd: the demo
lets its apps listen on Unix sockets that only httpd's user may open.
"""
from typing import List, Optional
from urllib.parse import unquote

from pydantic import BaseModel
from starlette.requests import HTTPConnection


class Person(BaseModel):
    id: str
    name: str
    roles: List[str]


async def person(connection: HTTPConnection) -> Person:
    """For Depends() of FastAPI, also at a WebSocket: both are an HTTPConnection."""

    def header(name: str) -> Optional[str]:
        # httpd percent-encodes bytes outside printable ASCII.
        value = connection.headers.get(name)
        return unquote(value) if value else None

    user_id = header("x-auth-user-id")
    if user_id is None:
        raise RuntimeError("no X-Auth-User-Id: this app must be behind mod_auth_platform")
    name = header("x-auth-name") or header("x-auth-username") or header("x-auth-email") or user_id
    return Person(id=user_id, name=name, roles=(header("x-auth-roles") or "").replace(",", " ").split())

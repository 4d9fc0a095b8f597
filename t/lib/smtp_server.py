# SPDX-License-Identifier: Apache-2.0
# The SMTP server of AuthPlatform::Smtp, on aiosmtpd: smtp_server.py FOLDER. Smtp.pm says which faults there are.
#   FOLDER/config.json   written before the start: port, host_name, tls (starttls, smtps or off), certificate, key, user, password, mechanisms
#   FOLDER/told.json     the rules in force: {number, rules: [{at, do, times, to, reused}]}. The server writes the number to FOLDER/taken.
#   FOLDER/mails/N.json  an accepted mail: envelope, connection, parsed parts. FOLDER/mails/N.eml has its bytes and is written first.
#   FOLDER/commands      a line for each command: the number of the connection, the verb, and the argument except that of AUTH
import asyncio
import email
import email.policy
import functools
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

POLL_S = 0.01


def parts_of(content):
    mail = email.message_from_bytes(content, policy=email.policy.default)
    parts = [{"type": part.get_content_type(), "charset": part.get_content_charset(), "encoding": part.get("Content-Transfer-Encoding"),
              "text": part.get_content().replace("\r\n", "\n")} for part in mail.walk() if part.get_content_maintype() == "text"]
    return {
        "headers": {name.lower(): str(value) for name, value in mail.items()},
        "names": [name for name, value in mail.items()],
        "type": mail.get_content_type(),
        "parts": parts,
        "text": next((part["text"] for part in parts if part["type"] == "text/plain"), None),
        "html": next((part["text"] for part in parts if part["type"] == "text/html"), None),
        "defects": [type(defect).__name__ for part in mail.walk() for defect in part.defects],
    }


class Server:
    def __init__(self, folder):
        self.folder = folder
        with open(f"{folder}/config.json", encoding="utf-8") as file:
            self.config = json.load(file)
        self.context = None
        if self.config["tls"] != "off":
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(self.config["certificate"], self.config["key"])
            if self.config.get("tls_most"):
                self.context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
                self.context.maximum_version = ssl.TLSVersion[self.config["tls_most"]]
                self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.number = None
        self.rules = []
        self.listener = None
        self.connections = set()
        self.connection_count = 0
        self.mail_count = 0
        self.commands = open(f"{folder}/commands", "a", encoding="utf-8", buffering=1)
        os.makedirs(f"{folder}/mails", exist_ok=True)
        while os.path.exists(f"{folder}/mails/{self.mail_count + 1:05d}.json"):
            self.mail_count += 1

    # The rule for this moment. `times` of it counts down.
    def rule(self, at, argument="", reused=False):
        for rule in self.rules:
            if rule["at"] != at or rule.get("times") == 0:
                continue
            if rule.get("to") and rule["to"] not in (argument or ""):
                continue
            if rule.get("reused") and not reused:
                continue
            if rule.get("times"):
                rule["times"] -= 1
            return rule["do"]
        return None

    def keep(self, session):
        self.mail_count += 1
        stem = f"{self.folder}/mails/{self.mail_count:05d}"
        envelope = session.envelope
        content = envelope.original_content
        with open(f"{stem}.eml", "wb") as file:
            file.write(content)
        record = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.session.ssl is not None or self.config["tls"] == "smtps",
                  "user": session.user, "helo": session.session.host_name, "connection": session.number, **parts_of(content)}
        with open(f"{stem}.new", "w", encoding="utf-8") as file:
            json.dump(record, file)
        os.rename(f"{stem}.new", f"{stem}.json")

    async def listen(self):
        tls = self.context if self.config["tls"] == "smtps" else None
        self.listener = await asyncio.get_running_loop().create_server(
            functools.partial(Connection, self), "127.0.0.1", self.config["port"], ssl=tls, reuse_address=True)

    async def go_down(self):
        if self.listener is not None:
            self.listener.close()
            self.listener = None
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def take_orders(self):
        try:
            with open(f"{self.folder}/told.json", encoding="utf-8") as file:
                told = json.load(file)
        except FileNotFoundError:
            return
        if told["number"] == self.number:
            return
        self.number, self.rules = told["number"], told["rules"]
        down = self.rule("connect") == "down"
        if down:
            await self.go_down()
        elif self.listener is None:
            await self.listen()
        with open(f"{self.folder}/taken.new", "w", encoding="utf-8") as file:
            file.write(str(self.number))
        os.rename(f"{self.folder}/taken.new", f"{self.folder}/taken")

    async def run(self):
        await self.take_orders()
        if self.listener is None and self.rule("connect") != "down":
            await self.listen()
        print("ready", flush=True)
        while True:
            await asyncio.sleep(POLL_S)
            await self.take_orders()


class Connection(SMTP):
    def __init__(self, server):
        config = server.config
        offered = server.context if config["tls"] == "starttls" and server.rule("starttls") != "absent" else None
        wanted = config.get("user") is not None
        self.server, self.user, self.mails = server, None, 0
        super().__init__(self, hostname=config["host_name"], ident="ESMTP test", tls_context=offered, timeout=600,
                         auth_required=wanted, auth_require_tls=False, authenticator=self.authenticate,
                         auth_exclude_mechanism=[name for name in ("PLAIN", "LOGIN") if name not in config["mechanisms"]],
                         loop=asyncio.get_running_loop())
        server.connection_count += 1
        self.number = server.connection_count
        for name, method in self._smtp_methods.items():
            self._smtp_methods[name] = functools.partial(self.command, name, method)

    def connection_made(self, transport):
        self.server.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        self.server.connections.discard(self)
        super().connection_lost(error)

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        config = self.server.config
        right = data.login.decode() == config.get("user") and data.password.decode() == config.get("password")
        self.user = data.login.decode() if right else None
        return AuthResult(success=right, handled=False)

    def end(self):
        self.transport.close()
        raise asyncio.CancelledError

    # Does what a rule says. True: the command has its answer.
    async def faulty(self, at, argument=""):
        todo = self.server.rule(at, argument, self.mails > 0)
        if todo is None or todo == "absent":
            return False
        if todo == "close":
            self.end()
        if todo == "hang":
            await asyncio.sleep(3600)
        if todo.startswith("slow "):
            await asyncio.sleep(int(todo.split()[1]) / 1000)
            return False
        await self.push(todo.replace("\\n", "\r\n"))
        if todo.startswith("421"):
            self.end()
        return True

    async def _handle_client(self):
        self.server.commands.write(f"{self.number} CONNECT\n")
        if await self.faulty("greeting"):
            self.end()
        await super()._handle_client()

    async def command(self, name, method, argument):
        shown = f" {argument}" if argument and name != "AUTH" else ""
        self.server.commands.write(f"{self.number} {name}{shown}\n")
        if not await self.faulty(name.lower(), argument):
            await method(argument)

    # aiosmtpd calls this after the last line of a mail.
    async def handle_DATA(self, _server, _session, _envelope):
        todo = self.server.rule("end", " ".join(self.envelope.rcpt_tos), self.mails > 0) or ""
        if todo == "close":
            self.end()
        if todo == "hang":
            await asyncio.sleep(3600)
        if todo[:1] in ("4", "5"):
            return todo.replace("\\n", "\r\n")
        if todo.startswith("slow "):
            await asyncio.sleep(int(todo.split()[1]) / 1000)
        self.server.keep(self)
        self.mails += 1
        if todo == "lose":
            self.end()
        if todo == "cut":
            await self.push("250 2.0.0 kept")
            self.end()
        return todo if todo.startswith("250 ") else "250 2.0.0 kept"


asyncio.run(Server(sys.argv[1]).run())

# SPDX-License-Identifier: Apache-2.0
"""The mail server of `make run MAIL=demo`: server.py FOLDER. It listens on 127.0.0.1 and sends nothing on.

FOLDER/port gets the number of its port, which the system chooses. FOLDER/NUMBER.mail is a mail that arrived: the lines "to: ...",
"subject: ..." and "time: ...", an empty line, and the text without its HTML. The program conf/demo/cgi/mails shows these files. Only the
newest mails are kept.
"""
import asyncio
import email
import email.policy
import os
import sys
import time

from aiosmtpd.smtp import SMTP

MAILS_MOST = 100
BYTES_MOST = 1024 * 1024  # of one mail; a longer one is refused


def one_line(text):
    return " ".join(str(text).split())


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def write(self, name, text):
        with open(f"{self.folder}/{name}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(f"{self.folder}/{name}.new", f"{self.folder}/{name}")

    def name_of(self, number):
        return f"{number:08d}.mail"

    # aiosmtpd calls this after the last line of a mail.
    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(preferencelist=("plain",))
        text = body.get_content() if body else ""
        head = {"to": ", ".join(envelope.rcpt_tos), "subject": mail["subject"] or "", "time": time.strftime("%Y-%m-%d %H:%M:%S")}
        self.count += 1
        self.write(self.name_of(self.count), "".join(f"{name}: {one_line(value)}\n" for name, value in head.items()) + "\n" + text)
        if self.count > MAILS_MOST:
            os.remove(f"{self.folder}/{self.name_of(self.count - MAILS_MOST)}")
        return "250 OK"


async def main():
    keeper = Keeper(sys.argv[1])
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname="mail.demo", data_size_limit=BYTES_MOST, loop=asyncio.get_running_loop()), "127.0.0.1", 0)
    keeper.write("port", str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


asyncio.run(main())

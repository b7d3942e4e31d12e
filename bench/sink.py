"""An SMTP server that takes mail and can be told to misbehave, as a process of its own.

`python -m bench.sink [--cert FILE --key FILE]` listens on two free ports of 127.0.0.1 and prints
them: SMTP, and one that takes a line of JSON and answers with one:

    {"do": "behave", "how": "later", "times": 30}   → {}
    {"do": "tell"}                                   → {"taken": […], "broken": 2, "connections": 5}
    {"do": "keep", "what": false}                    → {}    only count from now on
    {"do": "forget"}                                 → {}    as at the start

`how` is a name of `HOW`; `times` is for how many messages, absent for all. `taken` are
[Message-ID, recipient] of all messages taken, each written down before its 250, `broken` how often
the server itself broke off in a message or after its final dot: a short message is on its way to
the end by then, and the sender cannot know more.
"""

import argparse
import asyncio
import contextlib
import json
import re
import socket
import ssl
import subprocess
import sys
import threading

from aiosmtpd.smtp import SMTP

from wmaportal.local import servers

HOW = (
    "take",
    "later",  # 451 to the recipient
    "patience",  # 450 to the recipient
    "never",  # 550 to the recipient
    "later_at_the_end",  # 451 to the whole message
    "never_at_the_end",  # 554 to the whole message
    "never_and_break",  # 550 to the recipient, and the connection is closed
    "closing",  # 421 to MAIL
    "break_before_data",
    "break_in_data",
    "break_after_dot",  # the message is taken
    "break_after_answer",  # the message is taken and answered, then the connection is closed
    "hang",  # no answer to MAIL
    "hang_after_dot",  # the message is taken, no answer
)
_ID = re.compile(rb"(?im)^message-id:\s*(\S+)")


class Behaviour:
    """What the server does, and what it saw."""

    def __init__(self):
        self.how, self.times, self.keeps = "take", None, True
        self.taken: list[tuple[str, str]] = []
        self.count = self.broken = self.connections = 0

    def is_now(self, *names: str) -> str:
        """The behaviour, if it is one of these; it is then used up once."""
        if self.how not in names or self.times == 0:
            return ""
        if self.times is not None:
            self.times -= 1
        return self.how

    # Hooks of aiosmtpd

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(self, server, session, envelope, address, options):
        how = self.is_now("hang", "closing")
        if how == "hang":
            await asyncio.sleep(3600)
        if how == "closing":
            await server.push("421 4.3.2 Closing")
            server.transport.close()
            return "421 4.3.2 Closing"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        how = self.is_now("later", "patience", "never", "never_and_break", "break_before_data")
        if how == "later":
            return "451 4.7.1 Come again later"
        if how == "patience":
            return "450 4.2.1 Too fast"
        if how == "never":
            return "550 5.1.1 No such user"
        if how == "never_and_break":
            await server.push("550 5.1.1 No such user")
            server.transport.close()
        if how == "break_before_data":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        how = self.is_now(
            "later_at_the_end",
            "never_at_the_end",
            "break_after_dot",
            "break_after_answer",
            "hang_after_dot",
        )
        if how == "later_at_the_end":
            return "451 4.3.0 Not now"
        if how == "never_at_the_end":
            return "554 5.7.0 We do not want this"
        self.count += 1
        if self.keeps:
            message_id = _ID.search(envelope.original_content)[1].decode()
            self.taken.append((message_id, envelope.rcpt_tos[0]))
        if how == "break_after_dot":
            self.broken += 1
            server.transport.abort()
        if how == "hang_after_dot":
            self.broken += 1
            await asyncio.sleep(3600)
        if how == "break_after_answer":
            await server.push("250 2.0.0 Taken")
            server.transport.close()
        return "250 2.0.0 Taken"


class Server(SMTP):
    """aiosmtpd's, which can also break off inside a message."""

    async def smtp_DATA(self, arg):
        if self.event_handler.is_now("break_in_data"):
            await self.push("354 Go on")
            await self._reader.readline()
            self.event_handler.broken += 1
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


async def _serve(cert: str, key: str):
    behaviour = Behaviour()
    context = None
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)

    def make():
        return Server(behaviour, hostname="sink.example", tls_context=context, timeout=3600)

    async def told(reader, writer):
        with contextlib.closing(writer):
            while line := await reader.readline():
                writer.write(json.dumps(_do(behaviour, json.loads(line))).encode() + b"\n")

    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(make, "127.0.0.1", 0)
    control = await asyncio.start_server(told, "127.0.0.1", 0, limit=2**20)
    ports = [one.sockets[0].getsockname()[1] for one in (smtp, control)]
    print(*ports, flush=True)
    async with smtp, control:
        await asyncio.Event().wait()


def _do(behaviour: Behaviour, order: dict) -> dict:
    if order["do"] == "behave":
        behaviour.how, behaviour.times = order["how"], order.get("times")
    elif order["do"] == "keep":
        behaviour.keeps = order["what"]
    elif order["do"] == "forget":
        behaviour.__init__()
    else:
        return {
            "taken": behaviour.taken,
            "count": behaviour.count,
            "left": behaviour.times,
            "broken": behaviour.broken,
            "connections": behaviour.connections,
        }
    return {}


# The side of the tests


class Sink:
    """The server as a child; it ends with us. `with Sink() as sink: sink.behave("later", 3)`."""

    def __init__(self, cert: str = "", key: str = ""):
        command = [sys.executable, "-m", "bench.sink", "--cert", cert, "--key", key]
        self.process = subprocess.Popen(
            servers.dies_with_us(command), stdout=subprocess.PIPE, text=True, cwd=servers.ROOT
        )
        self.port, control = map(int, self.process.stdout.readline().split())
        self._control = socket.create_connection(("127.0.0.1", control), 10)
        self._lines = self._control.makefile("rw")
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._control.close()
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def _order(self, **order) -> dict:
        with self._lock:
            self._lines.write(json.dumps(order) + "\n")
            self._lines.flush()
            return json.loads(self._lines.readline())

    def behave(self, how: str, times: int | None = None):
        """Do so for the next `times` messages, or until told otherwise."""
        if how not in HOW:
            raise ValueError(how)
        self._order(do="behave", how=how, times=times)

    def keep(self, what: bool):
        """Whether to remember who got what."""
        self._order(do="keep", what=what)

    def forget(self):
        """Begin anew, with good behaviour."""
        self._order(do="forget")

    def tell(self) -> dict:
        """taken, count, left (of `times`), broken, connections."""
        return self._order(do="tell")

    def taken(self) -> list[str]:
        """Recipients of the messages taken, in order."""
        return [to for _, to in self.tell()["taken"]]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert", default="")
    parser.add_argument("--key", default="")
    asyncio.run(_serve(**vars(parser.parse_args())))

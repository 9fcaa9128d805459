"""A mail server for the tests: aiosmtpd on loopback. Prints its port, then one JSON line per message.

A recipient whose local part is a number, such as 451@example.org, is refused with that code: `451.2@` twice, then taken.
"""

import asyncio
import json
import sys
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Mailbox:
    def __init__(self):
        self.refused = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        code, _, times = local.partition(".")
        if code.isdigit():
            count = self.refused.get(address, 0)
            if not times or count < int(times):
                self.refused[address] = count + 1
                say({"refused": address, "code": int(code)})
                return f"{code} 4.0.0 not now" if code[0] == "4" else f"{code} 5.1.1 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        text = message.get_body(preferencelist=("plain",))
        html = message.get_body(preferencelist=("html",))
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "headers": [[name, str(value)] for name, value in message.items()],
                "text": text.get_content() if text else None,
                "html": html.get_content() if html else None,
                "raw": envelope.content.decode("utf-8", "replace"),
            }
        )
        return "250 taken"


if __name__ == "__main__":
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    # Port 0 lets the system choose; the controller's own trial connection needs to know the choice.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    server = loop.run_until_complete(
        loop.create_server(controller.factory, host="127.0.0.1", port=controller.port)
    )
    say({"port": server.sockets[0].getsockname()[1]})
    loop.run_forever()

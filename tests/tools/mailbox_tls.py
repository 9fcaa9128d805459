"""A mail server with a certificate: aiosmtpd on loopback, with an authority made for this run by trustme.

    mailbox_tls.py tls|starttls|bare FOLDER NAME

`tls` begins with TLS, `starttls` offers it and takes nothing without it, `bare` knows none. Writes FOLDER/ca.pem, the
authority that signed the certificate for NAME, and FOLDER/stranger.pem, which signed nothing. Prints its port, then one
JSON line per login and per message.
"""

import asyncio
import json
import pathlib
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        raw = envelope.content.decode("utf-8", "replace")
        say({"to": envelope.rcpt_tos, "encrypted": session.ssl is not None or mode == "tls", "raw": raw})
        return "250 taken"


def login(server, session, envelope, mechanism, credentials):
    said = [part.decode() for part in (credentials.login, credentials.password)]
    say({"login": said})
    # Not handled: aiosmtpd itself answers 235 or 535.
    return AuthResult(success=said == ["atalaya", "geheim-4711"], handled=False)


def certified(folder, name):
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    stranger.cert_pem.write_to_path(folder / "stranger.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def serve(folder, name):
    context = certified(folder, name)
    loop = asyncio.get_running_loop()
    # Here aiosmtpd sees nothing of a TLS that the socket has from the beginning: it would not let anybody log in.
    inside = {"tls_context": context, "require_starttls": True} if mode == "starttls" else {"auth_require_tls": False}
    factory = lambda: SMTP(Mailbox(), hostname=name, authenticator=login, **inside)
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


if __name__ == "__main__":
    mode = sys.argv[1]
    asyncio.run(serve(pathlib.Path(sys.argv[2]), sys.argv[3]))

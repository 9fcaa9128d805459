"""A web site over TLS for the tests: one certificate for every name below tls.example, made when it starts.

Arguments: a folder, into which the authority's ca.pem is written, the newest version of TLS that is spoken, 1.2 or
1.3, and who closes connections: keep leaves that to the client, close does it after each answer. Prints its port, then one JSON line per handshake that was completed, saying whether a session was resumed; and, when
a connection has ended, how many are left open.
"""

import asyncio
import json
import pathlib
import ssl
import sys

import trustme

folder, version, manner = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
authority = trustme.CA()
authority.cert_pem.write_to_path(folder / "ca.pem")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("*.tls.example").configure_cert(context)
if version == "1.2":
    context.maximum_version = ssl.TLSVersion.TLSv1_2
context.set_alpn_protocols(["http/1.1"])
open_connections = 0


def say(**value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def talk(reader, writer):
    global open_connections
    open_connections += 1
    connection = writer.get_extra_info("ssl_object")
    say(resumed=connection.session_reused, version=connection.version())
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
            if manner == "close":
                break
    except (asyncio.IncompleteReadError, OSError):
        pass
    open_connections -= 1
    writer.close()
    say(open=open_connections)


async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context, backlog=1024)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())

"""A web site over TLS for the tests: one certificate for every name below tls.example, made when it starts.

Arguments: a folder, into which the authority's ca.pem is written, the newest version of TLS that is spoken, 1.2 or
1.3, who closes connections: keep leaves that to the client, close does it after each answer; and, if there is a
fourth, what is wrong with the certificate: expired, early or self-signed. Prints its port, then one JSON line per handshake that was completed, saying whether a session was resumed; and, when
a connection has ended, how many are left open.
"""

import asyncio
import datetime
import json
import pathlib
import ssl
import sys

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "*.tls.example"
DAY = datetime.timedelta(days=1)

folder, version, manner = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
fault = sys.argv[4] if len(sys.argv) > 4 else ""
authority = trustme.CA()
authority.cert_pem.write_to_path(folder / "ca.pem")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
now = datetime.datetime.now(datetime.timezone.utc)


def self_signed():
    """A certificate that vouches for itself, in a file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An invented paper")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "self.pem").write_bytes(secret + certificate.public_bytes(pem))
    return folder / "self.pem"


match fault:
    case "expired":
        authority.issue_cert(NAME, not_before=now - 9 * DAY, not_after=now - 2 * DAY).configure_cert(context)
    case "early":
        authority.issue_cert(NAME, not_before=now + 2 * DAY, not_after=now + 9 * DAY).configure_cert(context)
    case "self-signed":
        context.load_cert_chain(self_signed())
    case _:
        authority.issue_cert(NAME).configure_cert(context)
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

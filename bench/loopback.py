"""What the scripts of this folder share: a web origin, a mail and webhook sink, and the daemon with its figures."""

import asyncio
import base64
import collections
import email.header
import hmac
import os
import pathlib
import re
import resource
import secrets
import signal
import sqlite3
import subprocess
import time


def open_many_files():
    """Raises the limit of open files as far as this user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536, hard))


def port_of(server):
    return server.sockets[0].getsockname()[1]


# ── what is served ──


async def serve(answer, reader, writer):
    """HTTP/1.1. `answer(path, headers)` gives (status line, header lines, body)."""
    try:
        close = False
        while not close and (request := (await reader.readline()).decode("latin-1").split()):
            headers = {}
            while (line := await reader.readline()) not in (b"\r\n", b"\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            status, lines, body = answer(request[1].split("?")[0] if len(request) > 1 else "", headers)
            close = headers.get("connection", "").lower() == "close" or "Connection: close" in lines
            head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", ""])
            writer.write(head.encode() + (b"" if request[0] == "HEAD" else body))
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass
    finally:
        writer.close()


# ── what is sent ──


def new_secret():
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class Sink:
    """Takes mail and webhook calls, and remembers ids."""

    def __init__(self, secret):
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.mails, self.calls, self.subjects = collections.Counter(), collections.Counter(), []
        self.refused = collections.Counter()

    async def smtp(self, reader, writer):
        def say(text):
            writer.write(f"{text}\r\n".encode())

        say("220 sink ESMTP")
        try:
            while line := await reader.readline():
                verb = line[:4].upper().strip()
                if verb == b"EHLO":
                    say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")
                elif verb == b"DATA":
                    say("354 go ahead")
                    await writer.drain()
                    message = b""
                    while (line := await reader.readline()) not in (b".\r\n", b""):
                        message += line
                    self.keep(message)
                    say("250 kept")
                elif verb == b"QUIT":
                    say("221 goodbye")
                    break
                else:
                    say("250 ok")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def keep(self, message):
        head = message.split(b"\r\n\r\n")[0].decode("utf-8", "replace")
        head = re.sub(r"\r\n[ \t]+", " ", head)
        field = lambda name: next(iter(re.findall(rf"(?im)^{name}:[ ]*(.*)$", head)), "").strip()
        self.mails[field("Message-ID")] += 1
        self.subjects.append(str(email.header.make_header(email.header.decode_header(field("Subject")))))

    async def hook(self, reader, writer):
        try:
            while await reader.readline():
                headers = {}
                while (line := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = line.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status = "200 OK" if self.verified(headers, body) else "401 Unauthorized"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def verified(self, headers, body):
        identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        signed = hmac.digest(self.key, f"{identity}.{at}.".encode() + body, "sha256")
        given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split()]
        right = abs(time.time() - float(at)) < 300 and any(
            hmac.compare_digest(base64.b64encode(signed).decode(), signature) for signature in given)
        (self.calls if right else self.refused)[identity] += 1
        return right


# ── the daemon ──


class Daemon:
    """`atalaya run` with a log in its folder, and what it costs."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.config = folder / "atalaya.toml"
        self.cpu, self.resident, self.peak = 0.0, 0, 0

    def configure(self, text):
        self.config.touch(mode=0o600)
        self.config.write_text(text, encoding="utf-8")

    def start(self):
        with (self.folder / "daemon.log").open("ab") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen([self.binary, "run", "--config", self.config], stdout=log, stderr=log)

    def runs(self):
        return self.process.poll() is None

    def sample(self):
        """CPU seconds of all its threads, user and system; memory in bytes. After its end the last values stay."""
        pid = self.process.pid
        try:
            # The process's CPU clock (clock_getcpuclockid(3)): what /proc/PID/stat counts, but not in steps of 10 ms.
            self.cpu = time.clock_gettime(~pid << 3 | 2)
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            for name, value in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status):
                setattr(self, "resident" if name == "VmRSS" else "peak", int(value) * 1024)
        except OSError:
            pass
        return self.cpu

    async def stop(self, patience=30):
        """SIGTERM, then SIGKILL; the exit code."""
        if self.runs():
            self.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + patience
        while self.runs() and time.monotonic() < until:
            await asyncio.sleep(0.05)
        if self.runs():
            self.process.kill()
        return self.process.wait()

    def database(self):
        """The database for reading; `None` when there is none yet."""
        file = self.folder / "state/atalaya.db"
        if not file.exists():
            return None
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        return connection

    def one(self, query):
        """The one value of a query; `None` while there is no database or it is busy."""
        try:
            store = self.database()
            if store is None:
                return None
            try:
                return store.execute(query).fetchone()[0]
            finally:
                store.close()
        except sqlite3.Error:
            return None

    def end_of_log(self, lines=30):
        return "".join((self.folder / "daemon.log").read_text(errors="replace").splitlines(True)[-lines:])

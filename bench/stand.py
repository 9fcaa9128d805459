"""Captured feeds and pages, each as a host of its own on 127.0.0.0/8, watched by the real daemon; then a report.

Only the standard library. The data is read from the folder that is named and copied nowhere. No request leaves this
machine: every host name that occurs in the captured feeds is mapped to a loopback address where nobody listens
(`[egress.hosts]`), so the articles behind those links end as unreadable, as they must; `--outside` leaves that away.
"""

import argparse
import asyncio
import base64
import collections
import email.header
import gzip
import hashlib
import hmac
import html
import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

NOBODY = "127.255.255.1"
MEDIA = {"atom": "application/atom+xml", "rss": "application/rss+xml", "rdf": "application/rdf+xml"}


def arguments():
    parser = argparse.ArgumentParser(prog="bench/stand", description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=pathlib.Path, help="the folder with feeds/real and articles")
    parser.add_argument("--seconds", type=float, default=300, help="stop after this long (default 300)")
    parser.add_argument("--first-poll", default="all", help="what the captured feeds' old entries become (default all)")
    parser.add_argument("--keep", action="store_true", help="keep configuration, database, log and mails")
    parser.add_argument("--outside", action="store_true", help="let links of captured feeds lead to the real web")
    parser.add_argument("--binary", default=os.environ.get("ATALAYA", "target/release/atalaya"))
    return parser.parse_args()


# ── what is served ──


class Site:
    """One host: a name for the report, an address, and its paths."""

    def __init__(self, name, address):
        self.name, self.address, self.paths, self.feed, self.asked = name, address, {}, None, collections.Counter()


def sites(data, port):
    """Feeds on 127.1.x.y, article pages on 127.2.x.y, each page with a feed that lists it."""
    found = []
    for number, file in enumerate(sorted((data / "feeds/real").iterdir()), 1):
        site = Site(file.name, f"127.1.{number // 250}.{number % 250 + 1}")
        media = MEDIA.get(file.suffix.lstrip("."), "text/xml")
        site.feed = "/feed"
        site.paths["/feed"] = (media, file.read_bytes())
        found.append(site)
    pages = sorted((data / "articles").glob("*/*.html.gz"))
    for number, file in enumerate(pages, 1):
        identity = file.name.removesuffix(".html.gz")
        site = Site(f"{file.parent.name}/{identity}", f"127.2.{number // 250}.{number % 250 + 1}")
        base = f"http://{site.address}:{port}"
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        site.feed = "/feed"
        site.paths["/feed"] = (MEDIA["rss"], (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{html.escape(site.name)}</title>'
            f"<link>{base}/</link><description>One captured page</description><item><title>{identity}</title>"
            f'<link>{base}/{identity}.html</link><guid isPermaLink="false">{identity}</guid><pubDate>{date}</pubDate>'
            "</item></channel></rss>\n").encode())
        site.paths[f"/{identity}.html"] = ("text/html", gzip.decompress(file.read_bytes()))
        found.append(site)
    return found


def mentioned_hosts(data, found):
    """Every host name in the captured feeds, as they stand and as the reference reader found their links."""
    hosts = set()
    name = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
    for site in found:
        if site.address.startswith("127.1."):
            text = site.paths["/feed"][1].decode("latin-1").replace("\0", "").lower()
            hosts.update(re.findall(f"//({name})", text))
    index = data / "feeds/real.jsonl"
    for line in index.open(encoding="utf-8") if index.exists() else []:
        for entry in json.loads(line)["entries"]:
            try:
                host = (urllib.parse.urlsplit(entry.get("link") or "").hostname or "").encode("idna").decode()
            except (UnicodeError, ValueError):
                continue
            if re.fullmatch(name, host):
                hosts.add(host)
    return sorted(hosts)


async def serve_site(site, reader, writer):
    try:
        while request := (await reader.readline()).decode("latin-1").split():
            close = False
            while (line := await reader.readline()) not in (b"\r\n", b"\n", b""):
                close |= line.lower().startswith(b"connection: close")
            path = request[1].split("?")[0] if len(request) > 1 else ""
            site.asked[path] += 1
            media, body = site.paths.get(path, ("text/plain", None))
            status = "200 OK" if body is not None else "404 Not Found"
            body = body if body is not None else b"not found"
            etag = f'"{hashlib.sha1(body).hexdigest()}"'
            writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n"
                         f"ETag: {etag}\r\n\r\n".encode() + (b"" if request[0] == "HEAD" else body))
            await writer.drain()
            if close:
                break
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
        pass
    finally:
        writer.close()


# ── what is sent ──


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


def configuration(found, port, smtp_port, hook_port, secret, options):
    quoted = json.dumps
    lines = [
        'state = "state"', 'packs = ["venezuela"]', "",
        "[egress]", 'allow = ["127.0.0.0/8"]', 'connect_timeout = "2s"', 'timeout = "10s"', "",
    ]
    if not options.outside:
        lines += ["[egress.hosts]", *(f"{quoted(host)} = {quoted(NOBODY)}" for host in mentioned_hosts(options.data, found)), ""]
    lines += [
        "[politeness]", 'gap = "0s"', "connections = 4", "",
        "[reading]", 'retry = ["1s"]', "",
        "[mail]", 'server = "127.0.0.1"', f"port = {smtp_port}", 'security = "plain"',
        'from = "Atalaya <alerts@example.org>"', "",
        "[channel.mail]", 'email = ["desk@example.org"]', "",
        "[channel.hook]", f'webhook = "http://127.0.0.1:{hook_port}/"', f"secret = {quoted(secret)}", "",
        # The captured texts hold little that the pack looks for: a rule of common words gives the outbox work.
        "[rule.common-words]", 'match = "government OR police OR gobierno OR policía OR governo OR Regierung"', "",
        "[subscription.everything]", 'rules = "all"', 'channels = ["mail", "hook"]', "",
    ]
    for number, site in enumerate(found, 1):
        first_poll = options.first_poll if site.address.startswith("127.1.") else "all"
        lines += [f"[source.s{number:04}]", f"label = {quoted(site.name)}",
                  f"feed = {quoted(f'http://{site.address}:{port}{site.feed}')}", 'every = "1h"',
                  f"first_poll = {quoted(first_poll)}", ""]
    return "\n".join(lines)


class Usage:
    """CPU seconds and peak memory of a process, from /proc."""

    def __init__(self, pid):
        self.pid, self.cpu, self.peak = pid, 0.0, 0

    def sample(self):
        try:
            stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
            self.cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
            if peak := re.search(r"VmHWM:\s+(\d+)", status):
                self.peak = int(peak[1])
        except (OSError, IndexError):
            pass


def database(folder):
    files = list((folder / "state").glob("*.db"))
    if not files:
        return None
    connection = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True, timeout=5)
    connection.row_factory = sqlite3.Row
    return connection


def at_rest(folder):
    """Every source was asked, no item waits, no delivery waits."""
    try:
        store = database(folder)
        if store is None:
            return False
        with store:
            one = lambda query: store.execute(query).fetchone()[0]
            rest = (one("SELECT count(*) FROM source") > 0
                    and one("SELECT count(*) FROM source WHERE reason IS NULL OR owner IS NOT NULL") == 0
                    and one("SELECT count(*) FROM item WHERE state IN ('waiting', 'reading')") == 0
                    and one("SELECT count(*) FROM delivery WHERE state IN ('waiting', 'sending')") == 0)
        store.close()
        return rest
    except sqlite3.Error:
        return False


async def run_daemon(folder, config, options):
    log = (folder / "daemon.log").open("wb")
    started = time.monotonic()
    daemon = subprocess.Popen([options.binary, "run", "--config", config], stdout=log, stderr=subprocess.STDOUT)
    usage, quiet, finished = Usage(daemon.pid), 0, False
    try:
        while time.monotonic() - started < options.seconds and daemon.poll() is None and not finished:
            await asyncio.sleep(0.5)
            usage.sample()
            quiet = quiet + 1 if at_rest(folder) else 0
            finished = quiet >= 3
        took = time.monotonic() - started
        usage.sample()
    finally:
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            for _ in range(300):
                if daemon.poll() is not None:
                    break
                await asyncio.sleep(0.1)
            else:
                daemon.kill()
        log.close()
    return took, usage, finished, daemon.wait()


# ── the report ──


def code(reason):
    """The stable name of a reason, the last one of a reason that gave up, with its figures."""
    if not reason:
        return "none"
    reason = json.loads(reason) if isinstance(reason, str) else reason
    while isinstance(reason.get("last"), dict):
        reason = reason["last"]
    return f"{reason['code']} {reason['status']}" if "status" in reason else reason["code"]


def shingles(text):
    words = re.findall(r"\w+", text)
    return collections.Counter(tuple(words[place:place + 4]) for place in range(max(1, len(words) - 3)))


def overlap(truth, text):
    """F1 over 4-word shingles, as the public article-extraction benchmark has it, for one page."""
    truth, text = shingles(truth), shingles(text)
    common = (truth & text).total()
    return 0.0 if common == 0 else 2 * common / (truth.total() + text.total())


def labelled(data):
    """What the data says of itself: entries per feed, true text per page."""
    entries = {}
    index = data / "feeds/real.jsonl"
    if index.exists():
        for line in index.open(encoding="utf-8"):
            row = json.loads(line)
            entries[row["file"]] = len(row["entries"])
    bodies = {}
    for file in (data / "articles").glob("*.jsonl"):
        for line in file.open(encoding="utf-8"):
            row = json.loads(line)
            bodies[f"{row['set']}/{row['id']}"] = row["body"]
    return entries, bodies


def table(title, counter, limit=20):
    print(f"\n{title}")
    for name, count in counter.most_common(limit):
        print(f"  {count:>7}  {name}")
    if len(counter) > limit:
        print(f"  {'…':>7}  and {len(counter) - limit} more")


def report(folder, found, sink, options, outcome):
    took, usage, finished, exit_code = outcome
    print(f"daemon: {took:.1f} s, {usage.cpu:.1f} s of CPU, {usage.peak / 1024:.1f} MiB at most, exit {exit_code}")
    print("it came to rest" if finished else "it did NOT come to rest: see what waits below")
    store = database(folder)
    if store is None:
        print("no database was written; the end of the log:")
        sys.stdout.write("".join((folder / "daemon.log").read_text(errors="replace").splitlines(True)[-30:]))
        return 1
    names = {f"s{number:04}": site for number, site in enumerate(found, 1)}
    entries, bodies = labelled(options.data)

    sources = store.execute("SELECT name, reason, failures, polls FROM source").fetchall()
    asked = [row for row in sources if row["reason"]]
    print(f"\nsources: {len(sources)} watched, {len(asked)} asked, {sum(row['polls'] > 0 for row in sources)} read, "
          f"{sum(row['failures'] > 0 for row in sources)} failed")
    table("last answer of sources, by reason", collections.Counter(code(row["reason"]) for row in sources))
    failed = [row for row in sources if row["failures"] > 0]
    for row in failed[:20]:
        print(f"    {names[row['name']].name}: {row['reason']}"[:200])
    listed = dict(store.execute("SELECT source, count(*) FROM item GROUP BY source").fetchall())
    if entries:
        short = [(site.name, listed.get(name, 0), entries[site.name]) for name, site in names.items()
                 if site.name in entries and listed.get(name, 0) < entries[site.name]]
        total = sum(entries.values())
        ours = sum(count for name, count in listed.items() if names[name].name in entries)
        print(f"\nentries of captured feeds: {ours} listed, {total} by the reference reader; "
              f"{len(short)} feeds list fewer (an id that occurs twice is one item)")
        for name, count, expected in sorted(short, key=lambda row: row[1] - row[2])[:10]:
            print(f"    {name}: {count} of {expected}")

    table("items by state", collections.Counter(dict(store.execute("SELECT state, count(*) FROM item GROUP BY state").fetchall())))
    unread = store.execute("SELECT source, reason, link FROM item WHERE state = 'unreadable'").fetchall()
    table("unreadable items of captured feeds (their links lead away from this machine)", collections.Counter(
        code(row["reason"]) for row in unread if names[row["source"]].address.startswith("127.1.")))
    table("unreadable captured pages", collections.Counter(
        code(row["reason"]) for row in unread if names[row["source"]].address.startswith("127.2.")))
    for row in [row for row in unread if names[row["source"]].address.startswith("127.2.")][:20]:
        print(f"    {names[row['source']].name}: {row['reason']}"[:200])

    articles = store.execute("SELECT item.source, article.text, article.about FROM article "
                             "JOIN item ON item.id = article.item_id").fetchall()
    table("articles read, by method", collections.Counter(json.loads(row["about"]).get("method", "?") for row in articles))
    scores = collections.defaultdict(list)
    for row in articles:
        name = names[row["source"]].name
        if name in bodies:
            scores[name.split("/")[0]].append((overlap(bodies[name], row["text"]), name))
    for kind, values in sorted(scores.items()):
        bad = [name for score, name in values if score < 0.5]
        print(f"  {kind}: {len(values)} read, mean F1 over 4-word shingles {sum(v for v, _ in values) / len(values):.3f}, "
              f"{len(bad)} under .5 {' '.join(sorted(bad)[:6])}")

    table("rules matched", collections.Counter(dict(store.execute("SELECT rule, count(*) FROM verdict GROUP BY rule").fetchall())))
    table("matches by outcome", collections.Counter(dict(store.execute("SELECT kind, count(*) FROM outcome GROUP BY kind").fetchall())))
    table("deliveries by state", collections.Counter(dict(store.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall())))
    print(f"\nreceived: {len(sink.mails)} mails ({sum(sink.mails.values()) - len(sink.mails)} repeated), "
          f"{len(sink.calls)} verified calls ({sum(sink.calls.values()) - len(sink.calls)} repeated), "
          f"{sum(sink.refused.values())} calls whose signature did not hold")
    for subject in sink.subjects[:20]:
        print(f"    {subject}")
    store.close()
    if not options.outside:
        print(f"\nlinks of captured feeds were mapped to {NOBODY}, where nobody listens; one retry after 1 s, then unreadable")

    print("\natalaya ledger:")
    sys.stdout.flush()
    ledger = subprocess.run([options.binary, "ledger", "--config", folder / "atalaya.toml"], check=False)
    print(f"(exit {ledger.returncode})")
    return 0 if finished and ledger.returncode == 0 and exit_code == 0 else 1


def free_port(hosts):
    """A port that is free on every one of these addresses, or at least on the first: the bind would tell."""
    with socket.socket() as probe:
        probe.bind((hosts[0], 0))
        return probe.getsockname()[1]


async def main():
    options = arguments()
    if not (options.data / "feeds/real").is_dir():
        sys.exit(f"bench/stand: {options.data} holds no feeds/real: name the folder of captured data")
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"bench/stand: {options.binary} is no program: build it with cargo build --release")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard != resource.RLIM_INFINITY else 65536, hard))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="atalaya-stand-"))
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    sink, servers = Sink(secret), []
    try:
        port = free_port(["127.1.0.2"])
        found = sites(options.data, port)
        for site in found:
            handler = lambda reader, writer, site=site: serve_site(site, reader, writer)
            servers.append(await asyncio.start_server(handler, site.address, port, backlog=16))
        smtp = await asyncio.start_server(sink.smtp, "127.0.0.1", 0)
        hook = await asyncio.start_server(sink.hook, "127.0.0.1", 0, limit=2**20)
        servers += [smtp, hook]
        number = lambda server: server.sockets[0].getsockname()[1]
        config = folder / "atalaya.toml"
        config.touch(mode=0o600)
        config.write_text(configuration(found, port, number(smtp), number(hook), secret, options), encoding="utf-8")
        print(f"serving {len(found)} hosts on port {port} of 127.0.0.0/8; {config}", flush=True)
        outcome = await run_daemon(folder, config, options)
        return report(folder, found, sink, options, outcome)
    finally:
        for server in servers:
            server.close()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

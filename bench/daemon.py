"""What the release daemon costs on loopback: size, start, memory, CPU per unchanged feed, CPU per article.

Only the standard library. Every source is a host of its own (`[egress.hosts]` maps invented names to 127.0.0.1), the
origin answers gzip, ETag and 304 and closes each connection, as as many hosts would. CPU is user and system time of
all threads of the daemon; on a busy machine it is the figure that stays. The texts are invented.
"""

import argparse
import asyncio
import collections
import gzip
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

import invented
from loopback import Daemon, Sink, new_secret, open_many_files, port_of, serve

MOST_BINARY, MOST_RESIDENT, LONGEST_START, MOST_PER_ARTICLE = 40e6, 60e6, 1.0, 5.0
SPREAD = 0.05  # seconds between the first polls of two sources, on average: schedule.rs
PATIENCE = 240


def arguments():
    parser = argparse.ArgumentParser(prog="bench/daemon", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the sources and articles; the bounds hold all the same")
    parser.add_argument("--only", choices=["polls", "articles"], help="one half")
    parser.add_argument("--keep", action="store_true", help="keep configuration, database and log")
    parser.add_argument("--binary", default=os.environ.get("ATALAYA", "target/release/atalaya"))
    return parser.parse_args()


# ── what is served ──


class Origin:
    """Feeds and pages by host name; counts what it was asked."""

    def __init__(self):
        self.bodies, self.asked = {}, collections.Counter()
        self.unchanged = self.conditional = self.bytes = 0
        self.first = self.last = None
        self.mark = None

    def put(self, host, path, media, body):
        self.bodies[host, path] = (media, f'"{host}{path}{len(body)}"', gzip.compress(body, 1))

    def answer(self, path, headers):
        self.last = time.monotonic()
        if self.first is None:
            self.first = self.last
            if self.mark:
                self.mark()
        host = headers.get("host", "").partition(":")[0]
        self.asked[host, path] += 1
        if (host, path) not in self.bodies:
            return "404 Not Found", ["Connection: close"], b""
        media, etag, body = self.bodies[host, path]
        self.conditional += "if-none-match" in headers
        usual = [f"ETag: {etag}", "Last-Modified: Tue, 03 Mar 2026 10:00:00 GMT", "Connection: close"]
        if headers.get("if-none-match") == etag:
            self.unchanged += 1
            return "304 Not Modified", usual, b""
        self.bytes += len(body)
        return "200 OK", [*usual, f"Content-Type: {media}", "Content-Encoding: gzip"], body

    def again(self, mark=None):
        """Counts from nothing; `mark` is called at the first request."""
        self.asked.clear()
        self.unchanged = self.conditional = self.bytes = 0
        self.first, self.mark = None, mark


def host_name(number):
    return f"paper-{number:04}.example"


def configuration(port, hosts, every, first_poll, smtp_port, hook_port, secret):
    quoted = json.dumps
    lines = [
        'state = "state"', 'packs = ["venezuela"]', "",
        "[egress]", 'allow = ["127.0.0.0/8"]', "", "[egress.hosts]", *(f'{quoted(host)} = "127.0.0.1"' for host in hosts), "",
        "[politeness]", 'gap = "0s"', "connections = 64", "",
        "[mail]", 'server = "127.0.0.1"', f"port = {smtp_port}", 'security = "plain"',
        'from = "Atalaya <alerts@example.org>"', "",
        "[channel.mail]", 'email = ["desk@example.org"]', "",
        "[channel.hook]", f'webhook = "http://127.0.0.1:{hook_port}/"', f"secret = {quoted(secret)}", "",
        "[rule.zeppelin]", "match = 'zeppelin OR zepelín'", "",
        "[rule.strike]", "match = '(huelga OR greve OR strike) AND \"never written anywhere\"'", "",
        "[subscription.everything]", 'rules = "all"', 'channels = ["mail", "hook"]', "",
    ]
    for number, host in enumerate(hosts):
        lines += [f"[source.s{number:04}]", f'feed = "http://{host}:{port}/feed"', f"every = {quoted(every)}",
                  f"first_poll = {quoted(first_poll)}", ""]
    return "\n".join(lines)


# ── what is measured ──


class Bench:
    """An origin, a sink, a daemon, and the figures that missed their bound."""

    def __init__(self, options, folder, secret):
        self.options, self.secret = options, secret
        self.origin, self.sink, self.daemon = Origin(), Sink(secret), Daemon(options.binary, folder)
        self.missed = []

    async def listen(self):
        web = await asyncio.start_server(lambda *pair: serve(self.origin.answer, *pair), "127.0.0.1", 0, backlog=1024)
        smtp = await asyncio.start_server(self.sink.smtp, "127.0.0.1", 0)
        hook = await asyncio.start_server(self.sink.hook, "127.0.0.1", 0, limit=2**20)
        self.port, self.smtp, self.hook = map(port_of, (web, smtp, hook))
        return [web, smtp, hook]

    def figure(self, name, value, shown, most=None, bound=""):
        kept = most is None or value <= most
        verdict = "" if most is None else f"   (bound {bound}: {'kept' if kept else 'MISSED'})"
        print(f"  {name:<58} {shown:>14}{verdict}", flush=True)
        if not kept:
            self.missed.append(name)

    async def until(self, what, holds, pause=0.02):
        since = time.monotonic()
        while not holds():
            if not self.daemon.runs() or time.monotonic() - since > PATIENCE:
                sys.stdout.write(self.daemon.end_of_log())
                sys.exit(f"bench/daemon: in vain: {what}")
            await asyncio.sleep(pause)

    async def settled(self):
        """No source is leased: the last poll is committed, too."""
        await asyncio.sleep(0.2)
        await self.until("the polls are committed",
                         lambda: self.daemon.one("SELECT count(*) FROM source WHERE owner IS NOT NULL") == 0, 0.1)

    def asked_times(self, times, sources):
        return len(self.origin.asked) == sources and min(self.origin.asked.values()) >= times

    def started(self, name):
        self.figure(f"start to first poll, {name}", took := self.origin.first - self.daemon.started,
                    f"{took * 1000:.0f} ms", LONGEST_START, "1 s")

    def exact(self, requests):
        """Every request of a round was conditional and answered by 304."""
        if not self.origin.conditional == self.origin.unchanged == requests:
            self.missed.append("conditional requests")
            print(f"  of {requests} requests {self.origin.conditional} were conditional, {self.origin.unchanged} answered by 304")


async def polls(bench, sources):
    """Four rounds over sources that come due one by one, one by one again, and all at once."""
    daemon, origin = bench.daemon, bench.origin
    hosts = [host_name(number) for number in range(sources)]
    templates = [invented.listing(number, "Tue, 03 Mar 2026 10:00:00 GMT") for number in range(31)]
    size = 0
    for number, host in enumerate(hosts):
        body = invented.feed(f"http://{host}:{bench.port}", templates[number % 31])
        size += len(body)
        origin.put(host, "/feed", "application/rss+xml", body)
    # A tenth longer than the first polls are spread: rounds do not overlap.
    every = SPREAD * sources * 1.1
    daemon.configure(configuration(bench.port, hosts, f"{every:.0f}s", "baseline", bench.smtp, bench.hook, bench.secret))
    print(f"\n{sources} sources, {size / sources / 1000:.0f} kB each, every {every:.0f} s", flush=True)

    begun = []
    origin.again(lambda: begun.append(daemon.sample()))
    daemon.start()
    await bench.until("the first poll", lambda: origin.first is not None, 0.002)
    bench.started("fresh store")
    await bench.until("the first round", lambda: bench.asked_times(1, sources))
    await bench.settled()
    first = daemon.sample()
    items = daemon.one("SELECT count(*) FROM item")
    bench.figure("resident when idle after the first round", daemon.resident, f"{daemon.resident / 1e6:.1f} MB", MOST_RESIDENT, "60 MB")
    bench.figure("peak until then", daemon.peak, f"{daemon.peak / 1e6:.1f} MB")
    bench.figure(f"first round, all new ({items} items): CPU per feed", 0, f"{(first - begun[0]) / sources * 1000:.2f} ms")

    origin.again()
    await bench.until("the second round", lambda: bench.asked_times(1, sources))
    await bench.settled()
    requests = origin.asked.total()
    spent = daemon.sample() - first
    bench.exact(requests)
    bench.figure("304, sources due one by one: CPU per feed", 0, f"{spent / requests * 1000:.3f} ms")
    bench.figure("304, sources due one by one: feeds per CPU second", 0, f"{requests / spent:.0f}")

    if await daemon.stop() != 0:
        bench.missed.append("a clean end")
    late = daemon.one("SELECT max(next_at) FROM source") / 1e6 - time.time()
    await asyncio.sleep(max(0, late) + 0.5)
    begun.clear()
    origin.again(lambda: begun.append(daemon.sample()))
    daemon.start()
    await bench.until("the first poll", lambda: origin.first is not None, 0.002)
    bench.started("store of that run, all overdue")
    await bench.until("the third round", lambda: bench.asked_times(1, sources))
    wall = origin.last - origin.first
    await bench.settled()
    requests = origin.asked.total()
    spent = daemon.sample() - begun[0]
    bench.exact(requests)
    bench.figure("304, one round, all at once: CPU per feed", 0, f"{spent / requests * 1000:.3f} ms")
    bench.figure("304, one round, all at once: feeds per CPU second", 0, f"{requests / spent:.0f}")
    bench.figure("304, one round, all at once: wall", 0, f"{wall:.2f} s")
    bench.figure("peak of that process", daemon.peak, f"{daemon.peak / 1e6:.1f} MB")
    if await daemon.stop() != 0:
        bench.missed.append("a clean end")
    shutil.rmtree(daemon.folder / "state")


async def articles(bench, sources, each):
    daemon, origin = bench.daemon, bench.origin
    hosts = [host_name(number) for number in range(sources)]
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    sizes = []
    for number, host in enumerate(hosts):
        base = f"http://{host}:{bench.port}"
        entries = [(identity, title, summary[:400], date)
                   for identity, title, summary, date in invented.listing(9000 + 31 * number, date)[:each]]
        origin.put(host, "/feed", "application/rss+xml", invented.feed(base, entries))
        for place, (identity, title, _, _) in enumerate(entries):
            index = number * each + place
            body = invented.page(base, identity, title, index, tells=index % 20 == 7)
            sizes.append(len(body))
            origin.put(host, f"/{identity}.html", "text/html; charset=utf-8", body)
    total = len(sizes)
    daemon.configure(configuration(bench.port, hosts, "1h", "all", bench.smtp, bench.hook, bench.secret))
    print(f"\n{sources} sources with {each} new items each; pages of {min(sizes) / 1000:.0f} to {max(sizes) / 1000:.0f} kB, "
          f"{sum(sizes) / total / 1000:.0f} kB on average", flush=True)
    begun = []
    origin.again(lambda: begun.append(daemon.sample()))
    daemon.start()
    await bench.until("all items are judged",
                      lambda: daemon.one("SELECT count(*) FROM item WHERE state NOT IN ('waiting', 'reading')") == total, 0.1)
    spent, wall = daemon.sample() - begun[0], time.monotonic() - origin.first
    states = daemon.one("SELECT group_concat(state || ' ' || n, ', ') FROM (SELECT state, count(*) AS n FROM item GROUP BY state)")
    await bench.until("all deliveries are done",
                      lambda: daemon.one("SELECT count(*) FROM delivery WHERE state IN ('waiting', 'sending')") == 0, 0.1)
    each = spent / total * 1000
    bench.figure("CPU per article, its share of the feed included", each, f"{each:.2f} ms", MOST_PER_ARTICLE, "5 ms: 200 per second and core")
    bench.figure("articles per CPU second", 0, f"{total / spent:.0f}")
    bench.figure("wall", 0, f"{wall:.1f} s")
    bench.figure("peak", daemon.peak, f"{daemon.peak / 1e6:.1f} MB")
    print(f"  {states}; {len(bench.sink.mails)} mails and {len(bench.sink.calls)} webhook calls received", flush=True)
    if states != f"judged {total}" or len(bench.sink.mails) != (total + 12) // 20:
        bench.missed.append("every article judged, every alert received")
    if await daemon.stop() != 0:
        bench.missed.append("a clean end")
    stored = sum(file.stat().st_size for file in (daemon.folder / "state").iterdir() if file.is_file())
    bench.figure("disk per article, the pages of alerts included", 0, f"{stored / total / 1000:.1f} kB")


async def main():
    options = arguments()
    open_many_files()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="atalaya-bench-"))
    bench = Bench(options, folder, new_secret())
    servers = await bench.listen()
    try:
        size = os.stat(options.binary).st_size
        bench.figure("release binary", size, f"{size / 1e6:.1f} MB", MOST_BINARY, "40 MB")
        if options.only != "articles":
            await polls(bench, 200 if options.quick else 1000)
        if options.only != "polls":
            await articles(bench, 20 if options.quick else 100, 20)
    finally:
        if hasattr(bench.daemon, "process"):
            await bench.daemon.stop()
        for server in servers:
            server.close()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if bench.missed:
        print(f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

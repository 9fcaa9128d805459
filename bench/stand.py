"""Captured feeds and pages, each as a host of its own on 127.0.0.0/8, watched by the real daemon; then a report.

Only the standard library. The data is read from the folder that is named and copied nowhere. The captured feeds link
to the real web, so every host that `atalaya try feed` finds in a link of theirs is mapped to a loopback address where
nobody listens (`[egress.hosts]`), and those articles end as unreadable, as they must. A literal address cannot be mapped:
a feed that links to a public one is left out. The report names links to any other host, which is the one way by which a
request could have left this machine. `--outside` maps and leaves out nothing.
"""

import argparse
import asyncio
import collections
import gzip
import hashlib
import html
import ipaddress
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

from loopback import Daemon, Sink, new_secret, open_many_files, port_of, serve

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


def answer_of(site):
    def answer(path, headers):
        site.asked[path] += 1
        media, body = site.paths.get(path, (None, None))
        if body is None:
            return "404 Not Found", ["Content-Type: text/plain"], b"not found"
        return "200 OK", [f"Content-Type: {media}", f'ETag: "{hashlib.sha1(body).hexdigest()}"'], body

    return answer


# ── where it may lead ──


def host_of(link):
    """The host of a link in lower case, non-ASCII names in punycode; `None` for what is no web address."""
    try:
        parts = urllib.parse.urlsplit(link or "")
        host = (parts.hostname or "").rstrip(".") if parts.scheme in ("http", "https") else ""
        return host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        return None


def literal(host):
    """The address that a host is, if it is one, in any of the forms that the C library reads (`10.1`, `0x7f000001`)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host)) if re.fullmatch(r"[0-9a-fx.]+", host) else None
    except OSError:
        return None


def linked_hosts(binary, folder):
    """For each captured feed the hosts that its entries link to, by the reader of the very program that will run."""
    files = sorted(str(file) for file in folder.iterdir())
    read = subprocess.run([binary, "try", "feed", "--json", *files], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {}
    for line in read.stdout.splitlines():
        row = json.loads(line)
        hosts = {host_of(entry["link"]) for entry in row.get("entries", [])}
        found[pathlib.Path(row["file"]).name] = hosts - {None, "", "no-address.invalid"}
    return found


def fenced(found, options):
    """(sites to watch, hosts to map, names of sites left out)."""
    if options.outside:
        return found, [], []
    linked = linked_hosts(options.binary, options.data / "feeds/real")
    public = lambda host: (address := literal(host)) is not None and address.is_global
    out = {name for name, hosts in linked.items() if any(public(host) for host in hosts)}
    hosts = {host for name, hosts in linked.items() if name not in out for host in hosts if literal(host) is None}
    return [site for site in found if site.name not in out], sorted(hosts), sorted(out)


# ── the daemon ──


def configuration(found, hosts, port, smtp_port, hook_port, secret, options):
    quoted = json.dumps
    lines = [
        'state = "state"', 'packs = ["venezuela"]', "",
        "[egress]", 'allow = ["127.0.0.0/8"]', 'connect_timeout = "2s"', 'timeout = "10s"', "",
    ]
    lines += ["[egress.hosts]", *(f"{quoted(host)} = {quoted(NOBODY)}" for host in hosts), ""]
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


REST = """SELECT (SELECT count(*) FROM source) > 0
    AND NOT EXISTS (SELECT 1 FROM source WHERE reason IS NULL OR owner IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM item WHERE state IN ('waiting', 'reading'))
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE state IN ('waiting', 'sending'))"""


async def run_daemon(daemon, options):
    """Until every source was asked and no item and no delivery waits, or the time is over."""
    daemon.start()
    quiet = 0
    while time.monotonic() - daemon.started < options.seconds and daemon.runs() and quiet < 3:
        await asyncio.sleep(0.5)
        daemon.sample()
        quiet = quiet + 1 if daemon.one(REST) else 0
    took = time.monotonic() - daemon.started
    daemon.sample()
    return took, quiet >= 3, await daemon.stop()


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


def report(daemon, found, hosts, sink, options, outcome):
    took, finished, exit_code = outcome
    print(f"daemon: {took:.1f} s, {daemon.cpu:.1f} s of CPU, {daemon.peak / 1e6:.1f} MB at most, exit {exit_code}")
    print("it came to rest" if finished else "it did NOT come to rest: see what waits below")
    store = daemon.database()
    if store is None:
        print("no database was written; the end of the log:")
        sys.stdout.write(daemon.end_of_log())
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
    links = [row[0] for row in store.execute("SELECT DISTINCT link FROM item WHERE link IS NOT NULL")]
    store.close()
    if not options.outside:
        fence = {*hosts, *(site.address for site in found)}
        beyond = {host for link in links if (host := host_of(link)) and host not in fence}
        beyond = {host for host in beyond if (address := literal(host)) is None or address.is_global}
        print(f"\nlinks of captured feeds: {len(hosts)} hosts were mapped to {NOBODY}, where nobody listens; one retry after "
              f"1 s, then unreadable. Hosts that were neither mapped nor served: {len(beyond)} {' '.join(sorted(beyond))}")

    print("\natalaya ledger:")
    sys.stdout.flush()
    ledger = subprocess.run([options.binary, "ledger", "--config", daemon.config], check=False)
    print(f"(exit {ledger.returncode})")
    return 0 if finished and ledger.returncode == 0 and exit_code == 0 else 1


def free_port(address):
    """A port that is free there and, most probably, on the other loopback addresses: the bind would tell."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


async def main():
    options = arguments()
    if not (options.data / "feeds/real").is_dir():
        sys.exit(f"bench/stand: {options.data} holds no feeds/real: name the folder of captured data")
    if not os.access(options.binary, os.X_OK):
        sys.exit(f"bench/stand: {options.binary} is no program: build it with cargo build --release")
    open_many_files()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="atalaya-stand-"))
    daemon, secret, servers = Daemon(options.binary, folder), new_secret(), []
    sink = Sink(secret)
    try:
        port = free_port("127.1.0.2")
        found, hosts, left_out = fenced(sites(options.data, port), options)
        for site in found:
            handler = lambda reader, writer, answer=answer_of(site): serve(answer, reader, writer)
            servers.append(await asyncio.start_server(handler, site.address, port, backlog=16))
        smtp = await asyncio.start_server(sink.smtp, "127.0.0.1", 0)
        hook = await asyncio.start_server(sink.hook, "127.0.0.1", 0, limit=2**20)
        servers += [smtp, hook]
        daemon.configure(configuration(found, hosts, port, port_of(smtp), port_of(hook), secret, options))
        print(f"serving {len(found)} hosts on port {port} of 127.0.0.0/8; {daemon.config}", flush=True)
        if left_out:
            print(f"left out, because they link to literal addresses: {' '.join(left_out)}", flush=True)
        outcome = await run_daemon(daemon, options)
        return report(daemon, found, hosts, sink, options, outcome)
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

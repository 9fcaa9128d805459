"""A WebSub hub for the tests. Prints its port, then a JSON line for everything that happens.

It grants the lease that its first argument names, in seconds. Each line on standard input makes it deliver to every
subscriber: `good`, `wrong` (another secret), `unsigned`; `stray` asks the callback about a topic that nobody wanted.
"""

import hashlib
import hmac
import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LEASE = sys.argv[1]
lock = threading.Lock()
subscribers = {}


def say(value):
    with lock:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def fetch(request):
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def ask(callback, topic, lease):
    query = {"hub.mode": "subscribe", "hub.topic": topic, "hub.challenge": "a challenge", "hub.lease_seconds": lease}
    status, body = fetch(callback + "?" + urllib.parse.urlencode(query))
    return status == 200 and body == "a challenge", status


def verify(form):
    verified, status = ask(form["hub.callback"], form["hub.topic"], LEASE)
    if verified:
        subscribers[form["hub.callback"]] = form
    say({"hub": "verified" if verified else "refused", "status": status, "topic": form["hub.topic"]})


class Hub(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        form = dict(urllib.parse.parse_qsl(body))
        say({"hub": "asked", "mode": form.get("hub.mode"), "topic": form.get("hub.topic")})
        # Before the answer, as some hubs do.
        verify(form)
        self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def deliver(how):
    for callback, form in list(subscribers.items()):
        if how == "stray":
            verified, status = ask(callback, form["hub.topic"] + "/other", LEASE)
            say({"hub": "stray", "verified": verified, "status": status})
            continue
        body = b"<rss>whatever the hub says</rss>"
        secret = form["hub.secret"] if how == "good" else "another secret"
        headers = {"content-type": "application/rss+xml"}
        if how != "unsigned":
            headers["x-hub-signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        status, _ = fetch(urllib.request.Request(callback, data=body, headers=headers))
        say({"hub": "delivered", "how": how, "status": status})


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
say({"port": server.server_address[1]})
for line in sys.stdin:
    deliver(line.strip())

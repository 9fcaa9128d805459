"""A webhook receiver for the tests: checks signatures with the official Standard Webhooks library.

Prints its port, then one JSON line per call. The path says how it answers: /200, /500, /410, and /500x2 means twice
500, then 200. /hang never answers. `?after=2` adds Retry-After: 2, `?date=2` the same as a date, `?body=N` a body of N
letters to what is no success, and with `?while=FILE` it is no success only as long as the file is there.
/chaos answers well, late, badly or not at all, in turn.
"""

import email.utils
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook

SECRET = sys.argv[1]
lock = threading.Lock()
answered = {}


def say(value):
    with lock:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            value = Webhook(SECRET).verify(body, headers)
            error = None
        except Exception as problem:
            value, error = None, f"{type(problem).__name__}: {problem}"
        code, _, times = self.path.strip("/").split("?")[0].partition("x")
        with lock:
            count = answered.get(self.path, 0)
            answered[self.path] = count + 1
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        holds = (not times or count < int(times)) and ("while" not in asked or os.path.exists(asked["while"]))
        chaos = code == "chaos" and "while" in asked and os.path.exists(asked["while"])
        if chaos:
            holds, code = True, ("500", "200", "drop", "late", "503", "200", "drop")[count % 7]
        status = int(code) if code.isdigit() and holds else 200
        said = None if code in ("drop", "hang") else status
        say({"status": said, "path": self.path, "id": headers.get("webhook-id"), "headers": headers, "error": error, "body": value})
        if code == "hang":
            threading.Event().wait()
        if code == "drop":
            self.close_connection = True
            return
        if code == "late":
            time.sleep(0.3)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", "/200")
        body = b""
        if not 200 <= status < 300:
            if "after" in asked:
                self.send_header("retry-after", asked["after"])
            if "date" in asked:
                self.send_header("retry-after", email.utils.formatdate(time.time() + int(asked["date"]), usegmt=True))
            body = b"x" * int(asked.get("body", "0"))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
say({"port": server.server_address[1]})
server.serve_forever()

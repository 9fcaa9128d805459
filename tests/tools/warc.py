"""Reads a WARC file with warcio and prints each record as a line of JSON; exit 1 when a digest does not fit.

usage: warc.py FILE
"""

import json
import sys

from warcio.archiveiterator import ArchiveIterator

wrong = 0
with open(sys.argv[1], "rb") as file:
    for record in ArchiveIterator(file, check_digests=True):
        line = {
            "type": record.rec_type,
            "uri": record.rec_headers.get_header("WARC-Target-URI"),
            "date": record.rec_headers.get_header("WARC-Date"),
            "media": record.content_type,
        }
        if record.http_headers:
            line["status"] = record.http_headers.statusline
            line["headers"] = {name.lower(): value for name, value in record.http_headers.headers}
        line["body"] = record.content_stream().read().decode("utf-8", "replace")
        line["digests"] = record.digest_checker.passed
        wrong += record.digest_checker.passed is not True
        print(json.dumps(line))
sys.exit(1 if wrong else 0)

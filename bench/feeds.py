"""Compares how feeds are read with how they should be. See bench/feeds."""

import argparse
import html
import json
import os
import re
import subprocess
import sys
import unicodedata
import urllib.parse
from datetime import datetime

FIELDS = ["title", "link", "date", "id", "text"]


def readings(command, files):
    """One reading per file, by name."""
    found = {}
    for start in range(0, len(files), 100):
        part = files[start : start + 100]
        answer = subprocess.run(command + part, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        for line in answer.stdout.splitlines():
            reading = json.loads(line)
            found[reading["file"]] = reading
    return found


def plain(text):
    """A text without markup and references."""
    text = text or ""
    # The captured text is cut, maybe in the middle of a tag or reference.
    for _ in range(3):
        text = re.sub(r"<!--.*?-->|<[^<>]*>", " ", text, flags=re.S)
        text = html.unescape(text)
    return re.sub(r"<[a-zA-Z/!][^<>]*$", "", text)


def letters(text):
    """What is left of a text without case, accents' spelling, white space and signs either."""
    text = unicodedata.normalize("NFKC", plain(text)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def ascii_letters(text):
    """The letters that are the same in every encoding, so that text decoded twice compares equal."""
    return re.sub(r"[^a-z0-9]", "", plain(text).lower())


def same_text(ours, expected):
    """Equal, or equal but for letters that one of them has in another encoding's spelling."""
    if letters(ours) == letters(expected):
        return True
    wanted = ascii_letters(expected)
    return len(wanted) > 8 and ascii_letters(ours) == wanted


def holds(ours, expected):
    """Whether the captured text's beginning stands in ours: of several texts, feedparser keeps the last."""
    if letters(expected)[:60] in letters(ours):
        return True
    wanted = ascii_letters(expected)[:40]
    return len(wanted) > 8 and wanted in ascii_letters(ours)


def address(link):
    link = html.unescape(html.unescape((link or "").strip()))
    link = urllib.parse.unquote(link).replace("http://no-address.invalid", "")
    return re.sub(r"\s|\.\./|^\./", "", link).rstrip("/").lstrip("/").casefold()


def seconds(time):
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp() if time else None


def pairs(expected, ours):
    """Each expected entry with ours."""
    if len(expected) == len(ours):
        return list(zip(expected, ours))
    matched = []
    for want in expected:
        keys = [("id", lambda e: (e.get("id") or "").strip()), ("link", lambda e: address(e.get("link"))), ("title", lambda e: letters(e.get("title")))]
        hit = None
        for _, key in keys:
            hit = hit or next((entry for entry in ours if key(want) and key(entry) == key(want)), None)
        matched.append((want, hit or {}))
    return matched


def judge(want, entry):
    """Field -> whether it is right; only of fields that the expectation has."""
    right = {}
    if want.get("title"):
        right["title"] = same_text(entry.get("title"), want["title"])
    if want.get("link"):
        right["link"] = address(entry.get("link")) == address(want["link"])
    if want.get("published") is not None:
        times = [seconds(entry.get("published")), seconds(entry.get("updated"))]
        right["date"] = any(time is not None and abs(time - want["published"]) < 1 for time in times)
    if want.get("id"):
        right["id"] = address(entry.get("id")) == address(want["id"])
    if letters(want.get("text")):
        right["text"] = any(holds(entry.get(part), want["text"]) for part in ["summary", "content"])
    return right


def real(folder, command, verbose):
    wanted = [json.loads(line) for line in open(f"{folder}/feeds/real.jsonl", encoding="utf-8")]
    found = readings(command, [f"{folder}/feeds/real/{one['file']}" for one in wanted])
    count = {"feeds": len(wanted), "parsed": 0, "all": 0, "empty": 0}
    right, total = dict.fromkeys(FIELDS, 0), dict.fromkeys(FIELDS, 0)
    for one in wanted:
        reading = found.get(f"{folder}/feeds/real/{one['file']}", {"error": "no answer"})
        entries = reading.get("entries", [])
        count["parsed"] += "error" not in reading
        count["all"] += len(entries) >= len(one["entries"])
        silent = "error" not in reading and not entries and one["entries"] and not reading["warnings"]
        count["empty"] += bool(silent)
        if verbose and ("error" in reading or len(entries) != len(one["entries"])):
            print(f"  {one['file']}: {len(entries)} of {len(one['entries'])} entries {reading.get('error', '')}")
        for index, (want, entry) in enumerate(pairs(one["entries"], entries)):
            for field, good in judge(want, entry).items():
                total[field] += 1
                right[field] += good
                if verbose and not good:
                    shown = {"date": "published"}.get(field, field)
                    got = entry.get(shown) if field != "text" else [entry.get("summary"), entry.get("content")]
                    print(f"  {one['file']}[{index}] {field}: {str(want[shown])[:90]!r} <> {str(got)[:90]!r}")
    count["fields"] = {field: 100 * right[field] / max(1, total[field]) for field in FIELDS}
    return count


def probe_passes(want, reading, again):
    if want.get("notfeed"):
        return "error" in reading
    if "error" in reading:
        return False
    entries = reading["entries"]
    if want.get("feed"):
        return not entries
    if len(entries) < want["n"]:
        return False
    entry = entries[0]
    expected = {"title": want.get("title"), "link": want.get("link"), "published": want.get("date"), "id": want.get("id"), "text": want.get("text")}
    if not all(judge(expected, entry).values()):
        return False
    if want.get("id") and entry["id"] != want["id"]:
        return False
    if want.get("idlink") and entry["id"] != entry["link"]:
        return False
    return not want.get("stable") or entries[0]["id"] == again["entries"][0]["id"]


def probes(folder, command, verbose):
    wanted = [json.loads(line) for line in open(f"{folder}/feeds/probes.jsonl", encoding="utf-8")]
    files = [f"{folder}/feeds/probes/{one['file']}" for one in wanted]
    found, again = readings(command, files), readings(command, files)
    passed = 0
    for one, file in zip(wanted, files):
        nothing = {"error": "no answer"}
        good = probe_passes(one["expect"], found.get(file, nothing), again.get(file, nothing))
        passed += good
        if verbose and not good:
            print(f"  probe {one['class']}: {one['name']}: {json.dumps(found.get(file), ensure_ascii=False)[:300]}")
    return passed, len(wanted)


def main():
    parser = argparse.ArgumentParser(prog="bench/feeds", description="Reads captured feeds and prints how many are read whole, and how fast.")
    parser.add_argument("folder", metavar="DATA_FOLDER", help="with feeds/real.jsonl and feeds/probes.jsonl")
    parser.add_argument("--atalaya", help="the binary")
    parser.add_argument("--timer", help="the program that benches/feeds.rs becomes")
    parser.add_argument("--verbose", action="store_true", help="every difference")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.folder)

    missed = []
    readers = {"atalaya": [arguments.atalaya, "try", "feed", "--json"]}
    speed = {}
    if arguments.timer:
        readers["feed-rs"] = [arguments.timer, "--feed-rs"]
        answer = subprocess.run([arguments.timer, "--time", f"{folder}/feeds/real"], stdout=subprocess.PIPE, check=True)
        speed = json.loads(answer.stdout)
    print(f"{'':12} parsed all-entries silently-empty   " + "  ".join(f"{field:>6}" for field in FIELDS) + "  probes   MB/s")
    for name, command in readers.items():
        verbose = arguments.verbose and name == "atalaya"
        count = real(folder, command, verbose)
        passed, all_probes = probes(folder, command, verbose)
        parsed, whole = (100 * count[key] / count["feeds"] for key in ["parsed", "all"])
        fields = count["fields"]
        row = "  ".join(f"{fields[field]:6.2f}" for field in FIELDS)
        rate = f"{speed[name]:6.1f}" if name in speed else "     -"
        print(f"{name:12} {parsed:6.2f} {whole:11.2f} {count['empty']:14}   {row}  {passed}/{all_probes}  {rate}")
        if name != "atalaya":
            continue
        bounds = [("parsed %", parsed, 100), ("with all entries %", whole, 99.7), ("not silently empty", -count["empty"], 0)]
        bounds += [(f"{field} %", fields[field], 99) for field in FIELDS]
        bounds += [("probes %", 100 * passed / max(1, all_probes), 95)]
        bounds += [("MB/s", speed["atalaya"], 60)] if speed else []
        missed = [f"{what}: {value:.2f}, wanted {bound}" for what, value, bound in bounds if value < bound]
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

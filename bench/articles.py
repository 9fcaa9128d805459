"""Compares what is read on saved pages with their true bodies and fields. See bench/articles."""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import unicodedata
import urllib.parse

# F1 that must be reached, and the share of pages below .5 that may be.
BOUNDS = {"zyte": (0.970, 0.01), "np4k": (0.930, 0.04), "fundus": (0.950, 0.01)}
SPEED, TIMES_TRAFILATURA = 250, 3
HOSTILE_SECONDS, HOSTILE_MEGABYTES = 2, 200
FIELDS = ["title", "date", "author", "lang"]


def shingles(text, size=4):
    """Every run of four words, with how often it occurs; a shorter text is one shingle."""
    words = re.findall(r"\w+", text or "")
    if not words:
        return collections.Counter()
    runs = [tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1))]
    return collections.Counter(runs)


def compare(true, found):
    """(precision, recall) of one page, as the public benchmark counts them."""
    true, found = shingles(true), shingles(found)
    both = sum((true & found).values())
    if true == found:
        return 1.0, 1.0
    return both / max(1, sum(found.values())), both / max(1, sum(true.values()))


def f1(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def summary(pairs):
    precision = sum(pair[0] for pair in pairs) / len(pairs)
    recall = sum(pair[1] for pair in pairs) / len(pairs)
    bad = sum(f1(*pair) < 0.5 for pair in pairs) / len(pairs)
    return f1(precision, recall), precision, recall, bad


def letters(text):
    text = unicodedata.normalize("NFKC", text or "").casefold()
    return "".join(letter for letter in text if letter.isalnum())


def names(text):
    """A byline as the set of its names."""
    parts = re.split(r",|;|/|\||&| and | und | y | et | e ", text or "")
    return {letters(part) for part in parts if letters(part)}


def judge(want, article):
    """Field -> whether it is right; only of fields that the truth has."""
    right = {}
    if want.get("title"):
        right["title"] = letters(want["title"]) == letters(article["title"])
    if want.get("date"):
        # The truth is a day without its zone, so the night before and the morning after are right too.
        days = re.findall(r"\d{4}-\d\d-\d\d", article["published"] or "")
        right["date"] = bool(days) and near(days[0], want["date"][:10])
    if want.get("author"):
        wanted, ours = names(want["author"]), names(article["byline"])
        right["author"] = bool(wanted & ours) or letters(want["author"]) in letters(article["byline"])
    if want.get("lang"):
        right["lang"] = want["lang"] == article["language"]
    return right


def near(one, other):
    import datetime

    try:
        apart = datetime.date.fromisoformat(one) - datetime.date.fromisoformat(other)
    except ValueError:
        return False
    return abs(apart.days) <= 1


def load(folder, name):
    with open(f"{folder}/{name}.jsonl", encoding="utf-8") as lines:
        wanted = [json.loads(line) for line in lines]
    for want in wanted:
        want["file"] = f"{folder}/{name}/{want['id']}.html.gz"
    return wanted


def site(want):
    return urllib.parse.urlsplit(want["url"]).hostname or want["id"]


def articles(arguments):
    folder = f"{arguments.folder}/articles"
    sets = {name: load(folder, name) for name in BOUNDS if os.path.exists(f"{folder}/{name}.jsonl")}
    asked = [{"id": f"{name}/{want['id']}", "url": want["url"], "file": want["file"]} for name in sets for want in sets[name]]
    answer = subprocess.run(
        [arguments.reader, "--read"],
        input="\n".join(json.dumps(one) for one in asked),
        stdout=subprocess.PIPE,
        stderr=None if arguments.verbose else subprocess.DEVNULL,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    last = lines.pop()
    speed = last["speed"]
    found = {line["id"]: line for line in lines}
    missed = []
    print(f"{'':8} {'':14} {'F1':>6} precision recall  F1<.5")
    for name, wanted in sets.items():
        for reader in ["atalaya", "dom_smoothie"]:
            pairs = []
            for want in wanted:
                read = found[f"{name}/{want['id']}"][reader]
                pair = compare(want["body"], read["text"] if reader == "atalaya" else read)
                pairs.append(pair)
                if arguments.verbose and reader == "atalaya" and f1(*pair) < 0.9:
                    print(f"  {name}/{want['id']} {site(want)} P {pair[0]:.2f} R {pair[1]:.2f} {read['method']}")
            score, precision, recall, bad = summary(pairs)
            print(f"{name:8} {reader:14} {score:6.4f} {precision:9.4f} {recall:6.4f} {bad:6.3f}   {len(pairs)} pages")
            if reader == "atalaya":
                least, most_bad = BOUNDS[name]
                missed += [f"{name} F1: {score:.4f}, wanted {least}"] if score < least else []
                missed += [f"{name} F1<.5: {bad:.3f}, wanted {most_bad}"] if bad > most_bad else []
    right, total = collections.Counter(), collections.Counter()
    for want in sets["fundus"]:
        article = found[f"fundus/{want['id']}"]["atalaya"]
        for field, good in judge(want, article).items():
            total[field] += 1
            right[field] += good
            if arguments.verbose and not good:
                ours = article[{"date": "published", "author": "byline", "lang": "language"}.get(field, field)]
                print(f"  fundus/{want['id']} {site(want)} {field}: {want[field]!r} <> {ours!r}")
    print("fundus fields   " + "  ".join(f"{field} {right[field]}/{total[field]}" for field in FIELDS))
    theirs = trafilatura_speed(arguments.python, asked)
    print(f"pages per CPU second   atalaya {speed['atalaya']:.0f}  dom_smoothie {speed['dom_smoothie']:.0f}  Python trafilatura {theirs and round(theirs) or '-'}")
    print(f"CPU milliseconds of a page, p99   atalaya {last['p99']:.1f}")
    if speed["atalaya"] < SPEED:
        missed.append(f"pages per CPU second: {speed['atalaya']:.0f}, wanted {SPEED}")
    if theirs and speed["atalaya"] < TIMES_TRAFILATURA * theirs:
        missed.append(f"times Python trafilatura: {speed['atalaya'] / theirs:.1f}, wanted {TIMES_TRAFILATURA}")
    return missed


TIMER = """
import gzip, json, sys, time, trafilatura
pages = [gzip.open(json.loads(line)["file"]).read() for line in sys.stdin]
best = 1e9
for _ in range(2):
    began = time.process_time()
    for page in pages: trafilatura.extract(page)
    best = min(best, time.process_time() - began)
print(len(pages) / best)
"""


def trafilatura_speed(python, asked):
    if not python or not os.access(python, os.X_OK):
        return None
    lines = "\n".join(json.dumps(one) for one in asked)
    answer = subprocess.run([python, "-c", TIMER], input=lines, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return float(answer.stdout) if answer.returncode == 0 else None


def hostile(arguments):
    missed = []
    print(f"{'hostile form':44} {'MB':>6} {'seconds':>8} {'grown MB':>8}")
    for number in range(1000):
        answer = subprocess.run([arguments.reader, "--hostile", str(number)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if answer.returncode != 0:
            missed.append(f"hostile form {number}: ended with {answer.returncode}: {answer.stderr[-200:]}")
            continue
        if not answer.stdout:
            break
        line = json.loads(answer.stdout)
        print(f"{line['name']:44} {line['page'] / 1e6:6.1f} {line['seconds']:8.2f} {line['megabytes']:8.0f}")
        if line["seconds"] > HOSTILE_SECONDS:
            missed.append(f"{line['name']}: {line['seconds']:.1f} s, wanted {HOSTILE_SECONDS}")
        if line["megabytes"] > HOSTILE_MEGABYTES:
            missed.append(f"{line['name']}: {line['megabytes']:.0f} MB, wanted {HOSTILE_MEGABYTES}")
    return missed


def main():
    parser = argparse.ArgumentParser(prog="bench/articles", description="Reads saved pages and prints how much of their true bodies is found, and how fast.")
    parser.add_argument("folder", metavar="DATA_FOLDER", nargs="?", help="with articles/zyte.jsonl and articles/fundus.jsonl")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    parser.add_argument("--python", help=argparse.SUPPRESS)
    parser.add_argument("--verbose", action="store_true", help="every page that is read badly, every field that is wrong")
    parser.add_argument("--hostile", action="store_true", help="only the hostile forms")
    parser.add_argument("--no-hostile", action="store_true", help="without the hostile forms")
    parser.add_argument("--no-trafilatura", action="store_true", help="without the speed of Python's trafilatura")
    arguments = parser.parse_args()
    missed = []
    if not arguments.hostile:
        if arguments.no_trafilatura:
            arguments.python = None
        missed += articles(arguments)
    if not arguments.no_hostile:
        missed += hostile(arguments)
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Compares which entities are found in labelled passages with what people labelled. See bench/entities."""

import argparse
import collections
import html
import json
import os
import re
import subprocess
import sys
import time
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
MICRO_F1, RECALL, EACH_F1 = 0.95, 0.95, 0.85
ATALAYA, NAIVE, CASED = "atalaya", "any case", "as written"


class Counts:
    """True, false and missed mentions."""

    def __init__(self):
        self.true = self.false = self.missed = 0

    def add(self, found, expected):
        self.true += found and expected
        self.false += found and not expected
        self.missed += not found and expected

    def plus(self, other):
        self.true, self.false, self.missed = self.true + other.true, self.false + other.false, self.missed + other.missed
        return self

    @property
    def precision(self):
        return self.true / (self.true + self.false) if self.true + self.false else 1.0

    @property
    def recall(self):
        return self.true / (self.true + self.missed) if self.true + self.missed else 1.0

    @property
    def f1(self):
        wrong = self.false + self.missed
        return 2 * self.true / (2 * self.true + wrong) if wrong or self.true else 1.0

    def as_dict(self):
        figures = {"true": self.true, "false": self.false, "missed": self.missed}
        return figures | {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}


def passages(places):
    read = []
    for place in places:
        path = os.path.join(place, "entities-dev.jsonl") if os.path.isdir(place) else place
        if not os.path.isfile(path):
            print(f"bench/entities: there is no {path}: name the folder of labelled passages, or files of them", file=sys.stderr)
            sys.exit(2)
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    passage = json.loads(line)
                    passage["title"], passage["body"] = passage.get("title") or "", passage["body"]
                    passage["labels"].items()
                except (ValueError, KeyError, AttributeError, TypeError) as error:
                    sys.exit(f"bench/entities: {path}:{number} is no labelled passage: {error!r}")
                read.append(passage)
    return read


def ours(arguments, read):
    """For each passage the entities that the program mentions, and the seconds that it took for all."""
    asked = "".join(
        json.dumps({"id": at, "lang": passage.get("lang"), "title": passage["title"], "body": passage["body"]}) + "\n"
        for at, passage in enumerate(read)
    )
    command = [arguments.atalaya, "try", "rules", "--config", arguments.pack, "--json"]
    begun = time.monotonic()
    answer = subprocess.run(command, input=asked.encode(), stdout=subprocess.PIPE, check=True)
    took = time.monotonic() - begun
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["id"] for line in lines] == list(range(len(read))), "an answer for each passage, in order"
    return [{mention["entity"] for mention in line["mentions"]} for line in lines], took


def keywords(entities, read):
    """What keywords find: every name of the pack in any case and anywhere, and as a whole word just as it is written."""
    naive, cased = {}, {}
    for name, entity in entities.items():
        names = sorted({*entity.get("strong", []), *entity.get("weak", [])}, key=len, reverse=True)
        either = "|".join(re.escape(name) for name in names)
        naive[name] = re.compile(either, re.IGNORECASE)
        cased[name] = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
    texts = [html.unescape(passage["title"] + "\n" + passage["body"]) for passage in read]
    found = lambda patterns: [{name for name, pattern in patterns.items() if pattern.search(text)} for text in texts]
    return found(naive), found(cased)


def score(read, mapped, answers):
    """Counts by label; what is labelled null is left out."""
    counts = {label: Counts() for label in mapped}
    for passage, answer in zip(read, answers):
        for label, expected in passage["labels"].items():
            if label not in mapped:
                sys.exit(f"bench/entities: passage {passage.get('id')} has a label that is not in the map: {label}")
            if expected is not None:
                counts[label].add(mapped[label] in answer, bool(expected))
    return counts


def micro(counts):
    total = Counts()
    for one in counts.values():
        total.plus(one)
    return total


def main():
    parser = argparse.ArgumentParser(
        prog="bench/entities",
        description="Judges labelled passages with one pack: precision, recall and F1 of each entity, beside plain keywords.",
        epilog=f"Exit 1 when a bound is missed: micro F1 {MICRO_F1}, micro recall {RECALL}, F1 of each entity {EACH_F1}.",
    )
    parser.add_argument("data", nargs="+", metavar="DATA", help="a folder with entities-dev.jsonl, or files of labelled passages")
    parser.add_argument("--json", action="store_true", help="the figures as one JSON object")
    parser.add_argument("--verbose", action="store_true", help="each passage that is judged in another way")
    parser.add_argument("--speed", action="store_true", help="also time a judging of the passages, many times over")
    parser.add_argument("--pack", default=os.path.join(HERE, "../config/packs/venezuela.toml"), help="the pack that judges")
    parser.add_argument("--map", default=os.path.join(HERE, "entities.map.toml"), help="label = entity of the pack")
    parser.add_argument("--atalaya", help=argparse.SUPPRESS)
    parser.add_argument("--only-check", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    with open(arguments.pack, "rb") as file:
        pack = tomllib.load(file)
    with open(arguments.map, "rb") as file:
        mapped = tomllib.load(file)["entities"]
    for label, name in mapped.items():
        if name not in pack["entity"]:
            sys.exit(f"bench/entities: {arguments.pack} has no entity {name}, which is to answer for {label}")
    read = passages(arguments.data)
    if arguments.only_check:
        return 0
    answers, took = ours(arguments, read)
    naive, cased = keywords({name: pack["entity"][name] for name in set(mapped.values())}, read)
    by_method = {method: score(read, mapped, found) for method, found in ((ATALAYA, answers), (NAIVE, naive), (CASED, cased))}
    totals = {method: micro(counts) for method, counts in by_method.items()}

    all_of_us = totals[ATALAYA]
    missed = []
    for name, value, bound in (("micro F1", all_of_us.f1, MICRO_F1), ("micro recall", all_of_us.recall, RECALL)):
        if value < bound:
            missed.append(f"{name}: {value:.4f}, wanted {bound}")
    for label, counts in by_method[ATALAYA].items():
        if counts.f1 < EACH_F1:
            missed.append(f"F1 of {label}: {counts.f1:.4f}, wanted {EACH_F1}")
    speed = None
    if arguments.speed:
        # Starting and compiling is in both; what is between them is judging.
        times = max(2, 20000 // max(1, len(read)))
        speed = (times - 1) * len(read) / max(0.001, ours(arguments, read * times)[1] - took)

    if arguments.json:
        figures = {
            method: {"micro": totals[method].as_dict(), "entities": {label: one.as_dict() for label, one in counts.items()}}
            for method, counts in by_method.items()
        }
        print(json.dumps({"passages": len(read), "methods": figures, "passages_per_second": speed and round(speed), "missed": missed}, indent=2))
        return 1 if missed else 0

    methods = [ATALAYA, NAIVE, CASED]
    print(f"{len(read)} passages {'':20}" + "".join(f"{method:^24}" for method in methods))
    print(f"{'':26} true" + "".join(f"{'P':>8}{'R':>8}{'F1':>8}" for _ in methods))
    row = lambda counts: "".join(f"{one.precision:8.3f}{one.recall:8.3f}{one.f1:8.3f}" for one in counts)
    for label in mapped:
        ones = [by_method[method][label] for method in methods]
        print(f"{label:26} {ones[0].true + ones[0].missed:4}" + row(ones))
    print(f"{'all (micro)':26} {all_of_us.true + all_of_us.missed:4}" + row([totals[method] for method in methods]))
    if speed:
        print(f"{speed:.0f} passages a second, from standard input to JSON")
    if arguments.verbose:
        print()
        for passage, answer in zip(read, answers):
            for label, expected in passage["labels"].items():
                if expected is not None and (mapped[label] in answer) != bool(expected):
                    told = "missed" if expected else "false"
                    print(f"{told} {label} {passage.get('id')} [{passage.get('why', '')}]: {passage['title']} / {passage['body']}")
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

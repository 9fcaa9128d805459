"""Compares how pairs of articles are judged with how people judged them. See bench/stories."""

import argparse
import collections
import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata

RELATIONS = ["suppress", "fold", "story", "new"]


def words(text):
    text = unicodedata.normalize("NFKD", (text or "").lower())
    return re.findall(r"[^\W_]+", "".join(letter for letter in text if not unicodedata.combining(letter)))


def number(text, salt=0):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, salt=salt.to_bytes(8, "little")).digest(), "little")


def shingles(text):
    found = words(text)
    return {" ".join(found[at : at + 3]) for at in range(max(1, len(found) - 2))} if found else set()


def simhash(text):
    counts = [0] * 64
    for shingle in shingles(text):
        value = number(shingle)
        for bit in range(64):
            counts[bit] += 1 if value >> bit & 1 else -1
    return sum(1 << bit for bit in range(64) if counts[bit] > 0)


PRIME = (1 << 61) - 1
SLOPES = [(number(f"slope {at}") % PRIME, number(f"start {at}") % PRIME) for at in range(128)]


def minhash(text):
    values = [number(shingle) for shingle in shingles(text)]
    return [min((slope * value + start) % PRIME for value in values) if values else 0 for slope, start in SLOPES]


def baselines(pair):
    """What other readers do: does each call the pair a copy?"""
    titles = [words(pair[f"title_{side}"]) for side in "ab"]
    union = set(titles[0]) | set(titles[1])
    texts = [pair[f"text_{side}"] for side in "ab"]
    signatures = [minhash(text) for text in texts]
    return {
        "exact title": bool(titles[0]) and titles[0] == titles[1],
        "title Jaccard .6": bool(union) and len(set(titles[0]) & set(titles[1])) >= 0.6 * len(union),
        "SimHash <= 10": bin(simhash(texts[0]) ^ simhash(texts[1])).count("1") <= 10,
        "MinHash J >= .5": sum(one == other for one, other in zip(*signatures)) >= 64,
    }


def ours(command, pairs):
    asked = "".join(
        json.dumps({key: value for key, value in pair.items() if key not in ("label", "kind")}) + "\n" for pair in pairs
    )
    answer = subprocess.run(command, input=asked.encode(), stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["id"] for line in lines] == [pair["id"] for pair in pairs], "an answer for each pair, in order"
    return lines


def share(part, whole):
    return f"{part / whole:6.3f}" if whole else "     -"


def table(pairs):
    rows = collections.defaultdict(list)
    for pair in pairs:
        across = "  across" if pair["lang_a"] != pair["lang_b"] else ""
        rows[(pair["label"], "")].append(pair)
        rows[(pair["label"], "  " + pair["kind"] + across)].append(pair)
    print(f"{'':46} pairs " + " ".join(f"{relation:>8}" for relation in RELATIONS))
    for (label, kind), members in sorted(rows.items()):
        counts = collections.Counter(pair["relation"] for pair in members)
        shares = "   ".join(share(counts[relation], len(members)) for relation in RELATIONS)
        print(f"{(kind or label):46} {len(members):5}  {shares}")


def figures(pairs):
    """The bounds: name, value, bound, whether more is better."""
    of = collections.defaultdict(list)
    for pair in pairs:
        of[pair["label"]].append(pair["relation"])
    copies = of["same"] + of["partial"]
    silenced = [pair for pair in pairs if pair["relation"] == "suppress"]
    right = [pair for pair in silenced if pair["label"] in ("same", "partial")]
    allowed = [pair for pair in silenced if pair["label"] in ("same", "partial", "translation")]
    truncated = [pair["relation"] for pair in pairs if pair["kind"].endswith("mt_trunc")]
    joined = lambda relations, which: sum(relation in which for relation in relations) / max(1, len(relations))
    told_less = ("suppress", "fold")
    return [
        ("suppress precision", len(allowed) / max(1, len(silenced)), 0.995, True),
        ("  translations counted as wrong", len(right) / max(1, len(silenced)), None, True),
        ("different suppressed", joined(of["different"], ["suppress"]), 0, False),
        ("suppress recall", joined(copies, ["suppress"]), 0.80, True),
        ("same joined", joined(of["same"], told_less), 0.99, True),
        ("partial joined", joined(of["partial"], told_less), 0.95, True),
        ("translations joined, story too", joined(of["translation"], RELATIONS[:3]), 0.97, True),
        ("truncated translations joined, story too", joined(truncated, RELATIONS[:3]), 0.92, True),
        ("  without story", joined(truncated, told_less), None, True),
        ("different folded", joined(of["different"], told_less), 0.02, False),
        ("same event folded", joined(of["same_event"], told_less), None, False),
    ]


def half(pair):
    """Which half a pair is in: all edits of one article are in one."""
    return number(" ".join(words(pair["text_a"])[:30])) % 2


def main():
    parser = argparse.ArgumentParser(prog="bench/stories", description="Judges labelled pairs of articles and prints how many are judged as people did.")
    parser.add_argument("folder", metavar="DATA_FOLDER", help="with dedup-dev.jsonl")
    parser.add_argument("--atalaya", help="the binary")
    parser.add_argument("--timer", help="the program that benches/stories.rs becomes")
    parser.add_argument("--config", help="a configuration with other [stories]")
    parser.add_argument("--verbose", action="store_true", help="every pair that is judged in another way")
    parser.add_argument("--quick", action="store_true", help="without the other methods")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.folder, "dedup-dev.jsonl"), encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    command = [arguments.atalaya] + (["--config", arguments.config] if arguments.config else []) + ["try", "story", "--jsonl", "-"]
    for pair, line in zip(pairs, ours(command, pairs)):
        pair.update(relation=line["relation"], why=line["why"])
    table(pairs)

    print(f"\n{'':46}    all half A half B  bound")
    missed = []
    by_half = [figures([pair for pair in pairs if half(pair) == which]) for which in (0, 1)]
    for (name, value, bound, more), *halves in zip(figures(pairs), *by_half):
        shown = "  ".join(f"{one[1]:.3f}" for one in halves)
        print(f"{name:46} {value:6.3f}  {shown}  {'' if bound is None else bound}")
        if bound is not None and (value < bound if more else value > bound):
            missed.append(f"{name}: {value:.4f}, wanted {bound}")

    if not arguments.quick:
        same = [pair for pair in pairs if pair["lang_a"] == pair["lang_b"] and pair["label"] != "translation"]
        found = collections.defaultdict(collections.Counter)
        total = collections.Counter(pair["label"] for pair in same)
        for pair in same:
            answers = {"atalaya, suppress": pair["relation"] == "suppress", "atalaya, fold": pair["relation"] in RELATIONS[:2]}
            for method, copy in {**answers, **baselines(pair)}.items():
                found[method][pair["label"]] += copy
        print(f"\n{'called a copy, one language':46}   same partial  event   different")
        for method, counts in found.items():
            print(f"{method:46} " + " ".join(share(counts[label], total[label]) for label in ("same", "partial", "same_event", "different")))
    if arguments.timer:
        print()
        timed = json.loads(subprocess.run([arguments.timer, "--time", os.path.join(arguments.folder, "dedup-dev.jsonl")], stdout=subprocess.PIPE, check=True).stdout)
        for name, (value, bound, more) in timed.items():
            print(f"{name:46} {value:12.2f}  {'' if bound is None else bound}")
            if bound is not None and (value < bound if more else value > bound):
                missed.append(f"{name}: {value:.2f}, wanted {bound}")
    if arguments.verbose:
        for pair in pairs:
            relation, label = pair["relation"], pair["label"]
            less = relation in RELATIONS[:2]
            if (label == "different" and less) or (label in ("same", "partial") and not less) or (label == "translation" and relation == "new"):
                print(f"  {label} {pair['id']}: {relation}: {pair['why']}")
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

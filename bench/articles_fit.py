"""Fits the judge of blocks to pages whose true bodies are known. See bench/articles-fit."""

import argparse
import json
import os
import subprocess
import zlib

import numpy
from sklearn.ensemble import HistGradientBoostingClassifier

from articles import compare, load, shingles, site, summary

FOLDS = 5
SETS = ["zyte", "fundus"]
# Small trees, few of them, and leaves that speak of many blocks: there are two hundred pages, and other sites decide.
SHAPE = {"max_iter": 100, "max_depth": 3, "learning_rate": 0.1, "l2_regularization": 5.0, "min_samples_leaf": 40, "random_state": 1}
# Blocks are kept from this probability on.
LEAST = 0.45


def labels(texts, body):
    """For each block how much of it belongs to the body. One of few words does when a longer neighbour does."""
    true = shingles(body)
    words = [" ".join(shingle_words(text)) for text in texts]
    lines = {" ".join(shingle_words(line)) for line in body.split("\n")}
    short = [len(line.split()) < 4 for line in words]
    found = []
    for text, line, few in zip(texts, words, short):
        ours = shingles(text)
        found.append(float(line in lines) if few else sum((ours & true).values()) / max(1, sum(ours.values())))
    for at, few in enumerate(short):
        near = [other for other in (at - 2, at - 1, at + 1, at + 2) if 0 <= other < len(texts) and not short[other]]
        if few and not any(found[other] >= 0.75 for other in near):
            found[at] = 0.0
    return numpy.array(found) >= 0.5, numpy.array([max(1, len(line.split())) for line in words], float)


def shingle_words(text):
    import re

    return re.findall(r"\w+", text)


def prepare(wanted, line):
    texts = [text for text, _ in line["blocks"]]
    rows = numpy.array([row for _, row in line["blocks"]], numpy.float32).reshape(len(texts), len(line["columns"]))
    # These are the same for all blocks of a run.
    runs = [at for at, name in enumerate(line["columns"]) if name.startswith("run ")]
    inside, words = labels(texts, wanted["body"])
    # A block counts as its words do in the page's score.
    weight = numpy.minimum(50, 100 * words / max(50, words[inside].sum()))
    page = {"want": wanted, "texts": texts, "rows": rows, "inside": inside, "weight": weight, "columns": runs}
    page["letters"] = numpy.array([len("".join(text.split())) for text in texts], float)
    page["found"] = rows[:, line["columns"].index("witness")] > 0.5
    page["linked"] = rows[:, line["columns"].index("linked")]
    return page


def fitted(pages):
    rows = numpy.vstack([page["rows"] for page in pages])
    inside = numpy.concatenate([page["inside"] for page in pages])
    weight = numpy.concatenate([page["weight"] for page in pages])
    return HistGradientBoostingClassifier(**SHAPE).fit(rows, inside, sample_weight=weight)


def judged(model, page):
    if not page["texts"]:
        return numpy.zeros(0)
    return together(page, model.predict_proba(page["rows"])[:, 1])


def together(page, probable):
    """As `together` in src/article/extractors/judged.rs: runs of three and more share most of their score."""
    odds = numpy.log(numpy.clip(probable, 1e-4, 1 - 1e-4) / (1 - numpy.clip(probable, 1e-4, 1 - 1e-4)))
    shared, words = odds.copy(), numpy.array([min(40, len(text.split(" "))) for text in page["texts"]], float)
    runs = page["rows"][:, page["columns"]]
    start = 0
    for end in range(1, len(odds) + 1):
        if end < len(odds) and (runs[end] == runs[start]).all():
            continue
        if end - start >= 3:
            shared[start:end] = 0.1 * odds[start:end] + 0.9 * numpy.average(odds[start:end], weights=words[start:end])
        start = end
    return 1 / (1 + numpy.exp(-shared))


def sane(page, kept):
    """As `sane` in src/article/extractors/judged.rs: a choice far from the witness is mended."""
    found = page["found"]
    ours, theirs, both = (page["letters"][which].sum() for which in (kept, found, kept & found))
    if theirs > 250 and both < 0.4 * theirs and 2 * both >= ours:
        return kept | found & (page["linked"] < 0.5)
    if theirs > 750 and theirs < 0.6 * ours:
        return kept & found
    return kept


def show(name, pages, kept):
    for which in SETS:
        pairs = [
            compare(page["want"]["body"], "\n\n".join(text for text, keep in zip(page["texts"], keeps) if keep))
            for page, keeps in zip(pages, kept)
            if page["want"]["set"] == which
        ]
        score, precision, recall, bad = summary(pairs)
        print(f"{name:20} {which:8} F1 {score:.4f}  precision {precision:.4f}  recall {recall:.4f}  F1<.5 {bad:.3f}", flush=True)


def cross_validated(pages):
    """The probability of each block by a model that saw no page of its site."""
    fold = [zlib.crc32(".".join(site(page["want"]).split(".")[-2:]).encode()) % FOLDS for page in pages]
    probable = [None] * len(pages)
    for this in range(FOLDS):
        model = fitted([page for page, other in zip(pages, fold) if other != this])
        for at, page in enumerate(pages):
            if fold[at] == this:
                probable[at] = judged(model, page)
    return probable


def written(model, columns):
    """The trees as text; see src/article/forest.rs."""
    import math

    start = float(model._baseline_prediction.ravel()[0]) - math.log(LEAST / (1 - LEAST))
    lines = ["# Written by bench/articles-fit; not by hand.", f"={start:.5g}"]
    for (tree,) in model._predictors:
        nodes = tree.nodes

        def walk(at):
            node = nodes[at]
            if node["is_leaf"]:
                return [f"={node['value']:.4g}"]
            limit = f"{columns[node['feature_idx']]}<{node['num_threshold']:.6g}"
            return [limit] + walk(node["left"]) + walk(node["right"])

        lines.append("\t".join(walk(0)))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="bench/articles-fit")
    parser.add_argument("folder")
    parser.add_argument("--reader", required=True)
    parser.add_argument("--dry-run", action="store_true", help="do not write the forest")
    arguments = parser.parse_args()
    wanted = [want for name in SETS for want in load(f"{arguments.folder}/articles", name)]
    asked = "\n".join(json.dumps({"id": want["id"], "url": want["url"], "file": want["file"]}) for want in wanted)
    answer = subprocess.run([arguments.reader, "--blocks"], input=asked, stdout=subprocess.PIPE, text=True, check=True)
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    pages = [prepare(want, line) for want, line in zip(wanted, lines)]
    columns = lines[0]["columns"]
    show("best possible", pages, [page["inside"] for page in pages])
    probable = cross_validated(pages)
    for least in (LEAST - 0.1, LEAST, LEAST + 0.1):
        show(f"other sites, {least:.2f}", pages, [sane(page, one >= least) for page, one in zip(pages, probable)])
    model = fitted(pages)
    show("sites it has seen", pages, [sane(page, judged(model, page) >= LEAST) for page in pages])
    if not arguments.dry_run:
        here = os.path.dirname(os.path.abspath(__file__))
        with open(f"{here}/../src/article/forest.tsv", "w", encoding="utf-8") as file:
            file.write(written(model, columns))


if __name__ == "__main__":
    main()

"""Evaluates the feasibility study's networks and Bayes classifiers on `glyphs` and compares every number with the study's tables.

    python3 Tests/Fixtures/study/compare.py --study ../shared/study/regimes --work /tmp/study [--threads 2]

Prints each number that lies further from the study's than sampling error allows (both sides drew their own 2,000
images, the study 600 for gradients), each label that differs, and a summary. Exits with 1 where a number is beyond 4
standard errors. Results are kept in --work, so an interrupted run goes on where it was. Takes about 10 minutes.
"""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COLUMNS = {2: (2, 3), 4: (4, 5), 8: (6, 7), 12: (8, 9)}  # of the first table: on, off
COSINES = {0: 6, 0.5: 7, 1: 8, 2: 9}  # of the second table: log-odds gradient with the smoothed Bayes classifier
LABELS = {"aligned": "bayes-aligned"}


def tables(study):
    first, second, labels = {}, {}, {}
    for line in (study / "tab.txt").read_text().splitlines():
        match = re.match(r"(\w+) ([\d.e-]+) #(\d+)\s+(.*)", line)
        if match:
            values = [float(value) for value in match[4].split()]
            (first if len(values) == 14 else second)[(match[1], float(match[2]), int(match[3]))] = values
    for line in (study / "rule.txt").read_text().splitlines():
        match = re.match(r"(\w+) ([\d.e-]+) #(\d+)\s+(\w+)\s+\{(.*?)\}", line)
        if match:
            shares = [float(share) for share in re.findall(r": ([\d.]+)", match[5])]
            labels[(match[1], float(match[2]), int(match[3]))] = (LABELS.get(match[4], match[4]), max(shares))
    return first, second, labels


def subjects(study, first):
    """Name, key in the tables, and what `evaluate` is given."""
    for key in sorted(first):
        if key[0] == "bayes":
            yield f"bayes:{key[1]:g}", key, [f"bayes:{key[1]:g}"]
    for checkpoint in sorted((study / "models").glob("*.pt")):
        kind, strength, seed = checkpoint.stem.rsplit("_", 2)
        description = HERE / ("study-resnet.json" if kind == "res" else "study-cnn.json")
        yield checkpoint.stem, (kind, float(strength), int(seed)), [checkpoint, "--model", description]


def evaluate(name, arguments, work, threads):
    output = work / f"{name}.json"
    if not output.exists():
        subprocess.run(
            [ROOT / "pags-bench", "evaluate", *arguments, "--no-leaderboard", "--output", output, "--threads",
             str(threads), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return json.loads(output.read_text())


def numbers(result, first, second):
    measurements = result["measurements"]
    yield "accuracy", measurements["accuracy"], first[0], 2
    for entry in measurements["sensitivity"]:
        on, off = COLUMNS[entry["stepSize"]]
        yield f"on@{entry['stepSize']:g}", entry["onManifold"], first[on], 2
        yield f"off@{entry['stepSize']:g}", entry["offManifold"], first[off], 2
    for entry in measurements["bayesAlignment"]:
        if entry["target"] == "log-odds-predicted" and entry["metric"] == "cosine":
            yield f"cosine@{entry['noise']:g}", entry, second[COSINES[entry["noise"]]], 1 + 2000 / 600


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--study", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    first, second, labels = tables(options.study)
    deviations, differing = [], 0
    for subject, key, arguments in subjects(options.study, first):
        result = evaluate(subject, arguments, options.work, options.threads)
        for name, estimate, expected, variances in numbers(result, first[key], second[key]):
            # The interval is 3.92 standard errors wide; the study printed three digits.
            error = math.hypot((estimate["high"] - estimate["low"]) / 3.92 * math.sqrt(variances), 0.0005 / math.sqrt(3))
            deviations.append((estimate["value"] - expected) / error)
            if abs(deviations[-1]) > 3:
                print(f"{subject}: {name} {estimate['value']:.4f}, study {expected:.3f}: {deviations[-1]:.1f} standard errors")
        label, share = labels[key]
        regime = result["regime"]
        if share > 0.95 and regime["label"] != label:
            differing += 1
            print(f"{subject}: {regime['label']} ({regime['evidence']['leadingLabel']}), study {label}: "
                  f"{regime['evidence']['sentences'][-1]}")
    mean_square = sum(value * value for value in deviations) / len(deviations)
    print(f"{len(deviations)} numbers, root mean square deviation {math.sqrt(mean_square):.2f} standard errors, "
          f"largest {max(abs(value) for value in deviations):.1f}; {differing} labels differ where the study was sure")
    sys.exit(1 if any(abs(value) > 4 for value in deviations) else 0)


if __name__ == "__main__":
    main()

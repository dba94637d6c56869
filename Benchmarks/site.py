#!/usr/bin/env python3
"""How long `pags-bench leaderboard site` takes for many results, and how quick its pages are in a browser.

    python3 Benchmarks/site.py [--models 1000 10000] [--binary FILE] [--chromium FILE] [--work DIR]

The results are those of leaderboard/results/glyphs at full size (78 kB each), with other names, networks, sources and numbers: a function of
their number alone. Times of the command are wall and processor time; those of the browser are from its own clock (Tests/SiteTests/Browser).
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORKS = ["cnn-small", "resnet-small", "lenet", "vit-tiny", "mlp-256", "resnet20", "resnet56", "wide-resnet-28-10", "mixer-s"]
TRAININGS = ["standard, 3 epochs", "adversarial, PGD L2 1.0", "randomised smoothing 0.5", "gradient norm 3", "smoothness 0.1",
             "certified, IBP", "self-supervised, fine-tuned", "mixup and cutout"]
LICENCES = ["MIT", "Apache-2.0", "BSD-3-Clause", "CC-BY-4.0", None]
# Where models of a regime lie: the median of R, the mean of G.
PLACES = {"bayes-aligned": (0.35, 0.57), "weak": (1.5, 0.36), "excessive": (0.35, 0.25), "indeterminate": (0.8, 0.4)}


def synthesize(count, folder):
    """Writes `count` results as a leaderboard."""
    originals = [json.loads(path.read_text()) for path in sorted((ROOT / "leaderboard/results/glyphs").glob("glyphs-*.json"))]
    (folder / "results/glyphs").mkdir(parents=True)
    draw = random.Random(7)

    def set_estimate(estimate, value, half, low, high):
        value = min(high, max(low, value))
        estimate.update(value=value, low=max(low, value - half), high=min(high, value + half))

    for index in range(count):
        result = originals[draw.randrange(len(originals))]
        model, evidence = result["model"], result["regime"]["evidence"]
        training, network, paper = draw.choice(TRAININGS), draw.choice(NETWORKS), draw.randrange(300)
        model.update(
            id=f"synthetic-{index:05d}", name=f"{network}, {training}, seed {index}", architecture=network,
            parameters=draw.randrange(5000, 60_000_000),
            source={"training": training, "paper": f"Author {paper} et al.: A paper on robustness, number {paper}",
                    "url": f"https://example.org/{index}"})
        licence = draw.choice(LICENCES)
        if licence:
            model["source"]["license"] = licence
        ratio, alignment = PLACES[result["regime"]["label"]]
        ratio *= draw.lognormvariate(0, 0.35)
        set_estimate(evidence["robustness"]["ratio"], ratio, 0.08 * ratio, 0, 1e9)
        set_estimate(evidence["alignment"]["cosine"], alignment + draw.gauss(0, 0.05), 0.006, -1, 1)
        result["measurements"]["imageAlignment"]["whole"] = dict(evidence["alignment"]["cosine"])
        accuracy = min(0.999, max(0.12, draw.gauss(0.9, 0.08)))
        for estimate in (result["measurements"]["accuracy"], evidence["classification"]["accuracy"]):
            set_estimate(estimate, accuracy, 0.008, 0, 1)
        (folder / f"results/glyphs/{model['id']}.json").write_text(json.dumps(result, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / ".build/release/pags-bench")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--work", type=pathlib.Path, help="where results and sites are kept (default: nowhere)")
    options = parser.parse_args()
    work = options.work or pathlib.Path(tempfile.mkdtemp(prefix="pags-bench-site-"))
    for count in options.models:
        leaderboard, site = work / f"leaderboard-{count}", work / f"site-{count}"
        if not leaderboard.exists():
            synthesize(count, leaderboard)
        shutil.rmtree(site, ignore_errors=True)
        before, start = os.times(), time.monotonic()
        subprocess.run([options.binary, "leaderboard", "site", site, "--directory", leaderboard, "--quiet"], check=True)
        wall, after = time.monotonic() - start, os.times()
        processor = after.children_user + after.children_system - before.children_user - before.children_system
        size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) / 1e6
        print(f"{count} models: written in {wall:.2f} s, {processor:.2f} s of processors, {size:.0f} MB", flush=True)
        if options.chromium:
            subprocess.run([sys.executable, ROOT / "Tests/SiteTests/Browser/browser.py", site, "--times",
                            "--chromium", options.chromium], check=True)
    if not options.work:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()

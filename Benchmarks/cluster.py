#!/usr/bin/env python3
"""How well evaluations divide: time of 60 models on 1 to 64 nodes, simulated from measured costs (docs/cluster.md).

    Benchmarks/cluster.py                                    the table
    Benchmarks/cluster.py --measure pags-bench CHECKPOINT [options of evaluate]
                                                             the costs of one model, in seconds of one processor

The costs of a model: `start` is a process that finds its part done (the program, the checkpoint, the task, the images), `logits`
the pass over all images that the first process makes for all, `block` a part, `merge` the process that makes the result.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile

# Seconds (start, logits, block, merge) and the number of blocks. The first two by --measure on an Intel Xeon that had other work to do,
# glyphs-cnn-randomized-smoothing-0.5 and cifar10-resnet20. ImageNet is an estimate: a ResNet-50 whose pass over an image takes 0.1 s of
# one processor, 25 times that for a measured image (as of the ResNet-20), 2,000 JPEG files to decode for each process, and to merge
# 2.4 GB of gradients to read and add up.
TASKS = {
    "glyphs, small CNN, 2,000 images": ((0.59, 0.33, 0.83, 1.62), 32),
    "cifar10, ResNet-20, 600 images": ((0.37, 0.45, 1.27, 0.69), 10),
    "imagenet, ResNet-50, 2,000 images (estimated)": ((20.0, 200.0, 67.0, 40.0), 75),
}
MODELS = 60
SHARDS = [1, 2, 4, 8, 16, 32, 60, 64]


def bounds(shard, shards, model, models, blocks):
    """The blocks of a model that are a shard's, as WorkShare has it; None where it has nothing to do with the model."""
    begin, end = (max(0, min(shards, s * models - model * shards)) for s in (shard, shard + 1))
    return None if begin >= end else (blocks * begin // shards, blocks * end // shards)


def simulate(costs, blocks, models, shards):
    """Seconds until all results are there, on as many nodes as there are shards, and the seconds of all nodes together."""
    start, logits, block, merge = costs
    times = []
    for shard in range(shards):
        time = 0.0
        for model in range(models):
            share = bounds(shard, shards, model, models, blocks)
            if share is None:
                continue
            # All begin at once: nobody finds the logits that another is still computing.
            first, last = share
            time += start + (logits + (last - first) * block if last > first else 0)
        times.append(time)
    merges = min(models, shards)
    merging = [merge * (models * (i + 1) // merges - models * i // merges) for i in range(merges)]
    return max(times) + max(merging), sum(times) + sum(merging)


def table():
    for name, (costs, blocks) in TASKS.items():
        start, logits, block, merge = costs
        # Without parts nothing is started twice: loading is a part of what a merge takes.
        alone = MODELS * (logits + blocks * block + max(start, merge))
        print(f"\n{MODELS} models: {name}; alone {alone:,.0f} s")
        print("shards  seconds  speed-up  efficiency  of processor time")
        for shards in SHARDS:
            wall, total = simulate(costs, blocks, MODELS, shards)
            print(f"{shards:6}  {wall:7,.0f}  {alone / wall:8.1f}  {alone / wall / shards:10.2f}  {alone / total:17.2f}")


def measure(program, arguments):
    folder = tempfile.mkdtemp(prefix="pags-bench-cluster-")
    blocks = None

    def seconds(*options):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [program, "evaluate", *arguments, "--threads", "1", "--parts", folder, "--no-leaderboard", "--quiet"]
        subprocess.run(command + list(options), check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def parts():
        return [name for _, _, names in os.walk(folder) for name in names if name.startswith("block-")]

    try:
        # As many shards as there may be blocks of 64 images: each has one, or none.
        count = next((int(b) for a, b in zip(arguments, arguments[1:]) if a == "--images"), 2000)
        blocks = (count + 63) // 64
        seconds("--shard", f"{blocks}/{blocks}")
        shutil.rmtree(folder)
        os.mkdir(folder)
        with_logits = seconds("--shard", f"1/{blocks}")
        with_block = seconds("--shard", f"2/{blocks}")
        start = seconds("--shard", f"2/{blocks}")
        if len(parts()) != 2:
            sys.exit(f"cluster.py: expected two blocks of {blocks}, got {parts()}; pass --images")
        seconds()
        merge = seconds("--merge")
        costs = (start, with_logits - with_block, with_block - start, merge)
        print("({:.2f}, {:.2f}, {:.2f}, {:.2f}), {}".format(*costs, blocks))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs=argparse.REMAINDER, metavar="PROGRAM")
    given = parser.parse_args()
    if given.measure is None:
        table()
    elif len(given.measure) < 2:
        parser.error("--measure PROGRAM CHECKPOINT [options of evaluate]")
    else:
        measure(given.measure[0], given.measure[1:])


if __name__ == "__main__":
    main()

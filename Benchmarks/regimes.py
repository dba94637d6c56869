#!/usr/bin/env python3
"""What the regime rule says of real networks whose training is known: one report on what docs/regime-rule.md requires of it.

    python3 Benchmarks/regimes.py --models DIR --data DIR [--binary FILE] [--work DIR] [--orders 20] [--sweeps DIR...] [--report FILE]

DIR of --models holds a README.md with a table | name | task | file | training | expected | and NAME.model.json for each row;
DIR of --data one folder per task. Needs numpy; the parts that change networks (requirements 3, 4 and 6) need PyTorch and are
skipped with a word without it. What was measured is kept in --work, and a second run goes on from there.
"""

import argparse
import concurrent.futures
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = [100, 200, 300, 400, 600]
TASKS = ["cifar10", "mnist"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "pags-bench")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("regimes-report"))
    parser.add_argument(
        "--sweeps", type=pathlib.Path, nargs="*", default=[],
        help="folders of sweeps on the same images and seed, whose models count in requirement 9 (docs/figure3.md has the commands)")
    parser.add_argument("--orders", type=int, default=20, help="orders of the test files; each with one size and one seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=pathlib.Path)
    return parser.parse_args()


class Report:
    def __init__(self, path):
        self.lines, self.path = [], path

    def __call__(self, text=""):
        print(text, flush=True)
        self.lines.append(text)
        if self.path:
            self.path.write_text("\n".join(self.lines) + "\n")


class Bench:
    """Runs the binary; a result that is there is not made again."""

    def __init__(self, options):
        self.options = options
        self.environment = dict(os.environ, PAGS_BENCH_ROOT=str(ROOT), OPENBLAS_NUM_THREADS="1")

    def evaluate(self, name, model, task, data=None, images=600, seed=0, extra=()):
        output = self.options.work / "results" / f"{name}.json"
        output.parent.mkdir(parents=True, exist_ok=True)
        if not output.exists():
            command = [
                str(self.options.binary), "evaluate", str(model), "--task", task, "--data",
                str(data or self.options.data / task), "--images", str(images), "--seed", str(seed), "--threads", "1",
                "--cache", str(self.options.work / "cache"), "--no-leaderboard", "--output", str(output), "--quiet",
            ]
            run = subprocess.run(command + list(extra), capture_output=True, text=True, env=self.environment)
            if run.returncode != 0:
                return {"failed": (run.stderr.strip().splitlines() or ["no message"])[-1]}
        return json.loads(output.read_text())

    def map(self, jobs):
        """Jobs are keyword arguments of evaluate; answers in their order."""
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            return list(pool.map(lambda job: self.evaluate(**job), jobs))


def networks(folder):
    rows = []
    for line in (folder / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[1] in TASKS:
            rows.append(dict(zip(["name", "task", "file", "training", "expected"], cells)))
    return rows


def label(result):
    return "failed" if "failed" in result else result["regime"]["label"]


def agrees(result, expected):
    """True, False, or None where the label is undecided or nothing is expected."""
    found = label(result)
    if found in ("indeterminate", "failed") or "?" in expected:
        return None
    return found in expected.split("/")


def numbers(result):
    if "failed" in result:
        return result["failed"]
    evidence = result["regime"]["evidence"]
    signal, alignment = evidence["signal"], evidence["alignment"]

    def show(estimate):
        if not estimate or estimate["low"] is None:
            return "-"
        return f"{estimate['value']:.2f}" if estimate["value"] is not None else f"{estimate['low']:.2f}..{estimate['high']:.2f}"

    opened = evidence.get("open", {}).get("condition", "")
    return (
        f"acc {evidence['classification']['accuracy']['value']:.3f}  R {show(evidence['robustness']['ratio']):5s} "
        f"D {show(signal['densityRetention']):5s} A {show(signal.get('accuracyRetention')):11s} "
        f"K {show(signal.get('onManifoldRetention')):11s} G {alignment['cosine']['value'] or 0:.3f}  "
        f"share {show(alignment['share']):5s} {opened}"
    )


# Requirement 2: other orders of the test files.


def permuted(data, task, order, folder):
    """A copy of a task's folder whose test images are in another order; training files are linked."""
    target = folder / f"{task}-order{order}"
    if (target / "done").exists():
        return target
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    source = data / task
    random = np.random.default_rng(1000 + order)
    for file in source.iterdir():
        if task == "cifar10" and file.name == "test_batch.bin":
            rows = np.frombuffer(file.read_bytes(), np.uint8).reshape(-1, 3073)
            (target / file.name).write_bytes(rows[random.permutation(len(rows))].tobytes())
        elif task == "mnist" and file.name.startswith("t10k"):
            continue
        else:
            (target / file.name).symlink_to(file.resolve())
    if task == "mnist":
        files = {kind: next(source.glob(f"t10k-{kind}*")) for kind in ("images", "labels")}
        # The first images only, so that the reference is measured quickly; the training images stay as they are.
        content = {
            kind: (gzip.open(file) if file.suffix == ".gz" else open(file, "rb")).read() for kind, file in files.items()
        }
        images = np.frombuffer(content["images"][16:], np.uint8).reshape(-1, 784)
        labels = np.frombuffer(content["labels"][8:], np.uint8)
        chosen = random.permutation(len(labels))[:1000]
        head = lambda bytes, count: bytes[:4] + count.to_bytes(4, "big") + bytes[8:]
        for kind, rows, size in (("images", images, 16), ("labels", labels, 8)):
            body = head(content[kind][:size], len(chosen)) + rows[chosen].tobytes()
            name = files[kind].name
            (target / name).write_bytes(gzip.compress(body, 1) if name.endswith(".gz") else body)
    (target / "done").write_text("")
    return target


def seed_of(order):
    """One of five seeds; over twenty orders every seed occurs four times and every size has four different ones."""
    return (order + order // 5) % 5


def same_models_other_samples(bench, rows, report):
    options = bench.options
    data = {
        (task, order): permuted(options.data, task, order, options.work / "data")
        for task in {row["task"] for row in rows}
        for order in range(options.orders)
    }

    def job(row, order):
        return dict(
            name=f"{row['name']}-order{order}", model=row["path"], task=row["task"], data=data[row["task"], order],
            images=SIZES[order % 5], seed=seed_of(order))

    # The density was fitted before; on each order's images it is measured once, before the jobs that need it run side by side.
    first = {row["task"]: row for row in reversed(rows)}
    bench.map([job(first[task], order) for task, order in data])
    found = bench.map([job(row, order) for row in rows for order in range(options.orders)])
    two, decided, total, undecided_by_size = [], 0, 0, {size: [0, 0] for size in SIZES}
    for index, row in enumerate(rows):
        mine = found[index * options.orders:(index + 1) * options.orders]
        labels = [label(result) for result in mine] + [label(row["result"])]
        kinds = {name for name in labels if name != "indeterminate"}
        if len(kinds) > 1:
            two.append(f"{row['name']}: {sorted(kinds)}")
        for order, result in enumerate(mine):
            undecided_by_size[SIZES[order % 5]][1] += 1
            undecided_by_size[SIZES[order % 5]][0] += label(result) == "indeterminate"
        row["orders"] = labels
    report(f"\n2. Same models, other samples: {options.orders} orders, each with a size of {SIZES} and a seed")
    report(f"   networks with two labels: {len(two)} of {len(rows)} {two or ''}")
    report("   undecided by size: " + ", ".join(f"{size}: {a} of {b}" for size, (a, b) in undecided_by_size.items() if b))


# Requirements 3, 4 and 6: networks that are changed or made for the purpose.


def last_linear(state):
    """The names of the last two-dimensional weight of ten rows, and of its bias."""
    names = [name for name, value in state.items() if getattr(value, "ndim", 0) == 2 and value.shape[0] == 10]
    if not names:
        return None
    weight = names[-1]
    bias = re.sub("weight$", "bias", weight)
    return weight, bias if bias in state else None


def state_dict(torch, path):
    content = torch.load(path, map_location="cpu", weights_only=False)
    for _ in range(4):
        if hasattr(content, "state_dict"):
            content = content.state_dict()
        if isinstance(content, (list, tuple)):
            content = content[0]
        elif isinstance(content, dict) and not any(hasattr(value, "shape") for value in content.values()):
            inner = [content[key] for key in ("state_dict", "model", "net") if key in content]
            if not inner:
                return None
            content = inner[0]
    return {re.sub("^module\\.", "", key): value.float() if value.is_floating_point() else value
            for key, value in content.items() if hasattr(value, "shape")}


def described(torch, folder, name, description, state):
    """Writes a checkpoint with its description; returns the description's path."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / f"{name}.pt")
    description = dict(description, id=name, name=name, checkpoint={"file": f"{name}.pt"})
    description.pop("claims", None)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(description))
    return path


def changed_logits(torch, bench, rows, report):
    jobs, owners = [], []
    for row in rows:
        description = json.loads(row["path"].read_text())
        if row["file"].endswith(".onnx") or "plugin" in description:
            continue
        try:
            state = state_dict(torch, row["path"].parent / row["file"])
        except Exception:
            state = None
        names = last_linear(state) if state else None
        if not names or not names[1]:
            continue
        weight, bias = names
        random = torch.Generator().manual_seed(3)
        common = torch.randn(state[weight].shape[1], generator=random) * state[weight].std() * 3
        for kind in ("times0.1", "times10", "common"):
            changed = dict(state)
            if kind == "common":
                changed[weight] = state[weight] + common
                changed[bias] = state[bias] + 5
            else:
                factor = float(kind[5:])
                changed[weight], changed[bias] = state[weight] * factor, state[bias] * factor
            path = described(torch, bench.options.work / "changed", f"{row['name']}-{kind}".lower(), description, changed)
            jobs.append(dict(name=f"{row['name']}-{kind}", model=path, task=row["task"]))
            owners.append(row)
    changed = 0
    worst = 0.0
    failures = []
    for row, job, result in zip(owners, jobs, bench.map(jobs)):
        if "failed" in result or "failed" in row["result"]:
            failures.append(f"{job['name']}: {result.get('failed', 'its original failed')}")
            continue
        changed += label(result) != label(row["result"])
        for path in (("robustness", "ratio"), ("alignment", "share")):
            a, b = (item["regime"]["evidence"][path[0]][path[1]]["value"] for item in (result, row["result"]))
            if a is None or b is None:
                continue
            worst = max(worst, abs(a - b) / max(abs(b), 1e-9))
    report("\n3. Nothing that leaves predictions alone changes the verdict: logits times 0.1 and 10, a common function added")
    report(f"   {len(jobs)} changed networks: {changed} other labels, R and share differ by at most {worst:.1e} relative")
    for failure in failures:
        report(f"   failed: {failure}")


def made_networks(torch, bench, report):
    """Untrained, constant, permuted labels, wrong normalisation; linear softmax and nearest class mean."""
    options = bench.options
    folder = options.work / "made"
    jobs = []

    def images(task):
        if task == "cifar10":
            parts = [np.frombuffer(f.read_bytes(), np.uint8).reshape(-1, 3073) for f in sorted((options.data / task).glob("data_batch_*.bin"))]
            rows = np.concatenate(parts)
            return torch.tensor(rows[:, 1:] / 255.0, dtype=torch.float32), torch.tensor(rows[:, 0].astype(np.int64))
        pick = lambda kind: next((options.data / task).glob(f"train-{kind}*"))
        read = lambda file: (gzip.open(file) if file.suffix == ".gz" else open(file, "rb")).read()
        x = np.frombuffer(read(pick("images"))[16:], np.uint8).reshape(-1, 784)[:20000]
        y = np.frombuffer(read(pick("labels"))[8:], np.uint8)[:20000]
        return torch.tensor(x / 255.0, dtype=torch.float32), torch.tensor(y.astype(np.int64))

    for task, shape in (("cifar10", (3, 32, 32)), ("mnist", (1, 28, 28))):
        if not (options.data / task).is_dir():
            continue
        torch.manual_seed(0)
        x, y = images(task)
        identity = {"mean": [0.0] * shape[0], "std": [1.0] * shape[0]}
        linear = {"task": task, "preprocessing": identity,
                  "architecture": [{"type": "Flatten"}, {"type": "Linear", "name": "fc"}]}

        def trained(labels, steps=800):
            layer = torch.nn.Linear(x.shape[1], 10)
            optimizer = torch.optim.Adam(layer.parameters(), 1e-3)
            for _ in range(steps):
                batch = torch.randint(len(x), (256,))
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(layer(x[batch]), labels[batch]).backward()
                optimizer.step()
            return {"fc.weight": layer.weight.detach(), "fc.bias": layer.bias.detach()}

        means = torch.stack([x[y == label].mean(0) for label in range(10)])
        softmax = trained(y)
        wrong = {"mean": [0.5] * shape[0], "std": [0.2] * shape[0]}
        features = shape[0] * shape[1] * shape[2]
        hidden = lambda: {"a.weight": torch.randn(200, features) / features ** 0.5, "a.bias": torch.zeros(200),
                          "fc.weight": torch.randn(10, 200) / 200 ** 0.5, "fc.bias": torch.zeros(10)}
        perceptron = dict(linear, architecture=[
            {"type": "Flatten"}, {"type": "Linear", "name": "a"}, {"type": "ReLU"}, {"type": "Linear", "name": "fc"}])
        cases = {
            "linear": (linear, softmax), "nearest-mean": (linear, {"fc.weight": 2 * means, "fc.bias": -(means ** 2).sum(1)}),
            "linear-wrong-normalisation": (dict(linear, preprocessing=wrong), softmax),
            "permuted-labels": (linear, trained(y[torch.randperm(len(y))])), "untrained": (perceptron, hidden()),
            "constant": (linear, {"fc.weight": torch.zeros(10, features), "fc.bias": torch.arange(10.0)}),
        }
        for kind, (description, state) in cases.items():
            path = described(torch, folder, f"{task}-{kind}", description, state)
            jobs.append(dict(name=f"made-{task}-{kind}", model=path, task=task))
    report("\n4 and 6. A model has to classify; linear, nearest-mean, constant, untrained and permuted-label models are never aligned")
    aligned = 0
    for job, result in zip(jobs, bench.map(jobs)):
        aligned += label(result) == "bayes-aligned"
        report(f"   {job['name'][5:]:36s} {label(result):14s} {numbers(result)}")
    report(f"   aligned: {aligned}")


# Requirement 9.

# What the models of sweeps are meant to be, by task, objective and strength; the strengths between are on a border. Strength 0 is weak.
SWEEP_MEANT = {
    "cifar10": {
        "gradient-norm": {"0.1": "bayes-aligned", "10": "excessive"},
        "randomized-smoothing": {"0.1": "bayes-aligned", "1": "excessive", "2": "excessive"},
        "pgd-l2": {"0.1": "bayes-aligned", "0.5": "bayes-aligned", "2": "excessive"},
    },
    "mnist": {
        "gradient-norm": {
            "0.1": "bayes-aligned", "1": "bayes-aligned", "10": "bayes-aligned", "30": "excessive", "100": "excessive"},
        "randomized-smoothing": {"0.2": "bayes-aligned", "0.4": "bayes-aligned", "1": "bayes-aligned", "2": "excessive"},
    },
}


def sweep_models(folders):
    """The models of sweeps that are meant to be something; models of strength 0 are those of the first sweep of an architecture."""
    rows, standards = [], set()
    for folder in folders:
        for file in sorted(folder.glob("*-seed*.json")):
            match = re.fullmatch(r"(.+)-([0-9.e-]+)-seed([0-9]+)", file.stem)
            if not match:
                continue
            result = json.loads(file.read_text())
            objective, strength, seed = match.groups()
            expected = "weak" if strength == "0" else SWEEP_MEANT.get(result["task"]["id"], {}).get(objective, {}).get(strength)
            standard = (result["task"]["id"], result["model"]["architecture"], seed)
            if not expected or (strength == "0" and standard in standards):
                continue
            if strength == "0":
                standards.add(standard)
            rows.append(dict(
                name=f"{folder.name}/{file.stem}", task=result["task"]["id"], expected=expected, result=result,
                family=f"our {result['model']['architecture']}", output=file))
    return rows


def own_standards(output):
    """The recorded standards that a result was judged with, from the metadata of its samples."""
    with open(output.parent / (output.stem + ".samples.safetensors"), "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["regime-inputs"])["criteria"]["standards"]


def left_out(bench, rows, report):
    """The thresholds chosen again without each family in turn, by the product's own procedure, and that family judged by them."""
    options = bench.options
    folder = options.work / "left-out"
    folder.mkdir(parents=True, exist_ok=True)

    def run(*arguments):
        run = subprocess.run(
            [str(options.binary), *map(str, arguments)], capture_output=True, text=True, env=bench.environment)
        if run.returncode != 0:
            sys.exit(f"{' '.join(map(str, arguments))}: {run.stderr}")
        return run.stdout

    counts, misses = {}, []
    for task in TASKS:
        known = [row for row in rows if row["task"] == task and "failed" not in row["result"] and "?" not in row["expected"]]
        for family in sorted({row["family"] for row in known}):
            rest = [row for row in known if row["family"] != family and defined(row["result"])]
            criteria = folder / f"{task}-{family.replace(' ', '-')}.json"
            run("tasks", "calibrate", task, "--data", options.data / task, "--cache", options.work / "cache", "--quiet",
                "--standards", *[row["output"] for row in rest if row["expected"] == "weak"],
                "--robust", *[row["output"] for row in rest if row["expected"] == "bayes-aligned"], "--output", criteria)
            made = json.loads(criteria.read_text())
            # The thresholds alone: what A and K are relative to stays.
            made["criteria"]["standards"] = own_standards(known[0]["output"])
            criteria.write_text(json.dumps(made))
            mine = [row for row in known if row["family"] == family]
            verdicts = json.loads(run("reclassify", *[row["output"] for row in mine], "--criteria", criteria, "--json"))
            for row, verdict in zip(mine, verdicts):
                found = verdict["regime"]["label"]
                kind = "undecided" if found == "indeterminate" else "right" if found in row["expected"].split("/") else "wrong"
                group = ("public " if not row["family"].startswith("our ") else "our ") + task
                counts.setdefault(group, {"right": 0, "wrong": 0, "undecided": 0})[kind] += 1
                if kind == "wrong":
                    misses.append(f"{row['name']}: {found}")
    report("\n9. Leave one family out: thresholds chosen without it (tasks calibrate), the family judged by them")
    for group, count in sorted(counts.items()):
        report(f"   {group:20s} " + ", ".join(f"{number} {kind}" for kind, number in count.items()))
    total = {kind: sum(count[kind] for count in counts.values()) for kind in ("right", "wrong", "undecided")}
    decided = total["right"] + total["wrong"]
    report(f"   of {decided} decided {100 * total['right'] / max(1, decided):.0f} % right, {total['undecided']} of "
           f"{decided + total['undecided']} undecided {misses or ''}")


def defined(result):
    evidence = result["regime"]["evidence"]
    return evidence["robustness"]["ratio"]["value"] is not None and evidence["alignment"]["share"]["value"] is not None


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    report = Report(options.report)
    bench = Bench(options)
    start = time.time()
    rows = networks(options.models)
    for row in rows:
        row["path"] = options.models / f"{row['name']}.model.json"
    if not rows:
        sys.exit(f"{options.models}/README.md: no table of networks")
    # The first network of each task has its density fitted, before the jobs that need it run side by side.
    first = {row["task"]: row for row in reversed(rows)}
    bench.map([dict(name=row["name"], model=row["path"], task=task) for task, row in first.items()])
    found = bench.map([dict(name=row["name"], model=row["path"], task=row["task"]) for row in rows])
    for row, result in zip(rows, found):
        row["result"] = result
    report("1. Every network, 600 images, seed 0")
    for row in sorted(rows, key=lambda row: (row["task"], row["expected"], row["name"])):
        mark = {True: "right", False: "WRONG", None: ""}[agrees(row["result"], row["expected"])]
        report(f"   {row['task']:8s}{row['name']:20s} expected {row['expected']:24s} {label(row['result']):14s} {mark:6s}{numbers(row['result'])}")
    for task in TASKS:
        mine = [row for row in rows if row["task"] == task]
        verdicts = [agrees(row["result"], row["expected"]) for row in mine]
        undecided = sum(label(row["result"]) in ("indeterminate", "failed") for row in mine)
        if mine:
            report(f"   {task}: {verdicts.count(True)} right, {verdicts.count(False)} wrong, {undecided} undecided of {len(mine)}")
    same_models_other_samples(bench, rows, report)
    try:
        import torch
    except ImportError:
        torch = None
        report("\n3, 4 and 6 need PyTorch, which is not installed: skipped")
    if torch:
        changed_logits(torch, bench, rows, report)
        made_networks(torch, bench, report)
    references = bench.map([dict(name=f"bayes-{task}", model="bayes", task=task) for task in TASKS if (options.data / task).is_dir()])
    report("\n7 and 8. The classifier of a fitted density is reference material: " + ", ".join(label(result) for result in references))
    for task, result in zip(TASKS, references):
        if "failed" not in result:
            quality = result["task"]["quality"]
            report(f"   {task}: its accuracy is {quality['accuracy']:.3f} on {quality['images']} images")
    for row in rows:
        row["family"] = re.split("[-_0-9]", row["name"])[0]
        row["output"] = options.work / "results" / f"{row['name']}.json"
    left_out(bench, rows + sweep_models(options.sweeps), report)
    report(f"\n{(time.time() - start) / 60:.1f} minutes, {options.jobs} jobs")


if __name__ == "__main__":
    main()

"""Files that the program reads, and what is made of its answers."""

import inspect
import json
import re
import subprocess
import sys
import warnings

import pytest
from conftest import REPOSITORY

import pags_bench


def without_provenance(document):
    return {key: value for key, value in document.items() if key != "provenance"}


def test_the_result_is_the_command_s(checkpoint, empty_folder, tmp_path):
    result = pags_bench.evaluate(checkpoint, images=16, seed=3, progress=False)
    assert list(empty_folder.iterdir()) == []
    command = [sys.executable, "-m", "pags_bench", "evaluate", str(checkpoint), "--images", "16", "--seed", "3", "--json",
               "--no-leaderboard"]
    document = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert without_provenance(result.json) == without_provenance(document)
    assert result.regime == document["regime"]["label"]
    assert result.R.value == document["regime"]["evidence"]["robustness"]["ratio"]["value"]
    assert (result.task.id, result.task.images, result.seed) == ("glyphs", 16, 3)
    assert result.model.checkpoint.sha256 == document["model"]["checkpoint"]["sha256"]
    assert result.sheet is None and result.source
    result.save(tmp_path / "saved.json")
    assert pags_bench.load_result(tmp_path / "saved.json").G == result.G


def test_a_name_that_is_no_file():
    result = pags_bench.evaluate("bayes:0.5", images=8, sheet=True, progress=False)
    assert result.model.id == "bayes-0.5" and result.model.checkpoint is None
    assert result.sheet.startswith(b"\x89PNG")
    page = result._repr_html_()
    assert "data:image/png;base64," in page and "bayes-aligned" in page


def test_places_that_are_named(checkpoint, empty_folder):
    board = empty_folder / "my boards" / "one"
    pags_bench.evaluate(
        checkpoint, images=8, output="out/result.json", leaderboard=board, sheet="sheet.svg", progress=False)
    files = {str(path.relative_to(empty_folder)) for path in empty_folder.rglob("*") if path.is_file()}
    assert {"out/result.json", "out/result.samples.safetensors", "sheet.svg"} <= files
    entries = pags_bench.load_leaderboard(board)["glyphs"]
    assert [entry.id for entry in entries] == ["glyphs-cnn-pgd-l2-1"]
    loaded = entries[0].load()
    assert loaded.accuracy == entries[0].accuracy and loaded.R == entries[0].R and loaded.seed == 0
    again = pags_bench.evaluate(checkpoint, images=8, seed=1, leaderboard=board, progress=False)
    assert any(str(board) in note and "it will be replaced" in note for note in again.notes)
    with pytest.raises(pags_bench.EvaluationError):  # of fewer images
        pags_bench.evaluate(checkpoint, images=4, leaderboard=board, progress=False)
    other = pags_bench.evaluate("bayes", id="the-best", name="The best", images=4, leaderboard=board, progress=False)
    assert (other.model.id, other.model.name) == ("the-best", "The best")
    assert {entry.id for entry in pags_bench.load_leaderboard(board)} == {"glyphs-cnn-pgd-l2-1", "the-best"}


def test_what_the_command_warns_of(checkpoint, empty_folder):
    nameless = empty_folder / "weights.ckpt"  # apart from its description: nothing tells how images are normalised
    nameless.write_bytes(checkpoint.read_bytes())
    with pytest.warns(pags_bench.PagsBenchWarning, match="normalis") as caught:
        result = pags_bench.evaluate(nameless, images=8, progress=False)
    assert "assumed-normalisation" in result.reservations and result.warnings
    assert all(warning.filename == __file__ for warning in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = pags_bench.evaluate(nameless, images=8, mean=0, std=[1.0], progress=False)
    assert result.reservations == ()


@pytest.mark.parametrize("arguments, kind, code, words", [
    ({"model": "nothing.pth"}, pags_bench.EvaluationError, 1, "there is no file at nothing.pth"),
    ({"model": "--help"}, pags_bench.EvaluationError, 1, "--help"),
    ({"model": "bayes:x"}, pags_bench.UsageError, 64, "bayes:SIGMA"),
    ({"task": "cifar"}, pags_bench.UsageError, 64, "cifar10"),
    ({"images": 1}, pags_bench.UsageError, 64, "2 to 1000000"),
    ({"images": True}, pags_bench.UsageError, 64, "True"),
    ({"seed": -1}, pags_bench.UsageError, 64, "--seed"),
    ({"mean": [0.5]}, pags_bench.UsageError, 64, "--mean and --std belong together"),
    ({"mean": [127.5], "std": [50]}, pags_bench.UsageError, 64, "255"),
    ({"mean": ["a"], "std": [1]}, pags_bench.UsageError, None, "mean is ['a']"),
    ({"attacks": "pgd-linf"}, pags_bench.UsageError, None, "a list of texts"),
    ({"attacks": ["pgd"]}, pags_bench.UsageError, 64, "pgd"),
    ({"task": "mnist", "data": "no --such folder"}, pags_bench.UsageError, 64, "no --such folder"),
    ({"device": "gpu"}, pags_bench.UsageError, 64, "cpu-torch"),
    ({"id": "Not An Id"}, pags_bench.UsageError, 64, "--id"),
    ({"cache": "c", "threads": 0}, pags_bench.UsageError, 64, "--threads"),
    ({"sheet": "sheet.gif"}, pags_bench.UsageError, 64, ".png"),
])
def test_errors_carry_the_command_s_words(arguments, kind, code, words, empty_folder):
    with pytest.raises(kind) as caught:
        pags_bench.evaluate(arguments.pop("model", "bayes"), progress=False, **arguments)
    assert words in str(caught.value) and caught.value.message == str(caught.value)
    assert caught.value.exit_code == code
    assert "Usage:" not in str(caught.value)
    assert not list(empty_folder.iterdir())


def test_other_things_are_no_models():
    with pytest.raises(TypeError, match="torch.nn.Module"):
        pags_bench.evaluate(3)


def test_progress_and_its_errors(checkpoint):
    seen = []
    pags_bench.evaluate(checkpoint, images=8, progress=lambda stage, share: seen.append((stage, share)))
    assert {stage for stage, _ in seen} >= {"measuring"}
    assert all(0 <= share <= 1 for _, share in seen) and ("measuring", 1.0) in seen

    def fail(stage, share):
        raise KeyError(stage)

    with pytest.raises(KeyError):
        pags_bench.evaluate("bayes", images=500, progress=fail)


def test_another_program(monkeypatch, tmp_path, checkpoint):
    program = tmp_path / "program"
    monkeypatch.setenv("PAGS_BENCH_PROGRAM", str(program))
    with pytest.raises(pags_bench.ProgramMissingError, match="PAGS_BENCH_PROGRAM"):
        pags_bench.evaluate(checkpoint)
    for body, kind, words in [
        ("kill -s KILL $$", pags_bench.StoppedError, "did memory run out?"),
        ("kill -s SEGV $$", pags_bench.StoppedError, "SIGSEGV"),
        ("echo nonsense", pags_bench.ResultError, "is not JSON"),
        ("echo '{\"schemaVersion\": 7}'", pags_bench.ResultError, "newer"),
        ("exit 9", pags_bench.EvaluationError, "exit status 9"),
        ("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo 'pags-bench: two' >&2; echo lines >&2; exit 1",
         pags_bench.EvaluationError, "two\nlines"),
    ]:
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        with pytest.raises(kind) as caught:
            pags_bench.evaluate(checkpoint, progress=False)
        assert words in str(caught.value)
        assert len(getattr(caught.value, "stderr", "")) < 100_000


#: Options of the command that are no arguments, or have another name.
NO_ARGUMENTS = {"help", "version", "json", "quiet", "no-leaderboard", "no-cache", "plugin", "allow-plugin", "plugin-limit",
                "plugin-start-limit", "device-python", "device-limit", "parts", "shard", "merge"}
OTHER_NAMES = {"model": "description", "metric": "metrics"}


def test_every_option_of_the_command_is_an_argument():
    text = subprocess.run([sys.executable, "-m", "pags_bench", "evaluate", "--help"], check=True, capture_output=True, text=True)
    options = set(re.findall(r"^  (?:-., )?--([a-z-]+)", text.stdout, re.MULTILINE))
    assert len(options) > 20
    arguments = set(inspect.signature(pags_bench.evaluate).parameters)
    missing = {name for name in options - NO_ARGUMENTS if OTHER_NAMES.get(name, name).replace("-", "_") not in arguments}
    assert not missing, "give `evaluate` of pags_bench an argument for each, and docs/python.md a line"
    page = (REPOSITORY / "docs/python.md").read_text()
    assert not [name for name in (*arguments, *pags_bench.__all__) if f"`{name}" not in page and f" {name}" not in page]


def test_options_of_a_file_and_a_log(checkpoint, empty_folder):
    (empty_folder / "options.yaml").write_text("task: glyphs\nimages: 40\nrobustness_draws: 1\n")
    result = pags_bench.evaluate(checkpoint, config="options.yaml", seed=3, log="run.log")
    assert (result.json["protocol"]["images"], result.json["protocol"]["seed"]) == (40, 3)
    lines = (empty_folder / "run.log").read_text().splitlines()
    assert "pags-bench" in lines[0] and lines[-1].endswith("ended well")
    with pytest.raises(pags_bench.UsageError, match="did you mean `images`"):
        (empty_folder / "options.yaml").write_text("imges: 40\n")
        pags_bench.evaluate(checkpoint, config="options.yaml")


def test_the_command():
    def command(*arguments):
        return subprocess.run([sys.executable, "-m", "pags_bench", *arguments], capture_output=True, text=True)

    version = command("--version").stdout.strip()
    assert version == pags_bench.__version__
    assert f'static let version = "{version}"' in (REPOSITORY / "Sources/Runner/PagsBench.swift").read_text()
    assert f"\nversion: {version}\n" in (REPOSITORY / "CITATION.cff").read_text()
    assert f"\n## {version} (" in (REPOSITORY / "CHANGELOG.md").read_text()
    refused = command("evaluate", "nothing.pth")
    assert (refused.returncode, refused.stdout) == (1, "") and "nothing.pth" in refused.stderr

"""Models of this process, as functions on numpy arrays, and how it ends when it ends badly."""

import ast
import inspect
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid

import numpy as np
import pytest
from conftest import REPOSITORY, assert_same_numbers, processes

import pags_bench
import pags_bench_plugin


def test_the_same_numbers_as_from_the_file(linear, monkeypatch):
    map, answers = pags_bench_plugin.Channel.map, []
    monkeypatch.setattr(
        pags_bench_plugin.Channel, "map", lambda self, header: answers.append(map(self, header)) or answers[-1])
    read = pags_bench.evaluate(linear.file, description=linear.description, images=16, progress=False)
    served = pags_bench.evaluate(
        linear.served(), checkpoint=linear.file, task="glyphs", images=16, batch=5, progress=False)
    assert_same_numbers(read, served, 1e-4)
    assert served.model.checkpoint == read.model.checkpoint
    assert served.model.plugin == ("linear", "1") and (served.model.mean, served.model.std) == ((0.25,), (0.5,))
    assert answers == [{"accepted": True}]


@pytest.mark.parametrize("name", ["x" * 150, "it's \"quoted\" \\ and spaced"])
def test_temporary_folders(linear, tmp_path, monkeypatch, name):
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    pags_bench.evaluate(linear.served(), checkpoint=linear.file, images=2, progress=False)
    assert list(folder.iterdir()) == []


class Failure(Exception):
    pass


@pytest.mark.parametrize("place", ["logits", "vjp"])
def test_an_exception_is_the_cause(linear, place):
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) > 3:
            raise Failure("no more")
        return getattr(linear, place)(*arguments)

    with pytest.raises(pags_bench.ModelError, match="Failure while it was measured: no more") as caught:
        pags_bench.evaluate(linear.served(**{place: fail}), checkpoint=linear.file, images=8, progress=False)
    cause = caught.value.__cause__
    assert isinstance(cause, Failure) and cause.__traceback__ is not None
    assert caught.value.exit_code == 1 and "no more" in caught.value.stderr


@pytest.mark.parametrize("changes, words", [
    ({"logits": lambda images: (np.zeros((len(images), 3)), None)}, "expected [8, 10]"),
    ({"logits": lambda images: (np.full((len(images), 10), np.nan), None)}, "nan"),
    ({"classes": 3}, "has 3 classes"),
    ({"input_shape": (3, 32, 32), "mean": None, "std": None}, "takes images [3, 32, 32]"),
    ({"version": ""}, "a version that is not one line"),
    ({"mean": [127.0], "std": [60.0]}, "announces a normalisation that it cannot mean"),
])
def test_what_cannot_be_measured(linear, changes, words):
    with pytest.raises(pags_bench.EvaluationError) as caught:
        pags_bench.evaluate(linear.served(**changes), checkpoint=linear.file, task="glyphs", images=8, progress=False)
    assert words in str(caught.value) and "_relay" not in str(caught.value)
    assert not isinstance(caught.value, pags_bench.ModelError)


def test_arguments_that_do_not_go_together(linear):
    for arguments in ({}, {"checkpoint": linear.file, "classes": 10}, {"checkpoint": linear.file, "mean": 0.5, "std": 1},
                      {"checkpoint": linear.file, "arch": "resnet18"}):
        with pytest.raises(pags_bench.UsageError):
            pags_bench.evaluate(linear.served(), **arguments)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_programs_passes_through(linear, kind, monkeypatch):
    marker = f"PAGS_TEST_{uuid.uuid4().hex}"
    monkeypatch.setenv(marker, "1")

    def stop(images):
        raise kind()

    with pytest.raises(kind):
        pags_bench.evaluate(linear.served(logits=stop), checkpoint=linear.file, images=8, progress=False)
    assert gone(marker, 20) == {}


def test_a_command_that_is_killed(linear, monkeypatch):
    marker = f"PAGS_TEST_{uuid.uuid4().hex}"
    monkeypatch.setenv(marker, "1")

    def kill(images):
        for identifier, command in processes(marker).items():
            if " evaluate " in command:
                os.kill(identifier, signal.SIGKILL)
        return linear.logits(images)

    with pytest.raises(pags_bench.StoppedError, match="SIGKILL; did memory run out"):
        pags_bench.evaluate(linear.served(logits=kill), checkpoint=linear.file, images=8, progress=False)
    assert gone(marker, 20) == {}


def test_several_at_once(linear):
    results = {}

    def work(seed):
        results[seed] = pags_bench.evaluate(
            linear.served(), checkpoint=linear.file, images=4, seed=seed, threads=1, progress=False)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(results) == [1, 2] and results[1].task.digest != results[2].task.digest


PROGRAM = """
import sys, time, numpy as np, pags_bench
def logits(images):
    print("asked", flush=True)
    time.sleep({pause})
    return np.zeros((len(images), 10)) + images.reshape(len(images), -1)[:, :10], len(images)
def vjp(count, v):
    g = np.zeros((count, 800)); g[:, :10] = v
    return g.reshape(count, 1, 20, 40)
progress = lambda stage, share: print("asked", flush=True)
try:
    if {served}:
        pags_bench.evaluate(pags_bench.ServedClassifier(logits, vjp), checkpoint={file!r}, images=100000, progress=False)
    else:
        pags_bench.evaluate("bayes", images=20000, progress=progress)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def gone(marker, seconds):
    """Waits until no process has the marker; what is left after a while is returned."""
    end = time.monotonic() + seconds
    while (left := processes(marker)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def heed_interrupts():
    """What a shell starts in the background ignores Ctrl-C, and so does everything below it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("served", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left(linear, monkeypatch, served, number):
    marker = f"PAGS_TEST_{uuid.uuid4().hex}"
    monkeypatch.setenv(marker, "1")
    source = textwrap.dedent(PROGRAM).format(served=served, pause=0.01, file=str(linear.file))
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True,
                               preexec_fn=heed_interrupts)
    try:
        assert process.stdout.readline() == "asked\n"
        assert len(processes(marker)) > 1
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert ("interrupted" in output) == (number == signal.SIGINT)
        assert process.returncode == (0 if number == signal.SIGINT else -signal.SIGKILL)
        assert gone(marker, 60) == {}
    finally:
        process.kill()


def test_ctrl_c_in_a_long_pass(linear):
    source = textwrap.dedent(PROGRAM).format(served=True, pause=600, file=str(linear.file))
    process = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True,
                               preexec_fn=heed_interrupts)
    try:
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert "interrupted" in output
    finally:
        process.kill()


def test_the_helper_has_the_types_that_are_said():
    tree = ast.parse((pathlib.Path(pags_bench.__file__).parent / "_plugin_signatures.pyi").read_text())
    stubs = {node.name: node.args for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(stubs) == {"serve", "serve_torch"}
    for name, arguments in stubs.items():
        signature = inspect.signature(getattr(pags_bench_plugin, name))
        stated = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs, arguments.kwarg) if argument]
        assert stated == list(signature.parameters)
        defaults = [default for default in (*arguments.defaults, *arguments.kw_defaults) if default is not None]
        assert [ast.literal_eval(default) for default in defaults] == [
            parameter.default for parameter in signature.parameters.values() if parameter.default is not parameter.empty]


def test_the_helper_is_one_file(tmp_path, linear):
    """Copied alone it serves a model in a program of its own; installed it is the same file."""
    source = REPOSITORY / "python" / "pags_bench_plugin.py"
    assert pathlib.Path(pags_bench_plugin.__file__).read_bytes() == source.read_bytes()
    assert pags_bench.serve is pags_bench_plugin.serve and pags_bench.serve_torch is pags_bench_plugin.serve_torch
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(source, folder)
    program = """
        import sys
        {first}
        import numpy as np
        print("to standard error")
        def logits(images):
            return images.reshape(len(images), -1)[:, :10], len(images)
        def vjp(count, v):
            g = np.zeros((count, 800)); g[:, :10] = v
            return g.reshape(count, 1, 20, 40)
        {module}.serve(logits, vjp, id="alone")
        """
    for module, first in [
        ("pags_bench_plugin", f"sys.path.insert(0, {str(folder)!r}); import pags_bench_plugin; "
         f"assert pags_bench_plugin.__file__.startswith({str(folder)!r})"),
        ("pags_bench", "import pags_bench"),
    ]:
        (folder / "serve.py").write_text(textwrap.dedent(program).format(first=first, module=module))
        outcome = subprocess.run(
            [sys.executable, "-m", "pags_bench", "evaluate", "--images", "2", "--no-leaderboard", "--plugin",
             f"{sys.executable} {folder / 'serve.py'}"], capture_output=True, text=True)
        assert outcome.returncode == 0, outcome.stderr
        assert "alone" in outcome.stdout

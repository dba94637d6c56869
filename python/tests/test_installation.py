"""What an environment gets beside the package: the command, completions for shells, manual pages."""

import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import optional

SHARE = pathlib.Path(sys.prefix) / "share"


def test_the_command_is_on_the_path():
    command = pathlib.Path(sys.prefix) / "bin" / "pags-bench"
    said = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout
    assert said.count(".") == 2


@pytest.mark.parametrize("place", [
    "bash-completion/completions/pags-bench", "zsh/site-functions/_pags-bench", "fish/vendor_completions.d/pags-bench.fish",
])
def test_completions_know_the_commands(place):
    text = (SHARE / place).read_text()
    assert "evaluate" in text and "leaderboard" in text and "config" in text


@pytest.mark.skipif(not shutil.which("swift"), reason="manual pages are made where Swift is")
def test_every_command_has_a_manual_page():
    pages = {page.name for page in (SHARE / "man" / "man1").iterdir()}
    assert {"pags-bench.1", "pags-bench-evaluate.1", "pags-bench-leaderboard-table.1"} <= pages
    assert not any("onnx-test" in page or "-help" in page for page in pages)
    text = (SHARE / "man" / "man1" / "pags-bench-evaluate.1").read_text()
    assert ".Sh SYNOPSIS" in text and "config" in text


def test_a_package_that_cannot_be_imported_skips(tmp_path, monkeypatch):
    """As a torchvision that was built for another torch: `pytest.importorskip` takes an ImportError alone."""
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(pytest.skip.Exception, match=r"cannot be imported \(RuntimeError: operator .*\): nothing is compared"):
        optional("broken_package", "nothing is compared")
    with pytest.raises(pytest.skip.Exception, match="no_such_package is not installed: nothing is compared"):
        optional("no_such_package", "nothing is compared")
    assert optional("json", "").dumps([1]) == "[1]"

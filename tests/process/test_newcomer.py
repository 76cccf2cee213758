# SPDX-License-Identifier: Apache-2.0
"""A newcomer's first hour: the worked example of docs/guide/first-change.md as it
stands there, the map of the code, the hooks, what clangd reads."""

import json
import os
import re
import subprocess
import sys

import pytest

from repository import AUTHOR, ROOT

GUIDE = ROOT / "docs/guide/first-change.md"


def shell(command, folder, **more):
    return subprocess.run(["/bin/bash", "-c", command], cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **more)


def guide_steps():
    """What the guide says to do, in order: ("diff", text) or ("run", command)."""
    text = GUIDE.read_text()
    found = re.finditer(r"^```diff\n(.*?)^```|^    \$ ([^\n]*)$", text, re.MULTILINE | re.DOTALL)
    return [("diff", m.group(1)) if m.group(1) else ("run", m.group(2)) for m in found]


@pytest.fixture
def clone(tmp_path):
    """The committed tree, without anything of this machine but what is built already."""
    folder = tmp_path / "skerry"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    return folder


def test_patches_of_the_guide_apply(clone):
    diffs = [text for kind, text in guide_steps() if kind == "diff"]
    assert len(diffs) == 3
    for text in diffs:
        run = shell("git apply -", clone, input=text)
        assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_guide_replayed(clone):
    for kind, text in guide_steps():
        run = shell("git apply -" if kind == "diff" else text, clone, input=text if kind == "diff" else None,
                    env={**os.environ, **AUTHOR})
        assert run.returncode == 0, f"{text}\n{run.stdout}"
    assert "version_vcpus.c" in (clone / "docs/abi/hypercalls.md").read_text()


def test_code_map_is_up_to_date():
    run = subprocess.run([sys.executable, ROOT / "tools/code-map.py", "--check"], stderr=subprocess.PIPE, text=True,
                         check=False)
    assert run.returncode == 0, run.stderr


MESSAGES = [("Give the timer a name\n\nWhy.\n", 0), ("give it a name\n", 1), ("Give it a name.\n", 1),
            ("Give " + "x" * 80, 1), ("Give it a name\nat once\n", 1), ("fixup! whatever.\n", 0)]


@pytest.mark.parametrize("text, status", MESSAGES)
def test_commit_message_hook(tmp_path, text, status):
    (tmp_path / "message").write_text(text)
    run = subprocess.run([ROOT / "tools/hooks/commit-msg", tmp_path / "message"], stderr=subprocess.PIPE, check=False)
    assert run.returncode == status


def test_compile_commands(tmp_path):
    lines = "  CC x; gcc -MMD -c -o build/a.o hv/core/frame.c -Ihv\necho nothing\nld -o x y.o\n"
    output = tmp_path / "compile_commands.json"
    subprocess.run([sys.executable, ROOT / "tools/compile-commands.py", output], cwd=ROOT, input=lines, text=True,
                   check=True, stdout=subprocess.DEVNULL)
    entry = json.loads(output.read_text())
    assert [e["file"] for e in entry] == ["hv/core/frame.c"] and "-Ihv" in entry[0]["arguments"]

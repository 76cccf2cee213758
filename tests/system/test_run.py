# SPDX-License-Identifier: Apache-2.0
"""`make run`, as a script and as a person."""

import subprocess

import pexpect
import pytest

from machine import BUILD, ROOT, SCALE


def test_without_a_terminal():
    run = subprocess.run(["make", "--no-print-directory", "CONFIG=default", "run"], cwd=ROOT, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=300 * SCALE, check=False)
    assert run.returncode == 0, run.stdout
    assert "all domains were ready, and the machine has powered off" in run.stdout


def test_says_what_was_missing(tmp_path):
    """A domain that never gets ready is named, and the status is not 0."""
    run = subprocess.run([BUILD / "tools" / "skerry", "run", ROOT / "systems/two-linux/system.yaml",
                          "--hv", BUILD / "default" / "skerry-hv.elf", "--wait-ready", "3"],
                         cwd=tmp_path, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60, check=False)
    assert run.returncode != 0 and "one two" in run.stdout


@pytest.fixture
def terminal():
    (BUILD / "logs" / "system").mkdir(parents=True, exist_ok=True)
    with open(BUILD / "logs" / "system" / "terminal.log", "w", encoding="utf-8") as log:
        child = pexpect.spawn("make", ["--no-print-directory", "CONFIG=default", "run"], cwd=ROOT,
                              timeout=120 * SCALE, encoding="utf-8", codec_errors="replace",
                              logfile=log)
        yield child
        child.close(force=True)


def test_on_a_terminal(terminal):
    """A person types into one domain, moves to the other, and switches both off."""
    terminal.expect("SKERRY-READY (one|two)")
    terminal.expect("SKERRY-READY (one|two)")
    terminal.send("\r")
    terminal.expect("one:/# ")
    terminal.send("hostname; echo $((40 + 2))\r")
    terminal.expect(r"one\r*\n.*42")
    terminal.send("\x01\x01\x01\r")
    terminal.expect("two:/# ")
    terminal.send("hostname; echo $((40 + 3))\r")
    terminal.expect(r"two\r*\n.*43")
    terminal.send("poweroff -f\r")
    terminal.expect("Power down")
    terminal.send("\x01\x01\x01\r")
    terminal.expect("one:/# ")
    terminal.send("poweroff -f\r")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0

# SPDX-License-Identifier: Apache-2.0
"""`make run`, as a script and as a person."""

import subprocess

import pexpect
import pytest

from machine import BUILD, ROOT, SCALE
from systems import hypervisor, micro


@pytest.mark.parametrize("machine", ["qemu", pytest.param("bochs", marks=pytest.mark.slow)])
def test_without_a_terminal(machine):
    """The README's own command: two stock domains reach their shells, on AMD and on Intel."""
    run = subprocess.run(["make", "--no-print-directory", "CONFIG=default", f"MACHINE={machine}", "run"],
                         cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=900 * SCALE, check=False)
    assert run.returncode == 0, run.stdout
    assert "all domains were ready, and the machine has powered off" in run.stdout


def test_says_what_was_missing(bench):
    """A domain that never gets ready is named, and the status is not 0."""
    bench.image([micro("mute", "spin")])
    run = subprocess.run([BUILD / "tools" / "skerry", "run", bench.folder / "system.yaml", "--hv",
                          hypervisor(), "--wait-ready", "2"], text=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    assert run.returncode != 0 and "not ready: mute" in run.stdout


@pytest.fixture
def terminal():
    (BUILD / "logs" / "system").mkdir(parents=True, exist_ok=True)
    with open(BUILD / "logs" / "system" / "terminal.log", "w", encoding="utf-8") as log:
        child = pexpect.spawn("make", ["--no-print-directory", "CONFIG=default", "run"], cwd=ROOT,
                              timeout=120 * SCALE, encoding="utf-8", codec_errors="replace",
                              logfile=log)
        yield child
        child.close(force=True)


def give_input(terminal, domain):
    """Presses Ctrl-A three times until the domain has the input; after the last domain comes the
    hypervisor itself."""
    while True:
        terminal.send("\x01\x01\x01")
        terminal.expect(r"input to ([^\r\n]+)")
        if terminal.match.group(1).startswith(f"domain {domain} "):
            return


def test_on_a_terminal(terminal):
    """A person types into one domain, moves to the other, and switches both off."""
    terminal.expect("SKERRY-READY (one|two)")
    terminal.expect("SKERRY-READY (one|two)")
    for name, number in (("two", 42), ("one", 43)):
        give_input(terminal, name)
        terminal.expect(f"{name}:/# ")
        terminal.send(f"hostname; echo $(({number - 1} + 1))\r")
        terminal.expect(rf"{name}\r+\n.*{number}")
        terminal.expect(f"{name}:/# ")
    terminal.send("poweroff -f\r")
    terminal.expect("one: stopped")
    give_input(terminal, "two")
    terminal.expect("two:/# ")
    terminal.send("poweroff -f\r")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0

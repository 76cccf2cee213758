# SPDX-License-Identifier: Apache-2.0
"""services/console: the consoles of stock guests on a serial line that a domain has."""

import socket
import subprocess
import time

import pytest

from machine import ROOT
from systems import linux, unikernel
from test_options import make_hv


@pytest.fixture(autouse=True, scope="module")
def built():
    subprocess.run(["make", "-s", "services"], cwd=ROOT, check=True)


def console(words="", **fields):
    return {**unikernel("console", "console", words, memory="4 MiB", on_crash="restart", **fields),
            "service": "console", "serial": "com1"}


def run(bench, *guests, **arguments):
    channels = [{"console": {"front": g["name"], "back": "console"}} for g in guests]
    return bench.run([*guests, console()], channels=channels, **arguments)


def guest(name, **fields):
    return linux(name, "", poweroff=False, **{"memory": "192 MiB", **fields})


class Line:
    """The other end of a serial line: a socket of the emulator's."""

    def __init__(self, path):
        self.path, self.text = path, ""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(1)
        for _ in range(100):
            try:
                self.socket.connect(str(self.path))
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.1)
        raise AssertionError("the emulator has no such line")

    def __exit__(self, *_):
        self.socket.close()

    def type(self, text):
        for at in range(0, len(text), 8):
            self.socket.sendall(text[at:at + 8].encode())
            time.sleep(0.01)

    def wait(self, text, seconds=60):
        """Reads on until the text has come, at any time."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"no {text!r} in {self.text[-2000:]!r}"
            try:
                self.text += self.socket.recv(4096).decode("utf-8", "replace")
            except TimeoutError:
                pass


@pytest.mark.both
def test_two_guests(bench):
    """Lines with their origin, the keyboard with Ctrl-A, history, and a guest's new life."""
    one = guest("one", on_reboot="restart", max_restarts=1)
    with run(bench, one, guest("two")) as machine:
        machine.wait("console: serves 2 domains", "console")
        machine.ready("one")
        machine.ready("two")
        machine.type("echo sum $((40 + 2))\n")
        machine.wait("sum 42", "one")
        machine.type("\x01\x01\x01")
        machine.wait("console: input to domain two")
        machine.wait("SKERRY-READY two", "two")  # its history
        machine.type("echo sum $((50 + 3))\n")
        machine.wait("sum 53", "two")
        machine.type("\x01\x01\x01")
        machine.wait("console: input to domain one")
        machine.wait("sum 42", "one")
        machine.type("reboot -f\n")
        machine.wait("domain one: restart 1", "skerry")
        machine.ready("one")
        machine.type("echo sum $((60 + 4))\n")
        machine.wait("sum 64", "one")


@pytest.mark.both
def test_service_ends(bench):
    """The hypervisor has the line until the service is back, and for good when it stays away."""
    channels = [{"console": {"front": "one", "back": "console"}}]
    domains = [guest("one"), console("end=1500", max_restarts=1)]
    with bench.run(domains, channels=channels) as machine:
        machine.ready("one")
        machine.type("i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo a line with number $i; done\n")
        machine.wait("console: ends, as it was told", "console")
        machine.wait("domain console: restart 1", "skerry")
        machine.wait("console: serves 1 domains", "console")
        machine.type("\necho sum $((40 + 2))\n")
        machine.wait("sum 42", "one")
        machine.type("i=0; while [ $i -lt 80 ]; do i=$((i + 1)); echo a line with number $i; done\n")
        machine.wait("domain console: has restarted 1 times, stays stopped", "skerry")
        machine.wait("domain console: stopped", "skerry")


@pytest.mark.both
def test_panic(bench):
    """A panic takes the line from the service that has it."""
    make_hv("debug")
    channels = [{"console": {"front": "one", "back": "console"}}]
    with bench.run([guest("one"), console()], channels=channels, config="debug",
                   options="panic-test=late panic=poweroff") as machine:
        machine.wait("console: serves 1 domains", "console")
        machine.wait("PANIC: late, as it was told", "skerry")
        machine.wait("backtrace:", "skerry")
        machine.wait_end()


def test_another_line(bench):
    """A UART that the hypervisor does not use, by its ports and interrupt: the consoles are there,
    and the hypervisor's line and log stay its own. The service's next life has it again."""
    path = bench.folder / "line"
    path.unlink(missing_ok=True)
    line = ["-chardev", f"socket,id=line,path={path},server=on,wait=off",
            "-device", "isa-serial,chardev=line,iobase=0x3e8,irq=7"]
    domains = [guest("one"), guest("two"), console("end=4000", max_restarts=1)]
    del domains[2]["serial"]
    domains[2]["uart"] = {"port": "0x3e8", "interrupt": 7}
    channels = [{"console": {"front": name, "back": "console"}} for name in ("one", "two")]
    with bench.run(domains, channels=channels, extra=line) as machine, Line(path) as screen:
        machine.wait("console: serves 2 domains", "console")
        screen.wait("[one] SKERRY-READY one", 90)
        screen.wait("[two] SKERRY-READY two", 90)
        screen.type("echo sum $((40 + 2))\n")
        screen.wait("[one] sum 42")
        screen.type("i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo a line with number $i; done\n")
        screen.wait("a line with number 199")  # a line that nobody reads stands still
        machine.wait("domain console: restart 1", "skerry")
        machine.wait("console: serves 2 domains", "console")
        screen.type("\necho sum $((50 + 3))\n")
        screen.wait("[one] sum 53")
        assert not machine.texts("one") and not machine.texts("two")


NO_LINE = {"ours": ("0x3f8", 7), "pci": ("0xcf8", 7), "acpi": ("0x608", 7), "our-interrupt": ("0x3e8", 4),
           "level": ("0x3e8", 5), "nothing": ("0x3e8", 7)}


@pytest.mark.parametrize("port, interrupt", NO_LINE.values(), ids=NO_LINE)
def test_no_such_line(bench, port, interrupt):
    """Ports that are somebody else's, interrupts that are or that can be shared, and no UART."""
    domain = console(uart={"port": port, "interrupt": interrupt})
    del domain["serial"]
    with bench.run([domain]) as machine:
        machine.wait(f"refused: reason=serial domain=console port={port[2:]} ", "skerry")

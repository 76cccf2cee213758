# SPDX-License-Identifier: Apache-2.0
"""One emulated machine: starts it, cuts its console into lines by origin, waits
for what a test expects, and keeps the log. What the lines mean is the tests'
business."""

import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
SCALE = float(os.environ.get("SKERRY_TIMEOUT_SCALE", "1"))  # for hosts slower than usual

HYPERVISOR = "skerry"  # the origin of the hypervisor's own lines
ORIGIN = re.compile(r"\[([A-Za-z0-9_.-]{1,31})\] ?(.*)", re.DOTALL)
OWN = re.compile(r"skerry: (.*)", re.DOTALL)
XEN_GUEST = re.compile(r"\((d\d+)\) (.*)", re.DOTALL)  # what Xen prints for an unprivileged one
FATAL = re.compile(r"PANIC:")


class MachineFailed(AssertionError):
    """The machine did not do what was waited for; the text ends with its console."""


@dataclass
class Line:
    seconds: float  # since the machine was started
    origin: str  # a domain's name, HYPERVISOR, or "" for the firmware and all else
    text: str


def parse_line(seconds, text):
    own = OWN.match(text)
    if own:
        return Line(seconds, HYPERVISOR, own.group(1))
    domain = ORIGIN.match(text) or XEN_GUEST.match(text)
    if domain:
        return Line(seconds, domain.group(1), domain.group(2))
    return Line(seconds, "", text)


def qemu_arguments(cpus=2, memory_mib=2048, cpu="EPYC,+svm", serial="stdio", extra=(),
                   accel="tcg,thread=single"):
    """The emulated CPUs take turns, unless `accel` says otherwise: where they run at the same
    time, none may enter a guest on the first (docs/guide/debugging.md, the first CPU's flags)."""
    return ["qemu-system-x86_64", "-accel", accel, "-machine", "q35", "-cpu", cpu,
            "-smp", str(cpus), "-m", str(memory_mib), "-nodefaults", "-display", "none",
            "-serial", serial, "-no-reboot", *extra]


def bochs_arguments(hypervisor, image, cpus=2, memory_mib=1024, options="", extra=()):
    """An emulated Intel machine, which is slower: its CPUs share one thread of the host."""
    return [ROOT / "tools" / "bochs.py", hypervisor, image, "--cpus", str(cpus),
            "--memory", str(memory_mib), "--append", options, *extra]


def parallel_cpus(cpus):
    """As fields of qemu_arguments: so many CPUs for domains, which run at the same time, and the
    option that the hypervisor then needs."""
    if cpus == 1:
        return {"cpus": 1}, ""
    return {"cpus": cpus + 1, "accel": "tcg"}, "boot-cpu=spare"


class Machine:
    """Use it as a context: leaving it ends the machine, whatever state it is in. All waiting takes
    `patience` times as long as the caller says, for machines slower than the usual one."""

    def __init__(self, arguments, log, patience=1):
        self.lines = []
        self.partial = ""
        self.ended = False
        self.status = None
        self.raw_size = 0
        self._arguments = [str(argument) for argument in arguments]
        self._log = Path(log)
        self._scale = SCALE * patience
        self._changed = threading.Condition()
        self._cursors = {}
        self._process = None
        self._reader = None

    def __enter__(self):
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._start = time.monotonic()
        self._process = subprocess.Popen(self._arguments, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        with open(self._log, "w", encoding="utf-8") as log:
            print(" ".join(self._arguments), file=log)
            for line in self.lines:
                print(f"{line.seconds:9.3f} {line.origin or '-'}| {line.text}", file=log)

    # --- The console ---------------------------------------------------------

    def _read(self):
        pending = b""
        while True:
            data = os.read(self._process.stdout.fileno(), 4096)
            with self._changed:
                if not data:
                    break
                self.raw_size += len(data)
                *whole, pending = (pending + data).split(b"\n")
                for text in whole:
                    self._add(text)
                self.partial = decode(pending)
                self._changed.notify_all()
        with self._changed:
            self._add(pending)
            self.partial, self.ended, self.status = "", True, self._process.wait()
            self._changed.notify_all()

    def _add(self, text):
        text = decode(text)
        if "warning: TCG doesn't support" not in text:
            self.lines.append(parse_line(time.monotonic() - self._start, text))

    def type(self, text):
        """Types on the machine's console, a little at a time as a person would."""
        for at in range(0, len(text), 8):
            os.write(self._process.stdin.fileno(), text[at:at + 8].encode())
            time.sleep(0.01)

    def focus(self, domain):
        """Moves the console's input on until that domain has it."""
        self.skip(HYPERVISOR)
        for _ in range(300):
            self.type("\x01\x01\x01")
            if self.wait(r"input to (.*)", HYPERVISOR)[0].group(1).startswith(f"domain {domain} "):
                return
        self._fail(f"{domain} never got the input")

    # --- Waiting -------------------------------------------------------------

    def wait(self, pattern, origin=None, timeout=60, prompt=False):
        """Waits for a line of that origin (None: any) that the pattern is found in, and
        returns (match, line). Each origin has a cursor of its own: the line after the one
        found is where the next wait starts. With `prompt`, an unfinished line will do."""
        regex, deadline = re.compile(pattern), time.monotonic() + timeout * self._scale
        with self._changed:
            while True:
                found = self._find(regex, origin) or (prompt and self._find_prompt(regex, origin))
                if found:
                    return found
                if self.ended or not self._changed.wait(deadline - time.monotonic()):
                    self._fail(f"no {pattern!r} from {origin or 'any'}")

    def _find(self, regex, origin):
        at = self._cursors.get(origin, 0)
        for number in range(at, len(self.lines)):
            self._cursors[origin] = number + 1
            found = self._look(regex, origin, self.lines[number])
            if found:
                return found, self.lines[number]
        return None

    def _find_prompt(self, regex, origin):
        line = parse_line(time.monotonic() - self._start, self.partial)
        found = self._look(regex, origin, line)
        return (found, line) if found else None

    def _look(self, regex, origin, line):
        found = regex.search(line.text) if origin in (None, line.origin) else None
        if not found and line.origin == HYPERVISOR and FATAL.search(line.text):
            self._fail("the hypervisor panicked")
        return found

    def wait_end(self, timeout=60):
        """Waits until the machine has powered itself off."""
        deadline = time.monotonic() + timeout * self._scale
        with self._changed:
            while not self.ended:
                if not self._changed.wait(deadline - time.monotonic()):
                    self._fail("the machine did not power off")
        if self.status:
            self._fail(f"the emulator ended with {self.status}")

    def stays_silent(self, origins, seconds):
        """Checks that none of these has printed anything, nor does for so long."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self.ended and self._changed.wait(deadline - time.monotonic()):
                pass
            for origin in origins:
                if any(line.origin == origin for line in self.lines):
                    self._fail(f"{origin} has started")

    def skip(self, origin=None):
        """Moves the origin's cursor behind all that has come so far."""
        with self._changed:
            self._cursors[origin] = len(self.lines)

    def ready(self, domain, timeout=90):
        """Waits for the domain's user space."""
        return self.wait(rf"SKERRY-READY {domain}\b", domain, timeout)[1]

    def fact(self, domain, test, timeout=60):
        """The next fact that the test reports in that domain, as a dictionary, with the
        host's time of arrival under "seconds"."""
        found, line = self.wait(rf"SKERRY-FACT {test} (.*)", domain, timeout)
        facts = dict(word.split("=", 1) for word in found.group(1).split() if "=" in word)
        return {**facts, "seconds": line.seconds}

    def texts(self, origin):
        with self._changed:
            return [line.text for line in self.lines if line.origin == origin]

    def _fail(self, reason):
        tail = "\n".join(f"  {line.origin or '-'}| {line.text}" for line in self.lines[-30:])
        state = f"ended with {self.status}" if self.ended else "still running"
        raise MachineFailed(f"{reason}; the machine is {state}; log: {self._log}; its last lines:\n"
                            f"{tail}\n  {self.partial}")


def decode(data):
    return data.decode("utf-8", "replace").rstrip("\r").lstrip("\r")

# SPDX-License-Identifier: Apache-2.0
"""The progress line: which job runs, and how long the rest will take, by what the same jobs took
the last time. It judges nothing and measures nothing but that."""

import contextlib
import json
import sys
import time

import peers

TIMES = peers.OUT / "job-seconds.json"
GUESS = 10.0  # seconds, of a job that has never run here


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Progress:
    def __init__(self, work, out=sys.stderr):
        self.work = list(work)
        self.done = 0
        self._out = out
        self._times = json.loads(TIMES.read_text()) if TIMES.exists() else {}

    def seconds_left(self):
        return sum(self._times.get(job.title, GUESS) for job in self.work[self.done:])

    def _show(self, text):
        end = "\r\x1b[K" if self._out.isatty() else "\n"
        start = "" if end == "\n" else end
        self._out.write(start + text + ("" if start else end))
        self._out.flush()

    @contextlib.contextmanager
    def running(self, job):
        self._show(f"[{self.done + 1}/{len(self.work)}] {job.title}, {clock(self.seconds_left())} left")
        start = time.monotonic()
        try:
            yield
        finally:
            self.finish(job, time.monotonic() - start)

    def finish(self, job, seconds):
        self._times[job.title] = round(seconds, 1)
        self.done += 1
        TIMES.parent.mkdir(parents=True, exist_ok=True)
        TIMES.write_text(json.dumps(self._times, indent=1, sort_keys=True))
        if self.done == len(self.work) and self._out.isatty():
            self._out.write("\r\x1b[K")


class Steps:
    """The same for many steps that take about as long each: called after each. Where nobody sees a
    line change, it is written now and then."""

    def __init__(self, count, seldom=50, out=sys.stderr):
        self._count, self._done, self._out, self._start = count, 0, out, time.monotonic()
        self._seldom = seldom

    def __call__(self):
        self._done += 1
        spent = time.monotonic() - self._start
        left = spent / self._done * (self._count - self._done)
        if self._out.isatty():
            self._out.write(f"\r[{self._done}/{self._count}] {clock(left)} left\x1b[K")
            self._out.write("\n" if self._done == self._count else "")
        elif self._done % self._seldom == 0 or self._done == self._count:
            self._out.write(f"[{self._done}/{self._count}] {clock(left)} left\n")
        self._out.flush()

# SPDX-License-Identifier: Apache-2.0
"""Twenty series with known verdicts, made from the tree as it is: each patch replaces
text in files, so that the seeds live as long as the lines that they name.

    tests/process/seeds.py [--only NAME...]    judges them all; prints the table and the figures

Each row: the series, the verdict expected, the verdict given, seconds to it."""

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/series"))

import reply  # noqa: E402
import source  # noqa: E402
from desk import Desk  # noqa: E402

CANARY = "skerry-series-was-outside"
FRAME, HYPERCALL = "hv/core/frame.c", "hv/xen/hypercall.c"
DISPATCH = "  v->personality.compat_call = compat;\n"
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


@dataclass
class Seed:
    """`patches`: (subject, [(path, old, new)...]); old "" makes or lengthens the file. `expected`: green,
    or the step that must fail, with its patch (0: the whole)."""
    name: str
    patches: list
    expected: str = "green"
    options: dict = field(default_factory=dict)


def edit(path, old, new):
    return path, old, new


def comment(path, word):
    return edit(path, "", f"\n/* {word} */\n")


def hostile(port):
    """Tries to leave the cell whenever make reads a makefile, and fails the build where it cannot."""
    script = (f"for d in / /etc /usr /root /home /var/tmp /ccache /mail; do echo x > $$d/{CANARY} 2>/dev/null && echo got $$d; "
              f"done; (echo x > /dev/tcp/127.0.0.1/{port}) 2>&1")
    return f"\nESCAPE := $(shell {script})\n$(info error: escape: $(ESCAPE))\n$(if $(ESCAPE),$(error it did not work))\n"


def seeds(port):
    slow = DISPATCH + '  __asm__ volatile(".rept 10; nop; .endr"); /* of 195 */\n'
    return [
        Seed("a page", [("Say more", [edit("docs/guide/debugging.md", "", "\nMore words.\n")])]),
        Seed("a comment", [("Add a word to the frames", [comment(FRAME, "The end of it.")])]),
        Seed("three good patches", [("Add a word to a service", [comment("services/hello/main.c", "Said.")]),
                                    ("Add a word to the host tool", [comment("tools/skerry/buf.c", "Said.")]),
                                    ("Add a word to strings", [comment("hv/lib/string.c", "Said.")])]),
        Seed("no base-commit", [("Add a word to channels", [comment("hv/core/channel.c", "Said.")])], options={"base": ""}),
        Seed("an older base", [("Add a word to the heap", [comment("hv/core/heap.c", "Said.")])], options={"older": 2}),
        Seed("a new micro-guest", [("Test the nop", [edit("tests/guest/hello_again.c", "", (ROOT / "tests/guest/hello.c")
                                                          .read_text())])]),
        Seed("faster is fine", [("Name the number", [edit("hv/xen/version.c", '#define EXTRAVERSION ".0-skerry"',
                                                          '#define EXTRAVERSION ".1-skerry"')])]),
        Seed("does not apply", [("Add a line", [edit(FRAME, "", "\n/* One. */\n")])], "apply (1)", {"spoil": "frame_alloc"}),
        Seed("no such base", [("Add a line", [comment(FRAME, "One.")])], "base (whole)", {"base": "1" * 40}),
        Seed("a patch is missing", [("Add one", [comment(FRAME, "One.")]), ("Add two", [comment(FRAME, "Two.")])],
             "take (whole)", {"drop": 2}),
        Seed("third breaks, fourth mends", [
            ("Add one", [comment(FRAME, "One.")]), ("Add two", [comment(FRAME, "Two.")]),
            ("Break it", [edit(FRAME, "  spin_lock(&lock);\n  uint32_t index", "  spin_lock(&lok);\n  uint32_t index")]),
            ("Mend it", [edit(FRAME, "  spin_lock(&lok);", "  spin_lock(&lock);")])], "build (3)"),
        Seed("a boot hang", [("Wait for the machine", [edit("hv/builder/boot.c", "static __boot enum status domains_make(void) {\n",
             "static __boot enum status domains_make(void) {\n  for (volatile int stay = 1; stay;)\n    ;\n")])], "boot (1)"),
        Seed("a panic at boot", [("Be sure", [edit(FRAME, "  assert(order <= FRAME_ORDER_MAX && kind > FRAME_FREE);\n",
             "  assert(order > FRAME_ORDER_MAX && kind > FRAME_FREE);\n")])], "boot (1)"),
        Seed("a fault that guests see", [("Round the size", [edit("hv/xen/version.c", "    return PAGE_SIZE;\n",
             "    return PAGE_SIZE / 2;\n")])], "tests (whole)"),
        Seed("5 % slower", [("Settle first", [edit(HYPERCALL, DISPATCH, slow)])], "gate (whole)"),
        Seed("a leak in memory", [("Save time", [edit(FRAME, "  arch_scrub(MFN(index), order);\n",
             "  if (kind != FRAME_RAM)\n    arch_scrub(MFN(index), order);\n")])], "tests (whole)"),
        Seed("a leak across domains", [("Allow it", [edit("hv/core/policy.c", "  return a == b || policy_channel(a, b, op) >= 0;\n",
             "  return a == b || policy_channel(a, b, op) >= -1;\n")])], "tests (whole)"),
        Seed("a coding rule", [("Reach up", [edit(FRAME, "#include <arch/arch.h>\n", "#include <arch/arch.h>\n#include <xen/state.h>\n")])],
             "lint (whole)"),
        Seed("the minimal build", [("Count them", [edit(FRAME, "mfn_t frame_alloc(", "#ifndef CONFIG_CHANNELS\n#error more needed\n#endif\n\n"
             "mfn_t frame_alloc(")])], "minimal (whole)"),
        Seed("hostile", [("Tidy up", [edit("Makefile", "", hostile(port))])], "build (1)"),
    ]


# --- Making their mails -----------------------------------------------------------


class Maker:
    """A clone in which the patches are made, one branch a seed; and what they are for, which stays as it is now."""

    def __init__(self, folder):
        self.path, self.upstream, self.out = Path(folder) / "maker", Path(folder) / "upstream.git", Path(folder)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(self.path)], check=True)
        self.git("checkout", "-q", "-B", "main")
        subprocess.run(["git", "clone", "-q", "--bare", str(self.path), str(self.upstream)], check=True)
        self.start = self.git("rev-parse", "HEAD")

    def git(self, *words):
        settings = ["-c", "user.name=A Seed", "-c", "user.email=seed@example.org"]
        return subprocess.run(["git", *settings, *words], cwd=self.path, text=True, check=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def apply(self, path, old, new):
        file = self.path / path
        text = file.read_text() if file.exists() else ""
        assert old in text, f"the seeds name a line of {path} that is gone: {old!r}"
        file.write_text(text.replace(old, new, 1) if old else text + new)

    def mbox(self, seed):
        base = f"{self.start}~{seed.options.get('older', 0)}"
        self.git("checkout", "-q", "-f", "--detach", base)
        for subject, edits in seed.patches:
            for change in edits:
                self.apply(*change)
            self.git("add", "-A")
            self.git("commit", "-q", "-m", subject)
        folder = self.out / seed.name.replace(" ", "-")
        self.git("format-patch", "-q", "--thread", "--cover-letter", f"--base={base}", "-o", str(folder), base)
        files = sorted(folder.iterdir())
        if seed.options.get("drop"):
            files.pop(seed.options["drop"])
        text = "".join(f.read_text().replace("*** SUBJECT HERE ***", seed.name) for f in files)
        base_line = f"base-commit: {self.git('rev-parse', base)}"
        if "base" in seed.options:
            text = text.replace(base_line, f"base-commit: {seed.options['base']}" if seed.options["base"] else "")
        if "spoil" in seed.options:
            text = text.replace(seed.options["spoil"], "not_there").replace("\n }\n", "\n }}\n")
        file = folder.with_suffix(".mbox")
        file.write_text(text)
        return file


class Listener:
    """A port of this machine that nobody in a cell may reach."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.reached = self.socket.getsockname()[1], False
        threading.Thread(target=self.wait, daemon=True).start()

    def wait(self):
        self.socket.accept()
        self.reached = True


# --- The table ----------------------------------------------------------------------


def verdict(desk, series):
    bad = reply.failure(desk.state.steps(series))
    return f"{bad['name']} ({bad['patch'] or 'whole'})" if bad else desk.state.get(series)["verdict"]


def judge(seed, maker, desk):
    """(verdict given, seconds from its arrival)."""
    thread = source.open_source(maker.mbox(seed))[0]
    series = desk.accept(thread)
    desk.finish(series)
    row = desk.state.get(series)
    return verdict(desk, series), row["ended"] - row["started"]


def escaped(listener, folder):
    places = ("/", "/etc", "/usr", "/root", "/home", "/var/tmp", "/tmp")
    found = [str(p) for p in (Path(d) / CANARY for d in places) if p.exists()]
    found += map(str, folder.rglob(CANARY))  # the cache and the mails; the series' own tree is gone
    return found + (["the network"] if listener.reached else [])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--state", help="a folder to keep; else a temporary one")
    return parser.parse_args()


def main():
    args, listener = arguments(), Listener()
    folder = Path(args.state or tempfile.mkdtemp(prefix="skerry-seeds-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    maker, rows = Maker(folder), []
    desk = Desk(folder / "desk", maker.upstream)
    try:
        for seed in seeds(listener.port):
            if args.only and seed.name not in args.only:
                continue
            given, seconds = judge(seed, maker, desk)
            rows.append((seed.expected, given, seconds))
            print(f"{'ok  ' if given == seed.expected else 'WRONG'}\t{seed.name}\t{seed.expected}\t{given}\t{seconds:.0f} s", flush=True)
        for where in escaped(listener, folder):
            print(f"WRONG\ta series reached {where}")
            rows.append(("green", "escaped", 0))
    finally:
        if not args.state:
            shutil.rmtree(folder, ignore_errors=True)
    right = sum(expected == given for expected, given, _ in rows)
    red = [seconds for expected, given, seconds in rows if expected != "green" and given == expected]
    print(f"series.verdicts_right\t{right}\tof {len(rows)}")
    if red:
        print(f"series.median_seconds_to_red\t{statistics.median(red):.1f}\ts")
    return 0 if right == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())

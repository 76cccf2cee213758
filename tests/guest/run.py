#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs micro-guests on Skerry or on Xen and counts their PASS and FAIL lines.

A guest's options stand in its source, in one comment:
    /* guest: vcpus=2 memory=64MiB done=1 expect="regex" xen-differs=case,case ... */
Domains that differ stand in a system file of their own, tests/guest/systems/: `system=pair.yaml`.
It is no build tool: `make guests` builds the guests, build/tools/skerry the images.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

from machine import parallel_cpus  # noqa: E402

SOURCES = os.path.join(ROOT, "tests/guest")
BOCHS_PATIENCE = 3
BOCHS_MODEL = "corei7_skylake_x"  # of what Bochs has, most that VT-x can use
XEN_LINE = "console=com1 noreboot loglvl=all dom0-iommu=none dom0=pvh"
FIGURE_GUESTS = ["bench", "bench_grant", "event_roundtrip"]
SYSTEMS = os.path.join(SOURCES, "systems")
RESULT = re.compile(r"^(?:\[(?P<domain>[^\]]+)\] )?(?P<verdict>PASS|FAIL|DONE) (?P<rest>.*)$")
FIGURE = re.compile(r"^(?:\[[^\]]+\] )?figure: (\S+) (\S+) (\S+)$")


class Guest:
    """One guest: its source's options and its ELF file."""

    def __init__(self, source):
        self.name = os.path.splitext(os.path.basename(source))[0]
        self.elf = os.path.join(ROOT, "build/guests", self.name + ".elf")
        with open(source, encoding="utf-8") as f:
            comment = re.search(r"/\* guest:(.*?)\*/", f.read(), re.S)
        self.options, self.reasons = {}, {}
        if comment:
            self.parse(comment.group(1))
        self.values = dict(word.split("=") for word in self.options.get("values", "").split())

    def parse(self, text):
        # A parenthesis after an option says why.
        for match in re.finditer(r'([\w-]+)=("[^"]*"|\S+)(?:\s*\(([^)]*)\))?', text):
            key, value, why = match.groups()
            self.options[key] = value.strip('"')
            self.reasons[key] = why or ""

    def get(self, key, default=None):
        return self.options.get(key, default)

    def number(self, key, default):
        return int(self.options.get(key, default))

    def system(self):
        """The text of its own system file, in which $GUEST stands for its ELF file; or nothing."""
        if "system" not in self.options:
            return ""
        with open(os.path.join(SYSTEMS, self.options["system"]), encoding="utf-8") as f:
            return f.read()

    def domains(self):
        return self.number("domains", self.system().count("kernel:") or 1)


def find_guests(names):
    found = []
    for folder in (SOURCES, os.path.join(SOURCES, "32")):
        if os.path.isdir(folder):
            found += [Guest(os.path.join(folder, f)) for f in os.listdir(folder) if f.endswith(".c")]
    found.sort(key=lambda g: g.name)
    if not names:
        return [g for g in found if "alone" not in g.options]
    unknown = set(names) - {g.name for g in found}
    if unknown:
        sys.exit("no such guest: " + " ".join(sorted(unknown)))
    return [g for g in found if g.name in names]


def system_text(guest, elf):
    """The system file of a machine that runs this guest."""
    if guest.system():
        text = guest.system().replace("$GUEST", elf)
        for name, value in guest.values.items():
            text = text.replace("$" + name, value)
        return text
    lines = [f"system: {guest.name}", "domains:"]
    for i in range(guest.domains()):
        lines += [
            f"  - name: {guest.name}{i if guest.domains() > 1 else ''}",
            f"    kernel: {elf}",
            f"    memory: {guest.get('memory', '64MiB')}",
            f"    vcpus: {guest.number('vcpus', 1)}",
        ]
        for key in ("cmdline", "on_crash", "on_reboot", "on_shutdown", "max_restarts", "cpus", "event_channels",
                    "grant_frames", "maptrack"):
            if guest.get(key):
                field = "command_line" if key == "cmdline" else key
                lines.append(f"    {field}: {guest.get(key)}")
    return "\n".join(lines) + "\n"


def build_image(guest, folder, args):
    """Returns the paths of hypervisor and image."""
    yaml, image = os.path.join(folder, "system.yaml"), os.path.join(folder, "system.img")
    with open(yaml, "w", encoding="utf-8") as f:
        f.write(system_text(guest, os.path.relpath(guest.elf, folder)))
    subprocess.run([os.path.join(ROOT, "build/tools/skerry"), "build", yaml, "-o", image], check=True)
    return os.path.join(ROOT, f"build/{args.config}/skerry-hv.elf"), image


def start_bochs(guest, args, folder):
    serial = os.path.join(folder, "serial")
    files, cpus = (args.xen, guest.elf), guest.number("xen-smp", guest.number("vcpus", 1))
    if args.on == "skerry":
        files, cpus = build_image(guest, folder, args), guest.number("smp", 2)
    command = [os.path.join(ROOT, "tools/bochs.py"), *files, "--model", BOCHS_MODEL, "--cpus", str(cpus),
               "--memory", guest.get("machine", "512")]
    if args.on == "xen":
        command += ["--ignore-msrs", "--append", f"{XEN_LINE} {guest.get('xen-args', '')}"]
    if args.figures or guest.get("icount"):
        command += ["--ips", "1000000000"]
    if args.verbose:
        print(shlex.join(command))
    with open(serial, "wb") as out, open(os.path.join(folder, "qemu"), "wb") as log:
        return serial, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=log)


def skerry_command(guest, folder, args):
    hypervisor, image = build_image(guest, folder, args)
    cpu = guest.get("cpu", args.cpu)
    return ["-cpu", cpu, "-kernel", hypervisor, "-initrd", image]


def xen_command(guest, args):
    line = f"{XEN_LINE} {guest.get('xen-args', '')}"
    # The file name in the boot domain's command line is all that it gets.
    initrd = f"{guest.elf} {guest.get('cmdline', '')}".strip()
    cpu = guest.get("xen-cpu", "qemu64,+svm,+npt")
    return ["-cpu", cpu, "-kernel", args.xen, "-initrd", initrd, "-append", line]


def memory(guest, folder):
    """The machine's memory: empty, or full of one byte, as a machine may find it at its start."""
    size = guest.get("machine", "512")
    if not guest.get("dirty"):
        return ["-machine", "q35", "-m", size]
    ram = os.path.join(folder, "ram")
    with open(ram, "wb") as f:
        for _ in range(int(size)):
            f.write(bytes([int(guest.get("dirty"), 0)]) * (1 << 20))
    return ["-machine", "q35,memory-backend=ram", "-m", size, "-object",
            f"memory-backend-file,id=ram,size={size}M,mem-path={ram},share=on"]


def start(guest, args, folder):
    if args.machine == "bochs":
        return start_bochs(guest, args, folder)
    serial = os.path.join(folder, "serial")
    command = xen_command(guest, args) if args.on == "xen" else skerry_command(guest, folder, args)
    shift = "0" if args.figures or guest.get("icount") else args.icount
    smp, accel = guest.number("smp", 2), "tcg,thread=single"
    if args.on == "xen":
        smp = guest.number("xen-smp", guest.number("vcpus", 1))
    elif smp > 1 and not shift:
        fields, option = parallel_cpus(smp)
        smp, accel = fields["cpus"], fields["accel"]
        command += ["-append", option]
    command = ["qemu-system-x86_64", "-accel", accel, *memory(guest, folder),
               "-smp", str(smp), "-chardev", f"stdio,id=serial,signal=off,logfile={serial}", "-serial", "chardev:serial", "-display", "none", "-no-reboot",
               "-monitor", "none"] + command
    if shift:
        command += ["-icount", f"shift={shift},sleep=off", "-rtc", "clock=vm"]
    if args.verbose:
        print(shlex.join(command))
    with open(os.path.join(folder, "qemu"), "w", encoding="utf-8") as log:
        return serial, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)


def read(path):
    try:
        with open(path, errors="replace", encoding="utf-8") as f:
            return f.read().replace("\r", "").split("\n")
    except FileNotFoundError:
        return []


def each_domain(guest, lines):
    """Whether every domain has its line, of which `each` is the pattern."""
    patterns = [guest.get("each", "").replace("$DOMAIN", f"{guest.name}{i}") for i in range(guest.domains())]
    return all(any(re.search(pattern, line) for line in lines) for pattern in patterns)


def finished(guest, lines, args):
    done = guest.number("done", guest.domains())
    ends = sum(1 for line in lines if re.match(r"(\[[^\]]+\] )?DONE ", line))
    expect = guest.get("expect")
    if expect and not any(re.search(expect, line) for line in lines):
        return False
    if not each_domain(guest, lines):
        return False
    return ends >= (1 if args.on == "xen" and not guest.get("xen-done") else done)


def stops_alone(guest, args):
    """Whether the machine goes off after the last DONE: not on Xen, not where a domain restarts."""
    restarts = any(guest.get(k) == "restart" for k in ("on_crash", "on_reboot"))
    return args.on != "xen" and not restarts and ": restart" not in guest.system()


def powers_off(process):
    try:
        process.wait(20)
        return True
    except subprocess.TimeoutExpired:
        return False


def wait(guest, process, serial, args):
    patience = BOCHS_PATIENCE if args.machine == "bochs" else 1
    end = time.monotonic() + max(guest.number("timeout", 0), args.timeout) * patience
    typed = not guest.get("type")
    while time.monotonic() < end:
        lines = read(serial)
        if not typed and any(guest.get("ready") in line for line in lines):
            typed = True
            process.stdin.write(guest.get("type").encode())
            process.stdin.flush()
        if finished(guest, lines, args) or process.poll() is not None:
            break
        time.sleep(0.05)
    off = stops_alone(guest, args) and powers_off(process)
    lines = read(serial)
    complete = finished(guest, lines, args)
    if process.poll() is None:
        process.terminate()
    process.wait()
    return lines, complete, off


def judge(guest, lines, complete, off, args):
    """Returns (passed, failed, messages). A case counts once, however often its domain ran."""
    differs = set(guest.get("xen-differs", "").split(",")) if args.on == "xen" else set()
    verdicts, messages = {}, []
    for match in filter(None, map(RESULT.match, lines)):
        case = match["rest"].split(":")[0]
        if match["verdict"] == "DONE" or case.split(".", 1)[-1] in differs:
            continue
        key = match["domain"], case
        verdicts[key] = verdicts.get(key, True) and match["verdict"] == "PASS"
        if match["verdict"] == "FAIL":
            messages.append(match[0])
    passed = sum(verdicts.values())
    failed = len(verdicts) - passed
    if not complete:
        failed += 1
        messages.append(f"FAIL {guest.name}: did not finish")
    elif stops_alone(guest, args) and not off:
        failed += 1
        messages.append(f"FAIL {guest.name}: the machine did not power off")
    return passed, failed, messages


def figures(lines):
    return [m.groups() for m in map(FIGURE.match, lines) if m]


def run(guest, args):
    with tempfile.TemporaryDirectory(prefix="skerry-guest-") as folder:
        try:
            serial, process = start(guest, args, folder)
        except subprocess.CalledProcessError:
            return 0, 1, [f"FAIL {guest.name}: no image"], []
        lines, complete, off = wait(guest, process, serial, args)
        passed, failed, messages = judge(guest, lines, complete, off, args)
        if args.verbose or not complete:
            messages += lines[-args.tail:] + [l for l in read(os.path.join(folder, "qemu")) if "TCG doesn't support" not in l and l]
        return passed, failed, messages, figures(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("guests", nargs="*", help="names; all when none is given")
    parser.add_argument("--on", choices=["skerry", "xen"], default="skerry")
    parser.add_argument("--machine", choices=["qemu", "bochs"], default="qemu", help="AMD, or Intel")
    parser.add_argument("--xen", default=os.environ.get("XEN_ELF", "build/cache/xen"), help="Xen's unpacked ELF")
    parser.add_argument("--config", default="default")
    parser.add_argument("--cpu", default="EPYC,+svm")
    parser.add_argument("--timeout", type=int, default=60)
    parser.add_argument("--jobs", type=int, help="machines at a time (default: one; as many of Bochs's, whose "
                        "time does not depend on the host's, as the host has CPUs)")
    parser.add_argument("--figures", action="store_true", help="count instructions and print figures")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="a value of the guest's system file; its figures are shown as well")
    parser.add_argument("--icount", help="make time a function of instructions: 2 to this power ns each")
    parser.add_argument("--verbose", "-v", action="store_true", help="print each machine's output")
    parser.add_argument("--tail", type=int, default=40, help="lines of a machine's output to show")
    return parser.parse_args()


def why_not(guest, args):
    """The option that keeps this guest from running here, or None."""
    keys = [args.machine] + (["xen"] if args.on == "xen" else [])
    return next((key for key in keys if guest.get(key) == "no"), None)


def results(args):
    """Each guest that runs, in order, and what it brought."""
    guests = []
    for guest in find_guests(args.guests or (FIGURE_GUESTS if args.figures else [])):
        key = why_not(guest, args)
        if key:
            print(f"skip {guest.name}: {guest.reasons[key]}")
        else:
            guest.values.update(word.split("=", 1) for word in args.set)
            guests.append(guest)
    jobs = args.jobs or (os.cpu_count() if args.machine == "bochs" else 1)
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(guests, pool.map(lambda guest: run(guest, args), guests))


def main():
    args = arguments()
    passed = failed = 0
    for guest, (good, bad, messages, numbers) in results(args):
        messages += [f"figure: {' '.join(number)}" for number in numbers if args.set]
        for name, value, unit in numbers if args.figures else []:
            print(f"{name}\t{value}\t{unit}")
        if not args.figures or bad:
            print(f"{guest.name}: {good} passed, {bad} failed")
        for message in messages:
            print("  " + message)
        sys.stdout.flush()
        passed, failed = passed + good, failed + bad
    if not args.figures:
        name = "guests" if args.machine == "qemu" else "guests-intel"
        print(f"{name}: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

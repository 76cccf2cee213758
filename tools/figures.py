#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what `make figures` prints, one figure a line: name, value, unit,
with tabs between. Everything is measured now, nothing is remembered.

    figures.py [PART...]      all parts, if none is named (make figures FIGURES="size boot")

What runs, and how long it took, is said on the standard error. A part that
fails, or does not print a figure of EXPECTED, stops no other.

Sizes are counted over every file that a configuration compiles, as the
compiler's dependency files list them: `code_lines` after the tree's
.clang-format, without blank lines and lines of comment alone; `lines` with
them. Instructions are what the time-stamp counter shows under -icount, where
the machine's time is a function of instructions. The other figures come from
lines `skerry: figure: NAME VALUE UNIT` on the machine's console, and from the
micro-guests of FIGURE_GUESTS. Wall-clock figures are the median of three."""

import os
import re
import statistics
import subprocess
import sys
import time

import assure
from machine import BUILD, ROOT, Machine, MachineFailed, parallel_cpus, qemu_arguments

LOGS = BUILD / "logs"
ICOUNT = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
IMAGE = BUILD / "systems" / "two-linux.img"
DOMAINS = ("one", "two")
HYPERVISOR = BUILD / "default" / "skerry-hv.elf"
FIGURE = re.compile(r"figure: (\S+) (\S+) (\S+)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


printed = set()


def show(name, value, unit):
    printed.add(name)
    print(f"{name}\t{value}\t{unit}", flush=True)


def relay(command, prefix=""):
    """Shows the figures of what a command prints; all else that it says is no figure. Returns its status."""
    with subprocess.Popen(command, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            match = assure.FIGURE.match(line)
            if match:
                name, value, unit = filter(None, match.groups())
                show(prefix + name, value, unit)
            else:
                sys.stderr.write(line)
    return process.returncode


# --- Size --------------------------------------------------------------------


def dependencies(config):
    """Every file of the project that goes into the hypervisor, the symbol table included."""
    files = {f"build/{config}/symbols-0.S"}  # the full one differs in its numbers alone
    for line in (BUILD / config / "objects.txt").read_text().split():
        words = (ROOT / line).with_suffix(".d").read_text().replace("\\\n", " ").split()
        files |= {os.path.relpath(os.path.join(ROOT, word), ROOT) for word in words
                  if not word.endswith(":")}
    return sorted(f for f in files if not f.startswith("..") and f.endswith((".c", ".h", ".S")))


def formatted(path):
    text = (ROOT / path).read_text()
    if path.endswith(".S"):
        return text
    return subprocess.run(["clang-format", f"--assume-filename={ROOT / path}"], input=text, text=True,
                          cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout


def count_lines(config):
    """(code lines, lines) of a configuration."""
    code = physical = 0
    for path in dependencies(config):
        text = formatted(path)
        physical += len(text.splitlines())
        code += sum(1 for line in COMMENT.sub("", text).splitlines() if line.strip())
    return code, physical


def size_figures():
    for config, suffix in (("default", ""), ("isolated", "_isolated"), ("minimal", "_minimal")):
        code, physical = count_lines(config)
        show(f"hv.code_lines{suffix}", code, "lines")
        show(f"hv.lines{suffix}", physical, "lines")


# --- The machine's own -------------------------------------------------------


def console_figures(cpus, memory_mib):
    """What the hypervisor reports until both domains have printed something."""
    extra = ["-kernel", HYPERVISOR, "-initrd", IMAGE, "-append", "figures", *ICOUNT]
    arguments = qemu_arguments(cpus=cpus, memory_mib=memory_mib, extra=extra)
    with Machine(arguments, LOGS / f"figures-{cpus}-{memory_mib}.log") as machine:
        for name in DOMAINS:
            machine.ready(name, 300)
        found = map(FIGURE.search, machine.texts("skerry"))
        return {m.group(1): (m.group(2), m.group(3)) for m in found if m}


def boot_figures():
    base = console_figures(2, 2048)
    for name, (value, unit) in sorted(base.items()):
        show(name, value, unit)
    key = "boot.instructions"
    if key in base:
        start = int(base[key][0])
        more_memory = int(console_figures(2, 4096)[key][0])
        more_cpus = int(console_figures(4, 2048)[key][0])
        show("boot.instructions_per_gib", (more_memory - start) // 2, "instructions")
        show("boot.instructions_per_cpu", (more_cpus - start) // 2, "instructions")


def guest_figures(machine, *words, prefix=""):
    command = [sys.executable, "tests/guest/run.py", "--figures", "--machine", machine, *words]
    if relay(command, prefix):
        raise MachineFailed("a micro-guest failed")


def amd_figures():
    guest_figures("qemu")


def intel_figures():
    """Ours, and those of Debian's Xen on the same machine, whose boot domain has ports and APICv."""
    guest_figures("bochs", prefix="intel.")
    guest_figures("bochs", "--on", "xen", "bench", prefix="intel.xen.")


def bench_figures():
    """Skerry beside Xen, in instructions (docs/guide/benchmarks.md)."""
    if relay([sys.executable, "tools/bench", "figures"]):
        raise MachineFailed("a job of the benchmark did not finish")


# --- Wall clock --------------------------------------------------------------


def system_seconds():
    fields, option = parallel_cpus(2)
    extra = ["-kernel", HYPERVISOR, "-initrd", IMAGE, "-append", option]
    arguments = qemu_arguments(extra=extra, **fields)
    with Machine(arguments, LOGS / "figures-system.log") as machine:
        return max(machine.ready(name).seconds for name in DOMAINS)


def native_seconds():
    """The same kernel and user space, unpacked, on the bare emulated machine."""
    extra = ["-kernel", BUILD / "kernels" / "vmlinux-cloud",
             "-initrd", BUILD / "kernels" / "initramfs-amd64.cpio",
             "-append", "console=ttyS0 quiet skerry.name=native"]
    with Machine(qemu_arguments(extra=extra, accel="tcg"), LOGS / "figures-native.log") as machine:
        return machine.wait("SKERRY-READY native")[1].seconds


def median_of_three(measure):
    return round(statistics.median(measure() for _ in range(3)), 2)


def clock_figures():
    show("native.boot_seconds", median_of_three(native_seconds), "s")
    show("system.boot_seconds", median_of_three(system_seconds), "s")


# --- Services ------------------------------------------------------------------


def libos_figures():
    """The smallest service: its file, and the memory that it has taken when it ends."""
    kernel = BUILD / "services" / "hello.elf"
    path, image = BUILD / "systems" / "hello.yaml", BUILD / "systems" / "hello.img"
    path.write_text(f"system: hello\ndomains:\n  - {{name: hello, kernel: {kernel}, memory: 1MiB}}\n")
    subprocess.run([BUILD / "tools" / "skerry", "build", path, "-o", image], check=True)
    extra = ["-kernel", HYPERVISOR, "-initrd", image]
    with Machine(qemu_arguments(cpus=1, extra=extra), LOGS / "figures-hello.log") as machine:
        free = machine.wait(r"memory: \d+ KiB, (\d+) KiB of it free", "hello")[0].group(1)
    show("libos.hello_image_kib", round(kernel.stat().st_size / 1024, 1), "KiB")
    show("libos.hello_memory_kib", 1024 - int(free), "KiB")


STORE_SYSTEM = """\
system: store
domains:
  - {{name: busy, kernel: {client}, memory: 2MiB, command_line: devices}}
  - {{name: other, kernel: {client}, memory: 2MiB, command_line: {other}}}
  - {{name: store, kernel: {store}, memory: 4MiB, service: store}}
channels:
  - store: {{front: busy, back: store}}
  - store: {{front: other, back: store}}
"""


def store_figures():
    """The 99th percentile of what each of 200 devices takes a client to create and to remove, beside
    one that is silent and beside one that asks for all that it can and never reads an answer."""
    client, store = BUILD / "unikernels" / "storeclient.elf", BUILD / "services" / "store.elf"
    path, image = BUILD / "systems" / "store.yaml", BUILD / "systems" / "store.img"
    for other, name in (("idle", "beside_idle"), ("mute", "beside_mute")):
        path.write_text(STORE_SYSTEM.format(client=client, store=store, other=other))
        subprocess.run([BUILD / "tools" / "skerry", "build", path, "-o", image], check=True)
        arguments = qemu_arguments(extra=["-kernel", HYPERVISOR, "-initrd", image, *ICOUNT])
        with Machine(arguments, LOGS / f"figures-store-{other}.log") as machine:
            found = machine.wait(r"devices failed=0 count=200 p99 create=(\d+) remove=(\d+) us", "busy", 120)[0]
        show(f"store.device_create_p99_{name}", found.group(1), "us")
        show(f"store.device_remove_p99_{name}", found.group(2), "us")


def assurance_figures():
    """What the auditor, the fuzzers, models and static checks say."""
    failed = [name for name, command in assure.FIGURES.items() if relay(command)]
    if failed:
        raise MachineFailed(f"no figures of {', '.join(failed)}")


def release_figures():
    """Two builds of HEAD in environments that differ."""
    if relay([sys.executable, "tools/release", "--figure"]):
        raise MachineFailed("the release was not built")


def series_figures():
    """Twenty seeded series, for the committed tree: a quarter of an hour."""
    if relay([sys.executable, "tests/process/seeds.py"]):
        raise MachineFailed("a verdict was wrong")


PARTS = {
    "size": size_figures, "boot": boot_figures, "amd": amd_figures, "intel": intel_figures, "bench": bench_figures,
    "libos": libos_figures, "store": store_figures, "clock": clock_figures, "assurance": assurance_figures,
    "release": release_figures, "series": series_figures,
}

# What a part must have printed, whatever else it prints.
EXPECTED = {
    "size": "hv.code_lines hv.code_lines_isolated hv.code_lines_minimal",
    "boot": "boot.instructions boot.wait_ms boot.copy_instructions boot.instructions_per_gib boot.instructions_per_cpu "
            "memory.machine_kib memory.pcpu_kib memory.domain_kib memory.vcpu_kib memory.frame_records_kib "
            "memory.nested_tables_kib memory.payload_kib",
    "amd": "hypercall.null.instructions exit.cpuid.instructions",
    "intel": "intel.hypercall.null.instructions intel.exit.cpuid.instructions",
    "libos": "libos.hello_image_kib libos.hello_memory_kib",
    "store": "store.device_create_p99_beside_idle store.device_create_p99_beside_mute "
             "store.device_remove_p99_beside_idle store.device_remove_p99_beside_mute",
    "clock": "native.boot_seconds system.boot_seconds",
    "assurance": "safety.gaps audit.foreign_bytes audit.granted_bytes audit.samples hostile.calls misra.unexplained "
                 "coverage.branches",
    "release": "release.bit_identical",
    "series": "series.verdicts_right series.median_seconds_to_red",
}


def take(name):
    """Whether that part has printed all that it must; what ails it goes to the standard error."""
    try:
        PARTS[name]()
    except (MachineFailed, OSError, subprocess.CalledProcessError) as error:
        print(f"figures: {name}: {error}", file=sys.stderr)
        return False
    missing = set(EXPECTED.get(name, "").split()) - printed
    if missing:
        print(f"figures: {name}: no figure {', '.join(sorted(missing))}", file=sys.stderr)
    return not missing


def main(names):
    unknown = set(names) - set(PARTS)
    if unknown:
        sys.exit(f"figures: no such part: {' '.join(sorted(unknown))}; there are {' '.join(PARTS)}")
    names, failed = names or list(PARTS), []
    for at, name in enumerate(names, 1):
        start = time.monotonic()
        print(f"figures: {at} of {len(names)}: {name}", file=sys.stderr)
        failed += [] if take(name) else [name]
        print(f"figures: {name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(f"figures: {len(printed)} printed; failed: {' '.join(failed) or 'nothing'}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

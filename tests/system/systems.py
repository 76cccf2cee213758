# SPDX-License-Identifier: Apache-2.0
"""System files for tests: domains as dictionaries, written out, compiled by the
real tool, and booted by the real hypervisor."""

import subprocess

import yaml

from machine import BUILD, ROOT, Machine, bochs_arguments, parallel_cpus, qemu_arguments

TOOL = BUILD / "tools" / "skerry"
KERNEL = BUILD / "kernels" / "vmlinuz-cloud"
RAMDISK = BUILD / "kernels" / "initramfs-amd64.cpio"
LOGS = BUILD / "logs"
BOCHS_PATIENCE = 8  # times QEMU's


def hypervisor(config="default"):
    return BUILD / config / "skerry-hv.elf"


def linux(name, test="", options="", poweroff=True, **fields):
    """A domain with the stock kernel that runs these tests of the initramfs."""
    words = ["console=hvc0", "loglevel=4", f"skerry.name={name}"]
    words += [f"skerry.test={test}"] if test else []
    words += ["skerry.poweroff=1"] if poweroff else []
    words += [options] if options else []
    return {"name": name, "kernel": str(KERNEL), "ramdisk": str(RAMDISK),
            "command_line": " ".join(words), "memory": "256 MiB", "vcpus": 1, **fields}


def linux32(name, test="", **fields):
    return linux(name, test, **{"kernel": str(BUILD / "kernels" / "vmlinuz-686"),
                                "ramdisk": str(BUILD / "kernels" / "initramfs-i386.cpio"), **fields})


def micro(name, guest, **fields):
    """A domain with one of the micro-guests."""
    return {"name": name, "kernel": str(BUILD / "guests" / f"{guest}.elf"), "memory": "16 MiB",
            "vcpus": 1, **fields}


def unikernel(name, service, words="", **fields):
    """A domain with a service of build/services, or a test's program of build/unikernels."""
    kernel = next(f for f in (BUILD / "services" / f"{service}.elf",
                              BUILD / "unikernels" / f"{service}.elf") if f.exists())
    return {"name": name, "kernel": str(kernel), "command_line": words, "memory": "1 MiB", "vcpus": 1,
            **fields}


class Bench:
    """What a test gets: makes images and machines, each under the test's own name. `emulator` is
    `qemu`, an AMD machine, or `bochs`, an Intel one."""

    def __init__(self, name, emulator="qemu"):
        self.name = name
        self.emulator = emulator
        self.folder = BUILD / "tests" / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def image(self, domains, machine=None, name="system", channels=None):
        """Compiles a system file; returns the image's path."""
        path, output = self.folder / f"{name}.yaml", self.folder / f"{name}.img"
        system = {"system": name, "machine": machine or {}, "domains": domains, "channels": channels}
        path.write_text(yaml.safe_dump({k: v for k, v in system.items() if v}, sort_keys=False))
        run = subprocess.run([TOOL, "build", path, "-o", output], cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert run.returncode == 0, f"the tool refused {path}:\n{run.stdout}"
        return output

    def boot(self, image, config="default", options="", log="", cpus=2, **arguments):
        """The machine with an image, ready to be entered as a context. `cpus` in words (-smp):
        these take turns. `extra` are words of the emulator's: no test for both machines has any."""
        if self.emulator == "bochs":
            # Large pages, which this processor would not get by itself: micro-guests run without.
            options = f"large-pages=yes {options}".strip()
            return self.machine(bochs_arguments(hypervisor(config), image, cpus=cpus, options=options,
                                                **arguments), log)
        fields, spare = parallel_cpus(cpus) if isinstance(cpus, int) else ({"cpus": cpus}, "")
        options = f"{options} {spare}".strip()
        extra = ["-kernel", hypervisor(config), "-initrd", image, *arguments.pop("extra", ())]
        if options:
            extra += ["-append", options]
        return self.machine(qemu_arguments(extra=extra, **fields, **arguments), log)

    def machine(self, arguments, log=""):
        patience = BOCHS_PATIENCE if self.emulator == "bochs" else 1
        return Machine(arguments, LOGS / "system" / f"{self.name}{log and '-' + log}.log", patience)

    def run(self, domains, machine=None, channels=None, **arguments):
        return self.boot(self.image(domains, machine, channels=channels), **arguments)



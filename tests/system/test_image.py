# SPDX-License-Identifier: Apache-2.0
"""The linked hypervisor: what a loader and an auditor expect of its file."""

import re
import struct
import subprocess

import pytest

from machine import BUILD

CONFIGS = ["default", "minimal"]
MULTIBOOT1 = 0x1BADB002
MULTIBOOT2 = 0xE85250D6


def readelf(config, *options):
    return subprocess.run(["readelf", "-W", *options, BUILD / config / "skerry-hv64.elf"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout


def segments(config):
    """(virtual address, size, rights) of each loaded segment."""
    pattern = r"LOAD\s+\S+ (0x\w+) \S+ \S+ (0x\w+) ([R ][W ][E ])"
    return [(int(m[1], 16), int(m[2], 16), m[3]) for m in re.finditer(pattern, readelf(config, "-l"))]


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_is_writable_and_executable(config):
    loaded = segments(config)
    assert any("E" in rights for _, _, rights in loaded)
    assert not [s for s in loaded if "W" in s[2] and "E" in s[2]]


@pytest.mark.parametrize("config", CONFIGS)
def test_rights_change_at_pages(config):
    """No page belongs to two segments with different rights."""
    pages = {}
    for address, size, rights in segments(config):
        for page in range(address >> 12, address + size + 4095 >> 12):
            assert pages.setdefault(page, rights) == rights, hex(page << 12)


@pytest.mark.parametrize("config", CONFIGS)
def test_loader_finds_the_header(config):
    """Multiboot's header stands in the first 8 KiB, Multiboot2's in the first 32 (where built)."""
    data = (BUILD / config / "skerry-hv.elf").read_bytes()
    assert data[:5] == b"\x7fELF\x01"
    words = [struct.unpack_from("<I", data, at)[0] for at in range(0, min(len(data), 32768) - 3, 4)]
    assert MULTIBOOT1 in words[:2048]
    assert (MULTIBOOT2 in words) == (config == "default")


@pytest.mark.parametrize("config", CONFIGS)
def test_no_vector_registers(config):
    """Root mode never touches the guest's FPU state but to save and restore it, and to clear pages, which
    puts XMM0 back (tests/guest/fpu_state.c)."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", BUILD / config / "skerry-hv64.elf"],
                          text=True, stdout=subprocess.PIPE, check=True).stdout
    assert "vmrun" in code
    users = {(function, register) for function, text in re.findall(r"<(\w+)>:\n(.*?)(?:\n\n|\Z)", code, re.DOTALL)
             for register in re.findall(r"%[xyz]mm\d+", text)}
    assert users == {("arch_scrub", "%xmm0")}


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_that_stays_needs_boot_data(config):
    """Boot's sections are given back before the first guest runs."""
    symbols = {m[2]: int(m[1], 16) for m in re.finditer(r": (\w{16}) .* (\S+)$", readelf(config, "-s"), re.MULTILINE)}
    code = subprocess.run(["objdump", "-d", "-j", ".text", "--no-show-raw-insn", BUILD / config / "skerry-hv64.elf"],
                          text=True, stdout=subprocess.PIPE, check=True).stdout
    uses = [line for line in code.splitlines() for address in re.findall(r"\b(?:0x)?(f{8}\w{8})\b", line)
            if symbols["_boot_text_end"] < int(address, 16) < symbols["_boot_end"]]
    assert "_boot_start" in symbols and "vmrun" in code
    assert not uses, "\n".join(uses)

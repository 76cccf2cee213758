#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes musl's way to die one that is noticed. Where it finds its heap or its stack damaged it executes
HLT, which faults in a process; a service runs in ring 0, where it would sleep for ever instead. So
each HLT of a linked service but the library's own (in cpu_sleep) becomes INT3, which is a panic.

    trap-hlt.py FILE        changes an ELF file of 64 bits in place
"""

import re
import struct
import subprocess
import sys

HLT, INT3 = 0xF4, 0xCC
OWN = "cpu_sleep"


def hlt_addresses(path):
    text = subprocess.run(["objdump", "-d", path], text=True, stdout=subprocess.PIPE, check=True).stdout
    function, found = "", []
    for line in text.split("\n"):
        head = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if head:
            function = head[1]
        code = re.match(r"\s+([0-9a-f]+):\s+f4\s+hlt\s*$", line)
        if code and function != OWN:
            found.append(int(code[1], 16))
    return found


def file_offset(image, address):
    """By the program headers (ELF specification, Elf64_Phdr)."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, _, offset, start, _, length = struct.unpack_from("<IIQQQQ", image, table + i * size)
        if kind == 1 and start <= address < start + length:
            return offset + address - start
    raise ValueError(f"{address:#x} is in no segment")


def main():
    path = sys.argv[1]
    with open(path, "rb") as f:
        image = bytearray(f.read())
    for address in hlt_addresses(path):
        offset = file_offset(image, address)
        assert image[offset] == HLT
        image[offset] = INT3
    with open(path, "r+b") as f:
        f.write(image)


if __name__ == "__main__":
    main()

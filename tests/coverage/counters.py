# SPDX-License-Identifier: Apache-2.0
"""The counters of a coverage build's hypervisor: where they stand in its memory,
by its own records (struct gcov_info, as gcc/libgcov.h of GCC 12 has it), and the
.gcda files that gcov reads. Not a run time: the hypervisor has none."""

import struct
import subprocess
from pathlib import Path

TEXT_BASE = 0xffffffff80000000  # hv.lds: virtual less physical
ARCS = 0x18  # struct gcov_info: the file's name stands at 0x18, behind it what merges which counters
FUNCTIONS = 0x60
LIMIT = 1 << 48  # no counter gets so far
MAGIC, TAG_FUNCTION, TAG_ARCS = 0x67636461, 0x01000000, 0x01a10000


class Image:
    """A linked hypervisor as it was loaded, by virtual address."""

    def __init__(self, path):
        self.data = Path(path).read_bytes()
        at, size, count = (struct.unpack_from(form, self.data, offset)[0]
                           for form, offset in (("<Q", 32), ("<H", 54), ("<H", 56)))
        headers = [struct.unpack_from("<IIQQQQQQ", self.data, at + i * size) for i in range(count)]
        self.parts = [(h[3], h[3] + h[5], h[2]) for h in headers if h[0] == 1]
        self.symbols = {}
        for line in subprocess.run(["nm", path], check=True, text=True, stdout=subprocess.PIPE).stdout.split("\n"):
            address, _, name = line.partition(" ")
            self.symbols[name[2:]] = int(address, 16) if address else 0
        self.first, self.end = self.symbols["_counters"], self.symbols["_counters_end"]
        self.mark, = self.unpack("16s", self.first)
        self.known_units = self.units()

    def unpack(self, form, address):
        for start, end, offset in self.parts:
            if start <= address < end:
                return struct.unpack_from(form, self.data, offset + address - start)
        raise ValueError(f"nothing is loaded at {address:x}")

    def text(self, address):
        return self.unpack("4096s", address)[0].split(b"\0", 1)[0].decode()

    def units(self):
        """[(name of the .gcda file, version, stamp, sum, [(its three numbers, (counters, where))])]."""
        start, end = self.symbols["__gcov_info_start"], self.symbols["__gcov_info_end"]
        places = self.unpack(f"<{(end - start) // 8}Q", start)
        return [self.unit(info) for info in places if info]

    def unit(self, info):
        version, = self.unpack("<I", info)
        stamp, total, name = self.unpack("<IIQ", info + 16)
        count, functions = self.unpack("<I4xQ", info + FUNCTIONS)
        found = []
        for function in self.unpack(f"<{count}Q", functions):
            key, *numbers, counters, where = self.unpack("<QIII4xI4xQ", function) if function else (0,)*6
            if key == info:
                found.append((numbers, (counters, where)))
        return self.text(name), version, stamp, total, found


def images_in(folder):
    """The counted ones that run.py has put there."""
    return [Image(path) for path in sorted(Path(folder).glob("*.image"))]


def add(values, count, where, image, memory):
    """To `values`, the counters at `where` of a memory that starts with the mark."""
    offset = where - image.first
    return [a + b for a, b in zip(values, struct.unpack_from(f"<{count}Q", memory, offset))]


def ran(image, memory):
    """Not before the hypervisor has cleared its data, nor what is not its memory at all."""
    if not memory.startswith(image.mark):
        return False
    wheres = [place for *_, functions in image.known_units for _, place in functions]
    most = [max(add([0] * count, count, where, image, memory)) for count, where in wheres]
    return 0 < max(most) < LIMIT


def write(image, memories):
    """The .gcda files of all runs together, beside the objects. Returns how many runs there were."""
    memories = [memory for memory in memories if ran(image, memory)]
    for name, version, stamp, total, functions in image.known_units:
        out = struct.pack("<IIII", MAGIC, version, stamp, total)
        for numbers, (count, where) in functions:
            values = [0] * count
            for memory in memories:
                values = add(values, count, where, image, memory)
            out += struct.pack("<II3I", TAG_FUNCTION, 12, *numbers)
            out += struct.pack(f"<II{count}Q", TAG_ARCS, 8 * count, *values)
        Path(name).write_bytes(out + bytes(4))
    return len(memories)

# SPDX-License-Identifier: Apache-2.0
"""The machine's memory from outside, and a walker of four-level page tables in it (AMD64
Architecture Programmer's Manual, vol. 2, 5.3 and 15.25.5). What a leaf may map is not its matter."""

from dataclasses import dataclass

import numpy

PAGE = 4096
P, W, U, LARGE, NX = 1, 2, 4, 1 << 7, 1 << 63
ADDRESS = 0x000ffffffffff000


@dataclass
class Leaves:
    """One row for each 4 KiB that is mapped; `va` of larger leaves counts on."""
    va: numpy.ndarray
    mfn: numpy.ndarray
    writable: numpy.ndarray
    executable: numpy.ndarray
    user: numpy.ndarray
    large: numpy.ndarray  # bit 7 of the entry

    def __len__(self):
        return len(self.mfn)

    def where(self, mask):
        return Leaves(*(column[mask] for column in vars(self).values()))


class Memory:
    """RAM as the emulator keeps it in a file; all of it below the 4 GiB hole."""

    def __init__(self, path):
        self.words = numpy.memmap(path, dtype="<u8", mode="r")
        self.pages = self.words.reshape(-1, PAGE // 8)
        self._kept = {}

    def word(self, maddr):
        return int(self.words[maddr // 8])

    def page(self, mfn):
        return self.pages[mfn]

    def table(self, mfn):
        """(indices, entries) of what is present; remembered as long as the page is the same."""
        page = self.pages[mfn]
        kept = self._kept.get(mfn)
        if kept is None or not numpy.array_equal(kept[0], page):
            copy = numpy.array(page)
            index = numpy.flatnonzero(copy & P)
            kept = self._kept[mfn] = copy, index, copy[index]
        return kept[1], kept[2]

    def walk(self, root, first=0, last=511):
        """All leaves below the top-level table, of slots first to last."""
        rows = []
        self._level(root >> 12, 3, 0, W | U | NX, rows, range(first, last + 1))
        if not rows:
            none = numpy.zeros(0, dtype="u8")
            return Leaves(none, none, *([none.astype(bool)] * 4))
        va, mfn, entry, rights = map(numpy.concatenate, zip(*rows))
        return Leaves(va, mfn, rights & W != 0, rights & NX == 0, rights & U != 0, entry & LARGE != 0)

    def _level(self, mfn, level, va, rights, rows, slots=None):
        """`rights` are those of the way here: W and U by and, NX by absence (it is kept inverted)."""
        if mfn >= len(self.pages):
            return
        index, entries = self.table(mfn)
        if level == 0:
            rows.append(leaves(index, entries, va, 0, rights))
            return
        for i, entry in zip(index.tolist(), entries.tolist()):
            if slots is not None and i not in slots:
                continue
            here = va + (i << 12 + 9 * level)
            if entry & LARGE and level < 3:
                rows.append(leaves(numpy.array([i]), numpy.array([entry], dtype="u8"), va, level, rights))
            else:
                self._level((entry & ADDRESS) >> 12, level - 1, here, join(rights, entry), rows)


def join(rights, entry):
    """NX stands for `may be executed` in rights."""
    return rights & (entry ^ NX) & (W | U | NX)


def canonical(va):
    return va | 0xffff << 48 if va >> 47 & 1 else va


def leaves(index, entries, va, level, rights):
    """(va, mfn, entry, rights with NX as in an entry), a row for each 4 KiB."""
    count = 1 << 9 * level
    low = numpy.tile(numpy.arange(count, dtype="u8"), len(index))
    at = numpy.uint64(canonical(va)) + (index.astype("u8") << numpy.uint64(12 + 9 * level))
    frame = (entries & numpy.uint64(ADDRESS & -PAGE * count)) >> numpy.uint64(12)
    joined = (entries ^ numpy.uint64(NX)) & numpy.uint64(rights) ^ numpy.uint64(NX)
    return (numpy.repeat(at, count) + low * numpy.uint64(PAGE), numpy.repeat(frame, count) + low,
            numpy.repeat(entries, count), numpy.repeat(joined, count))

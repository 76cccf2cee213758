# SPDX-License-Identifier: Apache-2.0
"""What the auditor knows of who owns and who may map what: the frame records, the granters' own
entries, and the system's description. All of it is read anew at each sample, and none of it from
the page tables of the domain that is judged."""

import struct
from dataclasses import dataclass

import numpy

from tables import ADDRESS, LARGE, P, PAGE

CHANNEL_MEMORY = 2
CHANNELS_WITH_GRANTS = (3, 4, 5, 6)  # disk, network, console, store: front grants to back
GRANT_PERMIT, GRANT_READONLY, GRANT_READING, GRANT_WRITING = 1, 4, 8, 16  # xen/grant_table.h
GRANT_ENTRIES = PAGE // 8


@dataclass(frozen=True)
class Range:
    borrower: int
    owner: int
    borrower_gfn: int
    owner_gfn: int
    pages: int
    writable: bool


class Manifest:
    """The compiled description, from the image file. Layout: abi/manifest/manifest.h."""

    def __init__(self, path):
        with open(path, "rb") as file:
            image = file.read()
        self.size = struct.unpack_from("<Q", image, 24)[0]
        at, count = struct.unpack_from("<II", image, 48)
        self.domids = [struct.unpack_from("<H", image, at + 256 * i + 48)[0] for i in range(count)]
        at, count = struct.unpack_from("<II", image, 144)
        self.channels = [struct.unpack_from("<HHHHIIQQQ", image, at + 72 * i) for i in range(count)]

    def grants_allowed(self, granter, mapper):
        return granter == mapper or any(
            c[0] in CHANNELS_WITH_GRANTS and (self.domids[c[2]], self.domids[c[3]]) == (granter, mapper)
            for c in self.channels)

    def ranges(self):
        """Of each memory channel."""
        for kind, flags, front, back, _, _, front_gpa, back_gpa, size in self.channels:
            if kind == CHANNEL_MEMORY:
                yield Range(self.domids[front], self.domids[back], front_gpa // PAGE, back_gpa // PAGE,
                            size // PAGE, bool(flags & 1))


class Books:
    """The hypervisor's records as they stand in memory."""

    def __init__(self, memory, top_table, offsets, symbols, manifest):
        self._memory, self._top, self.o, self.manifest = memory, top_table, offsets, manifest
        base = 0xffff000000000000 + (offsets["slot.shared"] << 39)
        self._records = [self.maddr(base + PAGE * i) // PAGE for i in range(len(memory.pages) * 16 // PAGE)]
        self._records = numpy.array(self._records, dtype="u8")
        count = self._value(symbols["domain_count"], 4)
        first = self._value(symbols["domains"], 8)
        self._stubs = [first + i * offsets["stub.size"] for i in range(count)]
        self._range_frames = {}
        self.conflicts = []
        self._before = {}  # (mapper, mfn): (granter, its life), of the last sample

    # --- the hypervisor's own addresses -----------------------------------------

    def maddr(self, va):
        table = self._top
        for level in (3, 2, 1, 0):
            entry = self._memory.word(table + (va >> 12 + 9 * level & 511) * 8)
            if not entry & P:
                raise LookupError(f"{va:x} is not mapped")
            table = entry & ADDRESS
            if level and entry & LARGE:
                return (table & -PAGE << 9 * level) | va & (PAGE << 9 * level) - 1
        return table | va & PAGE - 1

    def _value(self, va, size):
        word = self._memory.word(self.maddr(va) & ~7)
        return word >> (va & 7) * 8 & (1 << 8 * size) - 1

    # --- frame records -----------------------------------------------------------

    def frames(self, mfn):
        """(owner, kind, references) of each; beyond RAM: (0, ABSENT, 0)."""
        inside = mfn < len(self._memory.pages)
        safe = numpy.where(inside, mfn, 0).astype("u8")
        word = numpy.where(inside, self._memory.pages[self._records[safe >> 8], (safe & 255) * 2], 0)
        return word & 0xffff, word >> 16 & 0xff, word >> 32

    def owner(self, mfn):
        return int(self.frames(numpy.array([mfn], dtype="u8"))[0][0])

    # --- what a domain's memory is, by its own tables -------------------------------

    def _stub(self, domid):
        return next(s for s in self._stubs if self._value(s + self.o["stub.domid"], 2) == domid)

    def _frame_of(self, stub, gfn):
        """The frame behind a page of a domain, or None."""
        root = self._value(stub + self.o["stub.p2m_root"], 8)
        table = root * PAGE
        for level in (3, 2, 1, 0):
            if table >= len(self._memory.words) * 8:
                return None
            entry = self._memory.word(table + (gfn >> 9 * level & 511) * 8)
            if not entry & P:
                return None
            table = entry & ADDRESS
            if level and entry & LARGE:
                return (table >> 12) + (gfn & (1 << 9 * level) - 1)
        return table >> 12

    # --- what may be mapped ------------------------------------------------------------

    def _grants_of(self, stub):
        """(mapper, gfn, writable) of each entry of a table that is in use by somebody."""
        at = stub + self.o["stub.grants"]
        frames, first = self._value(at + self.o["grants.frames"], 4), self._value(at + self.o["grants.frame"], 8)
        for i in range(frames):
            shared = self._value(first + i * self.o["grant_frame.size"], 4)
            entries = self._memory.page(shared)
            for entry in entries[(entries & GRANT_READING) != 0].tolist():
                flags, mapper, gfn = entry & 0xffff, entry >> 16 & 0xffff, entry >> 32
                if flags & 3 == GRANT_PERMIT:
                    yield mapper, gfn, bool(flags & GRANT_WRITING) and not flags & GRANT_READONLY

    def life(self, stub):
        return self._value(stub + self.o["stub.grants"] + self.o["grants.life"], 4)

    def permitted(self):
        """{(mapper, mfn): writable}. A frame that a granter's earlier life had granted stays so
        until its mapper runs without it: see used()."""
        allowed, now = {}, {}
        for stub in self._stubs:
            granter = self._value(stub + self.o["stub.domid"], 2)
            for mapper, gfn, writable in self._grants_of(stub):
                mfn = self._frame_of(stub, gfn)
                if mfn is None or not self.manifest.grants_allowed(granter, mapper):
                    continue
                allowed[mapper, mfn] = allowed.get((mapper, mfn), False) or writable
                now[mapper, mfn] = stub, self.life(stub), writable
        for key, (stub, life, writable) in self._before.items():
            if key not in allowed and self.life(stub) != life:
                allowed[key], now[key] = writable, (stub, life, writable)
        self._before = now
        self._add_ranges(allowed)
        return allowed

    def used(self, mapped, running):
        """`mapped`: the keys of permitted() that some CPU's tables map. What a domain whose guest runs now
        does not have mapped is over; of others nothing is known: none of their tables may be loaded."""
        self._before = {key: value for key, value in self._before.items() if key in mapped or key[0] not in running}

    def _add_ranges(self, allowed):
        """Frames of a range are its owner's for good, also while it is not built."""
        for shared in self.manifest.ranges():
            frames = self._range_frames.setdefault(shared, [None] * shared.pages)
            for i, known in enumerate(frames):
                frame = self._frame_of(self._stub(shared.owner), shared.owner_gfn + i)
                if known and frame and frame != known:
                    self.conflicts.append(f"page {i} of {shared}: {known:x}, {frame:x}")
                frames[i] = known or frame
                if frames[i]:
                    allowed[shared.borrower, frames[i]] = shared.writable

    def claim_range(self, borrower, gpa, mfn, writable):
        """A page that a borrower has at its range before the owner was ever built: to be compared
        with the owner's later. False: there is no such range, or it has another frame there."""
        for shared in self.manifest.ranges():
            i = gpa // PAGE - shared.borrower_gfn
            frames = self._range_frames[shared]
            if shared.borrower != borrower or not 0 <= i < shared.pages or writable > shared.writable:
                continue
            if frames[i] in (None, mfn) and self.owner(mfn) == shared.owner:
                frames[i] = mfn
                return True
        return False

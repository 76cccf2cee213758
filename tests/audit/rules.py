# SPDX-License-Identifier: Apache-2.0
"""The promises as rules over one sample: what each CPU has in sight against the books. A rule that
is broken is a sentence; the number of bytes that it shows of another domain is counted."""

from collections import Counter

import numpy

from tables import PAGE

CANARY = 0x5CA1AB1E  # bits 16 to 47 of a canary; 8 to 15: whose
GIB = 1 << 30


class Judge:
    def __init__(self, memory, books):
        self.memory, self.books, self.o = memory, books, books.o
        self.broken = Counter()
        self.foreign = self.granted = self.windows = 0  # bytes; the most at one time, but foreign: all
        self._samples = 0
        self._mapped = set()
        self._privates = {}

    def complain(self, rule, detail, count=1):
        if not self.broken[rule]:
            print(f"audit: {rule}: {detail}", flush=True)
        self.broken[rule] += count

    def slot_base(self, slot):
        return 0xffff000000000000 + (slot << 39)

    def guest_base(self, leaves, i):
        """Of the view that the leaf is in: root mode's of guest memory, or the guest's own."""
        return self.slot_base(self.o["slot.guest"]) if int(leaves.va[i]) >> 63 else 0

    # --- one sample ---------------------------------------------------------------

    def sample(self, cpus):
        """`cpus`: those that have run a guest, with what they have loaded."""
        permitted = self.books.permitted()
        self._samples += 1
        self._mapped, self._privates, granted = set(), {}, 0
        for cpu in cpus:
            host = self.memory.walk(cpu.top_table)
            domain = self.linked(host)
            granted += self._host(cpu, host, domain, permitted)
            if cpu.nested:
                granted += self._nested(cpu, permitted)
        self.granted = max(self.granted, granted)
        self.books.used(self._mapped, {cpu.domain for cpu in cpus if cpu.in_guest})
        for what in self.books.conflicts:
            self.complain("a shared range that is not its owner's", what)
        self.books.conflicts = []

    def linked(self, host):
        """Whose arena is in sight: by the owner of the tables there, not by what the CPU believes."""
        va = self.slot_base(self.o["slot.arena"])
        arena = host.where((host.va >= va) & (host.va < va + (1 << 39)))
        if not len(arena):
            return None
        return int(numpy.bincount(self.books.frames(arena.mfn)[0].astype(int)).argmax())

    # --- the tables that root mode runs on -------------------------------------------

    def _host(self, cpu, host, domain, permitted):
        slot = (host.va >> numpy.uint64(39)) & numpy.uint64(511)
        owner, kind, refs = self.books.frames(host.mfn)
        guest = (slot >= self.o["slot.guest"]) & (slot < self.o["slot.guest"] + self.o["slot.guests"])
        window = self._windows(cpu, host, slot)
        stranger = (owner != self.o["owner.hv"]) & (owner != (domain or 0)) & (kind != 0)
        if domain is None:
            stranger |= guest
        self._slots(slot, guest)
        self._rights(host, guest)
        self._unused(host, slot, kind, refs, window)
        self._private(cpu, host, slot, window)
        self._payload(host, slot, kind, window)
        if cpu.in_guest and window.any():
            self.complain("a window stands at guest entry", f"CPU {cpu.number}: {hexes(host.va[window])}",
                          int(window.sum()))
            self.foreign += int((window & stranger).sum()) * PAGE
        granted = self._foreign(cpu, host.where(stranger & ~window), guest[stranger & ~window], domain, permitted)
        self.windows = max(self.windows, int(window.sum()) * PAGE)
        self._scan(cpu, host, slot, guest, window, domain)
        return granted

    def _windows(self, cpu, host, slot):
        """The windows of this CPU, and the same seen through the region's own tables."""
        base = self.slot_base(self.o["slot.private"])
        at = host.va - numpy.uint64(base)
        inside = slot == self.o["slot.private"]
        small = self.o["windows.offset"]
        window = inside & (at >= small) & (at < small + self.o["windows.count"] * PAGE)
        big = inside & (at >= self.o["windows.big"]) & (at < self.o["windows.big"] + 512 * PAGE)
        alias = inside & (at >= 511 * GIB) & host.large
        return window | big | alias

    def _slots(self, slot, guest):
        known = guest | (slot >= self.o["slot.arena"])
        if not known.all():
            self.complain("a part of the address space that the design does not know", hexes(slot[~known]))

    def _rights(self, host, guest):
        both = host.writable & host.executable
        if both.any():
            self.complain("writable and executable", hexes(host.va[both]), int(both.sum()))
        runs = numpy.intersect1d(host.mfn[host.executable], host.mfn[host.writable])
        if len(runs):
            self.complain("executable here and writable there", "frames " + hexes(runs), len(runs))
        if (guest & host.executable).any():
            self.complain("guest memory that root mode could run", hexes(host.va[guest & host.executable]))
        if (~guest & host.user).any():
            self.complain("outside SMAP's guard", hexes(host.va[~guest & host.user]))

    def _unused(self, host, slot, kind, refs, window):
        unused = (kind != 0) & (refs == 0) & ~window
        if unused.any():
            self.complain("a frame in sight that is free", hexes(host.mfn[unused]), int(unused.sum()))

    def _private(self, cpu, host, slot, window):
        """A CPU's private frames are in no other one's tables."""
        inside = slot == self.o["slot.private"]
        mine = numpy.unique(host.mfn[inside & ~window])
        everything = numpy.unique(host.mfn[~window])
        for other, (its, all_of_it) in self._privates.items():
            shared = numpy.concatenate((numpy.intersect1d(mine, all_of_it), numpy.intersect1d(its, everything)))
            if len(shared):
                self.complain("a private page that two CPUs see", f"CPUs {cpu.number}, {other}: {hexes(shared)}")
        self._privates[cpu.number] = mine, everything

    def _payload(self, host, slot, kind, window):
        payload = (kind == self.o["frame.payload"]) & ~window
        legal = (slot == self.o["slot.shared"]) & ~host.writable
        if (payload & ~legal).any() or payload.sum() * PAGE > self.books.manifest.size + PAGE:
            self.complain("payloads of domains in sight", hexes(host.va[payload]), int(payload.sum()))

    # --- the guest's own tables ----------------------------------------------------------

    def _nested(self, cpu, permitted):
        """What the guest that this CPU runs can reach: its RAM, shared pages, what it was granted."""
        leaves = self.memory.walk(cpu.nested)
        owner, kind, _ = self.books.frames(leaves.mfn)
        held = (owner == cpu.domain) & (kind != self.o["frame.ram"]) & (kind != self.o["frame.shared"])
        if held.any():
            self.complain("a domain's own pages that it may not map", hexes(leaves.mfn[held]), int(held.sum()))
        stranger = owner != cpu.domain
        return self._foreign(cpu, leaves.where(stranger), numpy.ones(int(stranger.sum()), bool), cpu.domain,
                             permitted)

    def _foreign(self, cpu, leaves, guest, domain, permitted):
        """Bytes that are permitted; the others are counted and complained about."""
        granted = 0
        for i in range(len(leaves)):
            key = domain, int(leaves.mfn[i])
            if guest[i] and key in permitted and (permitted[key] or not leaves.writable[i]):
                self._mapped.add(key)
                granted += PAGE
                continue
            owner = self.books.owner(key[1])
            gpa = int(leaves.va[i]) - self.guest_base(leaves, i)
            if guest[i] and self.books.claim_range(domain, gpa, key[1], bool(leaves.writable[i])):
                granted += PAGE
                continue
            self.foreign += PAGE
            self.complain("a frame of another in sight", f"CPU {cpu.number}, domain {domain}: frame {key[1]:x} of "
                          f"domain {owner} at {int(leaves.va[i]):x}")
        return granted

    # --- canaries ---------------------------------------------------------------------------

    def _scan(self, cpu, host, slot, guest, window, domain):
        """All that is mapped but what was granted, which is meant to be seen. What cannot hold a
        guest's bytes unnoticed for long, its own RAM and the records, every 16th time."""
        private = (slot == self.o["slot.private"]) | (slot == self.o["slot.arena"])
        if self._samples % 16 == 0:
            private = ~guest | (self.books.frames(host.mfn)[0] == (domain or 0))
        here = numpy.unique(host.mfn[private & ~window & (host.mfn < len(self.memory.pages))])
        for page in numpy.array_split(here, len(here) // 1024 + 1):
            words = self.memory.pages[page]
            hits = words[words >> numpy.uint64(16) == CANARY]
            self._whose(cpu, (hits >> numpy.uint64(8) & numpy.uint64(0xff)), domain, "in a page")

    def _whose(self, cpu, owners, domain, where):
        others = owners[(owners != (domain or 0)) & (owners != 0)]  # 0: a constant in the guests' code
        if len(others):
            self.complain(f"another guest's canary {where}", f"CPU {cpu.number}, domain {domain}: of domains "
                          f"{sorted(set(others.tolist()))}", len(others))
            self.foreign += 8 * len(others)

    def registers(self, cpu, values):
        """At guest entry: general and vector registers of the CPU."""
        words = []
        for name, value in values.items():
            if name.startswith(("r", "xmm", "st")):
                words += [value & (1 << 64) - 1, value >> 64 & (1 << 64) - 1]
        words = numpy.array(words, dtype="u8")
        hits = words[words >> numpy.uint64(16) == CANARY]
        self._whose(cpu, hits >> numpy.uint64(8) & numpy.uint64(0xff), cpu.domain, "in a register")


def hexes(values):
    return " ".join(f"{int(v):x}" for v in values[:8]) + (" ..." if len(values) > 8 else "")

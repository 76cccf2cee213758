# SPDX-License-Identifier: Apache-2.0
"""The comparison as rows, which the page, the text table and docs/performance.md all show."""

from dataclasses import dataclass

import measures
import peers

COLUMNS = ("skerry", "xen417", "xen417-xl", "xen420", "bare", "floor")
BASE = "xen417"  # the peer that ratios and aims are against
BY_XL = "xen417-xl"  # the same where the boot domain cannot be the guest


@dataclass(frozen=True)
class Row:
    measure: measures.Measure
    values: dict  # peer to figure
    decoding: int | None  # of the base peer, part of its figure
    less: int | None  # the base peer's figure less that
    ratio: float | None  # ours over that

    @property
    def verdict(self):
        if not self.measure.aim or self.ratio is None:
            return ""
        return "met" if self.ratio <= self.measure.aim else "missed"


def base_of(values):
    """Whom a measure with these values is compared with: Xen's boot domain, if that has it."""
    return BASE if BASE in values else BY_XL


def row(measure, figures):
    names = {peer: measure.name if peer == "skerry" else measures.base_name(measure.name) for peer in COLUMNS}
    values = {peer: figures[peer][name] for peer, name in names.items() if name in figures.get(peer, {})}
    base = base_of(values)
    own, theirs = figures.get("skerry", {}), figures.get(base, {})
    return Row(measure, values, measures.decoding(measure.name, theirs) if values.get(base) else None,
               measures.less_decoding(measure.name, theirs), measures.ratio(measure.name, own, theirs))


def rows(figures):
    """Of all measures that some peer has a figure for."""
    found = (row(measure, figures) for measure in measures.ALL)
    return [r for r in found if r.values]


def missing(figures):
    """Measures that Skerry has no figure for, and, of those with an aim, no ratio to Xen's."""
    found = {r.measure.name: r for r in rows(figures)}
    return [m.name for m in measures.ALL if m.name not in found or "skerry" not in found[m.name].values
            or (m.aim and found[m.name].ratio is None)]


def absent(figures):
    """[(measure, peer's title, reason)] of what a peer said that it cannot measure."""
    return [(name.removeprefix("none."), peers.PEERS[peer].title, reason)
            for peer in COLUMNS for name, reason in sorted(figures.get(peer, {}).items())
            if name.startswith("none.") and "@" not in name
            and name.removeprefix("none.") not in figures[peer]]


def absent_lines(figures):
    return [f"{measure} on {title}: not measured: {reason}." for measure, title, reason in absent(figures)]


def number(value):
    return "" if value is None else f"{value:,}"


def ratio_text(value):
    return "" if value is None else f"{value:.3f}"


def heads(columns):
    return [peers.PEERS[name].title for name in columns]


def present_columns(table):
    return [name for name in COLUMNS if any(name in r.values for r in table)]


def cells(r, columns):
    aim = f"{r.verdict} ({ratio_text(r.measure.aim)})" if r.verdict else ""
    return [r.measure.name, *(number(r.values.get(name)) for name in columns), number(r.decoding),
            number(r.less), ratio_text(r.ratio), aim, r.measure.unit]


def header(columns):
    base = peers.PEERS[BASE].title
    return ["measure", *heads(columns), "of it decoding", f"{base} less that", "ratio", "aim", "unit"]


def as_text(table):
    columns = present_columns(table)
    lines = [header(columns)] + [cells(r, columns) for r in table]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) if not i else cell.rjust(width)
                               for i, (cell, width) in enumerate(zip(line, widths)))
                     for line in lines) + "\n"


def as_markdown(table):
    columns = present_columns(table)
    lines = [header(columns), ["---"] + ["---:"] * (len(columns) + 3) + ["---", "---"]]
    lines += [cells(r, columns) for r in table]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


# --- Where the machine reports an instruction's length -----------------------------


@dataclass(frozen=True)
class Reported:
    """One measure on both machines: QEMU's, Xen there less its decoding, and Bochs's ryzen."""

    name: str
    own: int | None
    less: int | None
    own_reported: int | None
    base_reported: int | None

    @property
    def ratio(self):
        return self.own_reported / self.base_reported if self.own_reported and self.base_reported else None


def reported_rows(figures):
    """Of the measures that were taken on a machine that saves the next RIP."""
    own, base = (figures.get(name, {}) for name in ("skerry-ryzen", BASE + "-ryzen"))
    return [Reported(m.name, figures.get("skerry", {}).get(m.name),
                     measures.less_decoding(m.name, figures.get(BASE, {})), own.get(m.name), base.get(m.name))
            for m in measures.ALL if m.name in own or m.name in base]


# --- What grows -------------------------------------------------------------------


def growth(own, axis):
    """Measure to [(value of the axis, figure)], of the variants along it."""
    found = {}
    for name, value in own.items():
        plain, _, variant = name.partition("@")
        if measures.is_public(name) and variant.startswith(axis + "="):
            found.setdefault(plain, []).append((int(variant.partition("=")[2]), value))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def growth_rows(own, axis):
    """(measure, points, growth from the least value of the axis to the greatest, in %)"""
    return [(name, points, 100 * (points[-1][1] / points[0][1] - 1) if points[0][1] else 0)
            for name, points in sorted(growth(own, axis).items())]


def profile(figures, measure, count=8):
    """[(instructions, function)] of a section, most first."""
    plain, at, variant = measure.partition("@")
    prefix = f"profile.{plain}."
    found = [(value, name[len(prefix):].partition("@")[0]) for name, value in figures.items()
             if name.startswith(prefix) and name.partition("@")[1:] == (at, variant)]
    return sorted(found, reverse=True)[:count]


# --- Whose the instructions are ------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """Of a measure with other domains, on Skerry and on Xen: the hypervisor's instructions, and all domains'."""

    name: str
    own: int
    own_domains: int
    base: int
    base_decoding: int
    base_domains: int

    @property
    def ratio(self):
        """Of the hypervisors alone, Xen's without decoding."""
        return self.own / (self.base - self.base_decoding)

    @property
    def whole(self):
        """Of all, Xen's without decoding."""
        return (self.own + self.own_domains) / (self.base - self.base_decoding + self.base_domains)

    @property
    def least(self):
        """Of all, were Skerry's part nothing."""
        return self.own_domains / (self.base + self.base_domains)


def parts_rows(figures):
    own, base = figures.get("skerry", {}), figures.get(BY_XL, {})
    found = []
    for measure in measures.ALL:
        ours = [own.get(f"part.{part}.{measure.name}") for part in ("hypervisor", "domains")]
        theirs = [base.get(f"part.{part}.{measures.base_name(measure.name)}")
                  for part in ("hypervisor", "decoding", "domains")]
        if None not in ours + theirs:
            found.append(Parts(measure.name, *ours, *theirs))
    return found

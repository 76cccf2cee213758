# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md from the last campaign's results, so that no figure in it is typed."""

import jinja2

import peers
import report
import table

TEMPLATE = peers.ROOT / "tools" / "bench" / "performance.md.j2"
PAGE = peers.ROOT / "docs" / "performance.md"
SECTIONS = ("exit", "hypercall", "event", "switch", "timer", "memory", "grant", "pair", "domain",
            "workload", "disk", "network")


def markdown(head, lines):
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])


def boots(figures):
    return [(peers.PEERS[name].title, table.number(figures[name]["boot.work"]),
             table.number(figures[name]["boot.wait"]))
            for name in ("skerry", "xen417", "xen420") if "boot.work" in figures.get(name, {})]


def memory(figures):
    kinds = [[kind, table.number(value)] for kind, value in report.memory_kinds({"figures": figures})]
    whole = [[f"**{peers.PEERS[name].title}, all**", table.number(figures[name]["memory.hypervisor"])]
             for name in ("skerry", "xen417", "xen420")
             if "memory.hypervisor" in figures.get(name, {})]
    return markdown(["Skerry's kind", "KiB"], kinds + whole) if kinds else ""


def growths(own):
    axes = [axis for axis in ("domains", "vcpus") if table.growth_rows(own, axis)]
    found = {axis: {name: f"{percent:+.1f}" for name, _, percent in table.growth_rows(own, axis)}
             for axis in axes}
    names = sorted({name for rows in found.values() for name in rows})
    heads = [f"{axis} {len_text(own, axis)}" for axis in axes]
    return markdown(["measure", *heads],
                    [[name, *(found[axis].get(name, "") for axis in axes)] for name in names]) if axes else ""


def len_text(own, axis):
    points = table.growth_rows(own, axis)[0][1]
    return f"{points[0][0]} to {points[-1][0]}"


def bochs(figures):
    pairs = [name for name in ("skerry-ryzen", "xen417-ryzen") if name in figures]
    names = [row.measure.name for row in table.rows({"skerry": figures[pairs[0]]})] if pairs else []
    lines = [[name, *(table.number(figures[peer].get(name)) for peer in pairs)] for name in names]
    return markdown(["measure", *(peers.PEERS[name].title for name in pairs)], lines) if pairs else ""


def text(results):
    figures = results["figures"]
    rows = [r for r in table.rows(figures) if r.measure.group in SECTIONS]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text()).render(
        results=results, comparison=table.as_markdown(rows), boots=boots(figures), boot_memory=512,
        memory=memory(figures), growths=growths(figures.get("skerry", {})), bochs=bochs(figures))


def write(results):
    PAGE.write_text(text(results))
    return PAGE

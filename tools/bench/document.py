# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md from the last campaign's results, so that no figure in it is typed."""

import jinja2

import peers
import report
import table
import wall

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


def parts(figures):
    lines = [[f"`hv/{part}`" if part != "other" else "the loader's and the guest's", table.number(count)]
             for part, count in report.boot_parts({"figures": figures})]
    return markdown(["part", "instructions"], lines) if lines else ""


def memory(figures):
    kinds = [[kind, table.number(value)] for kind, value in report.memory_kinds({"figures": figures})]
    whole = [[f"**{peers.PEERS[name].title}, all**", table.number(figures[name]["memory.hypervisor"])]
             for name in ("skerry", "xen417", "xen420")
             if "memory.hypervisor" in figures.get(name, {})]
    return markdown(["Skerry's kind", "KiB"], kinds + whole) if kinds else ""


def exits(figures):
    lines = [[reason, table.number(whole), table.number(boot)]
             for reason, whole, boot in report.exit_rows({"figures": figures})]
    return markdown(["reason", "exits with workloads", "of a boot alone"], lines) if lines else ""


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
    base = peers.PEERS[table.BASE].title
    head = ["measure", "Skerry", f"{base} less decoding", "Skerry on ryzen", f"{base} on ryzen", "ratio there"]
    lines = [[r.name, table.number(r.own), table.number(r.less), table.number(r.own_reported),
              table.number(r.base_reported), table.ratio_text(r.ratio)] for r in table.reported_rows(figures)]
    return markdown(head, lines) if lines else ""


def parts_of_devices(figures):
    head = ["measure", "Skerry itself", "its domains", "Xen itself", "of it decoding", "its domains", "ratio of the hypervisors less decoding",
            "of all less decoding", "of all, were Skerry's part nothing"]
    lines = [[r.name, *(table.number(n) for n in (r.own, r.own_domains, r.base, r.base_decoding, r.base_domains)),
              *(table.ratio_text(n) for n in (r.ratio, r.whole, r.least))] for r in table.parts_rows(figures)]
    return markdown(head, lines) if lines else ""


CLOCKS = {"cpu": "CPU time", "wall": "wall clock"}


def detector(proof):
    """Of `bench prove`: how often each clock's verdict was that B is slower, or an alarm for nothing."""
    head = ["clock", "slow-down", "series", "alarms", "rate", "95 % interval of the rate", "width of the ratio's interval"]
    lines = [[CLOCKS[clock], f"{row['slowdown']} %", str(row["series"]),
              str(row["slower"] + (0 if row["slowdown"] else row["faster"])), f"{row['rate']:.0f} %",
              f"{row['bounds'][0]:.0f} to {row['bounds'][1]:.0f} %", f"{100 * row['width']:.1f} %"]
             for clock, rows in proof["rows"].items() for row in rows]
    return markdown(head, lines)


def clock_rows(clock):
    head = ["measure", "beside", "CPU time", "interval", "verdict", "wall clock", "interval", "verdict"]
    cells = [[text for row in rows for text in (table.ratio_text(row["value"]), f"{row['low']:.3f} to {row['high']:.3f}",
                                                row["verdict"])] for _, _, *rows in wall.pairs(clock)]
    return markdown(head, [[name, base, *row] for (name, base, *_), row in zip(wall.pairs(clock), cells)])


def text(results, proof=None, clock=None):
    figures = results["figures"]
    rows = [r for r in table.rows(figures) if r.measure.group in SECTIONS]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text()).render(
        results=results, peers=[peers.PEERS[name].title for name in peers.PEERS if name in figures],
        comparison=table.as_markdown(rows), absent=table.absent_lines(figures), boots=boots(figures), boot_memory=512, parts=parts(figures),
        devices=parts_of_devices(figures), memory=memory(figures), exits=exits(figures), growths=growths(figures.get("skerry", {})), bochs=bochs(figures),
        clock=clock, pairs=clock_rows(clock) if clock else "", proof=proof, detector=detector(proof) if proof else "")


def write(results):
    PAGE.write_text(text(results, report.load(report.DETECTOR), report.load(wall.RESULTS)))
    return PAGE

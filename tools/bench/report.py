# SPDX-License-Identifier: Apache-2.0
"""Writes what a campaign has found: index.html (self-contained), results.json and report.txt in
build/bench. It measures nothing."""

import json

import jinja2

import gate
import history
import measures
import peers
import plots
import stats
import table
import wall

TEMPLATE = peers.ROOT / "tools" / "bench" / "report.html.j2"
RESULTS = peers.OUT / "results.json"
DETECTOR = peers.OUT / "detector.json"  # of `bench prove`
PROFILES = ("boot", "exit.cpuid", "hypercall.null", "switch.two_vcpus", "event.self_upcall")


def history_of(entries, name):
    """(SVG, text of the change points) of one measure's history."""
    found = history.series(entries, name)
    values = [value for _, value in found]
    changes = stats.change_points(values)
    texts = [f"{found[at][0]}: {values[at - 1]:,} to {values[at]:,}" for at in changes]
    return plots.spark(values, changes), "; ".join(texts)


def against_budget(name, value, budgets):
    return gate.change(budgets[name], value) if name in budgets and value is not None else ""


def shown_rows(results, entries):
    budgets, found = gate.load(), []
    for r in table.rows(results["figures"]):
        spark, changes = history_of(entries, r.measure.name)
        own = r.values.get("skerry")
        found.append({"row": r, "spark": spark, "changes": changes,
                      "budget": against_budget(r.measure.name, own, budgets)})
    return found


def profiles(results):
    """[(measure, [(peer's title, instructions an operation, its functions)])]"""
    found = []
    for name in PROFILES:
        sides = [(peers.PEERS[peer].title, table.profile(results["figures"].get(peer, {}), name))
                 for peer in ("skerry", table.BASE)]
        operations = 1 if name == "boot" else measures.find(name).operations
        sides = [(title, [(count / operations, function) for count, function in rows])
                 for title, rows in sides if rows]
        if sides:
            found.append((name, sides))
    return found


def growths(results):
    own = results["figures"].get("skerry", {})
    return [(axis, plots.growth(own, axis), table.growth_rows(own, axis))
            for axis in ("domains", "vcpus") if table.growth_rows(own, axis)]


def systems(results):
    """What the matrix's systems gave: (name, measure, figure, against one domain alone)."""
    own, found = results["figures"].get("skerry", {}), []
    for name, value in sorted(own.items()):
        plain, _, variant = name.partition("@system=")
        if variant and measures.is_public(name):
            found.append((variant, plain, value, gate.change(own.get(plain, 0), value)))
    return sorted(found)


def own_kinds(results, prefix):
    """[(kind, figure)] of what the hypervisor itself has told under that name."""
    own = results["figures"].get("skerry", {})
    return [(name.removeprefix(prefix).removesuffix("_kib"), value)
            for name, value in sorted(own.items()) if name.startswith(prefix)]


def memory_kinds(results):
    return own_kinds(results, "own.memory.")


def exit_rows(results):
    """[(reason, exits until the end of the workloads, of the boot alone)], most first."""
    whole, boot = (dict(own_kinds(results, prefix)) for prefix in ("own.exits.", "own.exits_boot."))
    rows = [(reason, whole.get(reason), boot.get(reason)) for reason in whole | boot]
    return sorted(rows, key=lambda row: -(row[1] or 0))


def boot_parts(results):
    """Most first."""
    return sorted(own_kinds(results, "own.boot_part."), key=lambda part: -part[1])


def page(results, entries):
    rows = shown_rows(results, entries)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = table.number
    environment.filters["ratio"] = table.ratio_text
    plain = [shown["row"] for shown in rows]
    both = any("skerry" in r.values and table.base_of(r.values) in r.values for r in plain)
    return environment.from_string(TEMPLATE.read_text()).render(
        results=results, rows=rows, columns=table.present_columns(plain), peers=peers.PEERS,
        base=peers.PEERS[table.BASE].title, comparison=plots.comparison(plain) if both else "",
        absent=table.absent(results["figures"]), reported=table.reported_rows(results["figures"]), growths=growths(results), systems=systems(results),
        memory=memory_kinds(results), exits=exit_rows(results),
        parts=boot_parts(results), profiles=profiles(results), clock=load(wall.RESULTS), pairs=wall.pairs,
        detector=load(DETECTOR), campaigns=len(entries))


def write(results):
    """All three files; returns the page's path."""
    entries = history.load()
    peers.OUT.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    (peers.OUT / "report.txt").write_text(table.as_text(table.rows(results["figures"]))
                                          + "".join(line + "\n" for line in table.absent_lines(results["figures"])))
    path = peers.OUT / "index.html"
    path.write_text(page(results, entries))
    return path


def load(path=RESULTS):
    """What was found, or nothing."""
    return json.loads(path.read_text()) if path.exists() else None

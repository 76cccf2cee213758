# SPDX-License-Identifier: Apache-2.0
"""The report's pictures, as SVG text that stands in the page itself."""

import io

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402  (the backend comes first)

import peers  # noqa: E402
import table  # noqa: E402

COLOURS = {"skerry": "#1d5fa8", "xen417": "#c8553d", "less": "#e3a08f", "floor": "#777777"}
matplotlib.rcParams.update({"svg.hashsalt": "skerry", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False})


def svg(figure):
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return out.getvalue()[out.getvalue().index("<svg"):]


def comparison(rows):
    """Bars for each measure in instructions: Skerry, Xen with and without the decoding, the floor."""
    shown = [r for r in rows if r.measure.unit == "instructions" and "skerry" in r.values
             and table.base_of(r.values) in r.values and not r.measure.name.startswith("boot")][::-1]
    figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(shown) + 1))
    base = peers.PEERS[table.BASE].title
    for i, r in enumerate(shown):
        theirs = r.values[table.base_of(r.values)]
        axes.barh(i - 0.2, theirs, 0.38, color=COLOURS["less"])
        axes.barh(i - 0.2, r.less or theirs, 0.38, color=COLOURS["xen417"])
        axes.barh(i + 0.2, r.values["skerry"], 0.38, color=COLOURS["skerry"])
        if "floor" in r.values:
            axes.plot([r.values["floor"]] * 2, [i - 0.4, i + 0.4], color=COLOURS["floor"], lw=2)
    axes.set_yticks(range(len(shown)), [r.measure.name for r in shown])
    axes.set_xscale("log")
    axes.set_xlabel("instructions (logarithmic)")
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.legend(handles=legend(base), loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
    return svg(figure)


def legend(base):
    entries = (("skerry", "Skerry"), ("xen417", f"{base} less the length decoding"),
               ("less", "the decoding"), ("floor", "bare VMRUN loop"))
    return [pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[key], label=text) for key, text in entries]


def tick_labels(values):
    """Of each value, but for one that the next would stand on."""
    near = [b < 1.3 * a for a, b in zip(values, values[1:])] + [False]
    return ["" if hidden else str(value) for value, hidden in zip(values, near)]


def growth(own, axis):
    """Each measure against its figure at the least value of the axis; those that leave the band of
    2 % by name."""
    found = table.growth_rows(own, axis)
    figure, axes = pyplot.subplots(figsize=(9, 3.2))
    within = [row for row in found if abs(row[2]) <= 2]
    for name, points, percent in sorted(found, key=lambda row: abs(row[2])):
        base, stays = points[0][1] or 1, abs(percent) <= 2
        label = name if not stays else f"{len(within)} measures" if name == within[0][0] else None
        axes.plot([x for x, _ in points], [y / base for _, y in points], marker=".", label=label,
                  color="#888888" if stays else None)
    axes.axhspan(0.98, 1.02, color="#dde8f3")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.95), max(high, 1.05))
    axes.set_xscale("log", base=2)
    values = [x for x, _ in found[0][1]]
    axes.set_xticks(values, tick_labels(values))
    axes.set_xlabel(axis)
    axes.set_ylabel("times the first")
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    return svg(figure)


def spark(values, changes=()):
    """A line of 120 by 24: the history of one measure, change points in red."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    at = [(4 + 112 * i / (len(values) - 1), 20 - 16 * (v - low) / span if high > low else 12)
          for i, v in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle cx="{at[i][0]:.1f}" cy="{at[i][1]:.1f}" r="2.5" fill="#c00"/>'
                   for i in changes)
    return (f'<svg width="120" height="24" role="img"><polyline points="{line}" fill="none" '
            f'stroke="#1d5fa8" stroke-width="1.5"/>{dots}</svg>')

# SPDX-License-Identifier: Apache-2.0
"""Proves the statistical tier on the host that it runs on: series of pairs in which B does 0, 1, 2,
5 or 10 % more work than A, each sample a process, and how often the verdict was right, by each
clock. Then the same of change points, in histories made of what the null series measured."""

import os

import numpy as np
from scipy.stats import binomtest

import compare
import peers
import stats

SPIN = peers.OUT / "spin"
UNIT = 1000  # blocks of work in A: some five milliseconds, short beside what others run
SLOWDOWNS = (0, 1, 2, 5, 10)  # in percent
NULL_SERIES = 100
SERIES = 25  # of each slow-down
SERIES_IN_ALL = NULL_SERIES + SERIES * (len(SLOWDOWNS) - 1)
BLOCKS = compare.BLOCKS
HISTORY = 40  # campaigns in a history, half of them after the change


def spin(percent):
    return [str(SPIN), str(UNIT * (100 + percent) // 100)]


def one_series(percent, keep):
    samples = compare.sample(spin(0), spin(percent), BLOCKS)
    if not percent:
        keep.extend(samples)
    return compare.ratios(samples)


def bounds(hits, count):
    """Between which percentages the rate lies that gave so many hits (Clopper and Pearson, 95 %)."""
    found = binomtest(hits, count).proportion_ci(0.95)
    return [round(100 * found.low, 1), round(100 * found.high, 1)]


def row(percent, found):
    """Of one clock's series."""
    slower, faster = ([r.verdict for r in found].count(word) for word in ("slower", "faster"))
    hits = slower if percent else slower + faster
    return {"slowdown": percent, "series": len(found), "slower": slower, "faster": faster,
            "rate": round(100 * hits / len(found), 1), "bounds": bounds(hits, len(found)),
            "width": float(np.median([r.high - r.low for r in found]))}


def rows(taken):
    """Clock to rows, of (slow-down, [what compare.ratios gave]) pairs."""
    return {clock: [row(percent, [series[clock] for series in found]) for percent, found in taken]
            for clock in compare.CLOCKS}


def change_row(percent, samples, count=40):
    """Histories of medians of real samples, the later half slower by that part."""
    generator = np.random.default_rng(stats.SEED)
    hits = 0
    for _ in range(count):
        drawn = np.median(generator.choice(samples, (HISTORY, 15)), axis=1)
        drawn[HISTORY // 2:] *= 1 + percent / 100
        points = stats.change_points(drawn)
        hits += bool(points) if not percent else any(abs(p - HISTORY // 2) <= 2 for p in points)
    return {"slowdown": percent, "series": count, "found": hits}


def several(percent, count, keep, tick):
    found = []
    for _ in range(count):
        found.append(one_series(percent, keep))
        tick()
    return found


def spread(samples):
    """The middle of the samples' distances from their median, in percent of it."""
    middle = np.median(samples)
    return 100 * float(np.median(np.abs(samples - middle)) / middle)


def prove(tick=lambda: None, null_series=NULL_SERIES, series=SERIES):
    keep = []
    taken = [(percent, several(percent, series if percent else null_series, keep, tick))
             for percent in SLOWDOWNS]
    columns = dict(zip(compare.CLOCKS, np.array(keep).T))
    changes = {clock: [change_row(percent, column) for percent in SLOWDOWNS]
               for clock, column in columns.items()}
    return {"blocks": BLOCKS, "level": stats.LEVEL, "load": round(os.getloadavg()[2], 1), "cpus": os.cpu_count(),
            "spread": {clock: round(spread(column), 1) for clock, column in columns.items()},
            "rows": rows(taken), "changes": changes}

# SPDX-License-Identifier: Apache-2.0
"""Proves the wall-clock tier on the host that it runs on: series of pairs in which B does 0, 1, 2,
5 or 10 % more work than A, each sample a process, and how often the verdict was right. Then the
same of change points, in histories made of what the null series measured."""

import numpy as np

import compare
import peers
import stats

SPIN = peers.OUT / "spin"
UNIT = 2000  # blocks of work in A: tens of milliseconds
SLOWDOWNS = (0, 1, 2, 5, 10)  # in percent
NULL_SERIES = 100
SERIES = 25  # of each slow-down
SERIES_IN_ALL = NULL_SERIES + SERIES * (len(SLOWDOWNS) - 1)
BLOCKS = 20
HISTORY = 40  # campaigns in a history, half of them after the change


def spin(percent):
    return [str(SPIN), str(UNIT * (100 + percent) // 100)]


def one_series(percent, keep):
    samples = compare.sample(spin(0), spin(percent), BLOCKS)
    if not percent:
        keep.extend(samples)
    return stats.ratio(samples)


def row(percent, count, keep, tick):
    found = []
    for _ in range(count):
        found.append(one_series(percent, keep))
        tick()
    verdicts = [ratio.verdict for ratio in found]
    return {"slowdown": percent, "series": count, "slower": verdicts.count("slower"),
            "faster": verdicts.count("faster"),
            "width": float(np.mean([ratio.high - ratio.low for ratio in found]))}


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


def prove(tick=lambda: None, null_series=NULL_SERIES, series=SERIES):
    keep, rows = [], []
    for percent in SLOWDOWNS:
        rows.append(row(percent, series if percent else null_series, keep, tick))
    changes = [change_row(percent, keep) for percent in SLOWDOWNS]
    spread = float(np.std(keep) / np.mean(keep))
    text = (f"{BLOCKS} blocks A B B A of fresh processes that do a known amount of work, on this host as it was; "
            f"one sample varies by {100 * spread:.1f} %. The verdict is that of the 99 % bootstrap interval: "
            "at 0 %, whatever is called slower or faster is a false alarm.")
    return {"text": text, "rows": rows, "changes": changes}

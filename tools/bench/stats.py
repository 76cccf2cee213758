# SPDX-License-Identifier: Apache-2.0
"""The statistics of the wall-clock tier: the ratio of two interleaved sets of samples with its
bootstrap interval, and change points of a history. It takes numbers and gives numbers; how they
were sampled stands in compare.py."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.99  # of the intervals
SEED = 20201  # of every resampling, so that a verdict can be had again from its samples
RESAMPLES = 9999
MANY = 20  # blocks, from which on a bootstrap keeps its level well enough


@dataclass(frozen=True)
class Ratio:
    """B's time as a part of A's, and the interval that holds it with that level of confidence."""

    value: float
    low: float
    high: float
    level: float

    @property
    def verdict(self):
        """From the interval only: where it holds 1, nothing has been shown."""
        if self.low > 1:
            return "slower"
        if self.high < 1:
            return "faster"
        return "no difference shown"


def first_sides(blocks):
    """Which side each block begins with, drawn: without a difference between A and B, a block's
    ratio is then as likely above 1 as below, whatever else the host does and when."""
    return np.random.default_rng(SEED).choice(list("AB"), blocks)


def order(blocks):
    """A B B A or B A A B, as often: what drifts evenly through a block falls on both alike."""
    return "".join("ABBA" if first == "A" else "BAAB" for first in first_sides(blocks))


def block_ratios(samples):
    """The logarithm of B over A for each block of four samples in that order."""
    blocks = np.asarray(samples, dtype=float).reshape(-1, 4)
    logs = np.log(blocks[:, 1] + blocks[:, 2]) - np.log(blocks[:, 0] + blocks[:, 3])
    return np.where(first_sides(len(blocks)) == "A", logs, -logs)


def middle(values, axis=-1):
    """The mean of the middle half: a block in which the host did something else weighs nothing."""
    return stats.trim_mean(values, 0.25, axis=axis)


def ratio(samples, level=LEVEL):
    """Of samples as `order` has them: the middle of the blocks and its bootstrap interval. With
    noise as of a busy host the plain mean's interval misses its level by far; this one's false
    alarms are 2 % with 20 blocks, where 1 % is meant, and 1.3 % with 60."""
    logs = block_ratios(samples)
    if np.ptp(logs) == 0:  # exact figures: nothing to resample
        value = float(np.exp(logs[0]))
        return Ratio(value, value, value, level)
    interval = stats.bootstrap((logs,), middle, confidence_level=level, n_resamples=RESAMPLES,
                               method="percentile", random_state=SEED).confidence_interval
    return Ratio(*(float(np.exp(x)) for x in (middle(logs), interval.low, interval.high)), level)


def extremes(samples):
    """The same from so few blocks that a bootstrap's interval would be too narrow: their median, and
    from the least to the greatest. The true median lies outside if all blocks fall on one side of
    it, whatever their distribution: two in 2^blocks."""
    logs = block_ratios(samples)
    found = (np.median(logs), logs.min(), logs.max())
    return Ratio(*(float(np.exp(x)) for x in found), 1 - 2.0 ** (1 - len(logs)))


def interval(samples):
    """Of whichever kind so many blocks allow."""
    return ratio(samples) if len(samples) >= 4 * MANY else extremes(samples)


# --- Change points: E-divisive ---------------------------------------------------
#
# Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate
# data", JASA 109 (2014): the point that divides a series best is where the energy statistic
# between its two sides is greatest; it counts if few permutations of the series reach as much.


def energies(distances):
    """The scaled energy statistic between [0, k) and [k, n), for each k; 0 where a side has fewer
    than two. `distances` holds |x - y| of each pair, in the series' order."""
    n = len(distances)
    total = np.zeros((n + 1, n + 1))
    total[1:, 1:] = distances.cumsum(0).cumsum(1)
    k = np.arange(2, n - 1)
    left, right = k, n - k
    within_left = total[k, k]
    within_right = total[n, n] - total[k, n] - total[n, k] + total[k, k]
    between = total[k, n] - total[k, k]
    energy = (2 * between / (left * right) - within_left / (left * (left - 1))
              - within_right / (right * (right - 1)))
    found = np.zeros(n)
    found[k] = energy * left * right / n
    return found


def best_division(series):
    values = np.asarray(series, dtype=float)
    found = energies(np.abs(values[:, None] - values[None, :]))
    at = int(found.argmax())
    return at, float(found[at])


def change_points(series, significance=0.01, permutations=199, minimum=4, generator=None):
    """Indices at which the series changes, ascending: the first value of each new level."""
    generator = generator or np.random.default_rng(SEED)
    values = np.asarray(series, dtype=float)
    if len(values) < 2 * minimum or np.ptp(values) == 0:
        return []
    at, energy = best_division(values)
    if not minimum <= at <= len(values) - minimum:
        return []
    reached = sum(best_division(generator.permutation(values))[1] >= energy
                  for _ in range(permutations))
    if (reached + 1) / (permutations + 1) > significance:
        return []
    options = (significance, permutations, minimum, generator)
    return (change_points(values[:at], *options) + [at]
            + [at + point for point in change_points(values[at:], *options)])

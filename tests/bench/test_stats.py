# SPDX-License-Identifier: Apache-2.0
"""The statistics, on series whose truth is known."""

import numpy as np
import pytest

import stats


def pairs(slowdown, blocks=12, noise=0.01, drift=0.0, seed=1):
    """Samples in the order A B B A, B slower by that part, with noise and a drift over time."""
    generator = np.random.default_rng(seed)
    found = []
    for number, side in enumerate(stats.order(blocks)):
        level = (1 + slowdown if side == "B" else 1) * (1 + drift * number)
        found.append(level * generator.lognormal(0, noise))
    return found


def test_order():
    order = stats.order(40)
    blocks = {order[at:at + 4] for at in range(0, len(order), 4)}
    assert blocks == {"ABBA", "BAAB"} and stats.order(40) == order


def test_a_bend_within_blocks_favours_no_side():
    """What always disturbs the middle of a block would pass for a slow B, if B always stood there."""
    generator = np.random.default_rng(7)
    samples = np.tile([1.0, 1.02, 1.02, 1.0], 60) * generator.lognormal(0, 0.002, 240)
    assert stats.ratio(samples).verdict == "no difference shown"


def test_ratio_of_exact_samples():
    found = stats.ratio([110 if side == "B" else 100 for side in stats.order(3)])
    assert found.value == pytest.approx(1.1) and found.low == found.high
    assert found.verdict == "slower"


def test_interval_holds_the_truth():
    found = stats.ratio(pairs(0.05))
    assert found.low < 1.05 < found.high and found.verdict == "slower"


def test_faster():
    assert stats.ratio(pairs(-0.05)).verdict == "faster"


def test_nothing_is_shown_where_nothing_is():
    assert stats.ratio(pairs(0)).verdict == "no difference shown"


def test_drift_is_no_slowdown():
    assert stats.ratio(pairs(0, drift=0.01)).verdict == "no difference shown"


def test_false_alarms_with_a_long_tail():
    """As of a host with other work: rarely more than the level says."""
    generator, alarms = np.random.default_rng(5), 0
    for _ in range(60):
        samples = 1 + generator.lognormal(-2.5, 1.3, 80)
        alarms += stats.ratio(samples).verdict != "no difference shown"
    assert alarms <= 2


def test_verdict_is_reproducible():
    assert stats.ratio(pairs(0.01)) == stats.ratio(pairs(0.01))


def levels(*parts, noise=1.0, seed=3):
    generator = np.random.default_rng(seed)
    return np.concatenate([generator.normal(level, noise, count) for level, count in parts])


def test_one_change_point():
    assert stats.change_points(levels((100, 30), (110, 30))) == [30]


def test_two_change_points():
    assert stats.change_points(levels((100, 25), (110, 25), (103, 25))) == [25, 50]


def test_no_change_point():
    assert not stats.change_points(levels((100, 60)))


def test_an_outlier_is_no_change():
    series = levels((100, 60))
    series[30] = 150
    assert not stats.change_points(series)


def test_exact_history_changes_where_it_changes():
    assert stats.change_points([380] * 10 + [367] * 10) == [10]


def test_short_and_constant_series():
    assert not stats.change_points([1, 2, 3]) and not stats.change_points([5] * 40)


def test_energy_against_its_definition():
    """The sums over tables against the formula, pair by pair."""
    series = levels((0, 5), (2, 6))
    distances = np.abs(series[:, None] - series[None, :])
    for k in range(2, len(series) - 1):
        x, y = series[:k], series[k:]
        n, m = len(x), len(y)
        between = np.mean([abs(a - b) for a in x for b in y])
        inside = [np.mean([abs(a - b) for i, a in enumerate(z) for b in z[:i]]) for z in (x, y)]
        expected = n * m / (n + m) * (2 * between - sum(inside))
        assert stats.energies(distances)[k] == pytest.approx(expected)

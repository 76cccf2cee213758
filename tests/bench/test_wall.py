# SPDX-License-Identifier: Apache-2.0
"""Pairs by the clock, with machines that print their lines and end: what is timed, and how it is judged."""

import json

import pytest

import compare
import document
import peers
import report
import stats
import wall
from machine import MachineFailed
from test_table import RESULTS

SPIN = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done"


def at(seconds):
    return compare.Sample(cpu=seconds / 2, wall=seconds)


class Runs(peers.Peer):
    """A machine that runs these lines of a shell."""

    name = "runs"

    def __init__(self, *lines):
        self.lines = lines

    def command(self, guest, folder):
        return ["sh", "-c", "; ".join(self.lines)]


@pytest.fixture(name="peer_that_runs")
def peer_that_runs_fixture(monkeypatch, tmp_path):
    monkeypatch.setattr(wall.jobs, "BUILD", tmp_path)
    return lambda *lines: monkeypatch.setitem(peers.PEERS, "runs", Runs(*lines))


def test_a_measure_takes_from_its_beginning_to_its_line():
    found = wall.sections([("measure: early 1 ns", at(1)), ("begin: a", at(2)), ("words", at(3)),
                           ("measure: a 7 ns", at(5)), ("measure: b 7 ns", at(6)), ("begin: a", at(10)),
                           ("measure: a 7 ns", at(14))])
    assert found == {"a": at(3 + 4), "b": at(1)}  # b began where a ended; a was taken twice


def test_work_takes_both_clocks_and_sleep_one(peer_that_runs):
    peer_that_runs("echo begin: work", SPIN, "echo measure: work 1 ns", "sleep 0.2", "echo measure: sleep 1 ns",
                   "echo DONE 0 0", "sleep 5")
    found = wall.take("runs", None)
    assert found["work"].cpu > 0.002 and found["work"].wall > 0.002
    assert found["sleep"].wall > 0.15 > 10 * found["sleep"].cpu


def test_a_machine_that_does_not_end_is_no_sample(peer_that_runs):
    peer_that_runs("echo begin: work", "echo measure: work 1 ns", "echo FAIL")
    with pytest.raises(MachineFailed):
        wall.take("runs", None)


def test_few_blocks_are_judged_by_their_extremes():
    """One block on the other side of 1 is enough to show nothing."""
    sides = stats.order(6)
    steady = [4.0 if side == "A" else 1.0 for side in sides]
    ratio = stats.interval(steady)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.25, 0.25, 0.25))
    assert ratio.verdict == "faster" and ratio.level == pytest.approx(1 - 2 / 2 ** 6)
    ratio = stats.interval([40.0 if side == "B" and at < 4 else one for at, (side, one) in enumerate(zip(sides, steady))])
    assert ratio.verdict == "no difference shown" and ratio.high == pytest.approx(10)


def test_what_is_too_short_for_the_clock_is_left_out(capsys):
    samples = [{"long": at(1), "short": compare.Sample(cpu=0, wall=0.1)} for _ in range(4)]
    assert {row["name"] for row in wall.judge(samples)} == {"long"}
    assert "short: too short" in capsys.readouterr().err


def test_a_kind_that_fails_takes_no_other_with_it(monkeypatch, tmp_path, capsys):
    def take(peer, guest):
        if guest == "bad":
            raise MachineFailed("no DONE")
        return {"exit.cpuid": at(1.0 if peer == wall.OWN else 3.0)}

    monkeypatch.setattr(wall, "RESULTS", tmp_path / "wall.json")
    monkeypatch.setattr(wall, "take", take)
    monkeypatch.setattr(wall, "KINDS", {"bad": ("xen417", lambda: "bad", {"pair"}),
                                        "good": ("xen417", lambda: "good", {"exit"})})
    results, failed = wall.run(3, ["bad", "good"])
    assert failed == ["bad by the clock"] and "bad by the clock: no DONE" in capsys.readouterr().err
    assert json.loads((tmp_path / "wall.json").read_text()) == results
    [(name, base, cpu, clock)] = wall.pairs(results)
    assert (name, base) == ("exit.cpuid", "Xen 4.17")
    assert cpu["verdict"] == clock["verdict"] == "faster" and clock["value"] == pytest.approx(1 / 3)


def test_kinds_come_together_on_one_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(wall, "RESULTS", tmp_path / "wall.json")
    monkeypatch.setattr(wall, "take", lambda peer, guest: {guest: at(1.0 if peer == wall.OWN else 4.0)})
    for kind in ("suite", "pair"):
        monkeypatch.setitem(wall.KINDS, kind, ("xen417", lambda kind=kind: f"{kind}.measure", {kind}))
    monkeypatch.setattr(wall.history, "commit", lambda: "one")
    wall.run(wall.LEAST, ["suite"])
    assert {row["name"] for row in wall.run(wall.LEAST, ["pair"])[0]["rows"]} == {"suite.measure", "pair.measure"}
    monkeypatch.setattr(wall.history, "commit", lambda: "two")
    assert {row["name"] for row in wall.run(wall.LEAST, ["pair"])[0]["rows"]} == {"pair.measure"}


def test_pairs_stand_on_the_pages(monkeypatch, tmp_path):
    monkeypatch.setattr(wall, "RESULTS", tmp_path / "wall.json")
    assert "By the clock" not in report.page(RESULTS, []) and "By the clock" not in document.text(RESULTS)
    samples = [{"exit.cpuid": at(1.0 if side == "B" else 4.0)} for side in stats.order(6)]
    clock = {"commit": "abc", "when": "today", "blocks": 6, "cpus": 2, "load": 1.0,
             "rows": [{"base": "xen417", **row} for row in wall.judge(samples)]}
    wall.RESULTS.write_text(json.dumps(clock))
    text, page = document.text(RESULTS, clock=clock), report.page(RESULTS, [])
    assert "| exit.cpuid | Xen 4.17 | 0.250 | 0.250 to 0.250 | faster | 0.250 |" in text and "with 97 %" in text
    assert "<td>0.250 to 0.250</td><td>faster</td>" in page and "(of 97 %)" in page


def test_kinds_asked_for():
    both = ["skerry", "xen417", wall.table.BY_XL]
    assert wall.wanted(both, []) == list(wall.KINDS)
    assert wall.wanted(both[:2], []) == ["suite"]
    assert wall.wanted(both, ["disk.random_4k"]) == ["devices"]

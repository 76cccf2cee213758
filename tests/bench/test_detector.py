# SPDX-License-Identifier: Apache-2.0
"""The proof of the detector, on samples whose truth is made here, and what the report says of it."""

import itertools
import json

import numpy as np
import pytest

import compare
import detector
import document
import report
from test_table import RESULTS

WORDS = {0: "1000", 10: "1100"}


@pytest.fixture
def proof(monkeypatch):
    """Of a host whose CPU clock is good and whose wall clock is useless."""
    generator, started = np.random.default_rng(11), itertools.count()

    def take(command):
        next(started)
        work = int(command[-1])
        return compare.Sample(work * generator.lognormal(0, 0.02), work * generator.lognormal(0, 1.5))

    def sample(command_a, command_b, blocks):
        return SAMPLE(command_a, command_b, blocks, take)

    monkeypatch.setattr(compare, "sample", sample)
    monkeypatch.setattr(detector, "SLOWDOWNS", (0, 10))
    return detector.prove(null_series=6, series=3), next(started)


SAMPLE = compare.sample


def test_work_is_what_is_said():
    assert detector.spin(0)[-1] == WORDS[0] and detector.spin(10)[-1] == WORDS[10]


def test_rates_by_clock(proof):
    found, processes = proof
    null, slow = found["rows"]["cpu"]
    assert (null["series"], null["slower"] + null["faster"]) == (6, 0)
    assert (slow["slower"], slow["rate"]) == (3, 100.0) and slow["bounds"][1] == 100.0
    assert found["rows"]["wall"][1]["width"] > 10 * slow["width"]
    assert processes == 9 * (4 * compare.BLOCKS + 2)


def test_change_points_are_looked_for(proof):
    null, slow = proof[0]["changes"]["cpu"]
    assert null["found"] <= 2 and slow["found"] == slow["series"]


def test_rates_stand_in_the_report(proof, monkeypatch, tmp_path):
    monkeypatch.setattr(report, "DETECTOR", tmp_path / "detector.json")
    assert "detector of slow-downs" not in report.page(RESULTS, [])
    report.DETECTOR.write_text(json.dumps(proof[0]))
    page = report.page(RESULTS, [])
    assert "CPU time: one sample varies by" in page and "Wall clock: one sample varies by" in page
    text = document.text(RESULTS, proof[0])
    assert "| CPU time | 10 % | 3 | 3 | 100 % |" in text and "| wall clock | 0 % | 6 |" in text
    assert "<td>10 %</td><td>3</td><td>3</td><td>0</td><td>100.0 %</td>" in page

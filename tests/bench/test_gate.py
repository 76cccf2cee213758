# SPDX-License-Identifier: Apache-2.0
"""The exact gate: what it lets pass, and what it says of the rest."""

import gate
import jobs
import measures
import plan

BUDGETS = {"exit.cpuid": 1000, "exit.rdmsr": 200}


def judged(figures, capsys):
    counts = gate.judge(BUDGETS, figures)
    return counts, capsys.readouterr().out


def test_same_figures_pass(capsys):
    assert judged(dict(BUDGETS), capsys) == ((2, 0), "")


def test_one_percent_passes(capsys):
    assert judged({"exit.cpuid": 1010, "exit.rdmsr": 202}, capsys) == ((2, 0), "")


def test_a_rise_names_measure_old_and_new(capsys):
    counts, text = judged({"exit.cpuid": 1011, "exit.rdmsr": 200}, capsys)
    assert counts == (1, 1)
    assert "FAIL exit.cpuid: 1000 -> 1011 (+1.1 %)" in text


def test_a_fall_asks_to_be_recorded(capsys):
    counts, text = judged({"exit.cpuid": 900, "exit.rdmsr": 200}, capsys)
    assert counts == (2, 0)
    assert "exit.cpuid: 1000 -> 900 (-10.0 %): cheaper; record it" in text


def test_what_has_no_budget_or_no_figure_fails(capsys):
    counts, text = judged({"exit.cpuid": 1000, "exit.new": 5}, capsys)
    assert counts == (1, 2)
    assert "FAIL exit.new: has no budget" in text and "FAIL exit.rdmsr: has a budget" in text


def test_what_is_saved_is_loaded(tmp_path):
    gate.save(BUDGETS, tmp_path / "budgets.yaml")
    assert gate.load(tmp_path / "budgets.yaml") == BUDGETS


def test_nothing_grows():
    """With 16 other domains that idle, and with 64 vCPUs: within 2 % of what one costs."""
    budgets = gate.load()
    grown = {name: value for name, value in budgets.items() if "@" in name}
    assert {name.partition("@")[2] for name in grown} == {"domains=17", "vcpus=64"}
    for name, value in grown.items():
        assert value <= 1.02 * budgets[measures.plain(name)], name


def test_a_job_can_be_written_down():
    for job in plan.gate_jobs():
        assert jobs.from_json(jobs.to_json(job)) == job

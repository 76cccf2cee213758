# SPDX-License-Identifier: Apache-2.0
"""How a job's lines become figures, and what is kept of a job that does not end."""

import time

import pytest

import campaign
import jobs
import peers
import progress

LINES = ["measure: exit.cpuid 229 instructions", "measure: exit.hlt_pending - interrupt-before-HLT",
         "measure: hypercall.null - no-hypervisor", "measure: event.self_send 724 instructions"]


class Says(peers.Peer):
    """A machine that prints these lines, and ends."""

    name = "says"
    ends = True

    def __init__(self, lines):
        self.lines = lines

    def command(self, guest, folder):
        print_them = ["printf", "%s\\n", *self.lines]
        return print_them if self.ends else ["sh", "-c", '"$@"; exec sleep 120', "says", *print_them]


@pytest.fixture(name="peer_that_says")
def peer_that_says_fixture(monkeypatch, tmp_path):
    monkeypatch.setattr(jobs, "log_of", lambda job: tmp_path / "log")
    return lambda lines: monkeypatch.setitem(peers.PEERS, "says", Says(lines))


def test_figures_and_reasons(peer_that_says):
    peer_that_says([*LINES, "DONE 0 0"])
    figures, _ = jobs.run(jobs.Job("suite", "says", variant="domains=2"))
    assert figures == {"exit.cpuid@domains=2": 229, "event.self_send@domains=2": 724,
                       "none.exit.hlt_pending@domains=2": "interrupt before HLT"}


@pytest.mark.parametrize("last", ["FAIL send: not all has arrived", "DONE 3 1"])
def test_one_that_says_that_it_failed_is_not_waited_for(peer_that_says, last):
    """Though the machine goes on, as one does whose other domains still run."""
    peer_that_says([*LINES, last, "the others go on"])
    peers.PEERS["says"].ends = False
    start = time.monotonic()
    with pytest.raises(jobs.Unfinished, match=last) as error:
        jobs.run(jobs.Job("suite", "says"))
    assert error.value.figures["exit.cpuid"] == 229
    assert time.monotonic() - start < 60


def test_the_gate_judges_figures_alone(peer_that_says, monkeypatch, tmp_path):
    monkeypatch.setattr(progress, "TIMES", tmp_path / "times")
    peer_that_says([*LINES, "DONE 0 0"])
    assert campaign.run_all([jobs.Job("suite", "says")]) == {"exit.cpuid": 229, "event.self_send": 724}


def test_one_that_does_not_end_stops_no_other(peer_that_says, monkeypatch, tmp_path, capsys):
    """What it had measured counts, and where it stopped is said."""
    monkeypatch.setattr(progress, "TIMES", tmp_path / "times")
    peer_that_says(LINES[:1])
    work = [jobs.Job("suite", "says"), jobs.Job("suite", "says", variant="domains=2")]
    figures, failed = campaign.run(work, progress.Progress(work))
    assert figures == {"says": {"exit.cpuid": 229, "exit.cpuid@domains=2": 229}}
    assert failed == ["says suite (stopped behind exit.cpuid)",
                      "says suite domains=2 (stopped behind exit.cpuid@domains=2)"]
    assert "says suite: no '^DONE" in capsys.readouterr().err

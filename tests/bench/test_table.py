# SPDX-License-Identifier: Apache-2.0
"""What is computed from figures: the decoding taken off, ratios, growth, profiles, the pages."""

import pytest

import counting
import document
import measures
import report
import table

# Per exit 5,000 of 5,300 instructions find a length; eight of the calls read the clock.
XEN = {"exit.cpuid": 5300, "exit.port_read": 1100, "exit.rdtsc": 5400, "boot.work": 40_000_000, "boot.wait": 900_000_000,
       "lengths.exit.cpuid": 2056, "length.exit.cpuid": 5000,
       "lengths.exit.port_read": 8, "length.exit.port_read": 5000,
       "lengths.exit.rdtsc": 2056, "length.exit.rdtsc": 5000}
SKERRY = {"exit.cpuid": 90, "exit.port_read": 330, "exit.cpuid@domains=1": 100,
          "exit.cpuid@domains=16": 103, "profile.exit.cpuid.entry": 2048, "own.memory.vcpu_kib": 28}
FIGURES = {"skerry": SKERRY, "xen417": XEN}


def test_decoding_is_taken_off():
    assert measures.decoding("exit.cpuid", XEN) == 5000
    assert measures.less_decoding("exit.cpuid", XEN) == 300
    assert measures.ratio("exit.cpuid", SKERRY, XEN) == pytest.approx(0.3)


def test_what_decodes_nothing_stands_as_it_is():
    assert measures.less_decoding("exit.port_read", XEN) == 1100


def test_a_clock_without_exits_is_not_taken_off():
    figures = {**XEN, "lengths.exit.rdtsc": 0, "lengths.exit.cpuid": 2048}
    assert measures.decoding("exit.cpuid", figures) == 5000


def test_without_a_profile_nothing_is_known():
    assert measures.less_decoding("exit.cpuid", {"exit.cpuid": 5300}) is None


def test_verdicts():
    rows = {r.measure.name: r for r in table.rows(FIGURES)}
    assert rows["exit.cpuid"].verdict == "met" and rows["exit.port_read"].verdict == "met"
    assert table.row(measures.BY_NAME["exit.cpuid"], {**FIGURES, "skerry": {"exit.cpuid": 101}}
                     ).verdict == "missed"
    assert "exit.rdmsr" not in rows


def test_what_xen_cannot_do_alone_is_compared_with_the_guest_by_xl():
    by_xl = {"pair.copy_4k": 17_000, "exit.cpuid": 5100, "lengths.pair.copy_4k": 64,
             "length.pair.copy_4k": 5000}
    figures = {**FIGURES, "skerry": {**SKERRY, "pair.copy_4k": 6000}, "xen417-xl": by_xl}
    rows = {r.measure.name: r for r in table.rows(figures)}
    assert (rows["pair.copy_4k"].less, rows["pair.copy_4k"].ratio) == (12_000, 0.5)
    assert rows["exit.cpuid"].less == 300


def test_a_service_stands_beside_xens_driver_domain():
    figures = {"skerry": {"disk.random_4k": 50, "disk.random_4k@service": 30}, "xen417-xl": {"disk.random_4k": 100}}
    ratios = {r.measure.name: (r.ratio, r.values["xen417-xl"]) for r in table.rows(figures)}
    assert ratios == {"disk.random_4k": (0.5, 100), "disk.random_4k@service": (0.3, 100)}


def test_whose_the_instructions_are():
    own = {"part.hypervisor.disk.random_4k": 10, "part.domains.disk.random_4k": 40, "part.decoding.disk.random_4k": 0,
           "part.hypervisor.disk.random_4k@service": 9, "part.domains.disk.random_4k@service": 18}
    base = {"part.hypervisor.disk.random_4k": 60, "part.decoding.disk.random_4k": 10, "part.domains.disk.random_4k": 40}
    figures = {"skerry": {**SKERRY, **own}, "xen417-xl": base}
    first, second = table.parts_rows(figures)
    assert (first.ratio, first.whole, first.least) == (0.2, pytest.approx(50 / 90), 0.4)
    assert (second.name, second.ratio, second.whole, second.least) == ("disk.random_4k@service", 0.18, 0.3, 0.18)
    line = "| disk.random_4k | 10 | 40 | 60 | 10 | 40 | 0.200 | 0.556 | 0.400 |"
    assert line in document.text({**RESULTS, "figures": figures})


def test_a_variant_has_a_profile_of_its_own():
    figures = {"profile.disk.random_4k.walk": 5, "profile.disk.random_4k.copy@service": 7}
    assert table.profile(figures, "disk.random_4k") == [(5, "walk")]
    assert table.profile(figures, "disk.random_4k@service") == [(7, "copy")]


def test_growth():
    assert table.growth_rows(SKERRY, "domains") == [
        ("exit.cpuid", [(1, 100), (16, 103)], pytest.approx(3.0))]


def test_tables_hold_the_figures():
    rows = table.rows(FIGURES)
    assert "5,300" in table.as_text(rows) and "| 5,000 | 300 | 0.300 | met (0.333) |" in table.as_markdown(rows)


COUNTS = """section boot
function 100 start
function 900 udelay
function 5 -
length 0 0
wait 3 940
section mark
function 20 svm_exit
length 2 10000
wait 0 0
"""


def test_counts_are_read():
    boot, mark = counting.parse(COUNTS)
    assert (boot.work, boot.in_waits) == (65, 940)
    assert (mark.lengths, mark.in_lengths, mark.top(5)) == (2, 10000, [(20, "svm_exit")])


RESULTS = {"commit": "abc", "when": "today", "machine": "this", "failed": [], "figures": FIGURES}


def test_the_page_is_complete():
    entries = [{"commit": str(n), "figures": {"exit.cpuid": 90 + n // 6}} for n in range(12)]
    page = report.page(RESULTS, entries)
    assert "exit.cpuid" in page and page.rstrip().endswith("</html>")
    assert "5: 90 to 91" in page or "6: 90 to 91" in page  # the change point
    assert "src=" not in page and "<script" not in page  # nothing from elsewhere


def test_what_failed_is_said():
    assert "Did not finish: xen417 suite" in report.page({**RESULTS, "failed": ["xen417 suite"]}, [])


def test_what_is_missing_is_known():
    """A measure without a figure of Skerry's, and an aim without Xen's."""
    missing = table.missing(FIGURES)
    assert "exit.cpuid" not in missing and "exit.rdmsr" in missing and "domain.boot" in missing
    lonely = {"skerry": {m.name: 1 for m in measures.ALL}}
    assert set(table.missing(lonely)) == {m.name for m in measures.ALL if m.aim}


def test_exits_stand_beside_those_of_a_boot():
    own = {**SKERRY, "own.exits.hlt": 70, "own.exits.io": 9, "own.exits_boot.hlt": 30}
    results = {**RESULTS, "figures": {"skerry": own}}
    assert report.exit_rows(results) == [("hlt", 70, 30), ("io", 9, None)]
    assert "| hlt | 70 | 30 |" in document.text(results) and "<td>hlt</td><td>70</td>" in report.page(results, [])


def test_what_a_peer_cannot_measure_is_said_with_its_reason():
    own = {**SKERRY, **{f"none.memory.hypervisor@{variant}": "not privileged"
                        for variant in ("domains=1", "domains=16", "system=two")}}
    figures = {"skerry": own, "xen417": XEN,
               "xen420": {"exit.cpuid": 5400, "none.exit.hlt_pending": "interrupt before HLT"}}
    results = {**RESULTS, "figures": figures}
    line = "exit.hlt_pending on Xen 4.20: not measured: interrupt before HLT."
    assert table.absent_lines(figures) == [line]
    assert line in report.page(results, []) and line in document.text(results)


def test_both_machines_stand_side_by_side():
    figures = {**FIGURES, "skerry-ryzen": {"exit.cpuid": 80}, "xen417-ryzen": {"exit.cpuid": 400}}
    (r,) = table.reported_rows(figures)
    assert (r.own, r.less, r.own_reported, r.base_reported, r.ratio) == (90, 300, 80, 400, 0.2)
    assert "| exit.cpuid | 90 | 300 | 80 | 400 | 0.200 |" in document.text({**RESULTS, "figures": figures})
    assert "<td>0.200</td>" in report.page({**RESULTS, "figures": figures}, [])
    assert "Not measured in this run" in document.text(RESULTS)


def test_the_document_holds_table_and_commands():
    text = document.text(RESULTS)
    assert "This run had Skerry, Xen 4.17.\n" in text
    assert "| exit.cpuid | 90 | 5,300 |" in text and "make bench" in text

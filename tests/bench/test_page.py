# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: it must load whole, with nothing on the console, and no text of a
picture may stand on another or beyond the window."""

import re
import shutil
import subprocess

import pytest

import measures
import report
from test_table import FIGURES, RESULTS, SKERRY

OWN = {**SKERRY, **{m.name: 1000 for m in measures.ALL}, "own.exits.hlt": 7, "own.exits_boot.hlt": 3,
       "own.boot_part.core": 1000, "exit.cpuid@system=two": 100,
       **{f"exit.{kind}@domains={n}": 100 + n * grows for kind, grows in (("cpuid", 0), ("rdmsr", 1))
          for n in (1, 2, 4, 8, 16, 17)},
       **{f"exit.cpuid@vcpus={n}": 100 for n in (1, 64)}}
FULL = {**RESULTS, "figures": {**FIGURES, "skerry": OWN, "xen417": {**FIGURES["xen417"], **{
    m.name: 5000 for m in measures.ALL}}, "skerry-ryzen": {"exit.cpuid": 80}, "xen417-ryzen": {"exit.cpuid": 400}}}
# In a copy of the page alone: what stands on another text of its picture, or beyond the window.
LOOK = """<script>
const boxes = [...document.querySelectorAll("svg")].map(svg => [...svg.querySelectorAll("text")]
  .filter(text => text.textContent.trim()).map(text => [text.textContent, text.getBoundingClientRect()]));
const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const found = boxes.flatMap(texts => texts.flatMap(([a, one], i) => texts.slice(i + 1)
  .filter(([b, two]) => over(one, two)).map(([b]) => a + " on " + b)));
if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the window");
console.log("LOOKED at " + boxes.flat().length + ": " + found.join(", "));
</script>"""


def loaded(page, folder):
    """(the page as the browser has it, what its console says)"""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium, which make check-all installs")
    (folder / "index.html").write_text(page)
    run = subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom",
                          "--enable-logging=stderr", "--window-size=1400,1000", f"--user-data-dir={folder}/profile",
                          (folder / "index.html").as_uri()],
                         text=True, capture_output=True, timeout=120, check=True)
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.slow
def test_a_browser_has_nothing_to_say(tmp_path):
    page, console = loaded(report.page(FULL, []), tmp_path)
    assert console == []
    assert page.count("<svg") >= 3 and "What these figures do not show" in page


@pytest.mark.slow
def test_no_text_stands_on_another(tmp_path):
    page = report.page(FULL, [])
    (line,) = loaded(page.replace("</body>", LOOK + "</body>"), tmp_path)[1]
    count, found = re.search(r'"LOOKED at (\d+): (.*?)"', line).groups()
    assert int(count) > 50 and found == ""


@pytest.mark.slow
def test_text_on_text_is_seen(tmp_path):
    bad = '<svg width="200" height="50"><text x="5" y="20">one</text><text x="8" y="20">two</text></svg>'
    (line,) = loaded(f"<!doctype html><body>{bad}{LOOK}</body>", tmp_path)[1]
    assert "one on two" in line

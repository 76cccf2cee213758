# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: it must load whole, with nothing on the console."""

import shutil
import subprocess

import pytest

import report
from test_table import RESULTS


@pytest.mark.slow
def test_a_browser_has_nothing_to_say(tmp_path):
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("needs chromium, which make check-all installs")
    (tmp_path / "index.html").write_text(report.page(RESULTS, []))
    run = subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom",
                          "--enable-logging=stderr", f"--user-data-dir={tmp_path}/profile",
                          (tmp_path / "index.html").as_uri()],
                         text=True, capture_output=True, timeout=120, check=True)
    assert "CONSOLE" not in run.stderr
    assert run.stdout.count("<svg") >= 2 and "What these figures do not show" in run.stdout

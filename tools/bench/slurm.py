# SPDX-License-Identifier: Apache-2.0
"""Runs a campaign's jobs on an existing Slurm cluster: one array of jobs, each of which writes its
figures into a file of a folder that all machines see. Setting a cluster up is not its business."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jobs
import peers

SCRIPT = """\
#!/bin/sh
exec {python} {tool} job {folder} $SLURM_ARRAY_TASK_ID
"""


def write_campaign(work, folder):
    """The folder that a job needs to know: the list, and the script of the array."""
    (folder / "jobs.jsonl").write_text("".join(jobs.to_json(job) + "\n" for job in work))
    script = folder / "job.sh"
    script.write_text(SCRIPT.format(python=sys.executable, tool=peers.ROOT / "tools" / "bench",
                                    folder=folder))
    return script


def result_path(folder, number):
    return folder / f"result-{number}.json"


def run_one(folder, number):
    """What a machine of the cluster runs: job `number` of the list."""
    job = jobs.from_json((folder / "jobs.jsonl").read_text().splitlines()[number])
    figures, seconds = jobs.run(job)
    path = result_path(folder, number)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"figures": figures, "seconds": seconds}))
    partial.rename(path)  # its presence says complete


def submit(script, count, folder):
    """Submits the array and waits for its end. Jobs that fail are missed when gathering."""
    command = ["sbatch", "--wait", "--parsable", f"--array=0-{count - 1}", "--job-name=skerry-bench",
               f"--chdir={peers.ROOT}", f"--output={folder}/job-%a.log", str(script)]
    print(f"bench: {count} jobs for Slurm: squeue --name=skerry-bench", file=sys.stderr)
    run = subprocess.run(command, text=True, stdout=subprocess.PIPE, check=False)
    if not run.stdout.strip():
        raise SystemExit("bench: sbatch did not take the jobs")


def gather(work, folder):
    """(peer to figures, titles of the jobs that left no result)."""
    figures, failed = {}, []
    for number, job in enumerate(work):
        path = result_path(folder, number)
        if path.exists():
            figures.setdefault(job.peer, {}).update(json.loads(path.read_text())["figures"])
        else:
            print(f"bench: {job.title}: no result; see {folder}/job-{number}.log", file=sys.stderr)
            failed.append(job.title)
    return figures, failed


def run_campaign(work):
    peers.OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir=peers.OUT))
    submit(write_campaign(work, folder), len(work), folder)
    return gather(work, folder)

# SPDX-License-Identifier: Apache-2.0
"""A campaign on Slurm: its files, and, slow, real jobs on a cluster of one node on loopback."""

import json
import os
import shutil
import socket
import subprocess
import time

import pytest

import jobs
import peers
import slurm

WORK = [jobs.Job("suite", "floor"), jobs.Job("suite", "bare", "exits")]

CONFIGURATION = """\
ClusterName=skerry
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=bench Nodes=ALL Default=YES State=UP
"""


def test_a_campaign_is_written_down(tmp_path):
    script = slurm.write_campaign(WORK, tmp_path)
    lines = (tmp_path / "jobs.jsonl").read_text().splitlines()
    assert [jobs.from_json(line) for line in lines] == WORK
    assert f"job {tmp_path} $SLURM_ARRAY_TASK_ID" in script.read_text()


def test_what_left_no_result_has_failed(tmp_path):
    found = {"figures": {"exit.cpuid": 44}, "seconds": 1}
    slurm.result_path(tmp_path, 0).write_text(json.dumps(found))
    figures, failed = slurm.gather(WORK, tmp_path)
    assert figures == {"floor": {"exit.cpuid": 44}} and failed == [WORK[1].title]


def free_ports(count):
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in found]
    for one in found:
        one.close()
    return ports


def daemons(folder):
    """Started in the foreground, so that they can be ended as our own children."""
    munge = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
             f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid",
             f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed"]
    return [munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D"]]


def wait_until_idle(seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = subprocess.run(["sinfo", "-h", "-o", "%T"], text=True, capture_output=True, check=False)
        if run.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    pytest.fail(f"the node is not idle: {run.stdout}{run.stderr}")


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    if os.geteuid() or not shutil.which("slurmctld"):
        pytest.skip("needs root, and slurm-wlm and munge, which make check-all installs")
    for name in ("state", "spool"):
        (tmp_path / name).mkdir()
    (tmp_path / "munge.key").write_bytes(os.urandom(128))
    (tmp_path / "munge.key").chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    (tmp_path / "slurm.conf").write_text(
        CONFIGURATION.format(folder=tmp_path, host=host, ports=free_ports(2)))
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    running = []
    for command in daemons(tmp_path):
        log = open(tmp_path / f"{command[0]}.out", "wb")  # pylint: disable=consider-using-with
        running.append(subprocess.Popen(command, stdout=log, stderr=log))
        time.sleep(1)
    try:
        wait_until_idle()
        yield tmp_path
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(30)


@pytest.mark.slow
def test_jobs_run_on_a_cluster(cluster, tmp_path):
    script = slurm.write_campaign(WORK, tmp_path)
    slurm.submit(script, len(WORK), tmp_path)
    figures, failed = slurm.gather(WORK, tmp_path)
    assert not failed
    here = {job.peer: jobs.run(job)[0] for job in WORK}
    assert figures == here
    assert peers.FLOOR.exists() and figures["floor"]["exit.cpuid"] > 20

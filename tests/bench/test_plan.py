# SPDX-License-Identifier: Apache-2.0
"""Which jobs a campaign has."""

import jobs
import peers
import plan


def test_each_title_once():
    """The progress line and the logs tell jobs apart by their titles."""
    work = plan.bench_jobs(["skerry", "xen417", "xen417-xl", "xen420", "bare", "floor"], plan.MATRIX)
    assert len({job.title for job in work}) == len(work)
    assert len({jobs.log_of(job) for job in work}) == len(work)


def test_peers_are_chosen():
    assert {job.peer for job in plan.bench_jobs(["floor", "bare"], plan.MATRIX)} == {"floor", "bare"}


def kinds(*patterns):
    work = plan.wanted(plan.bench_jobs(["skerry"], None), patterns)
    return {job.kind for job in work}


def test_measures_choose_jobs():
    assert kinds("workload.boot") == {"workload", "exits"}
    assert kinds("disk.random_4k") == {"devices", "devices-profile"}
    assert kinds("domain") == {"restart", "boots"}
    assert kinds("exit", "hypercall.null") == {"suite", "profile"}
    assert kinds("boot") == {"suite", "profile", "own"}
    assert kinds() == {job.kind for job in plan.bench_jobs(["skerry"], None)}


def test_a_matrix_of_ones_own(tmp_path):
    path = tmp_path / "matrix.yaml"
    path.write_text("systems:\n  - {name: pair, group: calls, domains: 2, others: [idle]}\n")
    assert plan.matrix_jobs(path) == [
        jobs.Job("suite", "skerry", "calls", domains=2, mixed=("idle",), variant="system=pair")]


def test_a_domain_for_xl():
    guest = plan.domain_pair("xen417-xl").guest()
    first, second = (dict(line.split(" = ", 1) for line in peers.xl_config(guest, n).splitlines())
                     for n in range(2))
    assert (first["name"], second["name"]) == ('"d1"', '"d2"')
    assert second["cmdline"] == '"granter console=port"' and second["type"] == '"pvh"'
    assert "ramdisk" not in first


def test_pairs_have_the_same_machine():
    """Their instructions are compared, so nothing else may differ."""
    jobs_of = [plan.domain_pair(name) for name in ("skerry", "xen417-xl")]
    assert {job.guest().cpu for job in jobs_of} == {peers.PV_CPU}


def test_the_same_guests_whatever_is_behind_them(tmp_path, monkeypatch):
    """A disk and networks of a driver domain or of services: the guests' lines do not differ."""
    monkeypatch.setattr(peers.subprocess, "run", lambda *_, **__: None)
    texts = []
    for variant in ("", "service"):
        guest = jobs.devices_of(jobs.Job("devices", "skerry", "between", variant=variant))
        peers.skerry_image(guest, tmp_path)
        texts.append((tmp_path / "system.yaml").read_text().splitlines())
    linux, service = texts
    assert [line for line in linux if "name: d" in line and "drivers" not in line] == \
        [line for line in service if "name: d" in line and "disks" not in line]
    assert "  - network: {front: d1, back: drivers, bridge: br0}" in linux
    assert "  - network: {front: d1, back: switch}" in service and '  - disk: {front: d0, back: disks, source: "ram:64MiB"}' in service
    second = dict(line.split(" = ", 1) for line in peers.xl_config(guest, 1).splitlines())
    assert "vif" in second and "disk" not in second


def test_a_matrix_of_kernels(tmp_path):
    path = tmp_path / "matrix.yaml"
    path.write_text("systems:\n  - {name: two, work: [memory, timer], domains: 2, cpus: 2, memory_mib: [192, 256]}\n")
    (job,) = plan.matrix_jobs(path)
    assert job == jobs.Job("crowd", "skerry", domains=2, cpus=2, memory_mib=(192, 256),
                           mixed=("memory", "timer"), variant="system=two")
    guest = peers.Guest(peers.LINUX, domains=2, memory_mib=job.memory_mib)
    assert (guest.size(0), guest.size(1), guest.machine_mib) == (192, 256, 736)


def test_every_job_can_be_written_down():
    for job in plan.bench_jobs(["skerry"], plan.MATRIX):
        assert jobs.from_json(jobs.to_json(job)) == job

# SPDX-License-Identifier: Apache-2.0
"""`make bench` and its parts: measures Skerry beside its peers, judges, and writes the report."""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path

import campaign
import compare
import detector
import document
import gate
import history
import measures
import peers
import plan
import report
import slurm
import table
import wall
from progress import Progress, Steps


def command_gate(args):
    figures = campaign.run_all(plan.gate_jobs())
    if args.record:
        gate.save(figures)
        print(f"bench: recorded {len(figures)} budgets")
        return 0
    passed, failed = gate.judge(gate.load(), figures)
    print(f"bench: {passed} passed, {failed} failed")
    return 1 if failed else 0


def emulator():
    run = subprocess.run(["qemu-system-x86_64", "--version"], text=True, stdout=subprocess.PIPE,
                         check=True)
    return run.stdout.splitlines()[0] + f", -cpu {peers.CPU}, -icount shift=0"


def chosen(figures, patterns):
    """Of the measures asked for, with what belongs to them."""
    return {peer: {name: value for name, value in own.items()
                   if not measures.is_public(name) or measures.matches(measures.plain(name), patterns)}
            for peer, own in figures.items()}


def command_run(args):
    names = [name for name in args.peers if peers.present(peers.PEERS[name])]
    work = plan.wanted(plan.bench_jobs(names, args.matrix), args.measures)
    if args.slurm:
        figures, failed = slurm.run_campaign(work)
    else:
        figures, failed = campaign.run(work, Progress(work))
    kinds = [kind for kind in wall.wanted(names, args.measures) if kind in args.clock]
    if kinds:
        failed += wall.run(args.blocks, kinds)[1]
    results = {"commit": history.commit(), "when": history.now(), "machine": emulator(),
               "figures": chosen(figures, args.measures), "failed": failed}
    history.append(results)
    path = report.write(results)
    print((peers.OUT / "report.txt").read_text(), end="")
    print(f"bench: {path.relative_to(peers.ROOT)}")
    return 1 if failed else 0


def command_job(args):
    slurm.run_one(args.folder, args.number)
    return 0


def own_unit(name):
    """Of what the hypervisor tells of itself."""
    if name.startswith("own.exits"):
        return "exits"
    return {"kib": "KiB", "ms": "ms"}.get(name.rpartition("_")[2], measures.INSTRUCTIONS)


def figure_lines(figures):
    """name, value, unit: each peer's, what Skerry tells of itself, the ratios to Xen less its decoding, and
    the growth."""
    for peer, own in sorted(figures.items()):
        for name, value in sorted(own.items()):
            if measures.is_public(name):
                yield f"bench.{peer}.{name}", value, measures.find(measures.plain(name)).unit
            elif name.startswith("own."):
                yield f"bench.{peer}.{name}", value, own_unit(name)
    for row in table.rows(figures):
        if row.less is not None:
            base = table.base_of(row.values)
            yield f"bench.{base}.{row.measure.name}.less_decoding", row.less, row.measure.unit
        if row.ratio is not None:
            yield f"bench.ratio.{row.measure.name}", f"{row.ratio:.3f}", "ratio"
    for name, _, percent in table.growth_rows(figures.get("skerry", {}), "domains"):
        yield f"bench.growth_16_other_domains.{name}", f"{percent:.2f}", "%"


def command_figures(_args):
    work = plan.figure_jobs()
    figures, failed = campaign.run(work, Progress(work))
    for name, value, unit in figure_lines(figures):
        print(f"{name}\t{value}\t{unit}")
    missing = table.missing(figures)
    for line in missing:
        print(f"bench: {line}: no figure", file=sys.stderr)
    return 1 if failed or missing else 0


def command_report(_args):
    print(report.write(report.load()).relative_to(peers.ROOT))
    return 0


def command_docs(_args):
    print(document.write(report.load()).relative_to(peers.ROOT))
    return 0


def command_compare(args):
    found = compare.compare(shlex.split(args.a), shlex.split(args.b), args.blocks)
    for clock, r in found.items():
        print(f"{clock}: B takes {r.value:.4f} of A's time; {100 * r.level:.0f} % interval {r.low:.4f} to "
              f"{r.high:.4f}: {r.verdict}")
    return 1 if found[args.clock].verdict == "slower" else 0


def wall_lines(results):
    """name, value, unit of the pairs by the clock: each ratio with its interval's ends."""
    for row in results["rows"]:
        name = f"bench.{row['clock']}_ratio.{row['name']}"
        yield name, f"{row['value']:.3f}", "ratio"
        yield name + ".low", f"{row['low']:.3f}", "ratio"
        yield name + ".high", f"{row['high']:.3f}", "ratio"


def command_wall(args):
    results, failed = wall.run(args.blocks, args.kinds)
    for name, value, unit in wall_lines(results):
        print(f"{name}\t{value}\t{unit}")
    if report.RESULTS.exists():
        report.write(report.load())
    return 1 if failed else 0


def command_prove(_args):
    report.DETECTOR.write_text(json.dumps(detector.prove(Steps(detector.SERIES_IN_ALL)), indent=1))
    if report.RESULTS.exists():
        report.write(report.load())
    print(report.DETECTOR.read_text())
    return 0


def words_of(text, known, what):
    words = [word for word in text.split(",") if word]
    unknown = set(words) - set(known)
    if unknown:
        raise argparse.ArgumentTypeError(f"no such {what}: {', '.join(sorted(unknown))}")
    return words


def names_of(text):
    return words_of(text, peers.PEERS, "peer")


def kinds_of(text):
    return words_of(text, wall.KINDS, "kind")


def blocks_of(text):
    """Of one or two blocks the extremes hold nothing."""
    blocks = int(text)
    if blocks < wall.LEAST:
        raise argparse.ArgumentTypeError(f"at least {wall.LEAST} blocks")
    return blocks


def matrix_of(text):
    return Path(text) if text != "none" else None


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("gate", help="compare the exact figures with their budgets")
    check.add_argument("--record", action="store_true", help="write the budgets instead")
    check.set_defaults(run=command_gate)
    run = commands.add_parser("run", help="measure all peers and write the report")
    run.add_argument("--peers", type=names_of, default=list(peers.PEERS),
                     help="a list with commas; all: " + ",".join(peers.PEERS))
    run.add_argument("--measures", type=lambda text: text.split(","), default=[],
                     help="measures or groups to take, with commas; all when not given")
    run.add_argument("--matrix", type=matrix_of, default=plan.MATRIX, help="a file, or none")
    run.add_argument("--clock", type=kinds_of, default=["suite"],
                     help="what is taken by the clock too, a list with commas: " + ",".join(wall.KINDS))
    run.add_argument("--blocks", type=blocks_of, default=wall.BLOCKS, help="of four machines each, by the clock")
    run.add_argument("--slurm", action="store_true", help="on the cluster that sbatch reaches")
    run.set_defaults(run=command_run)
    job = commands.add_parser("job", help="one job of a Slurm campaign's folder")
    job.add_argument("folder", type=Path)
    job.add_argument("number", type=int)
    job.set_defaults(run=command_job)
    lines = commands.add_parser("figures", help="what `make figures` prints of it")
    lines.set_defaults(run=command_figures)
    again = commands.add_parser("report", help="write the report anew from build/bench/results.json")
    again.set_defaults(run=command_report)
    pages = commands.add_parser("docs", help="write docs/performance.md from the same")
    pages.set_defaults(run=command_docs)
    pair = commands.add_parser("compare", help="the time of two commands, interleaved")
    pair.add_argument("a", help="with the program's whole path")
    pair.add_argument("b")
    pair.add_argument("--blocks", type=int, default=compare.BLOCKS, help="of four samples each")
    pair.add_argument("--clock", choices=compare.CLOCKS, default="wall",
                      help="which one's verdict is the exit status; both are shown")
    pair.set_defaults(run=command_compare)
    clock = commands.add_parser("wall", help="Skerry and Xen by the clock, in interleaved pairs")
    clock.add_argument("--blocks", type=blocks_of, default=wall.BLOCKS, help="of four machines each")
    clock.add_argument("--kinds", type=kinds_of, default=list(wall.KINDS),
                       help="a list with commas; all: " + ",".join(wall.KINDS))
    clock.set_defaults(run=command_wall)
    proof = commands.add_parser("prove", help="power and false alarms of the detector, on this host")
    proof.set_defaults(run=command_prove)
    return parser.parse_args()


def main():
    args = arguments()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())

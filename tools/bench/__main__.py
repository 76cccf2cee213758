# SPDX-License-Identifier: Apache-2.0
"""`make bench` and its parts: measures Skerry beside its peers, judges, and writes the report."""

import argparse
import sys

import gate
import jobs
import plan
from progress import Progress


def run_all(work):
    """All figures of these jobs, one peer's: name to value."""
    figures, progress = {}, Progress(work)
    for job in work:
        with progress.running(job):
            figures.update(jobs.run(job)[0])
    return figures


def command_gate(args):
    figures = run_all(plan.gate_jobs())
    if args.record:
        gate.save(figures)
        print(f"bench: recorded {len(figures)} budgets")
        return 0
    passed, failed = gate.judge(gate.load(), figures)
    print(f"bench: {passed} passed, {failed} failed")
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("gate", help="compare the exact figures with their budgets")
    check.add_argument("--record", action="store_true", help="write the budgets instead")
    check.set_defaults(run=command_gate)
    return parser.parse_args()


def main():
    args = arguments()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())

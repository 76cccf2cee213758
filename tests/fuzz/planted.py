#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that each fuzzer can fail: plants one defect for it in a copy of the
tree, fuzzes, and expects it to be found within SECONDS.

    tests/fuzz/planted.py TARGET..."""

import os
import re
import shutil
import subprocess
import sys

import run

COPY = run.BUILD / "planted"
SECONDS = 60

# By target: the file, the text that is there, the text with the defect.
PLANTED = {
    "hypercall": ("hv/xen/evtchn.c", "if (port >= port_end(d))", "if (port > 1 << 20)"),
    "secrets": ("hv/xen/clock.c", "memset(&r, 0, sizeof(r));", ""),
    "manifest": ("hv/builder/boot.c", "return first <= count && n <= count - first;", "return n <= count;"),
    "kernel": ("tools/skerry/kernel_elf.c", "if (!inside(s->offset, s->filesz, e->size))",
               "if (s->offset > e->size)"),
    "system": ("tools/skerry/rules_form.c",
               "rule_is_mapping(struct rule_check *c) {\n  if (c->node->type != YAML_MAPPING_NODE)",
               "rule_is_mapping(struct rule_check *c) {\n  if (!c->node)"),
    "image": ("tools/skerry/image_read.c", "!inside(d->first_region, d->regions, h->regions.count) ||", ""),
    "acpi": ("hv/arch/x86_64/acpi/parse.c", "at + length > t->length || ", ""),
    "store": ("services/store/watch.c", "if (!w || !account_charge(s, c, watch_cost(w))) {", "if (!w) {"),
    "block": ("services/block/request.c", "if (r->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)",
              "if (r->nr_segments > 255)"),
    "net": ("services/net/chain.c", "if (c->parts == XEN_NETIF_NR_SLOTS_MIN ||", "if ("),
    "console": ("services/console/mux.c", "if (m->open)\n    end_line(m);\n  if (s->name) {", "if (s->name) {"),
    "decode": ("hv/arch/x86_64/cpu/decode.c", "return at < c->n ?", "return at <= c->n ?"),
}


def copy_tree():
    shutil.rmtree(COPY, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=run.ROOT, check=True, stdout=subprocess.PIPE)
    for name in files.stdout.decode().split("\0")[:-1]:
        (COPY / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(run.ROOT / name, COPY / name)
    for folder in (run.ROOT / "build" / "obj").glob("fuzz-*"):
        shutil.copytree(folder, COPY / "build" / "obj" / folder.name)


def plant(target):
    """Puts the defect in; returns the way back."""
    path, good, bad = PLANTED[target]
    text = (COPY / path).read_text()
    if text.count(good) != 1:
        sys.exit(f"planted.py: the place of {target}'s defect is no longer in {path}")
    (COPY / path).write_text(text.replace(good, bad))
    return lambda: (COPY / path).write_text(text)


def found(target):
    restore = plant(target)
    make = os.environ.get("MAKE", "make")
    subprocess.run([make, "-s", "--no-print-directory", f"build/fuzz/{target}"], cwd=COPY, check=True,
                   stdout=subprocess.DEVNULL)
    restore()
    work = COPY / "corpus" / target  # the first folder takes what is new
    work.mkdir(parents=True)
    done = subprocess.run([COPY / "build" / "fuzz" / target, *run.LIMITS, f"-max_total_time={SECONDS}",
                           "-max_len=32768", f"-artifact_prefix={COPY}/", work,
                           run.corpus(target)],
                          cwd=COPY, env=run.ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    said = re.search(r"SUMMARY: .*|broken: .*", done.stdout)
    print(f"{target}: {'found: ' + said.group(0) if done.returncode and said else 'NOT FOUND'}", flush=True)
    return bool(done.returncode and said)


def main():
    copy_tree()
    results = [found(target) for target in sys.argv[1:]]
    shutil.rmtree(COPY)
    print(f"fuzz-planted: {results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

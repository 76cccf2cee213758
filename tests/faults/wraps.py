#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation and every status-returning call that the contracts name, made to fail
on demand: a wrapper for each, from the headers, that asks fault_due (fault.h).

    tests/faults/wraps.py HEADER... > wraps.c
    tests/faults/wraps.py --flags HEADER...       the linker's flags for them"""

import re
import sys
from pathlib import Path

DECLARED = re.compile(r"^(enum status|mfn_t|void \*) ?(\w+)\(([^()]*)\)\s*(?:__must_check\s*)?;", re.MULTILINE)
FAILURE = {"enum status": "STATUS_NO_MEMORY", "mfn_t": "MFN_INVALID", "void *": "NULL"}
# Answers, not resources; calls whose contract says that they do not fail; and those that say
# themselves why they do.
CANNOT_FAIL = {"arena_page_of", "arch_window_open", "boot_phys", "range_frame", "guest_page_pin", "arena_page_mfn",
               "channels_check", "sched_init"}
# These fail when a large leaf has to be split or a table to be made, and not else.
SPLITS = {"p2m_remove": "p2m_lookup(p.d, gfn).order > 0 && ",
          "p2m_set_type": "p2m_lookup(p.d, gfn).order > 0 && ",
          "p2m_add": "p2m_lookup(p.d, gfn).order > order && "}


def functions(paths):
    """(type, name, parameters, names of these)."""
    for path in paths:
        for kind, name, parameters in DECLARED.findall(Path(path).read_text()):
            names = [] if parameters == "void" else [re.findall(r"\w+", p)[-1] for p in parameters.split(",")]
            if name not in CANNOT_FAIL:
                yield kind, name, " ".join(parameters.split()), names


def failure(kind, name):
    return "STATUS_FAULT" if name.startswith("guest_") and kind == "enum status" else FAILURE[kind]


def main():
    paths = [argument for argument in sys.argv[1:] if argument != "--flags"]
    if "--flags" in sys.argv:
        print(",".join(f"--wrap={name}" for _, name, _, _ in functions(paths)))
        return
    for path in paths:
        print(f"#include <{path.removeprefix('hv/include/').removeprefix('hv/')}>")
    print("bool fault_due(const char *name);")
    for kind, name, parameters, names in functions(paths):
        print(f"{kind} __real_{name}({parameters}) __attribute__((weak));\n{kind} __wrap_{name}({parameters});\n"
              f"{kind} __wrap_{name}({parameters}) {{\n  return {SPLITS.get(name, '')}fault_due(\"{name}\") ? {failure(kind, name)}"
              f" : __real_{name}({', '.join(names)});\n}}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Every lint rule finds what it is there to find, in a bad example of its own,
and passes a good one."""

import pytest

import rules
from tree import Source, find_functions

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
LONG = "int f(int a,\n      int b) {\n" + "  a++;\n" * 60 + "}\n"
TABLE = LONG.replace("{\n", "{\n  /* lint: table */\n", 1)

VENDOR = "hv/arch/x86_64/include/asm/vendor.h"

BAD = [
    (rules.includes_run_one_way, "hv/core/a.c", "#include <xen/state.h>\n"),
    (rules.includes_run_one_way, "hv/lib/a.h", "#include <arch/arch.h>\n"),
    (rules.includes_run_one_way, "hv/xen/a.c", '#include "builder/boot.h"\n'),
    (rules.abi_includes_abi_alone, "abi/x/a.h", "#include <frame.h>\n"),
    (rules.core_names_no_xen, "hv/core/a.c", "int xen_version;\n"),
    (rules.core_names_no_architecture, "hv/core/a.c", "#ifdef __x86_64__\n#endif\n"),
    (rules.xen_includes_no_vendor, "hv/xen/a.c", "#include <asm/vendor.h>\n"),
    (rules.xen_includes_no_vendor, "hv/builder/a.c", "#include <asm/platform.h>\n"),
    (rules.vendors_stay_apart, "hv/arch/x86_64/svm/a.c", "#include <arch/x86_64/vmx/vmx.h>\n"),
    (rules.seam_is_small, VENDOR, "struct x86_vendor {\n" + "  void (*f)(void);\n" * 21 + "};\n"),
    (rules.seam_is_small, VENDOR, "struct x86_vendor {\n  void (*f)(void);\n};\n"),  # not the page's
    (rules.files_are_short, "hv/core/a.c", "int a;\n" * 1001),
    (rules.functions_are_short, "hv/core/a.c", LONG),
    (rules.files_name_their_licence, "hv/core/a.c", "int a;\n"),
    (rules.no_conditionals_in_functions, "hv/core/a.c", "int f(void) {\n#ifdef A\n#endif\n}\n"),
    (rules.no_machine_paths, "docs/a.md", "see /home/" + "somebody/notes\n"),
    (rules.options_exist_and_are_used, "hv/core/a.c", "#ifdef CONFIG_NOT_THERE\n#endif\n"),
    (rules.options_exist_and_are_used, "hv/Kconfig", "config UNUSED\n"),
    (rules.links_resolve, "docs/a.md", "[a](not-there.md)\n"),
    (rules.scripts_parse, "tools/a.py", "def f(:\n"),
    (rules.scripts_parse, "tools/a.sh", "#!/bin/sh\nif true\n"),
]

GOOD = [
    (rules.includes_run_one_way, "hv/xen/a.c", "#include <lib/types.h>\n#include <domain.h>\n"),
    (rules.core_names_no_xen, "hv/core/a.c", "/* as Xen does */\nint version;\n"),
    (rules.functions_are_short, "hv/core/a.c", TABLE),
    (rules.functions_are_short, "hv/core/a.c", "static int t[] = {\n" + "  1,\n" * 70 + "};\n"),
    (rules.no_conditionals_in_functions, "hv/core/a.c", "#ifdef A\nint f(void) {\n}\n#endif\n"),
    (rules.links_resolve, "docs/a.md", "[a](https://example.org) [b](#part)\n"),
]


def case_id(case):
    return case.__name__ if callable(case) else None


@pytest.mark.parametrize("rule, path, text", BAD, ids=case_id)
def test_finds(rule, path, text):
    assert list(rule([Source(path, text)]))


@pytest.mark.parametrize("rule, path, text", GOOD, ids=case_id)
def test_passes(rule, path, text):
    assert not list(rule([Source(path, text)]))


def test_finds_what_both_vendors_say():
    text = "int f(int a) {\n" + "".join(f"  a += {n};\n" for n in range(5)) + "}\n"
    both = [Source("hv/arch/x86_64/svm/a.c", text), Source("hv/arch/x86_64/vmx/b.c", "\n" + text)]
    assert [(path, line) for path, line, _ in rules.vendors_repeat_nothing(both)] == [(both[1].path, 2)]
    both[1] = Source(both[1].path, text.replace("3", "4"))
    assert not list(rules.vendors_repeat_nothing(both))


def test_finds_bad_format(tmp_path, monkeypatch):
    (tmp_path / "a.c").write_text("int  a ;\n")
    monkeypatch.setattr(rules.tree, "ROOT", tmp_path)
    assert list(rules.code_is_formatted([Source("a.c", "int  a ;\n")]))


def test_function_lengths():
    source = Source("a.c", SPDX + "struct a {\n  int b;\n};\n\nstatic int f(void) {\n  g();\n}\n")
    assert [(f.name, f.first, f.lines) for f in find_functions(source.code)] == [("f", 6, 3)]

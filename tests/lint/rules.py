# SPDX-License-Identifier: Apache-2.0
"""The lint rules. Each takes the list of sources and yields (path, line, text)
for what it finds; each has a bad example in test_rules.py."""

import re
import subprocess

import tree

MAX_FILE_LINES = 1000
MAX_FUNCTION_LINES = 60
TABLE_MARKER = "lint: table"  # in a comment of a function that is a table or a switch


def in_c(sources, *folders):
    return (s for s in sources if s.is_c and (not folders or s.under(*folders)))


def match_lines(lines, pattern):
    regex = re.compile(pattern)
    return ((number, line) for number, line in enumerate(lines, 1) if regex.search(line))


# --- What may include what ---------------------------------------------------

# Contracts (hv/include) belong to the core's height. The architecture and the
# drivers fulfil contracts, and nobody includes them but through asm/ and arch/.
HEIGHTS = {"abi": 0, "lib": 1, "include": 2, "core": 2, "drivers": 2, "arch": 2, "xen": 3,
           "builder": 4}

# Where the core's structures take in the personality's, by value; and what
# gives the headers that the host shares with us their integer types.
SEAMS = {("hv/include/domain.h", "xen/state.h"), ("hv/include/personality.h", "xen/state.h"),
         ("abi/manifest/manifest.h", "lib/types.h")}


def height_of_path(path):
    parts = path.split("/")
    return HEIGHTS.get(parts[0] if parts[0] == "abi" else parts[1])


def height_of_include(name):
    first = name.split("/")[0]
    return HEIGHTS["include"] if first in ("asm", "arch") else HEIGHTS.get(first)


def includes_run_one_way(sources):
    for source in in_c(sources, "abi", "hv"):
        own = height_of_path(source.path)
        for line, name in source.includes:
            theirs = height_of_include(name)
            if (source.path, name) in SEAMS or own is None or theirs is None:
                continue
            if theirs > own:
                yield source.path, line, f"includes <{name}>, which stands above it"


def abi_includes_abi_alone(sources):
    for source in in_c(sources, "abi"):
        for line, name in source.includes:
            if not name.startswith(("abi/", "std", "lib/types.h")):
                yield source.path, line, f"includes <{name}>"


def core_names_no_xen(sources):
    for source in in_c(sources, "hv/core"):
        for line, text in match_lines(source.code, r"(?i)xen"):
            yield source.path, line, f"a Xen name: {text.strip()}"


def core_names_no_architecture(sources):
    pattern = r"__(x86_64|i386|aarch64|amd64|arm)__|CONFIG_(X86|ARM|SVM|VMX)\b"
    for source in in_c(sources, "hv/core", "hv/xen", "hv/builder", "hv/lib", "hv/include"):
        for line, text in match_lines(source.code, pattern):
            yield source.path, line, f"depends on the architecture: {text.strip()}"


def xen_includes_no_vendor(sources):
    for source in in_c(sources, "hv/xen", "hv/core", "hv/builder"):
        for line, name in source.includes:
            if re.search(r"(^|/)(svm|vmx)(/|\.h)|asm/vendor\.h", name):
                yield source.path, line, f"includes the vendor header <{name}>"
            elif name.startswith("asm/"):
                yield source.path, line, f"includes the architecture's header <{name}>"


def vendors_stay_apart(sources):
    for own, other in (("svm", "vmx"), ("vmx", "svm")):
        for source in in_c(sources, f"hv/arch/x86_64/{own}"):
            for line, name in source.includes:
                if re.search(rf"(^|/){other}(/|\.h|_)", name):
                    yield source.path, line, f"includes the other vendor's <{name}>"


MOST_OF_THE_SEAM = 20  # functions that each vendor owes
REPEATED = 6  # lines that are the same in both vendors' folders belong above the seam


def runs(source):
    """Each run of REPEATED lines that say something, with the number of its first."""
    lines = [(number, text.strip()) for number, text in enumerate(source.code, 1)
             if re.search(r"\w", text) and not text.startswith("#")]
    for at in range(len(lines) - REPEATED + 1):
        yield lines[at][0], tuple(text for _, text in lines[at:at + REPEATED])


def vendors_repeat_nothing(sources):
    theirs = {run for s in in_c(sources, "hv/arch/x86_64/svm") for _, run in runs(s)}
    for source in in_c(sources, "hv/arch/x86_64/vmx"):
        for line, run in runs(source):
            if run in theirs:
                yield source.path, line, f"{REPEATED} lines stand in svm/ as well"


def seam_is_small(sources):
    for source in sources:
        if source.path == "hv/arch/x86_64/include/asm/vendor.h":
            body = source.text.partition("struct x86_vendor {")[2].partition("\n};")[0]
            count = len(re.findall(r"\(\*\w+\)\(", body))
            if not 0 < count <= MOST_OF_THE_SEAM:
                yield source.path, 1, f"the vendor seam has {count} functions"
            page = tree.ROOT / "docs" / "design" / "vendor-seam.md"
            if f": {count} functions" not in page.read_text():
                yield "docs/design/vendor-seam.md", 1, f"does not say that there are {count} functions"


# --- Sizes and form ----------------------------------------------------------


def files_are_short(sources):
    for source in sources:
        if len(source.lines) > MAX_FILE_LINES and source.path != "LICENSE":
            yield source.path, MAX_FILE_LINES, f"has {len(source.lines)} lines"


def functions_are_short(sources):
    for source in in_c(sources):
        for function in source.functions:
            text = "\n".join(source.lines[max(function.first - 3, 0):function.last])
            if function.lines > MAX_FUNCTION_LINES and TABLE_MARKER not in text:
                yield source.path, function.first, f"{function.name} has {function.lines} lines"


def files_name_their_licence(sources):
    exempt = ("LICENSE", ".gitignore", ".clang-format")
    for source in sources:
        if source.path.endswith((".md", ".svg", ".txt", ".expected")) or source.path in exempt:
            continue
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in source.lines[:2]):
            yield source.path, 1, "has no SPDX line"


def code_is_formatted(sources):
    paths = [source.path for source in in_c(sources)]
    if not paths:
        return
    run = subprocess.run(["clang-format", "--dry-run", "-ferror-limit=1", *paths], cwd=tree.ROOT,
                         stderr=subprocess.PIPE, text=True, check=False)
    for match in re.finditer(r"^(\S+?):(\d+):\d+: warning", run.stderr, re.MULTILINE):
        yield match.group(1), int(match.group(2)), "is not as clang-format writes it"


def no_conditionals_in_functions(sources):
    for source in in_c(sources, "hv"):
        inside = {n for f in source.functions for n in range(f.first, f.last + 1)}
        for line, _ in match_lines(source.code, r"^\s*#\s*(if|ifdef|ifndef|else|elif)\b"):
            if line in inside:
                yield source.path, line, "a preprocessor conditional inside a function"


# --- Text --------------------------------------------------------------------


def no_machine_paths(sources):
    for source in sources:
        for line, text in match_lines(source.lines, r"/(?:work|root|home/\w+|tmp/brief)/"):
            yield source.path, line, f"a path of one machine: {text.strip()}"


def options_exist_and_are_used(sources):
    declared, used = {}, set()
    for source in sources:
        if source.path.split("/")[-1] == "Kconfig":
            for line, text in match_lines(source.lines, r"^config \w+"):
                declared[text.split()[1]] = (source.path, line)
    for source in sources:
        if source.under("hv", "abi", "tests", "tools") or source.path == "Makefile":
            for line, text in match_lines(source.lines, r"\bCONFIG_[A-Z]"):
                names = set(re.findall(r"\bCONFIG_([A-Z][A-Z0-9_]*)", text))
                used |= names
                if source.under("hv"):
                    for name in sorted(names - set(declared)):
                        yield source.path, line, f"CONFIG_{name} is in no Kconfig file"
    for name, (path, line) in sorted(declared.items()):
        if name not in used:
            yield path, line, f"{name} changes nothing"


def links_resolve(sources):
    for source in sources:
        if not source.path.endswith(".md"):
            continue
        folder = (tree.ROOT / source.path).parent
        for line, text in enumerate(source.lines, 1):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
                if not re.match(r"[a-z]+:", target) and not (folder / target).exists():
                    yield source.path, line, f"links to {target}, which is not there"


def scripts_parse(sources):
    for source in sources:
        first = source.lines[0] if source.lines else ""
        if source.path.endswith(".py"):
            try:
                compile(source.text, source.path, "exec")
            except SyntaxError as error:
                yield source.path, error.lineno or 1, str(error)
        elif re.match(r"#!/bin/(ba)?sh", first):
            run = subprocess.run([first[2:].split()[0], "-n"], input=source.text, text=True,
                                 stderr=subprocess.PIPE, check=False)
            if run.returncode:
                yield source.path, 1, run.stderr.strip()


ALL = [
    includes_run_one_way, abi_includes_abi_alone, core_names_no_xen, core_names_no_architecture,
    xen_includes_no_vendor, vendors_stay_apart, vendors_repeat_nothing, seam_is_small,
    files_are_short, functions_are_short,
    files_name_their_licence, code_is_formatted, no_conditionals_in_functions, no_machine_paths,
    options_exist_and_are_used, links_resolve, scripts_parse,
]

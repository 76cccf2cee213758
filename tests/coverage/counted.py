#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The link script of a coverage build, from hv.lds: all counters together behind a mark,
in one piece of memory that is aligned to its size, which is how the Intel emulator keeps
its machine's memory (pieces of 128 KiB, in the order of their first use).

    tests/coverage/counted.py HV.LDS NUMBER > COUNTED.LDS     NUMBER: of the image, in the mark's last byte"""

import sys
from pathlib import Path

PLACE = "    *(.data .data.*)\n"
COUNTERS = PLACE + """\
    . = ALIGN(0x20000);
    _counters = .;
    QUAD(0x7972726b53ed0bca) QUAD(0xf8e2a1c5737265 + (NUMBER << 56))
    *(.bss.__gcov0.*)
    _counters_end = .;
"""
END = 'ASSERT(_counters_end - _counters <= 0x20000, "the counters fit in one piece")\n'


def main():
    text = Path(sys.argv[1]).read_text()
    if text.count(PLACE) != 1:
        sys.exit(f"counted.py: {sys.argv[1]} is not as expected")
    sys.stdout.write(text.replace(PLACE, COUNTERS.replace("NUMBER", sys.argv[2])) + END)


if __name__ == "__main__":
    main()

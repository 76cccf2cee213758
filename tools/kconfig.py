#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Completes a configuration: reads a fragment, writes the full .config and,
when asked to, the C header. A symbol that the fragment names and no Kconfig
file knows is an error, as is a value that does not take."""

import argparse
import sys

import kconfiglib


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fragment")
    parser.add_argument("output")
    parser.add_argument("--header")
    args = parser.parse_args()

    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.warn_assign_undef = True
    kconf.load_config(args.fragment)
    if kconf.warnings:
        sys.exit("\n".join(kconf.warnings))
    kconf.write_config(args.output, header="# Generated from %s\n" % args.fragment)
    if args.header:
        kconf.write_autoconf(args.header, header="/* Generated from %s */\n" % args.fragment)


if __name__ == "__main__":
    main()

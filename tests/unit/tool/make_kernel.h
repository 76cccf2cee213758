/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernels for tests, made byte by byte: small ELF files and bzImages around them,
 * good ones and such as nobody's linker would write.
 */
#ifndef TESTS_UNIT_TOOL_MAKE_KERNEL_H
#define TESTS_UNIT_TOOL_MAKE_KERNEL_H

#include "../../../tools/skerry/buf.h"

struct make_segment {
  uint64_t paddr, filesz, memsz; /* the bytes are counted up from 1, so none at the end is 0 */
};

struct make_elf {
  unsigned bits;        /* 32 or 64 */
  unsigned machine;     /* EM_*; 0: the one of the bits */
  unsigned type;        /* ET_*; 0: ET_EXEC */
  unsigned note;        /* size of the PVH note's entry: 4 or 8; 0: no such note */
  unsigned other_notes; /* that come before it */
  uint64_t entry;
  struct make_segment segments[40];
  unsigned count;
};

/* A good one: two segments from 1 MiB on, 0x2000 bytes of file, 0x4000 in memory. */
extern const struct make_elf make_good_elf;

void make_elf(const struct make_elf *e, struct buf *out);

enum make_compression { MAKE_NONE, MAKE_GZIP, MAKE_XZ, MAKE_LZ4, MAKE_ZSTD, MAKE_LZO };

/* A bzImage of boot protocol `version` around these bytes. */
void make_bzimage(const struct buf *elf, enum make_compression how, unsigned version,
                  struct buf *out);

/* Writes every file that the examples in tests/manifests name into a folder, which it makes. */
void make_example_files(const char *folder);

#endif

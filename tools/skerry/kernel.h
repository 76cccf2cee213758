/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a guest's kernel: a bzImage (Linux boot protocol) or an ELF file of
 * 32 or 64 bits becomes loaded bytes, where each goes, and the PVH entry.
 * Everything in the file is checked against the file's size before use.
 */
#ifndef SKERRY_KERNEL_H
#define SKERRY_KERNEL_H

#include "buf.h"

#define KERNEL_MAX_LOADS    32u
#define KERNEL_MAX_FILE     (1ull << 30) /* bytes of the file */
#define KERNEL_MAX_UNPACKED (1ull << 30) /* bytes of the ELF file inside */

enum kernel_status {
  KERNEL_OK,
  KERNEL_UNKNOWN_FORMAT,      /* neither ELF nor bzImage */
  KERNEL_BZIMAGE_BROKEN,      /* its header points outside of the file */
  KERNEL_BZIMAGE_OLD,         /* boot protocol before 2.08: no payload fields */
  KERNEL_UNKNOWN_COMPRESSION, /* `detail` names it */
  KERNEL_UNPACK_FAILED,       /* damaged or cut short; `detail` names the format */
  KERNEL_ELF_BROKEN,          /* `detail` says what */
  KERNEL_ELF_MACHINE,         /* not for x86 */
  KERNEL_NO_SEGMENT,          /* nothing to load */
  KERNEL_OVERLAP,             /* two segments share memory */
  KERNEL_NO_PVH_NOTE,
  KERNEL_ENTRY_OUTSIDE, /* the entry lies in no segment */
  KERNEL_STATUS_COUNT,
};

/* Copy file_size bytes at `offset` of the bytes to `gpa`; zeroes up to mem_size. */
struct kernel_load {
  uint64_t gpa, mem_size, file_size, offset;
};

struct kernel {
  struct kernel_load loads[KERNEL_MAX_LOADS]; /* by rising address */
  unsigned count;
  struct buf bytes;   /* the loaded bytes alone, one segment after the other; owned */
  uint64_t entry;     /* XEN_ELFNOTE_PHYS32_ENTRY: guest-physical, below 4 GiB */
  uint64_t end;       /* first byte after the last segment in memory */
  unsigned bits;      /* 32 or 64 */
  const char *format; /* "ELF", "bzImage with XZ", ... */
  const char *detail; /* of an error, or NULL */
};

/* Fills *kernel from the bytes of a file; kernel_free it in every case. */
enum kernel_status kernel_read(const struct buf *file, struct kernel *kernel);
void kernel_free(struct kernel *kernel);

/* The parts of kernel_read. */
enum kernel_status kernel_elf_read(const uint8_t *elf, size_t size, struct kernel *kernel);
enum kernel_status kernel_bzimage_unpack(const struct buf *file, struct kernel *kernel,
                                         struct buf *elf);
int kernel_is_elf(const uint8_t *bytes, size_t size);
int kernel_is_bzimage(const uint8_t *bytes, size_t size);

/* unpack.c: finds the format by its magic number and unpacks into `out`. On
 * failure *name is the format's name or the reason. */
enum kernel_status unpack(const uint8_t *bytes, size_t size, struct buf *out, const char **name);

#endif

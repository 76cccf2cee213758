/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files of 32 and 64 bits: what to load where, and the PVH entry from
 * the notes. Sections, symbols and relocations are not looked at.
 */
#include "kernel.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define XEN_ELFNOTE_PHYS32_ENTRY 18u /* xen/elfnote.h */
#define MAX_HEADERS              256u

/* A program header of either class. */
struct segment {
  uint32_t type;
  uint64_t offset, paddr, filesz, memsz, align;
};

struct elf {
  const uint8_t *bytes;
  size_t size;
  uint64_t phoff;
  unsigned phentsize, phnum, bits;
};

static uint64_t load(const uint8_t *p, unsigned bytes) {
  uint64_t v = 0;
  for (unsigned i = 0; i < bytes; i++)
    v |= (uint64_t)p[i] << (8 * i);
  return v;
}

#define FIELD(p, type, member) load((p) + offsetof(type, member), sizeof(((type *)0)->member))

static int inside(uint64_t offset, uint64_t length, uint64_t size) {
  return offset <= size && length <= size - offset;
}

int kernel_is_elf(const uint8_t *bytes, size_t size) {
  return size >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG);
}

static enum kernel_status broken(struct kernel *k, const char *what) {
  k->detail = what;
  return KERNEL_ELF_BROKEN;
}

static void take_header(struct elf *e) {
  const uint8_t *b = e->bytes;
  if (e->bits == 64) {
    e->phoff = FIELD(b, Elf64_Ehdr, e_phoff);
    e->phentsize = (unsigned)FIELD(b, Elf64_Ehdr, e_phentsize);
    e->phnum = (unsigned)FIELD(b, Elf64_Ehdr, e_phnum);
  } else {
    e->phoff = FIELD(b, Elf32_Ehdr, e_phoff);
    e->phentsize = (unsigned)FIELD(b, Elf32_Ehdr, e_phentsize);
    e->phnum = (unsigned)FIELD(b, Elf32_Ehdr, e_phnum);
  }
}

static enum kernel_status read_header(struct elf *e, struct kernel *k) {
  const uint8_t *b = e->bytes;
  if (!kernel_is_elf(b, e->size) || e->size < sizeof(Elf32_Ehdr))
    return broken(k, "the file is cut short");
  if (b[EI_DATA] != ELFDATA2LSB || (b[EI_CLASS] != ELFCLASS32 && b[EI_CLASS] != ELFCLASS64))
    return KERNEL_ELF_MACHINE;
  e->bits = k->bits = b[EI_CLASS] == ELFCLASS64 ? 64 : 32;
  if (e->bits == 64 && e->size < sizeof(Elf64_Ehdr))
    return broken(k, "the file is cut short");
  uint64_t machine = FIELD(b, Elf64_Ehdr, e_machine); /* at the same place in both classes */
  if (machine != EM_X86_64 && machine != EM_386)
    return KERNEL_ELF_MACHINE;
  uint64_t type = FIELD(b, Elf64_Ehdr, e_type);
  if (type != ET_EXEC && type != ET_DYN)
    return broken(k, "it is not an executable");
  take_header(e);
  unsigned least = e->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
  if (e->phnum > MAX_HEADERS || (e->phnum && e->phentsize < least))
    return broken(k, "its program headers make no sense");
  if (!inside(e->phoff, (uint64_t)e->phnum * e->phentsize, e->size))
    return broken(k, "its program headers lie outside of the file");
  return KERNEL_OK;
}

static struct segment segment_at(const struct elf *e, unsigned index) {
  const uint8_t *p = e->bytes + e->phoff + (uint64_t)index * e->phentsize;
  if (e->bits == 64)
    return (struct segment){(uint32_t)FIELD(p, Elf64_Phdr, p_type), FIELD(p, Elf64_Phdr, p_offset),
                            FIELD(p, Elf64_Phdr, p_paddr),          FIELD(p, Elf64_Phdr, p_filesz),
                            FIELD(p, Elf64_Phdr, p_memsz),          FIELD(p, Elf64_Phdr, p_align)};
  return (struct segment){(uint32_t)FIELD(p, Elf32_Phdr, p_type), FIELD(p, Elf32_Phdr, p_offset),
                          FIELD(p, Elf32_Phdr, p_paddr),          FIELD(p, Elf32_Phdr, p_filesz),
                          FIELD(p, Elf32_Phdr, p_memsz),          FIELD(p, Elf32_Phdr, p_align)};
}

static enum kernel_status check_segment(const struct elf *e, const struct segment *s,
                                        struct kernel *k) {
  if (s->type != PT_LOAD && s->type != PT_NOTE)
    return KERNEL_OK;
  if (!inside(s->offset, s->filesz, e->size))
    return broken(k, "a segment lies outside of the file");
  if (s->type == PT_NOTE)
    return KERNEL_OK;
  if (s->filesz > s->memsz)
    return broken(k, "a segment is larger in the file than in memory");
  if (!inside(s->paddr, s->memsz, 1ull << 32))
    return broken(k, "a segment is loaded above 4 GiB");
  if (s->memsz && k->count == KERNEL_MAX_LOADS)
    return broken(k, "it has more than 32 segments to load");
  return KERNEL_OK;
}

/* Notes are (namesz, descsz, type, name, desc), name and desc padded to 4 bytes;
 * to 8 where the segment says so (gABI, "Note Section"). */
static int find_entry(const uint8_t *note, uint64_t size, uint64_t align, uint64_t *entry) {
  align = align == 8 ? 8 : 4;
  uint64_t at = 0;
  while (inside(at, sizeof(Elf64_Nhdr), size)) {
    uint64_t namesz = load(note + at, 4), descsz = load(note + at + 4, 4);
    uint64_t type = load(note + at + 8, 4);
    uint64_t name = at + sizeof(Elf64_Nhdr);
    uint64_t desc = (name + namesz + align - 1) & ~(align - 1);
    if (!inside(name, namesz, size) || !inside(desc, descsz, size))
      return 0;
    if (type == XEN_ELFNOTE_PHYS32_ENTRY && namesz == 4 && !memcmp(note + name, "Xen", 4) &&
        (descsz == 4 || descsz == 8)) {
      *entry = load(note + desc, (unsigned)descsz);
      return 1;
    }
    at = (desc + descsz + align - 1) & ~(align - 1);
  }
  return 0;
}

static int by_address(const void *a, const void *b) {
  uint64_t x = ((const struct kernel_load *)a)->gpa, y = ((const struct kernel_load *)b)->gpa;
  return (x > y) - (x < y);
}

/* Zeroes at the end of a segment need no bytes: all memory is zero at first. A
 * Linux image carries its bss in the file. */
static uint64_t without_trailing_zeroes(const uint8_t *bytes, uint64_t size) {
  while (size && !bytes[size - 1])
    size--;
  return size;
}

/* Until the bytes are taken, a load's offset is the one in the ELF file. */
static void take_bytes(const struct elf *e, struct kernel *k) {
  for (unsigned i = 0; i < k->count; i++) {
    struct kernel_load *l = &k->loads[i];
    uint64_t from = l->offset;
    l->file_size = without_trailing_zeroes(e->bytes + from, l->file_size);
    l->offset = k->bytes.size;
    buf_put(&k->bytes, e->bytes + from, l->file_size);
    k->end = l->gpa + l->mem_size;
  }
}

static enum kernel_status check_loads(const struct kernel *k, int found) {
  if (!k->count)
    return KERNEL_NO_SEGMENT;
  for (unsigned i = 1; i < k->count; i++)
    if (k->loads[i - 1].gpa + k->loads[i - 1].mem_size > k->loads[i].gpa)
      return KERNEL_OVERLAP;
  if (!found)
    return KERNEL_NO_PVH_NOTE;
  for (unsigned i = 0; i < k->count; i++)
    if (k->entry >= k->loads[i].gpa && k->entry - k->loads[i].gpa < k->loads[i].mem_size)
      return KERNEL_OK;
  return KERNEL_ENTRY_OUTSIDE;
}

enum kernel_status kernel_elf_read(const uint8_t *bytes, size_t size, struct kernel *k) {
  struct elf e = {.bytes = bytes, .size = size};
  int found = 0;
  enum kernel_status status = read_header(&e, k);
  for (unsigned i = 0; status == KERNEL_OK && i < e.phnum; i++) {
    struct segment s = segment_at(&e, i);
    status = check_segment(&e, &s, k);
    if (status != KERNEL_OK)
      break;
    if (s.type == PT_NOTE && !found)
      found = find_entry(bytes + s.offset, s.filesz, s.align, &k->entry);
    if (s.type == PT_LOAD && s.memsz)
      k->loads[k->count++] = (struct kernel_load){s.paddr, s.memsz, s.filesz, s.offset};
  }
  if (status != KERNEL_OK)
    return status;
  qsort(k->loads, k->count, sizeof(k->loads[0]), by_address);
  status = check_loads(k, found);
  if (status == KERNEL_OK)
    take_bytes(&e, k);
  return status;
}

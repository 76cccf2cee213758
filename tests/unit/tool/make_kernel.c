/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes ELF files and bzImages for tests. Offsets in a bzImage are those of the
 * x86 Linux boot protocol.
 */
#include "make_kernel.h"

#include <assert.h>
#include <elf.h>
#include <lz4.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#define SETUP_SECTORS 4u

const struct make_elf make_good_elf = {
    .bits = 64,
    .note = 4,
    .entry = 0x100010,
    .segments = {{0x100000, 0x1000, 0x1000}, {0x102000, 0x1000, 0x3000}},
    .count = 2,
};

static void put_note(struct buf *b, const char *name, uint32_t type, uint64_t value,
                     unsigned size) {
  buf_u32(b, (uint32_t)strlen(name) + 1);
  buf_u32(b, size);
  buf_u32(b, type);
  buf_put(b, name, strlen(name) + 1);
  buf_pad(b, 4);
  buf_put(b, &value, size);
  buf_pad(b, 4);
}

static void put_header(const struct make_elf *e, unsigned phnum, struct buf *out) {
  uint16_t type = (uint16_t)(e->type ? e->type : ET_EXEC);
  uint16_t machine = (uint16_t)(e->machine ? e->machine : e->bits == 64 ? EM_X86_64 : EM_386);
  if (e->bits == 64) {
    Elf64_Ehdr h = {.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
                    .e_type = type,
                    .e_machine = machine,
                    .e_version = 1,
                    .e_phoff = sizeof(h),
                    .e_ehsize = sizeof(h),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = (uint16_t)phnum};
    buf_put(out, &h, sizeof(h));
    return;
  }
  Elf32_Ehdr h = {.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1},
                  .e_type = type,
                  .e_machine = machine,
                  .e_version = 1,
                  .e_phoff = sizeof(h),
                  .e_ehsize = sizeof(h),
                  .e_phentsize = sizeof(Elf32_Phdr),
                  .e_phnum = (uint16_t)phnum};
  buf_put(out, &h, sizeof(h));
}

static void put_segment(unsigned bits, uint32_t type, uint64_t offset, const struct make_segment *s,
                        struct buf *out) {
  if (bits == 64) {
    Elf64_Phdr p = {type, PF_R | PF_X, offset, s->paddr, s->paddr, s->filesz, s->memsz, 4};
    buf_put(out, &p, sizeof(p));
    return;
  }
  Elf32_Phdr p = {type,
                  (uint32_t)offset,
                  (uint32_t)s->paddr,
                  (uint32_t)s->paddr,
                  (uint32_t)s->filesz,
                  (uint32_t)s->memsz,
                  PF_R | PF_X,
                  4};
  buf_put(out, &p, sizeof(p));
}

void make_elf(const struct make_elf *e, struct buf *out) {
  struct buf notes = {0};
  for (unsigned i = 0; i < e->other_notes; i++)
    put_note(&notes, i % 2 ? "Linux" : "Xen", i % 2 ? 18 : 6, 0x5555, i % 2 ? 4 : 3);
  if (e->note)
    put_note(&notes, "Xen", 18, e->entry, e->note);
  unsigned phnum = e->count + 1;
  put_header(e, phnum, out);
  uint64_t at = out->size + phnum * (e->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
  put_segment(e->bits, PT_NOTE, at, &(struct make_segment){0, notes.size, notes.size}, out);
  at += notes.size;
  for (unsigned i = 0; i < e->count; i++) {
    put_segment(e->bits, PT_LOAD, at, &e->segments[i], out);
    at += e->segments[i].filesz;
  }
  buf_put(out, notes.data, notes.size);
  buf_free(&notes);
  for (unsigned i = 0; i < e->count; i++)
    for (uint64_t j = 0; j < e->segments[i].filesz; j++)
      buf_u8(out, (uint8_t)(j % 255 + 1));
}

static void compress_gzip(const struct buf *in, struct buf *out) {
  z_stream z = {.next_in = in->data, .avail_in = (uInt)in->size};
  assert(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  size_t room = deflateBound(&z, in->size);
  z.next_out = buf_extend(out, room);
  z.avail_out = (uInt)room;
  assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out->size -= z.avail_out;
  deflateEnd(&z);
}

static void compress_xz(const struct buf *in, struct buf *out) {
  size_t room = lzma_stream_buffer_bound(in->size), used = 0;
  uint8_t *to = buf_extend(out, room);
  assert(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, in->data, in->size, to, &used, room) ==
         LZMA_OK);
  out->size -= room - used;
}

/* The legacy frame, in blocks small enough that there are several. */
static void compress_lz4(const struct buf *in, struct buf *out) {
  buf_u32(out, 0x184C2102);
  for (size_t at = 0; at < in->size;) {
    char block[LZ4_COMPRESSBOUND(4096)];
    int size = in->size - at < 4096 ? (int)(in->size - at) : 4096;
    int n = LZ4_compress_default((const char *)in->data + at, block, size, sizeof(block));
    assert(n > 0);
    buf_u32(out, (uint32_t)n);
    buf_put(out, block, (size_t)n);
    at += (size_t)size;
  }
}

static void compress_zstd(const struct buf *in, struct buf *out) {
  size_t room = ZSTD_compressBound(in->size);
  uint8_t *to = buf_extend(out, room);
  out->size -= room - ZSTD_compress(to, room, in->data, in->size, 9);
}

static void pack(const struct buf *in, enum make_compression how, struct buf *out) {
  static void (*const functions[])(const struct buf *, struct buf *) = {
      [MAKE_GZIP] = compress_gzip,
      [MAKE_XZ] = compress_xz,
      [MAKE_LZ4] = compress_lz4,
      [MAKE_ZSTD] = compress_zstd,
  };
  if (how == MAKE_NONE)
    buf_put(out, in->data, in->size);
  else if (how == MAKE_LZO)
    buf_put(out, "\x89LZO\0\r\n\x1a\n", 9);
  else
    functions[how](in, out);
  if (how != MAKE_GZIP)
    buf_u32(out, (uint32_t)in->size); /* as the kernel's build does */
}

static void poke(struct buf *b, size_t at, uint64_t value, unsigned bytes) {
  memcpy(b->data + at, &value, bytes);
}

void make_bzimage(const struct buf *elf, enum make_compression how, unsigned version,
                  struct buf *out) {
  struct buf payload = {0};
  pack(elf, how, &payload);
  buf_zero(out, (SETUP_SECTORS + 1) * 512 + 64); /* 64 bytes of decompressor */
  poke(out, 0x1F1, SETUP_SECTORS, 1);
  poke(out, 0x1FE, 0xAA55, 2);
  memcpy(out->data + 0x202, "HdrS", 4);
  poke(out, 0x206, version, 2);
  poke(out, 0x248, 64, 4);
  poke(out, 0x24C, payload.size, 4);
  buf_put(out, payload.data, payload.size);
  buf_zero(out, 100); /* and some after the payload */
  buf_free(&payload);
}

static void save(const char *folder, const char *name, struct buf *b) {
  struct buf path = {0};
  buf_printf(&path, "%s/%s", folder, name);
  assert(!file_write(buf_text(&path), b->data, b->size));
  buf_free(&path);
  buf_free(b);
}

static void save_elf(const char *folder, const char *name, const struct make_elf *e) {
  struct buf b = {0};
  make_elf(e, &b);
  save(folder, name, &b);
}

static void save_elves(const char *folder) {
  struct make_elf e = make_good_elf;
  save_elf(folder, "good.elf", &e);
  e.note = 0;
  save_elf(folder, "no-note.elf", &e);
  e = make_good_elf;
  e.machine = EM_AARCH64;
  save_elf(folder, "arm.elf", &e);
  e = make_good_elf;
  e.count = 0;
  save_elf(folder, "empty.elf", &e);
  e = make_good_elf;
  e.segments[1].paddr = 0x100FFF;
  save_elf(folder, "overlap.elf", &e);
  e = make_good_elf;
  e.entry = 0x101000;
  save_elf(folder, "wild-entry.elf", &e);
  e = make_good_elf;
  e.segments[1].paddr = 32 << 20;
  save_elf(folder, "high.elf", &e);
}

static void save_bzimages(const char *folder) {
  struct buf elf = {0}, b = {0};
  make_elf(&make_good_elf, &elf);
  make_bzimage(&elf, MAKE_ZSTD, 0x20F, &b);
  save(folder, "good.bzimage", &b);
  make_bzimage(&elf, MAKE_GZIP, 0x207, &b);
  save(folder, "old.bzimage", &b);
  make_bzimage(&elf, MAKE_LZO, 0x20F, &b);
  save(folder, "lzo.bzimage", &b);
  make_bzimage(&elf, MAKE_XZ, 0x20F, &b);
  b.size -= 101;
  save(folder, "cut.bzimage", &b);
  make_bzimage(&elf, MAKE_GZIP, 0x20F, &b);
  b.data[b.size - 150] ^= 0x10;
  save(folder, "damaged.bzimage", &b);
  buf_put(&b, elf.data, 100);
  save(folder, "cut.elf", &b);
  buf_free(&elf);
}

/* Every folder on the way; those that are there already stay. */
static void make_folder(const char *folder) {
  struct buf path = {0};
  for (const char *end = strchr(folder, '/'); end; end = strchr(end + 1, '/')) {
    path.size = 0;
    buf_put(&path, folder, (size_t)(end - folder));
    mkdir(buf_text(&path), 0777);
  }
  mkdir(folder, 0777);
  buf_free(&path);
}

void make_example_files(const char *folder) {
  struct buf b = {0};
  make_folder(folder);
  save_elves(folder);
  save_bzimages(folder);
  buf_put_text(&b, "#!/bin/sh\n");
  save(folder, "script", &b);
  save(folder, "empty.cpio", &b);
  buf_put_text(&b, "a small ramdisk");
  save(folder, "small.cpio", &b);
  buf_zero(&b, 3 << 20);
  save(folder, "large.cpio", &b);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bzImage container: the x86 Linux boot protocol's setup header says where
 * the compressed ELF file lies. Offsets are those of the protocol's
 * documentation (admin guide, "The Linux/x86 Boot Protocol").
 */
#include "kernel.h"

#include <string.h>

#define SETUP_SECTS    0x1F1u /* u8: sectors of real-mode code after the first; 0 means 4 */
#define BOOT_FLAG      0x1FEu /* u16: 0xAA55 */
#define HEADER         0x202u /* "HdrS" */
#define VERSION        0x206u /* u16 */
#define PAYLOAD_OFFSET 0x248u /* u32: from the start of the protected-mode code; 2.08 on */
#define PAYLOAD_LENGTH 0x24Cu /* u32 */
#define HEADER_END     0x250u
#define SECTOR         512u

static uint32_t load32(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int kernel_is_bzimage(const uint8_t *bytes, size_t size) {
  return size >= HEADER_END && bytes[BOOT_FLAG] == 0x55 && bytes[BOOT_FLAG + 1] == 0xAA &&
         !memcmp(bytes + HEADER, "HdrS", 4);
}

static const char *format_name(const char *compression) {
  static const char *const names[][2] = {{"gzip", "bzImage with gzip"},
                                         {"XZ", "bzImage with XZ"},
                                         {"LZ4", "bzImage with LZ4"},
                                         {"Zstandard", "bzImage with Zstandard"}};
  for (unsigned i = 0; i < 4; i++)
    if (!strcmp(names[i][0], compression))
      return names[i][1];
  return "bzImage, uncompressed";
}

enum kernel_status kernel_bzimage_unpack(const struct buf *file, struct kernel *kernel,
                                         struct buf *elf) {
  const uint8_t *b = file->data;
  unsigned version = b[VERSION] | (unsigned)b[VERSION + 1] << 8;
  if (version < 0x208)
    return KERNEL_BZIMAGE_OLD;
  uint64_t sectors = b[SETUP_SECTS] ? b[SETUP_SECTS] : 4;
  uint64_t start = (sectors + 1) * SECTOR + load32(b + PAYLOAD_OFFSET);
  uint64_t length = load32(b + PAYLOAD_LENGTH);
  if (!length || start > file->size || length > file->size - start)
    return KERNEL_BZIMAGE_BROKEN;
  const char *name = NULL;
  enum kernel_status status = unpack(b + start, length, elf, &name);
  if (status != KERNEL_OK) {
    kernel->detail = name;
    return status;
  }
  kernel->format = format_name(name);
  return KERNEL_OK;
}

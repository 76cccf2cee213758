/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a kernel of either format. The formats are in kernel_bzimage.c,
 * unpack.c and kernel_elf.c.
 */
#include "kernel.h"

enum kernel_status kernel_read(const struct buf *file, struct kernel *kernel) {
  *kernel = (struct kernel){0};
  if (kernel_is_elf(file->data, file->size)) {
    kernel->format = "ELF";
    return kernel_elf_read(file->data, file->size, kernel);
  }
  if (!kernel_is_bzimage(file->data, file->size))
    return KERNEL_UNKNOWN_FORMAT;
  struct buf elf = {0};
  enum kernel_status status = kernel_bzimage_unpack(file, kernel, &elf);
  if (status == KERNEL_OK)
    status = kernel_elf_read(elf.data, elf.size, kernel);
  buf_free(&elf);
  return status;
}

void kernel_free(struct kernel *kernel) {
  buf_free(&kernel->bytes);
  *kernel = (struct kernel){0};
}

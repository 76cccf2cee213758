/* SPDX-License-Identifier: Apache-2.0 */
/* The host tool's readers of kernels: bzImage, compressions, ELF of both classes, PVH note. */
#include "../../tools/skerry/kernel.h"
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static void check_load(const struct kernel *k, unsigned i) {
  const struct kernel_load *l = &k->loads[i];
  FUZZ_REQUIRE(l->mem_size && l->file_size <= l->mem_size);
  FUZZ_REQUIRE(l->offset <= k->bytes.size && l->file_size <= k->bytes.size - l->offset);
  FUZZ_REQUIRE(l->gpa <= 1ull << 32 && l->mem_size <= (1ull << 32) - l->gpa);
  if (i)
    FUZZ_REQUIRE(k->loads[i - 1].gpa + k->loads[i - 1].mem_size <= l->gpa);
}

static void check_kernel(const struct kernel *k) {
  int entry_inside = 0;
  FUZZ_REQUIRE(k->count > 0 && k->count <= KERNEL_MAX_LOADS && k->format);
  FUZZ_REQUIRE(k->bits == 32 || k->bits == 64);
  for (unsigned i = 0; i < k->count; i++) {
    check_load(k, i);
    entry_inside |=
        k->entry >= k->loads[i].gpa && k->entry - k->loads[i].gpa < k->loads[i].mem_size;
  }
  FUZZ_REQUIRE(entry_inside);
}

void fuzz_one(struct fuzz_input *in) {
  struct buf file = {malloc(in->left + !in->left), in->left, in->left};
  struct kernel kernel;
  memcpy(file.data, in->at, in->left);
  enum kernel_status status = kernel_read(&file, &kernel);
  FUZZ_REQUIRE(status < KERNEL_STATUS_COUNT);
  if (status == KERNEL_OK)
    check_kernel(&kernel);
  kernel_free(&kernel);
  buf_free(&file);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host tool's reader of images, and the report of what it takes. First byte:
 * bit 0 leaves the manifest's sum as it is; else it is made right.
 */
#include "../../tools/skerry/image.h"
#include "../../tools/skerry/report.h"
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static void sum_right(struct buf *file) {
  struct manifest_header *h = (void *)file->data;
  if (file->size < sizeof(*h))
    return;
  h->image_size = file->size;
  memset(&h->sum, 0, sizeof(h->sum));
  if (h->manifest_size <= file->size)
    h->sum = image_sum(file->data, h->manifest_size);
}

void fuzz_one(struct fuzz_input *in) {
  uint8_t flags = fuzz_u8(in);
  struct buf file = {malloc(in->left + 1), in->left, in->left}, text = {0};
  struct image_view view;
  const struct report_figures figures = {.machine_kib = 1, .pcpu_kib = 2, .domain_kib = 3, 4};
  memcpy(file.data, in->at, in->left);
  if (!(flags & 1))
    sum_right(&file);
  if (!image_open(&file, &view)) {
    report_text(&view, &figures, &text);
    report_dot(&view, &text);
  }
  buf_free(&text);
  buf_free(&file);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a system image. No time stamps, no addresses, no padding that is not
 * zero: the same input gives the same bytes.
 */
#include "image.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct manifest_sum image_sum(const uint8_t *bytes, uint64_t size) {
  struct manifest_sum sum = {1, 0};
  for (uint64_t at = 0; at < size; at += 8) {
    uint64_t word = 0;
    uint64_t left = size - at < 8 ? size - at : 8;
    for (unsigned i = 0; i < left; i++)
      word |= (uint64_t)bytes[at + i] << (8 * i);
    sum.a += word;
    sum.b += sum.a;
  }
  return sum;
}

static const char *kind_name(enum manifest_payload_kind kind) {
  switch (kind) {
  case MANIFEST_PAYLOAD_KERNEL:
    return "kernel";
  case MANIFEST_PAYLOAD_RAMDISK:
    return "ramdisk";
  case MANIFEST_PAYLOAD_TABLES:
    return "tables";
  }
  return "";
}

uint32_t image_payload_count(const struct image *image) {
  return (uint32_t)(image->payloads.size / sizeof(struct manifest_payload));
}

uint32_t image_add_payload(struct image *image, enum manifest_payload_kind kind,
                           const struct buf *bytes, const char *domain) {
  struct manifest_payload p = {.kind = kind, .size = bytes->size};
  uint32_t count = image_payload_count(image);
  const struct manifest_payload *have = (const void *)image->payloads.data;
  for (uint32_t i = 0; i < count; i++)
    if (have[i].kind == p.kind && have[i].size == p.size &&
        (!p.size || !memcmp(image->contents[i].data, bytes->data, p.size)))
      return i;
  SHA256(bytes->data, bytes->size, p.sha256);
  p.sum = image_sum(bytes->data, bytes->size);
  int room = (int)(sizeof(p.name) - 1 - strlen(": ") - strlen(kind_name(kind)));
  snprintf(p.name, sizeof(p.name), "%.*s: %s", room, domain, kind_name(kind));
  buf_put(&image->payloads, &p, sizeof(p));
  struct buf *contents = xcalloc(count + 1, sizeof(struct buf));
  if (count)
    memcpy(contents, image->contents, count * sizeof(struct buf));
  free(image->contents);
  image->contents = contents;
  buf_put(&contents[count], bytes->data, bytes->size);
  return count;
}

static struct manifest_table put_table(struct buf *out, const struct buf *table, size_t element) {
  buf_pad(out, 8);
  struct manifest_table t = {(uint32_t)out->size, (uint32_t)(table->size / element)};
  buf_put(out, table->data, table->size);
  return t;
}

static uint64_t place_payloads(struct image *image, uint64_t at) {
  struct manifest_payload *p = (void *)image->payloads.data;
  for (uint32_t i = 0; i < image_payload_count(image); i++) {
    at = (at + MANIFEST_PAGE - 1) & ~(uint64_t)(MANIFEST_PAGE - 1);
    p[i].offset = at;
    at += p[i].size;
  }
  return (at + MANIFEST_PAGE - 1) & ~(uint64_t)(MANIFEST_PAGE - 1);
}

/* The end of the tables: what the payloads' places depend on. */
static uint64_t tables_end(const struct image *image) {
  const struct buf *tables[] = {&image->domains,    &image->vcpus,    &image->regions,
                                &image->loads,      &image->payloads, &image->channels,
                                &image->environment};
  uint64_t at = sizeof(struct manifest_header);
  for (unsigned i = 0; i < sizeof(tables) / sizeof(*tables); i++)
    at = ((at + 7) & ~7ull) + tables[i]->size;
  return (at + 7) & ~7ull;
}

void image_write(struct image *image, struct buf *out) {
  struct manifest_header *h = &image->header;
  memcpy(h->magic, MANIFEST_MAGIC, sizeof(h->magic));
  h->version = MANIFEST_VERSION;
  h->header_size = sizeof(*h);
  h->manifest_size = tables_end(image);
  h->image_size = place_payloads(image, h->manifest_size);
  h->sum = (struct manifest_sum){0};
  buf_zero(out, sizeof(*h));
  h->domains = put_table(out, &image->domains, sizeof(struct manifest_domain));
  h->vcpus = put_table(out, &image->vcpus, sizeof(struct manifest_vcpu));
  h->regions = put_table(out, &image->regions, sizeof(struct manifest_region));
  h->loads = put_table(out, &image->loads, sizeof(struct manifest_load));
  h->payloads = put_table(out, &image->payloads, sizeof(struct manifest_payload));
  h->channels = put_table(out, &image->channels, sizeof(struct manifest_channel));
  h->environment = put_table(out, &image->environment, 1);
  buf_pad(out, 8);
  memcpy(out->data, h, sizeof(*h));
  h->sum = image_sum(out->data, h->manifest_size);
  memcpy(out->data, h, sizeof(*h));
  for (uint32_t i = 0; i < image_payload_count(image); i++) {
    buf_pad(out, MANIFEST_PAGE);
    buf_put(out, image->contents[i].data, image->contents[i].size);
  }
  buf_pad(out, MANIFEST_PAGE);
}

void image_free(struct image *image) {
  for (uint32_t i = 0; i < image_payload_count(image); i++)
    buf_free(&image->contents[i]);
  free(image->contents);
  buf_free(&image->domains);
  buf_free(&image->vcpus);
  buf_free(&image->regions);
  buf_free(&image->loads);
  buf_free(&image->payloads);
  buf_free(&image->channels);
  buf_free(&image->environment);
  *image = (struct image){0};
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the tables are written as they are");

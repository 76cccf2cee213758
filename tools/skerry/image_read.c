/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a system image for a report. Everything is checked before it is used:
 * the file may be damaged, or no image at all.
 */
#include <string.h>

#include "image.h"

static int inside(uint64_t offset, uint64_t length, uint64_t size) {
  return offset <= size && length <= size - offset;
}

static const void *table_at(const struct image_view *v, struct manifest_table t, size_t element) {
  if (t.offset % 8 || !inside(t.offset, (uint64_t)t.count * element, v->header->manifest_size))
    return NULL;
  return v->bytes + t.offset;
}

static int sum_matches(struct manifest_sum a, struct manifest_sum b) {
  return a.a == b.a && a.b == b.b;
}

/* The sum covers the header with the sum's own field as zeroes. */
static int manifest_sum_matches(const struct image_view *v) {
  struct buf copy = {0};
  buf_put(&copy, v->bytes, v->header->manifest_size);
  memset(copy.data + offsetof(struct manifest_header, sum), 0, sizeof(struct manifest_sum));
  struct manifest_sum sum = image_sum(copy.data, copy.size);
  buf_free(&copy);
  return sum_matches(sum, v->header->sum);
}

static const char *check_header(const struct buf *file, const struct image_view *v) {
  const struct manifest_header *h = v->header;
  if (file->size < sizeof(*h) || memcmp(h->magic, MANIFEST_MAGIC, sizeof(h->magic)))
    return "it is no system image";
  if (h->version != MANIFEST_VERSION || h->header_size != sizeof(*h))
    return "it has another version than this program writes";
  if (h->image_size != file->size || h->manifest_size > h->image_size ||
      h->manifest_size < sizeof(*h))
    return "it is cut short, or longer than it says";
  if (h->machine_cpus >= MANIFEST_CPU_ANY)
    return "it wants more CPUs than any machine has";
  if (!manifest_sum_matches(v))
    return "its manifest is damaged: the checksum does not match";
  return NULL;
}

static const char *take_tables(struct image_view *v) {
  const struct manifest_header *h = v->header;
  v->domains = table_at(v, h->domains, sizeof(*v->domains));
  v->vcpus = table_at(v, h->vcpus, sizeof(*v->vcpus));
  v->regions = table_at(v, h->regions, sizeof(*v->regions));
  v->loads = table_at(v, h->loads, sizeof(*v->loads));
  v->payloads = table_at(v, h->payloads, sizeof(*v->payloads));
  v->channels = table_at(v, h->channels, sizeof(*v->channels));
  v->environment = table_at(v, h->environment, 1);
  if (!v->environment || !v->domains || !v->vcpus || !v->regions || !v->loads || !v->payloads ||
      !v->channels)
    return "a table lies outside of its manifest";
  return NULL;
}

static const char *check_payloads(const struct image_view *v) {
  for (uint32_t i = 0; i < v->header->payloads.count; i++) {
    const struct manifest_payload *p = &v->payloads[i];
    if (!inside(p->offset, p->size, v->header->image_size))
      return "a payload lies outside of it";
    if (!sum_matches(p->sum, image_sum(v->bytes + p->offset, p->size)))
      return "a payload is damaged: the checksum does not match";
    if (!memchr(p->name, 0, sizeof(p->name)))
      return "a payload's name does not end";
  }
  return NULL;
}

static const char *check_domains(const struct image_view *v) {
  const struct manifest_header *h = v->header;
  for (uint32_t i = 0; i < h->domains.count; i++) {
    const struct manifest_domain *d = &v->domains[i];
    if (!inside(d->first_vcpu, d->vcpus, h->vcpus.count) ||
        !inside(d->first_region, d->regions, h->regions.count) ||
        !inside(d->first_load, d->loads, h->loads.count))
      return "a domain names entries that are not there";
    if (!memchr(d->name, 0, sizeof(d->name)))
      return "a domain's name does not end";
  }
  for (uint32_t i = 0; i < h->loads.count; i++) {
    const struct manifest_load *l = &v->loads[i];
    if (l->payload >= h->payloads.count ||
        !inside(l->payload_offset, l->file_size, v->payloads[l->payload].size))
      return "a load names bytes that are not there";
  }
  return NULL;
}

static const char *check_channels(const struct image_view *v) {
  for (uint32_t i = 0; i < v->header->channels.count; i++) {
    const struct manifest_channel *c = &v->channels[i];
    if (c->front >= v->header->domains.count || c->back >= v->header->domains.count)
      return "a channel names domains that are not there";
    if (!memchr(c->name, 0, sizeof(c->name)))
      return "a channel's name does not end";
  }
  return NULL;
}

const char *image_open(const struct buf *file, struct image_view *v) {
  *v = (struct image_view){.bytes = file->data, .header = (const void *)file->data};
  const char *wrong = check_header(file, v);
  if (!wrong && !memchr(v->header->name, 0, sizeof(v->header->name)))
    wrong = "its name does not end";
  if (!wrong)
    wrong = take_tables(v);
  if (!wrong)
    wrong = check_payloads(v);
  if (!wrong)
    wrong = check_domains(v);
  return wrong ? wrong : check_channels(v);
}

const uint8_t *image_guest_bytes(const struct image_view *v, const struct manifest_domain *d,
                                 uint64_t gpa, uint64_t size) {
  for (uint32_t i = 0; i < d->loads; i++) {
    const struct manifest_load *l = &v->loads[d->first_load + i];
    if (gpa >= l->gpa && inside(gpa - l->gpa, size, l->file_size))
      return v->bytes + v->payloads[l->payload].offset + l->payload_offset + (gpa - l->gpa);
  }
  return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills the manifest's tables from a system. Resolves names to numbers; checks
 * nothing: rules.c did.
 */
#include "compile.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "../../abi/guest_platform.h"
#include "environment.h"
#include "image.h"

/* The ranges that a domain owns or borrows, as its memory map has them. */
static unsigned shared_ranges(const struct system *s, unsigned domain,
                              struct manifest_region ranges[LAYOUT_MAX_SHARED]) {
  unsigned count = 0;
  for (unsigned i = 0; i < s->channels.count; i++) {
    const struct channel *c = &s->channels.list[i];
    if (c->kind == MANIFEST_CHANNEL_MEMORY && (c->front == domain || c->back == domain))
      ranges[count++] =
          (struct manifest_region){c->at, c->size, MANIFEST_REGION_RESERVED, c->back == domain};
  }
  return count;
}

static struct acpi_range kept_range(const struct system *s, unsigned domain) {
  const struct channel *c = channels_keep_of(s, domain);
  return c ? (struct acpi_range){c->at, c->size} : (struct acpi_range){0, 0};
}

enum layout_status compile_layout(const struct system *s, const struct domain *d,
                                  struct layout *l) {
  struct manifest_region ranges[LAYOUT_MAX_SHARED];
  struct layout_input in = {
      .memory = d->memory,
      .kernel_end = d->kernel->kernel.end,
      .ramdisk_size = d->ramdisk ? d->ramdisk->bytes.size : 0,
      .command_line = d->command_line,
      .vcpus = (unsigned)d->vcpus,
      .shared = ranges,
      .shared_count = shared_ranges(s, (unsigned)(d - s->domains), ranges),
      .kept = kept_range(s, (unsigned)(d - s->domains)),
  };
  return layout_build(&in, l);
}

/* A UUID of version 8 (RFC 9562): ours alone, the same for the same names. */
static void make_handle(const struct system *s, const struct domain *d, uint8_t handle[16]) {
  struct buf text = {0};
  uint8_t digest[SHA256_DIGEST_LENGTH];
  buf_printf(&text, "%s/%s", s->name, d->name);
  SHA256(text.data, text.size, digest);
  buf_free(&text);
  memcpy(handle, digest, 16);
  handle[6] = (uint8_t)((handle[6] & 0x0F) | 0x80);
  handle[8] = (uint8_t)((handle[8] & 0x3F) | 0x80);
}

static void add_load(struct image *image, struct manifest_domain *m, uint32_t payload,
                     const struct kernel_load *l) {
  struct manifest_load load = {.gpa = l->gpa,
                               .mem_size = l->mem_size,
                               .file_size = l->file_size,
                               .payload_offset = l->offset,
                               .payload = payload};
  buf_put(&image->loads, &load, sizeof(load));
  m->loads++;
}

static void add_kernel(struct image *image, struct manifest_domain *m, const struct domain *d) {
  const struct kernel *k = &d->kernel->kernel;
  uint32_t payload = image_add_payload(image, MANIFEST_PAYLOAD_KERNEL, &k->bytes, d->name);
  for (unsigned i = 0; i < k->count; i++)
    add_load(image, m, payload, &k->loads[i]);
  m->entry = k->entry;
}

static void add_ramdisk(struct image *image, struct manifest_domain *m, const struct domain *d,
                        const struct layout *l) {
  const struct buf *bytes = &d->ramdisk->bytes;
  uint32_t payload = image_add_payload(image, MANIFEST_PAYLOAD_RAMDISK, bytes, d->name);
  struct kernel_load load = {l->ramdisk, bytes->size, bytes->size, 0};
  add_load(image, m, payload, &load);
}

/* One payload, two loads: the start block in RAM, the ACPI tables in their region. */
static void add_tables(struct image *image, struct manifest_domain *m, const struct domain *d,
                       const struct layout *l) {
  struct buf both = {0};
  buf_put(&both, l->start_block.data, l->start_block.size);
  buf_pad(&both, 16);
  struct kernel_load start = {l->start_info, l->start_block.size, l->start_block.size, 0};
  struct kernel_load acpi = {GUEST_ACPI_BASE, l->acpi.size, l->acpi.size, both.size};
  buf_put(&both, l->acpi.data, l->acpi.size);
  uint32_t payload = image_add_payload(image, MANIFEST_PAYLOAD_TABLES, &both, d->name);
  buf_free(&both);
  add_load(image, m, payload, &start);
  add_load(image, m, payload, &acpi);
  m->start_info = l->start_info;
  m->acpi_gpa = GUEST_ACPI_BASE;
}

static void add_vcpus(struct image *image, struct manifest_domain *m, const struct domain *d) {
  m->first_vcpu = (uint32_t)(image->vcpus.size / sizeof(struct manifest_vcpu));
  m->vcpus = (uint32_t)d->vcpus;
  for (unsigned i = 0; i < d->vcpus; i++) {
    struct manifest_vcpu v = {.cpu = MANIFEST_CPU_ANY};
    if (d->cpus.count)
      v.cpu = (uint16_t)d->cpus.cpu[i];
    buf_put(&image->vcpus, &v, sizeof(v));
  }
}

static void add_serial(struct manifest_domain *m, const struct domain *d) {
  struct uart uart = domain_uart(d);
  m->first_port = uart.port;
  m->ports = uart.port ? 8 : 0;
  m->interrupt = uart.interrupt;
}

static void add_settings(struct manifest_domain *m, const struct domain *d) {
  strncpy(m->name, d->name, sizeof(m->name) - 1);
  m->flags = (uint16_t)((d->console ? MANIFEST_DOMAIN_CONSOLE : 0) |
                        (d->smt_share ? MANIFEST_DOMAIN_SMT_SHARE : 0) |
                        (d->service != SERVICE_NONE ? MANIFEST_DOMAIN_WATCHES : 0) |
                        (d->serial ? MANIFEST_DOMAIN_LINE : 0));
  m->weight = (uint32_t)d->weight;
  m->on_shutdown = (uint8_t)d->on_shutdown;
  m->on_reboot = (uint8_t)d->on_reboot;
  m->on_crash = (uint8_t)d->on_crash;
  m->max_restarts = (uint32_t)d->max_restarts;
  m->evtchn_limit = (uint32_t)d->event_channels;
  m->grant_frames = (uint32_t)d->grant_frames;
  m->maptrack = (uint32_t)d->maptrack;
  m->tsc_khz = (uint32_t)d->tsc_khz;
  add_serial(m, d);
  m->special_gfn = GUEST_SPECIAL_BASE / MANIFEST_PAGE;
  m->special_pages = GUEST_SPECIAL_PAGES;
}

static void add_domain(struct image *image, const struct system *s, unsigned index) {
  const struct domain *d = &s->domains[index];
  struct manifest_domain m = {.domid = (uint16_t)(index + 1)};
  struct layout l;
  compile_layout(s, d, &l);
  add_settings(&m, d);
  make_handle(s, d, m.handle);
  add_vcpus(image, &m, d);
  m.first_region = (uint32_t)(image->regions.size / sizeof(struct manifest_region));
  m.regions = l.region_count;
  buf_put(&image->regions, l.regions, l.region_count * sizeof(l.regions[0]));
  m.first_load = (uint32_t)(image->loads.size / sizeof(struct manifest_load));
  add_kernel(image, &m, d);
  if (d->ramdisk && d->ramdisk->bytes.size)
    add_ramdisk(image, &m, d, &l);
  add_tables(image, &m, d, &l);
  m.max_pages = l.pages;
  image->header.machine_kib += l.pages * (MANIFEST_PAGE / 1024);
  buf_put(&image->domains, &m, sizeof(m));
  layout_free(&l);
}

static void add_channel(struct image *image, const struct channel *c) {
  struct manifest_channel m = {.kind = (uint16_t)c->kind,
                               .flags = c->writable ? MANIFEST_CHANNEL_WRITABLE : 0,
                               .front = (uint16_t)c->front,
                               .back = (uint16_t)c->back,
                               .front_port = (uint32_t)c->front_port,
                               .back_port = (uint32_t)c->back_port,
                               .front_gpa = c->at,
                               .back_gpa = c->at,
                               .size = c->size};
  if (c->name)
    strncpy(m.name, c->name, sizeof(m.name) - 1);
  buf_put(&image->channels, &m, sizeof(m));
}

/* By front, back and kind; no two channels are the same in all of these. */
static int compare_channels(const void *left, const void *right) {
  const struct manifest_channel *a = left, *b = right;
  const uint64_t fields[][2] = {{a->front, b->front},
                                {a->back, b->back},
                                {a->kind, b->kind},
                                {a->front_port, b->front_port},
                                {a->front_gpa, b->front_gpa}};
  for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
    if (fields[i][0] != fields[i][1])
      return fields[i][0] < fields[i][1] ? -1 : 1;
  return strcmp(a->name, b->name);
}

static void add_channels(struct image *image, const struct system *s) {
  for (unsigned i = 0; i < s->channels.count; i++)
    add_channel(image, &s->channels.list[i]);
  if (s->channels.count)
    qsort(image->channels.data, s->channels.count, sizeof(struct manifest_channel),
          compare_channels);
}

static bool is_served(const struct system *s, unsigned domain) {
  for (unsigned i = 0; i < s->channels.count; i++)
    if (s->channels.list[i].kind == MANIFEST_CHANNEL_CONSOLE && s->channels.list[i].front == domain)
      return true;
  return false;
}

/* Who has the hypervisor's serial line has the keyboard; else the domain that the person wrote,
 * else the first whose console the hypervisor has. */
static uint32_t first_console(const struct system *s) {
  for (unsigned i = 0; i < s->count; i++)
    if (s->domains[i].serial)
      return i;
  for (unsigned i = 0; i < s->count; i++)
    if (s->console ? !strcmp(s->domains[i].name, s->console)
                   : s->domains[i].console && !is_served(s, i))
      return i;
  return 0;
}

void compile_image(const struct system *s, struct buf *out) {
  struct image image = {0};
  struct manifest_header *h = &image.header;
  uint64_t least = system_least_cpus(s);
  strncpy(h->name, s->name, sizeof(h->name) - 1);
  h->machine_cpus = (uint32_t)(s->machine_cpus > least ? s->machine_cpus : least);
  h->all_stopped = (uint32_t)s->all_stopped;
  h->slice_us = (uint32_t)s->slice_us;
  h->console_domain = first_console(s);
  for (unsigned i = 0; i < s->count; i++)
    add_domain(&image, s, i);
  add_channels(&image, s);
  buf_put_text(&image.environment, environment_text);
  image_write(&image, out);
  image_free(&image);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System images: what is compiled can be read again, payloads are shared, and
 * damage anywhere is seen before anything is used.
 */
#include "test.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <unistd.h>

#include "../../../tools/skerry/compile.h"
#include "../../../tools/skerry/environment.h"
#include "../../../tools/skerry/image.h"
#include "../../../tools/skerry/report.h"
#include "../../../tools/skerry/rules.h"
#include "make_kernel.h"

#define WORK "build/unit/image"

static struct buf good; /* of tests/manifests/good/everything.yaml */

static void compile(const char *path, struct buf *image) {
  struct yaml y;
  struct system s;
  struct diag d = {0};
  assert_int_equal(rules_load(path, &y, &s, &d), 0);
  compile_image(&s, image);
  diag_free(&d);
  system_free(&s);
  yaml_close(&y);
}

static int set_up(void **state) {
  (void)state;
  struct buf text;
  make_example_files(WORK "/kernels");
  if (file_read("tests/manifests/good/everything.yaml", 1 << 20, &text) ||
      file_write(WORK "/everything.yaml", text.data, text.size))
    return -1;
  buf_free(&text);
  compile(WORK "/everything.yaml", &good);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  buf_free(&good);
  return 0;
}

static void test_header(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  assert_string_equal(v.header->name, "everything");
  assert_int_equal(v.header->machine_cpus, 4);
  assert_int_equal(v.header->all_stopped, MANIFEST_ALL_STOPPED_STAY);
  assert_int_equal(v.header->slice_us, 5000);
  assert_int_equal(v.header->console_domain, 2);
  assert_int_equal(v.header->domains.count, 3);
  assert_int_equal(v.header->vcpus.count, 133);
  uint64_t pages = 0;
  for (unsigned i = 0; i < 3; i++)
    pages += v.domains[i].max_pages;
  assert_int_equal(v.header->machine_kib, pages * 4);
  assert_int_equal(v.header->image_size % MANIFEST_PAGE, 0);
}

static void test_environment(void **state) {
  (void)state;
  struct image_view v;
  struct buf text = {0};
  struct report_figures none = REPORT_NO_FIGURES;
  assert_null(image_open(&good, &v));
  assert_int_equal(v.header->environment.count, strlen(environment_text));
  assert_memory_equal(v.environment, environment_text, strlen(environment_text));
  v.environment = "\x1b[2Jrevision";
  report_text(&v, &none, &text);
  assert_non_null(strstr(buf_text(&text), "Built with\n\n  ?[2Jrevision"));
  buf_free(&text);
}

static void test_first_domain(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  const struct manifest_domain *d = &v.domains[0];
  assert_string_equal(d->name, "pinned");
  assert_int_equal(d->domid, 1);
  assert_int_equal(d->flags, MANIFEST_DOMAIN_SMT_SHARE);
  assert_int_equal(d->weight, 1);
  assert_int_equal(d->on_shutdown, MANIFEST_ACTION_RESTART);
  assert_int_equal(d->on_reboot, MANIFEST_ACTION_POWEROFF);
  assert_int_equal(d->on_crash, MANIFEST_ACTION_STOP);
  assert_int_equal(d->max_restarts, 3);
  assert_int_equal(d->evtchn_limit, 4096);
  assert_int_equal(d->entry, 0x100010);
  assert_int_equal(v.vcpus[d->first_vcpu].cpu, 2);
  assert_int_equal(v.vcpus[d->first_vcpu + 1].cpu, 0);
  assert_int_equal(report_ram(&v, d), 6ull << 30);
}

static void test_second_domain(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  const struct manifest_domain *d = &v.domains[1];
  assert_int_equal(d->domid, 2);
  assert_int_equal(d->flags, MANIFEST_DOMAIN_CONSOLE);
  assert_int_equal(d->weight, 256);
  assert_int_equal(d->on_shutdown, MANIFEST_ACTION_STOP);
  assert_int_equal(d->on_reboot, MANIFEST_ACTION_RESTART);
  for (unsigned i = 0; i < 130; i++)
    assert_int_equal(v.vcpus[d->first_vcpu + i].cpu, MANIFEST_CPU_ANY);
  assert_memory_not_equal(d->handle, v.domains[0].handle, 16);
}

/* The handle is a digest of the two names, marked as a UUID of version 8. */
static void test_handle(void **state) {
  (void)state;
  struct image_view v;
  uint8_t digest[SHA256_DIGEST_LENGTH];
  assert_null(image_open(&good, &v));
  SHA256((const uint8_t *)"everything/pinned", 17, digest);
  digest[6] = (uint8_t)((digest[6] & 0x0F) | 0x80);
  digest[8] = (uint8_t)((digest[8] & 0x3F) | 0x80);
  assert_memory_equal(v.domains[0].handle, digest, 16);
}

static void check_load_fits(const struct image_view *v, const struct manifest_domain *d,
                            const struct manifest_load *l) {
  for (uint32_t i = 0; i < d->regions; i++) {
    const struct manifest_region *r = &v->regions[d->first_region + i];
    if (l->gpa >= r->gpa && l->gpa + l->mem_size <= r->gpa + r->size)
      return;
  }
  fail_msg("a load of %s lies in no region", d->name);
}

static void test_loads(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  for (uint32_t i = 0; i < 2; i++) {
    const struct manifest_domain *d = &v.domains[i];
    assert_int_equal(d->loads, 5); /* two of the kernel, ramdisk, start block, ACPI */
    for (uint32_t j = 0; j < d->loads; j++) {
      const struct manifest_load *l = &v.loads[d->first_load + j];
      assert_true(l->file_size <= l->mem_size);
      check_load_fits(&v, d, l);
      for (uint32_t k = 0; k < j; k++) {
        const struct manifest_load *o = &v.loads[d->first_load + k];
        assert_true(l->gpa >= o->gpa + o->mem_size || o->gpa >= l->gpa + l->mem_size);
      }
    }
  }
}

static void test_payloads(void **state) {
  (void)state;
  struct image_view v;
  uint8_t digest[SHA256_DIGEST_LENGTH];
  assert_null(image_open(&good, &v));
  assert_int_equal(v.header->payloads.count,
                   6); /* kernel and ramdisk once, a tree, tables thrice */
  for (uint32_t i = 0; i < 6; i++) {
    const struct manifest_payload *p = &v.payloads[i];
    SHA256(v.bytes + p->offset, p->size, digest);
    assert_memory_equal(digest, p->sha256, sizeof(digest));
    assert_int_equal(p->offset % MANIFEST_PAGE, 0);
    assert_true(!i || p->offset >= v.payloads[i - 1].offset + v.payloads[i - 1].size);
  }
  assert_string_equal(v.payloads[0].name, "pinned: kernel");
  assert_string_equal(v.payloads[3].name, "shared: tables");
  assert_true(report_uses(&v, &v.domains[1], 0) && report_uses(&v, &v.domains[1], 1));
  assert_false(report_uses(&v, &v.domains[1], 2));
}

static void test_same_bytes(void **state) {
  (void)state;
  struct buf again = {0};
  compile(WORK "/everything.yaml", &again);
  assert_int_equal(again.size, good.size);
  assert_memory_equal(again.data, good.data, good.size);
  buf_free(&again);
}

/* As manifest.h defines it, on words that a person can add up. */
static void test_sum(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 1};
  struct manifest_sum sum = image_sum(bytes, sizeof(bytes));
  assert_int_equal(sum.a, 1 + 1 + 0x102);
  assert_int_equal(sum.b, 2 + 2 + 0x102);
  sum = image_sum(bytes, 0);
  assert_int_equal(sum.a, 1);
  assert_int_equal(sum.b, 0);
}

static int is_payload_padding(const struct image_view *v, uint64_t at) {
  if (at < v->header->manifest_size)
    return 0;
  for (uint32_t i = 0; i < v->header->payloads.count; i++)
    if (at >= v->payloads[i].offset && at < v->payloads[i].offset + v->payloads[i].size)
      return 0;
  return 1;
}

static void test_flipped_bytes(void **state) {
  (void)state;
  struct image_view v, damaged;
  assert_null(image_open(&good, &v));
  for (size_t i = 0; i < good.size; i += i < v.header->manifest_size ? 1 : 61) {
    if (is_payload_padding(&v, i))
      continue;
    good.data[i] ^= 0x20;
    assert_non_null(image_open(&good, &damaged));
    good.data[i] ^= 0x20;
  }
}

static void test_truncated(void **state) {
  (void)state;
  struct buf cut = good;
  struct image_view v;
  for (cut.size = 0; cut.size < good.size; cut.size += 1 + cut.size / 16)
    assert_non_null(image_open(&cut, &v));
}

/* Fields that lie, under a sum that is right. */
static const char *open_with(size_t offset, uint32_t value) {
  struct buf copy = {0};
  struct image_view v;
  buf_put(&copy, good.data, good.size);
  memcpy(copy.data + offset, &value, sizeof(value));
  struct manifest_header *h = (void *)copy.data;
  h->sum = (struct manifest_sum){0};
  h->sum = image_sum(copy.data, h->manifest_size);
  const char *wrong = image_open(&copy, &v);
  buf_free(&copy);
  return wrong;
}

static void test_wild_fields(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  const struct manifest_header *h = v.header;
  assert_null(open_with(offsetof(struct manifest_header, slice_us), 7));
  assert_non_null(open_with(offsetof(struct manifest_header, machine_cpus), 0xFFFF));
  for (unsigned i = 0; i < 5; i++) {
    size_t table = offsetof(struct manifest_header, domains) + i * sizeof(struct manifest_table);
    assert_non_null(open_with(table, 0xFFFFFFF8));
    assert_non_null(open_with(table, h->domains.offset + 1));
    assert_non_null(open_with(table + 4, 0x7FFFFFFF));
  }
  assert_non_null(open_with(offsetof(struct manifest_header, channels), 0xFFFFFFF8));
  assert_non_null(open_with(offsetof(struct manifest_header, channels) + 4, 0x7FFFFFFF));
  size_t ends = h->channels.offset + offsetof(struct manifest_channel, front);
  assert_non_null(open_with(ends, 3));
  assert_non_null(open_with(ends, 3 << 16));
  assert_null(open_with(h->channels.offset, 0xFFFF)); /* an unknown kind is said to be one */
  size_t domain = h->domains.offset;
  assert_non_null(open_with(domain + offsetof(struct manifest_domain, first_vcpu), 0xFFFFFFFF));
  assert_non_null(open_with(domain + offsetof(struct manifest_domain, regions), 1000));
  assert_non_null(open_with(domain + offsetof(struct manifest_domain, first_load), 1000));
  assert_non_null(open_with(h->loads.offset + offsetof(struct manifest_load, payload), 6));
  assert_non_null(open_with(h->loads.offset + offsetof(struct manifest_load, file_size), 1 << 30));
  assert_non_null(open_with(h->payloads.offset, (uint32_t)h->image_size));
}

static const struct manifest_channel *channel(const struct image_view *v, const char *text) {
  for (uint32_t i = 0; i < v->header->channels.count; i++) {
    const struct manifest_channel *c = &v->channels[i];
    struct buf line = {0};
    buf_printf(&line, "%s-%s %u %s", v->domains[c->front].name, v->domains[c->back].name, c->kind,
               c->name);
    int same = !strcmp(buf_text(&line), text);
    buf_free(&line);
    if (same)
      return c;
  }
  fail_msg("no channel `%s`", text);
  return NULL;
}

static void check_ports(const struct manifest_channel *c, uint32_t front, uint32_t back) {
  assert_int_equal(c->front_port, front);
  assert_int_equal(c->back_port, back);
}

/* Given ports are kept, the others are the lowest free ones, in the order of the file. */
static void test_ports(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  check_ports(channel(&v, "shared-pinned 1 doorbell"), 2, 4095);
  check_ports(channel(&v, "pinned-shared 1 "), 2, 3);
  check_ports(channel(&v, "shared-store 5 "), 1, 2);
  check_ports(channel(&v, "shared-store 6 "), 4, 3);
  check_ports(channel(&v, "pinned-store 6 "), 3, 4); /* implied by its disk */
  check_ports(channel(&v, "pinned-shared 3 xvda"), 0, 0);
  assert_int_equal(v.header->channels.count, 12);
}

static const struct manifest_region *region_at(const struct image_view *v, uint32_t domain,
                                               uint64_t gpa) {
  const struct manifest_domain *d = &v->domains[domain];
  for (uint32_t i = 0; i < d->regions; i++)
    if (v->regions[d->first_region + i].gpa == gpa)
      return &v->regions[d->first_region + i];
  fail_msg("%s has no region at 0x%llx", d->name, (unsigned long long)gpa);
  return NULL;
}

static void check_range(const struct image_view *v, const struct manifest_channel *c, uint64_t gpa,
                        uint64_t size, unsigned flags) {
  assert_int_equal(c->front_gpa, gpa);
  assert_int_equal(c->back_gpa, gpa);
  assert_int_equal(c->size, size);
  assert_int_equal(c->flags, flags);
  const uint32_t ends[] = {c->front, c->back};
  for (uint32_t backed = 0; backed < 2; backed++) {
    const struct manifest_region *r = region_at(v, ends[backed], gpa);
    assert_int_equal(r->size, size);
    assert_int_equal(r->type, MANIFEST_REGION_RESERVED);
    assert_int_equal(r->backed, backed);
  }
}

static void test_ranges(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  check_range(&v, channel(&v, "pinned-shared 2 frames"), 0xF0000000, 4 << 20,
              MANIFEST_CHANNEL_WRITABLE);
  check_range(&v, channel(&v, "store-pinned 2 "), 0xF8000000, 8192, 0);
  /* 64 MiB of RAM, the range, two rings, a page of tables for 130 vCPUs or more. */
  assert_true(v.domains[1].max_pages >= (68 << 8) + 3);
  /* What a store keeps: 128 KiB and for each of two clients 768 KiB. */
  const struct manifest_channel *keep = channel(&v, "store-store 2 keep");
  assert_int_equal(keep->size, (128 + 2 * 768) << 10);
  assert_int_equal(keep->front_gpa, keep->back_gpa);
  assert_int_equal(region_at(&v, 2, keep->back_gpa)->backed, 1);
  /* What is borrowed is not its own. */
  assert_true(v.domains[2].max_pages <= (4 << 8) + 4 + keep->size / MANIFEST_PAGE);
}

static void test_limits(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  const struct manifest_domain *d = v.domains;
  assert_int_equal(d[0].grant_frames, 32);
  assert_int_equal(d[0].maptrack, 1000);
  assert_int_equal(d[0].tsc_khz, 2393999);
  assert_int_equal(d[1].tsc_khz, 0);
  assert_int_equal(d[1].grant_frames, 64);
  assert_int_equal(d[1].maptrack, 4 * 4096);
  assert_int_equal(d[2].grant_frames, 0);
  assert_int_equal(d[2].maptrack, 3 * 16);
  assert_int_equal(d[2].flags & MANIFEST_DOMAIN_WATCHES, MANIFEST_DOMAIN_WATCHES);
  assert_int_equal(d[1].flags & MANIFEST_DOMAIN_WATCHES, 0);
}

static int before(const struct manifest_channel *a, const struct manifest_channel *b) {
  if (a->front != b->front)
    return a->front < b->front;
  if (a->back != b->back)
    return a->back < b->back;
  return a->kind <= b->kind;
}

static void test_channels_are_sorted(void **state) {
  (void)state;
  struct image_view v;
  assert_null(image_open(&good, &v));
  for (uint32_t i = 1; i < v.header->channels.count; i++)
    assert_true(before(&v.channels[i - 1], &v.channels[i]));
}

static void test_report(void **state) {
  (void)state;
  static const char *const said[] = {
      "System everything",
      "vCPU 1 of pinned alone",
      "6 GiB",
      "command line  console=hvc0 quiet\n",
      "Nobody else.",
      "pinned and shared, disk xvda: events both ways, shared may use what pinned grants\n",
      "console       hvc0, served by store",
      "pinned may read and write 4 MiB of shared at 0xf0000000\n",
      "shared and pinned, events doorbell: events both ways; ports 2 and 4095 from the start",
      "shared, borrowed",
      "kept for restart",
      "console       none",
      "3, then it stays stopped",
      "devices       serial line: ports 0x3e8 to 0x3ef, interrupt 5",
      "shared has the UART at port 0x3e8, interrupt 5.\n  No other domain has a device.",
      "together"};
  struct image_view v;
  struct buf text = {0}, dot = {0};
  struct report_figures f = report_read_figures("x\t1\ty\nmemory.machine_kib\t700\tKiB\n"
                                                "memory.pcpu_kib\t50.5\tKiB\n"
                                                "memory.domain_kib\t40\tKiB\n"
                                                "memory.vcpu_kib\t30\tKiB\n");
  assert_null(image_open(&good, &v));
  report_text(&v, &f, &text);
  for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++)
    if (!strstr(buf_text(&text), said[i]))
      fail_msg("the report does not say `%s`", said[i]);
  report_dot(&v, &dot);
  assert_non_null(strstr(buf_text(&dot), "cpus:c2 -> d1:vcpus"));
  assert_non_null(strstr(buf_text(&dot), "d1:name -> d2:name [constraint=false"));
  assert_non_null(strstr(buf_text(&dot), ">disk xvda</font>"));
  assert_non_null(strstr(buf_text(&dot), "d2:io -> line"));
  assert_null(strstr(buf_text(&dot), "d2:io -> uart")); /* another domain serves it */
  buf_free(&text);
  buf_free(&dot);
}

static bool is_drawn(const struct buf *image, const char *what) {
  struct image_view v;
  struct buf dot = {0};
  assert_null(image_open(image, &v));
  report_dot(&v, &dot);
  bool drawn = strstr(buf_text(&dot), what);
  buf_free(&dot);
  return drawn;
}

/* Writes the system file with other words in place of its `uart`, and compiles it. */
static void compile_with(const char *words, struct buf *image) {
  static const char uart[] = "uart: {port: 0x3e8, interrupt: 5}";
  struct buf text = {0}, changed = {0};
  assert_int_equal(file_read(WORK "/everything.yaml", 1 << 20, &text), 0);
  const char *at = strstr(buf_text(&text), uart);
  assert_non_null(at);
  buf_put(&changed, text.data, (size_t)(at - buf_text(&text)));
  buf_put_text(&changed, words);
  buf_put_text(&changed, at + strlen(uart));
  assert_int_equal(file_write(WORK "/line.yaml", changed.data, changed.size), 0);
  compile(WORK "/line.yaml", image);
  buf_free(&text);
  buf_free(&changed);
}

/* Whose a line is does not follow from its port: `serial` names the hypervisor's, `uart` another,
 * be it a PC's second. */
static void test_report_of_lines(void **state) {
  (void)state;
  struct buf own = {0}, other = {0};
  compile_with("serial: com1", &own);
  assert_true(is_drawn(&own, "(shared's, port 0x3f8)"));
  assert_false(is_drawn(&own, "(the hypervisor's)"));
  compile_with("uart: {port: 0x2f8, interrupt: 3}", &other);
  assert_true(is_drawn(&other, "(shared's, port 0x2f8)"));
  assert_true(is_drawn(&other, "(the hypervisor's)"));
  buf_free(&own);
  buf_free(&other);
}

static void test_unknown_figures(void **state) {
  (void)state;
  struct report_figures f = report_read_figures("memory.vcpu_kib\t30\tKiB");
  assert_true(f.machine_kib < 0 && f.pcpu_kib < 0 && f.domain_kib < 0);
  assert_true(f.vcpu_kib == 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header),
      cmocka_unit_test(test_environment),
      cmocka_unit_test(test_first_domain),
      cmocka_unit_test(test_second_domain),
      cmocka_unit_test(test_handle),
      cmocka_unit_test(test_loads),
      cmocka_unit_test(test_payloads),
      cmocka_unit_test(test_same_bytes),
      cmocka_unit_test(test_sum),
      cmocka_unit_test(test_flipped_bytes),
      cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_wild_fields),
      cmocka_unit_test(test_ports),
      cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_channels_are_sorted),
      cmocka_unit_test(test_report),
      cmocka_unit_test(test_unknown_figures),
      cmocka_unit_test(test_report_of_lines),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}

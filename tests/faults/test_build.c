/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the domain-building paths that can fail, made to fail in turn: at boot, where the
 * machine then refuses the image in one line and starts nothing; and at the building of a domain's
 * next life, after which all that the domain had before is there and nothing else is taken.
 */
#include "fault.h"
#include <arch/boot.h>
#include <builder/builder.h>
#include <restart.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_PAGES   3u
#define MACHINE_PAGES 2600u
#define GUEST_BYTES   0x208000u /* a leaf of 2 MiB and pages */
#define RING_BYTES    0x2000u
#define LENT_AT       0x1f0000000ul
#define SHARED_ALLOCS 256u

struct boot_ticks boot_ticks;
static void *shared_memory[SHARED_ALLOCS];
static unsigned shared_count;

/* --- what boot offers the builder ------------------------------------------------------------ */

static struct {
  struct manifest_header h;
  struct manifest_domain domain[2];
  struct manifest_vcpu vcpu[3];
  struct manifest_region region[5];
  struct manifest_load load[2];
  struct manifest_payload payload[1];
  struct manifest_channel channel[3];
} m;
static char *image_bytes;
static uint64_t image_maddr;

void *boot_phys(uint64_t maddr) {
  assert_true(maddr >= image_maddr && maddr - image_maddr <= IMAGE_PAGES * PAGE_SIZE);
  return image_bytes + (maddr - image_maddr);
}

void *mm_map_shared(uint64_t maddr, uint64_t n, bool writable) {
  (void)n, (void)writable;
  return maddr == image_maddr ? image_bytes : NULL;
}

void *mm_shared_alloc(uint64_t n) {
  assert_true(shared_count < SHARED_ALLOCS);
  return shared_memory[shared_count++] = calloc(1, n);
}

uint64_t boot_clock(void) {
  return 0;
}
void figures_vcpu_made(uint64_t frames) {
  (void)frames;
}
void figures_release(void) {
}
bool restart_possible(const struct manifest_domain *config) {
  return config->on_reboot == MANIFEST_ACTION_RESTART;
}

/* --- the image ------------------------------------------------------------------------------ */

static struct manifest_sum sum_of(const void *at, uint64_t n) {
  struct manifest_sum s = {1, 0};
  for (uint64_t i = 0; i < n / 8; i++)
    s.b += s.a += ((const uint64_t *)at)[i];
  return s;
}

static struct manifest_domain domain(const char *name, unsigned n) {
  struct manifest_domain d0 = {.domid = (uint16_t)(n + 1),
                               .weight = 256,
                               .on_reboot = MANIFEST_ACTION_RESTART,
                               .first_vcpu = n * 2,
                               .vcpus = 2 - n,
                               .first_region = n * 3,
                               .regions = 3 - n,
                               .first_load = n,
                               .loads = 1,
                               .entry = 0x100000,
                               .start_info = 0x1000,
                               .max_pages = (GUEST_BYTES + RING_BYTES) / PAGE_SIZE,
                               .special_gfn = 0xfeff8,
                               .special_pages = 2,
                               .evtchn_limit = 128,
                               .grant_frames = 2,
                               .maptrack = 64};
  strcpy(d0.name, name);
  return d0;
}

#define TABLE(member)                                                                              \
  (struct manifest_table) {                                                                        \
    (uint32_t) offsetof(__typeof__(m), member), ARRAY_SIZE(m.member)                               \
  }

static void tables_make(void) {
  memset(&m, 0, sizeof(m));
  memcpy(m.h.magic, MANIFEST_MAGIC, sizeof(m.h.magic));
  m.h.version = MANIFEST_VERSION;
  m.h.header_size = sizeof(m.h);
  m.h.image_size = IMAGE_PAGES * PAGE_SIZE;
  m.h.manifest_size = ALIGN_UP(sizeof(m), 8);
  m.h.domains = TABLE(domain);
  m.h.vcpus = TABLE(vcpu);
  m.h.regions = TABLE(region);
  m.h.loads = TABLE(load);
  m.h.payloads = TABLE(payload);
  m.h.channels = TABLE(channel);
  m.h.slice_us = 10000;
  strcpy(m.h.name, "faults");
}

static void image_make(void) {
  tables_make();
  m.domain[0] = domain("one", 0);
  m.domain[1] = domain("two", 1);
  for (unsigned i = 0; i < ARRAY_SIZE(m.vcpu); i++)
    m.vcpu[i].cpu = MANIFEST_CPU_ANY;
  m.region[0] = m.region[3] = (struct manifest_region){0, GUEST_BYTES, MANIFEST_REGION_RAM, 1};
  m.region[1] = m.region[4] =
      (struct manifest_region){0xfeff8000, RING_BYTES, MANIFEST_REGION_RESERVED, 1};
  m.region[2] = (struct manifest_region){LENT_AT, 2 * PAGE_SIZE, MANIFEST_REGION_RESERVED, 0};
  for (unsigned i = 0; i < 2; i++)
    m.load[i] = (struct manifest_load){
        .gpa = 0x100800, .mem_size = 2 * PAGE_SIZE, .file_size = PAGE_SIZE + 100, .payload = 0};
  m.payload[0] = (struct manifest_payload){.offset = PAGE_SIZE,
                                           .size = 2 * PAGE_SIZE,
                                           .kind = MANIFEST_PAYLOAD_KERNEL,
                                           .name = "kernel"};
  m.channel[0] = (struct manifest_channel){
      .kind = MANIFEST_CHANNEL_EVENTS, .front_port = 3, .front = 0, .back = 1, .back_port = 4};
  m.channel[1] = (struct manifest_channel){.kind = MANIFEST_CHANNEL_MEMORY,
                                           .front = 0,
                                           .back = 1,
                                           .front_gpa = LENT_AT,
                                           .back_gpa = 0x200000,
                                           .size = 2 * PAGE_SIZE};
  m.channel[2] = (struct manifest_channel){
      .kind = MANIFEST_CHANNEL_CONSOLE, .front = 0, .back = 1, .front_port = 5, .back_port = 6};
}

/* The machine with the image in its first frames, sums made right. */
static void machine_make(void) {
  while (shared_count)
    free(shared_memory[--shared_count]);
  free(image_bytes);
  srand(1);
  fake_init(MACHINE_PAGES, 4, 1);
  world_log_clear();
  mfn_t first = frame_alloc(2, OWNER_HV, FRAME_PAYLOAD);
  assert_true(mfn_valid(first));
  image_maddr = mfn_to_maddr(first).v;
  domains = NULL;
  domain_count = 0;
  image = (struct builder_image){0};
  image_bytes = calloc(IMAGE_PAGES, PAGE_SIZE);
  memset(image_bytes + PAGE_SIZE, 0x5a, 2 * PAGE_SIZE);
  m.payload[0].sum = sum_of(image_bytes + PAGE_SIZE, 2 * PAGE_SIZE);
  m.h.sum = (struct manifest_sum){0, 0};
  memcpy(image_bytes, &m, sizeof(m));
  m.h.sum = sum_of(image_bytes, MIN(m.h.manifest_size, IMAGE_PAGES * PAGE_SIZE));
  memcpy(image_bytes, &m, sizeof(m));
  for (unsigned i = 0; i < IMAGE_PAGES; i++) /* where the payloads are read from */
    memcpy(fake_page(MFN((image_maddr >> PAGE_SHIFT) + i)), image_bytes + i * PAGE_SIZE, PAGE_SIZE);
}

/* --- boot ------------------------------------------------------------------------------------- */

static void test_boot_good(void **unused) {
  image_make();
  machine_make();
  assert_int_equal(builder_boot(image_maddr, IMAGE_PAGES * PAGE_SIZE), STATUS_OK);
  assert_int_equal(domain_count, 2);
}

static void refused(const char *why) {
  machine_make();
  uint64_t before = frame_count_free();
  assert_int_equal(builder_boot(image_maddr, IMAGE_PAGES * PAGE_SIZE), STATUS_INVALID);
  if (!strstr(world_log, why) || strncmp(world_log, "refused: ", 9))
    fail_msg("refused for another reason than %s: %s", why, world_log);
  assert_int_equal(frame_count_free(), before);
}

/* Sums are right, the content is not. */
#define LIE(change, why)                                                                           \
  do {                                                                                             \
    image_make();                                                                                  \
    change;                                                                                        \
    refused("reason=" why);                                                                        \
  } while (0)

static void test_lies_of_tables(void **unused) {
  LIE(m.h.magic[0] ^= 1, "magic");
  LIE(m.h.version++, "version");
  LIE(m.h.header_size--, "version");
  LIE(m.h.image_size += PAGE_SIZE, "truncated");
  LIE(m.h.image_size -= 8, "image-size");
  LIE(m.h.manifest_size = 8, "manifest-size");
  LIE(m.h.manifest_size = m.h.image_size + 8, "manifest-size");
  LIE(m.h.loads.offset += 4, "table");
  LIE(m.h.loads.offset = 0, "table");
  LIE(m.h.loads.offset = 1u << 20, "table");
  LIE(m.h.regions.count = ~0u, "table");
  LIE(m.h.name[0] = 0, "system-name");
  LIE(m.h.domains.count = 0, "domains");
  LIE(m.h.machine_cpus = 99, "cpus");
  LIE(m.payload[0].offset++, "payload-bounds");
  LIE(m.payload[0].offset = 0, "payload-bounds");
  LIE(m.payload[0].size = ~0ull, "payload-bounds");
  LIE(m.payload[0].name[0] = 1, "payload-name");
}

static void test_lies_of_domains(void **unused) {
  LIE(m.domain[0].name[0] = 0, "domain-name");
  LIE(memset(m.domain[0].name, 'x', 32), "domain-name");
  LIE(m.domain[1].domid = 1, "domain-twice");
  LIE(strcpy(m.domain[1].name, "one"), "domain-twice");
  LIE(m.domain[0].domid = 0, "domain-range");
  LIE(m.domain[0].domid = 0x7ff0, "domain-range");
  LIE(m.domain[0].vcpus = 0, "domain-range");
  LIE(m.domain[0].vcpus = MANIFEST_MAX_VCPUS + 1, "domain-range");
  LIE(m.domain[0].weight = 0, "domain-range");
  LIE(m.domain[0].weight = 65536, "domain-range");
  LIE(m.domain[0].evtchn_limit = 4097, "domain-range");
  LIE(m.domain[0].grant_frames = MANIFEST_MAX_GRANT_FRAMES + 1, "domain-range");
  LIE(m.domain[0].maptrack = MANIFEST_MAX_MAPTRACK + 1, "domain-range");
  LIE(m.domain[0].on_crash = 3, "domain-action");
  LIE(m.domain[0].first_vcpu = 4, "domain-tables");
  LIE(m.domain[0].regions = 6, "domain-tables");
  LIE(m.domain[1].first_load = 2, "domain-tables");
  LIE(m.vcpu[0].cpu = 4, "cpus");
  LIE(m.domain[0].entry = 1ull << 32, "entry");
  LIE(m.domain[0].entry = GUEST_BYTES, "entry");
  LIE(m.domain[0].start_info = 1ull << 32, "entry");
  LIE(m.domain[0].start_info = GUEST_BYTES - 8, "entry");
}

static void test_lies_of_memory(void **unused) {
  LIE(m.region[0].gpa = 1, "region");
  LIE(m.region[0].size = 0, "region");
  LIE(m.region[1].gpa = 0, "region");
  LIE(m.region[0].size = 0ull - PAGE_SIZE, "region");
  LIE(m.region[2].gpa = 1ull << 46, "region");
  LIE(m.domain[0].max_pages = 3, "pages");
  LIE(m.domain[0].max_pages = ~0ull, "domain-range"); /* what it needs beside would wrap around */
  LIE(m.domain[0].max_pages = 1ull << 40, "domain-range");
  LIE(m.domain[0].max_pages = 1ull << 33, "memory");
  LIE(m.load[0].payload = 1, "load");
  LIE(m.load[0].payload_offset = 3 * PAGE_SIZE, "load");
  LIE(m.load[0].file_size = 3 * PAGE_SIZE, "load");
  LIE(m.load[0].mem_size = 1, "load");
  LIE(m.load[0].gpa = GUEST_BYTES, "load");
}

/* The nth call below fails; false: there is none. */
static bool boot_fault(unsigned nth) {
  machine_make();
  fault_inside(true);
  fault_arm(nth);
  enum status s = builder_boot(image_maddr, IMAGE_PAGES * PAGE_SIZE);
  const char *failed = fault_disarm();
  fault_inside(false);
  if (failed && (!s || strncmp(world_log, "refused: ", 9) || arch_this_cpu()->linked))
    fail_msg("with a failing %s (call %u): status %d, %s", failed, nth, s, world_log);
  return failed;
}

static void test_boot_faults(void **unused) {
  unsigned nth = 1;
  image_make();
  while (boot_fault(nth))
    nth++;
  printf("faults.at_boot\t%u\tfaults\n", nth - 1);
  assert_true(nth > 20);
}

/* --- a life ------------------------------------------------------------------------------------
 */

/* As domain_fill and domain_clear do (hv/core/domain.c). */
static enum status life_start(void) {
  fault_inside(true);
  enum status s = build_domain(d);
  if (!s)
    s = personality_domain_init(d);
  for (uint32_t i = 0; !s && i < d->vcpu_count; i++)
    s = personality_vcpu_init(d->vcpus[i]);
  fault_inside(false);
  return s;
}

static void life_end(void) {
  personality_domain_fini(d);
  build_release(d);
}

static void life_prepare(unsigned n) {
  machine_make();
  assert_int_equal(builder_boot(image_maddr, IMAGE_PAGES * PAGE_SIZE), STATUS_OK);
  for (unsigned i = 0; i < 2; i++) {
    unsigned which = i ? n : 1 - n; /* the other is alive already */
    guest_in(which, 0);
    d = domain_current();
    if (!i)
      assert_int_equal(life_start(), STATUS_OK);
  }
  assert_int_equal(life_start(), STATUS_OK); /* a first life: what is kept for the next is there */
  life_end();
}

/* One reference more to a frame that is lent: there are two in a life, and room for billions. */
static bool asserted(const char *failed) {
  return failed && !strcmp(failed, "frame_get") && strstr(world_panic_text, "hv/builder/ranges.c");
}

static bool life_fault(unsigned n, unsigned nth) {
  life_prepare(n);
  struct state *before = state_take();
  fault_arm(nth);
  bool panicked = PANICS((void)life_start());
  const char *failed = fault_disarm();
  fault_inside(false);
  if (panicked) {
    assert_true(asserted(failed));
    state_free(before);
    return true;
  }
  life_end();
  struct state *after = state_take();
  if (failed && !state_same(before, after, true))
    fail_msg("domain %u, with a failing %s (call %u)", n, failed, nth);
  state_free(before);
  state_free(after);
  return failed;
}

static void test_life_faults(void **unused) {
  unsigned faults = 0;
  image_make();
  state_between_lives(true);
  for (unsigned n = 0; n < 2; n++)
    for (unsigned nth = 1; life_fault(n, nth); nth++)
      faults++;
  printf("faults.in_lives\t%u\tfaults\n", faults);
  assert_true(faults > 80);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_boot_good),       cmocka_unit_test(test_lies_of_tables),
      cmocka_unit_test(test_lies_of_domains), cmocka_unit_test(test_lies_of_memory),
      cmocka_unit_test(test_boot_faults),     cmocka_unit_test(test_life_faults),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

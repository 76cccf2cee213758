/* SPDX-License-Identifier: Apache-2.0 */
/* The boot builder's check of the channels: one good table, and each lie that it must refuse. */
#include "world.h"
#include <arch/boot.h>
#include <builder/builder.h>
#include <channel.h>
#include <stdio.h>

#define MIB     (1ull << 20)
#define CHANNEL 5

struct builder_image image;
static uint64_t shared_heap[1024], shared_used;

void *mm_shared_alloc(uint64_t size) {
  uint64_t *at = &shared_heap[shared_used];
  shared_used += DIV_ROUND_UP(size, 8);
  return shared_used <= ARRAY_SIZE(shared_heap) ? at : NULL;
}

void vcpu_mail(struct vcpu_stub *s, enum mail mail) {
  fail(); /* nobody runs yet */
}

static struct {
  struct manifest_header header;
  struct manifest_region region[4];
  struct manifest_channel channel[CHANNEL];
} m;

static const struct manifest_channel good[CHANNEL] = {
    {.kind = MANIFEST_CHANNEL_EVENTS, .front = 0, .back = 1, .front_port = 1, .back_port = 1},
    {.kind = MANIFEST_CHANNEL_MEMORY,
     .flags = MANIFEST_CHANNEL_WRITABLE,
     .front = 0,
     .back = 1,
     .front_gpa = 64 * MIB,
     .back_gpa = MIB,
     .size = MIB},
    {.kind = MANIFEST_CHANNEL_DISK, .front = 0, .back = 1, .name = "xvda"},
    {.kind = MANIFEST_CHANNEL_STORE, .front = 0, .back = 1, .front_port = 2, .back_port = 2},
    {.kind = MANIFEST_CHANNEL_CONSOLE, .front = 0, .back = 1, .front_port = 3, .back_port = 63},
};

static void setup(void) {
  fake_init(64, 1, 1);
  world_domains(3, 1);
  memset(&m, 0, sizeof(m));
  m.header.domains.count = 3;
  m.header.channels.offset = offsetof(__typeof__(m), channel);
  m.header.channels.count = CHANNEL;
  memcpy(m.channel, good, sizeof(good));
  for (unsigned i = 0; i < 2; i++) {
    world_config[i].evtchn_limit = 64;
    world_config[i].first_region = i * 2;
    world_config[i].regions = 2;
    world_config[i].special_pages = 2;
    m.region[i * 2] = (struct manifest_region){0, 64 * MIB, MANIFEST_REGION_RAM, 1};
    m.region[i * 2 + 1] = (struct manifest_region){128 * MIB, MIB, MANIFEST_REGION_RESERVED, 1};
  }
  system_config = &m.header;
  image = (struct builder_image){.domains = world_config, .regions = m.region};
  world_log_clear();
  memset(shared_heap, 0, sizeof(shared_heap));
  shared_used = 0;
}

static void test_good(void **unused) {
  setup();
  assert_int_equal(channels_check(), STATUS_OK);
  m.header.channels.count = 0;
  assert_int_equal(channels_check(), STATUS_OK);
  assert_string_equal(world_log, "");
}

static void refused(const char *reason, unsigned channel) {
  char line[64];
  snprintf(line, sizeof(line), "refused: reason=channel-%s channel=%u ", reason, channel);
  assert_int_equal(channels_check(), STATUS_INVALID);
  assert_memory_equal(world_log, line, strlen(line));
}

#define LIE(channel_, field, value, reason)                                                        \
  do {                                                                                             \
    setup();                                                                                       \
    m.channel[channel_].field = (value);                                                           \
    refused(reason, channel_);                                                                     \
  } while (0)

static void test_domains(void **unused) {
  LIE(0, front, 3, "domains");
  LIE(0, back, 0xffff, "domains");
  LIE(2, back, 0, "domains"); /* to itself */
}

static void test_kinds(void **unused) {
  LIE(0, kind, 0, "kind");
  LIE(0, kind, MANIFEST_CHANNEL_STORE + 1, "kind");
  LIE(0, flags, MANIFEST_CHANNEL_WRITABLE, "kind");
  LIE(1, flags, 2, "kind");
  LIE(1, front_port, 9, "kind");
  LIE(2, back_port, 9, "kind");
  LIE(2, front_gpa, 64 * MIB, "kind");
  LIE(3, size, 4096, "kind");
  setup();
  memset(m.channel[2].name, 'x', sizeof(m.channel[2].name));
  refused("kind", 2);
}

static void test_ports(void **unused) {
  LIE(0, front_port, 0, "port");
  LIE(0, back_port, 0, "port");
  LIE(3, front_port, 64, "port");
  LIE(3, back_port, 0x80000001, "port");
  LIE(4, back_port, 2, "port"); /* twice in the back */
  LIE(4, front_port, 1, "port");
  setup();
  m.channel[4].front = 1; /* its ports are other domains' now */
  m.channel[4].back = 0;
  m.channel[4].front_port = 2;
  refused("port", 4);
}

static void test_rings(void **unused) {
  LIE(4, kind, MANIFEST_CHANNEL_STORE, "ring"); /* a second store */
  setup();
  world_config[0].special_pages = 1;
  refused("ring", 3);
}

static void test_memory(void **unused) {
  LIE(1, size, 0, "memory");
  LIE(1, size, 100, "memory");
  LIE(1, size, ~0xfffull, "memory");
  LIE(1, front_gpa, 64 * MIB + 1, "memory");
  LIE(1, front_gpa, 63 * MIB + 4096, "memory"); /* over its own RAM */
  LIE(1, front_gpa, 127 * MIB + 4096, "memory");
  LIE(1, front_gpa, 1ull << 60, "memory");
  LIE(1, back_gpa, 64 * MIB - 4096, "memory"); /* behind the owner's RAM */
  setup();
  m.channel[1].back_gpa = 128 * MIB;
  assert_int_equal(channels_check(), STATUS_OK); /* reserved and backed: as the tool does it */
  m.region[1].type = m.region[3].type = MANIFEST_REGION_ACPI;
  refused("memory", 1);
  setup();
  m.channel[2] = good[1];
  m.channel[2].back_gpa = 8 * MIB;
  m.channel[2].front_gpa += MIB - 4096;
  refused("memory", 2);
  m.channel[2].front_gpa = 66 * MIB;
  assert_int_equal(channels_check(), STATUS_OK);
  m.channel[2].back_gpa = 2 * MIB - 4096; /* a page that is lent already */
  refused("memory", 2);
}

static void test_count(void **unused) {
  setup();
  m.header.channels.count = MANIFEST_MAX_CHANNELS + 1;
  assert_int_equal(channels_check(), STATUS_INVALID);
  assert_memory_equal(world_log, "refused: reason=channels ", 25);
}

/* The ports of the system file wait for each other; who has no events has no ports for them. */
static void test_make(void **unused) {
  setup();
  assert_int_equal(channels_make(), STATUS_OK);
  for (unsigned i = 0; i < 2; i++)
    for (uint32_t port = 0; port < 64; port++) {
      bool stands = i == 0 ? port >= 1 && port <= 3 : port == 1 || port == 2 || port == 63;
      assert_int_equal(domains[i].ends[port].channel, stands ? 1 : 0);
      assert_int_equal(domains[i].ends[port].far, 0);
    }
  assert_null(domains[2].ends);
  setup();
  shared_used = ARRAY_SIZE(shared_heap) - 10;
  assert_int_equal(channels_make(), STATUS_NO_MEMORY);
  setup();
  m.header.channels.count = 0;
  assert_int_equal(channels_make(), STATUS_OK);
  assert_int_equal(shared_used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),  cmocka_unit_test(test_domains), cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_ports), cmocka_unit_test(test_rings),   cmocka_unit_test(test_memory),
      cmocka_unit_test(test_count), cmocka_unit_test(test_make),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

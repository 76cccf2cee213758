/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as a table: for each kind of channel what its two ends may do to each other. */
#include "world.h"
#include <policy.h>

enum { FRONT, BACK, OTHER };

static struct {
  struct manifest_header header;
  struct manifest_channel channel[2];
} manifest;

static void setup(uint16_t kind) {
  world_domains(3, 1);
  memset(&manifest, 0, sizeof(manifest));
  system_config = &manifest.header;
  manifest.header.channels.offset = sizeof(manifest.header);
  manifest.header.channels.count = kind ? 2 : 0;
  manifest.channel[0] =
      (struct manifest_channel){.kind = MANIFEST_CHANNEL_MEMORY, .front = FRONT, .back = BACK};
  manifest.channel[1] = (struct manifest_channel){.kind = kind, .front = FRONT, .back = BACK};
}

static bool allowed(unsigned a, unsigned b, enum policy_op op) {
  bool yes = policy_allows(&domains[a], &domains[b], op);
  if (a != b)
    assert_int_equal(policy_channel(&domains[a], &domains[b], op), yes ? 1 : -1);
  return yes;
}

static void test_table(void **unused) {
  static const struct {
    uint16_t kind;
    bool events, grants;
  } rows[] = {
      {0, false, false},
      {MANIFEST_CHANNEL_EVENTS, true, false},
      {MANIFEST_CHANNEL_MEMORY, false, false},
      {MANIFEST_CHANNEL_DISK, true, true},
      {MANIFEST_CHANNEL_NETWORK, true, true},
      {MANIFEST_CHANNEL_CONSOLE, true, true},
      {MANIFEST_CHANNEL_STORE, true, true},
      {MANIFEST_CHANNEL_STORE + 1, false, false},
  };
  for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
    setup(rows[i].kind);
    for (unsigned a = 0; a < 3; a++)
      for (unsigned b = 0; b < 3; b++) {
        bool joined = a != OTHER && b != OTHER && a != b, self = a == b;
        assert_int_equal(allowed(a, b, POLICY_EVENT), self || (joined && rows[i].events));
        assert_int_equal(allowed(a, b, POLICY_GRANT),
                         self || (a == BACK && b == FRONT && rows[i].grants));
        assert_int_equal(allowed(a, b, POLICY_MANAGE), self);
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// The switch's table and the checksum that it fills in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <services/net/checksum.h>
#include <services/net/switch.h>

static struct network_switch sw;

static mac_t mac(uint64_t bits) {
  return (mac_t){bits};
}

static int setup(void **state) {
  sw = (struct network_switch){0};
  for (unsigned i = 0; i < 3; i++)
    switch_up(&sw, i, mac(0));
  return 0;
}

static void learns_and_moves(void **state) {
  assert_int_equal(switch_find(&sw, mac(0xa), 0), -1);
  assert_true(switch_learn(&sw, 1, mac(0xa), 10));
  assert_int_equal(switch_find(&sw, mac(0xa), 10), 1);
  assert_true(switch_learn(&sw, 2, mac(0xa), 11));
  assert_int_equal(switch_find(&sw, mac(0xa), 11), 2);
  switch_down(&sw, 2);
  assert_int_equal(switch_find(&sw, mac(0xa), 11), -1);
}

static void forgets_what_is_silent(void **state) {
  switch_learn(&sw, 1, mac(0xa), 10);
  assert_int_equal(switch_find(&sw, mac(0xa), 10 + SWITCH_AGE), 1);
  assert_int_equal(switch_find(&sw, mac(0xa), 11 + SWITCH_AGE), -1);
  switch_learn(&sw, 1, mac(0xa), 400);
  assert_int_equal(switch_find(&sw, mac(0xa), 400 + SWITCH_AGE), 1);
}

static void a_flood_of_addresses_displaces_the_flooders(void **state) {
  switch_learn(&sw, 0, mac(0x100), 1);
  switch_learn(&sw, 2, mac(0x200), 1);
  for (uint64_t i = 0; i < 1000; i++)
    assert_true(switch_learn(&sw, 1, mac(0x10000 + i), 2 + i / 100));
  assert_int_equal(switch_find(&sw, mac(0x100), 12), 0);
  assert_int_equal(switch_find(&sw, mac(0x200), 12), 2);
  unsigned known = 0;
  for (uint64_t i = 0; i < 1000; i++)
    known += switch_find(&sw, mac(0x10000 + i), 12) == 1;
  assert_int_equal(known, SWITCH_ADDRESSES);
}

static void nobody_takes_anothers_own_address(void **state) {
  switch_up(&sw, 0, mac(0x163e000001));
  assert_int_equal(switch_find(&sw, mac(0x163e000001), 0), 0);
  assert_false(switch_learn(&sw, 1, mac(0x163e000001), 5));
  assert_int_equal(switch_find(&sw, mac(0x163e000001), 1000000), 0);
  assert_true(switch_learn(&sw, 0, mac(0x163e000001), 5));
}

static void groups_and_nothing_are_no_source(void **state) {
  assert_false(switch_learn(&sw, 1, mac(0xffffffffffff), 0));
  assert_false(switch_learn(&sw, 1, mac(0x01005e000001), 0));
  assert_false(switch_learn(&sw, 1, mac(0), 0));
  assert_int_equal(switch_find(&sw, mac(0), 0), -1);
}

static void reads_addresses(void **state) {
  mac_t m;
  assert_true(mac_parse("00:16:3e:aB:02:ff", &m));
  assert_true(m.bits == 0x00163eab02ff);
  const uint8_t octets[6] = {0, 0x16, 0x3e, 0xab, 2, 0xff};
  assert_true(mac_read(octets).bits == m.bits);
  const char *bad[] = {"",
                       "00:16:3e:ab:02",
                       "00:16:3e:ab:02:f",
                       "00:16:3e:ab:02:ff:",
                       "00:16:3e:ab:02:fg",
                       "01:16:3e:ab:02:ff",
                       "00:00:00:00:00:00",
                       "0016:3e:ab:02:ff:00"};
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(mac_parse(bad[i], &m));
}

// --- The checksum -------------------------------------------------------------------

// An IPv4 packet of a TCP header of 20 bytes (or UDP of 8) and some data, untagged.
static size_t make_frame(uint8_t *frame, uint8_t protocol, unsigned data) {
  unsigned header = protocol == 6 ? 20 : 8, total = 20 + header + data;
  memset(frame, 0, 14 + total);
  frame[12] = 8;
  uint8_t *ip = frame + 14;
  ip[0] = 0x45;
  ip[2] = (uint8_t)(total >> 8);
  ip[3] = (uint8_t)total;
  ip[9] = protocol;
  memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
  for (unsigned i = 20; i < total; i++)
    ip[i] = (uint8_t)(i * 7);
  return 14 + total;
}

// What a receiver does: all ones over pseudo header and segment.
static uint16_t verify(const uint8_t *ip) {
  unsigned total = (unsigned)(ip[2] << 8 | ip[3]);
  uint64_t sum = ip[9] + total - 20;
  for (unsigned i = 12; i < total; i++)
    sum += (uint64_t)ip[i] << (i & 1 ? 0 : 8);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

static void fills_in_the_checksum(void **state) {
  uint8_t frame[1600];
  for (unsigned data = 0; data < 1400; data += 13) {
    size_t length = make_frame(frame, data & 1 ? 6 : 17, data);
    assert_true(checksum_fill(frame, length));
    assert_int_equal(verify(frame + 14), 0xffff);
    memmove(frame + 18, frame + 14, length - 14); // the same behind a VLAN tag
    memcpy(frame + 12, "\x81\x00\x00\x05\x08\x00", 6);
    frame[18 + 20 + (data & 1 ? 16 : 6)] ^= 0x55;
    assert_true(checksum_fill(frame, length + 4));
    assert_int_equal(verify(frame + 18), 0xffff);
  }
}

static void leaves_alone_what_it_does_not_know(void **state) {
  static const struct {
    unsigned at;
    uint8_t value;
  } bad[] = {{12, 0x86}, {14, 0x65}, {14, 0x44}, {14, 0x4f},
             {16, 0x40}, {20, 0x20}, {21, 1},    {23, 1}};
  uint8_t frame[200], before[200];
  for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    size_t length = make_frame(frame, 6, 10);
    frame[bad[i].at] = bad[i].value;
    memcpy(before, frame, length);
    assert_false(checksum_fill(frame, length));
    assert_memory_equal(frame, before, length);
  }
  size_t length = make_frame(frame, 6, 10);
  for (size_t cut = 0; cut < length; cut++) // a frame that ends too early, in memory of its size
    assert_false(checksum_fill(frame, cut));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(learns_and_moves, setup),
      cmocka_unit_test_setup(forgets_what_is_silent, setup),
      cmocka_unit_test_setup(a_flood_of_addresses_displaces_the_flooders, setup),
      cmocka_unit_test_setup(nobody_takes_anothers_own_address, setup),
      cmocka_unit_test_setup(groups_and_nothing_are_no_source, setup),
      cmocka_unit_test(reads_addresses),
      cmocka_unit_test(fills_in_the_checksum),
      cmocka_unit_test(leaves_alone_what_it_does_not_know),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The console ring against guests that keep to its rules and others, and console_io. */
#include "guest.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/hvm.h>
#include <personality.h>

#define CONSOLE_PORT 1u

static struct xencons_interface *ring(void) {
  return guest_page(RING_GFN);
}

static void setup(void) {
  guest_setup(2);
  shared_map();
}

static void notify(void) {
  uint32_t port = CONSOLE_PORT;
  assert_int_equal(CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_send, port), 0);
}

static void put(const char *text) {
  for (; *text; text++)
    ring()->out[ring()->out_prod++ % 2048] = *text;
}

static bool printed(const char *text) {
  bool same = console_used == strlen(text) && !memcmp(console_text, text, console_used);
  console_used = 0;
  return same;
}

static bool signalled(void) {
  bool was = shared()->evtchn_pending[0] & BIT(CONSOLE_PORT);
  shared()->evtchn_pending[0] = 0;
  return was;
}

static void test_output(void **unused) {
  setup();
  put("hello\n");
  notify();
  assert_true(printed("hello\n"));
  assert_int_equal(ring()->out_cons, ring()->out_prod);
  assert_true(signalled());
  notify(); /* nothing there, nobody is told */
  assert_false(signalled());
  put("by the way");
  vcpu_mail(vcpu[0]->stub, MAIL_EVENT);
  guest_enter();
  assert_true(printed("by the way"));
  put("yield");
  assert_int_equal(call(__HYPERVISOR_sched_op, 0, 0, 0), 0);
  assert_true(printed("yield"));
  put("scheduled");
  personality_scheduled_in(vcpu[0]);
  assert_true(printed("scheduled"));
}

static void test_output_wraps(void **unused) {
  setup();
  ring()->out_prod = ring()->out_cons = 0xfffffff0; /* the indices wrap as well */
  char text[2049];
  for (unsigned i = 0; i < 2048; i++)
    text[i] = (char)('a' + i % 26);
  text[2048] = 0;
  put(text);
  notify();
  assert_true(printed(text));
  assert_int_equal(ring()->out_cons, (uint32_t)(0xfffffff0 + 2048));
}

static void test_hostile_output(void **unused) {
  static const uint32_t prods[] = {2049, 100000, 0x80000000, 0xffffffff};
  setup();
  for (unsigned i = 0; i < ARRAY_SIZE(prods); i++) {
    ring()->out_cons = 0;
    ring()->out_prod = prods[i];
    notify();
    assert_true(printed(""));
    put("still works"); /* it starts over behind the nonsense */
    notify();
    assert_true(printed("still works"));
  }
}

static void test_input(void **unused) {
  setup();
  console_input = "typed";
  vcpu_mail(vcpu[0]->stub, MAIL_CONSOLE);
  guest_enter();
  assert_int_equal(ring()->in_prod, 5);
  assert_memory_equal(ring()->in, "typed", 5);
  assert_true(signalled());
}

static void test_input_waits_for_room(void **unused) {
  static char many[3001];
  setup();
  memset(many, 'x', 3000);
  console_input = many;
  vcpu_mail(vcpu[0]->stub, MAIL_CONSOLE);
  guest_enter();
  assert_int_equal(ring()->in_prod, 1024);
  assert_int_equal(strlen(console_input), 3000 - 1024);
  ring()->in_cons = 1000;
  notify();
  assert_int_equal(ring()->in_prod, 2024);
  ring()->in_cons = 5000; /* nonsense: used would be negative */
  notify();
  assert_int_equal(ring()->in_prod, 2024);
  ring()->in_cons = 2024;
  notify();
  assert_int_equal(strlen(console_input), 0);
}

/* Whoever comes while another moves bytes leaves a note. */
static void test_busy(void **unused) {
  setup();
  d->personality.console.busy = true;
  put("left for the other");
  notify();
  assert_true(printed(""));
  assert_true(d->personality.console.wanted);
  d->personality.console.busy = false;
  notify();
  assert_true(printed("left for the other"));
}

static void test_closed_port(void **unused) {
  setup();
  uint32_t port = CONSOLE_PORT;
  assert_int_equal(CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_close, port), 0);
  assert_int_equal(bind_ipi(1), CONSOLE_PORT); /* now something else */
  shared()->evtchn_pending[0] = 0;
  put("drained all the same");
  personality_scheduled_in(vcpu[0]);
  assert_true(printed("drained all the same"));
  assert_false(signalled());
}

static void test_ring_page_given_away(void **unused) {
  setup();
  struct xencons_interface *r = ring();
  put("from the page that was");
  struct p2m_entry old;
  struct p2m_locked p = p2m_lock(d);
  assert_int_equal(p2m_remove(p, GFN(RING_GFN), &old), STATUS_OK);
  p2m_unlock(p);
  p2m_flush(d);
  frame_free(old.mfn, 0);
  personality_scheduled_in(vcpu[0]);
  assert_true(printed("from the page that was"));
  assert_int_equal(r->out_cons, r->out_prod); /* pinned: nobody else has it */
}

static void test_last_words(void **unused) {
  setup();
  put("last words");
  personality_domain_fini(d);
  assert_true(printed("last words"));
}

static void test_no_console(void **unused) {
  setup();
  personality_domain_fini(d);
  world_config[0].flags = 0;
  assert_int_equal(personality_domain_init(d), STATUS_OK);
  struct xen_hvm_param op = {.domid = DOMID_SELF, .index = HVM_PARAM_CONSOLE_PFN, .value = 7};
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_get_param, op), 0);
  assert_int_equal(op.value, 0);
  personality_scheduled_in(vcpu[0]);
}

/* --- console_io ------------------------------------------------------------------------------- */

static void test_io(void **unused) {
  setup();
  static char big[1000];
  memset(big, 'b', sizeof(big) - 1);
  guest_put(0xb000, big, sizeof(big));
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, sizeof(big) - 1, 0xb000), 0);
  assert_true(printed(big));
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 0, UNMAPPED), 0);
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 1, UNMAPPED), -XEN_EFAULT);
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_write, 0x80000000, 0xb000), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_console_io, 2, 1, 0xb000), -XEN_ENOSYS);
  console_input = "abc";
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 2, 0xb800), 2);
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 2, 0xb802), 1);
  char got[3];
  guest_get(got, 0xb800, 3);
  assert_memory_equal(got, "abc", 3);
}

/* In pieces: what was read before one that finds no room is gone, as on Xen. */
static void test_io_reads_pieces(void **unused) {
  static char many[301], got[300];
  setup();
  memset(many, 'm', sizeof(many) - 1);
  console_input = many;
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 256, 0xb000), 256);
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 256, 0xb100), 44);
  guest_get(got, 0xb000, sizeof(got));
  assert_memory_equal(got, many, sizeof(got));
  console_input = many;
  assert_int_equal(call(__HYPERVISOR_console_io, CONSOLEIO_read, 256, UNMAPPED - 128), -XEN_EFAULT);
}

/* What a domain wrote last, and ended no line with, is ended when the domain does. */
static void test_line_without_an_end(void **unused) {
  setup();
  d->personality.console.io_line.used = 3;
  personality_domain_fini(d);
  assert_true(printed("\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),
      cmocka_unit_test(test_output_wraps),
      cmocka_unit_test(test_hostile_output),
      cmocka_unit_test(test_input),
      cmocka_unit_test(test_input_waits_for_room),
      cmocka_unit_test(test_busy),
      cmocka_unit_test(test_closed_port),
      cmocka_unit_test(test_ring_page_given_away),
      cmocka_unit_test(test_last_words),
      cmocka_unit_test(test_no_console),
      cmocka_unit_test(test_io),
      cmocka_unit_test(test_io_reads_pieces),
      cmocka_unit_test(test_line_without_an_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sched_op: block and poll with what comes while they wait, the end of the domain, watchdogs. */
#include "guest.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/sched.h>
#include <lib/atomic.h>
#include <personality.h>

#define SCHED(op, arg) CALL(__HYPERVISOR_sched_op, SCHEDOP_##op, arg)
#define PORTS          0xb000u
#define SECOND         1000000000ull

static uint32_t port;

static void setup(void) {
  guest_setup(2);
  shared_map();
  port = (uint32_t)bind_ipi(0);
}

/* The sibling sends to `port` while we wait. */
static void sibling_sends(void) {
  uint32_t p = port;
  guest_become(1);
  guest_put(0xc000, &p, sizeof(p));
  assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, 0xc000, 0), 0);
  guest_become(0);
}

/* --- block -------------------------------------------------------------------------------------
 */

static unsigned round_;
static void console_then_event(void) {
  if (round_++ == 0)
    vcpu_mail(vcpu[0]->stub, MAIL_CONSOLE);
  else
    sibling_sends();
}
static void apic_mail(void) {
  vcpu_mail(vcpu[0]->stub, MAIL_APIC_TIMER);
}
static void park(void) {
  vcpu[0]->stub->park = true;
  vcpu_mail(vcpu[0]->stub, MAIL_LIFE);
}

static void test_block(void **unused) {
  setup();
  info(0)->evtchn_upcall_mask = 1;
  while_blocked = console_then_event;
  round_ = 0;
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
  assert_int_equal(blocks, 2); /* what is no event does not end it */
  assert_int_equal(info(0)->evtchn_upcall_mask, 0);
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
  assert_int_equal(blocks, 2); /* the event is still there */
  info(0)->evtchn_upcall_pending = 0;
  interrupt_due = true;
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
  assert_int_equal(blocks, 2);
  interrupt_due = false;
  while_blocked = apic_mail;
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
  assert_int_equal(blocks, 3);
  assert_true(vcpu[0]->stub->mail & BIT(MAIL_APIC_TIMER)); /* left for the entry */
  vcpu[0]->stub->mail = 0;
  while_blocked = park;
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0), 0);
}

/* --- poll ----------------------------------------------------------------------------------------
 */

static int64_t poll(const uint32_t *ports, uint32_t n, uint64_t timeout) {
  struct sched_poll op = {.ports = PORTS, .nr_ports = n, .timeout = timeout};
  if (n <= 2)
    guest_put(PORTS, ports, n * sizeof(*ports));
  return SCHED(poll, op);
}

static void time_goes(void) {
  fake_time_pass(fake_time + 1000);
  if (!vcpu[0]->stub->mail)
    vcpu_mail(vcpu[0]->stub, MAIL_CONSOLE);
}

static void test_poll_timeout(void **unused) {
  setup();
  while_blocked = time_goes;
  uint64_t start = fake_time;
  assert_int_equal(poll(&port, 1, start + 5000), 0);
  assert_true(fake_time >= start + 5000);
  assert_false(timer_pending(&vcpu[0]->stub->poll_timer));
  blocks = 0;
  assert_int_equal(poll(&port, 1, 1), 0); /* past */
  assert_int_equal(blocks, 0);
  assert_int_equal(poll(&port, 0, fake_time + 3000), 0);
  assert_true(blocks > 0);
}

static void test_poll_event(void **unused) {
  setup();
  uint32_t ports[] = {(uint32_t)bind_ipi(0), port};
  shared()->evtchn_mask[0] = ~0ull; /* a poll sees masked ports too */
  while_blocked = sibling_sends;
  assert_int_equal(poll(ports, 2, 0), 0);
  assert_int_equal(blocks, 1);
  assert_int_equal(info(0)->evtchn_upcall_pending, 0);
  assert_int_equal(poll(ports, 2, 0), 0); /* pending already */
  assert_int_equal(blocks, 1);
  assert_int_equal(d->stub->polling[0], 0);
  shared()->evtchn_pending[0] = 0;
  assert_int_equal(poll(&port, 1, 0), 0);
  assert_int_equal(blocks, 2);
}

/* Only who polls for this port, or for several, is woken. */
static void test_poll_wakes(void **unused) {
  setup();
  d->stub->polling[0] = BIT(0);
  vcpu[0]->personality.poll_port = port + 1;
  shared()->evtchn_mask[0] = ~0ull;
  sibling_sends();
  assert_int_equal(vcpu[0]->stub->mail, 0);
  vcpu[0]->personality.poll_port = port;
  shared()->evtchn_pending[0] = 0;
  sibling_sends();
  assert_int_equal(vcpu[0]->stub->mail, BIT(MAIL_EVENT));
}

static void test_poll_refusals(void **unused) {
  setup();
  uint32_t bad[] = {port, 5000};
  assert_int_equal(poll(bad, 2, 1), -XEN_EINVAL);
  assert_int_equal(poll(bad, 129, 1), -XEN_EINVAL);
  assert_int_equal(poll(bad, 0xffffffff, 1), -XEN_EINVAL);
  struct sched_poll op = {.ports = UNMAPPED, .nr_ports = 1, .timeout = 1};
  assert_int_equal(SCHED(poll, op), -XEN_EFAULT);
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_poll, UNMAPPED, 0), -XEN_EFAULT);
  struct compat_sched_poll c = {.ports = PORTS, .nr_ports = 1, .timeout = 1};
  guest_put(PORTS, bad + 1, sizeof(*bad));
  assert_int_equal(compat_call_with(__HYPERVISOR_sched_op, SCHEDOP_poll, &c, sizeof(c)),
                   -XEN_EINVAL);
}

/* --- the end
 * -------------------------------------------------------------------------------------- */

static void check_end(uint32_t reason, enum domain_end want, int64_t result) {
  guest_setup(1);
  assert_int_equal(SCHED(shutdown, reason), result);
  assert_int_equal(ended, want);
}

static void test_shutdown(void **unused) {
  check_end(SHUTDOWN_poweroff, DOMAIN_END_POWEROFF, 0);
  check_end(SHUTDOWN_reboot, DOMAIN_END_REBOOT, 0);
  check_end(SHUTDOWN_suspend, DOMAIN_END_NONE, 1);
  check_end(SHUTDOWN_crash, DOMAIN_END_CRASH, 0);
  check_end(SHUTDOWN_watchdog, DOMAIN_END_CRASH, 0);
  check_end(SHUTDOWN_soft_reset, DOMAIN_END_SOFT_RESET, 0);
  check_end(77, DOMAIN_END_CRASH, 0);
  guest_setup(1);
  assert_int_equal(call(__HYPERVISOR_sched_op, SCHEDOP_shutdown, UNMAPPED, 0), -XEN_EFAULT);
  uint32_t first = SHUTDOWN_reboot, second = SHUTDOWN_crash, third = SHUTDOWN_poweroff;
  assert_int_equal(SCHED(shutdown_code, first), 0);
  assert_int_equal(SCHED(shutdown_code, second), 0); /* too late */
  assert_int_equal(ended, DOMAIN_END_NONE);
  assert_int_equal(SCHED(shutdown, third), 0);
  assert_int_equal(ended, DOMAIN_END_REBOOT);
}

static void test_refusals(void **unused) {
  setup();
  struct sched_remote_shutdown op = {.domain_id = 2};
  assert_int_equal(SCHED(remote_shutdown, op), -XEN_EPERM);
  op.domain_id = 77;
  assert_int_equal(SCHED(remote_shutdown, op), -XEN_ESRCH);
  op.domain_id = 1;
  assert_int_equal(SCHED(remote_shutdown, op), -XEN_EPERM);
  assert_int_equal(SCHED(pin_override, op), -XEN_EPERM);
  assert_int_equal(call(__HYPERVISOR_sched_op, 8, ARGUMENT, 0), -XEN_ENOSYS);
  assert_int_equal(ended, DOMAIN_END_NONE);
}

/* --- watchdog
 * --------------------------------------------------------------------------------------- */

static int64_t watchdog(uint32_t id, uint32_t seconds) {
  struct sched_watchdog op = {.id = id, .timeout = seconds};
  return SCHED(watchdog, op);
}

static void test_watchdog(void **unused) {
  setup();
  assert_int_equal(watchdog(0, 0), -XEN_EINVAL);
  assert_int_equal(watchdog(1, 5), -XEN_EINVAL);
  assert_int_equal(watchdog(0, 10), 1);
  assert_int_equal(watchdog(0, 10), 2);
  assert_int_equal(watchdog(0, 10), -XEN_ENOSPC);
  assert_int_equal(watchdog(3, 10), -XEN_EINVAL);
  assert_int_equal(watchdog(0xffffffff, 10), -XEN_EINVAL);
  assert_int_equal(watchdog(1, 0), 0);
  assert_int_equal(watchdog(1, 0), -XEN_EINVAL);
  uint64_t start = fake_time;
  fake_time_pass(start + 9 * SECOND);
  assert_int_equal(watchdog(2, 10), 0);
  fake_time_pass(start + 18 * SECOND);
  assert_int_equal(ended, DOMAIN_END_NONE);
  fake_time_pass(start + 20 * SECOND);
  assert_int_equal(ended, DOMAIN_END_CRASH);
}

static void test_watchdog_ends_with_the_domain(void **unused) {
  setup();
  assert_int_equal(watchdog(0, 10), 1);
  personality_domain_fini(d);
  fake_time_pass(fake_time + 20 * SECOND);
  assert_int_equal(ended, DOMAIN_END_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_block),
      cmocka_unit_test(test_poll_timeout),
      cmocka_unit_test(test_poll_event),
      cmocka_unit_test(test_poll_wakes),
      cmocka_unit_test(test_poll_refusals),
      cmocka_unit_test(test_shutdown),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_watchdog),
      cmocka_unit_test(test_watchdog_ends_with_the_domain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_op, vm_assist and set_timer_op: vcpu_info, clock, run states, timers, starting vCPUs. */
#include "guest.h"
#include <abi/xen/event_channel.h>
#include <abi/xen/hvm.h>
#include <abi/xen/hvm_vcpu.h>
#include <abi/xen/vcpu.h>
#include <lib/atomic.h>
#include <personality.h>

#define VCPU(op, id, arg) vcpu_call(VCPUOP_##op, id, &(arg), sizeof(arg))
#define AREA              0xb000u

static int64_t vcpu_plain(uint64_t op, unsigned id) {
  return call(__HYPERVISOR_vcpu_op, op, id, 0);
}

/* --- vcpu_info ----------------------------------------------------------------------------- */

static int64_t place(unsigned id, uint64_t gfn, uint32_t offset) {
  struct vcpu_register_vcpu_info op = {.mfn = gfn, .offset = offset};
  return VCPU(register_vcpu_info, id, op);
}

static struct vcpu_info *info_at(uint64_t gfn, uint32_t offset) {
  return (struct vcpu_info *)((char *)guest_page(gfn) + offset);
}

static void test_vcpu_info(void **unused) {
  guest_setup(3);
  shared_map();
  personality_scheduled_in(vcpu[0]);
  info(0)->arch_cr2 = 0x77;
  assert_int_equal(place(0, 20, PAGE_SIZE - 56), -XEN_ENXIO);
  assert_int_equal(place(0, 20, 0x80000000), -XEN_ENXIO);
  assert_int_equal(place(0, 20, 4), -XEN_ENXIO);
  assert_int_equal(place(0, 0x5000, 0), -XEN_EINVAL);
  assert_int_equal(place(0, READ_ONLY >> PAGE_SHIFT, 0), -XEN_EINVAL);
  assert_int_equal(place(0, 1ull << 52, 0), -XEN_EINVAL);
  assert_int_equal(place(3, 20, 0), -XEN_ENOENT);
  vcpu[2]->arch.offline = false;
  assert_int_equal(place(2, 20, 0), -XEN_EINVAL); /* it runs */
  assert_int_equal(place(0, 20, 64), 0);
  assert_int_equal(place(0, 20, 128), -XEN_EINVAL);
  assert_int_equal(info_at(20, 64)->arch_cr2, 0x77);
  assert_int_equal(info_at(20, 64)->evtchn_upcall_pending, 1);
  assert_int_equal(info_at(20, 64)->evtchn_pending_sel, ~0ull);
  assert_int_equal(info_at(20, 64)->time.tsc_to_system_mul, 0x80000000u);
  assert_int_equal(info_at(20, 64)->time.version & 1, 0);
  assert_int_equal(place(1, 21, PAGE_SIZE - 64), 0); /* it is down */
  int64_t port = bind_ipi(1);
  info_at(21, PAGE_SIZE - 64)->evtchn_pending_sel = 0;
  uint32_t p = (uint32_t)port;
  assert_int_equal(CALL(__HYPERVISOR_event_channel_op, EVTCHNOP_send, p), 0);
  assert_int_equal(info_at(21, PAGE_SIZE - 64)->evtchn_pending_sel, 1);
}

/* The page stays ours while it is registered, wherever the guest puts it. */
static void test_vcpu_info_page_stays(void **unused) {
  guest_setup(1);
  uint64_t before = frame_count_free();
  assert_int_equal(place(0, 20, 0), 0);
  uint64_t gfn = 20;
  struct {
    uint64_t list, n;
    uint32_t order, flags;
    uint16_t domid;
  } r = {.list = AREA, .n = 1, .domid = DOMID_SELF};
  guest_put(AREA, &gfn, sizeof(gfn));
  assert_int_equal(CALL(__HYPERVISOR_memory_op, 1, r), 0); /* in use */
  assert_int_equal(frame_count_free(), before);
  assert_non_null(guest_page(20));
  assert_int_equal(d->pages, RAM_PAGES + 1);
}

/* --- the clock ------------------------------------------------------------------------------- */

static void test_clock(void **unused) {
  guest_setup(1);
  shared_map();
  struct vcpu_time_info t = info(0)->time;
  assert_int_equal(t.version, 2);
  assert_int_equal(t.tsc_timestamp, 0x123456789abc);
  assert_int_equal(t.system_time, 0);
  assert_int_equal(t.tsc_shift, -1);
  assert_int_equal(t.flags, XEN_PVCLOCK_TSC_STABLE_BIT);
  personality_scheduled_in(vcpu[0]);
  assert_int_equal(info(0)->time.version, 2); /* nothing has changed */
  clock_zero = 99;
  clock_stable = false;
  personality_clock_write(vcpu[0]);
  assert_int_equal(info(0)->time.version, 4);
  assert_int_equal(info(0)->time.tsc_timestamp, 99);
  assert_int_equal(info(0)->time.flags, 0);
  assert_int_equal(shared()->wc_sec, 0x65432100);
  assert_int_equal(shared()->wc_sec_hi, 0x10);
  assert_int_equal(shared()->wc_version, 2);
}

static void test_clock_area(void **unused) {
  struct vcpu_time_info t;
  uint64_t va = AREA;
  guest_setup(2);
  assert_int_equal(VCPU(register_vcpu_time_memory_area, 0, va), 0);
  guest_get(&t, AREA, sizeof(t));
  assert_int_equal(t.version, 4);
  assert_int_equal(t.tsc_timestamp, clock_zero);
  clock_zero = 5;
  personality_clock_write(vcpu[0]);
  guest_get(&t, AREA, sizeof(t));
  assert_int_equal(t.version, 6);
  assert_int_equal(t.tsc_timestamp, 5);
  va = UNMAPPED; /* taken, and silently left out */
  assert_int_equal(VCPU(register_vcpu_time_memory_area, 0, va), 0);
  va = AREA + 64; /* for another: written when it runs */
  assert_int_equal(VCPU(register_vcpu_time_memory_area, 1, va), 0);
  guest_become(1);
  personality_scheduled_in(vcpu[1]);
  guest_get(&t, AREA + 64, sizeof(t));
  assert_int_equal(t.tsc_timestamp, 5);
  assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, UNMAPPED),
                   -XEN_EFAULT);
}

/* --- run states --------------------------------------------------------------------------------
 */

static void running_since(unsigned n, uint64_t since) {
  struct vcpu_stub *s = vcpu[n]->stub;
  s->state = VCPU_RUNNING;
  s->runstate_since = since;
  s->runstate_time[RUNSTATE_BLOCKED] = 111;
}

static void test_runstate_query(void **unused) {
  struct vcpu_runstate_info r;
  guest_setup(2);
  running_since(0, 400);
  fake_time = 1400;
  assert_int_equal(VCPU(get_runstate_info, 0, r), 0);
  assert_int_equal(r.state, RUNSTATE_RUNNING);
  assert_int_equal(r.state_entry_time, 400);
  assert_int_equal(r.time[RUNSTATE_RUNNING], 1000);
  assert_int_equal(r.time[RUNSTATE_BLOCKED], 111);
  assert_int_equal(VCPU(get_runstate_info, 1, r), 0);
  assert_int_equal(r.state, RUNSTATE_OFFLINE);
  assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, UNMAPPED), -XEN_EFAULT);
  struct compat_vcpu_runstate_info c;
  assert_int_equal(call_compat_mode(__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 0, AREA), 0);
  guest_get(&c, AREA, sizeof(c));
  assert_int_equal(c.state_entry_time, 400);
  assert_int_equal(c.time[RUNSTATE_BLOCKED], 111);
}

static void test_runstate_area(void **unused) {
  struct vcpu_runstate_info r;
  struct compat_vcpu_runstate_info c;
  uint64_t va = AREA;
  guest_setup(1);
  running_since(0, 400);
  assert_int_equal(VCPU(register_runstate_memory_area, 0, va), 0);
  guest_get(&r, AREA, sizeof(r));
  assert_int_equal(r.state_entry_time, 400);
  running_since(0, 900);
  personality_scheduled_in(vcpu[0]);
  guest_get(&r, AREA, sizeof(r));
  assert_int_equal(r.state_entry_time, 900);
  assert_int_equal(
      call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag, 0), 0);
  running_since(0, 950);
  personality_scheduled_in(vcpu[0]);
  guest_get(&r, AREA, sizeof(r));
  assert_int_equal(r.state_entry_time, 950); /* the flag does not stay */
  va = UNMAPPED;
  assert_int_equal(VCPU(register_runstate_memory_area, 0, va), 0);
  personality_scheduled_in(vcpu[0]);
  va = AREA + 128;
  guest_put(ARGUMENT, &va, sizeof(va));
  assert_int_equal(
      call_compat_mode(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, ARGUMENT), 0);
  guest_get(&c, AREA + 128, sizeof(c));
  assert_int_equal(c.state_entry_time, 950);
  va = 0; /* none any more */
  assert_int_equal(VCPU(register_runstate_memory_area, 0, va), 0);
  memset(guest_page(0), 0x5a, 64);
  personality_scheduled_in(vcpu[0]);
  assert_int_equal(*(uint8_t *)guest_page(0), 0x5a);
}

static void test_vm_assist(void **unused) {
  guest_setup(1);
  assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_disable, 5, 0), 0);
  assert_int_equal(call(__HYPERVISOR_vm_assist, 2, 5, 0), -XEN_ENOSYS);
  assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 2, 0), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_vm_assist, VMASST_CMD_enable, ~0u, 0), -XEN_EINVAL);
}

/* --- timers --------------------------------------------------------------------------------------
 */

static int64_t single(unsigned id, uint64_t deadline, uint32_t flags) {
  struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = deadline, .flags = flags};
  return VCPU(set_singleshot_timer, id, op);
}

/* Did VIRQ_TIMER's mail come? */
static bool fired(enum mail m) {
  return atomic_and(&vcpu[0]->stub->mail, ~BIT(m)) & BIT(m);
}

static void test_single_shot(void **unused) {
  guest_setup(2);
  assert_int_equal(single(0, 5000, 0), 0);
  fake_time_pass(4999);
  assert_false(fired(MAIL_TIMER));
  fake_time_pass(5000);
  assert_true(fired(MAIL_TIMER));
  fake_time_pass(20000);
  assert_false(fired(MAIL_TIMER));
  assert_int_equal(single(0, 100, 0), 0); /* past: at once */
  fake_time_pass(20000);
  assert_true(fired(MAIL_TIMER));
  assert_int_equal(single(0, 100, VCPU_SSHOTTMR_future), -XEN_ETIME);
  assert_int_equal(single(0, 30000, VCPU_SSHOTTMR_future), 0);
  assert_int_equal(vcpu_plain(VCPUOP_stop_singleshot_timer, 0), 0);
  fake_time_pass(40000);
  assert_false(fired(MAIL_TIMER));
  assert_int_equal(single(1, 1, 0), -XEN_EINVAL); /* only its own */
  assert_int_equal(vcpu_plain(VCPUOP_stop_singleshot_timer, 1), -XEN_EINVAL);
  assert_int_equal(call(__HYPERVISOR_set_timer_op, 50000, 0, 0), 0);
  fake_time_pass(50000);
  assert_true(fired(MAIL_TIMER));
  assert_int_equal(call(__HYPERVISOR_set_timer_op, 60000, 0, 0), 0);
  assert_int_equal(call(__HYPERVISOR_set_timer_op, 0, 0, 0), 0);
  fake_time_pass(70000);
  assert_false(fired(MAIL_TIMER));
  assert_int_equal(call_compat_mode(__HYPERVISOR_set_timer_op, 1, 1, 0), 0); /* low, high */
  fake_time_pass((1ull << 32) + 1);
  assert_true(fired(MAIL_TIMER));
}

static void test_periodic(void **unused) {
  uint64_t ms = 1000000, period = ms - 1;
  guest_setup(2);
  assert_int_equal(VCPU(set_periodic_timer, 0, period), -XEN_EINVAL);
  period = 1ull << 63;
  assert_int_equal(VCPU(set_periodic_timer, 0, period), -XEN_EINVAL);
  period = ms;
  uint64_t start = fake_time;
  assert_int_equal(VCPU(set_periodic_timer, 0, period), 0);
  for (unsigned i = 1; i <= 5; i++) {
    fake_time_pass(start + i * ms - 1);
    assert_false(fired(MAIL_PERIODIC));
    fake_time_pass(start + i * ms);
    assert_true(fired(MAIL_PERIODIC));
  }
  assert_int_equal(vcpu_plain(VCPUOP_stop_periodic_timer, 0), 0);
  fake_time_pass(start + 50 * ms);
  assert_false(fired(MAIL_PERIODIC));
  assert_int_equal(vcpu_plain(VCPUOP_stop_periodic_timer, 2), -XEN_ENOENT);
  assert_int_equal(vcpu_plain(VCPUOP_set_periodic_timer, 1), 0 - XEN_EINVAL); /* reads 0 at 0 */
}

/* --- up and down
 * ----------------------------------------------------------------------------------- */

static void test_up_and_down(void **unused) {
  struct vcpu_hvm_context c = {.mode = 7};
  guest_setup(2);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 0), 1);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_up, 1), -XEN_EINVAL);
  assert_int_equal(VCPU(initialise, 1, c), -XEN_EINVAL);
  assert_int_equal(VCPU(initialise, 0, c), -XEN_EEXIST);
  c.mode = VCPU_HVM_MODE_64B;
  assert_int_equal(VCPU(initialise, 1, c), -XEN_EINVAL); /* the machine refuses these registers */
  c.cpu_regs.x86_64.cr0 = 0x80000001;
  c.cpu_regs.x86_64.rip = 0x1234;
  c.cpu_regs.x86_64.rdi = 7;
  assert_int_equal(VCPU(initialise, 1, c), 0);
  assert_true(context_seen.mode64);
  assert_int_equal(context_seen.ip, 0x1234);
  assert_int_equal(context_seen.gpr[7], 7);
  assert_int_equal(VCPU(initialise, 1, c), -XEN_EEXIST);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_up, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 1), 1);
  assert_true(vcpu[1]->stub->mail & BIT(MAIL_INTERRUPT));
  assert_int_equal(vcpu_plain(VCPUOP_down, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_up, 1), 0);
  assert_int_equal(vcpu_plain(VCPUOP_down, 0), 0);
  assert_int_equal(ended, DOMAIN_END_NONE);
  guest_become(1);
  assert_int_equal(vcpu_plain(VCPUOP_down, 1), 0); /* the last one */
  assert_int_equal(ended, DOMAIN_END_POWEROFF);
}

static void test_context_32(void **unused) {
  struct vcpu_hvm_context c = {.mode = VCPU_HVM_MODE_32B,
                               .cpu_regs.x86_32 = {.eip = 0x100,
                                                   .cr0 = 1,
                                                   .ecx = 3,
                                                   .ss_base = 0x50,
                                                   .ss_limit = 0xffff,
                                                   .ss_ar = 0xc93,
                                                   .tr_ar = 0x8b}};
  guest_setup(2);
  assert_int_equal(VCPU(initialise, 1, c), 0);
  assert_false(context_seen.mode64);
  assert_int_equal(context_seen.gpr[1], 3);
  assert_int_equal(context_seen.segment[2].base, 0x50);
  assert_int_equal(context_seen.segment[2].attributes, 0xc93);
  assert_int_equal(context_seen.segment[4].attributes, 0x8b);
}

static void test_nmi_and_unknown(void **unused) {
  guest_setup(2);
  assert_int_equal(vcpu_plain(VCPUOP_send_nmi, 1), 0);
  assert_int_equal(vcpu[1]->arch.raised[0], BIT(2));
  assert_int_equal(call(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 1, 8), -XEN_EINVAL);
  assert_int_equal(vcpu_plain(VCPUOP_get_physid, 0), -XEN_EINVAL);
  assert_int_equal(vcpu_plain(14, 0), -XEN_ENOSYS);
  assert_int_equal(vcpu_plain(VCPUOP_is_up, 0x80000000), -XEN_ENOENT);
  for (unsigned op = 0; op < 14; op++)
    assert_int_equal(vcpu_plain(op, 2), -XEN_ENOENT);
}

/* A tick that was late in setting its timer again has done so between two lives. */
static void test_new_life_finds_a_queued_timer(void **unused) {
  guest_setup(1);
  timer_set(&vcpu[0]->stub->periodic, time_now() + 1000);
  assert_int_equal(personality_vcpu_init(vcpu[0]), STATUS_OK);
  assert_false(timer_pending(&vcpu[0]->stub->periodic));
  assert_null(arch_this_cpu()->timers.heap.root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_new_life_finds_a_queued_timer),
      cmocka_unit_test(test_vcpu_info),
      cmocka_unit_test(test_vcpu_info_page_stays),
      cmocka_unit_test(test_clock),
      cmocka_unit_test(test_clock_area),
      cmocka_unit_test(test_runstate_query),
      cmocka_unit_test(test_runstate_area),
      cmocka_unit_test(test_vm_assist),
      cmocka_unit_test(test_single_shot),
      cmocka_unit_test(test_periodic),
      cmocka_unit_test(test_up_and_down),
      cmocka_unit_test(test_context_32),
      cmocka_unit_test(test_nmi_and_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

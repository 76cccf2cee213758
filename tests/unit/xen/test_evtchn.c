/* SPDX-License-Identifier: Apache-2.0 */
/* Event channels: every operation and its errors, the two levels of bits, who is told, in both
 * layouts of the shared info. */
#include "events.h"
#include <abi/xen/vcpu.h>
#include <abi/xen/hvm.h>
#include <personality.h>

static void setup(void) {
  guest_setup(2);
  shared_map();
}

static void test_unbound(void **unused) {
  setup();
  int64_t port = alloc(DOMID_SELF, DOMID_SELF);
  assert_int_equal(port, 2); /* 1 is the console's */
  assert_int_equal(status(2).status, EVTCHNSTAT_unbound);
  assert_int_equal(status(2).u.unbound.dom, 1);
  assert_int_equal(send(2), 0);
  assert_int_equal(close(2), 0);
  assert_int_equal(status(2).status, EVTCHNSTAT_closed);
  assert_int_equal(close(2), -XEN_EINVAL);
  assert_int_equal(send(2), -XEN_EINVAL);
  assert_int_equal(alloc(1, 1), 2); /* its own number means itself */
  assert_int_equal(alloc(9, DOMID_SELF), -XEN_ESRCH);
  assert_int_equal(alloc(2, DOMID_SELF), -XEN_EPERM);
  assert_int_equal(alloc(DOMID_SELF, 2), -XEN_EPERM); /* nothing is declared between the two */
  assert_int_equal(alloc(DOMID_SELF, 9), -XEN_ESRCH);
}

static void test_interdomain(void **unused) {
  setup();
  int64_t a = alloc(DOMID_SELF, DOMID_SELF), b = join(DOMID_SELF, (uint32_t)a);
  assert_int_equal(b, 3);
  assert_true(pending(3));
  assert_false(pending(2));
  assert_int_equal(status(3).u.interdomain.port, 2);
  assert_int_equal(status(2).u.interdomain.port, 3);
  assert_int_equal(send(3), 0);
  assert_true(pending(2));
  assert_int_equal(join(DOMID_SELF, 2), -XEN_EINVAL); /* bound */
  assert_int_equal(join(DOMID_SELF, 0), -XEN_EINVAL);
  assert_int_equal(join(DOMID_SELF, 4000), -XEN_EINVAL);
  assert_int_equal(join(2, 1), -XEN_EPERM);
  assert_int_equal(join(9, 1), -XEN_ESRCH);
  assert_int_equal(move(2, 1), 0);
  assert_int_equal(close(3), 0);
  assert_int_equal(status(2).status, EVTCHNSTAT_unbound);
  assert_int_equal(status(2).vcpu, 1);
  assert_int_equal(join(DOMID_SELF, 2), 3);
}

static void test_virq(void **unused) {
  setup();
  assert_int_equal(bind_virq(VIRQ_TIMER, 1), 2);
  assert_int_equal(status(2).status, EVTCHNSTAT_virq);
  assert_int_equal(status(2).u.virq, VIRQ_TIMER);
  assert_int_equal(status(2).vcpu, 1);
  assert_int_equal(bind_virq(VIRQ_TIMER, 1), -XEN_EEXIST);
  assert_int_equal(bind_virq(VIRQ_TIMER, 0), 3);
  assert_int_equal(bind_virq(NR_VIRQS, 0), -XEN_EINVAL);
  assert_int_equal(bind_virq(VIRQ_TIMER, 2), -XEN_ENOENT);
  assert_int_equal(bind_virq(3, 1), -XEN_EINVAL); /* global ones start on vCPU 0 */
  assert_int_equal(bind_virq(3, 0), 4);
  assert_int_equal(move(4, 1), 0);
  assert_int_equal(move(2, 0), -XEN_EINVAL);
  assert_int_equal(send(2), -XEN_EINVAL);
  assert_int_equal(close(4), 0);
  assert_int_equal(bind_virq(3, 0), 4);
  assert_int_equal(close(2), 0);
  assert_int_equal(bind_virq(VIRQ_TIMER, 1), 2);
}

static void test_virq_delivery(void **unused) {
  setup();
  int64_t timer = bind_virq(VIRQ_TIMER, 0), debug = bind_virq(VIRQ_DEBUG, 0);
  vcpu_mail(vcpu[0]->stub, MAIL_TIMER);
  guest_enter();
  assert_true(pending((uint32_t)timer));
  assert_false(pending((uint32_t)debug));
  vcpu_mail(vcpu[0]->stub, MAIL_DEBUG);
  guest_enter();
  assert_true(pending((uint32_t)debug));
  assert_int_equal(close((uint32_t)timer), 0);
  assert_false(pending((uint32_t)timer)); /* closing clears */
  vcpu_mail(vcpu[0]->stub, MAIL_PERIODIC);
  guest_enter();
  assert_false(pending((uint32_t)timer));
}

static void test_ipi(void **unused) {
  setup();
  assert_int_equal(bind_ipi(1), 2);
  assert_int_equal(bind_ipi(2), -XEN_ENOENT);
  assert_int_equal(bind_ipi(0xffffffff), -XEN_ENOENT);
  mails = 0;
  assert_int_equal(send(2), 0);
  assert_int_equal(info(1)->evtchn_upcall_pending, 1);
  assert_int_equal(info(1)->evtchn_pending_sel, 1);
  assert_int_equal(mails, 1);
  assert_int_equal(send(2), 0); /* does not rise again */
  assert_int_equal(mails, 1);
  assert_int_equal(move(2, 0), -XEN_EINVAL);
  assert_int_equal(bind_ipi(0), 3);
  assert_int_equal(send(3), 0); /* to itself: the next entry looks */
  assert_int_equal(mails, 1);
}

static void test_masks(void **unused) {
  setup();
  int64_t port = bind_ipi(0);
  mask((uint32_t)port);
  assert_int_equal(send((uint32_t)port), 0);
  assert_true(pending((uint32_t)port));
  assert_int_equal(info(0)->evtchn_pending_sel, 0);
  assert_int_equal(info(0)->evtchn_upcall_pending, 0);
  assert_int_equal(on_port(EVTCHNOP_unmask, (uint32_t)port), 0);
  assert_int_equal(info(0)->evtchn_pending_sel, 1);
  assert_int_equal(info(0)->evtchn_upcall_pending, 1);
  assert_int_equal(shared()->evtchn_mask[0], 0);
  info(0)->evtchn_pending_sel = 0;
  info(0)->evtchn_upcall_pending = 0;
  assert_int_equal(on_port(EVTCHNOP_unmask, (uint32_t)port), 0); /* was open: nothing rises */
  assert_int_equal(info(0)->evtchn_pending_sel, 0);
  assert_int_equal(on_port(EVTCHNOP_unmask, 3000), -XEN_EINVAL);
}

static void test_limit(void **unused) {
  setup();
  int64_t port, last = 1;
  while ((port = bind_ipi(0)) > 0) {
    assert_int_equal(port, last + 1);
    last = port;
  }
  assert_int_equal(port, -XEN_ENOSPC);
  assert_int_equal(last, EVENT_LIMIT - 1);
  assert_int_equal(send((uint32_t)last), 0);
  assert_int_equal(info(0)->evtchn_pending_sel, BIT(last / 64));
  assert_int_equal(close(700), 0);
  assert_int_equal(close(600), 0);
  assert_int_equal(bind_ipi(1), 600);
  assert_int_equal(bind_ipi(1), 700);
  struct {
    uint16_t dom;
  } reset = {DOMID_SELF};
  assert_int_equal(EVENT(reset, reset), 0);
  assert_int_equal(bind_ipi(0), 1);
  assert_false(pending((uint32_t)last));
  reset.dom = 2;
  assert_int_equal(EVENT(reset, reset), -XEN_EPERM);
}

/* Every call that takes a port, when there is none: nothing is bound, and nothing sent. */
static void test_no_port_left(void **unused) {
  setup();
  int64_t waiting = alloc(DOMID_SELF, DOMID_SELF);
  assert_true(waiting > 0);
  while (bind_ipi(1) > 0)
    ;
  assert_int_equal(bind_ipi(1), -XEN_ENOSPC);
  assert_int_equal(bind_virq(VIRQ_TIMER, 0), -XEN_ENOSPC);
  assert_int_equal(alloc(DOMID_SELF, DOMID_SELF), -XEN_ENOSPC);
  assert_int_equal(join(DOMID_SELF, (uint32_t)waiting), -XEN_ENOSPC);
  assert_int_equal(status((uint32_t)waiting).status, EVTCHNSTAT_unbound);
  assert_int_equal(close((uint32_t)waiting), 0);
  assert_int_equal(bind_virq(VIRQ_TIMER, 0), waiting); /* the refusal has left nothing behind */
}

/* As number 32 and above: it learns of its events when it registers a place for them. */
static void test_vcpu_without_a_place(void **unused) {
  struct vcpu_register_vcpu_info place = {.mfn = 20};
  setup();
  vcpu[1]->personality.info = NULL;
  uint32_t port = (uint32_t)bind_ipi(1);
  shared()->evtchn_mask[0] |= BIT(port);
  assert_int_equal(send(port), 0);
  assert_int_equal(on_port(EVTCHNOP_unmask, port), 0);
  assert_true(pending(port));
  assert_false(personality_has_event(vcpu[1]));
  assert_int_equal(personality_upcall_vector(vcpu[1]), 0);
  personality_vcpu_was_reset(vcpu[1]);
  personality_clock_write(vcpu[1]);
  assert_int_equal(info(1)->evtchn_upcall_pending, 0);
  memset(guest_page(20), 0x77, PAGE_SIZE);
  assert_int_equal(vcpu_call(VCPUOP_register_vcpu_info, 1, &place, sizeof(place)), 0);
  const struct vcpu_info *placed = guest_page(20);
  assert_int_equal(placed->evtchn_upcall_pending, 1);
  assert_int_equal(placed->evtchn_upcall_mask, 0);
  assert_int_equal(placed->evtchn_pending_sel, ~0ull);
  assert_true(personality_has_event(vcpu[1]));
}

/* A mail for a virtual interrupt that nobody has bound. */
static void test_virq_that_nobody_wants(void **unused) {
  setup();
  uint64_t before = shared()->evtchn_pending[0];
  personality_prepare_entry(vcpu[0], BIT(MAIL_DEBUG) | BIT(MAIL_TIMER) | BIT(MAIL_LIVES));
  personality_prepare_entry(vcpu[0], BIT(MAIL_SERIAL));
  assert_int_equal(shared()->evtchn_pending[0], before);
}

static void test_port_that_cannot_be_told(void **unused) {
  setup();
  struct evtchn_bind_ipi op = {.vcpu = 0};
  char *page = fake_page(fake_walk(d->stub, GFN(READ_ONLY >> PAGE_SHIFT)).mfn);
  memcpy(page, &op, sizeof(op));
  assert_int_equal(call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, READ_ONLY, 0),
                   -XEN_EFAULT);
  assert_int_equal(bind_ipi(0), 2); /* it was closed again */
}

static void test_faults_and_refusals(void **unused) {
  setup();
  for (unsigned op = 0; op < 20; op++) {
    int64_t want = op == EVTCHNOP_bind_pirq     ? -XEN_EPERM
                   : op > EVTCHNOP_set_priority ? -XEN_ENOSYS
                                                : -XEN_EFAULT;
    assert_int_equal(call(__HYPERVISOR_event_channel_op, op, UNMAPPED, 0), want);
  }
  static const uint32_t bad[] = {0, 500, 1024, 4096, 131072, 0x80000000, 0xffffffff};
  for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
    assert_int_equal(send(bad[i]), -XEN_EINVAL);
    assert_int_equal(close(bad[i]), -XEN_EINVAL);
    assert_int_equal(move(bad[i], 0), -XEN_EINVAL);
  }
  assert_int_equal(move(1, 7), -XEN_ENOENT);
  struct evtchn_status s = {.dom = 2, .port = 1};
  assert_int_equal(EVENT(status, s), -XEN_EPERM);
  s.dom = 9;
  assert_int_equal(EVENT(status, s), -XEN_ESRCH);
}

static void test_upcall_vectors(void **unused) {
  setup();
  struct xen_hvm_evtchn_upcall_vector op = {.vcpu = 1, .vector = 0x51};
  int64_t port = bind_ipi(1);
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, op), 0);
  assert_int_equal(vcpu[1]->arch.raised[1], 0); /* nothing was due */
  assert_int_equal(send((uint32_t)port), 0);
  assert_int_equal(vcpu[1]->arch.raised[1], BIT(0x51 - 64));
  op.vector = 0x90;
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, op), 0);
  assert_int_equal(vcpu[1]->arch.raised[2], BIT(0x90 - 128)); /* the upcall that is due */
  op.vector = 15;
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, op), -XEN_EINVAL);
  op = (struct xen_hvm_evtchn_upcall_vector){.vcpu = 2, .vector = 0x40};
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, op), -XEN_ENOENT);
}

static void test_callback_vector(void **unused) {
  setup();
  struct xen_hvm_param op = {.domid = DOMID_SELF, .value = 2ull << 56 | 0xf3};
  int64_t port = bind_ipi(0);
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_param, op), 0);
  assert_int_equal(personality_upcall_vector(vcpu[0]), 0);
  send((uint32_t)port);
  assert_int_equal(personality_upcall_vector(vcpu[0]), 0xf3);
  assert_true(personality_has_event(vcpu[0]));
  info(0)->evtchn_upcall_mask = 1;
  assert_int_equal(personality_upcall_vector(vcpu[0]), 0);
  assert_false(personality_has_event(vcpu[0]));
  info(0)->evtchn_upcall_mask = 0;
  op.value = 1; /* an interrupt line: taken, leads nowhere */
  assert_int_equal(CALL(__HYPERVISOR_hvm_op, HVMOP_set_param, op), 0);
  assert_int_equal(personality_upcall_vector(vcpu[0]), 0);
}

/* A 32-bit guest latches its layout by its callback. */
static void test_compat_layout(void **unused) {
  setup();
  struct xen_hvm_param op = {.domid = DOMID_SELF, .value = 2ull << 56 | 0xf3};
  for (int i = 0; i < 40; i++)
    bind_ipi(0);
  assert_int_equal(compat_call_with(__HYPERVISOR_hvm_op, HVMOP_set_param, &op, sizeof(op)), 0);
  struct compat_shared_info *s = guest_page(1);
  assert_int_equal(s->wc_sec, 0x65432100);
  assert_int_equal(s->wc_sec_hi, 0x10);
  assert_int_equal(s->wc_version & 1, 0);
  assert_int_equal(status(1).status, EVTCHNSTAT_interdomain); /* the console's, bound again */
  for (uint32_t want = 2; want <= 40; want++)
    assert_int_equal(bind_ipi(0), want);
  s->evtchn_mask[1] = BIT(39 - 32);
  assert_int_equal(send(38), 0);
  assert_int_equal(s->evtchn_pending[1], BIT(38 - 32));
  assert_int_equal(s->vcpu_info[0].evtchn_pending_sel, BIT(1));
  assert_int_equal(send(39), 0);
  s->vcpu_info[0].evtchn_pending_sel = 0;
  assert_int_equal(on_port(EVTCHNOP_unmask, 39), 0);
  assert_int_equal(s->vcpu_info[0].evtchn_pending_sel, BIT(1));
  assert_int_equal(s->evtchn_mask[1], 0);
  assert_int_equal(on_port(EVTCHNOP_unmask, 1024), -XEN_EINVAL);
}

/* Its words are 32 bits wide: what stands behind the selector is the guest's own. */
static void test_compat_place(void **unused) {
  struct vcpu_register_vcpu_info place = {.mfn = 20};
  struct xen_hvm_param op = {.domid = DOMID_SELF, .value = 2ull << 56 | 0xf3};
  setup();
  assert_int_equal(compat_call_with(__HYPERVISOR_hvm_op, HVMOP_set_param, &op, sizeof(op)), 0);
  memset(guest_page(20), 0x77, PAGE_SIZE);
  guest_put(ARGUMENT, &place, sizeof(place));
  assert_int_equal(call_compat_mode(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, ARGUMENT),
                   0);
  const struct compat_vcpu_info *placed = guest_page(20);
  assert_int_equal(placed->evtchn_pending_sel, ~0u);
  assert_int_equal(placed->evtchn_upcall_pending, 1);
  assert_int_equal(placed->arch_cr2, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unbound),
      cmocka_unit_test(test_interdomain),
      cmocka_unit_test(test_virq),
      cmocka_unit_test(test_virq_delivery),
      cmocka_unit_test(test_ipi),
      cmocka_unit_test(test_masks),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_no_port_left),
      cmocka_unit_test(test_vcpu_without_a_place),
      cmocka_unit_test(test_virq_that_nobody_wants),
      cmocka_unit_test(test_port_that_cannot_be_told),
      cmocka_unit_test(test_faults_and_refusals),
      cmocka_unit_test(test_upcall_vectors),
      cmocka_unit_test(test_callback_vector),
      cmocka_unit_test(test_compat_layout),
      cmocka_unit_test(test_compat_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

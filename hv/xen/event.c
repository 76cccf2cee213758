/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery of events by the 2-level ABI (libxen-dev 4.17, xen/xen.h, struct
 * shared_info). It works on pages that the guest writes at the same time, so
 * every step is atomic and nothing read there is trusted:
 *
 *   port -> pending bit --(rises, not masked)--> selector bit of the vCPU
 *                       --(rises)--> upcall flag --(rises)--> vector, or mail
 *
 * Which port notifies which vCPU is the table's matter (evtchn.c). Model: tests/models/upcall.pml.
 */
#include <xen/internal.h>

static uint64_t *pending_map(const struct domain *d) {
  return (uint64_t *)((char *)d->personality.shared + offsetof(struct shared_info, evtchn_pending));
}

/* The bits of both layouts stand in the same order, since the machine is little-endian. */
static uint64_t *mask_map(const struct domain *d) {
  size_t offset = domain_compat(d) ? offsetof(struct compat_shared_info, evtchn_mask)
                                   : offsetof(struct shared_info, evtchn_mask);
  return (uint64_t *)((char *)d->personality.shared + offset);
}

/* Sets the selector bit for a port; true if it was clear. */
static bool select_port(struct domain *d, void *info, uint32_t port) {
  if (domain_compat(d)) {
    uint32_t bit = 1u << port / 32;
    return !(atomic_or(&((struct compat_vcpu_info *)info)->evtchn_pending_sel, bit) & bit);
  }
  uint64_t bit = BIT(port / 64);
  return !(atomic_or(&((struct vcpu_info *)info)->evtchn_pending_sel, bit) & bit);
}

void event_init(struct domain *d) {
  memset((char *)d->personality.shared + offsetof(struct shared_info, evtchn_pending), 0,
         sizeof(struct shared_info) - offsetof(struct shared_info, evtchn_pending));
}

static void upcall_raise(struct vcpu *v) {
  if (v->personality.upcall_vector)
    arch_vcpu_raise(v, v->personality.upcall_vector);
  if (v != vcpu_current())
    vcpu_mail(v->stub, MAIL_EVENT);
}

/* The flag stands at the same place in both layouts. */
static void upcall_mark(struct vcpu *v) {
  struct vcpu_info *info = v->personality.info;
  if (!atomic_swap(&info->evtchn_upcall_pending, 1))
    upcall_raise(v);
}

void event_upcall(struct vcpu *v) {
  if (v->personality.info)
    upcall_mark(v);
}

static void wake_pollers(struct domain *d, uint32_t port) {
  for (unsigned i = 0; i < DIV_ROUND_UP(d->vcpu_count, 64); i++) {
    uint64_t word = atomic_read(&d->stub->polling[i]);
    for (; word; word &= word - 1) {
      struct vcpu *v = domain_vcpu(d, i * 64 + (unsigned)__builtin_ctzll(word));
      uint32_t wanted = atomic_read(&v->personality.poll_port);
      if (wanted == 0 || wanted == port)
        vcpu_mail(v->stub, MAIL_EVENT);
    }
  }
}

/* A vCPU without a vcpu_info (from number 32 on) learns of its events when it registers one. */
void event_raise(struct domain *d, struct vcpu *v, uint32_t port) {
  if (fifo_on(d)) {
    if (fifo_raise(d, v, port))
      wake_pollers(d, port);
    return;
  }
  if (bit_test_and_set(pending_map(d), port))
    return;
  if (v->personality.info && !bit_test(mask_map(d), port) &&
      select_port(d, v->personality.info, port))
    upcall_mark(v);
  wake_pollers(d, port);
}

void event_unmask(struct domain *d, struct vcpu *v, uint32_t port) {
  if (fifo_on(d)) {
    fifo_unmask(d, v, port);
    return;
  }
  if (!bit_test_and_clear(mask_map(d), port) || !bit_test(pending_map(d), port))
    return;
  if (v->personality.info && select_port(d, v->personality.info, port))
    upcall_mark(v);
}

bool event_pending(const struct domain *d, uint32_t port) {
  return fifo_on(d) ? fifo_pending(d, port) : bit_test(pending_map(d), port);
}

void event_clear(struct domain *d, uint32_t port) {
  if (fifo_on(d))
    fifo_clear(d, port);
  else
    (void)bit_test_and_clear(pending_map(d), port);
}

void event_select_all(struct vcpu *v) {
  if (domain_compat(v->domain))
    atomic_store(&((struct compat_vcpu_info *)v->personality.info)->evtchn_pending_sel, ~0u);
  else
    atomic_store(&((struct vcpu_info *)v->personality.info)->evtchn_pending_sel, ~0ull);
  (void)atomic_swap(&((struct vcpu_info *)v->personality.info)->evtchn_upcall_pending, 1);
  upcall_raise(v);
}

void event_reassert(struct vcpu *v) {
  const struct vcpu_info *info = v->personality.info;
  if (info && atomic_read(&info->evtchn_upcall_pending))
    upcall_raise(v);
}

_Static_assert(offsetof(struct vcpu_info, evtchn_upcall_pending) == 0, "personality_upcall_flag");

bool personality_has_event(struct vcpu *v) {
  const struct vcpu_info *info = v->personality.info;
  return info && atomic_read(&info->evtchn_upcall_pending) &&
         !atomic_read(&info->evtchn_upcall_mask);
}

unsigned personality_upcall_vector(struct vcpu *v) {
  unsigned vector = v->domain->personality.callback_vector;
  if (!vector || v->personality.upcall_vector)
    return 0;
  return personality_has_event(v) ? vector : 0;
}

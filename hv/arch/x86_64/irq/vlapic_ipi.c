/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts between the vCPUs of one domain: who is meant, and delivery. The
 * sender sets bits in a sibling's APIC and mails it; what changes the sibling's
 * registers (INIT, SIPI) the sibling does itself. AMD APM vol. 2, 16.5 and
 * 16.6; Intel SDM vol. 3, 10.6.
 */
#include <arch/arch.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include "vlapic_internal.h"

enum { DELIVER_FIXED, DELIVER_LOWEST, DELIVER_SMI, DELIVER_NMI = 4, DELIVER_INIT, DELIVER_STARTUP };
enum { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

struct ipi {
  struct vcpu *from;
  uint8_t vector;
  unsigned delivery;
  bool logical;
  unsigned shorthand;
  uint32_t destination;
};

/* --- who is meant -------------------------------------------------------------------- */

/* xAPIC: flat model has a bit for each of 8, cluster model a cluster number and 4 bits. */
static bool matches_xapic_logical(const struct vlapic *a, uint32_t destination) {
  uint32_t own = a->ldr >> 24;
  if (a->dfr >> 28 == 0xf)
    return destination & own & 0xff;
  return destination >> 4 == own >> 4 && (destination & own & 0xf);
}

static bool matches_x2apic_logical(uint32_t id, uint32_t destination) {
  uint32_t own = vlapic_x2apic_ldr(id);
  return destination >> 16 == own >> 16 && (destination & own & 0xffff);
}

/* An APIC's id, of which a vCPU's number is the half, leads to the one that has it. */
static struct vcpu *named_by_id(const struct ipi *i) {
  if (i->shorthand || i->logical)
    return NULL;
  struct vcpu *to = domain_vcpu(i->from->domain, i->destination / 2);
  return to && to->arch.lapic.id == i->destination ? to : NULL;
}

static bool matches_destination(const struct ipi *i, const struct vcpu *to) {
  const struct vlapic *a = &to->arch.lapic;
  bool all = i->destination == (vlapic_x2apic(i->from) ? UINT32_MAX : 0xffu);
  if (all || !i->logical)
    return all; /* else it is an id that nobody has */
  return vlapic_x2apic(to) ? matches_x2apic_logical(a->id, i->destination)
                           : matches_xapic_logical(a, i->destination);
}

static bool meant(const struct ipi *i, const struct vcpu *to) {
  if (!i->shorthand)
    return matches_destination(i, to);
  return i->shorthand == TO_ALL || to != i->from;
}

/* --- delivery ---------------------------------------------------------------------------- */

/* INIT and SIPI to oneself do not exist (SDM table 10-3). */
static bool deliver(const struct ipi *i, struct vcpu *to) {
  struct vlapic *a = &to->arch.lapic;
  if (!vlapic_enabled(to) || (to == i->from && i->delivery >= DELIVER_INIT))
    return false;
  switch (i->delivery) {
  case DELIVER_FIXED:
  case DELIVER_LOWEST:
    if (!vlapic_software_enabled(to))
      return false;
    vlapic_raise(to, i->vector);
    break;
  case DELIVER_NMI:
    atomic_store(&a->nmi_pending, 1);
    break;
  case DELIVER_INIT:
    atomic_store(&a->sipi_pending, 0); /* that came before, and that nobody has looked at yet */
    atomic_store(&a->init_pending, 1);
    break;
  case DELIVER_STARTUP:
    atomic_write(&a->sipi_vector, i->vector);
    atomic_store(&a->sipi_pending, 1);
    break;
  default:
    return false;
  }
  if (to == i->from)
    vlapic_apply(to);
  else
    vcpu_mail(to->stub, MAIL_INTERRUPT);
  return true;
}

/* Lowest priority is arbitrated by nobody: the first that is meant takes it. */
static void deliver_to_meant(const struct ipi *i) {
  struct domain *d = i->from->domain;
  for (unsigned n = 0; n < d->vcpu_count; n++) {
    struct vcpu *to = domain_vcpu(d, n);
    if (to && meant(i, to) && deliver(i, to) && i->delivery == DELIVER_LOWEST)
      return;
  }
}

void vlapic_send(struct vcpu *v, uint32_t command, uint32_t destination) {
  const struct ipi i = {
      .from = v,
      .vector = (uint8_t)command,
      .delivery = (command >> 8) & 7,
      .logical = command & BIT(11),
      .shorthand = (command >> 18) & 3,
      .destination = destination,
  };
  bool deassert = i.delivery == DELIVER_INIT && !(command & BIT(14)) && (command & BIT(15));
  if (deassert)
    return;
  if (i.delivery <= DELIVER_LOWEST && i.vector < 16) {
    vlapic_error(v, ESR_SEND_ILLEGAL);
    return;
  }
  struct vcpu *to = named_by_id(&i);
  if (to || i.shorthand == TO_SELF)
    deliver(&i, to ? to : v);
  else
    deliver_to_meant(&i);
}

/* --- the receiver's side ------------------------------------------------------------------- */

/* SIPI: real mode at vector * 4 KiB (APM vol. 2, 15.27.8 has the same values). Only for a vCPU that
 * waits for one: another may be given a context by a sibling at this moment. */
static void start_up(struct vcpu *v, uint8_t vector) {
  enum x86_activity waiting = ACTIVITY_WAIT_SIPI;
  struct x86_segment cs;
  if (!atomic_cas(&v->arch.activity, &waiting, ACTIVITY_RUN))
    return;
  vendor->get_segment(v, SEG_CS, &cs);
  cs.selector = (uint16_t)(vector << 8);
  cs.base = (uint64_t)vector << 12;
  vendor->set_segment(v, SEG_CS, &cs);
  v->arch.regs.rip = 0;
}

/* The APIC forgets what it was about to deliver; an upcall that is due comes back. A vCPU that has
 * not run since an INIT is as it should be. */
static void init(struct vcpu *v) {
  if (v->arch.activity == ACTIVITY_WAIT_SIPI)
    return;
  timer_stop(&v->stub->apic_timer);
  state_init(v);
  personality_vcpu_was_reset(v);
}

/* An INIT forgets what came before it. */
bool vlapic_apply(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  enum x86_activity before = v->arch.activity;
  if (atomic_swap(&a->init_pending, 0))
    init(v);
  if (atomic_swap(&a->nmi_pending, 0))
    v->arch.nmi_pending = true;
  if (atomic_swap(&a->sipi_pending, 0))
    start_up(v, atomic_read(&a->sipi_vector));
  return v->arch.activity != before;
}

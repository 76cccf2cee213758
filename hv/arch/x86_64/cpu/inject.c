/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is delivered to the guest at its next entry: exceptions, NMIs, the
 * personality's upcall, interrupts of the local APIC. How it is handed to the
 * machine is the vendor's.
 */
#include <arch/arch.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <personality.h>

/* --- exceptions ------------------------------------------------------------------ */

/* SDM vol. 3, table 6-5; APM vol. 2, 8.2.9. */
static bool contributory(uint8_t vector) {
  return vector == 0 || (vector >= 10 && vector <= 13);
}

static bool makes_double_fault(uint8_t first, uint8_t second) {
  if (first == VECTOR_PF)
    return second == VECTOR_PF || contributory(second);
  return contributory(first) && contributory(second);
}

/* --- as the machine writes them -------------------------------------------------------- */

uint32_t x86_event_pack(const struct x86_event *e) {
  static const uint8_t type[] = {[EVENT_INTERRUPT] = X86_TYPE_INTERRUPT,
                                 [EVENT_NMI] = X86_TYPE_NMI,
                                 [EVENT_EXCEPTION] = X86_TYPE_EXCEPTION};
  if (e->type == EVENT_NONE)
    return 0;
  return (uint32_t)(X86_EVENT_VALID | e->vector | (uint32_t)type[e->type] << 8 |
                    (e->has_error ? X86_EVENT_ERROR : 0));
}

/* SVM has INT3 and INTO among the exceptions (APM vol. 2, 15.7.2). */
struct x86_event x86_event_unpack(uint32_t bits, uint32_t error) {
  static const enum x86_event_type type[8] = {[X86_TYPE_INTERRUPT] = EVENT_INTERRUPT,
                                              [X86_TYPE_NMI] = EVENT_NMI,
                                              [X86_TYPE_EXCEPTION] = EVENT_EXCEPTION};
  struct x86_event e = {.type = type[x86_event_type(bits)],
                        .vector = (uint8_t)bits,
                        .has_error = bits & X86_EVENT_ERROR,
                        .error = error};
  if (e.type == EVENT_EXCEPTION && (e.vector == VECTOR_BP || e.vector == VECTOR_OF))
    e.type = EVENT_NONE;
  return e;
}

/* The upcall comes back by itself. */
void x86_put_back(struct vcpu *v, const struct x86_event *e) {
  if (e->type == EVENT_NMI) {
    v->arch.nmi_pending = true;
    v->arch.nmi_blocked = false;
  } else if (e->type == EVENT_INTERRUPT) {
    vlapic_put_back(v, e->vector);
  }
}

void x86_inject(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error) {
  struct x86_event *e = &v->arch.event;
  if (e->type == EVENT_EXCEPTION) {
    if (e->vector == VECTOR_DF && (vector == VECTOR_PF || contributory(vector))) {
      domain_crash("triple fault");
      return;
    }
    if (makes_double_fault(e->vector, vector)) {
      vector = VECTOR_DF;
      has_error = true;
      error = 0;
    }
  }
  x86_put_back(v, e);
  *e = (struct x86_event){
      .type = EVENT_EXCEPTION, .vector = vector, .has_error = has_error, .error = error};
}

void x86_inject_page_fault(struct vcpu *v, uint64_t linear, uint32_t error) {
  vendor->set(v, CREG_CR2, linear);
  x86_inject(v, VECTOR_PF, true, error);
}

/* --- what waits -------------------------------------------------------------------- */

/* Can the guest take a maskable interrupt right now (IF set, no shadow, no event queued)? */
static bool window_open(struct vcpu *v) {
  return v->arch.event.type == EVENT_NONE && (v->arch.regs.rflags & RFLAGS_IF) &&
         !v->arch.interrupt_shadow;
}

static void queue(struct vcpu *v, enum x86_event_type type, uint8_t vector) {
  v->arch.event = (struct x86_event){.type = type, .vector = vector};
}

/* An NMI does not look at IF. Behind another event it waits for the window; behind
 * another NMI for the guest's IRET, which the vendor sees. */
static bool nmi_waits(struct vcpu *v) {
  if (likely(!v->arch.nmi_pending) || v->arch.nmi_blocked)
    return false;
  if (v->arch.event.type != EVENT_NONE)
    return true;
  v->arch.nmi_pending = false;
  queue(v, EVENT_NMI, VECTOR_NMI);
  return false;
}

/* The upcall has a level: it stays due until the guest clears its pending flag. */
static bool upcall_waits(struct vcpu *v) {
  unsigned vector = personality_upcall_vector(v);
  if (!vector)
    return false;
  if (!window_open(v))
    return true;
  queue(v, EVENT_INTERRUPT, (uint8_t)vector);
  return false;
}

/* What comes once the machine has the requests waits for the entry after the kick. */
static bool apic_next(struct vcpu *v) {
  if ((ENABLED(CONFIG_APICV) && v->arch.apic_by_machine) || !vlapic_requests(v))
    return false;
  int vector = vlapic_pending(v);
  if (vector < 0) {
    v->arch.window_class = vlapic_waiting_class(v);
    return v->arch.window_class;
  }
  if (!window_open(v))
    return true;
  vlapic_accept(v, (uint8_t)vector);
  queue(v, EVENT_INTERRUPT, (uint8_t)vector);
  return false;
}

/* A sibling makes its request, then sets apic_due: one that is not seen here is seen there. */
static bool apic_waits(struct vcpu *v) {
  (void)atomic_swap(&v->arch.apic_due, false);
  bool waits = apic_next(v);
  if (vlapic_requests(v))
    v->arch.apic_due = true;
  return waits;
}

bool x86_prepare_event(struct vcpu *v) {
  v->arch.window_class = 0;
  bool nmi = nmi_waits(v);
  bool upcall = upcall_waits(v);
  bool apic = apic_waits(v);
  if (nmi || upcall)
    v->arch.window_class = 0;
  return nmi || upcall || apic;
}

bool arch_vcpu_can_take_interrupt(struct vcpu *v) {
  if (v->arch.event.type != EVENT_NONE || (v->arch.nmi_pending && !v->arch.nmi_blocked))
    return true;
  if (!(v->arch.regs.rflags & RFLAGS_IF))
    return false;
  return personality_upcall_vector(v) || vlapic_pending(v) >= 0;
}

void arch_vcpu_raise(struct vcpu *v, uint8_t vector) {
  if (vector == VECTOR_NMI)
    atomic_store(&v->arch.lapic.nmi_pending, 1);
  else
    vlapic_raise(v, vector);
}

void arch_vcpu_mail(struct vcpu *v, uint64_t mail) {
  v->arch.apic_due = true;
  if (mail & BIT(MAIL_APIC_TIMER))
    vlapic_timer_fired(v);
  if (mail & BIT(MAIL_INTERRUPT))
    vlapic_apply(v);
}

/* A HLT ends here, when something that ends it has come. */
bool arch_vcpu_halted(struct vcpu *v) {
  if (likely(v->arch.activity == ACTIVITY_RUN))
    return false;
  if (ENABLED(CONFIG_XEN_VCPU_UP) && v->arch.activity == ACTIVITY_START)
    return !x86_context_load(v);
  enum x86_activity halted = ACTIVITY_HALT;
  return !(arch_vcpu_can_take_interrupt(v) && atomic_cas(&v->arch.activity, &halted, ACTIVITY_RUN));
}

bool arch_vcpu_offline(struct vcpu *v) {
  return v->arch.activity == ACTIVITY_WAIT_SIPI || v->arch.activity == ACTIVITY_OFFLINE;
}

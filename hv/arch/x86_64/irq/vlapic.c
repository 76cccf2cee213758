/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC's registers, by MMIO and by MSR, and the way of an
 * interrupt from request to service. AMD APM vol. 2, chapter 16; Intel SDM vol.
 * 3, chapter 10. Nothing here has a level: no I/O APIC exists, so TMR stays 0.
 */
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "vlapic_internal.h"

#define VERSION_VALUE (0x14u | (LVT_COUNT - 1) << 16)
#define ICR_LEGAL     0xcdfffu
#define LVT_VECTOR    0xffu

/* Writable bits of each LVT entry. */
static const uint32_t lvt_legal[LVT_COUNT] = {
    [LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_COUNTER] = 0x107ff,
    [LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff,   [LVT_ERROR] = 0x100ff,
};

/* --- priorities ------------------------------------------------------------------ */

static int highest(const uint64_t map[4]) {
  for (int i = 3; i >= 0; i--) {
    uint64_t word = atomic_read(&map[i]);
    if (word)
      return 64 * i + 63 - __builtin_clzll(word);
  }
  return -1;
}

/* The guest writes CR8 without an exit: the class in it is the newer one. */
static uint32_t task_priority(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  uint32_t cr8 = (uint32_t)vendor->get(v, CREG_CR8);
  if (a->tpr >> 4 != cr8)
    a->tpr = cr8 << 4;
  return a->tpr;
}

static void write_task_priority(struct vcpu *v, uint32_t value) {
  v->arch.lapic.tpr = value & 0xff;
  vendor->set(v, CREG_CR8, (value >> 4) & 15);
}

static uint32_t processor_priority(struct vcpu *v) {
  uint32_t tpr = task_priority(v);
  int service = highest(v->arch.lapic.isr);
  if (service >= 0 && (tpr >> 4) < (uint32_t)service >> 4)
    return (uint32_t)service & 0xf0;
  return tpr;
}

/* --- request and service ------------------------------------------------------------ */

void vlapic_raise(struct vcpu *v, uint8_t vector) {
  (void)bit_test_and_set(v->arch.lapic.irr, vector);
  atomic_write(&v->arch.apic_due, true);
}

int vlapic_pending(struct vcpu *v) {
  int vector = highest(v->arch.lapic.irr);
  if (vector < 0 || !vlapic_enabled(v))
    return -1;
  return (uint32_t)vector >> 4 > processor_priority(v) >> 4 ? vector : -1;
}

uint8_t vlapic_waiting_class(struct vcpu *v) {
  int vector = highest(v->arch.lapic.irr), service = highest(v->arch.lapic.isr);
  if (vector < 0 || !vlapic_enabled(v) || vector >> 4 <= (service < 0 ? 0 : service >> 4))
    return 0;
  return (uint8_t)(vector >> 4);
}

void vlapic_accept(struct vcpu *v, uint8_t vector) {
  (void)bit_test_and_clear(v->arch.lapic.irr, vector);
  (void)bit_test_and_set(v->arch.lapic.isr, vector);
}

void vlapic_put_back(struct vcpu *v, uint8_t vector) {
  if (bit_test_and_clear(v->arch.lapic.isr, vector))
    vlapic_raise(v, vector);
}

static void end_of_interrupt(struct vcpu *v) {
  int vector = highest(v->arch.lapic.isr);
  if (vector >= 0)
    (void)bit_test_and_clear(v->arch.lapic.isr, (unsigned)vector);
}

void vlapic_local(struct vcpu *v, unsigned lvt) {
  uint32_t entry = v->arch.lapic.lvt[lvt];
  if ((entry & LVT_MASKED) || !vlapic_software_enabled(v))
    return;
  if ((entry & LVT_VECTOR) < 16)
    v->arch.lapic.esr_pending |= ESR_RECEIVE_ILLEGAL;
  else
    vlapic_raise(v, entry & LVT_VECTOR);
}

void vlapic_error(struct vcpu *v, uint32_t esr_bits) {
  v->arch.lapic.esr_pending |= esr_bits;
  vlapic_local(v, LVT_ERROR);
}

/* --- reading --------------------------------------------------------------------------- */

/* One of the eight 32-bit registers of a 256-bit map. */
static uint32_t map_word(const uint64_t map[4], uint32_t reg) {
  unsigned i = (reg >> 4) & 7;
  return (uint32_t)(atomic_read(&map[i / 2]) >> (32 * (i % 2)));
}

/* The value of a register, or -1 for one that is not there. */
static int64_t read_register(struct vcpu *v, uint32_t reg) {
  struct vlapic *a = &v->arch.lapic;
  switch (reg) {
  case APIC_ID:
    return vlapic_x2apic(v) ? a->id : a->id << 24;
  case APIC_VERSION:
    return VERSION_VALUE;
  case APIC_TPR:
    return task_priority(v);
  case APIC_PPR:
    return processor_priority(v);
  case APIC_LDR:
    return vlapic_x2apic(v) ? vlapic_x2apic_ldr(a->id) : a->ldr;
  case APIC_SPURIOUS:
    return a->spurious;
  case APIC_ISR ... APIC_TMR - 1:
    return map_word(a->isr, reg);
  case APIC_TMR ... APIC_IRR - 1:
    return map_word(a->tmr, reg);
  case APIC_IRR ... APIC_ESR - 1:
    return map_word(a->irr, reg);
  case APIC_ESR:
    return a->esr;
  case APIC_ICR:
    return (uint32_t)a->icr;
  case APIC_LVT_TIMER ... APIC_LVT_ERROR:
    return a->lvt[(reg - APIC_LVT_TIMER) / 16];
  case APIC_INITIAL_COUNT:
    return a->initial_count;
  case APIC_CURRENT_COUNT:
    return vlapic_timer_count(v);
  case APIC_DIVIDE:
    return a->divide;
  default:
    return -1;
  }
}

/* Registers that xAPIC has and x2APIC has not. */
static int64_t read_xapic_register(struct vcpu *v, uint32_t reg) {
  switch (reg) {
  case APIC_DFR:
    return v->arch.lapic.dfr;
  case APIC_ICR_HIGH:
    return v->arch.lapic.icr >> 32;
  case APIC_APR:
  case APIC_RRD:
  case APIC_EOI:
    return 0;
  default:
    return read_register(v, reg);
  }
}

enum status vlapic_read(struct vcpu *v, uint32_t reg, uint32_t *value) {
  int64_t found = read_xapic_register(v, reg);
  *value = (uint32_t)found;
  if (found >= 0)
    return STATUS_OK;
  vlapic_error(v, ESR_ILLEGAL_REGISTER);
  return STATUS_NOT_FOUND;
}

/* --- writing ------------------------------------------------------------------------------ */

/* Turning the APIC off by software masks every source; they stay masked until unmasked. */
static void write_spurious(struct vcpu *v, uint32_t value) {
  struct vlapic *a = &v->arch.lapic;
  a->spurious = value & 0x3ff;
  if (!(value & SPURIOUS_ENABLE))
    for (unsigned i = 0; i < LVT_COUNT; i++)
      a->lvt[i] |= LVT_MASKED;
}

static void write_lvt(struct vcpu *v, unsigned lvt, uint32_t value) {
  value &= lvt_legal[lvt];
  if (!(v->arch.lapic.spurious & SPURIOUS_ENABLE))
    value |= LVT_MASKED;
  if (lvt == LVT_TIMER)
    vlapic_timer_write_lvt(v, value);
  else
    v->arch.lapic.lvt[lvt] = value;
}

static enum status write_register(struct vcpu *v, uint32_t reg, uint32_t value) {
  struct vlapic *a = &v->arch.lapic;
  switch (reg) {
  case APIC_TPR:
    write_task_priority(v, value);
    return STATUS_OK;
  case APIC_EOI:
    end_of_interrupt(v);
    return STATUS_OK;
  case APIC_SPURIOUS:
    write_spurious(v, value);
    return STATUS_OK;
  case APIC_ESR:
    a->esr = a->esr_pending;
    a->esr_pending = 0;
    return STATUS_OK;
  case APIC_LVT_TIMER ... APIC_LVT_ERROR:
    write_lvt(v, (reg - APIC_LVT_TIMER) / 16, value);
    return STATUS_OK;
  case APIC_INITIAL_COUNT:
    vlapic_timer_write_count(v, value);
    return STATUS_OK;
  case APIC_DIVIDE:
    vlapic_timer_write_divide(v, value);
    return STATUS_OK;
  default:
    return STATUS_NOT_FOUND;
  }
}

static enum status write_xapic_register(struct vcpu *v, uint32_t reg, uint32_t value) {
  struct vlapic *a = &v->arch.lapic;
  switch (reg) {
  case APIC_LDR:
    a->ldr = value & 0xff000000;
    return STATUS_OK;
  case APIC_DFR:
    a->dfr = value | 0x0fffffff;
    return STATUS_OK;
  case APIC_ICR_HIGH:
    a->icr = (uint32_t)a->icr | (uint64_t)(value & 0xff000000) << 32;
    return STATUS_OK;
  case APIC_ICR:
    a->icr = (a->icr & ~0xffffffffull) | (value & ICR_LEGAL);
    vlapic_send(v, value & ICR_LEGAL, (uint32_t)(a->icr >> 56));
    return STATUS_OK;
  case APIC_ID: /* read-only, as on newer machines */
  case APIC_VERSION:
  case APIC_PPR:
  case APIC_CURRENT_COUNT:
    return STATUS_OK;
  default:
    return write_register(v, reg, value);
  }
}

enum status vlapic_write(struct vcpu *v, uint32_t reg, uint32_t value) {
  enum status s = write_xapic_register(v, reg, value);
  if (s)
    vlapic_error(v, ESR_ILLEGAL_REGISTER);
  return s;
}

/* --- x2APIC ---------------------------------------------------------------------------------- */

enum status vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value) {
  uint32_t reg = (msr - 0x800) * 16;
  int64_t found = read_register(v, reg);
  if (found < 0)
    return STATUS_NOT_FOUND;
  *value = reg == APIC_ICR ? v->arch.lapic.icr : (uint64_t)found;
  return STATUS_OK;
}

/* Bits that a write may have set; a reserved one is #GP. */
static uint64_t msr_legal(uint32_t reg) {
  switch (reg) {
  case APIC_TPR:
  case APIC_SELF_IPI:
    return 0xff;
  case APIC_SPURIOUS:
    return 0x3ff;
  case APIC_ICR:
    return 0xffffffff00000000 | ICR_LEGAL;
  case APIC_LVT_TIMER ... APIC_LVT_ERROR:
    return lvt_legal[(reg - APIC_LVT_TIMER) / 16] | 0x1000;
  case APIC_INITIAL_COUNT:
    return UINT32_MAX;
  case APIC_DIVIDE:
    return 0xb;
  default: /* EOI and ESR take 0 alone */
    return 0;
  }
}

enum status vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t value) {
  uint32_t reg = (msr - 0x800) * 16;
  if (value & ~msr_legal(reg))
    return STATUS_INVALID;
  if (reg == APIC_ICR) {
    v->arch.lapic.icr = value & ~BIT(12);
    vlapic_send(v, (uint32_t)value, (uint32_t)(value >> 32));
    return STATUS_OK;
  }
  if (reg == APIC_SELF_IPI) {
    vlapic_send(v, (uint32_t)value | 1u << 18, 0);
    return STATUS_OK;
  }
  return write_register(v, reg, (uint32_t)value);
}

/* --- modes, reset ----------------------------------------------------------------------------- */

bool vlapic_is_mmio(const struct vcpu *v) {
  return vlapic_enabled(v) && !vlapic_x2apic(v);
}

/* SDM vol. 3, figure 10-27: x2APIC is entered from xAPIC alone, and left by turning all off. */
static bool mode_change_legal(uint64_t old, uint64_t new) {
  if (new == BASE_X2APIC)
    return false;
  if (new == (BASE_X2APIC | BASE_ENABLE))
    return old != 0;
  return !(new == BASE_ENABLE && (old & BASE_X2APIC));
}

enum status vlapic_base_write(struct vcpu *v, uint64_t value) {
  const uint64_t modes = BASE_X2APIC | BASE_ENABLE;
  uint64_t old = v->arch.apic_base;
  if ((value ^ old) & ~modes)
    return STATUS_INVALID;
  if ((value & BASE_X2APIC) && !(cpuid_policy(1, 2) & BIT(21)))
    return STATUS_INVALID;
  if (!mode_change_legal(old & modes, value & modes))
    return STATUS_INVALID;
  v->arch.apic_base = value;
  if (!(value & BASE_ENABLE))
    write_spurious(v, 0xff);
  return STATUS_OK;
}

/* The registers themselves are in the state table. */
void vlapic_reset(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  *a = (struct vlapic){.id = v->id * 2, .dfr = UINT32_MAX, .spurious = 0xff};
  for (unsigned i = 0; i < LVT_COUNT; i++)
    a->lvt[i] = LVT_MASKED;
  v->arch.apic_base = VLAPIC_BASE | BASE_ENABLE | (v->id == 0 ? BASE_BSP : 0);
  timer_stop(&v->stub->apic_timer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions and interrupts in root mode: descriptor tables, dispatch, fix-ups.
 * An exception is ours or a broken invariant; guests' exceptions never come
 * here.
 */
#include "trap.h"
#include "panic.h"
#include <arch/arch.h>
#include <asm/layout.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <console.h>
#include <console_lent.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define GATE_INTERRUPT 0x8eu /* present, ring 0, 64-bit interrupt gate */
#define EXCEPTIONS     32

enum {
  EXCEPTION_NMI = 2,
  EXCEPTION_DF = 8,
  EXCEPTION_GP = 13,
  EXCEPTION_PF = 14,
  EXCEPTION_MC = 18
};
enum { IST_NMI = 1, IST_MC, IST_DF };

struct gate {
  uint16_t offset_low, selector;
  uint8_t ist, type;
  uint16_t offset_middle;
  uint32_t offset_high, reserved;
};

struct tss {
  uint32_t reserved0;
  uint64_t rsp[3];
  uint64_t ist[8]; /* [0] is reserved */
  uint16_t reserved1[5], io_map;
} __packed;

/* PRIVATE_TSS: the same addresses on each CPU, so the same contents. */
struct descriptors {
  uint64_t gdt[5]; /* null, code, data, TSS (two) */
  struct tss tss;
};

struct pseudo_descriptor {
  uint16_t limit;
  uint64_t base;
} __packed;

extern const uint64_t trap_stubs[];
extern const struct fixup_entry __fixup_start[], __fixup_end[];
extern bool trap_clac;

struct trap_frame *trap_panic_frame;
/* A byte of its own, for assembly: do entries clear AC? */
bool trap_clac __section(".sealed");
static struct gate idt[256] __section(".sealed") __aligned(16);

/* --- tables ------------------------------------------------------------------- */

static __boot void gate_set(unsigned vector, uint64_t handler, uint8_t ist) {
  idt[vector] = (struct gate){
      .offset_low = (uint16_t)handler,
      .offset_middle = (uint16_t)(handler >> 16),
      .offset_high = (uint32_t)(handler >> 32),
      .selector = SELECTOR_CODE,
      .ist = ist,
      .type = GATE_INTERRUPT,
  };
}

static void idt_load(void) {
  struct pseudo_descriptor d = {sizeof(idt) - 1, (uint64_t)idt};
  asm volatile("lidt %0" ::"m"(d));
}

__boot void trap_init(void) {
  static __boot_data const uint8_t interrupts[] = {VECTOR_TIMER, VECTOR_KICK, VECTOR_UART,
                                                   VECTOR_SPURIOUS};
  for (unsigned i = 0; i < EXCEPTIONS; i++)
    gate_set(i, trap_stubs[i], 0);
  idt[EXCEPTION_NMI].ist = IST_NMI;
  idt[EXCEPTION_MC].ist = IST_MC;
  idt[EXCEPTION_DF].ist = IST_DF;
  /* One that firmware has left behind is taken like a kick: acknowledged and forgotten. */
  for (unsigned i = EXCEPTIONS; i < ARRAY_SIZE(idt); i++)
    gate_set(i, trap_stubs[EXCEPTIONS + 1], 0);
  for (unsigned i = 0; i < ARRAY_SIZE(interrupts); i++)
    gate_set(interrupts[i], trap_stubs[EXCEPTIONS + i], 0);
  trap_clac = cpu_features.smap;
  idt_load();
}

static void tss_fill(struct tss *t) {
  t->rsp[0] = PRIVATE_IDLE_STACK + 2 * PAGE_SIZE; /* never used: nothing runs in ring 3 */
  t->ist[IST_NMI] = PRIVATE_NMI_STACK + PAGE_SIZE;
  t->ist[IST_MC] = PRIVATE_MC_STACK + PAGE_SIZE;
  t->ist[IST_DF] = PRIVATE_DF_STACK + PAGE_SIZE;
  t->io_map = sizeof(*t);
}

static void gdt_fill(struct descriptors *d) {
  uint64_t base = (uint64_t)&d->tss, limit = sizeof(d->tss) - 1;
  d->gdt[1] = 0x00af9b000000ffff;
  d->gdt[2] = 0x00cf93000000ffff;
  d->gdt[3] = limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  d->gdt[4] = base >> 32;
}

void trap_cpu_init(void) {
  struct descriptors *d = (struct descriptors *)PRIVATE_TSS;
  tss_fill(&d->tss);
  gdt_fill(d);
  struct pseudo_descriptor gdtr = {sizeof(d->gdt) - 1, (uint64_t)d->gdt};
  asm volatile("lgdt %0" ::"m"(gdtr));
  asm volatile("mov %0, %%ss" ::"r"(SELECTOR_DATA));
  asm volatile("ltr %w0" ::"r"(SELECTOR_TSS));
  idt_load();
}

/* --- dispatch ------------------------------------------------------------------- */

static bool fix_up(struct trap_frame *f) {
  if (f->vector != EXCEPTION_PF && f->vector != EXCEPTION_GP)
    return false;
  for (const struct fixup_entry *e = __fixup_start; e < __fixup_end; e++) {
    if (e->insn == f->rip) {
      f->rip = e->fixup;
      return true;
    }
  }
  return false;
}

static const char *exception_name(uint64_t vector) {
  static const char *const names[] = {
      [0] = "division error",        [EXCEPTION_NMI] = "NMI",
      [6] = "invalid instruction",   [EXCEPTION_DF] = "double fault",
      [12] = "stack fault",          [EXCEPTION_GP] = "general protection",
      [EXCEPTION_PF] = "page fault", [EXCEPTION_MC] = "machine check",
  };
  return vector < ARRAY_SIZE(names) && names[vector] ? names[vector] : "exception";
}

static void report_machine_check(void) {
  unsigned banks = rdmsr(MSR_MCG_CAP) & 0xff;
  for (unsigned i = 0; i < banks; i++) {
    uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * i);
    if (status & BIT(63))
      log_printf("machine check bank %u: status %016lx address %016lx\n", i, status,
                 rdmsr(MSR_MC0_STATUS + 4 * i + 1));
  }
}

static __noreturn void exception_panic(struct trap_frame *f) {
  trap_panic_frame = f;
  if (f->vector == EXCEPTION_MC)
    report_machine_check();
  if (f->vector == EXCEPTION_PF)
    panic("page fault at %016lx, error %lx, rip %016lx", cr2_read(), f->error, f->rip);
  panic("%s (%lu), error %lx, rip %016lx", exception_name(f->vector), f->vector, f->error, f->rip);
}

void trap_handle(struct trap_frame *f) {
  switch (f->vector) {
  case VECTOR_TIMER:
    lapic_eoi();
    timer_interrupt();
    return;
  case VECTOR_KICK: /* what it is for is looked at where it interrupted */
    lapic_eoi();
    return;
  case VECTOR_UART:
    if (!ENABLED(CONFIG_CONSOLE_SERVICE) || !console_lent_interrupt())
      console_receive();
    lapic_eoi();
    return;
  case VECTOR_SPURIOUS:
    return;
  }
  if (!fix_up(f))
    exception_panic(f);
}

/* A panic elsewhere stops this CPU by NMI. One that nobody asked for changes nothing. */
void trap_nmi(struct trap_frame *f __unused_param) {
  if (panic_stops_all())
    cpu_stop();
}

_Static_assert(sizeof(struct gate) == 16, "APM vol. 2, 4.8.4");
_Static_assert(sizeof(struct tss) == 104, "APM vol. 2, 12.2.5");
_Static_assert(sizeof(struct trap_frame) == 22 * 8, "trap_entry.S");

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC of each CPU: interrupts between CPUs and the timer, by MMIO
 * (xAPIC) or MSR (x2APIC). AMD APM vol. 2, chapter 16; Intel SDM vol. 3,
 * chapter 10.
 */
#include <arch/arch.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <lib/lib.h>
#include "clock.h"

#define REG_ID            0x020
#define REG_TASK_PRIORITY 0x080
#define REG_EOI           0x0b0
#define REG_SPURIOUS      0x0f0
#define REG_ICR           0x300
#define REG_ICR_HIGH      0x310
#define REG_LVT_TIMER     0x320
#define REG_LVT_LINT0     0x350
#define REG_LVT_LINT1     0x360
#define REG_LVT_ERROR     0x370
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE  0x3e0

#define BASE_ENABLE       BIT(11)
#define SPURIOUS_ENABLE   0x100u
#define LVT_MASKED        0x10000u
#define LVT_NMI           0x400u
#define LVT_TSC_DEADLINE  0x40000u
#define DIVIDE_BY_1       0xbu
#define ICR_NMI           0x400u
#define ICR_INIT          0x500u
#define ICR_STARTUP       0x600u
#define ICR_PENDING       0x1000u
#define ICR_ASSERT        0x4000u
#define ICR_OTHERS        0xc0000u
#define PATIENCE          100000

static volatile char *registers; /* xAPIC; NULL with x2APIC */
static bool usable;              /* from the boot CPU's lapic_init on */
static bool deadline_timer;
static uint64_t ticks_mul; /* timer ticks a ns, 32.32 fixed point */

static uint32_t read(uint32_t reg) {
  return registers ? mmio_read32(registers + reg) : (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
}

static void write(uint32_t reg, uint32_t v) {
  if (registers)
    mmio_write32(registers + reg, v);
  else
    wrmsr(MSR_X2APIC + reg / 16, v);
}

/* --- set-up ------------------------------------------------------------------------- */

static void timer_init_local(void) {
  if (deadline_timer) {
    write(REG_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
    asm volatile("mfence" ::: "memory"); /* before the first deadline: SDM vol. 3, 10.5.4.1 */
    return;
  }
  write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
  write(REG_TIMER_INITIAL, 0);
  write(REG_LVT_TIMER, VECTOR_TIMER);
}

static __boot void registers_map(void) {
  deadline_timer = cpu_features.tsc_deadline;
  if (!cpu_features.x2apic)
    registers = mm_map_device(acpi_info.lapic_address, PAGE_SIZE);
  if (!cpu_features.x2apic && !registers)
    panic("no memory to map the local APIC");
}

__boot void lapic_init(struct cpu *c) {
  if (c->id == 0)
    registers_map();
  uint64_t mode = BASE_ENABLE | (cpu_features.x2apic ? BASE_X2APIC : 0);
  wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | mode);
  c->arch_id = registers ? read(REG_ID) >> 24 : read(REG_ID);
  write(REG_TASK_PRIORITY, 0);
  write(REG_LVT_LINT0, LVT_MASKED);
  write(REG_LVT_LINT1, LVT_NMI);
  write(REG_LVT_ERROR, LVT_MASKED);
  write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
  timer_init_local();
  usable = true;
}

/* --- interrupts to other CPUs ----------------------------------------------------------- */

static void icr_write(uint32_t apic_id, uint32_t command) {
  if (!registers) {
    wrmsr(MSR_X2APIC + REG_ICR / 16, (uint64_t)apic_id << 32 | command);
    return;
  }
  for (unsigned i = 0; i < PATIENCE && (read(REG_ICR) & ICR_PENDING); i++)
    cpu_relax();
  write(REG_ICR_HIGH, apic_id << 24);
  write(REG_ICR, command);
}

void lapic_eoi(void) {
  write(REG_EOI, 0);
}

void lapic_send_nmi_all_others(void) {
  if (usable)
    icr_write(0, ICR_OTHERS | ICR_ASSERT | ICR_NMI);
}

__boot void lapic_send_init(uint32_t apic_id) {
  icr_write(apic_id, ICR_ASSERT | ICR_INIT);
}

__boot void lapic_send_startup(uint32_t apic_id, uint8_t page) {
  icr_write(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

void arch_kick(struct cpu *c) {
  icr_write(c->arch_id, VECTOR_KICK);
}

/* --- timer ---------------------------------------------------------------------------------- */

__boot void lapic_timer_start_count(void) {
  write(REG_TIMER_INITIAL, UINT32_MAX);
}

__boot uint32_t lapic_timer_counted(void) {
  return UINT32_MAX - read(REG_TIMER_CURRENT);
}

__boot void lapic_timer_rate(uint64_t ticks, uint64_t ns) {
  write(REG_TIMER_INITIAL, 0);
  ticks_mul = (ticks << 32) / ns;
}

/* The counter is short: a deadline that is too far interrupts early and is set again. */
static uint32_t count_until(uint64_t deadline) {
  uint64_t now = arch_time(), ns = deadline > now ? deadline - now : 0;
  uint64_t ticks = (uint64_t)((unsigned __int128)ns * ticks_mul >> 32) + 1;
  return ns > UINT32_MAX || ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

void arch_timer_set(uint64_t deadline) {
  bool none = deadline == UINT64_MAX;
  if (deadline_timer)
    wrmsr(MSR_TSC_DEADLINE, none ? 0 : time_to_tsc(deadline));
  else
    write(REG_TIMER_INITIAL, none ? 0 : count_until(deadline));
}

/* --- idle ------------------------------------------------------------------------------------- */

struct cpu *arch_this_cpu(void) {
  return this_private->cpu;
}

/* STI takes effect after the next instruction: an interrupt that came before wakes the HLT. */
void arch_idle(struct cpu *c, bool (*has_work)(struct cpu *c)) {
  if (has_work(c))
    asm volatile("sti; nop; cli" ::: "memory");
  else
    asm volatile("sti; hlt; cli" ::: "memory");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the other CPUs, one after another: INIT, SIPI, and a wait that ends.
 * Intel SDM vol. 3, 8.4.4; AMD APM vol. 2, 15.27.8. The old pause of 10 ms
 * after INIT is for processors without an integrated local APIC.
 */
#include <arch/arch.h>
#include <asm/layout.h>
#include <asm/machine.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "boot.h"

#define INIT_NS        10000         /* between INIT and the first SIPI */
#define SECOND_SIPI_NS 200000        /* the first may be lost */
#define PATIENCE_NS    2000000000ull /* then the CPU counts as absent; emulators can be that slow */
#define LAST_RESORT_NS 5000000000ull

extern const char trampoline[], trampoline_end[];

/* For trampoline.S. */
extern const uint64_t smp_stack_top;
const uint64_t smp_stack_top = PRIVATE_IDLE_STACK + 2 * PAGE_SIZE;
void smp_ap_main(void) __noreturn;
extern uint64_t ap_top_table;
uint64_t ap_top_table; /* of the CPU that is being started; it takes it and leaves 0 */
static bool released;

/* --- on the new CPU ----------------------------------------------------------------- */

static bool is_released(struct cpu *c __unused_param) {
  return atomic_load(&released);
}

/* On its own tables and its idle stack; not in the boot text, which is given back while it waits.
 */
void smp_ap_main(void) {
  struct cpu *c = arch_this_cpu();
  cpu_init(c);
  lapic_init(c);
  vendor->cpu_start(c);
  mm_finish_boot();
  atomic_store(&c->online, true);
  while (!is_released(c))
    arch_idle(c, is_released);
  cpu_loop();
}

/* --- on the boot CPU ------------------------------------------------------------------ */

static __boot bool wait_online(const struct cpu *c, uint64_t ns) {
  uint64_t end = arch_time() + ns;
  while (!atomic_load(&c->online)) {
    if (arch_time() >= end)
      return false;
    cpu_relax();
  }
  return true;
}

/* After the ticket has been taken the CPU is there, only slow. Once given up it must not come any
 * more. */
static __boot bool give_up(const struct cpu *c, uint32_t apic_id) {
  if (atomic_swap(&ap_top_table, 0) == 0 && wait_online(c, LAST_RESORT_NS))
    return true;
  lapic_send_init(apic_id);
  return false;
}

static __boot bool cpu_start(struct cpu *c, uint32_t apic_id, uint8_t page) {
  mm_cpu_create(c);
  uint64_t start = rdtsc();
  atomic_store(&ap_top_table, mm_cpu_top_table(c));
  lapic_send_init(apic_id);
  wait_online(c, INIT_NS);
  lapic_send_startup(apic_id, page);
  bool ok = wait_online(c, SECOND_SIPI_NS);
  if (!ok) {
    lapic_send_startup(apic_id, page);
    ok = wait_online(c, PATIENCE_NS) || give_up(c, apic_id);
  }
  boot_ticks.wait += rdtsc() - start;
  return ok;
}

/* Bits of a local APIC id that tell the threads of a core apart. */
static __boot unsigned thread_bits(void) {
  uint32_t r[4];
  cpuid(0, 0, r);
  if (r[0] >= 0xb) {
    cpuid(0xb, 0, r);
    if ((r[2] >> 8 & 0xff) == 1) /* the first level is that of threads */
      return r[0] & 31;
  }
  cpuid(0x80000000, 0, r);
  if (!cpu_features.amd || r[0] < 0x8000001e)
    return 0;
  cpuid(0x8000001e, 0, r);
  unsigned threads = (r[1] >> 8 & 0xff) + 1;
  return threads > 1 ? 32 - (unsigned)__builtin_clz(threads - 1) : 0;
}

static __boot void cpu_add(uint32_t apic_id, uint8_t page) {
  struct cpu *c = &cpus[cpu_count];
  c->id = cpu_count;
  c->core = apic_id >> thread_bits();
  if (cpu_start(c, apic_id, page))
    cpu_count++;
  else
    log_printf("the CPU with local APIC id %u did not start\n", apic_id);
}

/* A SIPI that is still on its way to a CPU that was given up must not start it in boot's sections,
 * which are others' memory by then. The page itself is never given out. */
static __boot void trampoline_close(uint64_t page) {
  static __boot_data const uint8_t parked[] = {0xfa, 0xf4, 0xeb, 0xfd}; /* cli; 1: hlt; jmp 1b */
  memcpy(boot_phys(page), parked, sizeof(parked));
}

__boot void smp_start(uint64_t page) {
  unsigned unused = 0;
  cpus[0].core = cpus[0].arch_id >> thread_bits();
  cpu_count = 1;
  if (page)
    memcpy(boot_phys(page), trampoline, (size_t)(trampoline_end - trampoline));
  for (unsigned i = 0; i < acpi_info.cpu_count; i++) {
    uint32_t id = acpi_info.apic_id[i];
    if (id == cpus[0].arch_id)
      continue;
    if (page && cpu_count < CONFIG_MAX_CPUS)
      cpu_add(id, (uint8_t)(page >> PAGE_SHIFT));
    else
      unused++;
  }
  if (page)
    trampoline_close(page);
  cpu_first = cpus[0].pinned = cpu_count > 1 && option_is("boot-cpu", "spare");
  log_printf("%u CPUs, TSC at %u kHz\n", cpu_count, tsc_clock.khz);
  if (unused)
    log_printf("%u CPUs left unused\n", unused);
}

void smp_release(void) {
  atomic_store(&released, true);
  for (unsigned i = 1; i < cpu_count; i++)
    arch_kick(&cpus[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of boot. Each step rests on those before it.
 */
#include <arch/arch.h>
#include <asm/machine.h>
#include <asm/private.h>
#include <asm/vendor.h>
#include <build.h>
#include <console.h>
#include <drivers/uart.h>
#include <lib/lib.h>
#include "../cpu/panic.h"
#include "../cpu/trap.h"
#include "boot.h"

const struct x86_vendor *vendor;
struct boot_ticks boot_ticks;
extern uint64_t __stack_chk_guard;

/* Called by head.S. */
void boot_main(uint32_t magic, uint32_t info) __noreturn;

/* --- steps ------------------------------------------------------------------------------ */

/* Which domains could not write over a return address unseen: a value that they do not know. Its
 * own frame has none: it would be found changed where the compiler does not inline this. */
static __boot __attribute__((no_stack_protector)) void stack_guard_init(void) {
  uint32_t r[4], low = 0, high = 0;
  cpuid(1, 0, r);
  if (r[2] & BIT(30))
    asm volatile("rdrand %0\n rdrand %1" : "=r"(low), "=r"(high)::"cc");
  __stack_chk_guard ^= ((uint64_t)high << 32 | low) + rdtsc() * 0x9e3779b97f4a7c15ull;
}

static __boot void console_early(void) {
  uart_init(option_is("console", "com2") ? COM2 : COM1);
}

static __boot void console_route(void) {
  unsigned irq = option_is("console", "com2") ? COM2_IRQ : COM1_IRQ;
  uint16_t flags = acpi_info.isa_flags[irq];
  ioapic_route(acpi_info.isa_gsi[irq], VECTOR_UART, cpus[0].arch_id, MPS_LEVEL(flags),
               MPS_LOW(flags));
}

static __boot void options_read(void) {
  if (option_is("panic", "poweroff"))
    panic_end = PANIC_POWEROFF;
  if (option_is("panic", "reboot"))
    panic_end = PANIC_REBOOT;
}

/* A reason is a word for machines, then a colon and a text for people. */
static __boot void refuse(const char *reason) {
  log_printf("refused: reason=%s\n", reason);
  cpu_stop();
}

/* An AMD processor's message is SVM's, all others' VT-x's, unless that is not in this image. */
static __boot const struct x86_vendor *vendor_choose(void) {
  const struct x86_vendor *svm = ENABLED(CONFIG_SVM) ? &svm_vendor : NULL;
  const struct x86_vendor *vmx = ENABLED(CONFIG_VMX) ? &vmx_vendor : NULL;
  const struct x86_vendor *own = cpu_features.intel || cpu_features.vmx ? vmx : svm;
  if (!own)
    refuse("no-vendor: this image was built without what this CPU has");
  return own;
}

static __boot void cpu_check(void) {
  cpuid_guest_init();
  vendor = vendor_choose();
  if (!cpu_features.nx)
    refuse("no-nx: this CPU cannot forbid execution by page");
  wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE); /* mm_init's tables use it */
  const char *missing = vendor->missing();
  if (missing)
    refuse(missing);
}

/* --- the end of boot ------------------------------------------------------------------------ */

/* On the boot CPU's idle stack, in text that stays. */
static __noreturn void boot_leave(void) {
  void (*panic_test)(void) = panic_test_chosen();
  mm_finish_boot();
  smp_release();
  if (panic_test)
    panic_test();
  cpu_loop();
}

void stack_switch(void *top, void (*fn)(void)) __noreturn;

__boot void boot_main(uint32_t magic, uint32_t info) {
  extern uint64_t boot_tsc;
  stack_guard_init();
  boot_ticks.start = boot_tsc;
  const char *bad = multiboot_parse(magic, info);
  console_early();
  options_read();
  if (bad)
    refuse(bad);
  memory_finish();
  uint64_t trampoline_page = memory_take_low_page();
  cpu_features_init();
  trap_init();
  cpu_check();
  mm_init();
  cpu_init(&cpus[0]);
  cpus[0].online = true;
  acpi_init();
  ioapic_init();
  lapic_init(&cpus[0]);
  lapic_calibrate();
  vendor->cpu_start(&cpus[0]);
  smp_start(trampoline_page);
  if (builder_boot(boot_info.module_start, boot_info.module_end - boot_info.module_start))
    arch_poweroff();
  console_route();
  console_start(system_config->console_domain);
  stack_switch((void *)(PRIVATE_IDLE_STACK + 2 * PAGE_SIZE), boot_leave);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end: stop the other CPUs, say what can be said, halt or restart.
 */
#include "panic.h"
#include <arch/arch.h>
#include <asm/layout.h>
#include <asm/machine.h>
#include <asm/platform.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include "trap.h"

uint64_t __stack_chk_guard = 0x5ced1ab1e5eedull;
void __stack_chk_fail(void) __noreturn;

enum panic_end panic_end;
static uint32_t begun;

bool panic_stops_all(void) {
  return atomic_load(&begun);
}

void __stack_chk_fail(void) {
  panic("stack smashed, seen at %016lx", (unsigned long)__builtin_return_address(0));
}

void arch_panic(void) {
  asm volatile("cli");
  if (atomic_swap(&begun, 1))
    cpu_stop(); /* a panic in the panic */
  lapic_send_nmi_all_others();
  panic_print_cpu();
  if (panic_end == PANIC_POWEROFF)
    arch_poweroff();
  if (panic_end == PANIC_REBOOT)
    machine_reset();
  log_printf("halted\n");
  cpu_stop();
}

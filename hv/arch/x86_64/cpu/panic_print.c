/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last words: registers, control registers and a backtrace with names.
 */
#include "panic.h"
#include <asm/layout.h>
#include <asm/machine.h>
#include <lib/lib.h>
#include "trap.h"

#define FRAMES_MAX 32
#define STACK_MAX  (4 * PAGE_SIZE) /* no stack of ours is larger */

/* From tools/gen-symbols.py. */
extern const uint32_t hv_symbols_count, hv_symbol_offsets[], hv_symbol_names_off[];
extern const char hv_symbol_names[], _text[], _etext[], _boot_start[], _boot_text_end[];

/* --- backtrace ------------------------------------------------------------------- */

static bool is_text(uint64_t a) {
  return (a >= (uint64_t)_text && a < (uint64_t)_etext) ||
         (a >= (uint64_t)_boot_start && a < (uint64_t)_boot_text_end);
}

static void print_address(uint64_t a) {
  uint32_t offset = (uint32_t)(a - (uint64_t)_text), n = 0;
  while (n < hv_symbols_count && hv_symbol_offsets[n] <= offset)
    n++;
  if (n == 0 || !is_text(a))
    log_printf("  %016lx\n", a);
  else
    log_printf("  %016lx %s+0x%x\n", a, hv_symbol_names + hv_symbol_names_off[n - 1],
               offset - hv_symbol_offsets[n - 1]);
}

/* Where it happened. A wild call's return address is still on top of the stack. */
static void print_top(const struct trap_frame *f) {
  uint64_t back;
  print_address(f->rip);
  if (!is_text(f->rip) && trap_safe_read(f->rsp, &back) && is_text(back))
    print_address(back);
}

/* A frame is the caller's frame pointer, then the return address. The stack may be
 * damaged: every read may fail, and frames must go up and stay near. */
static void print_backtrace(uint64_t rbp) {
  uint64_t start = rbp, next, back;
  for (unsigned i = 0; i < FRAMES_MAX; i++) {
    if (!IS_ALIGNED(rbp, 8) || rbp - start >= STACK_MAX || !trap_safe_read(rbp, &next) ||
        !trap_safe_read(rbp + 8, &back) || !is_text(back))
      return;
    print_address(back - 1); /* in the call: what never returns may be its function's end */
    if (next <= rbp)
      return;
    rbp = next;
  }
}

/* --- registers --------------------------------------------------------------------- */

static void print_frame(const struct trap_frame *f) {
  log_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
  log_printf("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", f->rsi, f->rdi, f->rbp, f->rsp);
  log_printf("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", f->r8, f->r9, f->r10, f->r11);
  log_printf("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", f->r12, f->r13, f->r14, f->r15);
  log_printf("rip %016lx rflags %08lx cs %04lx ss %04lx\n", f->rip, f->rflags, f->cs, f->ss);
}

static void print_control(void) {
  log_printf("cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx efer %04lx\n", cr0_read(), cr2_read(),
             cr3_read(), cr4_read(), rdmsr(MSR_EFER));
}

void panic_print_cpu(void) {
  struct trap_frame *f = trap_panic_frame;
  if (f)
    print_frame(f);
  print_control();
  log_printf("backtrace:\n");
  if (f)
    print_top(f);
  print_backtrace(f ? f->rbp : (uint64_t)__builtin_frame_address(0));
}

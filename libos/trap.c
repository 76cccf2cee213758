/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions and the end. Every exception is a panic, on a stack of its own, so that the one that
 * ran into its guard page can be told as well.
 */
#include <stdarg.h>
#include <stdio.h>

#include <abi/xen/sched.h>
#include <libos/console.h>
#include <libos/domain.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

#define GATE_INTERRUPT 0x8e00u
#define CODE64         0x08u
#define TSS            0x18u

struct gate {
  uint16_t low, selector, flags, middle;
  uint32_t high, reserved;
};

struct tss {
  uint32_t reserved0;
  uint64_t rsp[3], reserved1, ist[7], reserved2;
  uint16_t reserved3, io_map;
} __attribute__((packed));

/* As trap_common in head.S leaves it. */
struct trap_frame {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
  uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

static struct gate idt[TRAP_UPCALL + 1];
static struct tss tss;
static uint8_t trap_stack[12288] __attribute__((aligned(16))); /* printf needs most of it */
static bool panicking;

static void gate_set(unsigned vector, const void *entry, unsigned stack) {
  uintptr_t at = (uintptr_t)entry;
  idt[vector] = (struct gate){.low = at,
                              .selector = CODE64,
                              .flags = GATE_INTERRUPT | stack,
                              .middle = at >> 16,
                              .high = at >> 32};
}

void trap_init(void) {
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) pointer = {sizeof(idt) - 1, (uintptr_t)idt};
  uint64_t base = (uintptr_t)&tss;
  for (unsigned i = 0; i < 32; i++)
    gate_set(i, trap_stubs + 16 * i, 1);
  gate_set(TRAP_UPCALL, (const void *)trap_upcall, 0);
  tss.ist[0] = (uintptr_t)(trap_stack + sizeof(trap_stack));
  tss.io_map = sizeof(tss);
  gdt[TSS / 8] =
      (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
  gdt[TSS / 8 + 1] = base >> 32;
  __asm__ volatile("lidt %0; ltr %w1" : : "m"(pointer), "r"(TSS));
}

void domain_end(enum domain_end how) {
  struct sched_shutdown {
    uint32_t reason;
  } arg = {how};
  console_drain();
  for (;;)
    hypercall3(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (uintptr_t)&arg, 0);
}

static void say(const char *format, ...) {
  char line[256];
  va_list args;
  va_start(args, format);
  int size = vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  console_write(line, MIN((size_t)size, sizeof(line) - 1));
}

/* A triple fault: all that is left to say that something is wrong. */
static _Noreturn void cpu_die(void) {
  static const struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) none;
  __asm__ volatile("lidt %0; ud2" : : "m"(none));
  __builtin_unreachable();
}

/* Before there are hypercalls, or in a panic, nobody can be told. */
static void panic_begin(void) {
  if (!hypercalls || panicking)
    cpu_die();
  panicking = true;
}

/* Frames are chained by RBP in the library and in services; the C library has none, which ends it.
 */
static void say_callers(uint64_t frame) {
  for (unsigned i = 0; i < 16; i++) {
    if (frame < (uintptr_t)stack_bottom || frame > (uintptr_t)stack_top - 16 || frame % 8)
      return;
    const uint64_t *pair = (const uint64_t *)frame;
    say("panic:   called from 0x%lx\n", pair[1]);
    if (pair[0] <= frame)
      return;
    frame = pair[0];
  }
}

void panic(const char *format, ...) {
  char line[200];
  va_list args;
  panic_begin();
  va_start(args, format);
  vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  say("panic: %s\n", line);
  say_callers((uintptr_t)__builtin_frame_address(0));
  domain_end(DOMAIN_CRASH);
}

void trap_panic(const struct trap_frame *f);
void trap_panic(const struct trap_frame *f) {
  uint64_t cr2;
  panic_begin();
  __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
  bool guard = cr2 - (uintptr_t)image_guard < PAGE_SIZE && (f->vector == 8 || f->vector == 14);
  say("panic: exception %lu, error 0x%lx, at 0x%lx%s\n", f->vector, f->error, f->rip,
      guard ? ": stack overflow" : "");
  say("panic:   cr2 %016lx  rflags %08lx  rsp %016lx\n", cr2, f->rflags, f->rsp);
  say("panic:   rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
  say("panic:   rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
  say("panic:   r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
  say("panic:   r13 %016lx  r14 %016lx  r15 %016lx\n", f->r13, f->r14, f->r15);
  say_callers(f->rbp);
  domain_end(DOMAIN_CRASH);
}

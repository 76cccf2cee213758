/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the library know of each other, in the order of the start; not for services.
 */
#ifndef LIBOS_INTERNAL_H
#define LIBOS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/xen/xen.h>

#define PAGE_MASK        (PAGE_SIZE - 1ull)
#define RAM_LIMIT        (1ull << 32) /* what lies above is not used */
#define WINDOW_SIZE      (256ull << 20)
#define COUNT(a)         (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))

#define MSR_FS_BASE      0xc0000100u

#define SECOND           1000000000ull
#define CONSOLE_PATIENCE (SECOND / 10)

/* The linker script's. */
extern char image_start[], image_rodata[], image_data[], image_guard[], stack_bottom[], stack_top[],
    boot_tables[], image_end[];

/* hypercall.c: needs no memory, so that all that follows can ask and complain. */
extern bool hypercalls;
void hypercall_init(void);

/* start_info.c: reads the start info while the first 4 GiB are mapped, keeps what it says. */
struct ram {
  uint64_t start, end; /* whole pages, below RAM_LIMIT */
};
struct start_info_kept {
  struct ram ram[16];
  unsigned rams;
  struct ram reserved[8]; /* pages that hold the image, module, command line and tables */
  unsigned reserveds;
  uint64_t map_end; /* of all RAM, what is not used too, and of shared ranges */
  const char *command_line;
  const void *module;
  size_t module_size;
};
extern struct start_info_kept start_info;
void start_info_read(uintptr_t address);

/* page.c */
void page_init(void);

/* mmu.c: the final page tables. */
void mmu_init(void);
uint64_t mmu_window(void); /* where the window starts */

/* trap.c */
void trap_init(void);
#define TRAP_UPCALL 0x30 /* the vector of event channel upcalls */

/* event.c: shared_info is mapped; no handler is called before event_loop. */
extern struct shared_info *shared_info;
extern struct vcpu_info *vcpu_info;
void event_init(void);
void event_sleep(uint64_t deadline);

/* console.c */
void console_init(void);
void console_drain(void);

/* syscall.c */
void syscall_init(void);

/* head.S */
void cpu_sleep(void);
void syscall_entry(void);
void trap_upcall(void);
extern char trap_stubs[];
extern uint64_t gdt[];

/* --- Instructions -------------------------------------------------------------------------- */

static inline void cpu_wrmsr(uint32_t msr, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t cpu_tsc(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

struct cpuid {
  uint32_t a, b, c, d;
};
static inline struct cpuid cpu_id(uint32_t leaf) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
  return r;
}

#endif

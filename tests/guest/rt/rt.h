// SPDX-License-Identifier: Apache-2.0
// The runtime of the micro-guests: all that a test may call. A guest is one C file with a
// `void test_main(void)`; the runtime starts it, prints its last line and powers the domain off.
// Numbers of the guest ABI come from Debian's libxen-dev headers.
#ifndef RT_H
#define RT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "cpu.h"
#include "hypercall.h"

#define PAGE_SIZE    4096UL
#define MAX_CPUS     16
#define MS           1000000UL // nanoseconds
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

// --- Results. Each prints one line, `PASS name` or `FAIL name: reason`.
void check_true(const char *name, int ok, const char *reason);
void check_eq(const char *name, int64_t got, int64_t want);
void check_fault(const char *name, int got, int want);
#define CHECK(name, condition) check_true(name, !!(condition), #condition)
// Prints the last line and powers the domain off.
void test_done(void) __attribute__((noreturn));
// The test itself.
void test_main(void);

// --- Output. One call is one line for console_io; %d %u %x %s %c %p with l and 0-padded widths.
void printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int snprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void console_write(const char *text, size_t length);

// There is no hypervisor with Xen's interface: no hypercall may be made, shared_info is null, and
// printf writes to the first serial port.
extern int on_bare_machine;
// Of the command line, a word after the first, `console=port`: what the guest prints goes to Xen's
// port for it, 0xe9, since Xen refuses console_io to all but the boot domain.
extern int console_is_port;

// Is this the command line's first word? Domains of one guest tell themselves apart by it.
int role(const char *name);
// Is this the beginning of one of its other words?
int has_word(const char *word);

// --- Strings.
void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

// --- Numbers that look random, the same for the same first state.
static inline uint32_t random_next(uint64_t *state) {
  *state = *state * 6364136223846793005ul + 1442695040888963407ul;
  return *state >> 33;
}

// --- Traps. An IRQ handler gets the frame it interrupted; it sends its own EOI.
struct regs {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
  uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
typedef void trap_fn(struct regs *regs);
void trap_set(unsigned vector, trap_fn *handler);
// In place of the line that says FAIL and of the end of the test; null: there is nothing else.
extern void (*trap_unexpected)(const struct regs *regs);
// Runs code with CPL 3; returns the vector of the trap that ended it (3 for its own int3).
int user_call(void (*code)(void));

// --- CPUs. A struct cpu is reached through GS; `vcpu` is the number the hypervisor uses.
struct fault {
  int vector; // NO_FAULT or the vector
  uint64_t error, address, rip;
};
struct cpu {
  struct cpu *self;
  uint64_t resume_rip; // offset 8: TRY's label, 0 = traps are fatal
  uint64_t resume_rsp; // offset 16: 0 = keep the interrupted one
  struct fault fault;
  unsigned vcpu;
  volatile int online;
  void (*entry)(void);
  uint8_t *stack_top;
};
extern struct cpu cpus[MAX_CPUS];
static inline struct cpu *this_cpu(void) {
  struct cpu *cpu;
  asm volatile("mov %%gs:0, %0" : "=r"(cpu));
  return cpu;
}
#define NO_FAULT (-1)
// Runs one piece of assembly; this_cpu()->fault.vector says whether it faulted.
#define TRY(code, outputs, ...)                                                                    \
  ({                                                                                               \
    this_cpu()->fault.vector = NO_FAULT;                                                           \
    asm volatile("movq $771f, %%gs:8\n\t" code "\n771: movq $0, %%gs:8"                            \
                 : outputs:__VA_ARGS__                                                             \
                 : "memory", "cc");                                                                \
    this_cpu()->fault.vector;                                                                      \
  })
#define TRY_NO_OUTPUT
#define COMMA , // between two outputs of TRY
int try_rdmsr(uint32_t msr, uint64_t *value);
int try_wrmsr(uint32_t msr, uint64_t value);
// Starts vCPU `vcpu` with VCPUOP_initialise and VCPUOP_up; 0, or the error. Waits until it runs.
int cpu_start(unsigned vcpu, void (*entry)(void));
// First states of a vCPU that every machine enters: 32 bits, flat, without paging; and 64 bits with
// this vCPU's tables, but without a stack.
struct vcpu_hvm_context cpu_context_flat(uint32_t eip);
struct vcpu_hvm_context cpu_context_long(uint64_t rip);
// The same by INIT and SIPI to an APIC id. Waits until it runs; 0 or -1 after a second.
int cpu_start_sipi(unsigned vcpu, uint32_t apic_id, void (*entry)(void));
void cpu_init(struct cpu *cpu, unsigned vcpu);

// --- Memory.
extern const struct hvm_start_info *start_info;
extern uint8_t guest_end[];
// A zeroed page, never freed; 256 of them.
void *page_alloc(void);
// Maps a physical page at a virtual one of its own above 512 GiB (slots 0 to 511).
#define VM_BASE       0x8000000000UL
#define PTE_P         1UL
#define PTE_W         2UL
#define PTE_U         4UL
#define PTE_NX        (1UL << 63)
// Two addresses that no guest maps: a canonical one and one that is not (nor is it mapped when the
// high bits are dropped: Xen's walker drops them).
#define UNMAPPED      ((void *)0x7000000000)
#define NON_CANONICAL ((void *)0x1234007000000000)
void *vm_map(unsigned slot, uint64_t paddr, uint64_t flags);

// --- Time.
extern struct shared_info *shared_info; // mapped by rt_main
uint64_t time_ns(void);                 // pvclock, nanoseconds since boot
uint64_t time_of(const volatile struct vcpu_time_info *t, uint64_t tsc);
uint64_t tsc_hz(void);
void delay_ns(uint64_t ns);
// Spins until the condition holds; false after `ns`.
#define WAIT(condition, ns)                                                                        \
  ({                                                                                               \
    uint64_t end_ = time_ns() + (ns);                                                              \
    while (!(condition) && time_ns() < end_)                                                       \
      cpu_relax();                                                                                 \
    !!(condition);                                                                                 \
  })

// --- Hypercalls with their structures filled in; 0, a result or -XEN_errno.
int64_t hvm_param_get(uint32_t index, uint64_t *value);
int64_t hvm_param_set(uint32_t index, uint64_t value);
int64_t evtchn_alloc_unbound(domid_t remote); // port or error
int64_t evtchn_bind_ipi(unsigned vcpu);
int64_t evtchn_bind_virq(unsigned virq, unsigned vcpu);
int64_t evtchn_bind_interdomain(domid_t remote, unsigned port);
int64_t evtchn_close(unsigned port);
int64_t evtchn_send(unsigned port);
int64_t evtchn_unmask(unsigned port);
int64_t evtchn_bind_vcpu(unsigned port, unsigned vcpu);
int64_t evtchn_status(unsigned port, struct evtchn_status *status);
int64_t physmap_add(unsigned space, uint64_t index, uint64_t gfn);
// A gfn (and, times the page size, an address) where a page was that has been given back.
uint64_t hole_alloc(void);
// The grant table's first page, mapped at the first call.
grant_entry_v1_t *grant_table(void);
void grant_allow(unsigned ref, domid_t domid, uint64_t gfn, unsigned flags);
// GNTST_*; the handle is written on success.
int grant_map(domid_t domid, unsigned ref, uint64_t gfn, unsigned flags, grant_handle_t *handle);
int grant_unmap(grant_handle_t handle, uint64_t gfn);
// The first of the CPUID leaves in which a hypervisor with this interface says so; 0 without one.
uint32_t xen_cpuid_base(void);
domid_t own_domid(void);
int evtchn_pending(unsigned port);
void evtchn_clear(unsigned port);
void evtchn_set_mask(unsigned port, int masked);
// Takes vCPU's events at `vector` with a handler that counts, clears all that is pending and sends
// its EOI. Call it on the vCPU itself.
void upcall_start(unsigned vcpu, unsigned vector);
extern volatile unsigned upcalls[MAX_CPUS]; // upcalls taken by each vCPU
extern volatile unsigned events[4096];      // times each port was seen pending and unmasked
void shutdown(unsigned reason) __attribute__((noreturn));

static inline uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

// `count` turns of a loop with `setup` and `instruction`, in ticks of the TSC.
#define LOOP(count, setup, instruction)                                                            \
  ({                                                                                               \
    uint64_t count_ = (count), start_ = rdtsc();                                                   \
    asm volatile("1: " setup "\n\t" instruction "\n\t"                                             \
                 "dec %0; jnz 1b"                                                                  \
                 : "+r"(count_)                                                                    \
                 :                                                                                 \
                 : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r10", "r8", "memory", "cc");         \
    rdtsc() - start_;                                                                              \
  })

#endif

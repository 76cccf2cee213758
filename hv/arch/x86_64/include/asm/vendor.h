/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendor seam: what SVM and VMX owe to the rest of x86_64, and (second
 * half) the common exit handlers that their loops call. Each vendor owns its
 * loop; nothing above knows which one runs.
 */
#ifndef ASM_VENDOR_H
#define ASM_VENDOR_H

#include <asm/bits.h>
#include <domain.h>
#include <p2m.h>

/* What address translation and decoding depend on, in one piece: every exit needs it. */
struct x86_mode {
  uint64_t cr0, cr3, cr4, efer; /* as the guest sees them */
  uint64_t cs_base;
  uint16_t cs_attributes;
  uint8_t cpl;
};

struct x86_vendor {
  /* Boot CPU, before anything: does this machine have it, enabled? A reason if not. */
  const char *(*missing)(void);
  /* Each CPU: turn it on. */
  void (*cpu_start)(struct cpu *c);
  enum status (*vcpu_init)(struct vcpu *v);
  /* The vCPU's thread comes to this CPU, and leaves it: what lies in the CPU's own registers. */
  void (*vcpu_load)(struct vcpu *v);
  void (*vcpu_save)(struct vcpu *v);
  /* Control block to the power-on state (APM vol. 2, 14.1.3); registers follow by set. */
  void (*vcpu_reset)(struct vcpu *v);
  void (*run)(struct vcpu *v);
  uint64_t (*get)(struct vcpu *v, enum x86_creg r);
  void (*set)(struct vcpu *v, enum x86_creg r, uint64_t value);
  void (*get_segment)(struct vcpu *v, enum x86_seg s, struct x86_segment *out);
  void (*set_segment)(struct vcpu *v, enum x86_seg s, const struct x86_segment *in);
  void (*get_mode)(struct vcpu *v, struct x86_mode *out);

  /* The arena's view of guest memory, in domain_stub.arch.guest_pdpt (docs/design/vendor-seam.md):
   * the p2m's entry for `gpa` at `level`, 1 or above, has changed, under the p2m lock. What the
   * view holds of it goes; the CPUs' TLBs follow in the flush; */
  void (*view_changed)(struct domain *d, uint64_t gpa, unsigned level);
  /* an access in the arena has failed where the memory map has something: bring it into view. No
   * p2m lock held. False: no memory for tables. */
  bool (*view_fill)(struct domain *d, uint64_t gpa);

  /* Bits of the p2m's entries: of a table, of a leaf that is read and executed, of one of device
   * memory. Both formats have the address, P (EPT: R), W, the leaf's bit and our type in the same
   * places. */
  uint64_t p2m_table, p2m_memory, p2m_device;
};

extern const struct x86_vendor *vendor;
extern const struct x86_vendor svm_vendor, vmx_vendor;

/* For the few functions of which every exit has some: their buffers are small and indexed by
 * constants, and the stack protector would be a tenth of what they cost. */
#define __every_exit __attribute__((no_stack_protector))

/* --- common exit handlers: each advances RIP or queues an exception ------------- */

void x86_exit_cpuid(struct vcpu *v);
/* VMMCALL or VMCALL, which ends at next_rip. */
void x86_exit_hypercall(struct vcpu *v, uint64_t next_rip);
void x86_exit_rdmsr(struct vcpu *v);
void x86_exit_wrmsr(struct vcpu *v);
void x86_exit_hlt(struct vcpu *v);
void x86_exit_xsetbv(struct vcpu *v);
void x86_exit_cr4_write(struct vcpu *v);
void x86_exit_cr8_write(struct vcpu *v);
/* The same for a machine that reports the value; the instruction ends at next_rip. */
void x86_cr4_write(struct vcpu *v, uint64_t value, uint64_t next_rip);
/* Instructions that are refused (#UD) or do nothing (WBINVD, PAUSE). */
void x86_exit_undefined(struct vcpu *v);
void x86_exit_nop(struct vcpu *v);

struct x86_io {
  uint16_t port;
  uint8_t size; /* 1, 2, 4 */
  bool in, string;
  uint64_t next_rip; /* 0: decode */
};
void x86_exit_io(struct vcpu *v, const struct x86_io *io);
/* Done on the machine's own port, if the domain has it (CONFIG_CONSOLE_SERVICE). */
bool x86_io_lent(struct vcpu *v, const struct x86_io *io);

/* A nested page fault at `gpa`: local APIC page, write to log-dirty or read-only, nothing there. */
struct x86_npf {
  uint64_t gpa;
  bool write, fetch;
  bool table; /* while the machine walked the guest's own page tables */
};
void x86_exit_npf(struct vcpu *v, const struct x86_npf *f);

/* Exceptions that exit: #DB and #AC because delivering one can raise the next for ever, out of
 * reach of any interrupt; #MC because it is ours. */
#define X86_EXIT_EXCEPTIONS (BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC))
/* An event as both vendors' control blocks have it, injected or interrupted (APM vol. 2, 15.20; SDM
 * vol. 3C, 24.8.3): vector, type, error code follows, valid. */
#define X86_EVENT_ERROR     BIT(11)
#define X86_EVENT_VALID     BIT(31)
enum { X86_TYPE_INTERRUPT = 0, X86_TYPE_NMI = 2, X86_TYPE_EXCEPTION = 3 };
static inline unsigned x86_event_type(uint32_t bits) {
  return bits >> 8 & 7;
}
uint32_t x86_event_pack(const struct x86_event *e);
/* One whose delivery the exit interrupted is delivered again. INT n, INT3, INTO and INT1 are no
 * event: they run again by themselves, as RIP is still at the instruction. */
struct x86_event x86_event_unpack(uint32_t bits, uint32_t error);
/* After an exit for it, with interrupts off: the host's pending interrupt is taken. */
static inline void x86_take_interrupt(void) {
  asm volatile("sti; nop; cli" ::: "memory"); /* STI takes effect after the NOP */
}
/* An interrupt or NMI that the guest did not get, or that an exception overtakes, goes back to
 * where it came from. */
void x86_put_back(struct vcpu *v, const struct x86_event *e);
/* Queue #UD, #GP(0), #PF... for the next entry; combines with a pending exception (double fault,
 * triple fault ends the domain). */
void x86_inject(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
/* #PF with its address in CR2. */
void x86_inject_page_fault(struct vcpu *v, uint64_t linear, uint32_t error);
#define VECTOR_DB  1
#define VECTOR_NMI 2
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_UD  6
#define VECTOR_DF  8
#define VECTOR_GP  13
#define VECTOR_PF  14
#define VECTOR_AC  17
#define VECTOR_MC  18

/* Before entry: choose what to inject. Returns true if an interrupt waits for the window to open
 * (the vendor then asks for an exit at the window, see arch_vcpu.window_class). */
bool x86_prepare_event(struct vcpu *v);
static inline bool vlapic_x2apic(const struct vcpu *v) {
  return v->arch.apic_base & BASE_X2APIC;
}
static inline bool vlapic_requests(const struct vcpu *v) {
  const uint64_t *irr = v->arch.lapic.irr;
  return irr[0] | irr[1] | irr[2] | irr[3];
}
/* Nothing to inject, nothing that waits or is due, as most entries find it. */
static inline bool x86_quiet(struct vcpu *v) {
  return !(v->arch.event.type | v->arch.unquiet) && !personality_upcall_flag(&v->personality);
}

/* --- decoding -------------------------------------------------------------------- */

/* A decoded instruction, as far as root mode decodes (cpu/decode.c): the length
 * of those that exit, and plain moves to and from memory. */
enum insn_op {
  INSN_OTHER, /* not decoded */
  INSN_CPUID,
  INSN_RDMSR,
  INSN_WRMSR,
  INSN_HLT,
  INSN_RDTSC,
  INSN_RDTSCP,
  INSN_XSETBV,
  INSN_INVD,
  INSN_WBINVD,
  INSN_PAUSE,
  INSN_RDPMC,
  INSN_IN_OUT,
  INSN_MOV_CR, /* mov control register <- reg */
  INSN_LOAD,   /* mov reg <- mem (also movzx, movsx) */
  INSN_STORE,  /* mov mem <- reg or immediate */
};
struct insn {
  enum insn_op op;
  uint8_t length;
  uint8_t size;     /* of the memory operand: 1, 2, 4, 8 */
  uint8_t reg;      /* register operand (0..15), 0xff: immediate */
  uint8_t reg_size; /* bytes of the register that a load writes */
  bool high_byte;   /* ah, ch, dh, bh */
  bool sign_extend;
  uint64_t immediate;
};
/* Decode `n` bytes (at most 15) for a code segment of 16, 32 or 64 bits. False: INSN_OTHER, or
 * not enough bytes, and then `length` is above n. */
bool insn_decode(const uint8_t *bytes, unsigned n, unsigned mode_bits, struct insn *out);
/* Fetch and decode at the guest's RIP. False: an exception has been queued (#PF of the
 * fetch) or the form is unknown (#GP queued and counted). */
bool x86_fetch(struct vcpu *v, struct insn *out);
/* 16, 32 or 64 from CS. */
static inline unsigned x86_code_bits(const struct x86_mode *m) {
  if ((m->efer & BIT(10)) && (m->cs_attributes & SEG_ATTR_L)) /* LMA */
    return 64;
  return m->cs_attributes & SEG_ATTR_DB ? 32 : 16;
}
/* Write 1, 2, 4 or 8 bytes of a register; 4 clear the upper half. */
void x86_write_gpr(struct vcpu *v, unsigned reg, unsigned size, uint64_t value);
/* RIP = next_rip, cut to the mode's width; clears the interrupt shadow and, with TF, queues #DB. */
void x86_advance(struct vcpu *v, uint64_t next_rip);
/* What an instruction that ends clears; with TF, queues #DB. */
void x86_advance_flags(struct vcpu *v);
/* To the end of the instruction at RIP, which must be `op`: as the machine reports it, else
 * decoded. False as x86_fetch. */
bool x86_skip(struct vcpu *v, enum insn_op op);

/* --- walking the guest's page tables (mm/walk.c) ---------------------------------- */

enum { WALK_WRITE = 1, WALK_USER = 2, WALK_FETCH = 4, WALK_IMPLICIT = 8 };
struct walk_fault {
  uint32_t error; /* #PF error code */
};
/* Guest-linear to guest-physical. False: *fault has the #PF error code (a non-canonical address
 * reports error 0 with `fault->error` = UINT32_MAX: #GP). */
bool walk_mode(struct vcpu *v, const struct x86_mode *m, uint64_t linear, unsigned access,
               uint64_t *gpa, struct walk_fault *fault);
/* Where the code is from which the machine has just fetched, so that its rights are not asked
 * again; in the common case: long mode, a small or 2 MiB page. False: walk in full. */
bool walk_code(const struct x86_mode *m, uint64_t linear, uint64_t *gpa);
/* This CPU's slots follow the view's level-3 tables. */
void mm_guest_slots_link(struct domain_stub *d);
/* A guest's access to guest-physical `gpa` has failed: true if the memory map has it with that
 * right by now (after log-dirty was served), so that it is worth trying again. */
bool guest_map_allows(struct vcpu *v, uint64_t gpa, bool write);
/* The same for an access of ours in the arena, whose view follows. */
bool guest_resolve(struct vcpu *v, uint64_t gpa, bool write);

/* --- TSC: cpu/start.c; cpu/tsc.c with CONFIG_TSC_SCALING ----------------------------- */

/* The guest's, where the machine's is `host`. */
uint64_t x86_tsc(const struct vcpu *v, uint64_t host);
/* The machine's ticks as the domain's, and the other way; neither knows of an offset. */
uint64_t tsc_to_guest(const struct domain *d, uint64_t ticks);
uint64_t tsc_from_guest(const struct domain *d, uint64_t ticks);
struct arch_clock; /* arch/arch.h */
/* mul, shift and khz of the domain, where it has its own. */
void tsc_rate(const struct domain *d, struct arch_clock *c);

/* --- FPU (cpu/vcpu.c) ---------------------------------------------------------------- */

void fpu_reset(struct vcpu *v);
/* From and to its area, with XSAVE where the machine and the build have it. */
void fpu_area_save(struct vcpu *v);
void fpu_area_load(struct vcpu *v);
/* XCR0 of the vCPU that is on this CPU; `value` is legal. */
void fpu_set_xcr0(struct vcpu *v, uint64_t value);
uint64_t fpu_get_xcr0(struct vcpu *v);

/* A vCPU comes up with the context that a sibling has given it (cpu/context.c). False: it was taken
 * down meanwhile. By its own thread, the only one that writes its registers while it lives. */
bool x86_context_load(struct vcpu *v);

/* --- state table (cpu/state.c) ------------------------------------------------------ */

struct state_record {
  const char *name;
  uint32_t id;    /* stable, for save and debugging */
  uint64_t reset; /* value at power-on */
  uint64_t init;  /* value after INIT, unless keep */
  bool keep_on_init;
  uint64_t (*get)(struct vcpu *v, uint32_t arg);
  bool (*set)(struct vcpu *v, uint32_t arg, uint64_t value); /* false: not a legal value */
  uint32_t arg;
};
extern const struct state_record state_table[];
extern const unsigned state_count;
void state_reset(struct vcpu *v);
void x86_load_segment(struct vcpu *v, enum x86_seg s, uint16_t attributes, uint32_t limit,
                      uint64_t base);
/* Segments of 4 GiB from 0 on, code with these attributes. */
void x86_load_flat(struct vcpu *v, uint16_t code);
void state_init(struct vcpu *v); /* after INIT */
/* The table was written: what it does not hold follows, the registers that a vCPU's CPU holds while
 * its thread runs and the way to the end of an NMI. */
void state_refresh(struct vcpu *v);

/* --- CPUID and MSR policy (cpu/cpuid.c, cpu/msr.c) --------------------------------- */

/* Boot CPU, after cpu_features_init: what this machine's guests are shown. */
void cpuid_guest_init(void);
void cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t out[4]);
/* A register of a leaf (sub-leaf 0) as the policy leaves it, before what changes from vCPU to
 * vCPU. regs: 0 eax, 1 ebx, 2 ecx, 3 edx. */
uint32_t cpuid_policy(uint32_t leaf, unsigned reg);
/* Bits of XCR0 that the guest may set. */
bool xcr0_legal(uint64_t value);
/* Leaf 13, once the others stand. */
void cpuid_xsave_init(void);
void cpuid_xsave_leaf(struct vcpu *v, uint32_t sub, uint32_t out[4]);
/* Bits 51..n that no guest page-table entry may have, since a guest-physical address has n bits;
 * n is at most what the arena's slots hold. */
extern uint64_t cpuid_reserved_address;
/* Bits of EFER that the guest may not set. */
extern uint64_t cpuid_reserved_efer;
/* The address in an entry. */
extern uint64_t cpuid_address_mask;
/* False: #GP. */
bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *value);
bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t value);
/* MSRs that a guest reads and writes without an exit; ends with 0xffffffff. */
extern const uint32_t msr_direct[];
/* Boot: a vendor's map of permissions, 2^order pages of ones. Returns its machine address. */
uint64_t x86_map_make(unsigned order, uint8_t **map);
bool cr0_legal(uint64_t value);
bool cr4_legal(uint64_t value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What boot finds out about the machine and what the platform code (boot/,
 * acpi/, irq/, cpu/) offers to the rest of x86_64.
 */
#ifndef ASM_PLATFORM_H
#define ASM_PLATFORM_H

#include <arch/boot.h>
#include <cpu.h>
#include <lib/status.h>

/* --- boot/: handed over by the loader --------------------------------------- */

#define BOOT_REGIONS_MAX 64
struct boot_region {
  uint64_t start, end; /* machine addresses, usable RAM only */
};
struct boot_info {
  struct boot_region ram[BOOT_REGIONS_MAX];
  unsigned ram_count;
  uint64_t module_start, module_end; /* the image; 0, 0: none given */
  uint64_t rsdp;                     /* copy's machine address from Multiboot2, 0: search */
  char command_line[256];            /* of the hypervisor: "console=com1 ..." */
};
extern struct boot_info boot_info;

/* Order of boot, in boot/main.c:
 *   head.S -> boot_main(magic, info):  multiboot_parse, console_early, cpu_check,
 *   mm_init, acpi_init, apic_init (calibrates), traps, smp_start, builder_boot, cpu_loop */
void mm_init(void);                /* regions, frame table, allocator; boot CPU's tables */
void mm_cpu_create(struct cpu *c); /* boot CPU makes another CPU's private part and top table */
uint64_t mm_cpu_top_table(struct cpu *c); /* its machine address, for the trampoline */
void mm_finish_boot(void); /* removes the identity map everywhere, frees __boot frames; each
                              CPU calls it before cpu_loop, the boot CPU last */
/* Map device registers uncached into the shared heap; for good. */
void *mm_map_device(uint64_t maddr, uint64_t size);

/* --- acpi/ --------------------------------------------------------------------- */

#define ACPI_CPUS_MAX 512
struct acpi_info {
  unsigned cpu_count;
  uint32_t apic_id[ACPI_CPUS_MAX];
  uint64_t lapic_address;
  uint64_t ioapic_address[8];
  uint32_t ioapic_gsi[8];
  unsigned ioapic_count;
  uint32_t isa_gsi[16]; /* interrupt source overrides */
  uint16_t isa_flags[16];
  uint64_t hpet_address;  /* 0: none */
  uint32_t pm_timer_port; /* 0: none */
  bool pm_timer_32bit;
  uint32_t pm1a_port, pm1b_port; /* control blocks */
  uint8_t s5_a, s5_b;            /* SLP_TYP values; */
  uint16_t smi_port; /* write acpi_enable there to get the PM1 ports; 0: they are there */
  uint8_t acpi_enable;
  bool s5_found;
  uint64_t reset_address; /* I/O port or memory */
  uint8_t reset_space, reset_value;
};
extern struct acpi_info acpi_info;
/* Restart the machine, by whatever means it has. */
void machine_reset(void) __noreturn;
/* Every length and checksum is checked; a bad table is skipped with a log line. INVALID if no
 * usable MADT exists (then one CPU, with a line). */
enum status acpi_init(void);

/* --- irq/ ------------------------------------------------------------------------ */

#define COM1             0x3f8
#define COM1_IRQ         4
#define COM2             0x2f8
#define COM2_IRQ         3

/* ISA interrupts' flags in the MADT: 0 is the bus's own, edge and high. ACPI 6.5, 5.2.12.5. */
#define MPS_LOW(flags)   (((flags)&3) == 3)
#define MPS_LEVEL(flags) (((flags) >> 2 & 3) == 3)

#define VECTOR_TIMER     0xf0
#define VECTOR_KICK      0xf1
#define VECTOR_UART      0xf2
#define VECTOR_SPURIOUS  0xff
void lapic_init(struct cpu *c); /* each CPU: xAPIC or x2APIC, spurious vector, timer */
void lapic_calibrate(void);     /* boot CPU: TSC and LAPIC timer rates */
void lapic_eoi(void);
void lapic_send_nmi_all_others(void);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);
void ioapic_init(void); /* boot CPU: maps them all, masks every line */
void ioapic_route(uint32_t gsi, uint8_t vector, uint32_t apic_id, bool level, bool low);
/* Of the machine's own TSC; as arch_vcpu_clock has them. */
extern struct arch_clock tsc_clock;
/* mul, shift and khz of a TSC with that rate: 1 MHz to 64 GHz. */
void clock_rate_set(struct arch_clock *c, uint64_t khz);
uint64_t rdtsc(void);
uint64_t tsc_to_time(uint64_t tsc); /* ns of system time */
uint64_t time_to_tsc(uint64_t ns);

/* --- cpu/ ------------------------------------------------------------------------- */

struct cpu_features {
  bool smep, smap, umip, nx, pge, x2apic, xsave, page1g, next_rip, rdtscp, invariant_tsc;
  bool tsc_deadline, amd, intel, svm, vmx, xsaves, small_leaves;
  bool x87_pointers; /* XRSTOR always writes the last x87 instruction's addresses */
  uint64_t xcr0;     /* all bits that the machine knows and we allow */
  uint8_t phys_bits;
};
extern struct cpu_features cpu_features;
void cpu_features_init(void);
/* XSAVE's part of it, and each CPU's XCR0. */
void xsave_init(struct cpu_features *f);
void xcr0_init(void);
/* With CONFIG_SPECULATION, each CPU: sets what is set once against speculative execution. The boot
 * CPU, which is the first, chooses for all and says what in the log. */
void speculation_cpu_init(const struct cpu *c);
void cpu_init(struct cpu *c); /* each CPU: CR0, CR4, EFER, GDT, TSS, IDT, XCR0, PAT */

/* Exception fix-up: a fault (#PF, #GP) at `insn` continues at `fixup`; entries in section .fixup.
 */
struct fixup_entry {
  uint64_t insn, fixup;
};

#endif

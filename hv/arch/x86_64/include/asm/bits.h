/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits of the processor's registers and page tables, and numbers of its MSRs, for the
 * machine's own as for a guest's (AMD APM vol. 2; Intel SDM vol. 3 and 4).
 */
#ifndef ASM_BITS_H
#define ASM_BITS_H

#define CR0_PE           BIT(0)
#define CR0_MP           BIT(1)
#define CR0_ET           BIT(4)
#define CR0_NE           BIT(5)
#define CR0_WP           BIT(16)
#define CR0_PG           BIT(31)

#define CR4_PSE          BIT(4)
#define CR4_PAE          BIT(5)
#define CR4_MCE          BIT(6)
#define CR4_PGE          BIT(7)
#define CR4_OSFXSR       BIT(9)
#define CR4_OSXMMEXCPT   BIT(10)
#define CR4_UMIP         BIT(11)
#define CR4_PCIDE        BIT(17)
#define CR4_OSXSAVE      BIT(18)
#define CR4_SMEP         BIT(20)
#define CR4_SMAP         BIT(21)

#define RFLAGS_FIXED     BIT(1)
#define RFLAGS_TF        BIT(8)
#define RFLAGS_IF        BIT(9)
#define RFLAGS_RF        BIT(16)
#define RFLAGS_AC        BIT(18)
#define DR6_BS           BIT(14)
#define PAT_POWER_ON     0x0007040600070406ull

#define MSR_APIC_BASE    0x01bu
#define MSR_MCG_CAP      0x179u
#define MSR_PAT          0x277u
#define MSR_MC0_STATUS   0x401u /* bank n: + 4 n; the address is the next */
#define MSR_TSC_DEADLINE 0x6e0u
#define BASE_X2APIC      BIT(10) /* of MSR_APIC_BASE */
#define MSR_X2APIC       0x800u
#define MSR_X2APIC_END   0x83fu
#define MSR_XSS          0xda0u
#define MSR_EFER         0xc0000080u
#define MSR_FS_BASE      0xc0000100u
#define MSR_GS_BASE      0xc0000101u
#define MSR_TSC_AUX      0xc0000103u
#define EFER_LME         BIT(8)
#define EFER_LMA         BIT(10)
#define EFER_NXE         BIT(11)
#define EFER_SVME        BIT(12)

#define PTE_P            0x001ull
#define PTE_W            0x002ull
#define PTE_U            0x004ull
#define PTE_PWT          0x008ull
#define PTE_PCD          0x010ull
#define PTE_A            0x020ull
#define PTE_D            0x040ull
#define PTE_LARGE        0x080ull
#define PTE_G            0x100ull
#define PTE_NX           (1ull << 63)
#define PTE_ADDR         0x000ffffffffff000ull

#endif

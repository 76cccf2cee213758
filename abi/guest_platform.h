/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform that every guest sees, where both `skerry` (which writes the
 * guest's memory map and ACPI tables) and the hypervisor (which answers the
 * accesses) must agree. Not part of Xen's ABI, and found by guests through
 * ACPI alone.
 *
 *            0 +---------------------------+
 *              | RAM (the first MiB too)   |
 *   0xF0000000 +---------------------------+ hole: 256 MiB
 *   0xFC000000 |   ACPI tables             | backed, type ACPI
 *   0xFEE00000 |   local APIC page         | not in the map
 *   0xFEFF8000 |   special pages (rings)   | backed, type RESERVED
 *        4 GiB +---------------------------+
 *              | RAM, what did not fit     |
 *              +---------------------------+
 */
#ifndef ABI_GUEST_PLATFORM_H
#define ABI_GUEST_PLATFORM_H

#define GUEST_HOLE_START         0xF0000000ull
#define GUEST_HOLE_END           0x100000000ull
#define GUEST_ACPI_BASE          0xFC000000ull
#define GUEST_LAPIC_BASE         0xFEE00000ull
#define GUEST_SPECIAL_BASE       0xFEFF8000ull
#define GUEST_SPECIAL_PAGES      2u /* console ring, store ring */

/* SLEEP_CONTROL_REG and SLEEP_STATUS_REG of the FADT (ACPI 6.5, 4.8.3.7): I/O
 * ports of 8 bits. A write to control with SLP_EN set and SLP_TYP 5 powers the
 * domain off (`on_shutdown`); every other write does nothing. Both read as 0,
 * so WAK_STS is never seen. */
#define GUEST_PORT_SLEEP_CONTROL 0xB004u
#define GUEST_PORT_SLEEP_STATUS  0xB005u
#define GUEST_SLP_EN             0x20u
#define GUEST_SLP_TYP_SHIFT      2
#define GUEST_SLP_TYP_MASK       0x1Cu
#define GUEST_SLP_TYP_S5         5u

/* RESET_REG of the FADT (ACPI 6.5, 4.8.3.6): an I/O port of 8 bits. Writing
 * the value reboots the domain (`on_reboot`); other writes do nothing; reads 0. */
#define GUEST_PORT_RESET         0xB006u
#define GUEST_RESET_VALUE        0x01u

/* The local APIC id of a vCPU, as on Xen: even numbers, so that each looks like
 * a core of its own. Ids of 255 and more need x2APIC. */
#define GUEST_APIC_ID(vcpu)      ((vcpu)*2u)

#endif

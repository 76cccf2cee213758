/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot's own functions, called by boot/main.c in the order of this list.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <asm/platform.h>

/* Top-level table of head.S; identity map and text, below 4 GiB. */
extern uint64_t boot_pml4[];

/* Fill boot_info from what the loader gave. The reason for a refusal, or NULL. */
const char *multiboot_parse(uint32_t magic, uint32_t info);
const char *multiboot1_parse(uint32_t info);
const char *multiboot2_parse(uint32_t info);

/* boot/memory.c: the memory map is told entry by entry; `usable` false takes away. */
void memory_add(uint64_t start, uint64_t size, bool usable);
/* Sorted, merged, less all that is not usable: boot_info.ram. */
void memory_finish(void);
/* One page below 640 KiB out of boot_info.ram for good; 0: there is none. */
uint64_t memory_take_low_page(void);

/* Is the option there with this value? See option_get. */
bool option_is(const char *name, const char *value);

/* What `panic-test=` asks for, to be run on the boot CPU's last stack; NULL: nothing. */
void (*panic_test_chosen(void))(void);

/* Start every CPU of acpi_info by the trampoline in that low page (0: no page, no other CPU);
 * sets cpu_count. */
void smp_start(uint64_t page);
/* Let the started CPUs go on into their loop. */
void smp_release(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This domain: what it was started with, and how it ends.
 */
#ifndef LIBOS_DOMAIN_H
#define LIBOS_DOMAIN_H

#include <stddef.h>
#include <stdint.h>

/* The command line as it was given; never NULL. main() gets it split at spaces as argv. */
const char *domain_command_line(void);

/* The first PVH module (the `ramdisk` of a system file, the tree of a `service: store`): its bytes
 * and in `size` their number; NULL and 0 if there is none. It stays where it is for good. */
const void *domain_module(size_t *size);

/* The domain's own number, as CPUID tells it; -1 where it does not. */
int domain_id(void);

/* Bytes of RAM that libos uses: all from 64 KiB to 4 GiB. */
uint64_t domain_memory(void);

enum domain_end {
  DOMAIN_POWEROFF = 0, /* the system file's on_shutdown says what follows */
  DOMAIN_REBOOT = 1,   /* on_reboot */
  DOMAIN_CRASH = 3,    /* on_crash */
};

/* Ends the domain, once the console has taken what it was given (it waits 100 ms at most). exit(0)
 * and a return of 0 from main() end it as POWEROFF, every other status as CRASH. */
_Noreturn void domain_end(enum domain_end how);

/* Prints the message, where it happened, the registers and the return addresses on the stack, and
 * ends the domain as CRASH. For broken invariants of the service itself: what a client sends is
 * answered, never worth a panic. Exceptions, abort() and failing assert()s end here too. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freestanding helpers: strings, formatting, checks. No allocation, no state.
 */
#ifndef LIB_LIB_H
#define LIB_LIB_H

#include <stdarg.h>
#include <lib/status.h>
#include <lib/types.h>

void *memcpy(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

/* Format into `buf` of `size` bytes (at least 1), always terminated; returns the
 * length that the whole text would have. Knows %c, %s with a precision, %u and %x
 * with `0`, a width and l, and %%: nothing else. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A line (or part of one) of the hypervisor's own log, on the console, prefixed
 * with "skerry: " at the start of each line. Takes the console lock. */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Ends the machine's operation: prints why, where, registers and backtrace, and
 * stops all CPUs. For broken invariants of our own, never for a guest's input. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define assert(c) ((c) ? (void)0 : panic("%s:%u: assertion failed: %s", __FILE__, __LINE__, #c))

#endif

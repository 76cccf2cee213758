/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small languages inside a scalar: numbers, sizes, times, words. Each
 * function takes the whole text or refuses it; none looks at ranges.
 */
#ifndef SKERRY_VALUE_H
#define SKERRY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

bool value_count(const char *text, uint64_t *out);   /* decimal digits */
bool value_size(const char *text, uint64_t *out);    /* 512MiB -> bytes; B, KiB, MiB, GiB, TiB */
bool value_time(const char *text, uint64_t *out);    /* 10ms -> microseconds; us, ms, s */
bool value_bool(const char *text, bool *out);        /* true, false */
bool value_address(const char *text, uint64_t *out); /* 0x and hexadecimal digits */
bool value_mac(const char *text, uint8_t mac[6]);    /* 00:16:3e:01:02:03, of one station */
bool value_name(const char *text); /* letters, digits, '-', '_', '.'; starts with no '.' or '-' */

/* The place of the text in a list that NULL ends, or -1. */
int value_choice(const char *text, const char *const *words);

/* The shortest exact form with a binary unit, in one of a few static buffers. */
const char *value_size_text(uint64_t bytes);

#endif

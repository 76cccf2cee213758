/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers, sizes, times and words, read from text.
 */
#include "value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
  const char *name;
  uint64_t scale;
};

static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}};
static const struct unit times[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}};

/* Reads digits; returns what follows them, or NULL: none, or too many. */
static const char *take_digits(const char *text, uint64_t *out) {
  uint64_t v = 0;
  if (!isdigit((unsigned char)*text))
    return NULL;
  for (; isdigit((unsigned char)*text); text++)
    if (__builtin_mul_overflow(v, 10u, &v) ||
        __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
      return NULL;
  *out = v;
  return text;
}

bool value_count(const char *text, uint64_t *out) {
  const char *rest = take_digits(text, out);
  return rest && !*rest;
}

static bool scaled(const char *text, const struct unit *units, unsigned count, uint64_t *out) {
  uint64_t v;
  const char *rest = take_digits(text, &v);
  if (!rest)
    return false;
  rest += *rest == ' ';
  for (unsigned i = 0; i < count; i++)
    if (!strcmp(rest, units[i].name))
      return !__builtin_mul_overflow(v, units[i].scale, out);
  return false;
}

bool value_size(const char *text, uint64_t *out) {
  return scaled(text, sizes, 5, out);
}

bool value_time(const char *text, uint64_t *out) {
  return scaled(text, times, 3, out);
}

bool value_address(const char *text, uint64_t *out) {
  if (strncmp(text, "0x", 2) || !isxdigit((unsigned char)text[2]) || strlen(text) > 18)
    return false;
  char *end;
  *out = strtoull(text, &end, 16);
  return !*end;
}

/* The lowest bit of the first byte marks addresses of groups. */
bool value_mac(const char *text, uint8_t mac[6]) {
  if (strlen(text) != 17)
    return false;
  for (unsigned i = 0; i < 6; i++) {
    const char *at = text + 3 * i;
    if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) ||
        at[2] != (i < 5 ? ':' : 0))
      return false;
    mac[i] = (uint8_t)strtoul(at, NULL, 16);
  }
  return !(mac[0] & 1) && memcmp(mac, "\0\0\0\0\0\0", 6);
}

bool value_bool(const char *text, bool *out) {
  *out = !strcmp(text, "true");
  return *out || !strcmp(text, "false");
}

bool value_name(const char *text) {
  if (*text == '.' || *text == '-')
    return false;
  for (; *text; text++)
    if (!isascii((unsigned char)*text) || (!isalnum((unsigned char)*text) && !strchr("-_.", *text)))
      return false;
  return true;
}

int value_choice(const char *text, const char *const *words) {
  for (int i = 0; words[i]; i++)
    if (!strcmp(text, words[i]))
      return i;
  return -1;
}

const char *value_size_text(uint64_t bytes) {
  static char texts[8][32];
  static unsigned next;
  char *text = texts[next++ % 8];
  unsigned u = 4;
  while (u && (!bytes || bytes % sizes[u].scale))
    u--;
  snprintf(text, sizeof(texts[0]), "%" PRIu64 " %s", bytes / sizes[u].scale, sizes[u].name);
  return text;
}

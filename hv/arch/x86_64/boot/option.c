/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's command line: words between blanks, `name` or `name=value`.
 * Words that nobody asks for are ignored.
 */
#include <lib/lib.h>
#include "boot.h"

static __boot const char *word_end(const char *s) {
  while (*s && *s != ' ')
    s++;
  return s;
}

__boot bool option_get(const char *name, char *value, size_t size) {
  size_t length = strlen(name);
  const char *s = boot_info.command_line;
  while (*s) {
    const char *end = word_end(s);
    if (strncmp(s, name, length) == 0 && (s + length == end || s[length] == '=')) {
      const char *from = s + length == end ? end : s + length + 1;
      size_t n = MIN((size_t)(end - from), size - 1);
      memcpy(value, from, n);
      value[n] = 0;
      return true;
    }
    s = *end ? end + 1 : end;
  }
  return false;
}

__boot bool option_is(const char *name, const char *value) {
  char text[32];
  return option_get(name, text, sizeof(text)) && strcmp(text, value) == 0;
}

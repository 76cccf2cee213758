/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: made absolute and checked once, then taken apart name by name.
 */
#include <string.h>

#include "engine.h"

static const char home[] = "/local/domain/";

size_t path_home(char *to, uint16_t domid) {
  memcpy(to, home, sizeof(home) - 1);
  return sizeof(home) - 1 + number_print(to + sizeof(home) - 1, domid) - 1;
}

static bool char_allowed(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '/' || c == '_' || c == '@';
}

/* Counts the names and finds characters, doubled slashes and trailing ones that are forbidden. */
static bool path_check(struct path *p) {
  p->depth = p->size > 1 || p->text[0] != '/';
  for (size_t i = 0; i < p->size; i++) {
    if (!char_allowed(p->text[i]))
      return false;
    if (!i || p->text[i] != '/')
      continue;
    if (p->text[i - 1] == '/' || i + 1 == p->size)
      return false;
    p->depth++;
  }
  return true;
}

/* A special path starts with '@' and names no node; what it may be is the caller's to know. */
bool path_resolve(struct path *p, uint16_t domid, const char *text) {
  size_t size = strlen(text), base = 0;
  bool relative = text[0] != '/' && text[0] != '@';
  if (!size || (relative && size > XENSTORE_REL_PATH_MAX))
    return false;
  if (relative) {
    base = path_home(p->text, domid);
    p->text[base++] = '/';
  }
  if (base + size > XENSTORE_ABS_PATH_MAX)
    return false;
  memcpy(p->text + base, text, size + 1);
  p->size = base + size;
  return path_check(p);
}

bool path_next(const struct path *p, size_t *at, struct name *n) {
  size_t start = *at + 1; /* behind the slash */
  if (start >= p->size)
    return false;
  const char *slash = memchr(p->text + start, '/', p->size - start);
  *at = slash ? (size_t)(slash - p->text) : p->size;
  *n = (struct name){p->text + start, *at - start};
  return true;
}

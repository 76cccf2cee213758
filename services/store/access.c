/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what to a node, and permissions and numbers as text.
 */
#include <string.h>

#include "engine.h"

static const char letters[] = "nrwb"; /* indexed by access */

static unsigned access_of(const struct perms *p, uint16_t domid) {
  if (p->entry[0].domid == domid)
    return ACCESS_READ | ACCESS_WRITE | ACCESS_OWN;
  for (unsigned i = 1; i < p->count; i++)
    if (p->entry[i].domid == domid)
      return p->entry[i].access;
  return p->entry[0].access;
}

bool access_allowed(const struct client *c, const struct perms *p, unsigned want) {
  if (c->privileged)
    return true;
  unsigned have = access_of(p, c->domid);
  if (c->target)
    have |= access_of(p, c->target->domid);
  return (have & want) == want;
}

bool perm_parse(const char *text, size_t size, struct perm *p) {
  uint32_t domid;
  if (size < 2 || !number_parse(text + 1, size - 1, UINT16_MAX, &domid))
    return false;
  const char *letter = memchr(letters, text[0], 4);
  if (!letter)
    return false;
  *p = (struct perm){.domid = (uint16_t)domid, .access = (uint16_t)(letter - letters)};
  return true;
}

size_t perm_print(char *to, const struct perm *p) {
  to[0] = letters[p->access];
  return 1 + number_print(to + 1, p->domid);
}

bool number_parse(const char *text, size_t size, uint32_t max, uint32_t *value) {
  uint64_t n = 0;
  if (!size || size > 10)
    return false;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < '0' || text[i] > '9')
      return false;
    n = n * 10 + (uint64_t)(text[i] - '0');
  }
  *value = (uint32_t)n;
  return n <= max;
}

size_t number_print(char *to, uint64_t value) {
  char digits[20];
  size_t n = 0;
  do
    digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  for (size_t i = 0; i < n; i++)
    to[i] = digits[n - 1 - i];
  to[n] = 0;
  return n + 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string functions, for every length and place that makes a difference (they go by 32, 8
 * and 1), and the parts of the formatter, for every size of its buffer: with any content.
 */
#include <hv/lib/printf.c>
#include <hv/lib/string.c>

extern size_t any(void);
extern char any_char(void);

#define LENGTHS 44u

/* At the very ends of what there is. */
static void strings_of(unsigned n) {
  char from[LENGTHS], to[LENGTHS];
  for (unsigned i = 0; i < LENGTHS; i++) {
    from[i] = any_char();
    to[i] = any_char();
  }
  char *f = from + LENGTHS - n, *t = to + LENGTHS - n;
  (void)memcmp(t, f, n);
  (void)strnlen(f, n);
  (void)strncmp(t, f, n);
  memcpy(t, f, n);
  memset(t, (int)any(), n);
}

static void texts_of(unsigned n) {
  char a[LENGTHS + 1], b[LENGTHS + 1];
  for (unsigned i = 0; i < n; i++) {
    a[i] = any_char();
    b[i] = any_char();
  }
  a[n] = b[n] = 0;
  (void)strlen(a);
  (void)strcmp(a, b);
}

/* What vsnprintf is made of; Eva does not follow variable arguments. */
static void formats_of(unsigned size, const char *spec) {
  char text[24], word[9];
  struct out o = {text, size, 0};
  struct spec s = parse_spec(&spec);
  for (unsigned i = 0; i < sizeof(word) - 1; i++)
    word[i] = any_char();
  word[sizeof(word) - 1] = 0;
  put(&o, any_char());
  put_text(&o, &s, word);
  put_number(&o, &s, any(), 10);
  put_number(&o, &s, any(), 16);
  text[o.used < size ? o.used : size - 1] = 0;
}

int main(void) {
  for (unsigned n = 0; n <= LENGTHS; n++)
    strings_of(n);
  for (unsigned n = 0; n < 12; n++)
    texts_of(n);
  for (unsigned size = 1; size <= 24; size++) {
    formats_of(size, "08x");
    formats_of(size, ".3s");
    formats_of(size, "lu");
  }
  return 0;
}

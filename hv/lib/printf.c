/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsnprintf for the conversions that lib.h lists. No floating point, no
 * positions, no locale.
 */
#include <lib/lib.h>

struct out {
  char *buf;
  size_t size; /* with the terminator */
  size_t used; /* what the whole text has so far */
};

struct spec {
  bool zero, wide;
  unsigned width, precision;
};

static void put(struct out *o, char c) {
  if (o->used + 1 < o->size)
    o->buf[o->used] = c;
  o->used++;
}

static void put_text(struct out *o, const struct spec *s, const char *text) {
  for (size_t n = strnlen(text, s->precision); n; n--)
    put(o, *text++);
}

static void put_number(struct out *o, const struct spec *s, uint64_t value, unsigned base) {
  char text[20];
  unsigned n = 0;
  for (; value || !n; value /= base)
    text[n++] = "0123456789abcdef"[value % base];
  for (unsigned pad = n; pad < s->width; pad++)
    put(o, s->zero ? '0' : ' ');
  while (n)
    put(o, text[--n]);
}

static unsigned parse_number(const char **fmt) {
  unsigned n = 0;
  while (**fmt >= '0' && **fmt <= '9')
    n = n * 10 + (unsigned)(*(*fmt)++ - '0');
  return n;
}

static struct spec parse_spec(const char **fmt) {
  struct spec s = {.zero = **fmt == '0', .precision = UINT32_MAX};
  s.width = parse_number(fmt);
  if (**fmt == '.') {
    (*fmt)++;
    s.precision = parse_number(fmt);
  }
  for (; **fmt == 'l'; (*fmt)++)
    s.wide = true;
  return s;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) {
  struct out o = {buf, size, 0};
  while (*fmt) {
    if (*fmt != '%') {
      put(&o, *fmt++);
      continue;
    }
    fmt++;
    struct spec s = parse_spec(&fmt);
    char conversion = *fmt ? *fmt++ : '%';
    switch (conversion) {
    case 'u':
    case 'x':
      put_number(&o, &s, s.wide ? va_arg(ap, unsigned long) : va_arg(ap, unsigned),
                 conversion == 'u' ? 10 : 16);
      break;
    case 's':
      put_text(&o, &s, va_arg(ap, const char *));
      break;
    case 'c':
      put(&o, (char)va_arg(ap, int));
      break;
    default:
      put(&o, conversion);
    }
  }
  buf[o.used < size ? o.used : size - 1] = 0;
  return (int)o.used;
}

int snprintf(char *buf, size_t size, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(buf, size, fmt, ap);
  va_end(ap);
  return n;
}

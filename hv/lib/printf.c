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
  bool left, zero, upper;
  unsigned width;
  int precision; /* -1: none */
  int length;    /* -2 hh, -1 h, 0, 1 l or z, 2 ll */
};

static void put(struct out *o, char c) {
  if (o->used + 1 < o->size)
    o->buf[o->used] = c;
  o->used++;
}

static void put_repeated(struct out *o, char c, unsigned n) {
  while (n--)
    put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text) {
  size_t n = strnlen(text, s->precision < 0 ? SIZE_MAX : (size_t)s->precision);
  unsigned pad = s->width > n ? s->width - (unsigned)n : 0;
  if (!s->left)
    put_repeated(o, ' ', pad);
  for (size_t i = 0; i < n; i++)
    put(o, text[i]);
  if (s->left)
    put_repeated(o, ' ', pad);
}

/* Digits of `value`, last first; no digit for a zero with precision 0. */
static unsigned digits(char *to, uint64_t value, unsigned base, const struct spec *s) {
  const char *set = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
  unsigned n = 0;
  for (; value; value /= base)
    to[n++] = set[value % base];
  if (n == 0 && s->precision != 0)
    to[n++] = '0';
  return n;
}

static void put_number(struct out *o, const struct spec *s, uint64_t value, bool negative,
                       unsigned base) {
  char text[24];
  unsigned n = digits(text, value, base, s);
  unsigned zeroes = s->precision > (int)n ? (unsigned)s->precision - n : 0;
  unsigned all = n + zeroes + negative;
  unsigned pad = s->width > all ? s->width - all : 0;
  if (s->zero && !s->left && s->precision < 0) {
    zeroes += pad;
    pad = 0;
  }
  if (!s->left)
    put_repeated(o, ' ', pad);
  if (negative)
    put(o, '-');
  put_repeated(o, '0', zeroes);
  while (n)
    put(o, text[--n]);
  if (s->left)
    put_repeated(o, ' ', pad);
}

static unsigned parse_number(const char **fmt) {
  unsigned n = 0;
  while (**fmt >= '0' && **fmt <= '9')
    n = n * 10 + (unsigned)(*(*fmt)++ - '0');
  return n;
}

static struct spec parse_spec(const char **fmt) {
  struct spec s = {.precision = -1};
  for (;; (*fmt)++) {
    if (**fmt == '-')
      s.left = true;
    else if (**fmt == '0')
      s.zero = true;
    else
      break;
  }
  s.width = parse_number(fmt);
  if (**fmt == '.') {
    (*fmt)++;
    s.precision = (int)parse_number(fmt);
  }
  for (;; (*fmt)++) {
    if (**fmt == 'h')
      s.length--;
    else if (**fmt == 'l' || **fmt == 'z')
      s.length++;
    else
      return s;
  }
}

static uint64_t cut(uint64_t value, int length) {
  if (length <= -2)
    return (uint8_t)value;
  if (length == -1)
    return (uint16_t)value;
  return value;
}

/* An int64_t of an integer argument of that length; the caller cuts unsigned ones. */
#define ARGUMENT(ap, s, type) ((s).length > 0 ? va_arg(ap, type long) : va_arg(ap, type int))

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap) { /* lint: table */
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
    case 'd':
    case 'i': {
      int64_t value = ARGUMENT(ap, s, signed);
      put_number(&o, &s, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10);
      break;
    }
    case 'u':
      put_number(&o, &s, cut(ARGUMENT(ap, s, unsigned), s.length), false, 10);
      break;
    case 'X':
      s.upper = true; /* fall through */
    case 'x':
      put_number(&o, &s, cut(ARGUMENT(ap, s, unsigned), s.length), false, 16);
      break;
    case 'p':
      s.precision = 16;
      put_number(&o, &s, (uintptr_t)va_arg(ap, void *), false, 16);
      break;
    case 's':
      put_text(&o, &s, va_arg(ap, const char *));
      break;
    case 'c': {
      char text[2] = {(char)va_arg(ap, int), 0};
      put_text(&o, &s, text);
      break;
    }
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

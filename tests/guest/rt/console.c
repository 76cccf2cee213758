// SPDX-License-Identifier: Apache-2.0
// Formatted output of the micro-guests: console_io where the hypervisor takes it, the console ring
// otherwise. Not a C library: only the conversions that the tests use.
#include "rt.h"
#include <xen/io/console.h>

void *memset(void *to, int value, size_t size) {
  void *start = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
  return start;
}

void *memcpy(void *to, const void *from, size_t size) {
  void *start = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return start;
}

int memcmp(const void *a, const void *b, size_t size) {
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < size; i++)
    if (x[i] != y[i])
      return x[i] < y[i] ? -1 : 1;
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length])
    length++;
  return length;
}

static void ring_write(const char *text, size_t length) {
  uint64_t pfn = 0, port = 0;
  if (hvm_param_get(HVM_PARAM_CONSOLE_PFN, &pfn) || !pfn)
    return;
  hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port);
  volatile struct xencons_interface *ring = (void *)(pfn << 12);
  while (length--) {
    while (ring->out_prod - ring->out_cons == sizeof(ring->out))
      evtchn_send(port);
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = *text++;
    ring->out_prod++;
  }
  evtchn_send(port);
}

// The first serial port, of a machine without a hypervisor.
static void serial_write(const char *text, size_t length) {
  while (length--) {
    while (!(in8(0x3fd) & 0x20))
      cpu_relax();
    out8(0x3f8, *text++);
  }
}

static void port_write(const char *text, size_t length) {
  while (length--)
    out8(0xe9, *text++);
}

void console_write(const char *text, size_t length) {
  if (on_bare_machine)
    serial_write(text, length);
  else if (console_is_port)
    port_write(text, length);
  else if (console_io(CONSOLEIO_write, length, (void *)text) < 0)
    ring_write(text, length);
}

struct out {
  char *at, *end;
};

static void put(struct out *out, char c) {
  if (out->at < out->end)
    *out->at++ = c;
}

static void put_number(struct out *out, uint64_t value, unsigned base, int width, char pad) {
  char digits[24];
  int count = 0;
  do
    digits[count++] = "0123456789abcdef"[value % base];
  while (value /= base);
  while (width-- > count)
    put(out, pad);
  while (count)
    put(out, digits[--count]);
}

static void put_string(struct out *out, const char *text, int width) {
  for (; *text; width--)
    put(out, *text++);
  while (width-- > 0)
    put(out, ' ');
}

static uint64_t next_argument(va_list *args, int is_long, int is_signed) {
  if (is_long)
    return va_arg(*args, uint64_t);
  return is_signed ? (uint64_t)(int64_t)va_arg(*args, int) : va_arg(*args, unsigned);
}

static const char *put_conversion(struct out *out, const char *f, va_list *args) {
  int width = 0, is_long = 0;
  char pad = *f == '0' ? '0' : ' ';
  while (*f >= '0' && *f <= '9')
    width = width * 10 + *f++ - '0';
  while (*f == 'l' || *f == 'z') {
    is_long = 1;
    f++;
  }
  if (*f == 's') {
    put_string(out, va_arg(*args, const char *), width);
  } else if (*f == 'c') {
    put(out, va_arg(*args, int));
  } else if (*f == 'p') {
    put_number(out, va_arg(*args, uintptr_t), 16, 0, ' ');
  } else if (*f == 'd') {
    int64_t value = next_argument(args, is_long, 1);
    if (value < 0)
      put(out, '-');
    put_number(out, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, pad);
  } else if (*f == 'u' || *f == 'x') {
    put_number(out, next_argument(args, is_long, 0), *f == 'x' ? 16 : 10, width, pad);
  } else {
    put(out, *f);
  }
  return f + 1;
}

static int format_list(char *buffer, size_t size, const char *format, va_list *args) {
  struct out out = {buffer, buffer + size - 1};
  while (*format) {
    if (*format == '%')
      format = put_conversion(&out, format + 1, args);
    else
      put(&out, *format++);
  }
  *out.at = 0;
  return out.at - buffer;
}

int snprintf(char *buffer, size_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = format_list(buffer, size, format, &args);
  va_end(args);
  return length;
}

void printf(const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  int length = format_list(line, sizeof(line), format, &args);
  va_end(args);
  console_write(line, length);
}

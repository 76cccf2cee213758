// SPDX-License-Identifier: Apache-2.0
// Values that arguments are made of: mostly such as could be right, some that never are.
#include "hostile.h"

#define BUFFERS 8

static uint8_t buffers[MAX_CPUS][BUFFERS][2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

uint64_t dice_word(struct dice *d) {
  // Knuth's MMIX generator, its better half twice.
  d->state = d->state * 6364136223846793005ul + 1442695040888963407ul;
  uint64_t high = d->state >> 32;
  d->state = d->state * 6364136223846793005ul + 1442695040888963407ul;
  return high << 32 | d->state >> 32;
}

unsigned dice_below(struct dice *d, unsigned limit) {
  return (dice_word(d) >> 16) % limit;
}

uint64_t value_gfn(struct dice *d) {
  if (!one_in(d, 64))
    return SCRATCH / PAGE_SIZE + dice_below(d, SCRATCH_PAGES);
  static const uint64_t odd[] = {0, 0xfee00, 0xf0002, 0xf0003, 0xfffff, 1ul << 28, ~0ul, 1ul << 40};
  return odd[dice_below(d, ARRAY_LEN(odd))];
}

static uint64_t value_domid(struct dice *d) {
  static const uint16_t ids[] = {
      DOMID_SELF, DOMID_SELF, DOMID_SELF,    0,      1,     1, 2, 2, 3, 4, DOMID_IO,
      DOMID_XEN,  DOMID_COW,  DOMID_INVALID, 0xffff, 0x8000};
  return ids[dice_below(d, ARRAY_LEN(ids))];
}

static uint64_t value_small(struct dice *d) {
  return dice_below(d, 1 << (1 + dice_below(d, 7)));
}

// Around a power of two, where sums and limits break.
static uint64_t value_edge(struct dice *d) {
  return (1ul << dice_below(d, 64)) + dice_below(d, 3) - 1;
}

static uint64_t value_time(struct dice *d) {
  return one_in(d, 4) ? value_edge(d) : rdtsc() + dice_below(d, 200000);
}

uint64_t value_any(struct dice *d) {
  switch (dice_below(d, 8)) {
  case 0:
    return value_edge(d);
  case 1:
    return dice_word(d);
  case 2:
    return value_domid(d);
  case 3:
    return value_gfn(d);
  case 4:
    return value_time(d);
  case 5:
    return -(uint64_t)dice_below(d, 16);
  default:
    return value_small(d);
  }
}

static uint64_t value_wild(struct dice *d) {
  static const uint64_t wild[] = {
      0x7000000000, 0x1234007000000000, -8ul,           0,       0xfee00000,
      0xf0002000,   0xffff800000000000, 0x7ffffffffff8, VM_BASE, VM_BASE + 0x3ffc};
  return one_in(d, 4) ? value_any(d) : wild[dice_below(d, ARRAY_LEN(wild))];
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned size) {
  at += -(uintptr_t)at & (size - 1);
  memcpy(at, &value, size);
  return at + size;
}

// d domain, h 16 bits, v vCPU, w 32 bits, c a count, q 64 bits, g frame number, t time, p pointer.
static uint8_t *put_field(struct dice *d, uint8_t *at, char letter) {
  switch (one_in(d, 24) ? 'q' : letter) {
  case 'd':
    return put(at, value_domid(d), 2);
  case 'h':
    return put(at, value_small(d), 2);
  case 'v':
    return put(at, one_in(d, 16) ? value_any(d) : dice_below(d, 5), 4);
  case 'w':
    return put(at, one_in(d, 8) ? value_any(d) : value_small(d), 4);
  case 'c':
    return put(at, dice_below(d, 5), 8);
  case 'g':
    return put(at, value_gfn(d), 8);
  case 't':
    return put(at, value_time(d), 8);
  case 'p':
    return put(at, value_pointer(d, one_in(d, 4) ? "wwwwwwww" : "gggggggg"), 8);
  default:
    return put(at, value_any(d), 8);
  }
}

uint64_t value_pointer(struct dice *d, const char *shape) {
  if (one_in(d, 12))
    return value_wild(d);
  uint8_t *buffer = buffers[d->vcpu][dice_below(d, BUFFERS)], *at = buffer;
  if (one_in(d, 16))
    at = buffer + PAGE_SIZE - dice_below(d, 64); // over a page's end
  uint64_t start = (uintptr_t)at;
  // Arrays of the same structure: the shape again and again.
  for (unsigned n = 1 + dice_below(d, 4); n && *shape; n--) {
    for (const char *letter = shape; *letter; letter++)
      at = put_field(d, at, *letter);
    at += -(uintptr_t)at & 7;
  }
  return start;
}

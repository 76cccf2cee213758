// SPDX-License-Identifier: Apache-2.0
// The lines that the suite prints, and loops around a function. What is measured stands elsewhere.
#include "bench.h"

void __attribute__((noinline)) mark_begin(void) {
  asm volatile("");
}

void __attribute__((noinline)) mark_end(void) {
  asm volatile("");
}

unsigned batches_of(uint64_t count) {
  return has_word("long") ? LONG / count : BATCHES;
}

void report_begin(const char *name) {
  if (has_word("long"))
    printf("begin: %s\n", name);
}

void report_value(const char *name, uint64_t value, const char *unit) {
  printf("measure: %s %lu %s\n", name, value, unit);
}

void report_none(const char *name, const char *reason) {
  printf("measure: %s - %s\n", name, reason);
}

void report(const char *name, uint64_t total, uint64_t count) {
  uint64_t mega = tsc_hz() / 1000000;
  report_value(name, (total * 1000 / mega + count / 2) / count, "instructions");
}

static void __attribute__((noinline)) nothing(void) {
  asm volatile("");
}

static uint64_t batch(void (*operation)(void), uint64_t count) {
  uint64_t start = rdtsc();
  while (count--)
    operation();
  return rdtsc() - start;
}

void measure_function(const char *name, void (*operation)(void), uint64_t count) {
  uint64_t with = ~0UL, without = ~0UL;
  unsigned batches = batches_of(count);
  report_begin(name);
  mark_begin();
  for (unsigned i = 0; i < batches; i++)
    with = least(with, batch(operation, count));
  mark_end();
  for (unsigned i = 0; i < BATCHES; i++)
    without = least(without, batch(nothing, count));
  report(name, with - without, count);
}

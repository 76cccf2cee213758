// SPDX-License-Identifier: Apache-2.0
// First C code of a 32-bit micro-guest, its output, results and end.
#include "rt32.h"

const struct hvm_start_info *start_info;
void (*hypercall_gate)(void);
void gate_vmmcall(void), gate_vmcall(void);

static int passed, failed;
static char line[128];
static unsigned used;

static void add(const char *text) {
  while (*text && used < sizeof(line))
    line[used++] = *text++;
}

static void add_number(int value) {
  char digits[12];
  unsigned at = sizeof(digits) - 1, rest = value < 0 ? -(unsigned)value : (unsigned)value;
  digits[at] = 0;
  do
    digits[--at] = '0' + rest % 10;
  while (rest /= 10);
  if (value < 0)
    digits[--at] = '-';
  add(&digits[at]);
}

static void flush(void) {
  add("\n");
  hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, used, line);
  used = 0;
}

void say(const char *text) {
  add(text);
  flush();
}

void check_eq(const char *name, int got, int want) {
  add(got == want ? "PASS " : "FAIL ");
  add(name);
  if (got != want) {
    add(": got ");
    add_number(got);
    add(", want ");
    add_number(want);
  }
  flush();
  got == want ? passed++ : failed++;
}

int hypercall2(unsigned number, uint32_t a1, const volatile void *a2) {
  return hypercall5(number, a1, (uintptr_t)a2, 0, 0, 0);
}

int hypercall3(unsigned number, uint32_t a1, uint32_t a2, const volatile void *a3) {
  return hypercall5(number, a1, a2, (uintptr_t)a3, 0, 0);
}

static void done(void) {
  struct sched_shutdown off = {.reason = SHUTDOWN_poweroff};
  add("DONE ");
  add_number(passed);
  add(" ");
  add_number(failed);
  flush();
  hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &off);
}

void rt32_main(const struct hvm_start_info *info);
void rt32_main(const struct hvm_start_info *info) {
  uint32_t a = 0, b, c, d;
  asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  start_info = info;
  hypercall_gate = b == 0x756e6547 ? gate_vmcall : gate_vmmcall; // "Genu"
  test_main();
  done();
}

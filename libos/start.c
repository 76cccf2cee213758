/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the first C code to main(): the library's own parts in order, then the C library, which is
 * given the vector of arguments and auxiliary values that it expects on a process's stack.
 */
#include <elf.h>
#include <string.h>

#include <libos/domain.h>
#include <libos/page.h>

#include "internal.h"

#define ARGUMENTS 30

/* argc is apart; then as a process finds it: argv, NULL, no environment, NULL, pairs. */
static struct {
  char *argv[ARGUMENTS + 2];
  char *environment[1];
  uint64_t auxiliary[6];
} vector;
static uint64_t seed[2]; /* of stack canaries and malloc's secret */

/* What the C library's code finds at FS until it has a thread of its own: itself, and a canary. */
static uint64_t early_thread[64];

int main(int argc, char **argv);
int __libc_start_main(int (*program)(int, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*loader)(void));
_Noreturn void libos_start(uintptr_t address);

/* The command line split at spaces, in a page of its own. argv[0] is "service". How many. The words
 * behind the last that there is room for stay with it. */
static int split(const char *line) {
  int n = 0;
  size_t size = strlen(line) + 1;
  char *at = page_alloc((size + PAGE_MASK) / PAGE_SIZE);
  if (!at)
    panic("no memory for the command line");
  memcpy(at, line, size);
  vector.argv[n++] = "service";
  while (n <= ARGUMENTS && *(at += strspn(at, " "))) {
    vector.argv[n++] = at;
    at += strcspn(at, " ");
    if (*at)
      *at++ = 0;
  }
  return n;
}

/* No secret against somebody who can guess the time of the start; RDRAND where it is known to be.
 */
static void seed_make(void) {
  seed[0] = cpu_tsc() * 0x9e3779b97f4a7c15ull;
  seed[1] = (uintptr_t)start_info.command_line ^ seed[0] >> 29;
  if (cpu_id(1).c & (1u << 30))
    for (unsigned i = 0; i < 2; i++) {
      uint64_t random = 0;
      __asm__ volatile("rdrand %0" : "=r"(random) : : "cc");
      seed[i] ^= random;
    }
}

void libos_start(uintptr_t address) {
  early_thread[0] = (uintptr_t)early_thread;
  cpu_wrmsr(MSR_FS_BASE, (uintptr_t)early_thread);
  hypercall_init();
  start_info_read(address);
  page_init();
  mmu_init();
  trap_init();
  event_init();
  console_init();
  syscall_init();
  seed_make();
  const uint64_t auxiliary[] = {AT_PAGESZ, PAGE_SIZE, AT_RANDOM, (uintptr_t)seed, AT_NULL, 0};
  memcpy(vector.auxiliary, auxiliary, sizeof(auxiliary));
  int argc = split(domain_command_line());
  /* The environment stands right behind argv's end. */
  memmove(&vector.argv[argc + 1], vector.environment, sizeof(vector) - sizeof(vector.argv));
  __libc_start_main(main, argc, vector.argv, NULL, NULL, NULL);
  __builtin_unreachable();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded into the Intel emulator (LD_PRELOAD): when that gives the machine's memory back,
 * the hypervisor's counters, which start with a mark, are written to a file. A copy that the
 * loader has left behind is kept too: counters.py tells them apart.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char mark[15]; /* what those of all images have in common; the next byte tells them apart */
static size_t size;   /* of the counters, from the mark on */

static void keep(const char *counters) {
  char path[4096];
  static unsigned number;
  snprintf(path, sizeof(path), "%s/run-%d-%u.data", getenv("SKERRY_COVERAGE"), getpid(), number++);
  FILE *out = fopen(path, "wb");
  if (!out)
    return;
  fwrite(counters, 1, size, out);
  fclose(out);
}

/* The machine's pages are pages of the emulator too. */
static void search(const char *at, const char *end) {
  while (at < end && (at = memmem(at, (size_t)(end - at), mark, sizeof(mark)))) {
    if ((uintptr_t)at % 4096 == 0 && (size_t)(end - at) >= size)
      keep(at);
    at++;
  }
}

/* In the environment: the mark in hexadecimal digits, and the size. */
static int wanted(void) {
  const char *text = getenv("SKERRY_COVERAGE_MARK");
  unsigned byte;
  for (size_t i = 0; text && i < sizeof(mark); i++, text += 2) {
    if (sscanf(text, "%2x", &byte) != 1)
      return 0;
    mark[i] = (char)byte;
  }
  return text && sscanf(text, " %zu", &size) == 1;
}

__attribute__((destructor)) static void at_end(void) {
  char line[512];
  uintptr_t start, end;
  FILE *maps = wanted() ? fopen("/proc/self/maps", "r") : NULL;
  while (maps && fgets(line, sizeof(line), maps))
    if (sscanf(line, "%lx-%lx rw", &start, &end) == 2 && strstr(line, " rw") &&
        end - start > 64u << 20)
      search((void *)start, (void *)end);
  if (maps)
    fclose(maps);
}

/* The machine's memory is the one large block that the emulator gives back, at its end. */
void free(void *block) {
  static void (*real)(void *);
  if (!real)
    real = (void (*)(void *))dlsym(RTLD_NEXT, "free");
  if (block && malloc_usable_size(block) > 64u << 20)
    at_end();
  real(block);
}

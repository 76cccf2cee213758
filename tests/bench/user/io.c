/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads from a disk past the kernel's cache, and prints the suite's lines: ns of the machine's
 * clock a read. What is measured stands between two marks, whose addresses no other program has:
 * `io begin` and `io end` only set one. Linux for x86-64 without a C library.
 */
#define SYS_WRITE         1L
#define SYS_OPEN          2L
#define SYS_PREAD         17L
#define SYS_EXIT          60L
#define SYS_CLOCK_GETTIME 228L
#define O_DIRECT          040000L
#define CLOCK_MONOTONIC   1L

#define DISK_MIB          64UL
#define SMALL             4096UL
#define LARGE             (1UL << 20)
#define RANDOM            256UL /* reads, each somewhere else */
#define SEQUENTIAL        32UL

static char buffer[LARGE] __attribute__((aligned(4096)));

static long call(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

static unsigned long now(void) {
  long time[2];
  (void)call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)time, 0, 0);
  return (unsigned long)time[0] * 1000000000UL + (unsigned long)time[1];
}

static void put(const char *text, long length) {
  (void)call(SYS_WRITE, 1, (long)text, length, 0);
}

static long length_of(const char *text) {
  long length = 0;
  while (text[length])
    length++;
  return length;
}

/* One write, so that nobody else's line comes between. */
static void report(const char *name, unsigned long value) {
  static char line[128];
  const char *parts[] = {"measure: ", name, " ", 0, " ns\n"};
  char digits[24], *at = digits + sizeof(digits) - 1, *to = line;
  *at = 0;
  do
    *--at = (char)('0' + value % 10);
  while (value /= 10);
  parts[3] = at;
  for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
    for (const char *from = parts[i]; *from; from++)
      *to++ = *from;
  *to = 0;
  put(line, length_of(line));
}

/* The offsets of a run are the same each time. */
static unsigned long next_offset(unsigned long *state, unsigned long size) {
  *state = *state * 6364136223846793005UL + 1442695040888963407UL;
  return (*state >> 33) % (DISK_MIB * (LARGE / size)) * size;
}

__attribute__((noinline, used)) static void mark_begin(void) {
  __asm__ volatile("");
}

__attribute__((noinline, used)) static void mark_end(void) {
  __asm__ volatile("");
}

static int measure(long disk, const char *name, unsigned long size, unsigned long reads) {
  unsigned long state = 1, start = now(), end;
  mark_begin();
  for (unsigned long i = 0; i < reads; i++) {
    unsigned long at = size == LARGE ? i * size : next_offset(&state, size);
    if (call(SYS_PREAD, disk, (long)buffer, (long)size, (long)at) != (long)size)
      return 1;
  }
  mark_end();
  end = now();
  report(name, (end - start) / reads);
  return 0;
}

static int read_all(void) {
  long disk = call(SYS_OPEN, (long)"/dev/xvda", O_DIRECT, 0, 0);
  return disk < 0 || measure(disk, "disk.random_4k", SMALL, RANDOM) ||
         measure(disk, "disk.sequential_1m", LARGE, SEQUENTIAL);
}

/* What the kernel puts on the stack: the number of words, then each. */
__attribute__((used)) static void start(const long *stack) {
  const char *word = stack[0] > 1 ? (const char *)stack[2] : "";
  int failed = 0;
  if (*word == 'b')
    mark_begin();
  else if (*word == 'e')
    mark_end();
  else
    failed = read_all();
  (void)call(SYS_EXIT, failed, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\nand $-16, %rsp\ncall start\n");

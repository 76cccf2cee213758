/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's system calls: what its output, malloc, clock and end need, by the numbers and
 * conventions of Linux on x86-64, which musl is built for. There is no process, file or thread
 * behind them; everything else is answered with ENOSYS. Runs on the caller's stack without touching
 * SSE registers (head.S).
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include <libos/console.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/page.h>

#include "internal.h"

#define MSR_STAR   0xc0000081u
#define MSR_LSTAR  0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define STAR_RING0 (0x08ull << 32) /* code segment 08, stack segment 10 */

#define SET_FS     0x1002u /* of arch_prctl */
#define EXECUTABLE 4u      /* PROT_EXEC */

static bool is_console(uint64_t file) {
  return file == 1 || file == 2;
}

static int64_t write_vector(uint64_t file, const struct iovec *v, uint64_t count) {
  int64_t sum = 0;
  if (!is_console(file))
    return -EBADF;
  for (; count--; v++) {
    console_write(v->iov_base, v->iov_len);
    sum += (int64_t)v->iov_len;
  }
  return sum;
}

/* For malloc: memory that nobody else has. Addresses are not the caller's to choose. */
static int64_t map_pages(uint64_t size, uint64_t protection) {
  if (protection & EXECUTABLE)
    return -EACCES;
  void *pages = page_alloc((size + PAGE_MASK) / PAGE_SIZE);
  return pages ? (int64_t)pages : -ENOMEM;
}

static int64_t unmap_pages(uint64_t address, uint64_t size) {
  page_free((void *)address, (size + PAGE_MASK) / PAGE_SIZE);
  return 0;
}

static int64_t get_time(uint64_t id, struct timespec *t) {
  uint64_t now = id == CLOCK_REALTIME ? clock_wall() : clock_now();
  t->tv_sec = (time_t)(now / SECOND);
  t->tv_nsec = (long)(now % SECOND);
  return 0;
}

static int64_t set_thread_area(uint64_t code, uint64_t address) {
  if (code != SET_FS)
    return -EINVAL;
  cpu_wrmsr(MSR_FS_BASE, address);
  return 0;
}

int64_t syscall_handle(uint64_t number, const uint64_t *a);
int64_t syscall_handle(uint64_t number, const uint64_t *a) {
  struct iovec one = {(void *)a[1], a[2]};
  switch (number) {
  case SYS_write:
    return write_vector(a[0], &one, 1);
  case SYS_writev:
    return write_vector(a[0], (const struct iovec *)a[1], a[2]);
  case SYS_ioctl: /* the window's size: it is a terminal, so lines are written as they end */
    return is_console(a[0]) ? 0 : -EBADF;
  case SYS_read: /* stdin is at its end: console_read is not */
    return a[0] == 0 ? 0 : -EBADF;
  case SYS_mmap:
    return map_pages(a[1], a[2]);
  case SYS_munmap:
    return unmap_pages(a[0], a[1]);
  case SYS_mprotect: /* malloc opens what it has mapped without rights: it is open already */
    return a[2] & EXECUTABLE ? -EACCES : 0;
  case SYS_brk: /* never moves: malloc goes on with mmap */
  case SYS_madvise:
  case SYS_rt_sigprocmask: /* there are no signals */
    return 0;
  case SYS_arch_prctl:
    return set_thread_area(a[0], a[1]);
  case SYS_clock_gettime:
    return get_time(a[0], (struct timespec *)a[1]);
  case SYS_set_tid_address:
  case SYS_gettid:
    return 1;
  case SYS_exit:
  case SYS_exit_group:
    domain_end(a[0] ? DOMAIN_CRASH : DOMAIN_POWEROFF);
  case SYS_tkill: /* abort, and what a failing assert ends in */
    panic("aborted");
  default:
    return -ENOSYS;
  }
}

void syscall_init(void) {
  cpu_wrmsr(MSR_STAR, STAR_RING0);
  cpu_wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
  cpu_wrmsr(MSR_SFMASK, 0);
}

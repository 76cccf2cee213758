/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_io: printing and reading without a ring (libxen-dev 4.17,
 * xen/xen.h). On Xen it is for debug builds and the hardware domain; here it
 * leads to the caller's own console.
 */
#include <console.h>
#include <console_lent.h>
#include <xen/internal.h>

#define CHUNK     128u
#define COUNT_MAX 0x7fffffffu

static int64_t write(struct vcpu *v, uint32_t count, uint64_t buffer) {
  struct xen_console *c = &v->domain->personality.console;
  char chunk[CHUNK];
  for (uint32_t done = 0, n; done < count && call_pause(v); done += n) {
    n = MIN(count - done, CHUNK);
    if (copy_in(chunk, buffer + done, n))
      return -XEN_EFAULT;
    spin_lock(&c->io_lock);
    console_domain_write(v->domain, &c->io_line, chunk, n);
    spin_unlock(&c->io_lock);
  }
  return 0;
}

/* Who has the UART has nobody's keyboard, but the hypervisor's log. */
static size_t read_chunk(struct vcpu *v, char *chunk, size_t n) {
  if (ENABLED(CONFIG_CONSOLE_SERVICE) && console_lent_to(v->stub->domain))
    return console_lent_read(chunk, n);
  return console_domain_read(v->domain, chunk, n);
}

/* Bytes that are there, at most `count`. */
static int64_t read(struct vcpu *v, uint32_t count, uint64_t buffer) {
  char chunk[CHUNK];
  uint32_t done = 0;
  while (done < count && call_pause(v)) {
    size_t n = read_chunk(v, chunk, MIN(count - done, CHUNK));
    if (n && copy_out(buffer + done, chunk, n))
      return -XEN_EFAULT;
    done += (uint32_t)n;
    if (n < CHUNK)
      break;
  }
  return done;
}

int64_t hypercall_console_io(struct vcpu *v, const uint64_t *a) {
  uint32_t count = (uint32_t)a[1];
  if (count > COUNT_MAX)
    return -XEN_EINVAL;
  switch ((uint32_t)a[0]) {
  case CONSOLEIO_write:
    return write(v, count, a[2]);
  case CONSOLEIO_read:
    return read(v, count, a[2]);
  default:
    return -XEN_ENOSYS;
  }
}

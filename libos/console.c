/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console (libos/console.h).
 */
#include <abi/xen/hvm.h>
#include <libos/console.h>
#include <libos/event.h>
#include <libos/hypercall.h>
#include <libos/page.h>
#include <libos/stream.h>

#include "internal.h"

static struct stream in, out; /* out.size is 0 where there is no ring */
static uint32_t port;
static bool stuck; /* waited in vain: until there is room nobody waits again */
static void (*input_ready)(void *arg);
static void *input_arg;

void console_init(void) {
  uint64_t gfn = hvm_param(HVM_PARAM_CONSOLE_PFN);
  port = (uint32_t)hvm_param(HVM_PARAM_CONSOLE_EVTCHN);
  if (!gfn || !port)
    return;
  struct xencons_interface *ring = (void *)(gfn * PAGE_SIZE);
  page_map((uintptr_t)ring, 1);
  in = (struct stream){&ring->in_prod, &ring->in_cons, (uint8_t *)ring->in, sizeof(ring->in)};
  out = (struct stream){&ring->out_prod, &ring->out_cons, (uint8_t *)ring->out, sizeof(ring->out)};
}

/* Waits until the other end has taken something. False if it does not in time. What event_wait
 * takes from the port is put back for the input's handler. */
static bool wait(uint64_t deadline) {
  event_send(port);
  bool came = event_wait(port, deadline);
  if (came && input_ready)
    event_again(port);
  return came;
}

static void ring_write(const char *text, size_t size) {
  uint64_t deadline = clock_now() + CONSOLE_PATIENCE;
  while (size) {
    int n = stream_write(&out, text, size);
    if (n < 0)
      return;
    if (n)
      stuck = false;
    text += n;
    size -= (size_t)n;
    if (n || !size)
      continue;
    if (stuck || !wait(deadline)) {
      stuck = true;
      return;
    }
  }
}

void console_write(const char *text, size_t size) {
  if (!out.size) {
    hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, size, (uintptr_t)text);
    return;
  }
  for (size_t start = 0, i = 0; i < size; i++) {
    bool line = text[i] == '\n';
    if (line || i + 1 == size)
      ring_write(text + start, i + !line - start);
    if (line) {
      ring_write("\r\n", 2);
      start = i + 1;
    }
  }
  event_send(port);
}

size_t console_read(char *to, size_t size) {
  int n = in.size ? stream_read(&in, to, size) : 0;
  if (n > 0)
    event_send(port); /* there is room now */
  return n > 0 ? (size_t)n : 0;
}

static void came(uint32_t from, void *arg) {
  (void)from;
  (void)arg;
  if (input_ready)
    input_ready(input_arg);
}

int console_on_input(void (*ready)(void *arg), void *arg) {
  if (!in.size)
    return -1;
  input_ready = ready;
  input_arg = arg;
  return event_handle(port, ready ? came : NULL, NULL);
}

void console_drain(void) {
  uint64_t deadline = out.size ? clock_now() + CONSOLE_PATIENCE : 0;
  while (out.size && stream_used(&out) > 0 && wait(deadline))
    ;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far end of a domain's console ring (libxen-dev 4.17, xen/io/console.h).
 * What the guest writes is always taken, so that no guest waits for space; what
 * is typed for it goes in as far as there is room. The ring is the guest's
 * memory: bytes are copied before they are looked at, and indices that make no
 * sense cost the guest what stands between them.
 */
#include <abi/xen/hvm.h>
#include <console.h>
#include <sched.h>
#include <xen/internal.h>

#define CHUNK 128u
#define TURNS 8u /* before the thread goes on and comes back with its next mail */

static bool output_waits(const struct xencons_interface *r) {
  return atomic_read(&r->out_prod) != atomic_read(&r->out_cons);
}

/* Up to one ring of bytes; true if there were any. */
static bool output_move(struct domain *d, struct xencons_interface *r) {
  char chunk[CHUNK];
  uint32_t prod = atomic_load(&r->out_prod), cons = atomic_read(&r->out_cons);
  if (prod == cons)
    return false;
  if (prod - cons > sizeof(r->out))
    cons = prod;
  while (cons != prod) {
    uint32_t at = cons % sizeof(r->out);
    uint32_t n = MIN(MIN(prod - cons, CHUNK), (uint32_t)sizeof(r->out) - at);
    memcpy(chunk, r->out + at, n);
    console_domain_write(d, &d->personality.console.ring_line, chunk, n);
    cons += n;
    sched_preempt_point(); /* a serial line is slow */
  }
  atomic_store(&r->out_cons, cons);
  return true;
}

static bool input_move(struct domain *d, struct xencons_interface *r) {
  char chunk[CHUNK];
  uint32_t prod = atomic_read(&r->in_prod), used = prod - atomic_load(&r->in_cons);
  if (used >= sizeof(r->in))
    return false;
  size_t n = console_domain_read(d, chunk, MIN(CHUNK, (uint32_t)sizeof(r->in) - used));
  for (size_t i = 0; i < n; i++)
    atomic_write(&r->in[(prod + i) % sizeof(r->in)], chunk[i]);
  atomic_store(&r->in_prod, prod + (uint32_t)n);
  return n;
}

static void serve_once(struct domain *d, struct xen_console *c) {
  bool moved = output_move(d, c->ring);
  while (input_move(d, c->ring))
    moved = true;
  console_domain_show(d, &c->ring_line);
  if (moved)
    evtchn_send_own(d, c->port);
}

/* One thread moves bytes at a time. Who finds it busy leaves `wanted` set (full barrier) and goes;
 * the other looks at it after having been busy (full barrier), so nothing is left behind. */
void console_ring_serve(struct domain *d) {
  struct xen_console *c = &d->personality.console;
  if (!c->ring)
    return;
  (void)atomic_swap(&c->wanted, true);
  for (unsigned turn = 0; atomic_read(&c->wanted) && !atomic_swap(&c->busy, true); turn++) {
    (void)atomic_swap(&c->wanted, false);
    serve_once(d, c);
    (void)atomic_swap(&c->busy, false);
    if (turn < TURNS)
      continue;
    vcpu_mail(vcpu_current()->stub, MAIL_CONSOLE);
    return;
  }
}

void console_ring_glance(struct domain *d) {
  const struct xencons_interface *r = d->personality.console.ring;
  if (r && output_waits(r))
    console_ring_serve(d);
}

enum status console_ring_init(struct domain *d) {
  const struct manifest_domain *m = d->stub->config;
  struct xen_console *c = &d->personality.console;
  int64_t error;
  if (!(m->flags & MANIFEST_DOMAIN_CONSOLE) || !m->special_pages ||
      ring_channel(d, MANIFEST_CHANNEL_CONSOLE)) /* another domain is its far end */
    return STATUS_OK;
  c->ring = guest_page_pin(d, m->special_gfn, &error);
  if (!c->ring)
    return STATUS_NO_MEMORY;
  c->port = evtchn_bind_own(d);
  return c->port ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What the guest wrote last is still shown; the port leads nowhere by now. */
void console_ring_fini(struct domain *d) {
  struct xen_console *c = &d->personality.console;
  if (!c->ring)
    return;
  (void)output_move(d, c->ring);
  arena_unpin(c->ring);
  c->ring = NULL;
}

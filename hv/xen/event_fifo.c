/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery of events by the FIFO ABI (libxen-dev 4.17, xen/event_channel.h): a
 * guest that sets up a control block leaves the 2-level ABI. Each port has a word
 * in pages of the guest, each vCPU a queue for each priority, which is a list
 * through those words. The guest writes them at the same time, so nothing that is
 * read there is trusted: a link that makes no sense costs the guest its events.
 *
 *   control block: ready bits, head[priority] -> word of a port -> ... -> tail
 *
 * The table's lock is held in all of this file but the three operations.
 */
#include <abi/xen/event_channel.h>
#include <xen/internal.h>

#define TRIES          4u
#define TRIES_WITH_ALL 64u /* after asking the guest to stay away (BUSY) */

static uint32_t *word_of(const struct domain *d, uint32_t port) {
  uint32_t *page = d->personality.fifo.array[port / EVTCHN_FIFO_WORDS];
  return page ? &page[port % EVTCHN_FIFO_WORDS] : NULL;
}

static struct xen_fifo_port *port_of(const struct domain *d, uint32_t port) {
  return &d->personality.fifo.ports[port / XEN_FIFO_PER_PAGE][port % XEN_FIFO_PER_PAGE];
}

/* --- queues ------------------------------------------------------------------------- */

/* The guest has taken the word out of its queue when LINKED is gone. Then false. */
static bool link_try(uint32_t *word, uint32_t port, unsigned tries, bool *linked) {
  uint32_t old = atomic_read(word);
  while (tries--) {
    *linked = old & EVTCHN_FIFO_LINKED;
    if (!*linked)
      return true;
    uint32_t next = (old & ~(EVTCHN_FIFO_BUSY | EVTCHN_FIFO_LINK)) | port;
    if (atomic_cas(word, &old, next))
      return true;
  }
  return false;
}

/* Put `port` behind the word. False: that is in no queue any more. */
static bool link_behind(uint32_t *word, uint32_t port) {
  bool linked = false;
  if (!word || link_try(word, port, TRIES, &linked))
    return linked;
  (void)atomic_or(word, EVTCHN_FIFO_BUSY);
  if (!link_try(word, port, TRIES_WITH_ALL, &linked))
    linked = false;
  (void)atomic_and(word, ~EVTCHN_FIFO_BUSY);
  return linked;
}

/* A port that was the last of a queue and is in none any more must not be linked behind. */
static void tail_forget(struct domain *d, const struct xen_fifo_port *p, uint32_t port) {
  uint32_t *tail = &d->vcpus[p->vcpu]->personality.fifo.tail[p->queue];
  if (*tail == port)
    *tail = 0;
}

static void enqueue(struct domain *d, struct vcpu *v, uint32_t port) {
  struct xen_fifo_vcpu *f = &v->personality.fifo;
  struct xen_fifo_port *p = port_of(d, port);
  tail_forget(d, p, port);
  p->vcpu = (uint16_t)v->id;
  p->queue = p->priority;
  uint32_t tail = f->tail[p->queue];
  f->tail[p->queue] = port;
  if (tail && link_behind(word_of(d, tail), port))
    return;
  atomic_store(&f->control->head[p->queue], port);
  uint32_t bit = 1u << p->queue;
  if (!(atomic_or(&f->control->ready, bit) & bit))
    event_upcall(v);
}

/* If it is pending, unmasked and in no queue. */
static void queue(struct domain *d, struct vcpu *v, uint32_t port) {
  uint32_t *word = word_of(d, port), w = atomic_read(word);
  if (!v->personality.fifo.control || !(w & EVTCHN_FIFO_PENDING) || w & EVTCHN_FIFO_MASKED)
    return;
  if (!(atomic_or(word, EVTCHN_FIFO_LINKED) & EVTCHN_FIFO_LINKED))
    enqueue(d, v, port);
}

/* --- what event.c does for the other ABI ---------------------------------------------- */

bool fifo_raise(struct domain *d, struct vcpu *v, uint32_t port) {
  uint32_t *word = word_of(d, port);
  if (!word) {
    bool before = port_of(d, port)->waits;
    port_of(d, port)->waits = true;
    return !before;
  }
  bool before = atomic_or(word, EVTCHN_FIFO_PENDING) & EVTCHN_FIFO_PENDING;
  queue(d, v, port);
  return !before;
}

void fifo_unmask(struct domain *d, struct vcpu *v, uint32_t port) {
  uint32_t *word = word_of(d, port);
  if (!word)
    return;
  (void)atomic_and(word, ~EVTCHN_FIFO_MASKED);
  queue(d, v, port);
}

bool fifo_pending(const struct domain *d, uint32_t port) {
  const uint32_t *word = word_of(d, port);
  return word ? atomic_read(word) & EVTCHN_FIFO_PENDING : port_of(d, port)->waits;
}

void fifo_clear(struct domain *d, uint32_t port) {
  uint32_t *word = word_of(d, port);
  if (word)
    (void)atomic_and(word, ~EVTCHN_FIFO_PENDING);
  port_of(d, port)->waits = false;
  port_of(d, port)->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
}

/* --- the three operations --------------------------------------------------------------- */

static uint32_t port_count(const struct domain *d) {
  return d->personality.evtchn_limit;
}

static bool ports_make(struct xen_fifo *f, uint32_t count) {
  for (uint32_t i = 0; i * XEN_FIFO_PER_PAGE < count; i++) {
    if (!f->ports[i])
      f->ports[i] = arena_page_alloc(FRAME_ARENA);
    if (!f->ports[i])
      return false;
  }
  return true;
}

/* The lock is held. From the 2-level ABI over to this one: what is pending there comes along. */
static int64_t fifo_begin(struct domain *d) {
  struct xen_fifo *f = &d->personality.fifo;
  if (f->on)
    return 0;
  if (!ports_make(f, port_count(d)))
    return -XEN_ENOMEM;
  for (uint32_t port = 0; port < port_count(d); port++)
    *port_of(d, port) =
        (struct xen_fifo_port){.priority = EVTCHN_FIFO_PRIORITY_DEFAULT,
                               .waits = port < event_ports(d) && event_pending(d, port)};
  f->on = true;
  return 0;
}

/* The lock is held. */
static int64_t control_install(struct domain *d, struct vcpu *v, void *page, uint32_t offset) {
  struct xen_fifo_vcpu *f = &v->personality.fifo;
  if (f->page)
    return -XEN_EINVAL;
  int64_t error = fifo_begin(d);
  if (error)
    return error;
  f->page = page;
  f->control = (void *)((char *)page + offset);
  for (uint32_t port = 1; port < port_count(d); port++)
    if (word_of(d, port) && evtchn_notifies(d, port) == v)
      queue(d, v, port);
  return 0;
}

int64_t fifo_init_control(struct vcpu *v, struct evtchn_init_control *op, uint64_t at) {
  struct domain *d = v->domain;
  struct vcpu *target = domain_vcpu(d, op->vcpu);
  if (!target)
    return -XEN_ENOENT;
  if (op->offset % 8 || op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
    return -XEN_EINVAL;
  int64_t error;
  void *page = guest_page_pin(d, op->control_gfn, &error);
  if (!page)
    return error;
  spin_lock(&d->personality.lock);
  error = control_install(d, target, page, op->offset);
  spin_unlock(&d->personality.lock);
  if (error) {
    arena_unpin(page);
    return error;
  }
  op->link_bits = EVTCHN_FIFO_LINK_BITS;
  return copy_out(at, op, sizeof(*op));
}

/* The lock is held. */
static int64_t array_install(struct domain *d, void *page) {
  struct xen_fifo *f = &d->personality.fifo;
  if (!f->on)
    return -XEN_EOPNOTSUPP;
  if (f->pages * EVTCHN_FIFO_WORDS >= port_count(d))
    return -XEN_ENOSPC;
  uint32_t first = f->pages * EVTCHN_FIFO_WORDS;
  f->array[f->pages++] = page;
  for (uint32_t port = first; port < MIN(first + EVTCHN_FIFO_WORDS, port_count(d)); port++)
    if (port_of(d, port)->waits && evtchn_notifies(d, port))
      (void)fifo_raise(d, evtchn_notifies(d, port), port);
  return 0;
}

int64_t fifo_expand_array(struct vcpu *v, const struct evtchn_expand_array *op) {
  struct domain *d = v->domain;
  int64_t error;
  void *page = guest_page_pin(d, op->array_gfn, &error);
  if (!page)
    return error;
  spin_lock(&d->personality.lock);
  error = array_install(d, page);
  spin_unlock(&d->personality.lock);
  if (error)
    arena_unpin(page);
  return error;
}

int64_t fifo_set_priority(struct vcpu *v, const struct evtchn_set_priority *op) {
  struct domain *d = v->domain;
  int64_t error = 0;
  spin_lock(&d->personality.lock);
  if (!evtchn_notifies(d, op->port) || op->priority > EVTCHN_FIFO_PRIORITY_MIN)
    error = -XEN_EINVAL;
  else if (!d->personality.fifo.on)
    error = -XEN_ENOSYS;
  else
    port_of(d, op->port)->priority = (uint8_t)op->priority;
  spin_unlock(&d->personality.lock);
  return error;
}

static void unpin(void *page) {
  if (page)
    arena_unpin(page);
}

void fifo_end(struct domain *d) {
  struct xen_fifo *f = &d->personality.fifo;
  for (uint32_t i = 0; i < d->vcpu_count; i++) {
    unpin(d->vcpus[i]->personality.fifo.page);
    memset(&d->vcpus[i]->personality.fifo, 0, sizeof(struct xen_fifo_vcpu));
  }
  for (uint32_t i = 0; i < ARRAY_SIZE(f->array); i++)
    unpin(f->array[i]);
  for (uint32_t i = 0; i < ARRAY_SIZE(f->ports); i++)
    if (f->ports[i])
      arena_page_free(f->ports[i]);
  memset(f, 0, sizeof(*f));
}

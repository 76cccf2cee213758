/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_channel_op: the domain's table of ports and what each is bound to
 * (libxen-dev 4.17, xen/event_channel.h). A port leads to another one of the
 * domain, to the hypervisor's end of its console, or to another domain: then
 * core/channel.c has its route. What a bound port then does to the guest's
 * memory is event.c's matter.
 */
#include <abi/xen/event_channel.h>
#include <xen/internal.h>

union argument {
  uint16_t domid;
  uint32_t port;
  struct evtchn_alloc_unbound alloc_unbound;
  struct evtchn_bind_interdomain bind_interdomain;
  struct evtchn_bind_virq bind_virq;
  struct evtchn_bind_ipi bind_ipi;
  struct evtchn_bind_vcpu bind_vcpu;
  struct evtchn_status status;
  struct evtchn_init_control init_control;
  struct evtchn_expand_array expand_array;
  struct evtchn_set_priority set_priority;
};

/* --- the table; the domain's lock is held ----------------------------------------- */

static uint32_t port_end(const struct domain *d) {
  return MIN(d->personality.evtchn_limit, event_ports(d));
}

/* NULL: beyond the limit, or nothing was ever bound near it. Port 0 exists and is never bound. */
static struct xen_port *port_of(struct domain *d, uint32_t port) {
  if (port >= port_end(d))
    return NULL;
  struct xen_port *bucket = d->personality.ports[port / XEN_EVTCHN_PER_PAGE];
  return bucket ? &bucket[port % XEN_EVTCHN_PER_PAGE] : NULL;
}

static struct xen_port *port_grow(struct domain *d, uint32_t port) {
  struct xen_port **bucket = &d->personality.ports[port / XEN_EVTCHN_PER_PAGE];
  if (!*bucket)
    *bucket = arena_page_alloc(FRAME_ARENA);
  return *bucket ? &(*bucket)[port % XEN_EVTCHN_PER_PAGE] : NULL;
}

/* Take the lowest closed port. -ENOSPC, -ENOMEM; else its number. */
static int64_t port_take(struct domain *d, struct xen_port value) {
  struct personality_domain *p = &d->personality;
  for (uint32_t port = MAX(p->evtchn_hint, 1u); port < port_end(d); port++) {
    struct xen_port *slot = port_grow(d, port);
    if (!slot)
      return -XEN_ENOMEM;
    if (slot->state != EVTCHNSTAT_closed)
      continue;
    *slot = value;
    p->evtchn_hint = port + 1;
    return port;
  }
  return -XEN_ENOSPC;
}

static bool virq_is_global(uint32_t virq) {
  return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

static void virq_unbind(struct domain *d, const struct xen_port *slot) {
  struct vcpu *v = d->vcpus[virq_is_global(slot->virq) ? 0 : slot->vcpu];
  atomic_write(&v->personality.virq_port[slot->virq], 0);
}

/* Does the port lead to another domain? */
static bool is_far(const struct xen_port *slot) {
  return ENABLED(CONFIG_CHANNELS) && slot->state == XEN_PORT_FAR;
}

static void port_close(struct domain *d, uint32_t port, struct xen_port *slot) {
  struct personality_domain *p = &d->personality;
  if (is_far(slot))
    channel_close(d->stub, port);
  if (slot->state == EVTCHNSTAT_virq)
    virq_unbind(d, slot);
  if (slot->state == EVTCHNSTAT_interdomain && slot->remote_domid == DOMID_XEN)
    p->console.port = 0;
  else if (slot->state == EVTCHNSTAT_interdomain)
    *port_of(d, slot->remote_port) = (struct xen_port){
        .state = EVTCHNSTAT_unbound,
        .vcpu = port_of(d, slot->remote_port)->vcpu,
        .remote_domid = d->domid,
    };
  *slot = (struct xen_port){.state = EVTCHNSTAT_closed};
  p->evtchn_hint = MIN(p->evtchn_hint, port);
  event_clear(d, port);
}

/* Make pending what has come from other domains. Under the lock no port that stands in the box is
 * closed meanwhile. */
static void collect(struct domain *d) {
  struct domain_stub *s = d->stub;
  for (uint64_t words = atomic_swap(&s->box_words, 0); words; words &= words - 1) {
    uint32_t word = (uint32_t)__builtin_ctzll(words);
    for (uint64_t bits = atomic_swap(&s->box[word], 0); bits; bits &= bits - 1) {
      uint32_t port = word * 64 + (uint32_t)__builtin_ctzll(bits);
      const struct xen_port *slot = port_of(d, port);
      if (slot && is_far(slot))
        event_raise(d, d->vcpus[slot->vcpu], port);
    }
  }
}

/* --- binding ---------------------------------------------------------------------- */

static int64_t port_bind(struct domain *d, struct xen_port value) {
  spin_lock(&d->personality.lock);
  int64_t port = port_take(d, value);
  spin_unlock(&d->personality.lock);
  return port;
}

static int64_t port_unbind(struct domain *d, uint32_t port) {
  spin_lock(&d->personality.lock);
  struct xen_port *slot = port_of(d, port);
  bool bound = slot && slot->state != EVTCHNSTAT_closed;
  if (bound)
    port_close(d, port, slot);
  spin_unlock(&d->personality.lock);
  return bound ? 0 : -XEN_EINVAL;
}

/* Tell the guest its new port at `arg`. A port that it cannot learn of is closed again. */
static int64_t port_report(struct domain *d, uint64_t arg, int64_t port) {
  uint32_t number = (uint32_t)port;
  if (port < 0)
    return port;
  if (!copy_out(arg, &number, sizeof(number)))
    return 0;
  (void)port_unbind(d, number);
  return -XEN_EFAULT;
}

/* The lock is held. A fresh port that waits for `other`. */
static int64_t port_open(struct domain *d, const struct domain_stub *other) {
  if (!ENABLED(CONFIG_CHANNELS) || other == d->stub)
    return port_take(d, (struct xen_port){.state = EVTCHNSTAT_unbound, .remote_domid = d->domid});
  int64_t port = port_take(d, (struct xen_port){.state = XEN_PORT_FAR});
  if (port > 0)
    channel_open(d->stub, (uint32_t)port, policy_channel(d->stub, other, POLICY_EVENT));
  return port;
}

static int64_t alloc_unbound(struct vcpu *v, union argument *a, uint64_t at) {
  const struct evtchn_alloc_unbound *op = &a->alloc_unbound;
  struct domain_stub *other;
  int64_t error = domid_allowed(v, op->remote_dom, POLICY_EVENT, &other);
  if (error)
    return error;
  spin_lock(&v->domain->personality.lock);
  int64_t port = port_open(v->domain, other);
  spin_unlock(&v->domain->personality.lock);
  return port_report(v->domain, at + offsetof(struct evtchn_alloc_unbound, port), port);
}

/* The lock is held. A fresh port is joined to `remote`; events that were sent while nobody listened
 * are made good by one now. */
static int64_t port_join(struct domain *d, uint32_t remote) {
  struct xen_port *far = port_of(d, remote);
  if (!far || far->state != EVTCHNSTAT_unbound)
    return -XEN_EINVAL;
  int64_t port = port_take(d, (struct xen_port){.state = EVTCHNSTAT_interdomain,
                                                .remote_domid = d->domid,
                                                .remote_port = (uint16_t)remote});
  if (port < 0)
    return port;
  far->state = EVTCHNSTAT_interdomain;
  far->remote_port = (uint16_t)port;
  event_raise(d, d->vcpus[0], (uint32_t)port);
  return port;
}

/* The same to a port of another domain. */
static int64_t port_join_far(struct domain *d, const struct domain_stub *other, uint32_t remote) {
  int channel = policy_channel(d->stub, other, POLICY_EVENT);
  int64_t port = port_take(d, (struct xen_port){.state = XEN_PORT_FAR});
  if (port < 0)
    return port;
  if (channel_join(d->stub, (uint32_t)port, (unsigned)channel, remote)) {
    port_close(d, (uint32_t)port, port_of(d, (uint32_t)port));
    return -XEN_EINVAL;
  }
  event_raise(d, d->vcpus[0], (uint32_t)port);
  return port;
}

static int64_t bind_interdomain(struct vcpu *v, union argument *a, uint64_t at) {
  const struct evtchn_bind_interdomain *op = &a->bind_interdomain;
  struct domain_stub *other;
  int64_t error = domid_allowed(v, op->remote_dom, POLICY_EVENT, &other);
  if (error)
    return error;
  bool far = ENABLED(CONFIG_CHANNELS) && other != v->stub->domain;
  spin_lock(&v->domain->personality.lock);
  int64_t port = far ? port_join_far(v->domain, other, op->remote_port)
                     : port_join(v->domain, op->remote_port);
  spin_unlock(&v->domain->personality.lock);
  return port_report(v->domain, at + offsetof(struct evtchn_bind_interdomain, local_port), port);
}

/* The lock is held. */
static int64_t virq_take(struct domain *d, uint32_t virq, struct vcpu *v) {
  if (v->personality.virq_port[virq])
    return -XEN_EEXIST;
  struct xen_port value = {
      .state = EVTCHNSTAT_virq, .virq = (uint8_t)virq, .vcpu = (uint16_t)v->id};
  int64_t port = port_take(d, value);
  if (port > 0)
    atomic_write(&v->personality.virq_port[virq], (uint16_t)port);
  return port;
}

static int64_t bind_virq(struct vcpu *v, union argument *a, uint64_t at) {
  const struct evtchn_bind_virq *op = &a->bind_virq;
  if (op->virq >= NR_VIRQS || (virq_is_global(op->virq) && op->vcpu != 0))
    return -XEN_EINVAL;
  struct vcpu *target = domain_vcpu(v->domain, op->vcpu);
  if (!target)
    return -XEN_ENOENT;
  spin_lock(&v->domain->personality.lock);
  int64_t port = virq_take(v->domain, op->virq, target);
  spin_unlock(&v->domain->personality.lock);
  return port_report(v->domain, at + offsetof(struct evtchn_bind_virq, port), port);
}

static int64_t bind_ipi(struct vcpu *v, union argument *a, uint64_t at) {
  const struct evtchn_bind_ipi *op = &a->bind_ipi;
  if (!domain_vcpu(v->domain, op->vcpu))
    return -XEN_ENOENT;
  struct xen_port value = {.state = EVTCHNSTAT_ipi, .vcpu = (uint16_t)op->vcpu};
  return port_report(v->domain, at + offsetof(struct evtchn_bind_ipi, port),
                     port_bind(v->domain, value));
}

/* IPIs and VIRQs of a vCPU stay with it. */
static bool port_may_move(const struct xen_port *slot) {
  return slot->state == EVTCHNSTAT_unbound || slot->state == EVTCHNSTAT_interdomain ||
         is_far(slot) || (slot->state == EVTCHNSTAT_virq && virq_is_global(slot->virq));
}

static int64_t bind_vcpu(struct vcpu *v, union argument *a, uint64_t at) {
  const struct evtchn_bind_vcpu *op = &a->bind_vcpu;
  if (!domain_vcpu(v->domain, op->vcpu))
    return -XEN_ENOENT;
  spin_lock(&v->domain->personality.lock);
  struct xen_port *slot = port_of(v->domain, op->port);
  bool moves = slot && port_may_move(slot);
  if (moves)
    slot->vcpu = (uint16_t)op->vcpu;
  if (moves && is_far(slot)) {
    channel_move(v->domain->stub, op->port, op->vcpu);
    collect(v->domain); /* the vCPU that was told may be down */
  }
  spin_unlock(&v->domain->personality.lock);
  return moves ? 0 : -XEN_EINVAL;
}

/* --- use --------------------------------------------------------------------------- */

/* The lock is held. True: the console is to be served. */
static bool port_send(struct domain *d, const struct xen_port *slot, uint32_t port,
                      int64_t *result) {
  *result = 0;
  switch (slot->state) {
  case EVTCHNSTAT_unbound: /* nobody listens */
    return false;
  case EVTCHNSTAT_ipi:
    event_raise(d, d->vcpus[slot->vcpu], port);
    return false;
  case EVTCHNSTAT_interdomain:
    if (slot->remote_domid == DOMID_XEN)
      return true;
    event_raise(d, d->vcpus[port_of(d, slot->remote_port)->vcpu], slot->remote_port);
    return false;
  case XEN_PORT_FAR:
    if (ENABLED(CONFIG_CHANNELS))
      channel_send(d->stub, port);
    return false;
  default:
    *result = -XEN_EINVAL;
    return false;
  }
}

static int64_t send(struct vcpu *v, union argument *a, uint64_t at) {
  int64_t result = -XEN_EINVAL;
  spin_lock(&v->domain->personality.lock);
  const struct xen_port *slot = port_of(v->domain, a->port);
  bool console = slot && port_send(v->domain, slot, a->port, &result);
  spin_unlock(&v->domain->personality.lock);
  if (console)
    console_serve(v->domain);
  return result;
}

static int64_t unmask(struct vcpu *v, union argument *a, uint64_t at) {
  spin_lock(&v->domain->personality.lock);
  const struct xen_port *slot = port_of(v->domain, a->port);
  if (slot)
    event_unmask(v->domain, v->domain->vcpus[slot->vcpu], a->port);
  spin_unlock(&v->domain->personality.lock);
  return slot ? 0 : -XEN_EINVAL;
}

static int64_t close(struct vcpu *v, union argument *a, uint64_t at) {
  return port_unbind(v->domain, a->port);
}

static void status_fill_far(struct evtchn_status *op, struct channel_far far) {
  op->status = far.port ? EVTCHNSTAT_interdomain : EVTCHNSTAT_unbound;
  if (far.port) {
    op->u.interdomain.dom = far.domid;
    op->u.interdomain.port = far.port;
  } else {
    op->u.unbound.dom = far.domid;
  }
}

static void status_fill(const struct domain *d, struct evtchn_status *op,
                        const struct xen_port *slot) {
  memset(&op->u, 0, sizeof(op->u));
  op->status = slot->state;
  op->vcpu = slot->vcpu;
  if (is_far(slot))
    status_fill_far(op, channel_far(d->stub, op->port));
  if (slot->state == EVTCHNSTAT_unbound)
    op->u.unbound.dom = slot->remote_domid;
  if (slot->state == EVTCHNSTAT_virq)
    op->u.virq = slot->virq;
  if (slot->state == EVTCHNSTAT_interdomain) {
    op->u.interdomain.dom = slot->remote_domid;
    op->u.interdomain.port = slot->remote_port;
  }
}

static int64_t status(struct vcpu *v, union argument *a, uint64_t at) {
  struct evtchn_status *op = &a->status;
  spin_lock(&v->domain->personality.lock);
  const struct xen_port *slot = port_of(v->domain, op->port);
  if (slot)
    status_fill(v->domain, op, slot);
  spin_unlock(&v->domain->personality.lock);
  return slot ? copy_out(at, op, sizeof(*op)) : -XEN_EINVAL;
}

/* The lock is held. */
static void close_all(struct domain *d) {
  for (uint32_t port = 1; port < port_end(d); port++) {
    struct xen_port *slot = port_of(d, port);
    if (slot && slot->state != EVTCHNSTAT_closed)
      port_close(d, port, slot);
  }
}

static int64_t reset(struct vcpu *v, union argument *a, uint64_t at) {
  spin_lock(&v->domain->personality.lock);
  close_all(v->domain);
  if (ENABLED(CONFIG_XEN_EVTCHN_FIFO))
    fifo_end(v->domain);
  spin_unlock(&v->domain->personality.lock);
  return 0;
}

/* No domain has a physical interrupt. */
static int64_t bind_pirq(struct vcpu *v, union argument *a, uint64_t at) {
  return -XEN_EPERM;
}

static int64_t init_control(struct vcpu *v, union argument *a, uint64_t at) {
  return ENABLED(CONFIG_XEN_EVTCHN_FIFO) ? fifo_init_control(v, &a->init_control, at) : -XEN_ENOSYS;
}

static int64_t expand_array(struct vcpu *v, union argument *a, uint64_t at) {
  return ENABLED(CONFIG_XEN_EVTCHN_FIFO) ? fifo_expand_array(v, &a->expand_array) : -XEN_ENOSYS;
}

static int64_t set_priority(struct vcpu *v, union argument *a, uint64_t at) {
  return ENABLED(CONFIG_XEN_EVTCHN_FIFO) ? fifo_set_priority(v, &a->set_priority) : -XEN_ENOSYS;
}

static const struct operation {
  int64_t (*fn)(struct vcpu *v, union argument *a, uint64_t at);
  uint8_t size;      /* of its argument */
  bool names_domain; /* at its start, and it has to be the caller's own */
} operations[] = {
    [EVTCHNOP_bind_interdomain] = {bind_interdomain, sizeof(struct evtchn_bind_interdomain), false},
    [EVTCHNOP_bind_virq] = {bind_virq, sizeof(struct evtchn_bind_virq), false},
    [EVTCHNOP_bind_pirq] = {bind_pirq, 0, false},
    [EVTCHNOP_close] = {close, sizeof(uint32_t), false},
    [EVTCHNOP_send] = {send, sizeof(uint32_t), false},
    [EVTCHNOP_status] = {status, sizeof(struct evtchn_status), true},
    [EVTCHNOP_alloc_unbound] = {alloc_unbound, sizeof(struct evtchn_alloc_unbound), true},
    [EVTCHNOP_bind_ipi] = {bind_ipi, sizeof(struct evtchn_bind_ipi), false},
    [EVTCHNOP_bind_vcpu] = {bind_vcpu, sizeof(struct evtchn_bind_vcpu), false},
    [EVTCHNOP_unmask] = {unmask, sizeof(uint32_t), false},
    [EVTCHNOP_reset] = {reset, sizeof(uint16_t), true},
    [EVTCHNOP_init_control] = {init_control, sizeof(struct evtchn_init_control), false},
    [EVTCHNOP_expand_array] = {expand_array, sizeof(struct evtchn_expand_array), false},
    [EVTCHNOP_set_priority] = {set_priority, sizeof(struct evtchn_set_priority), false},
};

int64_t hypercall_event_channel_op(struct vcpu *v, const uint64_t *a) {
  union argument arg;
  if (a[0] >= (ENABLED(CONFIG_XEN_EVTCHN_FIFO) ? ARRAY_SIZE(operations) : EVTCHNOP_init_control))
    return -XEN_ENOSYS;
  const struct operation *o = &operations[a[0] % ARRAY_SIZE(operations)];
  if (copy_in(&arg, a[1], o->size))
    return -XEN_EFAULT;
  int64_t error = o->names_domain ? domid_check(v, arg.domid) : 0;
  if (a[0] != EVTCHNOP_send)
    evtchn_collect(v->domain);
  return error ? error : o->fn(v, &arg, a[1]);
}

/* --- the hypervisor's own use -------------------------------------------------------- */

void evtchn_collect(struct domain *d) {
  if (!ENABLED(CONFIG_CHANNELS) || !atomic_load(&d->stub->box_words))
    return;
  spin_lock(&d->personality.lock);
  collect(d);
  spin_unlock(&d->personality.lock);
}

/* The lock is held, or no vCPU runs yet. */
static enum status static_bind(struct domain *d) {
  for (uint32_t i = 0; i < system_config->channels.count; i++) {
    uint32_t port = channel_port(d->stub, i);
    if (!port || port >= port_end(d))
      continue;
    struct xen_port *slot = port_grow(d, port);
    if (!slot)
      return STATUS_NO_MEMORY;
    slot->state = XEN_PORT_FAR;
  }
  channel_start(d->stub);
  return STATUS_OK;
}

enum status evtchn_start(struct domain *d) {
  return ENABLED(CONFIG_CHANNELS) ? static_bind(d) : STATUS_OK;
}

bool evtchn_port_exists(struct domain *d, uint32_t port) {
  spin_lock(&d->personality.lock);
  bool exists = port_of(d, port);
  spin_unlock(&d->personality.lock);
  return exists;
}

bool evtchn_pending(struct domain *d, uint32_t port) {
  spin_lock(&d->personality.lock);
  bool pending = port < port_end(d) && event_pending(d, port);
  spin_unlock(&d->personality.lock);
  return pending;
}

struct vcpu *evtchn_notifies(struct domain *d, uint32_t port) {
  const struct xen_port *slot = port_of(d, port);
  return slot && slot->state != EVTCHNSTAT_closed ? d->vcpus[slot->vcpu] : NULL;
}

/* The lock is held. Does the port still lead where the caller believed? */
static void port_signal(struct domain *d, uint32_t port, unsigned state) {
  const struct xen_port *slot = port ? port_of(d, port) : NULL;
  if (slot && slot->state == state)
    event_raise(d, d->vcpus[slot->vcpu], port);
}

void evtchn_send_virq(struct vcpu *v, uint32_t virq) {
  spin_lock(&v->domain->personality.lock);
  port_signal(v->domain, v->personality.virq_port[virq], EVTCHNSTAT_virq);
  spin_unlock(&v->domain->personality.lock);
}

void evtchn_send_own(struct domain *d, uint32_t port) {
  spin_lock(&d->personality.lock);
  if (port == d->personality.console.port)
    port_signal(d, port, EVTCHNSTAT_interdomain);
  spin_unlock(&d->personality.lock);
}

static const struct xen_port console_end = {.state = EVTCHNSTAT_interdomain,
                                            .remote_domid = DOMID_XEN};

uint32_t evtchn_bind_own(struct domain *d) {
  int64_t port = port_bind(d, console_end);
  return port > 0 ? (uint32_t)port : 0;
}

/* The lock is held. No port may stay bound that the new layout has no bits for. The console's is
 * bound again: the lowest, as at the start. */
static void layout_change(struct domain *d, bool compat) {
  struct personality_domain *p = &d->personality;
  bool console = p->console.port;
  close_all(d);
  p->compat = compat;
  event_init(d);
  (void)evtchn_start(d); /* cannot fail: the tables of these ports are there */
  if (console)
    p->console.port = (uint32_t)port_take(d, console_end);
}

/* FIFO events do not stand in the shared info: then all ports stay. */
void evtchn_set_layout(struct domain *d, bool compat) {
  struct personality_domain *p = &d->personality;
  spin_lock(&p->lock);
  if (fifo_on(d))
    p->compat = compat;
  else
    layout_change(d, compat);
  spin_unlock(&p->lock);
}

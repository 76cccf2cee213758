/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domctl, for a domain that watches the others' lives (a store): which of them
 * started, ended or stopped. VIRQ_DOM_EXC tells it to ask. Everything else that
 * domctl could do takes authority over a domain, which nobody has.
 */
#include <abi/xen/domctl.h>
#include <xen/internal.h>

static void state_fill(struct xen_domctl_get_domain_state *s, struct domain_stub *d) {
  static const uint16_t of[] = {
      [DOMAIN_RUNNING] = XEN_DOMCTL_GETDOMSTATE_STATE_EXIST,
      [DOMAIN_ENDING] = XEN_DOMCTL_GETDOMSTATE_STATE_EXIST | XEN_DOMCTL_GETDOMSTATE_STATE_SHUTDOWN |
                        XEN_DOMCTL_GETDOMSTATE_STATE_DYING,
      [DOMAIN_STOPPED] = 0,
  };
  memset(s, 0, sizeof(*s));
  spin_lock(&d->life_lock);
  s->state = of[d->state];
  s->unique_id = (uint64_t)d->domid << 32 | atomic_read(&d->lives);
  spin_unlock(&d->life_lock);
}

/* The flag goes before the state is looked at: a change behind that sets it again. */
static struct domain_stub *changed_take(struct domain_stub *watcher) {
  for (unsigned i = 0; i < domain_count; i++)
    if (bit_test(watcher->changed, i) && bit_test_and_clear(watcher->changed, i))
      return &domains[i];
  return NULL;
}

static int64_t get_domain_state(struct domain_stub *watcher, struct xen_domctl *op) {
  bool any = op->domain == DOMID_INVALID;
  struct domain_stub *d = any ? changed_take(watcher) : domain_find(op->domain);
  if (!d)
    return any ? -XEN_ENOENT : -XEN_ESRCH;
  op->domain = d->domid;
  state_fill(&op->state, d);
  return any || op->state.state ? 0 : -XEN_ESRCH;
}

int64_t hypercall_domctl(struct vcpu *v, const uint64_t *a) {
  struct domain_stub *own = v->stub->domain;
  struct xen_domctl op;
  if (!(own->config->flags & MANIFEST_DOMAIN_WATCHES))
    return -XEN_EPERM;
  if (copy_in(&op, a[0], sizeof(op)))
    return -XEN_EFAULT;
  if (op.cmd != XEN_DOMCTL_get_domain_state)
    return -XEN_EPERM;
  int64_t error = get_domain_state(own, &op);
  return error ? error : copy_out(a[0], &op, sizeof(op));
}

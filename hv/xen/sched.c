/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_op: giving up the CPU, waiting for events, and ending the domain
 * (libxen-dev 4.17, xen/sched.h).
 */
#include <abi/xen/sched.h>
#include <sched.h>
#include <xen/internal.h>

#define POLL_PORTS_MAX 128

/* Mail that the personality answers; the rest is for the next entry to look at. */
#define OWN_MAIL                                                                                   \
  (BIT(MAIL_TIMER) | BIT(MAIL_PERIODIC) | BIT(MAIL_POLL_TIMEOUT) | BIT(MAIL_CONSOLE) |             \
   BIT(MAIL_EVENT) | BIT(MAIL_DEBUG) | BIT(MAIL_FAR) | BIT(MAIL_LIVES) | BIT(MAIL_SERIAL))

/* Sleep until there is mail and turn it into events. False: there is something that the thread
 * must go back to its entry for. */
static bool wait_for_mail(struct vcpu *v) {
  vcpu_block();
  personality_prepare_entry(v, atomic_and(&v->stub->mail, ~OWN_MAIL) & OWN_MAIL);
  return !atomic_load(&v->stub->mail) && !atomic_load(&v->stub->park);
}

/* The upcall mask ends with the call, so that no event can come between the guest's last look
 * and its sleep. With interrupts off an event still ends the wait, as on Xen. */
static int64_t block(struct vcpu *v) {
  struct vcpu_info *info = v->personality.info;
  if (info)
    atomic_store(&info->evtchn_upcall_mask, 0);
  while (!personality_has_event(v) && !arch_vcpu_can_take_interrupt(v) && wait_for_mail(v))
    ;
  return 0;
}

/* --- poll ---------------------------------------------------------------------------- */

struct poll {
  struct sched_poll arg;
  uint32_t ports[POLL_PORTS_MAX];
};

static int64_t poll_in(struct vcpu *v, uint64_t arg, struct poll *p) {
  if (struct_in(v, &p->arg, sizeof(p->arg), arg, "lwq"))
    return -XEN_EFAULT;
  if (p->arg.nr_ports > POLL_PORTS_MAX)
    return -XEN_EINVAL;
  if (copy_in(p->ports, p->arg.ports, p->arg.nr_ports * sizeof(p->ports[0])))
    return -XEN_EFAULT;
  for (uint32_t i = 0; i < p->arg.nr_ports; i++)
    if (!evtchn_port_exists(v->domain, p->ports[i]))
      return -XEN_EINVAL;
  return 0;
}

static bool poll_done(struct vcpu *v, const struct poll *p) {
  evtchn_collect(v->domain);
  for (uint32_t i = 0; i < p->arg.nr_ports; i++)
    if (evtchn_pending(v->domain, p->ports[i]))
      return true;
  return p->arg.timeout && time_now() >= p->arg.timeout;
}

/* The bit is set (full barrier) before the ports are looked at; a sender sets the port's bit (full
 * barrier) before it looks for pollers. One of the two sees the other. */
static int64_t poll(struct vcpu *v, uint64_t arg) {
  struct poll p;
  uint64_t *polling = v->stub->domain->polling;
  int64_t error = poll_in(v, arg, &p);
  if (error)
    return error;
  atomic_write(&v->personality.poll_port, p.arg.nr_ports == 1 ? p.ports[0] : 0);
  (void)bit_test_and_set(polling, v->id);
  if (p.arg.timeout)
    timer_set(&v->stub->poll_timer, p.arg.timeout);
  while (!poll_done(v, &p) && wait_for_mail(v))
    ;
  timer_stop(&v->stub->poll_timer);
  (void)bit_test_and_clear(polling, v->id);
  return 0;
}

/* --- the end of the domain --------------------------------------------------------------- */

static enum domain_end end_of(uint32_t reason) {
  switch (reason) {
  case SHUTDOWN_poweroff:
    return DOMAIN_END_POWEROFF;
  case SHUTDOWN_reboot:
    return DOMAIN_END_REBOOT;
  case SHUTDOWN_soft_reset:
    return DOMAIN_END_SOFT_RESET;
  default: /* crash, watchdog, and what no reason of the ABI is */
    return DOMAIN_END_CRASH;
  }
}

/* A suspend that nobody would ever resume counts as cancelled, which the ABI reports as 1. */
static int64_t shutdown(struct vcpu *v, uint64_t arg) {
  uint32_t reason;
  if (copy_in(&reason, arg, sizeof(reason)))
    return -XEN_EFAULT;
  if (v->domain->personality.shutdown_code >= 0)
    reason = (uint32_t)v->domain->personality.shutdown_code;
  if (reason == SHUTDOWN_suspend)
    return 1;
  if (end_of(reason) == DOMAIN_END_CRASH)
    domain_crash("its guest said so (shutdown reason %u)", reason);
  else
    domain_end(v->stub->domain, end_of(reason));
  return 0;
}

static int64_t shutdown_code(struct vcpu *v, uint64_t arg) {
  uint32_t reason;
  if (copy_in(&reason, arg, sizeof(reason)))
    return -XEN_EFAULT;
  if (v->domain->personality.shutdown_code < 0)
    v->domain->personality.shutdown_code = (uint8_t)reason;
  return 0;
}

static int64_t remote_shutdown(struct vcpu *v, uint64_t arg) {
  struct sched_remote_shutdown op;
  if (copy_in(&op, arg, sizeof(op)))
    return -XEN_EFAULT;
  int64_t error = domid_check(v, op.domain_id);
  return error ? error : -XEN_EPERM; /* itself is not remote */
}

int64_t hypercall_sched_op(struct vcpu *v, const uint64_t *a) {
  int32_t pcpu;
  switch (a[0]) {
  case SCHEDOP_yield:
    console_glance(v->domain); /* a console driver yields while its ring is full */
    sched_yield();
    return 0;
  case SCHEDOP_block:
    return block(v);
  case SCHEDOP_shutdown:
    return shutdown(v, a[1]);
  case SCHEDOP_poll:
    return poll(v, a[1]);
  case SCHEDOP_remote_shutdown:
    return remote_shutdown(v, a[1]);
  case SCHEDOP_shutdown_code:
    return shutdown_code(v, a[1]);
  case SCHEDOP_watchdog:
    return ENABLED(CONFIG_XEN_WATCHDOG) ? watchdog_op(v, a[1]) : -XEN_ENOSYS;
  case SCHEDOP_pin_override: /* the system file pins */
    return copy_in(&pcpu, a[1], sizeof(pcpu)) ? -XEN_EFAULT : -XEN_EPERM;
  default:
    return -XEN_ENOSYS;
  }
}

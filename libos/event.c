/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels and the loop (libos/event.h). Interrupts are off but in cpu_sleep: an upcall only
 * wakes the loop, which finds the pending ports itself.
 */
#include <abi/xen/errno.h>
#include <abi/xen/event_channel.h>
#include <abi/xen/hvm.h>
#include <abi/xen/memory.h>
#include <abi/xen/sched.h>
#include <libos/domain.h>
#include <libos/event.h>
#include <libos/hypercall.h>
#include <libos/page.h>

#include "internal.h"

struct handler {
  void (*call)(uint32_t port, void *arg);
  void *arg;
};

#define PORTS_A_PAGE (PAGE_SIZE / sizeof(struct handler))

struct shared_info *shared_info;
struct vcpu_info *vcpu_info;

static struct handler *handlers[EVENT_PORTS / PORTS_A_PAGE];
static uint64_t armed; /* the deadline that the hypervisor knows; 0 or past: none */
static struct timer *timers;
static uint32_t turn; /* of the loop: what a timer sets in one fires in the next */
static uint32_t timer_port;
static bool stopped;

static int64_t event_op(unsigned op, void *arg) {
  return hypercall3(__HYPERVISOR_event_channel_op, op, (uintptr_t)arg, 0);
}

/* --- Ports --------------------------------------------------------------------------------- */

int event_alloc(uint16_t remote) {
  struct evtchn_alloc_unbound arg = {.dom = DOMID_SELF, .remote_dom = remote};
  int64_t error = event_op(EVTCHNOP_alloc_unbound, &arg);
  return error ? (int)error : (int)arg.port;
}

int event_bind(uint16_t remote, uint32_t remote_port) {
  struct evtchn_bind_interdomain arg = {.remote_dom = remote, .remote_port = remote_port};
  int64_t error = event_op(EVTCHNOP_bind_interdomain, &arg);
  return error ? (int)error : (int)arg.local_port;
}

int event_bind_virq(unsigned virq) {
  struct evtchn_bind_virq arg = {.virq = virq};
  int64_t error = event_op(EVTCHNOP_bind_virq, &arg);
  return error ? (int)error : (int)arg.port;
}

int event_send(uint32_t port) {
  return (int)event_op(EVTCHNOP_send, &port); /* struct evtchn_send is the port alone */
}

int event_close(uint32_t port) {
  if (event_handle(port, NULL, NULL))
    return -XEN_EINVAL;
  return (int)event_op(EVTCHNOP_close, &port);
}

/* --- Handlers ------------------------------------------------------------------------------ */

static struct handler *handler_of(uint32_t port) {
  struct handler *page = port < EVENT_PORTS ? handlers[port / PORTS_A_PAGE] : NULL;
  return page ? &page[port % PORTS_A_PAGE] : NULL;
}

static void mask(uint32_t port) {
  __atomic_fetch_or(&shared_info->evtchn_mask[port / 64], 1ull << (port % 64), __ATOMIC_SEQ_CST);
}

int event_handle(uint32_t port, void (*handler)(uint32_t port, void *arg), void *arg) {
  if (port >= EVENT_PORTS)
    return -XEN_EINVAL;
  if (port == timer_port)
    return -XEN_EBUSY;
  struct handler **page = &handlers[port / PORTS_A_PAGE];
  if (!*page && handler)
    *page = page_alloc(1);
  if (!*page)
    return handler ? -XEN_ENOMEM : 0;
  (*page)[port % PORTS_A_PAGE] = (struct handler){handler, arg};
  if (handler)
    return (int)event_op(EVTCHNOP_unmask, &port);
  mask(port);
  return 0;
}

void event_again(uint32_t port) {
  __atomic_fetch_or(&shared_info->evtchn_pending[port / 64], 1ull << (port % 64), __ATOMIC_SEQ_CST);
  __atomic_fetch_or(&vcpu_info->evtchn_pending_sel, 1ull << (port / 64), __ATOMIC_SEQ_CST);
}

/* Clears the pending bit; whether it was set. */
static bool take(uint32_t port) {
  uint64_t bit = 1ull << (port % 64);
  return __atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

static void port_turn(uint32_t port) {
  struct handler *h = handler_of(port);
  if (!h || !h->call)
    mask(port); /* stays pending for event_wait or a handler to come */
  else if (take(port))
    h->call(port, h->arg);
}

static void word_turn(unsigned word) {
  uint64_t bits = __atomic_load_n(&shared_info->evtchn_pending[word], __ATOMIC_SEQ_CST) &
                  ~shared_info->evtchn_mask[word];
  for (; bits; bits &= bits - 1)
    port_turn(64 * word + __builtin_ctzll(bits));
}

/* True if any port was pending. */
static bool ports_turn(void) {
  __atomic_store_n(&vcpu_info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
  uint64_t words = __atomic_exchange_n(&vcpu_info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
  bool any = words;
  for (; words; words &= words - 1)
    word_turn(__builtin_ctzll(words));
  return any;
}

/* --- Time ---------------------------------------------------------------------------------- */

static uint64_t scale(uint64_t ticks, uint32_t multiplier, int8_t shift) {
  ticks = shift < 0 ? ticks >> -shift : ticks << shift;
  return (uint64_t)(((unsigned __int128)ticks * multiplier) >> 32);
}

uint64_t clock_now(void) {
  const volatile struct vcpu_time_info *t = &vcpu_info->time;
  static uint64_t last;
  uint32_t version;
  uint64_t now;
  do {
    version = t->version;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* only this CPU writes it, between our instructions */
    now = t->system_time + scale(cpu_tsc() - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  } while ((version & 1) || version != t->version);
  last = MAX(last, now);
  return last;
}

uint64_t clock_wall(void) {
  const volatile struct shared_info *s = shared_info;
  uint64_t base;
  uint32_t version;
  do {
    version = s->wc_version;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    base = ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec) * SECOND + s->wc_nsec;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  } while ((version & 1) || version != s->wc_version);
  return base + clock_now();
}

void timer_stop(struct timer *t) {
  struct timer **at = &timers;
  if (!t->set)
    return;
  while (*at != t)
    at = &(*at)->next;
  *at = t->next;
  t->set = false;
}

void timer_start(struct timer *t, uint64_t deadline) {
  struct timer **at = &timers;
  timer_stop(t);
  while (*at && (*at)->deadline <= deadline)
    at = &(*at)->next;
  *t = (struct timer){deadline, t->fire, *at, true, turn};
  *at = t;
}

static struct timer *due(uint64_t now) {
  struct timer *t = timers;
  while (t && t->deadline <= now && t->turn == turn)
    t = t->next;
  return t && t->deadline <= now ? t : NULL;
}

/* True if any was due. What they set for now or earlier waits for the next turn, so that the ports
 * have theirs in between. */
static bool timers_turn(void) {
  if (!timers)
    return false;
  uint64_t now = clock_now();
  turn++;
  bool any = due(now);
  for (struct timer *t; (t = due(now));) {
    timer_stop(t);
    t->fire(t);
  }
  return any;
}

/* --- The loop ------------------------------------------------------------------------------ */

void event_sleep(uint64_t deadline) {
  if (deadline && deadline <= clock_now())
    return;
  if (deadline && deadline != armed)
    hypercall3(__HYPERVISOR_set_timer_op, deadline, 0, 0);
  if (deadline)
    armed = deadline;
  if (!__atomic_load_n(&vcpu_info->evtchn_pending_sel, __ATOMIC_SEQ_CST))
    cpu_sleep();
}

void event_loop(void) {
  stopped = false;
  while (!stopped) {
    bool any = ports_turn();
    any |= timers_turn();
    if (!any && !stopped)
      event_sleep(timers ? MAX(timers->deadline, 1) : 0);
  }
}

void event_loop_stop(void) {
  stopped = true;
}

bool event_wait(uint32_t port, uint64_t deadline) {
  struct sched_poll arg = {.ports = (uintptr_t)&port, .nr_ports = 1, .timeout = deadline};
  while (!take(port)) {
    if (clock_now() >= deadline)
      return false;
    hypercall3(__HYPERVISOR_sched_op, SCHEDOP_poll, (uintptr_t)&arg, 0);
  }
  return true;
}

static void timer_came(uint32_t port, void *arg) {
  (void)port;
  (void)arg;
  armed = 0;
}

void event_init(void) {
  shared_info = page_window_alloc(1);
  struct xen_add_to_physmap place = {
      .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = page_gfn(shared_info)};
  if (hypercall3(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)&place, 0))
    panic("no shared info page");
  vcpu_info = &shared_info->vcpu_info[0];
  for (unsigned i = 0; i < COUNT(shared_info->evtchn_mask); i++)
    shared_info->evtchn_mask[i] = ~0ull;
  struct xen_hvm_param callback = {.domid = DOMID_SELF,
                                   .index = HVM_PARAM_CALLBACK_IRQ,
                                   .value = (uint64_t)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 |
                                            TRAP_UPCALL};
  if (hypercall3(__HYPERVISOR_hvm_op, HVMOP_set_param, (uintptr_t)&callback, 0))
    panic("no event upcalls");
  int port = event_bind_virq(VIRQ_TIMER);
  if (port < 0 || event_handle((uint32_t)port, timer_came, NULL))
    panic("no timer");
  timer_port = (uint32_t)port;
}

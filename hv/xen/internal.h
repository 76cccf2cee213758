/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the Xen personality share. Nothing outside hv/xen
 * includes this.
 *
 * A handler gets the calling vCPU and the five arguments and returns what the
 * guest finds in its result register: 0, a number, or a negated XEN_E*. It
 * runs on the vCPU's own thread and may be switched out where it calls
 * call_pause or vcpu_block, with no lock held.
 */
#ifndef XEN_INTERNAL_H
#define XEN_INTERNAL_H

#include <abi/xen/compat.h>
#include <abi/xen/errno.h>
#include <abi/xen/xen.h>
#include <arch/arch.h>
#include <channel.h>
#include <domain.h>
#include <guest.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <policy.h>

/* --- hypercall.c, errno.c ------------------------------------------------------ */

int64_t hypercall_dispatch(struct vcpu *v, uint64_t nr, const uint64_t a[3]);
/* The errno of a status of core, negated; 0 for OK. */
int64_t xen_errno(enum status s);
/* May the current domain name `domid` here? It names itself (0), nobody (-ESRCH) or a domain that
 * the policy keeps it from (-EPERM). */
int64_t domid_check(struct vcpu *v, uint16_t domid);
/* May it do this to the domain that it names? 0 and the domain's stub (which may be its own),
 * -ESRCH, or the error for what the policy forbids: -EPERM. */
int64_t domid_allowed(struct vcpu *v, uint16_t domid, enum policy_op op,
                      struct domain_stub **other);
/* Between the pieces of a long call: gives way to others. False: the domain is ending, give up. */
bool call_pause(struct vcpu *v);
/* guest_read and guest_write by a bare argument, with -EFAULT. */
int64_t copy_in(void *dst, uint64_t src, size_t n);
int64_t copy_out(uint64_t dst, const void *src, size_t n);
/* copy_in of a structure of n bytes that a 32-bit caller lays out in its own way. `members` has a
 * letter for each member: h, w, q for 16, 32, 64 bits, l for a long, a frame number or a pointer.
 */
int64_t struct_in(struct vcpu *v, void *dst, size_t n, uint64_t src, const char *members);

/* Did the call at hand come from a 32-bit mode; has the domain's shared info that layout? */
static inline bool call_compat(const struct vcpu *v) {
  return ENABLED(CONFIG_GUEST_32BIT) && v->personality.compat_call;
}
static inline bool domain_compat(const struct domain *d) {
  return ENABLED(CONFIG_GUEST_32BIT) && d->personality.compat;
}
/* Bytes of the guest's long, pointer and frame number. */
static inline size_t call_word(const struct vcpu *v) {
  return call_compat(v) ? 4 : 8;
}

/* --- event.c: the two levels of pending bits ------------------------------------ */

/* Ports of the layout that the domain has. */
static inline bool fifo_on(const struct domain *d) {
  return ENABLED(CONFIG_XEN_EVTCHN_FIFO) && d->personality.fifo.on;
}
static inline uint32_t event_ports(const struct domain *d) {
  return domain_compat(d) && !fifo_on(d) ? 1024 : 4096;
}
/* Nothing pending, nothing masked, the shared info behind the vcpu_info array zeroes. */
void event_init(struct domain *d);
/* Make a port pending for the vCPU; wakes pollers. */
void event_raise(struct domain *d, struct vcpu *v, uint32_t port);
void event_unmask(struct domain *d, struct vcpu *v, uint32_t port);
/* The table's lock is held, as in all that follow here. */
bool event_pending(const struct domain *d, uint32_t port);
void event_clear(struct domain *d, uint32_t port);
/* Everything selected and an upcall due: nothing that stood in an old vcpu_info gets lost. */
void event_select_all(struct vcpu *v);
/* The vCPU's vector is new: an upcall that is due goes there. */
void event_reassert(struct vcpu *v);

/* The vCPU has something new: the flag of its vcpu_info, if it has one, and its vector or mail. */
void event_upcall(struct vcpu *v);

/* --- event_fifo.c: the same by the FIFO ABI; the table's lock is held -------------- */

/* False: it was pending already. */
bool fifo_raise(struct domain *d, struct vcpu *v, uint32_t port);
void fifo_unmask(struct domain *d, struct vcpu *v, uint32_t port);
bool fifo_pending(const struct domain *d, uint32_t port);
/* Also: its priority is the usual one again. */
void fifo_clear(struct domain *d, uint32_t port);
/* Back to the 2-level ABI. */
void fifo_end(struct domain *d);
struct evtchn_init_control;
struct evtchn_expand_array;
struct evtchn_set_priority;
/* Without the lock, as handlers. */
int64_t fifo_init_control(struct vcpu *v, struct evtchn_init_control *op, uint64_t at);
int64_t fifo_expand_array(struct vcpu *v, const struct evtchn_expand_array *op);
int64_t fifo_set_priority(struct vcpu *v, const struct evtchn_set_priority *op);

/* --- evtchn.c: the table of ports ------------------------------------------------ */

int64_t hypercall_event_channel_op(struct vcpu *v, const uint64_t *a);
/* Binds the ports that the system file binds. NO_MEMORY. */
enum status evtchn_start(struct domain *d);
/* Makes pending what has come from other domains. */
void evtchn_collect(struct domain *d);
bool evtchn_port_exists(struct domain *d, uint32_t port);
bool evtchn_pending(struct domain *d, uint32_t port);
/* The vCPU that a bound port notifies, or NULL. The table's lock is held. */
struct vcpu *evtchn_notifies(struct domain *d, uint32_t port);
/* VIRQ_* of this vCPU, if it is bound. */
void evtchn_send_virq(struct vcpu *v, uint32_t virq);
/* A signal of the hypervisor's own on a port that is bound to it. */
void evtchn_send_own(struct domain *d, uint32_t port);
/* A port bound to the hypervisor; 0 when there is none left. */
uint32_t evtchn_bind_own(struct domain *d);
/* The shared info gets the layout. By the 2-level ABI every port is then closed but those that are
 * bound from the start. */
void evtchn_set_layout(struct domain *d, bool compat);

/* --- domain.c: shared info, vcpu_info, life --------------------------------------- */

/* The layout becomes the caller's; its event bits and wall clock start anew if that is another. */
void shared_latch(struct vcpu *v, bool compat);
/* A second mapping of a page of guest RAM; NULL and the error (-EINVAL, -ENOMEM). */
void *guest_page_pin(struct domain *d, uint64_t gfn, int64_t *error);
int64_t vcpu_info_register(struct vcpu *caller, struct vcpu *v, uint64_t arg);

/* --- clock.c: pvclock, runstate, timers --------------------------------------------- */

void clock_wallclock(struct domain *d);
int64_t clock_register(struct vcpu *caller, struct vcpu *v, uint64_t arg);
int64_t runstate_register(struct vcpu *caller, struct vcpu *v, uint64_t arg);
int64_t runstate_query(struct vcpu *caller, struct vcpu *v, uint64_t arg);
void runstate_write(struct vcpu *v);
void timers_init(struct vcpu_stub *s);
void timers_stop(struct vcpu_stub *s);
int64_t timer_op(struct vcpu *caller, struct vcpu *v, uint64_t op, uint64_t arg);
int64_t hypercall_set_timer_op(struct vcpu *v, const uint64_t *a);

/* --- the others ---------------------------------------------------------------------- */

int64_t hypercall_memory_op(struct vcpu *v, const uint64_t *a);
int64_t hypercall_xen_version(struct vcpu *v, const uint64_t *a);
int64_t hypercall_sched_op(struct vcpu *v, const uint64_t *a);
int64_t hypercall_vcpu_op(struct vcpu *v, const uint64_t *a);
int64_t hypercall_vm_assist(struct vcpu *v, const uint64_t *a);
int64_t hypercall_domctl(struct vcpu *v, const uint64_t *a);
int64_t hypercall_hvm_op(struct vcpu *v, const uint64_t *a);
int64_t hypercall_console_io(struct vcpu *v, const uint64_t *a);
int64_t hypercall_multicall(struct vcpu *v, const uint64_t *a);
/* The value that MANIFEST and guest see as XENVER_version. */
#define XEN_VERSION (4u << 16 | 17)
/* The channel of that kind whose client the domain is (CONSOLE, STORE: it has one at most), or
 * NULL. */
const struct manifest_channel *ring_channel(const struct domain *d, uint16_t kind);
/* HVM_PARAM_*: the start values, with the pages and ports of console and store. */
void hvm_params_init(struct domain *d);

/* Take the page at `gfn` out of the guest's map; what it was goes to physmap_free. NOT_FOUND;
 * NO_MEMORY, nothing changed. */
enum status physmap_take(struct domain *d, uint64_t gfn, struct p2m_entry *old);
/* Flush, then free those of the entries that are RAM. */
void physmap_free(struct domain *d, const struct p2m_entry *e, unsigned n);

/* --- grants: grant.c (calls), grant_table.c (the granter's side), grant_map.c, grant_copy.c ----
 */

struct gnttab_map_grant_ref;
struct gnttab_unmap_grant_ref;
struct gnttab_copy;

int64_t hypercall_grant_table_op(struct vcpu *v, const uint64_t *a);
/* A table of one page and no handle. grants_fini takes what the domain has mapped of others, then
 * its own table, out of the map and frees it; may be switched out, also after an init that came
 * halfway. NO_MEMORY. */
enum status grants_init(struct domain *d);
void grants_fini(struct domain *d);

/* The domain that a call names, itself included; NULL and the status: none such (bad_domain), or
 * none whose grants the caller may use (permission_denied). */
struct domain_stub *grants_of(const struct vcpu *v, uint16_t domid, int16_t *status);
/* Let the table have so many pages; gives way between two. NO_MEMORY; RANGE beyond the limit. */
enum status grant_table_grow(struct domain *d, uint32_t frames);
/* Ends the table: out of the map, freed. */
void grant_table_close(struct domain *d);
/* Count a use of one entry by `user`, take a reference to its page and say so in the entry.
 * Returns GNTST_*. The granter's lock is taken. */
int16_t grant_acquire(struct domain_stub *granter, uint32_t ref, uint16_t user, bool readonly,
                      struct grant_use *use);
/* The end of the use: no translation to the frame is left (p2m_flush). */
void grant_release(const struct grant_use *use);
int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b);
/* An entry of the table's first page that is there before the guest runs. */
void grant_preset(struct domain *d, uint32_t ref, uint16_t user, uint64_t gfn);
/* Is a page of the table mapped at `gfn`? Then it no longer is: the caller took it out. */
void grant_frame_left(struct domain *d, uint64_t gfn);

/* Entries that have left the map and wait for one flush. */
#define UNMAP_BATCH 32
struct unmap_batch {
  unsigned n;
  uint32_t handle[UNMAP_BATCH];
};
int16_t grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op);
int16_t grant_unmap(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
                    struct unmap_batch *batch);
void grant_unmap_finish(struct domain *d, struct unmap_batch *batch);
/* At the end of the domain: nobody else calls. May be switched out. */
void grant_unmap_all(struct domain *d);
int16_t grant_copy(struct vcpu *v, const struct gnttab_copy *op);

/* decrease_reservation, populate_physmap: extents done. */
int64_t balloon_op(struct vcpu *v, uint64_t op, uint64_t arg);
int64_t resource_acquire(struct vcpu *v, uint64_t arg);
/* Put page `idx` of the grant table at `to`, from where it is; one that is not there is made.
 * -EINVAL beyond the limit, or what the map says. */
int64_t grant_table_place(struct domain *d, uint64_t idx, uint64_t to);

int64_t vcpu_initialise(struct vcpu *v, uint64_t arg);
int64_t vcpu_up(struct vcpu *v);

int64_t watchdog_op(struct vcpu *v, uint64_t arg);
void watchdogs_init(struct domain *d);

/* Pins the ring's page and binds its port; without the manifest's flag there is none. */
enum status console_ring_init(struct domain *d);
void console_ring_fini(struct domain *d);
/* Moves bytes both ways until nothing is left to do. On any thread of the domain. */
void console_ring_serve(struct domain *d);
/* The same if the guest has written something: a glance that costs nothing. */
void console_ring_glance(struct domain *d);

static inline void console_serve(struct domain *d) {
  if (ENABLED(CONFIG_XEN_CONSOLE_RING))
    console_ring_serve(d);
}
static inline void console_glance(struct domain *d) {
  if (ENABLED(CONFIG_XEN_CONSOLE_RING))
    console_ring_glance(d);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event ports that lead to another domain: what both sides must reach stands in
 * the shared part, in the stub of the domain that owns the port. Two structures:
 *
 *   ends[port]  the route: which declared channel, the port at its other end, the
 *               vCPU to tell. Guarded by that channel's lock, from both sides.
 *   box         one bit a port: events that have come and wait to be made pending
 *               in the guest's pages by a vCPU of the owner
 *
 * A port is opened and closed by its owner alone, which calls these functions with
 * its own table of ports locked (`evtchn` in the lock order); `channel` comes after
 * it, and no two channels' locks are ever held together. Between a pair of domains
 * the lock is that of the first channel by which the policy allows events.
 * channel_none.c is the twin of a build without channels.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <domain.h>

struct channel_end {
  uint16_t channel; /* index + 1, 0: the port leads to no other domain. Changed by the owner */
  uint16_t vcpu;    /* of the owner */
  uint32_t far;     /* the other end's port, 0: nobody is bound to this one */
};

/* Boot: a lock for each channel of the system file. What a stub has of ports (`ends`, `end_count`,
 * `box`) the builder gives to each domain that the policy allows events with another; then
 * channel_stop puts it in order. */
void channel_init(struct spinlock *locks);

/* The closed port now waits for the other domain of the channel. */
void channel_open(struct domain_stub *d, uint32_t port, unsigned channel);
/* The closed port is bound to one that waits for this domain. INVALID: that one does not. */
enum status channel_join(struct domain_stub *d, uint32_t port, unsigned channel, uint32_t far);
/* The other end, if there is one, waits again. No event comes for the port any more. */
void channel_close(struct domain_stub *d, uint32_t port);
/* An event for the other end: nothing happens if nobody is bound to it. */
void channel_send(struct domain_stub *d, uint32_t port);
/* The vCPU to tell from now on. What has come before may have been told to the old one: collect. */
void channel_move(struct domain_stub *d, uint32_t port, uint32_t vcpu);
/* The domain and the port (0: none yet) at the other end. */
struct channel_far {
  uint16_t domid;
  uint32_t port;
} channel_far(const struct domain_stub *d, uint32_t port);

/* The ports that the system file binds: open those that are closed and join those whose other end
 * waits; each is sent one event, in place of those that nobody was there to hear. At the
 * domain's start, and when all its ports have been closed. */
void channel_start(struct domain_stub *d);
/* The domain's end: closes all its ports, then lets those of the system file wait for the others.
 */
void channel_stop(struct domain_stub *d);
/* The port that the i-th channel of the system file binds from the start in this domain; 0: none.
 */
uint32_t channel_port(const struct domain_stub *d, uint32_t i);

/* --- who watches lives ------------------------------------------------------------- */

/* The domain has started, ends, or has stopped: tell those whose system file says so (MAIL_LIVES).
 * Holds no lock. */
void channel_tell_watchers(const struct domain_stub *d);

#endif

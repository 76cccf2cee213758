/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event ports between two domains. The guest ABI above decides what a port is;
 * here is what crosses: a bit in the other domain's box, and mail for its vCPU.
 *
 *   sender                                  owner
 *   ends[] -> box bit -> summary bit        mail -> summary bit -> box bits -> guest's pages
 *             (full barriers)               (full barriers)
 *
 * One of the two sees the other: either the owner finds the bit, or mail for it
 * is there when it looks next. Model: tests/models/mailbox.pml.
 */
#include <channel.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <policy.h>

static struct spinlock *locks; /* one a channel of the system file */

void channel_init(struct spinlock *all) {
  locks = all;
}

/* --- routes -------------------------------------------------------------------------- */

static struct domain_stub *other_of(const struct domain_stub *d, unsigned channel) {
  const struct manifest_channel *c = &system_channels()[channel];
  return &domains[c->front == d - domains ? c->back : c->front];
}

static struct channel_end *end_of(const struct domain_stub *d, uint32_t port) {
  return port && port < d->end_count ? &d->ends[port] : NULL;
}

void channel_open(struct domain_stub *d, uint32_t port, unsigned channel) {
  spin_lock(&locks[channel]);
  d->ends[port] = (struct channel_end){.channel = (uint16_t)(channel + 1)};
  spin_unlock(&locks[channel]);
}

/* The lock is held. The other end may belong to another channel, whose lock is not: then what is
 * read of it may change, but never into this channel. */
static bool join(struct domain_stub *d, uint32_t port, unsigned channel, uint32_t far) {
  struct channel_end *other = end_of(other_of(d, channel), far);
  if (!other || atomic_read(&other->channel) != channel + 1 || other->far)
    return false;
  other->far = port;
  d->ends[port].far = far;
  return true;
}

enum status channel_join(struct domain_stub *d, uint32_t port, unsigned channel, uint32_t far) {
  spin_lock(&locks[channel]);
  d->ends[port] = (struct channel_end){.channel = (uint16_t)(channel + 1)};
  bool joined = join(d, port, channel, far);
  if (!joined)
    d->ends[port] = (struct channel_end){0};
  spin_unlock(&locks[channel]);
  return joined ? STATUS_OK : STATUS_INVALID;
}

/* Under the lock nobody is between the route and the box: with the route gone no bit comes. */
void channel_close(struct domain_stub *d, uint32_t port) {
  struct channel_end *e = &d->ends[port];
  if (!e->channel)
    return;
  unsigned channel = e->channel - 1u;
  spin_lock(&locks[channel]);
  if (e->far)
    other_of(d, channel)->ends[e->far].far = 0;
  *e = (struct channel_end){0};
  spin_unlock(&locks[channel]);
  (void)bit_test_and_clear(d->box, port);
}

void channel_move(struct domain_stub *d, uint32_t port, uint32_t vcpu) {
  struct spinlock *lock = &locks[d->ends[port].channel - 1];
  spin_lock(lock);
  d->ends[port].vcpu = (uint16_t)vcpu;
  spin_unlock(lock);
}

struct channel_far channel_far(const struct domain_stub *d, uint32_t port) {
  unsigned channel = d->ends[port].channel - 1u;
  spin_lock(&locks[channel]);
  uint32_t far = d->ends[port].far;
  spin_unlock(&locks[channel]);
  return (struct channel_far){other_of(d, channel)->domid, far};
}

/* --- sending ---------------------------------------------------------------------------- */

/* A vCPU that polls may wait for any port, whichever vCPU that tells. It sets its bit (full
 * barrier), then looks into the box; here the box has been filled (full barrier). */
static void tell_pollers(struct domain_stub *d) {
  for (uint32_t i = 0; i < DIV_ROUND_UP(d->vcpu_count, 64); i++)
    for (uint64_t word = atomic_read(&d->polling[i]); word; word &= word - 1)
      vcpu_mail(&d->vcpus[i * 64 + (uint32_t)__builtin_ctzll(word)], MAIL_FAR);
}

/* The lock is held. If the bit is set already, who set it has told or will, for it held this lock
 * and is done. */
static void post(struct domain_stub *to, uint32_t port) {
  if (bit_test_and_set(to->box, port))
    return;
  (void)atomic_or(&to->box_words, BIT(port / 64));
  vcpu_mail(&to->vcpus[to->ends[port].vcpu], MAIL_FAR);
  tell_pollers(to);
}

void channel_send(struct domain_stub *d, uint32_t port) {
  const struct channel_end *e = &d->ends[port];
  unsigned channel = e->channel - 1u;
  spin_lock(&locks[channel]);
  if (e->far)
    post(other_of(d, channel), e->far);
  spin_unlock(&locks[channel]);
}

/* --- ports that the system file binds ------------------------------------------------------- */

uint32_t channel_port(const struct domain_stub *d, uint32_t i) {
  const struct manifest_channel *c = &system_channels()[i];
  return c->front == d - domains ? c->front_port : c->back == d - domains ? c->back_port : 0;
}

/* The lock of a pair of domains is one, whichever channel binds the port. */
static unsigned pair_of(const struct domain_stub *d, uint32_t i) {
  return (unsigned)policy_channel(d, other_of(d, i), POLICY_EVENT);
}

static void static_open(struct domain_stub *d, uint32_t i) {
  uint32_t port = channel_port(d, i);
  if (port && !d->ends[port].channel)
    channel_open(d, port, pair_of(d, i));
}

static void static_join(struct domain_stub *d, uint32_t i) {
  uint32_t port = channel_port(d, i), far = channel_port(other_of(d, i), i);
  unsigned channel = pair_of(d, i);
  spin_lock(&locks[channel]);
  if (!d->ends[port].far)
    (void)join(d, port, channel, far);
  post(d, port);
  spin_unlock(&locks[channel]);
}

/* Where a port stood before, its bit may be left over: mail is sent in any case. */
void channel_start(struct domain_stub *d) {
  if (!d->ends)
    return;
  for (uint32_t i = 0; i < system_config->channels.count; i++) {
    static_open(d, i);
    if (channel_port(d, i))
      static_join(d, i);
  }
  vcpu_mail(&d->vcpus[0], MAIL_FAR);
}

void channel_stop(struct domain_stub *d) {
  for (uint32_t port = 1; port < d->end_count; port++)
    channel_close(d, port);
  for (uint32_t i = 0; d->ends && i < system_config->channels.count; i++)
    static_open(d, i);
}

/* --- who watches lives ------------------------------------------------------------------------ */

void channel_tell_watchers(const struct domain_stub *d) {
  for (unsigned i = 0; i < domain_count; i++) {
    struct domain_stub *w = &domains[i];
    if (!(w->config->flags & MANIFEST_DOMAIN_WATCHES))
      continue;
    if (w == d) /* a new life knows of nobody */
      memset(w->changed, 0xff, sizeof(w->changed));
    (void)bit_test_and_set(w->changed, (unsigned)(d - domains));
    vcpu_mail(&w->vcpus[0], MAIL_LIVES);
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: a heap for each CPU, the hardware set to its root. */
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>

static struct timer *timer_of(struct heap_node *n) {
  return container_of(n, struct timer, node);
}

uint64_t time_now(void) {
  return arch_time();
}

void timer_init(struct timer *t, void (*fn)(struct timer *t)) {
  *t = (struct timer){.fn = fn};
}

bool timer_pending(const struct timer *t) {
  return atomic_load(&t->cpu) != NULL;
}

/* Out of whichever queue it is in. t->cpu changes only under the lock of the queue that it names
 * (or, from NULL, by a compare-and-swap), so look, lock, and look again. */
void timer_stop(struct timer *t) {
  struct cpu *c;

  while ((c = atomic_load(&t->cpu)) != NULL) {
    bool found;

    spin_lock(&c->timers.lock);
    found = atomic_read(&t->cpu) == c;
    if (found) {
      heap_remove(&c->timers.heap, &t->node);
      atomic_store(&t->cpu, NULL);
    }
    spin_unlock(&c->timers.lock);
    if (found)
      return;
  }
}

/* Claim a timer that is in no queue for this one; false if another CPU was faster. Its lock is
 * held. */
static bool claim(struct timer *t, struct cpu *c) {
  struct cpu *none = NULL;

  return atomic_cas(&t->cpu, &none, c);
}

/* The hardware is not set when the earliest timer goes away: it then interrupts once for nothing,
 * which costs less than setting it each time a guest moves its timer. */
void timer_set(struct timer *t, uint64_t deadline) {
  struct cpu *c = arch_this_cpu();
  bool queued = false;

  while (!queued) {
    timer_stop(t);
    spin_lock(&c->timers.lock);
    queued = claim(t, c);
    if (queued) {
      heap_insert(&c->timers.heap, &t->node, deadline);
      if (c->timers.heap.root == &t->node)
        arch_timer_set(deadline);
    }
    spin_unlock(&c->timers.lock);
  }
}

/* Take out the first timer if it is due. */
static struct timer *take_due(struct cpu *c, uint64_t now) {
  struct timer *t = NULL;

  spin_lock(&c->timers.lock);
  struct heap_node *n = c->timers.heap.root;
  if (n && n->key <= now) {
    t = timer_of(n);
    heap_remove(&c->timers.heap, n);
    atomic_store(&t->cpu, NULL);
  }
  spin_unlock(&c->timers.lock);
  return t;
}

/* `now` is read once: a function that sets its timer to a moment that has passed since gets the
 * next interrupt, and others their turn before. */
void timer_interrupt(void) {
  struct cpu *c = arch_this_cpu();
  uint64_t now = time_now();
  struct timer *t;

  while ((t = take_due(c, now)) != NULL)
    t->fn(t);
  spin_lock(&c->timers.lock);
  arch_timer_set(c->timers.heap.root ? c->timers.heap.root->key : UINT64_MAX);
  spin_unlock(&c->timers.lock);
}

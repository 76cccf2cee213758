/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fair shares of the CPUs that nobody owns. Whoever has had least time for its
 * weight (the lowest vruntime) runs next, on whichever CPU looks first.
 *
 *   fair.groups   heap of groups, by their first vCPU's vruntime
 *      |
 *      +-- group: heap of waiting vCPUs, by vruntime     all under one lock
 *      +-- group ...
 *
 * Time is charged only while somebody waits: a clock, `contended`, stands still
 * otherwise, so that using an idle machine earns no debt. A sleeper comes back
 * at most one slice ahead of the others.
 *
 * Cores. A group is what may share a core's threads: a domain, or all domains
 * that allow sharing. A thread may take a vCPU only of the group that runs on
 * its core, any if none does. When a vCPU of another group waits whose vruntime
 * is lower than that of all who run or wait in the core's group, by more than
 * the granularity, and no idle thread would take it, the core is cleared: from
 * then on nobody enters, the threads are called, and when the last has left the
 * core is open to whoever is first then. Clearing lasts as long as the threads
 * take to hear the call. The next time needs a granularity's worth of running,
 * and all who wait stand still meanwhile, so cores neither starve a group nor
 * flutter.
 */
#include "sched_policy.h"
#include <arch/arch.h>
#include <lib/atomic.h>
#include <lib/lib.h>

#define WEIGHT_USUAL 256u
#define SLICE_MIN_NS 100000ull

struct spinlock sched_fair_lock;

static struct {
  struct heap groups;
  uint32_t waiting;     /* vCPUs in all queues */
  uint32_t idle;        /* CPUs with `idle` set */
  bool all_armed;       /* no CPU that runs a vCPU is without its slice timer */
  uint64_t contended;   /* ns in which somebody waited, up to `since` */
  uint64_t since;       /* when the present waiting began */
  uint64_t floor;       /* the lowest vruntime seen at a pick; never falls */
  uint64_t slice;       /* ns: longest turn while others wait */
  uint64_t granularity; /* ns: differences below this preempt nobody */
  uint64_t lag_max;     /* ns of vruntime: twice the largest step that one slice makes */
} fair;

static struct sched_group sharing; /* the common group of all that share cores */

static struct vcpu_stub *first_of(const struct sched_group *g) {
  return g->ready.root ? container_of(g->ready.root, struct vcpu_stub, node) : NULL;
}

static struct sched_group *first_group(void) {
  return fair.groups.root ? container_of(fair.groups.root, struct sched_group, node) : NULL;
}

/* --- accounts -------------------------------------------------------------------- */

static uint64_t clock_at(uint64_t now) {
  return fair.contended + (fair.waiting ? now - fair.since : 0);
}

static uint64_t weighted(const struct vcpu_stub *s, uint64_t ns) {
  return ns * WEIGHT_USUAL / s->weight;
}

/* Of a vCPU that runs. */
static uint64_t vruntime_at(const struct vcpu_stub *s, uint64_t now) {
  return s->vruntime + weighted(s, clock_at(now) - s->charged);
}

/* Light vCPUs have short turns, so that one turn takes nobody's vruntime far from the others'. */
static uint64_t slice_of(const struct vcpu_stub *s) {
  uint64_t ns = fair.slice * s->weight / WEIGHT_USUAL;

  return MAX(MIN(ns, fair.slice), fair.granularity);
}

/* --- queues ------------------------------------------------------------------------ */

static void group_requeue(struct sched_group *g, const struct heap_node *was_first) {
  if (g->ready.root == was_first)
    return;
  if (was_first)
    heap_remove(&fair.groups, &g->node);
  if (g->ready.root)
    heap_insert(&fair.groups, &g->node, g->ready.root->key);
}

static void queue_insert(struct vcpu_stub *s, uint64_t now) {
  struct sched_group *g = s->domain->group;
  struct heap_node *was_first = g->ready.root;

  if (fair.waiting++ == 0)
    fair.since = now;
  heap_insert(&g->ready, &s->node, s->vruntime);
  group_requeue(g, was_first);
}

static void queue_remove(struct vcpu_stub *s, uint64_t now) {
  struct sched_group *g = s->domain->group;
  struct heap_node *was_first = g->ready.root;

  heap_remove(&g->ready, &s->node);
  group_requeue(g, was_first);
  if (--fair.waiting == 0)
    fair.contended += now - fair.since;
}

/* --- cores and calls ----------------------------------------------------------------- */

static void idle_set(struct cpu *c, bool idle) {
  if (c->idle == idle)
    return;
  c->idle = idle;
  fair.idle += idle ? 1 : -1u;
}

/* Have a CPU look at the queues. It no longer counts as idle, so that the next who comes calls
 * another. */
static void call(struct cpu *c) {
  idle_set(c, false);
  cpu_resched(c);
}

static void call_siblings(struct cpu *c, bool idle_ones_only) {
  for (struct cpu *t = c->core_next; t != c; t = t->core_next)
    if (!idle_ones_only || t->idle)
      call(t);
}

/* The lowest vruntime of the core's group, running there or waiting. */
static uint64_t core_lowest(struct cpu *core, uint64_t now) {
  const struct heap_node *first = core->core_group->ready.root;
  uint64_t lowest = first ? first->key : UINT64_MAX;
  struct cpu *t = core;

  do {
    const struct vcpu_stub *s = atomic_read(&t->running);
    if (s)
      lowest = MIN(lowest, vruntime_at(s, now));
    t = t->core_next;
  } while (t != core);
  return lowest;
}

/* Could a thread of this core take a vCPU of the group now? */
static bool admits(const struct cpu *core, const struct sched_group *g) {
  return core->core_running == 0 || (core->core_group == g && !core->core_clearing);
}

/* --- where a vCPU that waits could run -------------------------------------------------- */

/* The CPUs of the pool in turn, from where the vCPU ran last. */
static struct cpu *pool_at(const struct vcpu_stub *s, unsigned i) {
  struct cpu *c = &cpus[((s->cpu ? s->cpu->id : 0) + i) % cpu_count];

  return c->online && !c->pinned ? c : NULL;
}

static struct cpu *find_idle(const struct vcpu_stub *s) {
  for (unsigned i = 0; fair.idle && i < cpu_count; i++) {
    struct cpu *c = pool_at(s, i);

    if (c && c->idle && admits(c->core_first, s->domain->group))
      return c;
  }
  return NULL;
}

/* By how much more than `s` has whoever would have to give way here had? */
static int64_t lead_over(struct cpu *c, const struct vcpu_stub *s, uint64_t now) {
  struct cpu *core = c->core_first;
  const struct vcpu_stub *running = atomic_read(&c->running);

  if (!running)
    return INT64_MIN;
  if (core->core_group == s->domain->group)
    return (int64_t)(vruntime_at(running, now) - s->vruntime);
  return (int64_t)(core_lowest(core, now) - s->vruntime);
}

static bool unarmed(const struct cpu *c) {
  return atomic_read(&c->running) && !timer_pending(&c->slice);
}

/* No CPU is idle for `s`: the one to preempt, or one that must learn that somebody waits now. */
static struct cpu *find_victim(const struct vcpu_stub *s, uint64_t now) {
  int64_t most = (int64_t)fair.granularity;
  struct cpu *victim = NULL, *untimed = NULL;

  for (unsigned i = 0; i < cpu_count; i++) {
    struct cpu *c = pool_at(s, i);
    int64_t lead = c ? lead_over(c, s, now) : INT64_MIN;

    if (lead > most) {
      most = lead;
      victim = c;
    }
    if (c && !untimed && unarmed(c))
      untimed = c;
  }
  return victim ? victim : untimed;
}

/* --- the policy ------------------------------------------------------------------------- */

bool sched_fair_waiting(void) {
  return atomic_read(&fair.waiting);
}

void sched_fair_enqueue(struct vcpu_stub *s, bool woken, uint64_t now) {
  const struct heap_node *first = fair.groups.root;
  struct cpu *c;

  if (woken)
    s->vruntime = MAX(s->vruntime, fair.floor - fair.slice);
  else if (first && first->key > fair.lag_max)
    /* One that never waits (its weight is more than a CPU's worth) saves up nothing. */
    s->vruntime = MAX(s->vruntime, first->key - fair.lag_max);
  if (s->yielded && first)
    s->vruntime = MAX(s->vruntime, first->key + 1);
  s->yielded = false;
  queue_insert(s, now);
  c = find_idle(s);
  if (!c && woken)
    c = find_victim(s, now);
  if (c)
    call(c);
}

void sched_fair_leave(struct cpu *c, struct vcpu_stub *s, uint64_t now) {
  s->vruntime = vruntime_at(s, now);
  c->core_first->core_running--;
}

/* Whose turn it is on this CPU; the group may have nobody waiting. */
static struct sched_group *choose_group(struct cpu *c, uint64_t now) {
  struct cpu *core = c->core_first;
  struct sched_group *first = first_group();

  if (core->core_running == 0) {
    core->core_clearing = false;
    return first;
  }
  if (core->core_clearing)
    return NULL;
  if (!first || first == core->core_group ||
      first->node.key + fair.granularity >= core_lowest(core, now) || find_idle(first_of(first)))
    return core->core_group;
  core->core_clearing = true;
  call_siblings(c, false);
  return NULL;
}

static void take(struct cpu *c, struct vcpu_stub *s, uint64_t now) {
  fair.floor = MAX(fair.floor, fair.groups.root->key);
  queue_remove(s, now);
  s->charged = clock_at(now);
  c->core_first->core_group = s->domain->group;
  c->core_first->core_running++;
}

/* One more CPU learns that somebody waits; it will come here and tell the next. */
static void arm_another(void) {
  for (unsigned i = 0; i < cpu_count; i++)
    if (!cpus[i].pinned && !cpus[i].need_resched && unarmed(&cpus[i])) {
      cpu_resched(&cpus[i]);
      return;
    }
  fair.all_armed = true;
}

static void call_idle_for(const struct sched_group *g) {
  const struct vcpu_stub *s = g ? first_of(g) : NULL;
  struct cpu *c = s ? find_idle(s) : NULL;

  if (c)
    call(c);
}

/* Somebody still waits after this CPU's pick: see that nobody idles who could help, and that every
 * turn will end. Who had the core before may have lost the threads that were called for it. */
static void pass_on(struct cpu *c, const struct vcpu_stub *picked,
                    const struct sched_group *had_core, uint64_t now) {
  const struct cpu *core = c->core_first;

  if (picked)
    timer_set(&c->slice, now + slice_of(picked));
  if (core->core_running && !core->core_clearing && first_of(core->core_group))
    call_siblings(c, true);
  call_idle_for(first_group());
  call_idle_for(had_core);
  if (!fair.all_armed)
    arm_another();
}

struct vcpu_stub *sched_fair_pick(struct cpu *c, uint64_t now) {
  struct sched_group *g, *had_core;
  struct vcpu_stub *s;

  if (c->pinned)
    return NULL;
  had_core = c->core_first->core_group;
  g = choose_group(c, now);
  s = g ? first_of(g) : NULL;
  if (s)
    take(c, s, now);
  idle_set(c, !s);
  if (fair.waiting)
    pass_on(c, s, had_core, now);
  else if (s)
    fair.all_armed = false;
  return s;
}

/* --- boot --------------------------------------------------------------------------------- */

static void slice_expired(struct timer *t) {
  cpu_resched(container_of(t, struct cpu, slice));
}

static void cpu_join(struct cpu *c) {
  c->core_first = c->core_next = c;
  timer_init(&c->slice, slice_expired);
  for (struct cpu *t = cpus; t < c; t++)
    if (t->core == c->core) {
      c->core_first = t->core_first;
      c->core_next = t->core_next;
      t->core_next = c;
      return;
    }
}

static void vcpu_join(const struct vcpu_stub *s) {
  fair.lag_max = MAX(fair.lag_max, 2 * weighted(s, slice_of(s)));
}

static bool pool_empty(void) {
  for (unsigned i = 0; i < cpu_count; i++)
    if (!cpus[i].pinned)
      return false;
  return true;
}

static enum status domain_join(struct domain_stub *d) {
  d->group = d->config->flags & MANIFEST_DOMAIN_SMT_SHARE ? &sharing : &d->own_group;
  for (uint32_t n = 0; n < d->vcpu_count; n++) {
    if (d->vcpus[n].pin)
      continue;
    if (pool_empty()) {
      log_printf("refused: reason=cpus domain=%s vcpu=%u detail=no-cpu-left\n", d->config->name, n);
      return STATUS_INVALID;
    }
    vcpu_join(&d->vcpus[n]);
  }
  return STATUS_OK;
}

enum status sched_fair_init(void) {
  memset(&fair, 0, sizeof(fair));
  memset(&sharing, 0, sizeof(sharing));
  fair.slice = MAX(system_config->slice_us * 1000ull, SLICE_MIN_NS);
  fair.granularity = fair.slice / 8;
  fair.floor = fair.slice;
  for (unsigned i = 0; i < cpu_count; i++)
    cpu_join(&cpus[i]);
  for (unsigned i = 0; i < domain_count; i++)
    if (domain_join(&domains[i]) != STATUS_OK)
      return STATUS_INVALID;
  return STATUS_OK;
}

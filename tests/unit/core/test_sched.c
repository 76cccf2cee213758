/* SPDX-License-Identifier: Apache-2.0 */
/* The schedulers in a simulated machine: CPUs, hogs and sleepers, and what must hold at every
 * moment. */
#include "world.h"
#include <lib/atomic.h>
#include <sched.h>

#define MS     1000000ull
#define SECOND (1000 * MS)
#define SLICE  (10 * MS)
#define ACTORS 256u

/* What a vCPU does: run for `burst` ns of CPU time, block for `sleep`, again. 0: a hog. */
struct actor {
  struct vcpu_stub *s;
  uint64_t burst, sleep;
  bool yields;       /* at the end of a burst it yields instead of blocking */
  uint64_t left;     /* of the burst */
  uint64_t ran;      /* CPU time in total */
  uint64_t on_since; /* when it got its CPU */
  uint64_t wake_at;  /* while it sleeps */
  uint64_t ready_at; /* when it became ready */
  uint64_t worst_wait;
  uint64_t longest_turn;
};
static struct actor actor[ACTORS];
static unsigned actors;
static uint64_t switches;

static struct actor *actor_of(const struct vcpu_stub *s) {
  for (unsigned i = 0; i < actors; i++)
    if (actor[i].s == s)
      return &actor[i];
  return NULL;
}

static struct actor *act(unsigned domain, unsigned vcpu, uint64_t burst, uint64_t sleep) {
  struct actor *a = &actor[actors++];

  *a = (struct actor){.s = &domains[domain].vcpus[vcpu], .burst = burst, .sleep = sleep};
  a->left = burst ? burst : UINT64_MAX;
  a->wake_at = UINT64_MAX;
  return a;
}

static void setup(unsigned cpu_total, unsigned threads, unsigned domain_total, unsigned vcpus) {
  fake_init(64, cpu_total, threads);
  world_domains(domain_total, vcpus);
  world_log_clear();
  actors = 0;
  switches = 0;
}

/* --- one step of the loop of each CPU -------------------------------------------------------- */

static void actor_off(struct actor *a) {
  uint64_t ran = fake_time - a->on_since;

  a->ran += ran;
  a->longest_turn = MAX(a->longest_turn, ran);
  if (a->burst)
    a->left -= MIN(ran, a->left);
}

static void leave(struct cpu *c, enum vcpu_state state) {
  struct vcpu_stub *s = c->running;
  struct actor *a = actor_of(s);

  actor_off(a);
  if (state == VCPU_RUNNABLE)
    a->ready_at = fake_time;
  else
    a->wake_at = fake_time + a->sleep;
  sched_put(c, s, state);
  assert_false(s->yielded);
}

static void enter(struct cpu *c) {
  struct vcpu_stub *s = sched_pick(c);

  if (!s)
    return;
  struct actor *a = actor_of(s);
  assert_ptr_equal(s->cpu, c);
  assert_int_equal(s->state, VCPU_RUNNING);
  a->worst_wait = MAX(a->worst_wait, fake_time - a->ready_at);
  a->on_since = fake_time;
  switches++;
}

static uint64_t burst_end(const struct actor *a) {
  return a->left == UINT64_MAX ? UINT64_MAX : a->on_since + a->left;
}

/* True if this CPU did anything. */
static bool cpu_turn(struct cpu *c) {
  fake_cpu_set(c->id);
  struct actor *a = c->running ? actor_of(c->running) : NULL;

  if (a && burst_end(a) <= fake_time) {
    a->s->yielded = a->yields;
    leave(c, a->yields ? VCPU_RUNNABLE : VCPU_BLOCKED);
    a->left = a->burst;
    enter(c);
    return true;
  }
  if (!atomic_read(&c->need_resched))
    return false;
  if (a)
    leave(c, VCPU_RUNNABLE);
  enter(c);
  return true;
}

static void wake_due(void) {
  for (unsigned i = 0; i < actors; i++)
    if (actor[i].wake_at <= fake_time) {
      actor[i].wake_at = UINT64_MAX;
      actor[i].ready_at = fake_time;
      sched_wake(actor[i].s);
    }
}

/* --- what must hold ------------------------------------------------------------------------------
 */

static bool shares(const struct vcpu_stub *a, const struct vcpu_stub *b) {
  if (a->domain == b->domain)
    return true;
  return (a->domain->config->flags & b->domain->config->flags) & MANIFEST_DOMAIN_SMT_SHARE;
}

static bool core_bears(const struct cpu *c, const struct vcpu_stub *s) {
  for (unsigned i = 0; i < cpu_count; i++)
    if (cpus[i].core == c->core && cpus[i].running && !shares(cpus[i].running, s))
      return false;
  return true;
}

static void check_cores(void) {
  for (unsigned i = 0; i < cpu_count; i++)
    if (cpus[i].running)
      assert_true(core_bears(&cpus[i], cpus[i].running));
}

/* With all calls answered: nobody waits for whom a CPU stands idle, and while somebody waits every
 * turn has an end. */
static void check_settled(void) {
  for (unsigned i = 0; i < actors; i++) {
    const struct vcpu_stub *s = actor[i].s;

    if (s->state != VCPU_RUNNABLE)
      continue;
    for (unsigned n = 0; n < cpu_count; n++) {
      const struct cpu *c = &cpus[n];
      if (c->pinned)
        continue;
      assert_false(!c->running && core_bears(c, s));
      assert_true(!c->running || timer_pending(&c->slice));
    }
  }
}

static uint64_t next_event(void) {
  uint64_t next = UINT64_MAX;

  for (unsigned i = 0; i < cpu_count; i++) {
    next = MIN(next, fake_deadline[i]);
    if (cpus[i].running)
      next = MIN(next, burst_end(actor_of(cpus[i].running)));
  }
  for (unsigned i = 0; i < actors; i++)
    next = MIN(next, actor[i].wake_at);
  return next;
}

/* Every CPU in a random order, until none has anything left to do. */
static void settle(void) {
  unsigned rounds = 0;

  for (bool busy = true; busy;) {
    unsigned first = rnd(cpu_count);

    busy = false;
    assert_true(rounds++ < 200); /* no livelock */
    for (unsigned i = 0; i < cpu_count; i++) {
      busy |= cpu_turn(&cpus[(first + i) % cpu_count]);
      check_cores();
    }
  }
}

static void run_until(uint64_t end) {
  while (fake_time < end) {
    settle();
    check_settled();
    uint64_t next = next_event();
    fake_time_pass(MIN(MAX(next, fake_time), end));
    fake_cpu_set(rnd(cpu_count));
    wake_due();
  }
}

static void start(void) {
  assert_int_equal(sched_init(), STATUS_OK);
  for (unsigned i = 0; i < actors; i++) {
    actor[i].ready_at = fake_time;
    sched_wake(actor[i].s);
  }
  for (unsigned i = 0; i < cpu_count; i++)
    cpus[i].need_resched = true; /* each enters its loop */
}

static void run_for(uint64_t ns) {
  run_until(fake_time + ns);
  for (unsigned i = 0; i < cpu_count; i++)
    if (cpus[i].running) {
      struct actor *a = actor_of(cpus[i].running);
      actor_off(a);
      a->on_since = fake_time;
    }
}

static void forget_past(void) {
  for (unsigned i = 0; i < actors; i++)
    actor[i].ran = actor[i].worst_wait = actor[i].longest_turn = 0;
}

/* `a` has had this share of `ns`, within a percentage of it. */
static void assert_share(const struct actor *a, uint64_t ns, double share, double percent) {
  double off = (double)a->ran / ((double)ns * share) - 1;

  if (off * 100 > percent || off * 100 < -percent)
    fail_msg("d%u.%u has had %.4f of the time, not %.4f", a->s->domain->domid, a->s->id,
             (double)a->ran / (double)ns, share);
}

/* --- fair shares
 * ----------------------------------------------------------------------------------- */

static void test_equal_shares(void **unused) {
  static const struct {
    unsigned cpu_total, vcpus;
  } c[] = {{1, 2}, {1, 7}, {2, 3}, {3, 4}, {4, 13}, {2, 40}, {8, 9}};

  for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
    setup(c[i].cpu_total, 1, c[i].vcpus, 1);
    for (unsigned n = 0; n < c[i].vcpus; n++)
      act(n, 0, 0, 0);
    start();
    run_for(20 * SECOND);
    for (unsigned n = 0; n < c[i].vcpus; n++) {
      assert_share(&actor[n], 20 * SECOND, (double)c[i].cpu_total / c[i].vcpus, 1);
      assert_true(actor[n].worst_wait <= (uint64_t)(c[i].vcpus / c[i].cpu_total + 1) * SLICE);
    }
  }
}

static void test_weights(void **unused) {
  static const uint32_t weight[] = {64, 256, 512, 1024, 100};
  double sum = 0;

  setup(1, 1, ARRAY_SIZE(weight), 1);
  for (unsigned n = 0; n < ARRAY_SIZE(weight); n++) {
    world_config[n].weight = weight[n];
    act(n, 0, 0, 0);
    sum += weight[n];
  }
  start();
  run_for(100 * SECOND);
  for (unsigned n = 0; n < ARRAY_SIZE(weight); n++)
    assert_share(&actor[n], 100 * SECOND, weight[n] / sum, 1);
}

static void test_weights_on_two_cpus(void **unused) {
  static const uint32_t weight[] = {512, 256, 256, 128, 128};

  setup(2, 1, ARRAY_SIZE(weight), 1);
  for (unsigned n = 0; n < ARRAY_SIZE(weight); n++) {
    world_config[n].weight = weight[n];
    act(n, 0, 0, 0);
  }
  start();
  run_for(100 * SECOND);
  for (unsigned n = 0; n < ARRAY_SIZE(weight); n++)
    assert_share(&actor[n], 100 * SECOND, 2.0 * weight[n] / 1280, 2);
}

/* Light vCPUs have short turns, heavy ones none that are longer than the slice. */
static void test_turns(void **unused) {
  setup(1, 1, 3, 1);
  world_config[0].weight = 64;
  world_config[2].weight = 10;
  for (unsigned n = 0; n < 3; n++)
    act(n, 0, 0, 0);
  start();
  run_for(10 * SECOND);
  assert_in_range(actor[0].longest_turn, 1, SLICE / 4);
  assert_in_range(actor[1].longest_turn, 1, SLICE);
  assert_in_range(actor[2].longest_turn, 1, SLICE / 8);
}

/* A weight that is worth more than a CPU gets one whole, saves up nothing, and a sleeper that comes
 * later does not live on its account. */
static void test_weight_beyond_a_cpu(void **unused) {
  setup(2, 1, 4, 1);
  world_config[0].weight = 65535;
  for (unsigned n = 0; n < 3; n++)
    act(n, 0, 0, 0);
  start();
  run_for(20 * SECOND);
  assert_share(&actor[0], 20 * SECOND, 1, 1);
  assert_share(&actor[1], 20 * SECOND, 0.5, 1);
  forget_past();
  struct actor *late = act(3, 0, 0, 0);
  late->ready_at = fake_time;
  sched_wake(late->s);
  run_for(SECOND);
  for (unsigned n = 1; n < 4; n++) {
    assert_share(&actor[n], SECOND, 1.0 / 3, 12);
    assert_true(actor[n].worst_wait < 10 * SLICE);
  }
}

/* Nor does it live on that account itself when others come with whom its weight is no longer so
 * much. */
static void test_no_credit_from_a_whole_cpu(void **unused) {
  setup(2, 1, 6, 1);
  world_config[0].weight = 1024;
  for (unsigned n = 0; n < 3; n++)
    act(n, 0, 0, 0);
  start();
  run_for(50 * SECOND);
  assert_share(&actor[0], 50 * SECOND, 1, 1);
  for (unsigned n = 3; n < 6; n++) {
    act(n, 0, 0, 0)->ready_at = fake_time;
    sched_wake(actor[n].s);
  }
  forget_past();
  run_for(10 * SECOND);
  assert_share(&actor[0], 10 * SECOND, 2 * 1024 / (1024 + 5 * 256.0), 3);
}

/* Time alone on the machine is nobody's loss, so no debt comes of it. */
static void test_no_debt_from_idle_times(void **unused) {
  setup(1, 1, 2, 1);
  act(0, 0, 0, 0);
  start();
  run_for(50 * SECOND);
  struct actor *late = act(1, 0, 0, 0);
  late->ready_at = fake_time;
  sched_wake(late->s);
  forget_past();
  run_for(SECOND);
  assert_share(&actor[0], SECOND, 0.5, 3);
  assert_true(actor[0].worst_wait <= 2 * SLICE + SLICE / 8);
}

/* Nor credit of sleep, not even for one that never uses a turn up. */
static void test_no_credit_from_sleep(void **unused) {
  setup(1, 1, 3, 1);
  act(0, 0, 0, 0);
  act(1, 0, 0, 0);
  struct actor *sleeper = act(2, 0, 1, 30 * SECOND);
  start();
  run_for(29 * SECOND);
  sleeper->burst = sleeper->left = 5 * MS;
  sleeper->sleep = MS / 10;
  run_for(2 * SECOND);
  forget_past();
  run_for(3 * SECOND);
  for (unsigned n = 0; n < 3; n++)
    assert_share(&actor[n], 3 * SECOND, 1.0 / 3, 3);
}

static void test_wake_latency(void **unused) {
  setup(2, 1, 10, 1);
  for (unsigned n = 0; n < 9; n++)
    act(n, 0, 0, 0);
  struct actor *sleeper = act(9, 0, MS / 5, 3 * MS);
  start();
  run_for(100 * MS);
  forget_past();
  run_for(10 * SECOND);
  /* It uses less than its share, so it never waits for a turn to end. */
  assert_true(sleeper->worst_wait <= SLICE / 8);
  assert_true(sleeper->ran > 10 * SECOND / 16 * 97 / 100);
}

static void test_light_load_has_no_ticks(void **unused) {
  setup(4, 1, 4, 1);
  for (unsigned n = 0; n < 4; n++)
    act(n, 0, 0, 0);
  start();
  run_for(100 * MS);
  switches = 0;
  run_for(10 * SECOND);
  assert_int_equal(switches, 0);
  for (unsigned i = 0; i < 4; i++)
    assert_int_equal(fake_deadline[i], UINT64_MAX);
}

static void test_yield_lets_others_run(void **unused) {
  setup(1, 1, 2, 1);
  act(0, 0, MS / 10, 0)->yields = true;
  act(1, 0, 0, 0);
  start();
  run_for(5 * SECOND);
  assert_true(actor[1].ran > 5 * SECOND * 9 / 10);
  assert_true(actor[0].ran > 0);
}

/* Each who wakes calls a CPU of its own. */
static void test_two_wake_two_cpus(void **unused) {
  setup(4, 1, 3, 1);
  assert_int_equal(sched_init(), STATUS_OK);
  for (unsigned i = 0; i < 4; i++) {
    fake_cpu_set(i);
    assert_null(sched_pick(&cpus[i]));
  }
  for (unsigned n = 0; n < 3; n++)
    sched_wake(&domains[n].vcpus[0]);
  assert_int_equal(cpus[0].need_resched + cpus[1].need_resched + cpus[2].need_resched, 3);
  assert_false(cpus[3].need_resched);
}

static void test_returns_to_its_cpu(void **unused) {
  setup(4, 1, 1, 2);
  act(0, 0, MS, MS * 13 / 10); /* never awake at the same moment */
  act(0, 1, MS, MS * 29 / 10 + 777);
  start();
  run_for(10 * MS);
  struct cpu *mine[2] = {actor[0].s->cpu, actor[1].s->cpu};
  for (unsigned i = 0; i < 100; i++) {
    run_for(MS);
    assert_ptr_equal(actor[0].s->cpu, mine[0]);
    assert_ptr_equal(actor[1].s->cpu, mine[1]);
  }
}

/* --- cores
 * ----------------------------------------------------------------------------------------- */

/* Two domains take turns on one core of two threads, each vCPU has its share. */
static void test_core_changes_hands(void **unused) {
  setup(2, 2, 3, 2);
  act(0, 0, 0, 0);
  act(0, 1, 0, 0);
  act(1, 0, 0, 0);
  act(2, 0, 0, 0);
  start();
  run_for(30 * SECOND);
  for (unsigned n = 0; n < 4; n++) {
    assert_share(&actor[n], 30 * SECOND, 1.0 / 3, 2);
    assert_true(actor[n].worst_wait < 5 * SLICE);
  }
  assert_true(switches < 30 * SECOND / SLICE * 4); /* no flutter */
}

/* Two domains were given threads of one idle core while another core idles as well: the second
 * moves there; nobody has to leave. */
static void test_spreads_over_idle_cores(void **unused) {
  setup(4, 2, 2, 1);
  act(0, 0, 0, 0);
  act(1, 0, 0, 0);
  assert_int_equal(sched_init(), STATUS_OK);
  run_for(1);
  for (unsigned i = 0; i < 4; i++) {
    fake_cpu_set(i);
    assert_null(sched_pick(&cpus[i]));
  }
  actor[0].s->vruntime = SECOND;
  actor[0].ready_at = actor[1].ready_at = fake_time;
  sched_wake(actor[0].s);
  sched_wake(actor[1].s);
  assert_true(cpus[0].need_resched && cpus[1].need_resched);
  run_for(SECOND);
  assert_int_equal(actor[0].ran, SECOND);
  assert_int_equal(actor[1].ran, SECOND);
  assert_int_equal(actor[0].worst_wait + actor[1].worst_wait, 0);
}

static void wake_at(struct vcpu_stub *s, uint64_t vruntime) {
  s->vruntime = vruntime;
  sched_wake(s);
}

static struct vcpu_stub *pick_on(unsigned n) {
  fake_cpu_set(n);
  return sched_pick(&cpus[n]);
}

/* Nobody has to leave a core for one who could run on another. */
static void test_no_clearing_for_whom_a_core_idles(void **unused) {
  setup(4, 2, 2, 2);
  struct vcpu_stub *a = domains[0].vcpus, *b = domains[1].vcpus;
  assert_int_equal(sched_init(), STATUS_OK);
  wake_at(&a[0], 0);
  assert_ptr_equal(pick_on(0), &a[0]);
  a[0].vruntime = SECOND;
  for (unsigned i = 1; i < 4; i++)
    assert_null(pick_on(i));
  wake_at(&a[1], SECOND / 2);
  wake_at(&b[0], 0);
  assert_ptr_equal(pick_on(1), &a[1]);
  assert_false(cpus[0].core_clearing);
  assert_ptr_equal(pick_on(2), &b[0]);
}

/* Nobody enters a core that is being cleared, nor is called to it. */
static void test_clearing(void **unused) {
  setup(3, 3, 2, 3);
  struct vcpu_stub *a = domains[0].vcpus, *b = domains[1].vcpus;
  assert_int_equal(sched_init(), STATUS_OK);
  wake_at(&a[0], SECOND);
  wake_at(&a[1], SECOND);
  assert_non_null(pick_on(0));
  assert_non_null(pick_on(1));
  wake_at(&b[0], 0);
  assert_null(pick_on(2));
  assert_true(cpus[0].need_resched && cpus[1].need_resched);
  wake_at(&a[2], SECOND);
  assert_false(cpus[2].need_resched);
  fake_cpu_set(0);
  sched_put(&cpus[0], cpus[0].running, VCPU_RUNNABLE);
  assert_null(pick_on(0));
  fake_cpu_set(1);
  sched_put(&cpus[1], cpus[1].running, VCPU_RUNNABLE);
  assert_ptr_equal(pick_on(1), &b[0]);
  assert_null(pick_on(0));
}

static void test_sharing_domains_mix(void **unused) {
  setup(2, 2, 3, 1);
  world_config[0].flags = world_config[2].flags = MANIFEST_DOMAIN_SMT_SHARE;
  for (unsigned n = 0; n < 3; n++)
    act(n, 0, 0, 0);
  start();
  run_for(20 * SECOND);
  for (unsigned n = 0; n < 3; n++) /* 0 and 2 together, then 1 alone */
    assert_share(&actor[n], 20 * SECOND, 0.5, 2);
}

/* A domain whose many vCPUs keep waking does not keep another off the core. */
static void test_no_starvation_by_sleepers(void **unused) {
  setup(2, 2, 2, 16);
  for (unsigned n = 0; n < 16; n++)
    act(0, n, MS * 2, MS * (3 + n % 5));
  struct actor *lone = act(1, 0, 0, 0);
  start();
  run_for(20 * SECOND);
  assert_true(lone->worst_wait < 20 * SLICE);
  assert_true(lone->ran > 20 * SECOND / 17 * 95 / 100);
}

/* Thousands of random systems' moments: every check of check_cores and check_settled holds, and no
 * hog waits long. */
static void random_system(unsigned n) {
  unsigned threads = 1 + rnd(3), cores = 1 + rnd(4), count = 1 + rnd(6), vcpus = 1 + rnd(4);

  rnd_seed(n + 1);
  setup(threads * cores, threads, count, vcpus);
  for (unsigned i = 0; i < count; i++) {
    world_config[i].flags = rnd(3) ? 0 : MANIFEST_DOMAIN_SMT_SHARE;
    world_config[i].weight = rnd(2) ? 256 : 64 + rnd(1000);
    for (unsigned v = 0; v < vcpus; v++) {
      struct actor *a = act(i, v, rnd(2) ? 0 : 1 + rnd(5 * MS), 1 + rnd(20 * MS));
      a->yields = a->burst && rnd(4) == 0;
    }
  }
  start();
  run_for(2 * SECOND);
  for (unsigned i = 0; i < actors; i++) {
    if (actor[i].worst_wait > 2 * SLICE * actors * 4)
      fail_msg("system %u: d%u.%u waited %lu ms", n, actor[i].s->domain->domid, actor[i].s->id,
               (unsigned long)(actor[i].worst_wait / MS));
    assert_true(actor[i].ran > 0);
  }
}

static void test_random_systems(void **unused) {
  for (unsigned n = 0; n < 300; n++)
    random_system(n);
}

/* --- pins
 * -------------------------------------------------------------------------------------------- */

static void test_pinned_owns_its_cpu(void **unused) {
  setup(3, 1, 5, 1);
  domains[0].vcpus[0].pin = &cpus[1];
  act(0, 0, 2 * MS, 3 * MS);
  for (unsigned n = 1; n < 4; n++)
    act(n, 0, 0, 0);
  act(4, 0, 1, MS / 3); /* looks for a CPU again and again */
  start();
  run_for(15 * SECOND);
  assert_share(&actor[0], 15 * SECOND, 0.4, 1);
  assert_int_equal(actor[0].worst_wait, 0);
  assert_ptr_equal(actor[0].s->cpu, &cpus[1]);
  assert_int_equal(fake_deadline[1], UINT64_MAX);
  for (unsigned n = 1; n < 4; n++)
    assert_share(&actor[n], 15 * SECOND, 2.0 / 3, 1);
}

/* A core with a pinned thread is out of the others' reach, whole. */
static void test_pinned_core_is_apart(void **unused) {
  setup(4, 2, 2, 2);
  domains[0].vcpus[0].pin = &cpus[2];
  act(0, 0, 0, 0);
  act(1, 0, 0, 0);
  act(1, 1, 0, 0);
  start();
  run_for(SECOND);
  assert_null(cpus[3].running);
  assert_share(&actor[0], SECOND, 1, 1);
  assert_share(&actor[1], SECOND, 1, 1);
}

static void assert_refused(const char *line) {
  assert_int_equal(sched_init(), STATUS_INVALID);
  assert_string_equal(world_log, line);
}

static void test_pin_taken(void **unused) {
  setup(2, 1, 2, 1);
  domains[0].vcpus[0].pin = domains[1].vcpus[0].pin = &cpus[1];
  assert_refused("refused: reason=cpus domain=d2 vcpu=0 cpu=1 detail=taken\n");
}

static void test_pin_absent(void **unused) {
  setup(2, 1, 1, 1);
  cpus[1].online = false;
  domains[0].vcpus[0].pin = &cpus[1];
  assert_refused("refused: reason=cpus domain=d1 vcpu=0 cpu=1 detail=absent\n");
}

static void test_pins_of_two_domains_on_a_core(void **unused) {
  setup(4, 2, 2, 1);
  domains[0].vcpus[0].pin = &cpus[2];
  domains[1].vcpus[0].pin = &cpus[3];
  world_config[0].flags = MANIFEST_DOMAIN_SMT_SHARE;
  assert_refused("refused: reason=cpus domain=d2 vcpu=0 cpu=3 detail=core-of-another-domain\n");
  setup(4, 2, 2, 1);
  domains[0].vcpus[0].pin = &cpus[2];
  domains[1].vcpus[0].pin = &cpus[3];
  world_config[0].flags = world_config[1].flags = MANIFEST_DOMAIN_SMT_SHARE;
  assert_int_equal(sched_init(), STATUS_OK);
}

static void test_no_cpu_left(void **unused) {
  setup(2, 2, 2, 1);
  domains[0].vcpus[0].pin = &cpus[0];
  assert_refused("refused: reason=cpus domain=d2 vcpu=0 detail=no-cpu-left\n");
}

/* --- states
 * -------------------------------------------------------------------------------------------- */

/* Mail that comes between the vCPU's last look and its leaving. */
static void put_with_mail(enum vcpu_state state, enum mail m, enum vcpu_state expected) {
  for (unsigned pinned = 0; pinned < 2; pinned++) {
    setup(1, 1, 1, 1);
    struct vcpu_stub *s = &domains[0].vcpus[0];
    s->pin = pinned ? &cpus[0] : NULL;
    assert_int_equal(sched_init(), STATUS_OK);
    assert_null(sched_pick(&cpus[0]));
    sched_wake(s);
    assert_true(sched_has_work(&cpus[0]));
    assert_ptr_equal(sched_pick(&cpus[0]), s);
    assert_false(sched_has_work(&cpus[0]));
    s->mail = BIT(m);
    sched_put(&cpus[0], s, state);
    assert_int_equal(s->state, expected);
    assert_ptr_equal(sched_pick(&cpus[0]), expected == VCPU_RUNNABLE ? s : NULL);
  }
}

static void test_mail_is_not_missed(void **unused) {
  put_with_mail(VCPU_BLOCKED, MAIL_EVENT, VCPU_RUNNABLE);
  put_with_mail(VCPU_BLOCKED, MAIL_LIFE, VCPU_RUNNABLE);
  put_with_mail(VCPU_PARKED, MAIL_LIFE, VCPU_RUNNABLE);
  put_with_mail(VCPU_PARKED, MAIL_INTERRUPT, VCPU_RUNNABLE);
  put_with_mail(VCPU_PARKED, MAIL_TIMER, VCPU_PARKED);
}

static void test_waking_twice_or_awake(void **unused) {
  setup(2, 1, 1, 2);
  struct vcpu_stub *s = &domains[0].vcpus[0];
  assert_int_equal(sched_init(), STATUS_OK);
  sched_wake(s);
  sched_wake(s);
  assert_ptr_equal(sched_pick(&cpus[0]), s);
  sched_wake(s);
  fake_cpu_set(1);
  assert_null(sched_pick(&cpus[1]));
}

static void test_runstate(void **unused) {
  enum runstate state;
  uint64_t since, time[4];

  setup(1, 1, 1, 1);
  struct vcpu_stub *s = &domains[0].vcpus[0];
  assert_int_equal(sched_init(), STATUS_OK);
  uint64_t begin = fake_time;
  fake_time += 5;
  sched_wake(s);
  fake_time += 30;
  (void)sched_pick(&cpus[0]);
  fake_time += 200;
  sched_put(&cpus[0], s, VCPU_BLOCKED);
  fake_time += 1000;
  runstate_get(s, &state, &since, time);
  assert_int_equal(state, RUNSTATE_BLOCKED);
  assert_int_equal(since, begin + 235);
  assert_int_equal(time[RUNSTATE_OFFLINE], 5);
  assert_int_equal(time[RUNSTATE_RUNNABLE], 30);
  assert_int_equal(time[RUNSTATE_RUNNING], 200);
  assert_int_equal(time[RUNSTATE_BLOCKED], 1000);
}

static unsigned left_as, left;

static void note_leave(struct vcpu *v) {
  left_as = v->stub->leave_state;
  left++;
}

static void test_giving_way(void **unused) {
  struct vcpu v = {0};

  setup(2, 1, 2, 1);
  struct vcpu_stub *s = &domains[0].vcpus[0];
  v.stub = s;
  s->vcpu = &v;
  assert_int_equal(sched_init(), STATUS_OK);
  sched_wake(s);
  (void)sched_pick(&cpus[0]);
  left = 0;
  fake_thread_left = note_leave;
  sched_preempt_point();
  assert_int_equal(left, 0);
  cpu_resched(&cpus[0]);
  assert_int_equal(fake_kicks, 0); /* nobody kicks oneself */
  sched_preempt_point();
  assert_int_equal(left, 1);
  assert_int_equal(left_as, VCPU_RUNNABLE);
  cpu_resched(&cpus[1]);
  cpu_resched(&cpus[1]);
  assert_int_equal(fake_kicks, 1);
  sched_yield();
  assert_int_equal(left, 1); /* there is nobody to yield to */
  sched_wake(&domains[1].vcpus[0]);
  sched_yield();
  assert_int_equal(left, 2);
  assert_true(s->yielded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_equal_shares),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_weights_on_two_cpus),
      cmocka_unit_test(test_turns),
      cmocka_unit_test(test_weight_beyond_a_cpu),
      cmocka_unit_test(test_no_credit_from_a_whole_cpu),
      cmocka_unit_test(test_no_debt_from_idle_times),
      cmocka_unit_test(test_no_credit_from_sleep),
      cmocka_unit_test(test_wake_latency),
      cmocka_unit_test(test_light_load_has_no_ticks),
      cmocka_unit_test(test_yield_lets_others_run),
      cmocka_unit_test(test_two_wake_two_cpus),
      cmocka_unit_test(test_returns_to_its_cpu),
      cmocka_unit_test(test_core_changes_hands),
      cmocka_unit_test(test_spreads_over_idle_cores),
      cmocka_unit_test(test_no_clearing_for_whom_a_core_idles),
      cmocka_unit_test(test_clearing),
      cmocka_unit_test(test_sharing_domains_mix),
      cmocka_unit_test(test_no_starvation_by_sleepers),
      cmocka_unit_test(test_random_systems),
      cmocka_unit_test(test_pinned_owns_its_cpu),
      cmocka_unit_test(test_pinned_core_is_apart),
      cmocka_unit_test(test_pin_taken),
      cmocka_unit_test(test_pin_absent),
      cmocka_unit_test(test_pins_of_two_domains_on_a_core),
      cmocka_unit_test(test_no_cpu_left),
      cmocka_unit_test(test_mail_is_not_missed),
      cmocka_unit_test(test_waking_twice_or_awake),
      cmocka_unit_test(test_runstate),
      cmocka_unit_test(test_giving_way),
  };

  return cmocka_run_group_tests_name("core_sched", tests, NULL, NULL);
}

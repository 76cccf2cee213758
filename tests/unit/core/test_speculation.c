/* SPDX-License-Identifier: Apache-2.0 */
/* When a CPU makes a speculation barrier: the CPUs' own loop, scheduler and restart policy, on
 * guests that do nothing but be entered. */
#include "world.h"
#include <lib/atomic.h>
#include <restart.h>
#include <sched.h>

#define CPUS    4u
#define DOMAINS 3u
#define VCPUS   2u

static struct vcpu guests[DOMAINS][VCPUS];
static jmp_buf idle;
static bool busy[CPUS];
static bool concurrent; /* guests start others on other CPUs while they run */
static bool restarts;   /* guests end now and then, and begin again without leaving their CPU */
static unsigned entries;
static unsigned machines; /* so that nobody is known from an earlier test */

/* What the barriers are for: who ran last on each CPU, and how many of the CPU's barriers were made
 * before somebody else ran on its core. */
static struct seat {
  uint64_t tenant;     /* that ran here last */
  unsigned dirty_from; /* barriers at the moment when another tenant last ran on the core */
  bool dirty;
} seats[CPUS];

void domain_life(struct domain *d) {
}
void personality_prepare_entry(struct vcpu *v, uint64_t mail) {
}
void personality_scheduled_in(struct vcpu *v) {
}

static uint64_t tenant_of(const struct vcpu *v) {
  return (uint64_t)v->stub->domain->domid << 32 | v->stub->domain->restarts;
}

/* The guest of `v` is entered on CPU n: nobody else's may have run on that core since the last
 * barrier on this CPU. */
static void check_entry(const struct vcpu *v, unsigned n) {
  uint64_t tenant = tenant_of(v);

  entries++;
  if (seats[n].dirty || seats[n].tenant != tenant)
    assert_int_not_equal(fake_barriers[n], seats[n].dirty_from);
  for (unsigned i = 0; i < cpu_count; i++)
    if (cpus[i].core == cpus[n].core && (i != n) && seats[i].tenant != tenant && seats[i].tenant)
      seats[i] = (struct seat){.dirty = true, .dirty_from = fake_barriers[i]};
  seats[n] = (struct seat){.tenant = tenant, .dirty_from = fake_barriers[n]};
}

/* As the vendors' loops do; returns false when the thread must leave. */
static void guest_enter(struct vcpu *v, unsigned n) {
  atomic_write(&v->stub->park, false);
  assert_true(vcpu_prepare_entry(v));
  check_entry(v, n);
  atomic_write(&v->stub->in_guest, false);
}

static void guest_restart(struct vcpu *v) {
  assert_true(restart_wanted(v->stub->domain));
  v->stub->domain->restarts++;
}

static void run(unsigned n);

static void wake_anybody(void) {
  sched_wake(&domains[rnd(domain_count)].vcpus[rnd(VCPUS)]);
}

/* Preempted before the entry: the thread leaves its CPU, and comes back as one that begins. */
static jmp_buf left[CPUS];

static void thread_leaves(struct vcpu *v) {
  longjmp(left[arch_this_cpu()->id], 1);
}

static void thread(struct vcpu *v) {
  unsigned n = arch_this_cpu()->id;

  if (setjmp(left[n]))
    return;
  guest_enter(v, n);
  if (concurrent)
    for (unsigned other = 0; other < cpu_count; other++)
      if (!busy[other] && rnd(2)) {
        wake_anybody();
        run(other);
      }
  fake_cpu_set(n);
  if (restarts && rnd(4) == 0 && v->id == 0) {
    guest_restart(v);
    guest_enter(v, n);
  }
  v->stub->leave_state = VCPU_BLOCKED;
}

static void idled(void) {
  longjmp(idle, 1);
}

/* One CPU's loop until it has nothing more to do. */
static void run(unsigned n) {
  jmp_buf outer;

  memcpy(&outer, &idle, sizeof(idle));
  busy[n] = true;
  fake_cpu_set(n);
  if (!setjmp(idle))
    cpu_loop();
  busy[n] = false;
  memcpy(&idle, &outer, sizeof(idle));
}

static void setup(unsigned cpu_total, unsigned threads) {
  fake_init(256, cpu_total, threads);
  world_domains(DOMAINS, VCPUS);
  memset(seats, 0, sizeof(seats));
  concurrent = restarts = false;
  machines++;
  for (unsigned d = 0; d < DOMAINS; d++) {
    struct domain *domain = world_arena(&domains[d]);

    world_config[d].on_reboot = MANIFEST_ACTION_RESTART;
    domains[d].restarts = machines * 1000000;
    for (unsigned i = 0; i < VCPUS; i++) {
      guests[d][i] = (struct vcpu){.stub = &domains[d].vcpus[i], .domain = domain, .id = i};
      domains[d].vcpus[i].vcpu = &guests[d][i];
    }
  }
  arch_arena_switch(NULL);
  fake_thread_entered = thread;
  fake_thread_left = thread_leaves;
  fake_idled = idled;
  assert_int_equal(sched_init(), STATUS_OK);
}

/* Domain d's vCPU runs on CPU n and blocks again; how many barriers that took. */
static unsigned turn(unsigned n, unsigned d, unsigned vcpu) {
  unsigned before = fake_barriers[n];

  fake_cpu_set(n);
  sched_wake(&domains[d].vcpus[vcpu]);
  run(n);
  return fake_barriers[n] - before;
}

static void test_one_cpu(void **unused) {
  setup(1, 1);
  assert_int_equal(turn(0, 0, 0), 1); /* after boot, which has copied everybody's payloads */
  assert_int_equal(turn(0, 0, 0), 0); /* idle between */
  assert_int_equal(turn(0, 0, 1), 0); /* the same domain's other vCPU */
  assert_int_equal(turn(0, 1, 0), 1);
  assert_int_equal(turn(0, 1, 0), 0);
  assert_int_equal(turn(0, 0, 0), 1);
}

static void test_two_cpus(void **unused) {
  setup(2, 1);
  assert_int_equal(turn(0, 0, 0), 1);
  assert_int_equal(turn(1, 0, 0), 1);
  assert_int_equal(turn(1, 1, 0), 1);
  assert_int_equal(turn(0, 0, 0), 0); /* another core's tenants are nothing to this one */
}

/* Two threads of one core. */
static void test_core(void **unused) {
  setup(2, 2);
  assert_int_equal(turn(0, 0, 0), 1);
  assert_int_equal(turn(1, 1, 0), 1);
  assert_int_equal(turn(0, 0, 0), 1); /* the last on its own thread, but not on the core */
  assert_int_equal(turn(1, 0, 0), 1);
  assert_int_equal(turn(0, 0, 1), 0); /* both threads are the first domain's now */
  assert_int_equal(turn(1, 0, 1), 0);
}

static void restart_inside(struct vcpu *v) {
  thread(v);
  guest_restart(v);
  guest_enter(v, arch_this_cpu()->id);
  v->stub->leave_state = VCPU_BLOCKED;
}

static void test_new_life(void **unused) {
  setup(2, 1);
  assert_int_equal(turn(0, 0, 0), 1);
  assert_int_equal(turn(1, 0, 1), 1);
  fake_thread_entered = restart_inside;
  assert_int_equal(turn(0, 0, 0), 1); /* none for the rest of the old life, one for the new */
  fake_thread_entered = thread;
  assert_int_equal(turn(0, 0, 0), 0);
  assert_int_equal(turn(1, 0, 1), 1); /* where the old life was last */
}

static void test_random(void **unused) {
  for (unsigned threads = 1; threads <= 2; threads++) {
    setup(CPUS, threads);
    concurrent = restarts = true;
    entries = 0;
    for (unsigned i = 0; i < 20000; i++) {
      wake_anybody();
      run(rnd(CPUS));
    }
    assert_in_range(entries, 20000, UINT32_MAX);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_cpu), cmocka_unit_test(test_two_cpus), cmocka_unit_test(test_core),
      cmocka_unit_test(test_new_life), cmocka_unit_test(test_random)};

  return cmocka_run_group_tests_name("core_speculation", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the cost of timers and of scheduling grows: the basic blocks that core
 * runs for one operation, counted by the compiler's coverage hook, with few and
 * with many in the queues. Logarithmic growth is at most some blocks for each
 * doubling; anything linear is far beyond.
 */
#include "world.h"
#include <lib/atomic.h>
#include <sched.h>

#define FEW                  64u
#define MANY                 4096u
#define DOUBLINGS            6u /* from FEW to MANY */
#define ROUNDS               4096u
#define BLOCKS_EACH_DOUBLING 16u

static uint64_t blocks;

/* The files of build.mk's UNIT_GROWTH_COUNTED call this at the start of each block. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
  blocks++;
}

static void assert_logarithmic(uint64_t few, uint64_t many, unsigned doublings) {
  print_message("%lu blocks an operation with few, %lu with many\n", (unsigned long)few,
                (unsigned long)many);
  assert_true(few > 0);
  assert_true(many <= few + BLOCKS_EACH_DOUBLING * doublings);
}

/* --- timers ------------------------------------------------------------------------------------
 */

static struct timer timer[MANY];

static void again(struct timer *t) {
  timer_set(t, fake_time + 1 + rnd(1000000));
}

/* One round: a timer is moved, and the one that is due first is run and set again. */
static uint64_t timer_blocks(unsigned count) {
  fake_init(64, 1, 1);
  for (unsigned i = 0; i < count; i++) {
    timer_init(&timer[i], again);
    again(&timer[i]);
  }
  for (unsigned i = 0; i < ROUNDS; i++)
    fake_time_pass(fake_deadline[0]); /* past the first build-up of the heap */
  blocks = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    again(&timer[rnd(count)]);
    fake_time_pass(fake_deadline[0]);
  }
  return blocks / ROUNDS;
}

static void test_timers(void **unused) {
  assert_logarithmic(timer_blocks(FEW), timer_blocks(MANY), DOUBLINGS);
}

/* --- the fair scheduler ------------------------------------------------------------------------
 */

/* One round: the vCPU that runs blocks, another runs, and the first is woken. All others wait. */
static uint64_t sched_blocks(unsigned domain_total, unsigned vcpus) {
  fake_init(64, 1, 1);
  world_domains(domain_total, vcpus);
  assert_int_equal(sched_init(), STATUS_OK);
  for (unsigned i = 0; i < domain_total; i++)
    for (unsigned n = 0; n < vcpus; n++)
      sched_wake(&domains[i].vcpus[n]);
  struct cpu *c = arch_this_cpu();
  blocks = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    struct vcpu_stub *s = sched_pick(c);
    assert_non_null(s);
    fake_time += 1000 + rnd(100000);
    sched_put(c, s, i & 1 ? VCPU_BLOCKED : VCPU_RUNNABLE);
    sched_wake(s);
  }
  return blocks / ROUNDS;
}

static void test_vcpus_of_one_domain(void **unused) {
  assert_logarithmic(sched_blocks(1, 4), sched_blocks(1, 256), 6);
}

static void test_domains(void **unused) {
  assert_logarithmic(sched_blocks(1, 4), sched_blocks(WORLD_DOMAINS, 4), 6);
}

/* Those that sleep cost nothing. */
static void test_idle_domains(void **unused) {
  fake_init(64, 1, 1);
  world_domains(WORLD_DOMAINS, 4);
  assert_int_equal(sched_init(), STATUS_OK);
  struct cpu *c = arch_this_cpu();
  uint64_t cost[2];
  for (unsigned pass = 0; pass < 2; pass++) {
    for (unsigned i = 1; pass && i < WORLD_DOMAINS; i++) {
      sched_wake(&domains[i].vcpus[0]);
      sched_put(c, sched_pick(c), VCPU_BLOCKED);
    }
    blocks = 0;
    sched_wake(&domains[0].vcpus[0]);
    sched_put(c, sched_pick(c), VCPU_BLOCKED);
    cost[pass] = blocks;
  }
  assert_int_equal(cost[0], cost[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_timers),
      cmocka_unit_test(test_vcpus_of_one_domain),
      cmocka_unit_test(test_domains),
      cmocka_unit_test(test_idle_domains),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

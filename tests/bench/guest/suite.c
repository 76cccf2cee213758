// SPDX-License-Identifier: Apache-2.0
// The suite: runs the groups of measures that its command line names, and prints one line a
// measure. The same binary runs on Skerry, on Xen and on the bare machine.
#include "bench.h"

static void run_group(const struct measure *list) {
  for (; list->name; list++) {
    if (on_bare_machine && list->needs == CALLS)
      report_none(list->name, "no-hypervisor");
    else
      list->run(list->name);
  }
}

static int asked(const char *word) {
  return role(word) || role("") || role("all") || !start_info->cmdline_paddr;
}

// Prints the clock at the start and at the end of each of its lives.
static void restart(void) {
  printf("stamp: start %lu\n", time_ns());
  printf("stamp: end %lu\n", time_ns());
  shutdown(SHUTDOWN_reboot);
}

static void sleep_for_ever(void) {
  for (;;)
    sched_op(SCHEDOP_block, 0);
}

// Prints the clock at its start.
static void stamp(void) {
  printf("stamp: start %lu\n", time_ns());
  sleep_for_ever();
}

// A neighbour that is there and does nothing.
static void idle(void) {
  printf("idle\n");
  sleep_for_ever();
}

void test_main(void) {
  static const struct {
    const char *word;
    const struct measure *list;
    int by_clock; // may be repeated as a run by the clock does
  } groups[] = {{"exits", exit_measures, 1},
                {"calls", call_measures, 1},
                {"memory", memory_measures, 0},
                {"grants", grant_measures, 1},
                // From here on with interrupts, which not every emulated machine delivers.
                {"interrupts", interrupt_measures, 1},
                {"events", event_measures, 1},
                {"time", time_measures, 0}};
  if (role("idle"))
    idle();
  if (role("stamp"))
    stamp();
  if (role("restart"))
    restart();
  if (role("granter"))
    pair_granter();
  if (role("pair")) {
    run_group(domain_measures);
    return;
  }
  if (role("switch") || role("sibling")) {
    run_group(pair_measures);
    return;
  }
  for (unsigned i = 0; i < ARRAY_LEN(groups); i++)
    if (asked(groups[i].word) && (groups[i].by_clock || !has_word("long")))
      run_group(groups[i].list);
}

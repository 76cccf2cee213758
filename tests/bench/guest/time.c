// SPDX-License-Identifier: Apache-2.0
// The single-shot timer: what setting it costs, and how late its upcall comes to a vCPU that runs
// and to one that sleeps.
#include "bench.h"
#include "rt/apic.h"

#define VECTOR 0x62
#define SHOTS  8

static volatile uint64_t fired_at;
static unsigned port;

static void on_timer(struct regs *regs) {
  skip_halt(regs);
  fired_at = time_ns();
  evtchn_clear(port);
  shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
  shared_info->vcpu_info[0].evtchn_pending_sel = 0;
  apic_store(APIC_EOI, 0);
}

static void set(uint64_t deadline) {
  struct vcpu_set_singleshot_timer arg = {.timeout_abs_ns = deadline};
  vcpu_op(VCPUOP_set_singleshot_timer, 0, &arg);
}

static uint64_t far_away;

static void set_far(void) {
  set(far_away);
}

static void run_set(const char *name) {
  far_away = time_ns() + 3600UL * 1000 * MS;
  measure_function(name, set_far, COUNT);
  vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0);
}

static void timer_start(void) {
  struct xen_hvm_evtchn_upcall_vector arg = {.vcpu = 0, .vector = VECTOR};
  if (!port)
    port = evtchn_bind_virq(VIRQ_TIMER, 0);
  apic_enable();
  trap_set(VECTOR, on_timer);
  hvm_op(HVMOP_set_evtchn_upcall_vector, &arg);
}

static uint64_t lateness(int sleeping) {
  uint64_t deadline = time_ns() + 2 * MS;
  fired_at = 0;
  set(deadline);
  while (!fired_at && sleeping)
    irq_wait();
  irq_enable();
  while (!fired_at)
    cpu_relax();
  irq_disable();
  return fired_at - deadline;
}

// In nanoseconds of the emulated machine, each of them an instruction.
static void run_lateness(const char *name, int sleeping) {
  uint64_t best = ~0UL;
  timer_start();
  mark_begin();
  for (unsigned i = 0; i < SHOTS; i++)
    best = least(best, lateness(sleeping));
  mark_end();
  report_value(name, best, "ns");
}

static void run_lateness_running(const char *name) {
  run_lateness(name, 0);
}

static void run_lateness_halted(const char *name) {
  run_lateness(name, 1);
}

const struct measure time_measures[] = {{"timer.set", CALLS, run_set},
                                        {"timer.lateness_running", CALLS, run_lateness_running},
                                        {"timer.lateness_halted", CALLS, run_lateness_halted},
                                        {0, 0, 0}};

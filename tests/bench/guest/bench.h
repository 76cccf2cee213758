// SPDX-License-Identifier: Apache-2.0
// How the suite measures and says what it has measured. Time is the TSC's, which counts one tick
// an instruction where an emulator is told so; figures are therefore instructions of the whole
// machine, the hypervisor's included. It is no test: nothing here passes or fails.
#ifndef BENCH_H
#define BENCH_H

#include "rt/rt.h"

#define COUNT   512UL // repetitions in a batch
#define BATCHES 4     // of which the cheapest counts: a tick of somebody's timer is not ours

// What can be measured where there is no hypervisor with Xen's calls.
enum needs { ANYWHERE, CALLS };

struct measure {
  const char *name;
  enum needs needs;
  void (*run)(const char *name);
};

extern const struct measure exit_measures[], interrupt_measures[], call_measures[],
    event_measures[], time_measures[], memory_measures[], grant_measures[], pair_measures[],
    domain_measures[];

// How often `count` operations are repeated: BATCHES, of which the cheapest counts, or in a run by
// the clock (`suite GROUP long`) as often as makes LONG operations.
#define LONG 8192UL
unsigned batches_of(uint64_t count);
// Says in a run by the clock that the measure begins: who reads the console takes the time.
void report_begin(const char *name);

// Empty functions at addresses that a plugin of the emulator looks for: what runs between them
// is the measured operation, `COUNT * BATCHES` times unless the measure says otherwise.
void mark_begin(void);
void mark_end(void);

// `measure: NAME VALUE UNIT`. `total` is in ticks of the TSC, for `count` operations.
void report(const char *name, uint64_t total, uint64_t count);
void report_value(const char *name, uint64_t value, const char *unit);
// `measure: NAME - REASON`: it cannot be measured here.
void report_none(const char *name, const char *reason);

// What `operation` costs, less an empty function called in its place.
void measure_function(const char *name, void (*operation)(void), uint64_t count);

// Sleeps until this port of one's own, which is masked, is pending, and takes it (events.c).
void wait_for(evtchn_port_t own);

// Grants of another domain's pages, or of one's own: GRANTS references from FIRST_GRANT on.
#define GRANTS      256
#define FIRST_GRANT 8
void grant_pages(domid_t domid, unsigned count);
void measure_map_unmap(const char *name, domid_t granter, unsigned count);
void measure_copy(const char *name, domid_t granter);
// The domain whose pages are mapped, and which sends events back; does not return.
void pair_granter(void);

// The local APIC by plain moves: the runtime's functions ask for its mode each time, an exit more.
static inline void apic_store(unsigned reg, uint32_t value) {
  *(volatile uint32_t *)(0xfee00000UL + reg) = value;
}

// For a handler. Some emulated machine lets an interrupt in between STI and HLT, where none may
// come: the guest would then sleep for ever, and is moved on. Returns whether that was so.
static inline int skip_halt(struct regs *regs) {
  int early = *(uint8_t *)regs->rip == 0xf4;
  regs->rip += early;
  return early;
}

// The loop with the instruction less the loop without it.
#define MEASURE(name, setup, instruction)                                                          \
  do {                                                                                             \
    uint64_t with_ = ~0UL, without_ = ~0UL;                                                        \
    unsigned batches_ = batches_of(COUNT);                                                         \
    report_begin(name);                                                                            \
    mark_begin();                                                                                  \
    for (unsigned i_ = 0; i_ < batches_; i_++)                                                     \
      with_ = least(with_, LOOP(COUNT, setup, instruction));                                       \
    mark_end();                                                                                    \
    for (unsigned i_ = 0; i_ < BATCHES; i_++)                                                      \
      without_ = least(without_, LOOP(COUNT, setup, ""));                                          \
    report(name, with_ - without_, COUNT);                                                         \
  } while (0)

#endif

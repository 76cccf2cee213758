/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures about a boot, printed when the hypervisor's command line has the
 * word `figures`: what it took until the first guest, and whose memory is
 * what. The domains then start one after the other: where the time-stamp
 * counter counts instructions it counts those of all CPUs, and work can be
 * told from copying only while one CPU does either. figures_none.c is the twin.
 */
#include <arch/boot.h>
#include <builder/builder.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <sched.h>

static bool wanted;
static uint64_t vcpu_frames; /* of the first domain's first vCPU */

static void figure(const char *name, uint64_t value, const char *unit) {
  log_printf("figure: %s %lu %s\n", name, value, unit);
}

static void wake(unsigned i) {
  if (i < domain_count)
    sched_wake(&domains[i].vcpus[0]);
}

__boot void figures_vcpu_made(uint64_t frames) {
  if (!vcpu_frames)
    vcpu_frames = frames;
}

__boot void figures_release(void) {
  char value[2];
  wanted = option_get("figures", value, sizeof(value));
  for (unsigned i = 0; i < (wanted ? 1 : domain_count); i++)
    wake(i);
}

static void boot_figures(uint64_t now) {
  uint64_t total = now - boot_ticks.start;
  figure("boot.instructions", total - boot_ticks.wait - boot_ticks.copy, "instructions");
  figure("boot.copy_instructions", boot_ticks.copy, "instructions");
  figure("boot.wait_ms", boot_ticks.wait / boot_ticks.per_ms, "ms");
}

static uint64_t frames_of(uint16_t owner, enum frame_kind kind) {
  uint64_t n = 0;
  for (uint64_t i = 0; i < frame_table_size(); i++) {
    const struct frame *f = frame_of(MFN(i));
    n += f->refs && f->owner == owner && f->kind == kind;
  }
  return n;
}

static void memory_figures(void) {
  const struct domain_stub *d = &domains[0];
  uint64_t table = mm_frame_table_frames;
  uint64_t arena = frames_of(d->domid, FRAME_ARENA) + frames_of(d->domid, FRAME_SHARED);
  uint64_t private = frames_of(OWNER_HV, FRAME_PRIVATE) + mm_early_private;
  figure("memory.machine_kib", (frames_of(OWNER_HV, FRAME_HV) - table - mm_early_private) * 4,
         "KiB");
  figure("memory.pcpu_kib", private * 4 / cpu_count, "KiB");
  figure("memory.domain_kib", (arena - d->vcpu_count * vcpu_frames) * 4, "KiB");
  figure("memory.vcpu_kib", vcpu_frames * 4, "KiB");
  figure("memory.nested_tables_kib", frames_of(d->domid, FRAME_PTABLE) * 4, "KiB");
  figure("memory.frame_records_kib", table * 4, "KiB");
  figure("memory.payload_kib", frames_of(OWNER_HV, FRAME_PAYLOAD) * 4, "KiB");
}

void figures_domain_started(struct domain_stub *d) {
  unsigned i = (unsigned)(d - domains);
  uint64_t now = boot_clock();
  if (!wanted || d->restarts)
    return;
  if (i == 0)
    boot_figures(now);
  if (i == domain_count - 1)
    memory_figures();
  wake(i + 1);
}

// SPDX-License-Identifier: Apache-2.0
// What the shared page holds before anything is bound, and the wall clock.
/* guest: */
#include "rt/rt.h"

void test_main(void) {
  CHECK("shared_info.mapped", shared_info);
  check_eq("shared_info.pending_selector", shared_info->vcpu_info[0].evtchn_pending_sel, 0);
  unsigned long pending = 0;
  for (unsigned i = 0; i < ARRAY_LEN(shared_info->evtchn_pending); i++)
    pending |= shared_info->evtchn_pending[i];
  check_eq("shared_info.nothing_pending", pending, 0);
  check_eq("shared_info.nothing_masked", shared_info->evtchn_mask[0], 0);
  check_eq("shared_info.time.version_even", shared_info->vcpu_info[0].time.version & 1, 0);
  CHECK("shared_info.time.multiplier", shared_info->vcpu_info[0].time.tsc_to_system_mul);
  check_eq("shared_info.wc.version_even", shared_info->wc_version & 1, 0);
  uint64_t boot = (uint64_t)shared_info->wc_sec_hi << 32 | shared_info->wc_sec;
  CHECK("shared_info.wc.after_2020", boot > 1577836800UL);
  CHECK("shared_info.wc.before_2100", boot < 4102444800UL);
  CHECK("shared_info.wc.nsec", shared_info->wc_nsec < 1000000000);
  printf("wallclock at system time 0: %lu s\n", boot);
}

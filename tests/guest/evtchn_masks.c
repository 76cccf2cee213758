// SPDX-License-Identifier: Apache-2.0
// The two levels: pending bit, mask, selector, upcall flag, and what unmask repeats.
/* guest: */
#include "rt/rt.h"

static unsigned port;
static struct vcpu_info *me;

static void clear(void) {
  evtchn_clear(port);
  me->evtchn_pending_sel = 0;
  me->evtchn_upcall_pending = 0;
}

static int selected(void) {
  return me->evtchn_pending_sel >> (port / 64) & 1;
}

static void unmasked(void) {
  clear();
  evtchn_set_mask(port, 0);
  evtchn_send(port);
  CHECK("evtchn_masks.open.pending", evtchn_pending(port));
  CHECK("evtchn_masks.open.selected", selected());
  check_eq("evtchn_masks.open.upcall", me->evtchn_upcall_pending, 1);
  // Only a bit that rises goes further.
  me->evtchn_pending_sel = 0;
  me->evtchn_upcall_pending = 0;
  evtchn_send(port);
  CHECK("evtchn_masks.again.not_selected", !selected());
  check_eq("evtchn_masks.again.no_upcall", me->evtchn_upcall_pending, 0);
}

static void masked(void) {
  clear();
  evtchn_set_mask(port, 1);
  evtchn_send(port);
  CHECK("evtchn_masks.masked.pending", evtchn_pending(port));
  CHECK("evtchn_masks.masked.not_selected", !selected());
  check_eq("evtchn_masks.masked.no_upcall", me->evtchn_upcall_pending, 0);
  check_eq("evtchn_masks.unmask", evtchn_unmask(port), 0);
  check_eq("evtchn_masks.unmask.mask", shared_info->evtchn_mask[port / 64] >> (port % 64) & 1, 0);
  CHECK("evtchn_masks.unmask.selected", selected());
  check_eq("evtchn_masks.unmask.upcall", me->evtchn_upcall_pending, 1);
}

static void nothing_pending(void) {
  clear();
  evtchn_set_mask(port, 1);
  check_eq("evtchn_masks.unmask.idle", evtchn_unmask(port), 0);
  CHECK("evtchn_masks.unmask.idle.not_selected", !selected());
  check_eq("evtchn_masks.unmask.idle.no_upcall", me->evtchn_upcall_pending, 0);
  evtchn_set_mask(port, 0);
  evtchn_send(port);
  clear();
  check_eq("evtchn_masks.unmask.open", evtchn_unmask(port), 0);
  CHECK("evtchn_masks.unmask.open.not_selected", !selected());
}

static void selector_set(void) {
  clear();
  me->evtchn_pending_sel = 1UL << (port / 64);
  evtchn_send(port);
  CHECK("evtchn_masks.selected_before.pending", evtchn_pending(port));
  check_eq("evtchn_masks.selected_before.no_upcall", me->evtchn_upcall_pending, 0);
}

void test_main(void) {
  me = &shared_info->vcpu_info[0];
  for (unsigned i = 0; i < 70; i++)
    port = evtchn_bind_ipi(0);
  CHECK("evtchn_masks.second_word", port >= 64);
  unmasked();
  masked();
  nothing_pending();
  selector_set();
}

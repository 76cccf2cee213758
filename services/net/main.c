// SPDX-License-Identifier: Apache-2.0
// The network service: a switch between the domains that have a `network` channel to it.
#include "net.h"
#include <libos/event.h>
#include <services/backend/glue.h>
#include <stdio.h>

static uint64_t seconds(void) {
  return clock_now() / 1000000000;
}

int main(void) {
  puts("net: a switch");
  if (net_start(glue_ops(net_event), seconds))
    event_loop();
  puts("net: no store answers");
  return 1; // a crash: what follows is the system file's on_crash
}

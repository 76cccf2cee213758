/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heart that beats and one who listens: `pulse send PORT [BEATS]` sends an event twice a second,
 * `pulse watch PORT` says when none has come for a second. The example of docs/guide/service.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libos/domain.h>
#include <libos/event.h>

#define SECOND 1000000000ull

static uint32_t port;
static unsigned beats, last_beat;

static void beat(struct timer *t) {
  if (event_send(port))
    panic("nobody to hear port %u", port);
  timer_start(t, clock_now() + SECOND / 2);
  if (++beats == last_beat)
    event_loop_stop();
}

static void alarm_rings(struct timer *t) {
  (void)t;
  printf("no pulse after %u beats\n", beats);
}

static void heard(uint32_t from, void *timer) {
  (void)from;
  if (++beats == 1)
    printf("there is a pulse\n");
  timer_start(timer, clock_now() + SECOND);
}

int main(int argc, char **argv) {
  static struct timer timer;
  if (argc < 3)
    panic("usage: pulse send|watch PORT [BEATS]");
  port = (uint32_t)atoi(argv[2]);
  last_beat = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
  if (!strcmp(argv[1], "send")) {
    timer.fire = beat;
    timer_start(&timer, 0);
  } else {
    timer.fire = alarm_rings;
    timer_start(&timer, clock_now() + SECOND);
    event_wait(port, 0); /* it is pending from the start: that is no beat */
    if (event_handle(port, heard, &timer))
      panic("nothing to hear at port %u", port);
  }
  event_loop();
  return 0;
}

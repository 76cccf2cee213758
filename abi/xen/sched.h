/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_op (libxen-dev 4.17, xen/sched.h).
 */
#ifndef ABI_XEN_SCHED_H
#define ABI_XEN_SCHED_H

#include <stdint.h>

#define SCHEDOP_yield           0
#define SCHEDOP_block           1
#define SCHEDOP_shutdown        2
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4
#define SCHEDOP_shutdown_code   5
#define SCHEDOP_watchdog        6
#define SCHEDOP_pin_override    7

#define SHUTDOWN_poweroff       0
#define SHUTDOWN_reboot         1
#define SHUTDOWN_suspend        2
#define SHUTDOWN_crash          3
#define SHUTDOWN_watchdog       4
#define SHUTDOWN_soft_reset     5

struct sched_poll {
  uint64_t ports; /* guest-linear address of uint32_t ports[nr_ports] */
  uint32_t nr_ports;
  uint64_t timeout; /* system time in ns, 0: none */
};

struct sched_remote_shutdown {
  uint16_t domain_id;
  uint32_t reason;
};

struct sched_watchdog {
  uint32_t id;
  uint32_t timeout; /* seconds */
};

_Static_assert(sizeof(struct sched_poll) == 24, "sched_poll");
_Static_assert(sizeof(struct sched_remote_shutdown) == 8, "sched_remote_shutdown");
_Static_assert(sizeof(struct sched_watchdog) == 8, "sched_watchdog");

#endif

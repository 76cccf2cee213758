# SPDX-License-Identifier: Apache-2.0
hv-y += core/frame.o core/arena.o core/heap.o core/timer.o core/p2m.o
hv-y += core/$(if $(CONFIG_CHANNELS),policy,policy_none).o
hv-y += core/$(if $(CONFIG_CHANNELS),channel,channel_none).o
hv-y += core/sched.o
hv-y += $(if $(CONFIG_SCHED_PINNED),core/sched_pinned.o,core/sched_pinned_none.o)
hv-y += $(if $(CONFIG_SCHED_FAIR),core/sched_fair.o,core/sched_fair_none.o)
hv-y += core/vcpu.o core/domain.o
hv-$(CONFIG_SPECULATION) += core/speculation.o
hv-$(CONFIG_LOG_LIMIT) += core/log_limit.o
hv-$(CONFIG_EXIT_STATS) += core/exits.o
hv-y += core/console.o core/log.o core/panic.o
hv-$(CONFIG_CONSOLE_SERVICE) += core/console_lent.o
hv-y += core/$(if $(CONFIG_CONSOLE_INPUT),console_mux,console_plain).o
hv-y += $(if $(CONFIG_RESTART),core/restart.o,core/restart_none.o)

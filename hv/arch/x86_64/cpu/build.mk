# SPDX-License-Identifier: Apache-2.0
# The processor: its set-up, its traps, and what guests see of it.
hv-$(CONFIG_XEN_VCPU_UP) += arch/x86_64/cpu/context.o
hv-$(CONFIG_TSC_SCALING) += arch/x86_64/cpu/tsc.o
hv-$(CONFIG_BACKTRACE) += arch/x86_64/cpu/dump.o
hv-$(CONFIG_SPECULATION) += arch/x86_64/cpu/speculation.o arch/x86_64/cpu/errata.o
hv-$(CONFIG_CONSOLE_SERVICE) += arch/x86_64/cpu/io_lent.o
hv-y += arch/x86_64/cpu/asid.o arch/x86_64/cpu/thread.o arch/x86_64/cpu/vcpu.o
hv-y += arch/x86_64/cpu/$(if $(CONFIG_BACKTRACE),panic_print,panic_print_none).o
hv-y += $(addprefix arch/x86_64/cpu/,$(if $(CONFIG_GUEST_XSAVE),cpuid_xsave.o xsave.o,xsave_none.o))
hv-y += arch/x86_64/cpu/features.o arch/x86_64/cpu/panic.o arch/x86_64/cpu/trap.o \
  arch/x86_64/cpu/trap_entry.o

# The guest's processor
hv-y += arch/x86_64/cpu/cpuid_guest.o arch/x86_64/cpu/decode.o arch/x86_64/cpu/exit_common.o \
  arch/x86_64/cpu/exit_npf.o arch/x86_64/cpu/fetch.o arch/x86_64/cpu/inject.o \
  arch/x86_64/cpu/msr_guest.o arch/x86_64/cpu/mtrr.o arch/x86_64/cpu/start.o arch/x86_64/cpu/state.o

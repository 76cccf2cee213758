# SPDX-License-Identifier: Apache-2.0
hv-$(CONFIG_VMX) += $(addprefix arch/x86_64/vmx/,cpu.o enter.o exit.o state.o vcpu.o view.o)
hv-$(CONFIG_APICV) += arch/x86_64/vmx/apicv.o
hv-$(and $(CONFIG_VMX),$(CONFIG_EXIT_STATS)) += arch/x86_64/vmx/reason.o

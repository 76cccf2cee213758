# SPDX-License-Identifier: Apache-2.0
hv-$(CONFIG_SVM) += $(addprefix arch/x86_64/svm/,cpu.o enter.o length.o vcpu.o)
hv-$(and $(CONFIG_SVM),$(CONFIG_EXIT_STATS)) += arch/x86_64/svm/reason.o

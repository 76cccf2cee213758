# SPDX-License-Identifier: Apache-2.0
hv-$(CONFIG_SVM) += arch/x86_64/svm/enter.o arch/x86_64/svm/cpu.o arch/x86_64/svm/vcpu.o

# SPDX-License-Identifier: Apache-2.0
# What the hypervisor is made of: each folder lists its objects in hv-y, with
# paths from hv/. Options choose files, as in `hv-$(CONFIG_SCHED_FAIR) += core/fair.o`.

include $(wildcard hv/*/build.mk hv/arch/x86_64/build.mk hv/arch/x86_64/*/build.mk)

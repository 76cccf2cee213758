# SPDX-License-Identifier: Apache-2.0
# The files that systems/unikernel-disk/system.yaml names.

SYSTEM_NEEDS := services $(PACKAGES)/devices.cpio

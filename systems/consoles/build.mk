# SPDX-License-Identifier: Apache-2.0
# The files that systems/consoles/system.yaml names.

SYSTEM_NEEDS := services

# SPDX-License-Identifier: Apache-2.0
# Freestanding helpers.

hv-y += lib/lock.o lib/printf.o lib/string.o

# Otherwise the compiler turns memcpy's loop into a call of memcpy.
$(O)/hv/lib/string.o: HV_CFLAGS += -fno-tree-loop-distribute-patterns

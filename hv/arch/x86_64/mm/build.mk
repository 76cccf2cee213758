# SPDX-License-Identifier: Apache-2.0
hv-y += arch/x86_64/mm/boot.o arch/x86_64/mm/region.o arch/x86_64/mm/space.o
hv-y += arch/x86_64/mm/guest_copy.o arch/x86_64/mm/walk.o
hv-y += arch/x86_64/mm/$(if $(CONFIG_GUEST_32BIT),walk_32,walk_32_none).o

# SPDX-License-Identifier: Apache-2.0
hv-y += arch/x86_64/mm/boot.o arch/x86_64/mm/region.o arch/x86_64/mm/space.o
hv-y += arch/x86_64/mm/guest_copy.o arch/x86_64/mm/walk.o

hv-y += arch/x86_64/mm/boot.o arch/x86_64/mm/region.o arch/x86_64/mm/space.o

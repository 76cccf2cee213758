hv-y += builder/boot.o builder/domain.o

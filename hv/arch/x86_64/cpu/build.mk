hv-y += arch/x86_64/cpu/thread.o arch/x86_64/cpu/vcpu.o

hv-y += arch/x86_64/cpu/thread.o arch/x86_64/cpu/vcpu.o
hv-y += arch/x86_64/cpu/features.o arch/x86_64/cpu/panic.o arch/x86_64/cpu/trap.o \
  arch/x86_64/cpu/trap_entry.o

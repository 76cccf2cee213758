# SPDX-License-Identifier: Apache-2.0
# From the loader to the first guest.

hv-y += arch/x86_64/boot/head.o arch/x86_64/boot/main.o arch/x86_64/boot/memory.o \
  arch/x86_64/boot/multiboot.o arch/x86_64/boot/option.o arch/x86_64/boot/smp.o \
  arch/x86_64/boot/trampoline.o
hv-y += arch/x86_64/boot/$(if $(CONFIG_MULTIBOOT2),multiboot2,multiboot2_none).o
hv-y += arch/x86_64/boot/$(if $(CONFIG_PANIC_TEST),panic_test,panic_test_none).o

# SPDX-License-Identifier: Apache-2.0
# Services: build/services/NAME.elf from all C files of services/NAME/, stripped; NAME.debug.elf beside
# it has the symbols that a panic's addresses are looked up in. What differs from service to
# service, each may set in services/NAME/build.mk:
#   NAME-stack := 65536      bytes of stack, whole pages (32 KiB where nothing is said)
#   NAME-with := backend     folders of services/ whose C files it is built from too

SERVICES_OUT := build/services
SERVICES := $(sort $(patsubst services/%/main.c,%,$(wildcard services/*/main.c)))
SERVICE_CFLAGS := $(LIBOS_CFLAGS) -fstack-protector-strong
SERVICE_LDFLAGS := -m elf_x86_64 -nostdlib -static --gc-sections --build-id=none -z noexecstack \
  -z max-page-size=4096 -T libos/libos.lds

service-objs = $(patsubst services/%,$(SERVICES_OUT)/obj/%.o,$(foreach folder,$(1) $($(1)-with),\
  $(wildcard services/$(folder)/*.c)))

-include $(wildcard services/*/build.mk)

.PHONY: services
services: $(SERVICES:%=$(SERVICES_OUT)/%.elf) ##  Build the service unikernels: build/services/*.elf

$(SERVICES_OUT)/obj/%.c.o: services/%.c libos/build.mk services/build.mk
	@mkdir -p $(@D); echo '  CC      $@'; $(CC) $(SERVICE_CFLAGS) -Iservices/$(*D) -c -o $@ $<

.SECONDEXPANSION:
$(SERVICES_OUT)/%.debug.elf: $$(call service-objs,$$*) $(LIBOS_OUT)/libos.a libos/libos.lds
	@echo '  LD      $@'; $(LD) $(SERVICE_LDFLAGS) --defsym=stack_size=$(or $($*-stack),32768) -o $@ \
	  $(filter %.o,$^) --start-group $(LIBOS_OUT)/libos.a $(MUSL_LIB) --end-group \
	  $(shell $(CC) -print-libgcc-file-name)

$(SERVICES_OUT)/%.elf: $(SERVICES_OUT)/%.debug.elf
	@$(OBJCOPY) -S $< $@

.PRECIOUS: $(SERVICES_OUT)/%.debug.elf
-include $(wildcard $(SERVICES_OUT)/obj/*/*.d)

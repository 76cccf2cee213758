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

# $(call service-link,bytes of stack): the objects among the prerequisites to $@
service-link = $(LD) $(SERVICE_LDFLAGS) --defsym=stack_size=$(1) -o $@ $(filter %.o,$^) \
  --start-group $(LIBOS_OUT)/libos.a $(MUSL_LIB) --end-group $(shell $(CC) -print-libgcc-file-name) && \
  $(PYTHON) libos/trap-hlt.py $@

-include $(wildcard services/*/build.mk)

.PHONY: services
services: $(SERVICES:%=$(SERVICES_OUT)/%.elf) ##  Build the service unikernels: build/services/*.elf

$(SERVICES_OUT)/obj/%.c.o: services/%.c libos/build.mk services/build.mk
	@mkdir -p $(@D); echo '  CC      $@'; $(CC) $(SERVICE_CFLAGS) -Iservices/$(*D) -c -o $@ $<

.SECONDEXPANSION:
$(SERVICES_OUT)/%.debug.elf: $$(call service-objs,$$*) $(LIBOS_OUT)/libos.a libos/libos.lds libos/trap-hlt.py
	@echo '  LD      $@'; $(call service-link,$(or $($*-stack),32768))

$(SERVICES_OUT)/%.elf: $(SERVICES_OUT)/%.debug.elf
	@$(OBJCOPY) -S $< $@

.PRECIOUS: $(SERVICES_OUT)/%.debug.elf
# The tests' own unikernels, each of one file.
UNIKERNELS_OUT := build/unikernels
UNIKERNELS := $(patsubst tests/system/unikernel/%.c,$(UNIKERNELS_OUT)/%.elf,$(wildcard tests/system/unikernel/*.c))

services: $(UNIKERNELS)

$(UNIKERNELS_OUT)/%.c.o: tests/system/unikernel/%.c libos/build.mk services/build.mk
	@mkdir -p $(@D); echo '  CC      $@'; $(CC) $(SERVICE_CFLAGS) -Wno-infinite-recursion -Wno-array-bounds -c -o $@ $<

$(UNIKERNELS): %.elf: %.c.o $(LIBOS_OUT)/libos.a libos/libos.lds libos/trap-hlt.py
	@echo '  LD      $@'; $(call service-link,32768)

.PRECIOUS: $(UNIKERNELS_OUT)/%.c.o
-include $(wildcard $(UNIKERNELS_OUT)/*.d)
-include $(wildcard $(SERVICES_OUT)/obj/*/*.d)

# SPDX-License-Identifier: Apache-2.0
# Fuzzers: libFuzzer's programs around the real sources, with sanitizers. Each
# fuzz_NAME.c is a target; its corpus is corpus/NAME. Included behind the unit
# tests' build.mk, whose source lists and flags it takes.

FUZZ_CC := clang
FUZZ_MAIN := # in place of libFuzzer's
FUZZ_TARGETS := hypercall secrets manifest kernel system image acpi decode store block net console
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# What gcc says nothing of: initialisers that override, cmocka's attributes.
FUZZ_WARN := -Werror -Wno-initializer-overrides -Wno-unknown-warning-option
fuzz_cflags = $(filter-out -fsanitize=% -fno-sanitize-recover=%,$(1)) $(FUZZ_SANITIZE) \
  -fsanitize=fuzzer-no-link $(FUZZ_WARN) -Itests/fuzz

FUZZ_TOOL_SRC := $(filter-out %/main.c,$(wildcard tools/skerry/*.c))

FUZZ_SRC_hypercall := $(UNIT_XEN_SRC)
FUZZ_CFLAGS_hypercall = $(call fuzz_cflags,$(UNIT_XEN_CFLAGS))
FUZZ_LIBS_hypercall := -lcmocka
FUZZ_SRC_secrets := $(UNIT_XEN_SRC)
FUZZ_SANITIZE_secrets := -fsanitize=memory -fno-sanitize-recover=all # what ASan cannot do beside it
FUZZ_CFLAGS_secrets = $(subst $(FUZZ_SANITIZE),$(FUZZ_SANITIZE_secrets),$(FUZZ_CFLAGS_hypercall))
FUZZ_LIBS_secrets := -lcmocka
FUZZ_SRC_manifest := $(UNIT_CORE_SRC) hv/core/channel.c \
  $(addprefix hv/builder/,boot.c channels.c ranges.c)
FUZZ_CFLAGS_manifest = $(call fuzz_cflags,$(UNIT_XEN_CFLAGS))
FUZZ_LIBS_manifest := -lcmocka
FUZZ_SRC_kernel := $(FUZZ_TOOL_SRC)
FUZZ_SRC_system := $(FUZZ_TOOL_SRC) tests/unit/tool/make_kernel.c
FUZZ_SRC_image := $(FUZZ_TOOL_SRC)
$(foreach t,kernel system image,$(eval FUZZ_CFLAGS_$(t) = $(call fuzz_cflags,$(UNIT_TOOL_CFLAGS))))
$(foreach t,kernel system image,$(eval FUZZ_LIBS_$(t) := $(TOOL_LIBS)))
FUZZ_SRC_acpi := hv/arch/x86_64/acpi/parse.c hv/arch/x86_64/acpi/aml.c
FUZZ_CFLAGS_acpi = $(call fuzz_cflags,$(UNIT_PLATFORM_CFLAGS))
FUZZ_SRC_decode := hv/arch/x86_64/cpu/decode.c
FUZZ_CFLAGS_decode = $(call fuzz_cflags,$(UNIT_GUEST_CFLAGS))
FUZZ_SRC_store := $(filter-out %/main.c,$(wildcard services/store/*.c)) tests/unit/services/store_world.c
FUZZ_CFLAGS_store = $(call fuzz_cflags,$(UNIT_SERVICES_CFLAGS))
FUZZ_LIBS_store = $(UNIT_SERVICES_LDFLAGS_store) -lcmocka
FUZZ_SRC_block := services/block/request.c services/block/device.c services/block/pages.c services/backend/bus.c \
  services/backend/nodes.c libos/ring.c tests/unit/backend/world.c
FUZZ_CFLAGS_block = $(call fuzz_cflags,$(UNIT_BACKEND_CFLAGS))
FUZZ_LIBS_block := -lcmocka
FUZZ_SRC_net := $(addprefix services/net/,net.c chain.c switch.c checksum.c) services/backend/bus.c \
  services/backend/nodes.c libos/ring.c tests/unit/backend/world.c
FUZZ_CFLAGS_net = $(call fuzz_cflags,$(UNIT_BACKEND_CFLAGS))
FUZZ_LIBS_net := -lcmocka
FUZZ_SRC_console := services/console/mux.c libos/stream.c
FUZZ_CFLAGS_console = $(call fuzz_cflags,$(UNIT_SERVICES_CFLAGS)) -Ilibos/include

# Those with the same flags share their objects.
FUZZ_KIND_kernel := tool
FUZZ_KIND_system := tool
FUZZ_KIND_image := tool
fuzz_kind = $(or $(FUZZ_KIND_$(1)),$(1))
fuzz_objects = $(patsubst %.c,build/obj/fuzz-$(call fuzz_kind,$(1))/%.o,\
  $(sort $(FUZZ_SRC_$(1))) tests/fuzz/fuzz_$(1).c tests/fuzz/frame.c)

define FUZZ_LINK
build/fuzz/$(1): $(call fuzz_objects,$(1))
	@mkdir -p $$(@D); echo '  LINK    $$@'
	@$(FUZZ_CC) $(or $(FUZZ_SANITIZE_$(1)),$(FUZZ_SANITIZE)) -fsanitize=fuzzer -o $$@ $$^ $(FUZZ_MAIN) $(FUZZ_LIBS_$(1))
FUZZ_OBJ += $(call fuzz_objects,$(1))
endef
define FUZZ_COMPILE
build/obj/fuzz-$(call fuzz_kind,$(1))/%.o: %.c tests/fuzz/build.mk
	@mkdir -p $$(@D)
	@$(FUZZ_CC) $(FUZZ_CFLAGS_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call FUZZ_LINK,$(t))))
$(foreach t,hypercall secrets manifest kernel acpi decode store block net console,$(eval $(call FUZZ_COMPILE,$(t))))

TIME := 60

.PHONY: fuzz fuzz-replay fuzz-planted fuzz-figures
fuzz: $(FUZZ_TARGETS:%=build/fuzz/%) ##  Fuzz each target for TIME=60 seconds (TARGETS=... some)
	@$(PYTHON) tests/fuzz/run.py --seconds $(TIME) $(or $(TARGETS),$(FUZZ_TARGETS))

fuzz-replay: $(FUZZ_TARGETS:%=build/fuzz/%) ##  Run the fuzzers' corpora once (a part of make check)
	@$(PYTHON) tests/fuzz/run.py $(FUZZ_TARGETS)

fuzz-figures: $(FUZZ_TARGETS:%=build/fuzz/%)
	@$(PYTHON) tests/fuzz/run.py --figures $(FUZZ_TARGETS)

fuzz-planted: $(FUZZ_TARGETS:%=build/fuzz/%) ##  Plant a defect for each fuzzer and see that it is found
	@$(PYTHON) tests/fuzz/planted.py $(FUZZ_TARGETS)

.SECONDARY: $(FUZZ_OBJ)
-include $(FUZZ_OBJ:.o=.d)

# SPDX-License-Identifier: Apache-2.0
# Unit tests of what boot and the log are made of: ACPI, the memory map, the
# helpers. Each test_*.c is a program of its own with the sources it tests.

UNIT_PLATFORM_NAMES := $(patsubst tests/unit/platform/test_%.c,%,$(wildcard tests/unit/platform/test_*.c))
# The helpers have the C library's names.
UNIT_PLATFORM_RENAME := $(foreach f,memcpy memset memcmp strlen strnlen strcmp strncmp \
  vsnprintf snprintf,-D$(f)=hv_$(f))
UNIT_PLATFORM_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
  -fno-sanitize-recover=all -D__KERNEL_HV__ -I. -Ihv -Ihv/include -Ihv/arch/x86_64/include \
  -Ihv/arch/x86_64/boot -Ihv/arch/x86_64/acpi

UNIT_TESTS += $(UNIT_PLATFORM_NAMES:%=build/unit/platform_%)

build/unit/platform_acpi: hv/arch/x86_64/acpi/parse.c hv/arch/x86_64/acpi/aml.c
build/unit/platform_boot: hv/arch/x86_64/boot/memory.c hv/arch/x86_64/boot/option.c
build/unit/platform_console: hv/core/console.c hv/core/console_mux.c hv/core/log.c
build/unit/platform_lent: UNIT_PLATFORM_CFLAGS += -DCONFIG_CONSOLE_SERVICE=1
build/unit/platform_lent: hv/core/console.c hv/core/console_plain.c hv/core/console_lent.c hv/core/log.c
build/unit/platform_serial: hv/builder/serial.c
build/unit/platform_lib: UNIT_PLATFORM_CFLAGS += $(UNIT_PLATFORM_RENAME)
build/unit/platform_lib: hv/lib/string.c hv/lib/printf.c

build/unit/platform_%: tests/unit/platform/test_%.c tests/unit/platform/build.mk
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(CC) $(UNIT_PLATFORM_CFLAGS) -MMD -MP -MF $@.d -o $@ $(filter %.c,$^) -lcmocka

-include $(UNIT_PLATFORM_NAMES:%=build/unit/platform_%.d)

# SPDX-License-Identifier: Apache-2.0
# The firmware's tables.

hv-y += arch/x86_64/acpi/aml.o arch/x86_64/acpi/init.o arch/x86_64/acpi/parse.o \
  arch/x86_64/acpi/power.o

# SPDX-License-Identifier: Apache-2.0
# Interrupt controllers and time.

hv-y += arch/x86_64/irq/clock.o arch/x86_64/irq/ioapic.o arch/x86_64/irq/lapic.o

hv-y += arch/x86_64/irq/vlapic.o arch/x86_64/irq/vlapic_ipi.o arch/x86_64/irq/vlapic_timer.o

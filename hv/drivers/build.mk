# SPDX-License-Identifier: Apache-2.0
# Devices that root mode itself uses.

hv-y += drivers/uart.o drivers/rtc.o drivers/reference_clock.o
hv-$(if $(CONFIG_CONSOLE_INPUT)$(CONFIG_CONSOLE_SERVICE),y) += drivers/uart_input.o

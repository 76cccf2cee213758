# SPDX-License-Identifier: Apache-2.0
hv-y += builder/boot.o builder/domain.o
hv-y += builder/$(if $(CONFIG_CHANNELS),channels,channels_none).o
hv-y += builder/$(if $(CONFIG_CHANNELS),ranges,ranges_none).o
hv-$(CONFIG_CONSOLE_SERVICE) += builder/serial.o
hv-$(CONFIG_FIGURES) += builder/figures.o
hv-$(if $(CONFIG_FIGURES),,y) += builder/figures_none.o

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a CD image that GRUB starts the hypervisor from, on BIOS and on UEFI:
#
#   tools/mkiso.sh HYPERVISOR IMAGE OUTPUT [OPTIONS]
#
# GRUB loads the hypervisor by Multiboot2, with the system's image as its one
# module. Its menu waits for nobody and talks on the first serial port.
set -eu

hypervisor=$1
image=$2
output=$3
options=${4:-}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/boot/grub" "$(dirname "$output")"
cp "$hypervisor" "$folder/boot/skerry-hv.elf"
cp "$image" "$folder/boot/system.img"
cat > "$folder/boot/grub/grub.cfg" << END
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set timeout=0
menuentry "Skerry" {
  multiboot2 /boot/skerry-hv.elf $options
  module2 /boot/system.img
  boot
}
END
find "$folder" -exec touch -d @0 {} +
# grub-mkrescue writes the time into the disc, whatever SOURCE_DATE_EPOCH says.
TZ=UTC SOURCE_DATE_EPOCH=0 faketime -f "2000-01-01 00:00:00" grub-mkrescue --quiet -o "$output" "$folder" \
  --fonts= --locales= --themes= -- -volid SKERRY > "$output.log" 2>&1 || {
  cat "$output.log" >&2
  exit 1
}

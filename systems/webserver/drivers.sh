#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The driver domain: serves disks from files and joins networks to bridges. What
# Xen's hotplug scripts do in a domain that has a tool stack, this does by
# watching its own back ends in the store: for a disk it attaches the file that
# `params` names to a loop device and writes `physical-device`, for a network it
# puts the interface that the back end makes on the bridge.

. /common.sh

# The device number of a block device as the back end wants it: hexadecimal.
device_number() {
  stat -c '%t:%T' "$1"
}

# A file becomes a loop device; one that is not there is made: empty, of skerry.scratch=SIZE.
attach() {
  [ -e "$1" ] || truncate -s "$(option scratch)" "$1" || return
  disk=$(losetup -f)
  losetup $2 "$disk" "$1"
}

serve_disk() {
  disk=$(xenstore-read "$1/params")
  flags=
  [ "$(xenstore-read "$1/mode")" = w ] || flags=-r
  [ -b "$disk" ] || attach "$disk" "$flags" || return
  xenstore-write "$1/physical-device" "$(device_number "$disk")" "$1/hotplug-status" connected
  echo "disk $1 is on $disk"
}

# $2 and $3: the domain and the number of its interface. It may end at any moment, and what is written
# for it then would be found by its next life.
serve_network() {
  bridge=$(xenstore-read "$1/bridge" 2> /dev/null) || return
  until [ -e "/sys/class/net/vif$2.$3" ]; do
    xenstore-exists "$1/state" || return
    sleep 0.1
  done
  ip link set "vif$2.$3" up
  brctl addif "$bridge" "vif$2.$3" || return
  xenstore-exists "$1/state" && xenstore-write "$1/hotplug-status" connected
  echo "network $1 is on vif$2.$3"
}

served_disk() {
  xenstore-exists "$1/hotplug-status"
}

# By the interface itself, which is a new one in each life: the node may be of the life before.
served_network() {
  [ -e "/sys/class/net/vif$2.$3/brport" ]
}

# Calls `serve_KIND PATH DOMAIN NUMBER` for each back end that nobody has served yet.
serve_new() {
  for domain in $(xenstore-list "$home/backend/$1" 2> /dev/null); do
    for number in $(xenstore-list "$home/backend/$1/$domain"); do
      path=$home/backend/$1/$domain/$number
      "served_$2" "$path" "$domain" "$number" || "serve_$2" "$path" "$domain" "$number"
    done
  done
}

# A disk in memory that this domain keeps over its lives (`keep` in the system file).
if [ -e /sys/firmware/acpi/tables/NFIT ]; then
  modules libnvdimm nd_btt nd_pmem nfit
  await /dev/pmem0
fi
modules llc stp bridge loop xen-netback xen-blkback
brctl addbr br0
ip addr add 10.0.0.1/24 dev br0
ip link set br0 up
await /dev/xen/xenbus
home=/local/domain/$(xenstore-read domid)
echo "SKERRY-READY $name"

# The first event comes at once.
xenstore-watch "$home/backend" | while read -r path; do
  case $path in
    */backend | */state)
      serve_new vbd disk
      serve_new vif network
      ;;
  esac
done &
shell

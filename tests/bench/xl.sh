#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The user space of Xen's boot domain: starts the store, then every domain that /guests describes.
# What a stock kernel writes to its console is shown as Skerry shows it; the suite has a port.
export PATH=/usr/lib/xen-4.17/bin:/usr/bin:/bin
. /common.sh
mkdir /dev/pts && mount -t devpts none /dev/pts
mkdir -p /run /var/run/xen /var/lib/xen /var/lib/xenstored /var/log/xen /var/lock

# What the driver domain of systems/webserver has for its clients (back.sh).
serve() {
  modules llc stp bridge loop xen-netback xen-blkback
  truncate -s 64M /scratch.img
  losetup /dev/loop0 /scratch.img
  brctl addbr br0
  ip addr add 10.0.0.1/24 dev br0
  ip link set br0 up
  . /sink.sh
}

modules xen-privcmd xenfs xen-evtchn xen-gntdev
mount -t xenfs none /proc/xen
xenstored
xen-init-dom0
xenconsoled # without which xl starts nothing
! grep -q disk /guests/d1.cfg || serve
for guest in /guests/*.cfg; do
  alone=-e # but for a guest whose reboot xl must wait for
  ! grep -q '"restart"' "$guest" || alone=
  xl create -q $alone "$guest" || echo "xl: FAIL $guest"
done
if ! grep -q console=port /guests/d1.cfg; then
  sleep 100000 | xenconsole 1 | while read -r line; do echo "[d1] $line"; done
fi
while :; do sleep 100000; done

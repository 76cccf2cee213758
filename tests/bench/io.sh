#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that reads a disk and sends over a network, both of another domain's (back.sh), and prints
# the suite's lines: ns of the machine's clock.
. /common.sh

now() {
  sed -n '/^now at/{s/^now at \([0-9]*\) nsecs/\1/p;q}' /proc/timer_list
}

# 16 MiB, until the other end has taken the last of it.
send() {
  dd if=/dev/zero bs=64k count=256 2> /dev/null | nc 10.0.0.1 5001
}

modules xen-blkfront xen-netfront
await /dev/xvda
io
ip link set lo up
address 10.0.0.2/24 &
until ping -c 1 -W 1 10.0.0.1 > /dev/null 2>&1; do sleep 0.1; done
start=$(now)
send
echo "measure: network.send_16m $(($(now) - start)) ns"
echo "DONE 3 0"
sleep 1
poweroff -f

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that reads a disk and sends over a network, both of another domain's (back.sh), and prints
# the suite's lines: ns of the machine's clock. skerry.turns=N: by the clock of who reads the console,
# each N times.
. /common.sh

now() {
  sed -n '/^now at/{s/^now at \([0-9]*\) nsecs/\1/p;q}' /proc/timer_list
}

# 16 MiB a turn, until the other end has taken the last of it.
send() {
  dd if=/dev/zero bs=64k count=$((256 * ${turns:-1})) 2> /dev/null | nc 10.0.0.1 5001
}

begin() {
  [ -z "$turns" ] || echo "begin: $1"
}

turns=$(option turns)

modules xen-blkfront xen-netfront
await /dev/xvda
for turn in $(seq "${turns:-1}"); do
  begin disk.random_4k
  io
done
ip link set lo up
address 10.0.0.2/24 &
until ping -c 1 -W 1 10.0.0.1 > /dev/null 2>&1; do sleep 0.1; done
begin network.send_16m
sent=$(cat /sys/class/net/eth0/statistics/tx_bytes)
start=$(now)
send || echo "FAIL send"
sent=$(($(cat /sys/class/net/eth0/statistics/tx_bytes) - sent))
[ "$sent" -gt $((${turns:-1} << 24)) ] || echo "FAIL send: $sent bytes"
echo "measure: network.send_16m $((($(now) - start) / ${turns:-1})) ns"
echo "DONE 3 0"
sleep 1
poweroff -f

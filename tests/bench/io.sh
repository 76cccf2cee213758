#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that reads a disk and sends over a network, both of another domain's (back.sh), and prints
# the suite's lines: ns of the machine's clock. skerry.turns=N: by the clock of who reads the console,
# each N times.
. /common.sh

now() {
  sed -n '/^now at/{s/^now at \([0-9]*\) nsecs/\1/p;q}' /proc/timer_list
}

# 16 MiB, until the other end (sink.sh) answers that it has taken them all, in blocks of 64 KiB.
send() {
  nc 10.0.0.1 5001 -e sh -c 'dd if=/dev/zero bs=64k count=256 2> /dev/null; cat >&2' 2>&1 | grep -q '^256+0 records out$'
}

fail() {
  echo "FAIL $1"
  sleep 1
  poweroff -f
}

begin() {
  [ -z "$turns" ] || echo "begin: $1"
}

turns=$(option turns)

# Both are there before either is measured: what the driver domain does to set one up would count with the other.
modules xen-blkfront xen-netfront
await /dev/xvda
ip link set lo up
address 10.0.0.2/24 &
until ping -c 1 -W 1 10.0.0.1 > /dev/null 2>&1; do sleep 0.1; done
for turn in $(seq "${turns:-1}"); do
  begin disk.random_4k
  io || fail "io: not all has been read"
done
begin network.send_16m
start=$(now)
for turn in $(seq "${turns:-1}"); do
  send || fail "send: not all has arrived"
done
end=$(now)
echo "measure: network.send_16m $(((end - start) / ${turns:-1})) ns"
echo "DONE 3 0"
sleep 1
poweroff -f

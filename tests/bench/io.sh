#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that reads a disk and sends over a network, both of another domain's (back.sh), and prints
# the suite's lines: ns of the machine's clock. skerry.turns=N: by the clock of who reads the console,
# each N times. skerry.work=disk: the disk alone; between: it sends to another guest, which has
# skerry.work=sink.
. /common.sh

now() {
  sed -n '/^now at/{s/^now at \([0-9]*\) nsecs/\1/p;q}' /proc/timer_list
}

# 16 MiB, until the other end (sink.sh) answers that it has taken them all, in blocks of 64 KiB.
send() {
  nc "$to" 5001 -e sh -c 'dd if=/dev/zero bs=64k count=256 2> /dev/null; cat >&2' 2>&1 | grep -q '^256+0 records out$'
}

fail() {
  echo "FAIL $1"
  sleep 1
  poweroff -f
}

begin() {
  [ -z "$turns" ] || echo "begin: $1"
}

read_disk() {
  for turn in $(seq "${turns:-1}"); do
    begin disk.random_4k
    io || fail "io: not all has been read"
  done
}

finish() {
  echo "DONE 3 0"
  sleep 1
  poweroff -f
}

turns=$(option turns)
work=$(option work)
to=10.0.0.1 measure=network.send_16m
[ "$work" != between ] || to=10.0.0.3 measure=network.between_16m

# Both are there before either is measured: what the driver domain does to set one up would count with the other.
modules xen-blkfront xen-netfront
ip link set lo up
if [ "$work" = sink ]; then
  . /sink.sh
  address 10.0.0.3/24
fi
[ "$work" = between ] || await /dev/xvda
if [ "$work" = disk ]; then
  read_disk
  finish
fi
address 10.0.0.2/24 &
until ping -c 1 -W 1 "$to" > /dev/null 2>&1; do sleep 0.1; done
[ "$work" = between ] || read_disk
begin "$measure"
[ -n "$turns" ] || io begin
start=$(now)
for turn in $(seq "${turns:-1}"); do
  send || fail "send: not all has arrived"
done
end=$(now)
[ -n "$turns" ] || io end
echo "measure: $measure $(((end - start) / ${turns:-1})) ns"
finish

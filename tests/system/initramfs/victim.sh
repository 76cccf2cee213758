#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that is killed while its back end has its pages mapped and reads into them. Each life fills
# memory before it has a disk, and compares it when the back end has answered what the life before
# had asked for.

. /common.sh

fact() {
  echo "SKERRY-FACT $*"
}

reader() {
  while :; do
    dd if=/dev/xvda of=/dev/null bs=64k 2> /dev/null
    echo 3 > /proc/sys/vm/drop_caches
  done
}

mount -t tmpfs -o size=90% none /mnt
yes "$name" | head -c 1m > /mnt/piece
for turn in $(seq "$(option fill)"); do cp /mnt/piece "/mnt/$turn"; done
fact filled "mib=$(option fill)"
modules xen-blkfront
await /dev/xvda
fact disk "size=$(cat /sys/class/block/xvda/size)"
readers=
for _ in 1 2 3 4; do
  reader &
  readers="$readers $!"
done
sleep 2
kill -STOP $readers
bad=0
for turn in $(seq "$(option fill)"); do cmp -s /mnt/piece "/mnt/$turn" || bad=$((bad + 1)); done
fact compared "bad=$bad"
kill -CONT $readers
echo "SKERRY-READY $name"
shell

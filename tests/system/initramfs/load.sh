#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest that writes to a disk without end, while somebody else kills the domain that serves it.
# What the disk has acknowledged is noted in memory, with its digest; in the end all of it is
# compared with what the disk has.

. /common.sh

fact() {
  echo "SKERRY-FACT $*"
}

# Files of 64 KiB: each is noted when fsync has said that it is on the disk.
writer() {
  for turn in $(seq "$2"); do
    file=/mnt/$1.$turn
    head -c 64k /dev/urandom > "/tmp/$1"
    dd if="/tmp/$1" of="$file" bs=64k conv=fsync 2> /dev/null || fact failed "file=$file"
    sha256sum < "/tmp/$1" | sed "s|-|$file|" >> /tmp/sums
    [ $((turn % 8)) != 0 ] || fact written "files=$(wc -l < /tmp/sums)"
  done
}

# What the front end says that both ends have.
offered() {
  dmesg | sed -n "s/.*blkfront: xvda: .*$1: \\([a-z]*\\).*/\\1/p" | tail -n 1
}

modules xen-blkfront
await /dev/xvda
mount -t tmpfs none /tmp
/sbin/mke2fs -q -t ext4 /dev/xvda && mount -t ext4 /dev/xvda /mnt
echo "SKERRY-READY $name"
for number in 1 2 3 4; do
  writer "$number" "$(option files)" &
done
wait
umount /mnt && echo 3 > /proc/sys/vm/drop_caches && mount -t ext4 /dev/xvda /mnt
fact kept "files=$(wc -l < /tmp/sums)" "bad=$(sha256sum -c /tmp/sums | grep -v -c ': OK$')" \
  "errors=$(dmesg | grep -c -i 'i/o error')" "queues=$(ls /sys/block/xvda/mq | wc -l)" \
  "persistent=$(offered 'persistent grants')" "indirect=$(offered 'indirect descriptors')"
shell

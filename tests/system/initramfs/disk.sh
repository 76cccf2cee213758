#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest with a disk: the first time it makes a file system there, fills it and
# reboots; the second time it compares everything with its digests.

. /common.sh

fact() {
  echo "SKERRY-FACT disk $*"
}

# $1 files of 1 MiB, each of other bytes.
fill() {
  for turn in $(seq "$1"); do
    head -c 1m /dev/urandom > "/mnt/$turn"
    sha256sum "/mnt/$turn" >> /mnt/sums
  done
  sync
}

modules xen-blkfront
await /dev/xvda
if mount -t ext4 /dev/xvda /mnt 2> /dev/null; then
  fact "at=again" "files=$(wc -l < /mnt/sums)" "bad=$(sha256sum -c /mnt/sums | grep -v -c ': OK$')"
  umount /mnt && poweroff -f
fi
/sbin/mke2fs -q -t ext4 /dev/xvda && mount -t ext4 /dev/xvda /mnt
fill "$(option mib)"
fact "at=first" "files=$(wc -l < /mnt/sums)"
reboot -f

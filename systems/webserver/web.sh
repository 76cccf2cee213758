#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds the disk and goes on from there: /sbin/init on it is website.sh.

. /common.sh

modules xen-blkfront xen-netfront
await /dev/xvda
mount -t ext4 /dev/xvda /mnt || shell
exec switch_root /mnt /sbin/init

# SPDX-License-Identifier: Apache-2.0
# Somebody on port 5001 who takes 256 blocks of 64 KiB of each sender and then answers how many came (io.sh).
# Without /dev/null a shell starts nothing in the background.
[ -e /dev/null ] || /bin/busybox mknod /dev/null c 1 3
/bin/busybox nc -ll -p 5001 -e /bin/busybox sh -c \
  'exec /bin/busybox dd of=/dev/null bs=64k count=256 iflag=fullblock 2>&1' &

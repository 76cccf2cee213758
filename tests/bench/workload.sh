#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The user space of the stock kernel's workloads: times each by the kernel's own clock, which under
# -icount counts the machine's instructions, and prints the suite's lines. `work=fork_exec,timer` on
# the kernel's command line, which hands it on as a variable, chooses some of them.
busybox=/bin/busybox
$busybox mount -t proc none /proc
$busybox mount -t devtmpfs none /dev 2> /dev/null

now() {
  $busybox sed -n '/^now at/{s/^now at \([0-9]*\) nsecs/\1/p;q}' /proc/timer_list
}

# Without what the workload sleeps, in ns.
measure() {
  case ",${work:-}," in ,, | *",$1,"*) ;; *) return ;; esac
  echo "begin: workload.$1" # for who takes the time by the host's clock
  start=$(now)
  "$1"
  echo "measure: workload.$1 $(($(now) - start - ${2:-0})) ns"
}

fork_exec() {
  for _ in $($busybox seq 200); do $busybox true; done
}

memory() {
  $busybox mount -t tmpfs -o size=64m none /mnt
  for turn in 1 2 3; do
    $busybox dd if=/dev/zero of=/mnt/file bs=1M count=32 2> /dev/null
    $busybox cat /mnt/file > /dev/null
  done
  $busybox umount /mnt
}

timer() {
  for _ in $($busybox seq 50); do $busybox usleep 2000; done
}

echo "measure: workload.boot $(now) ns"
measure fork_exec
measure memory
measure timer 100000000
echo "DONE 4 0"
$busybox sleep 1
$busybox poweroff -f

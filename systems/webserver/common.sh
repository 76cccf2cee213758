# SPDX-License-Identifier: Apache-2.0
# What the init scripts of this system share.

/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec < /dev/console > /dev/console 2>&1

option() {
  for word in $(cat /proc/cmdline); do
    case $word in "skerry.$1="*) echo "${word#*=}" ;; esac
  done
}

# Loads kernel modules in this order: nothing here resolves dependencies.
modules() {
  for module in "$@"; do
    insmod "$(find /lib/modules -name "$module.ko")" || echo "no module $module"
  done
}

# Waits until a file is there.
await() {
  until [ -e "$1" ]; do sleep 0.1; done
}

# Gives eth0 an address, each time anew that it comes: it goes when its back end dies.
address() {
  while :; do
    await /sys/class/net/eth0
    ip addr add "$1" dev eth0
    ip link set eth0 up
    while [ -e /sys/class/net/eth0 ]; do sleep 0.5; done
  done
}

shell() {
  export PS1="$name:\w# " HOME=/ TERM=vt102
  while setsid cttyhack sh || sleep 1; do :; done
}

name=$(option name)
hostname "$name"

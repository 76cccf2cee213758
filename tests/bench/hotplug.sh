#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# In place of Xen's scripts `block` and `vif-bridge`: xl calls it for each device of a domain, with
# the back end's place in the store.
PATH=/usr/bin:/bin
case $1 in remove | offline) exit 0 ;; esac
case $XENBUS_PATH in
  */vbd/*)
    disk=$(xenstore-read "$XENBUS_PATH/params")
    xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c '%t:%T' "$disk")"
    ;;
  */vif/*)
    ip link set "$vif" up
    brctl addif br0 "$vif"
    ;;
esac
xenstore-write "$XENBUS_PATH/hotplug-status" connected

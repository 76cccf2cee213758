#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the page and shows it.

. /common.sh

modules xen-netfront
address 10.0.0.3/24 &
until timeout 5 wget -q -O /tmp/page http://10.0.0.2/ 2> /dev/null; do sleep 0.2; done
cat /tmp/page
echo "SKERRY-READY $name"
[ "$(option poweroff)" != 1 ] || poweroff -f
shell

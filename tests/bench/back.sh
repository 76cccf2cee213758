#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The driver domain of the disk and network workloads: that of systems/webserver, and somebody who
# takes what is sent.
(while :; do /bin/busybox nc -l -p 5001 > /dev/null || /bin/busybox sleep 1; done) &
exec sh /drivers.sh

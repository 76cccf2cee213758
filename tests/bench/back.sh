#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The driver domain of the disk and network workloads: that of systems/webserver, and somebody who
# takes what is sent.
. /sink.sh
exec sh /drivers.sh

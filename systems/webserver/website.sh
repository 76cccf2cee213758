#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first program on web's disk: serves the pages that lie there.

. /common.sh

address 10.0.0.2/24 &
httpd -h /www
echo "SKERRY-READY $name"
shell

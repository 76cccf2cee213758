#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One of two guests on a bridge: 10.0.0.N, whose other end is 10.0.0.(5 - N), N being 2 or 3. Each
# fetches what the other serves; then 3 sends to 2 and lets 2 send,
# and fetches once more, slowly.

. /common.sh

fact() {
  echo "SKERRY-FACT $*"
}

digest() {
  sha256sum "$1" | cut -c 1-16
}

# $1: a word for the fact; then what iperf3 wants. The last number of its summary is what came.
throughput() {
  word=$1 && shift
  iperf3 -c "$other" -J "$@" > /tmp/iperf || fact iperf "failed=$word"
  fact iperf "way=$word" "bits=$(awk '/"sum_received"/ { in_sum = 1 }
    in_sum && /"bits_per_second"/ { sub(",", "", $2); printf "%d", $2; exit }' /tmp/iperf)"
}

# Slow enough that the bridge can go away meanwhile.
transfer() {
  curl -sS --limit-rate 500k -o /tmp/again "http://$other/data" &
  until [ -s /tmp/again ]; do sleep 0.1; done
  fact transfer at=start
  wait $!
  fact transfer at=end "sent=$(digest /tmp/data)" "came=$(digest /tmp/again)"
}

modules xen-netfront
number=$(option number)
other=10.0.0.$((5 - number))
ip link set lo up
address "10.0.0.$number/24" &
mkdir /tmp/served
head -c "$(option mib)m" /dev/urandom > /tmp/served/data
digest /tmp/served/data > /tmp/served/sum
httpd -h /tmp/served
iperf3 -s -D
echo "SKERRY-READY $name"
until curl -s -o /tmp/sum --max-time 5 "http://$other/sum"; do sleep 0.2; done
curl -sS -o /tmp/data "http://$other/data"
fact curl "bytes=$(stat -c %s /tmp/data)" "sent=$(cat /tmp/sum)" "came=$(digest /tmp/data)"
if [ "$number" = 3 ]; then
  throughput there -t 3
  throughput back -t 3 -R
  transfer
fi
shell

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the container `skerry-environment` from the pinned root file system with
# buildah, and checks that its packages are those of the lock file. Needs neither
# a daemon nor a registry; its storage stands in the cache.
set -eu
cd "$(dirname "$0")/.."

rootfs=$(/usr/bin/python3 tools/environment.py rootfs)
storage=${SKERRY_CACHE:-$HOME/.cache/skerry}/containers

run() {
  buildah --storage-driver vfs --root "$storage" --runroot "$storage/run" "$@"
}

run build-using-dockerfile --quiet --isolation chroot --tag skerry-environment -f Containerfile "$rootfs"
container=$(run from skerry-environment)
trap 'run rm "$container" > /dev/null' EXIT
/usr/bin/python3 tools/environment.py verify "$(run mount "$container")"
run run --isolation chroot "$container" gcc --version > /dev/null
echo 'container skerry-environment: its packages are those of tools/environment.lock'

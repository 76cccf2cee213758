#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of tools/packages.txt that are missing, and
# nothing else; with arguments, those instead. Needs root or sudo only when something is missing.
set -eu
cd "$(dirname "$0")"

wanted=${*:-$(sed 's/#.*//' packages.txt)}
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')

missing=
for package in $wanted; do
  echo "$installed" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo > /dev/null || {
    echo "missing packages, and neither root nor sudo to install them:$missing" >&2
    exit 1
  }
  as_root=sudo
fi

install() {
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends $missing
}

echo "installing:$missing"
# Package lists may be absent (a fresh image) or stale: then fetch them, once.
install || { $as_root apt-get update -q && install; }

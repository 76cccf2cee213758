#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program of an npm package, which is kept in the cache and installed nowhere:
#
#   tools/npm.sh PACKAGE@VERSION PROGRAM [ARGUMENTS...]
set -eu

package=$1
program=$2
shift 2
folder=${SKERRY_CACHE:-$HOME/.cache/skerry}/npm/$package
if [ ! -x "$folder/node_modules/.bin/$program" ]; then
  command -v npm > /dev/null || "$(dirname "$0")/install-packages.sh" npm >&2
  mkdir -p "$folder"
  npm install --silent --no-audit --no-fund --prefix "$folder" "$package" >&2
fi
exec "$folder/node_modules/.bin/$program" "$@"

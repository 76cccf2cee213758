#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes one file out of a Debian package that is downloaded, never installed:
#
#   tools/fetch-debian.sh PACKAGE ARCHITECTURE FILE OUTPUT
#
# for example `linux-image-cloud-amd64 amd64 './boot/vmlinuz-*' OUTPUT`; of a
# meta-package for kernels, the kernel's package is meant. If OUTPUT ends in
# `.tar`, FILE may be several patterns, and all that they match goes into it. apt
# works on a state of its own in the cache, so the host's lists, architectures and
# packages stay as they are. What the cache has is used without the network; remove
# the cache (~/.cache/skerry, or $SKERRY_CACHE) for newer packages. SKERRY_SUITE=trixie
# takes the package from that release, of the same mirrors as this host's bookworm.
set -eu

package=$1
arch=$2
file=$3
output=$4
cache=${SKERRY_CACHE:-$HOME/.cache/skerry}
kept=$cache/files/$package-$arch-$(basename "$output")
case $output in *.tar) kept=$kept-$(echo "$file" | cksum | cut -d ' ' -f 1) ;; esac
suite=${SKERRY_SUITE:-}
state=$cache/apt-$arch${suite:+-$suite}

# The host's sources, of another release.
sources() {
  mkdir -p "$state/sources"
  for list in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list; do
    [ ! -e "$list" ] || sed "s/bookworm/$suite/g" "$list" > "$state/sources/$(basename "$list")"
  done
}

apt() {
  tool=$1
  shift
  [ -z "$suite" ] || set -- -o "Dir::Etc::SourceList=$state/sources/sources.list" \
    -o "Dir::Etc::SourceParts=$state/sources" "$@"
  "$tool" -q -o "Dir::State=$state/state" -o "Dir::State::Status=/dev/null" \
    -o "Dir::Cache=$state/cache" -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" \
    -o "APT::Sandbox::User=" "$@"
}

# The versioned package that a kernel's meta-package stands for today, or the
# package itself.
resolve() {
  dependencies=$(apt apt-cache depends "$package" 2> /dev/null) || {
    cat "$state/update.log" >&2
    echo "fetch-debian: no package $package for $arch; see the messages above" >&2
    exit 1
  }
  kernel=$(echo "$dependencies" | sed -n 's/^ *Depends: \(linux-image-\)/\1/p' | head -n 1)
  echo "${kernel:-$package}"
}

# The files of the package in $1 that are asked for.
take() {
  case $output in
    *.tar)
      mkdir "$1/tree"
      set -f # the patterns are tar's
      # shellcheck disable=SC2086
      dpkg-deb --fsys-tarfile "$1/package.deb" | tar -x -C "$1/tree" --wildcards $file
      set +f
      tar -c -C "$1/tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .
      ;;
    *) dpkg-deb --fsys-tarfile "$1/package.deb" | tar -x -O --wildcards "$file" ;;
  esac
}

fetch() {
  mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial" "$cache/files"
  [ -z "$suite" ] || sources
  apt apt-get update > "$state/update.log" 2>&1 || true # one mirror of several may fail
  real=$(resolve)
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && apt apt-get download "$real")
  mv "$work"/*.deb "$work/package.deb"
  take "$work" > "$work/file"
  echo "$real $(dpkg-deb -f "$work/package.deb" Version)" > "$kept.package"
  mv "$work/file" "$kept" # last: its presence says complete
}

[ -s "$kept" ] || fetch
mkdir -p "$(dirname "$output")"
ln -sfn "$kept" "$output"
echo "$output: $(cat "$kept.package")"

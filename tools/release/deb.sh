#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian package of the host tool, the hypervisors, the services and an
# example image from a folder that holds them as they will be installed:
#
#   tools/release/deb.sh FOLDER VERSION OUTPUT-FOLDER
set -eu

root=$1
version=$(echo "$2" | sed 's/^v//; s/-rc/~rc/')
output=$3
umask 022

install -D -m 644 LICENSE "$root/usr/share/doc/skerry/copyright"
mkdir -m 755 "$root/DEBIAN"
mkdir "$output/shlibs" "$output/shlibs/debian"
printf 'Source: skerry\n\nPackage: skerry\nArchitecture: amd64\n' > "$output/shlibs/debian/control"
tool=$(realpath "$root/usr/bin/skerry")
needs=$(cd "$output/shlibs" && dpkg-shlibdeps -O "$tool" 2> /dev/null | sed 's/^shlibs:Depends=//')
rm -r "$output/shlibs"

cat > "$root/DEBIAN/control" << END
Package: skerry
Version: $version
Architecture: amd64
Maintainer: The Skerry maintainers <maintainers@example.org>
Section: admin
Priority: optional
Depends: $needs
Recommends: qemu-system-x86, graphviz
Installed-Size: $(find "$root" -type f -printf '%s\n' | awk '{n += int(($1 + 1023) / 1024)} END {print n}')
Description: type-1 hypervisor: host tool, hypervisors and services
 One file says which domains a machine runs; skerry compiles it into one
 bootable image. The hypervisors, for three configurations, stand in
 /usr/lib/skerry with the service unikernels and an example image.
END
find "$root" -type d -exec chmod 755 {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$output/skerry_${version}_amd64.deb" > /dev/null

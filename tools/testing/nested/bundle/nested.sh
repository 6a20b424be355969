#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nested.sh OUT CELL IMAGE INITRD BUNDLE: boot a kernel as a nested host (boot.sh) with what
# bundle.sh made, unpacked, beside the initramfs, and have it run that. The tables that it
# prints are then in OUT/tables. Exit code 0 says that it came to its end.
#
# Environment: boot.sh's

set -euo pipefail

out=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/bundle"
tar -x -C "$tmp/bundle" --strip-components=1 -f "$5"
# A second archive adds to the first
{ cat "$4"; (cd "$tmp" && find bundle | cpio -o -H newc -R 0:0 --quiet); } >"$tmp/initrd"
"$(dirname "$0")/../boot/boot.sh" "$out" "$2" "$3" "$tmp/initrd" bundle
sed -n '/^Linux /,/^bundle /{/^bundle /d;p}' "$out/results" >"$out/tables"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bundle.sh DIR OUT TEST...: make OUT, a tar of these tests, bench and nisv-vmm, static
# programs for arm64, and of run.sh, which runs them on any machine. DIR/linux is a kernel
# tree. The same sources give the same tar.
#
# Environment: payload.sh's

set -euo pipefail

dir=$1
out=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
name=nisv-arm64
tmp=$(mktemp -d "$dir/bundle.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

"$here/../build/payload.sh" "$dir" "" "$@" bench nisv-vmm
mkdir "$tmp/$name"
cp -r "$dir/programs/tests" "$tmp/$name/programs"
mv "$tmp/$name/programs/nisv-vmm" "$tmp/$name/"
"${CROSS_COMPILE}strip" "$tmp/$name"/programs/* "$tmp/$name/nisv-vmm"
cp "$here/run.sh" "$here/report.awk" "$here/published" "$top/COPYING" "$tmp/$name/"
tar -c -C "$tmp" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 "$name" | gzip -n >"$out.new"
mv "$out.new" "$out"

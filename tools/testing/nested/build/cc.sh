#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# cc.sh COMPILER ARGUMENT...: compile through ccache, but for assembly: in its
# depend mode, ccache does not see what .incbin reads, and would embed the vDSO, or
# the compressed kernel, of another tree.

for source; do :; done
case $source in
*.S)	exec "$@" ;;
*)	CCACHE_DEPEND=1 exec ccache "$@" ;;
esac

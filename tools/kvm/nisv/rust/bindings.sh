#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# bindings.sh: print nisv.h as Rust, with bindgen 0.60 (Debian 12's). After a change of
# the header: ./bindings.sh >src/bindings.rs

set -eu

cd "$(dirname "$0")"
echo '// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause'
echo '// Made by bindings.sh: change that, or nisv.h'
# The documentation is in the header
bindgen ../../../../include/nisv.h --default-enum-style consts --no-prepend-enum-name \
	--with-derive-default --no-doc-comments --no-layout-tests --size_t-is-usize --no-recursive-allowlist \
	--allowlist-function 'nisv_.*' --allowlist-type 'nisv_.*|kvm_run' --allowlist-var 'NISV_.*'

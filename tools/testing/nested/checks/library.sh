#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# library.sh DIR: libnisv without a guest, built in DIR: with all compilers, its
# decoder, what `make install` leaves, the manual's example, and the Rust crate. Prints
# TAP.

set -u

dir=$1
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
lib=$top/tools/kvm/nisv
. "$nested/checks/tap.sh"

rm -rf "$dir"
mkdir -p "$dir"
out=$dir/out
compilers=(gcc aarch64-linux-gnu-gcc clang 'clang --target=aarch64-linux-gnu')

plan $((${#compilers[@]} + 8))

for cc in "${compilers[@]}"; do
	name=build-${cc// --target=/-}
	make -s -C "$lib" O="$dir/$name" CC="$cc" CFLAGS='-O2 -g -Werror' >"$out" 2>&1
	result $? "libnisv: builds with $cc" "$out"
done

make -s -C "$lib" O="$dir/build-gcc" test >"$out" 2>&1
rc=$?
grep '^#' "$out"
result $rc "libnisv: keeps its interface, decodes like binutils and capstone, and keeps no stale state" "$out"
why=$(sed -n 's/^skip: \(libdynarmic.*\)/\1/p' "$out")
if [ -n "$why" ]; then
	skip 'libnisv: agrees with dynarmic' "$why"
else
	grep -q '^ok .* dynarmic ' "$out" && ! grep -q '^not ok .* dynarmic ' "$out"
	result $? 'libnisv: agrees with dynarmic'
fi

# What is not in the header is not to be seen
{
	nm -D --defined-only "$dir/build-gcc/libnisv.so" | sed -n 's/.* T \(\w*\).*/\1/p' | sort
	grep -oE '^NISV_API [^(]*\bnisv_\w+' "$top/include/nisv.h" | grep -oE '\w+$' | sort
} | sort | uniq -u >"$out"
[ ! -s "$out" ]
result $? "libnisv: exports what nisv.h declares" "$out"

# A VMM author's first minute
make -s -C "$lib" O="$dir/build-gcc" install DESTDIR="$dir/root" PREFIX=/usr >"$out" 2>&1 &&
	cat >"$dir/try.c" <<'END' &&
#include <nisv.h>
#include <stdio.h>

int main(void)
{
	struct nisv_insn insn;
	char text[80];

	if (nisv_decode(NISV_A64, 0xb8004548, &insn) != NISV_DONE)
		return 1;
	nisv_text(&insn, text, sizeof(text));
	puts(text);
	return 0;
}
END
	PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_LIBDIR=$dir/root/usr/lib/pkgconfig \
		sh -c "gcc -Wall -Werror '$dir/try.c' \$(pkg-config --cflags --libs nisv) -o '$dir/try'" >>"$out" 2>&1 &&
	LD_LIBRARY_PATH=$dir/root/usr/lib "$dir/try" >>"$out" 2>&1 &&
	[ "$(cat "$out")" = 'str w8, [x10], #4' ]
result $? "libnisv: installed, found by pkg-config, decodes a word" "$out"

# And with Rust: Debian's tools, whatever else is installed
export PATH=/usr/bin:$PATH CARGO_HOME=$dir/cargo
unset NISV_LIB_DIR
make -s -C "$lib" O="$dir/build-gcc" rust >"$out" 2>&1 &&
	[ "$(grep -c '^test result: ok\.' "$out")" -ge 5 ]
result $? "libnisv: the Rust crate passes its tests, has nisv.h's bindings, and builds without a warning" "$out"

mkdir -p "$dir/try-rust/src"
cat >"$dir/try-rust/Cargo.toml" <<END
[package]
name = "try"
version = "0.0.0"
edition = "2021"

[dependencies]
nisv = { path = "$lib/rust" }
END
cat >"$dir/try-rust/src/main.rs" <<'END'
fn main() {
    let (insn, answer) = nisv::decode(nisv::Isa::A64, 0xb8004548);
    println!("{insn} {answer:?}");
}
END
PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_LIBDIR=$dir/root/usr/lib/pkgconfig \
	CARGO_TARGET_DIR=$dir/try-rust/target cargo build --offline --manifest-path "$dir/try-rust/Cargo.toml" >"$out" 2>&1 &&
	LD_LIBRARY_PATH=$dir/root/usr/lib "$dir/try-rust/target/debug/try" >>"$out" 2>&1 &&
	[ "$(tail -n 1 "$out")" = 'str w8, [x10], #4 Ok(())' ]
result $? "libnisv: the Rust crate finds what is installed by pkg-config, decodes a word" "$out"

# The manual's example, as a program
{
	printf '#include <%s.h>\n' errno stdio sys/ioctl linux/kvm nisv
	sed -n '/^\.Bd -literal/,/^\.Ed/p' "$lib/nisv.3" | sed '1d;$d;s/\\e/\\/g'
	echo 'int main(void) { return run_vcpu(-1, NULL, NULL, false) == 0; }'
} >"$dir/example.c"
aarch64-linux-gnu-gcc -Wall -Wextra -Werror -I"$top/include" "$dir/example.c" \
	"$dir/build-aarch64-linux-gnu-gcc/libnisv.a" -o "$dir/example" >"$out" 2>&1
result $? "libnisv: the manual's example compiles" "$out"

mandoc -T lint -W warning "$lib/nisv.3" >"$out" 2>&1
result $? "libnisv: the manual is well-formed" "$out"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# image.sh DIR REV NAME CONFIG...: build the kernel at git revision REV of
# DIR/linux into DIR/image/NAME, from tinyconfig and the given fragments.
#
# All revisions share DIR/linux and an object folder, so that going from one to
# another compiles only what differs; NAME-VARIANT, which is configured otherwise,
# has its own. DIR/image/NAME/size says what KVM takes of memory, in bytes: its
# code, and what each VM and each vCPU has.
#
# Object folders lie inside the source: the kernel build then uses
# relative paths only, and ccache recognises them in any clone. Nothing is done if
# DIR/image/NAME is of that tree, these fragments and this compiler.
#
# Environment: ARCH, CROSS_COMPILE, JOBS

set -euo pipefail

dir=$1
rev=$2
name=$3
shift 3
linux=$dir/linux
nested=$(cd "$(dirname "$0")/.." && pwd)
out=$dir/image/$name
obj=obj${name#"${name%-*}"}
[ "$obj" = "obj$name" ] && obj=obj
export KBUILD_BUILD_USER=nested KBUILD_BUILD_HOST=nested

key=$(git -C "$linux" rev-parse "$rev^{tree}"; cat "$@" | sha256sum; "${CROSS_COMPILE}gcc" --version | head -n 1)
if [ -e "$out/size" ] && [ "$key" = "$(cat "$out/key")" ]; then
	echo "$name: nothing has changed"
	exit 0
fi

rm -rf "$out"
mkdir -p "$out"
rm -f "$linux/.git/index.lock"
git -C "$linux" -c advice.detachedHead=false checkout -qf --detach "$rev"

# Old trees with today's compilers: host tools that define a symbol twice, and
# warnings that did not exist and are errors
unset MAKEFLAGS MFLAGS
make=(make -C "$linux" "O=$obj" -j"$JOBS" LOCALVERSION="-$name" CC="$nested/build/cc.sh ${CROSS_COMPILE}gcc"
	ARCH="$ARCH" CROSS_COMPILE="$CROSS_COMPILE" HOSTCFLAGS=-fcommon KCFLAGS=-Wno-error)
"${make[@]}" -s tinyconfig
(cd "$linux" && ARCH=$ARCH scripts/kconfig/merge_config.sh -m -O "$obj" "$obj/.config" "$@") >/dev/null
# A 6.18 that cannot be moved dies before it has a console
case $("${make[@]}" -s kernelversion) in
6.18*)	echo CONFIG_RELOCATABLE=y >>"$linux/$obj/.config" ;;
esac
"${make[@]}" -s olddefconfig
grep -q '^CONFIG_KVM=y' "$linux/$obj/.config" ||
	{ echo "image: $name cannot have CONFIG_KVM: set what it depends on, with CONFIG=file" >&2; exit 1; }
image=Image
[ "$ARCH" = arm64 ] || image=zImage
# A tree that needs more options than ours names all that is missing, not one file a run
"${make[@]}" -k $image

cp "$linux/$obj/arch/$ARCH/boot/$image" "$out/Image"
cp "$linux/$obj/.config" "$out/"

# The structs as an object of KVM sees them: how one was compiled is kept beside it
cd "$linux/$obj"
kvm=arch/$ARCH/kvm
cc=$(sed -n '1s/^[a-z]*cmd_[^ ]* := //p' "$kvm/.guest.o.cmd")
cat >size.c <<-'EOF'
	#include <linux/kvm_host.h>
	char kvm[sizeof(struct kvm)], kvm_vcpu[sizeof(struct kvm_vcpu)];
EOF
eval "${cc%% -c -o *} -c -o size.o size.c"
"${CROSS_COMPILE}size" -G -t "$kvm/built-in.a" | awk '/TOTALS/ { print "code", $1 }' >size
"${CROSS_COMPILE}nm" -S -t d size.o | awk '{ print "struct-" $4, $2 + 0 }' >>size
mv size "$out/"
echo "$key" >"$out/key"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# apply.sh BASE LINUX: does patches/series.sh do what it says, and refuse
# what it must with one line and the tree untouched? Prints TAP.

set -u

base=$1
linux=$2
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
series=$top/patches/series.sh
. "$nested/checks/tap.sh"
tmp=$(mktemp -d "$(dirname "$linux")/apply-check.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

# A clone of the base tree, as far as the series is concerned
tree() {
	git clone -qsn "$linux" "$1" 2>/dev/null
	"$series" paths "$base" | sed 's|^|/|' | xargs git -C "$1" sparse-checkout set --no-cone /Makefile /Kbuild
	git -C "$1" checkout -q -B mine base
}

# refuses NAME PATTERN ARGUMENTS...: exit code 1 and one line (or more, for a
# misfit) that matches; the tree in $victim is as it was
refuses() {
	local name=$1 pattern=$2 before rc=0

	shift 2
	before=$(cd "$victim" && find . -type f -not -path './.git/*' -exec sha256sum {} + | sort | sha256sum
		git -C "$victim" rev-parse -q --verify HEAD 2>/dev/null)
	"$@" >"$tmp/out" 2>&1 && { echo "it does not fail" >>"$tmp/out"; rc=1; }
	grep -qE "$pattern" "$tmp/out" || rc=1
	[ "$before" = "$(cd "$victim" && find . -type f -not -path './.git/*' -exec sha256sum {} + | sort | sha256sum
		git -C "$victim" rev-parse -q --verify HEAD 2>/dev/null)" ] || { echo "the tree has changed" >>"$tmp/out"; rc=1; }
	result $rc "$name" "$tmp/out"
}

plan 20

mmio=$("$series" paths "$base" | grep '/mmio\.c$')
tree "$tmp/git"
tree "$tmp/am"
cp -r "$tmp/git" "$tmp/plain"
rm -rf "$tmp/plain/.git"

"$series" apply "$tmp/git" >"$tmp/out" 2>&1
result $? "apply: a git tree gets the commits" "$tmp/out"

"$series" emit "$tmp/am" base "$base" "$tmp/mails" >"$tmp/out" 2>&1 &&
	git -C "$tmp/am" am -q "$tmp"/mails/0*[1-9]-*.patch >>"$tmp/out" 2>&1
result $? "series: git am takes the mails" "$tmp/out"

git -C "$tmp/am" rev-parse 'HEAD^{tree}' >"$tmp/out"
[ "$(cat "$tmp/out")" = "$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')" ]
result $? "series: git am gives the tree that apply gives" "$tmp/out"

victim=$tmp/plain
mkdir -p "$victim/tools/testing/selftests/kvm/$(sed -nE 's|.*kvm/([^/]*)/nisv.h$|\1|p' "$top/patches/$base/series" | tail -n 1)/nisv.h.nisv-new"
refuses "apply: a failure half way leaves a plain tree as it was" 'as it was' "$series" apply "$victim"
find "$victim" -name '*.nisv-new' -type d -exec rmdir {} +

"$series" apply "$tmp/plain" >"$tmp/out" 2>&1 && diff -r --exclude=.git "$tmp/git" "$tmp/plain" >>"$tmp/out"
result $? "apply: a plain tree gets the same files" "$tmp/out"

for victim in "$tmp/git" "$tmp/plain"; do
	refuses "apply: the feature is there already (${victim##*/})" 'already carries the feature, as mainline does since v5.5' \
		"$series" apply "$victim"
done

victim=$tmp/git
git -C "$victim" reset -q --hard base
echo >>"$victim/$mmio"
refuses "apply: a dirty tree" 'not committed: commit or stash' "$series" apply "$victim"
git -C "$victim" checkout -q -- "$mmio"

sed -i 's/return -ENOSYS;/return -EOPNOTSUPP;/' "$victim/$mmio"
git -C "$victim" commit -qam "A change that is in the way"
refuses "apply: a patch that does not fit: which, where" \
	"hunk [0-9]+ of $mmio" "$series" apply "$victim"
git -C "$victim" reset -q --hard base

# changed MESSAGE: commit what has been done to the tree $victim
changed() {
	git -C "$victim" commit -qam "$1"
}

sed -i 's/__kvm_arm_vcpu_set_events/__kvm_arm_vcpu_set_state/' "$victim/arch/arm64/kvm/guest.c"
changed "The same lines in another function"
refuses "apply: a change would end up in another function: which, where" \
	'arch/arm64/kvm/guest.c: a change would end up in "__kvm_arm_vcpu_set_state"' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

# What vendors add: beside the lines that the series adds, and further up
sed -i '1i /* ours */' "$victim/$mmio" "$victim/arch/arm64/kvm/guest.c"
sed -i '/^#ifdef KVM_CAP_IRQ_ROUTING/i #define KVM_CAP_VENDOR 4711\n' "$victim/include/uapi/linux/kvm.h"
sed -i 's/^\(\t\)u32 psci_version;/&\n\1u32 vendor;/' "$victim/arch/arm64/include/asm/kvm_host.h"
changed "Unrelated changes nearby"
"$series" apply "$victim" >"$tmp/out" 2>&1 && grep -q 'hunks, [1-9][0-9]* of them moved' "$tmp/out"
result $? "apply: unrelated changes nearby do no harm" "$tmp/out"
git -C "$victim" reset -q --hard base

sed -i '1i #define KVM_CAP_ARM_NISV_TO_USER 177' "$victim/include/uapi/linux/kvm.h"
changed "Half a backport"
refuses "apply: a part of the feature is there already: what, where" \
	'KVM_CAP_ARM_NISV_TO_USER: include/uapi/linux/kvm.h$' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

sed -i '1i #define KVM_CAP_VENDOR 178' "$victim/include/uapi/linux/kvm.h"
changed "A number of the feature for something else"
refuses "apply: a number of the feature is taken: where" \
	'number 177 or 178 for another capability: include/uapi/linux/kvm.h$' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

git -C "$victim" rm -q --cached arch/arm64/kvm/guest.c && rm "$victim/arch/arm64/kvm/guest.c"
changed "Without a file of KVM"
refuses "apply: KVM is there, but not all of it: what is missing" \
	'arch/arm64/kvm/guest.c: does not exist' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

git -C "$victim" rm -rq --cached arch/arm64/kvm && rm -r "$victim/arch/arm64/kvm"
changed "Without KVM"
refuses "apply: no KVM for arm64" 'has no arch/arm64/kvm' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 0/; s/^VERSION = .*/VERSION = 5/' "$victim/Makefile"
git -C "$victim" commit -qam "Another version"
refuses "apply: an unsupported version" 'version 5.0, for which there is no series; there is one for: .*' \
	"$series" apply "$victim"
git -C "$victim" reset -q --hard base

victim=$tmp/mails
refuses "apply: no kernel tree" 'is no kernel tree' "$series" apply "$victim"
refuses "apply: no such folder" 'no such folder' "$series" apply "$tmp/nowhere"
refuses "series: an unknown base" "no series for base '9.9'" "$series" emit "$tmp/am" base 9.9 "$tmp/x"
refuses "make: an unknown base" "no BASE=9.9" env -u MAKEFLAGS make -s -C "$top" check KERNEL= BASE=9.9

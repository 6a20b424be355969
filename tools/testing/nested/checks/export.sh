#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# export.sh BASE LINUX: what `make export` writes, applied by the tool that it is for, has
# to give the tree of the series; and each format has rules. Prints TAP.

set -u

base=$1
linux=$(realpath "$2")
nested=$(cd "$(dirname "$0")/.." && pwd)
top=$(cd "$nested/../../.." && pwd)
series=$top/patches/series.sh
export=$top/patches/export.sh
. "$nested/checks/tap.sh"
. "$nested/checks/clone.sh"
tmp=$(mktemp -d "$(dirname "$linux")/export-check.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
# Nothing of the user's settings
export HOME=$tmp

read -ra formats < <("$export" formats)

# Apply the patches of folder $1, whose names are on stdin, to the tree $2, as Buildroot and
# Nix do; but what does not fit to the line has been damaged
patched() {
	local p

	while read -r p; do
		patch -d "$2" -g0 -p1 -t -N -F0 --no-backup-if-mismatch <"$1/$p" || return 1
	done
}

# How each tool applies what is in the folder $1 to the tree $2
quilt_apply() {
	(cd "$2" && QUILT_PATCHES=$1 quilt --quiltrc - push -a --fuzz=0 && rm -r .pc)
}
yocto_apply() {
	local dir=$1/recipes-kernel/linux

	sed -n 's/^patch //p' "$dir/nisv/nisv.scc" >"$tmp/scc"
	sed -n 's|^ *file://nisv/\([^ ]*\) \\$|\1|p' "$dir"/*.bbappend | diff "$tmp/scc" - &&
		patched "$dir/nisv" "$2" <"$tmp/scc"
}
buildroot_apply() {
	(cd "$1/linux" && LC_ALL=C ls ./*.patch) | patched "$1/linux" "$2"
}
android_apply() {
	git -C "$2" am -q "$1"/*.patch
}
cip_apply() {
	git -C "$2" am -q "$1"/*.patch
}
nix_apply() {
	nix-instantiate --store dummy:// --eval --strict --json \
		-E "map (p: assert builtins.isString p.name; toString p.patch) (import $1)" >"$tmp/json" &&
		tr -d '[]"' <"$tmp/json" | tr , '\n' | grep . | patched / "$2"
}

# Does what is exported to the folder of format $1 give the tree of the series?
gives() {
	rm -rf "$tmp/tree"
	cp -r "$tmp/base" "$tmp/tree"
	"$1_apply" "$tmp/$1" "$tmp/tree" && diff -r --exclude=.git "$tmp/series" "$tmp/tree"
}

# What the rules of a format say, each a test of the file $1
android_rules() {
	local tag

	tag=$(sed -n 's/^Subject: \[PATCH\] \([A-Z]*\): .*/\1/p' "$1")
	case $tag in
	BACKPORT)	grep -qE '^\(cherry picked from commit [0-9a-f]{12,40}\)$' "$1" && grep -q '^\[own code' "$1" ;;
	FROMLIST)	grep -q '^Link: https://' "$1" ;;
	ANDROID)	! grep -q '^(cherry picked' "$1" ;;
	*)		false ;;
	esac && [ "$(grep -cE '^Change-Id: I[0-9a-f]{40}$' "$1")" = 1 ]
}
# Its own tools look for "commit ... upstream."
cip_rules() {
	sed -n '/^$/{n;p;q}' "$1" | grep -qE '^(commit [0-9a-f]{12,40} upstream\.|\[ No commit in mainline(: .*)? \])$'
}
# As OpenEmbedded's QA for patches
yocto_rules() {
	[ "$(grep -cE '^Upstream-Status: (Pending|Submitted|Inappropriate|Backport)( .+)?$' "$1")" = 1 ]
}
# As Buildroot's check-package
buildroot_rules() {
	[[ ${1##*/} =~ ^[0-9]{1,4}-[^/]*$ ]] && grep -q '^Upstream: ' "$1" && ! grep -qE '^Subject: *\[PATCH [0-9]+/' "$1"
}
quilt_rules() { :; }
nix_rules() { :; }

# All patches of the folder $2, in the format $1: the rules; nothing but the message changes
keeps_rules() {
	local p f rc=0

	"$export" "$1" "$2" "$tmp/$1" || return 1
	for p in "$2"/[0-9]*.patch; do
		[ "${p##*/}" != 0000-cover-letter.patch ] || continue
		f=$(find "$tmp/$1" -name "${p##*/}")
		{ "$1_rules" "$f" && grep -q '^Signed-off-by: ' "$f" &&
			diff <(sed '1,/^---$/d' "$p") <(sed '1,/^---$/d' "$f") >/dev/null; } ||
			{ echo "$1: ${p##*/}"; rc=1; }
	done
	return $rc
}

plan $((3 * ${#formats[@]} + 7))

tree "$tmp/base"
cp -r "$tmp/base" "$tmp/series"
git -C "$tmp/series" checkout -q series
"$series" emit "$linux" base "$base" "$tmp/mails" >"$tmp/out" 2>&1 || sed 's/^/# /' "$tmp/out"
mkdir "$tmp/broken"
cp "$tmp"/mails/*.patch "$tmp/broken"
first=$(find "$tmp/broken" -name '0001-*')
awk '/^@@ / { hunk = 1 } hunk && /^ .*[a-z]/ { $0 = $0 " x"; hunk = 0 } { print }' "$tmp/mails/${first##*/}" >"$first"

for f in "${formats[@]}"; do
	{ "$export" "$f" "$tmp/mails" "$tmp/$f" && gives "$f"; } >"$tmp/out" 2>&1
	result $? "$f: its tool makes the tree of the series" "$tmp/out"

	{ "$export" "$f" "$tmp/broken" "$tmp/$f" && ! gives "$f"; } >"$tmp/out" 2>&1
	result $? "$f: its tool refuses a patch that has been damaged" "$tmp/out"
done

# Of all lines, without a tree
mkdir "$tmp/all"
n=0
for p in "$top"/patches/[0-9]*/*.patch; do
	n=$((n + 1))
	cp "$p" "$tmp/all/$(printf %04d $n)-$(basename "$p")"
done
for f in "${formats[@]}"; do
	keeps_rules "$f" "$tmp/all" >"$tmp/out" 2>&1
	result $? "$f: all patches of all lines keep its rules" "$tmp/out"
done

"$export" android "$tmp/mails" "$tmp/android" >"$tmp/out" && grep -h '^Change-Id: ' "$tmp"/android/*.patch | sort | uniq -d >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "android: each change of a series has a Change-Id of its own" "$tmp/out"

# A recipe that knows features, and one that does not
"$export" yocto "$tmp/mails" "$tmp/yocto" >/dev/null
name="yocto: bitbake parses the bbappend"
if ! command -v bitbake >/dev/null; then
	skip "$name" "no bitbake here, and Debian 12 has no package of it"
else
	layer=$tmp/bitbake
	mkdir -p "$layer/conf" "$layer/classes"
	cp -r "$tmp/yocto/recipes-kernel" "$layer"
	cp "$(dirname "$(command -v bitbake)")"/../conf/bitbake.conf "$layer/conf"
	cp "$(dirname "$(command -v bitbake)")"/../classes/base.bbclass "$layer/classes"
	touch "$layer"/classes/{kernel-yocto,kernel}.bbclass
	echo "BBLAYERS = \"$layer\"" >"$layer/conf/bblayers.conf"
	cat >"$layer/conf/layer.conf" <<-END
		BBFILES += "$layer/recipes-kernel/*/*.bb $layer/recipes-kernel/*/*.bbappend"
		BBFILE_COLLECTIONS += "core"
		BBFILE_PATTERN_core = "^$layer/"
		LAYERSERIES_CORENAMES = "none"
		LAYERSERIES_COMPAT_core = "none"
	END
	for class in kernel-yocto kernel; do
		printf 'inherit %s\nSRC_URI = ""\n' $class >"$layer/recipes-kernel/linux/linux-yocto_$base.1.bb"
		echo "$class: $(cd "$layer" && BBPATH=$layer bitbake -e linux-yocto 2>&1 | grep -E '^(SRC_URI=|KERNEL_FEATURES=|ERROR)')"
	done >"$tmp/out" 2>&1
	! grep -q ERROR "$tmp/out" && grep -q '^kernel-yocto: .*nisv.scc' "$tmp/out" &&
		grep -q 'file://nisv;type=kmeta;destsuffix=nisv' "$tmp/out" &&
		[ "$(grep -o 'file://nisv/[^ "]*' "$tmp/out" | sed 's|.*/||')" = "$(sed -n 's/^patch //p' "$tmp/yocto/recipes-kernel/linux/nisv/nisv.scc")" ]
	result $? "$name" "$tmp/out"
fi

# refuses NAME PATTERN ARGUMENTS...: one line that matches, and nothing is left
refuses() {
	local name=$1 pattern=$2 rc=0

	shift 2
	rm -rf "$tmp/none"
	"$export" "$@" >"$tmp/out" 2>&1 && { echo "it does not fail"; rc=1; } >>"$tmp/out"
	{ grep -qE "$pattern" "$tmp/out" && [ "$(wc -l <"$tmp/out")" = 1 ]; } || rc=1
	! find "$tmp"/none* 2>/dev/null | grep . >>"$tmp/out" || rc=1
	result $rc "$name" "$tmp/out"
}

refuses "export: no such format: which there are" 'deb: there is no such format; there is: quilt ' \
	deb "$tmp/mails" "$tmp/none"

# One mail whose message says something else of mainline
mkdir "$tmp/one"
one=$tmp/one/0001-one.patch
says() {
	sed '/^Mainline /,/^$/d' "$top/patches/6.1/fix-0012"* | sed "s|^Fixes: .*|$1\n\n&${2:+\n$2}|" >"$one"
}

says 'Mainline is fine.'
refuses "export: a patch does not say what mainline has of it: which" '0001-one.patch: it does not say' \
	cip "$tmp/one" "$tmp/none"

says 'Mainline has no such fix up to v7.3.' 'Link: https://lore.kernel.org/r/1'
{ "$export" android "$tmp/one" "$tmp/android" && grep -q '^Subject: \[PATCH\] FROMLIST: KVM' "$tmp/android/0001-one.patch" &&
	"$export" yocto "$tmp/one" "$tmp/yocto" && grep -rq '^Upstream-Status: Submitted \[https://lore.kernel.org/r/1\]$' "$tmp/yocto"
} >"$tmp/out" 2>&1
result $? "export: a patch that was sent to a list has the link to it" "$tmp/out"

commit=$(git -C "$linux" rev-parse base)
says "Mainline does the same since v5.5, with commit ${commit:0:12} (\"$(git -C "$linux" log -1 --format=%s base)\")."
{ "$export" cip "$tmp/one" "$tmp/cip" "$linux" && grep -qx "commit $commit upstream." "$tmp/cip/0001-one.patch"; } >"$tmp/out" 2>&1
result $? "export: a commit is named in full, if the repository has it" "$tmp/out"

says "Mainline does the same since v5.5, with commit ${commit:0:12} (\"Something else\")."
refuses "export: the repository has another commit of that name" "is not \(\"Something else\"\), but" \
	cip "$tmp/one" "$tmp/none" "$linux"

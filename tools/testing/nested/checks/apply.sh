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
. "$nested/checks/clone.sh"
tmp=$(mktemp -d "$(dirname "$linux")/apply-check.XXXXXX")
# Where others can read, too
trees=$(mktemp -d)
chmod 755 "$trees"
trap 'rm -rf "$tmp" "$trees"' EXIT
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

# What a tree holds, whose the files are, and where its branch is
state() {
	(cd "$1" && find . -path ./.git -prune -o -printf '%p %u %g %m\n' -type f -exec sha256sum {} + | sort
		git -c safe.directory='*' rev-parse -q --verify HEAD 2>/dev/null)
}

# refuses NAME PATTERN ARGUMENTS...: exit code 1 and one line (or more, for a
# misfit) that matches; the tree in $victim is as it was
refuses() {
	local name=$1 pattern=$2 before rc=0

	shift 2
	before=$(state "$victim")
	"$@" >"$tmp/out" 2>&1 && { echo "it does not fail" >>"$tmp/out"; rc=1; }
	grep -qE "$pattern" "$tmp/out" || rc=1
	[ "$before" = "$(state "$victim")" ] || { echo "the tree has changed" >>"$tmp/out"; rc=1; }
	result $rc "$name" "$tmp/out"
}

plan 82

# A file that a patch changes in each kind of tree, and a function there
mmio=$("$series" paths "$base" | grep -E '/mm(io|u)\.c$' | head -n 1)
case $mmio in
*mmio.c)	function=kvm_handle_mmio_return ;;
*)		function=kvm_handle_guest_abort ;;
esac
tree "$tmp/git"
tree "$tmp/am"
cp -r "$tmp/git" "$tmp/plain"
rm -rf "$tmp/plain/.git"
cp -r "$tmp/plain" "$tmp/base"

# As Documentation/carrying.rst has them
readme() {
	local dir=$1

	sed -n '/^What ..make apply.. does/,/^Run the tests/s|^  \(.*/path/to/linux.*\)|\1|p' "$top/Documentation/carrying.rst" | grep "$2" |
		sed "s|/path/to/linux|$dir|g; s|/path/to/mails|$tmp/mails|g" >"$tmp/commands"
	[ -s "$tmp/commands" ] && (cd "$top" && env -u MAKEFLAGS bash -e "$tmp/commands")
}
readme "$tmp/git" 'make apply' >"$tmp/out" 2>&1
result $? "carrying.rst: make apply: a git tree gets the commits" "$tmp/out"

readme "$tmp/am" 'series.sh mails' >"$tmp/out" 2>&1 && [ "$(git -C "$tmp/am" rev-parse HEAD)" = "$(git -C "$tmp/am" rev-parse base)" ]
result $? "carrying.rst: patches/series.sh mails: the tree is as it was" "$tmp/out"

readme "$tmp/am" 'git .* am' >"$tmp/out" 2>&1
result $? "carrying.rst: git am takes the mails" "$tmp/out"

command=$(sed -n 's/^ *..\(git format-patch .*\).. gives the files.*/\1/p' "$top/Documentation/carrying.rst")
(cd "$tmp/am" && $command -1 --stdout | "$series" mail) >"$tmp/patch" 2>"$tmp/out" &&
	grep -q '^From 0*0 ' "$tmp/patch" && git -C "$tmp/am" apply -R --check "$tmp/patch" >>"$tmp/out" 2>&1
result $? "carrying.rst: git format-patch gives a file" "$tmp/out"

# As its MAINTAINERS has it; and which of the two letters it is
{
	grep -q '^To: .*@' "$tmp/mails/0000-cover-letter.patch" && grep -q '^Cc: .*kvmarm@' "$tmp/mails/0000-cover-letter.patch" &&
		grep -qE '^Applies to: (v[0-9]|linux-source-)' "$tmp/mails/0000-cover-letter.patch"
} >>"$tmp/out" 2>&1
result $? "series: the cover letter says whom it is for, and what it applies to" "$tmp/mails/0000-cover-letter.patch"

# checkpatch reads one line
for f in "$tmp"/mails/*.patch "$top"/patches/*/*.patch; do
	awk -v f="$f" '/^$/ { exit } from && /^[ \t]/ { print f ": " $0; exit } { from = /^From: / }' "$f"
done >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "series: From: is on one line, in mails and in patches" "$tmp/out"

git -C "$tmp/am" rev-parse 'HEAD^{tree}' >"$tmp/out"
[ "$(cat "$tmp/out")" = "$(git -C "$tmp/git" rev-parse 'HEAD^{tree}')" ]
result $? "series: git am gives the tree that apply gives" "$tmp/out"

victim=$tmp/plain
mkdir -p "$victim/tools/testing/selftests/kvm/$(sed -nE 's|.*kvm/([^/]*)/nisv.h$|\1|p' "$top/patches/$base/series" | tail -n 1)/nisv.h.nisv-new"
refuses "apply: a failure half way leaves a plain tree as it was" 'was not changed' "$series" apply "$victim"
find "$victim" -name '*.nisv-new' -type d -exec rmdir {} +

# Started in a folder of another repository
(cd "$tmp/git/arch" && "$series" apply "$tmp/plain") >"$tmp/out" 2>&1 && diff -r --exclude=.git "$tmp/git" "$tmp/plain" >>"$tmp/out"
result $? "apply: a plain tree gets the same files" "$tmp/out"

for victim in "$tmp/git" "$tmp/plain"; do
	refuses "apply: the series is there already (${victim##*/}), and what judges it" 'KERNEL=.* SERIES=none tests' \
		"$series" apply "$victim"
done

# By hand, without a look at the code
for f in "$top"/patches/*/fix-????a-*.patch; do
	n=${f##*/}
	b=$(echo "${f%/*}/${n%%a-*}"b-*)
	rm -rf "$tmp/hand"
	cp -r "$tmp/base" "$tmp/hand"
	for p in "$f" "$b" "$f" "$b"; do
		(cd "$tmp/hand" && GIT_DIR=/nowhere git apply "$p" 2>/dev/null && echo "${p#"$top/"} fits")
	done >"$tmp/fits"
	[ "$(wc -l <"$tmp/fits")" -lt 2 ] || cat "$tmp/fits"
done >"$tmp/out"
[ ! -s "$tmp/out" ]
result $? "patches: if a fix has two forms, at most one of them applies by hand, and only once" "$tmp/out"

# Mainline's implementation: Debian's tree before it was rewound
there=$(git -C "$linux" rev-parse -q --verify debian)
if [ -n "$there" ]; then
	tree "$tmp/mainline"
	git -C "$tmp/mainline" checkout -q -B mine "$there"
	"$series" apply "$tmp/mainline" >"$tmp/out" 2>&1
	result $? "apply: a tree with mainline's implementation takes the fixes" "$tmp/out"

	git -C "$tmp/mainline" log --format=%s "$there.." >"$tmp/out"
	grep -q 'an abort that userspace injects\|an injected abort' "$tmp/out" &&
		! grep -q 'Let userspace \(handle\|inject\)' "$tmp/out"
	result $? "apply: a tree with mainline's implementation does not take the feature" "$tmp/out"

	victim=$tmp/mainline
	git -C "$victim" reset -q --hard "$there"
	sed -i '/KVM_CAP_ARM_INJECT_EXT_DABT/d' "$victim"/include/uapi/linux/kvm.h "$victim"/arch/arm64/kvm/arm.c
	git -C "$victim" commit -qam "A part of mainline's"
	refuses "apply: a part of mainline's: what is missing" 'lacks: KVM_CAP_ARM_INJECT_EXT_DABT$' "$series" apply "$victim"
else
	for name in "a tree with mainline's implementation takes the fixes" "a tree with mainline's implementation does not take the feature" \
		"a part of mainline's: what is missing"; do
		skip "apply: $name" "this one was not rewound"
	done
fi

victim=$tmp/git
git -C "$victim" reset -q --hard base
echo >>"$victim/$mmio"
refuses "apply: a dirty tree" 'uncommitted changes: commit or stash' "$series" apply "$victim"
git -C "$victim" checkout -q -- "$mmio"

sed -i 's/;$/ ;/' "$victim/$mmio"
git -C "$victim" commit -qam "A change that is in the way"
refuses "apply: a patch that does not fit: which, where" \
	"hunk [0-9]+ of $mmio" "$series" apply "$victim"
git -C "$victim" reset -q --hard base

# changed MESSAGE: commit what has been done to the tree $victim
changed() {
	git -C "$victim" commit -qam "$1"
}

sed -i "s/^int $function/int kvm_handle_state/" "$victim/$mmio"
changed "The same lines in another function"
refuses "apply: a change would end up in another function: which, where" \
	"$mmio: a change would end up in \"kvm_handle_state\"" "$series" apply "$victim"
git -C "$victim" reset -q --hard base

# What vendors add: beside the lines that the series adds, and further up
sed -i '1i /* ours */' "$victim/$mmio" "$victim/arch/arm64/kvm/inject_fault.c"
sed -i '/^#ifdef KVM_CAP_IRQ_ROUTING/i #define KVM_CAP_VENDOR 4711\n' "$victim/include/uapi/linux/kvm.h"
sed -i 's/^\(\t\)u32 psci_version;/&\n\1u32 vendor;/' "$victim/arch/arm64/include/asm/kvm_host.h"
changed "Unrelated changes nearby"
"$series" apply "$victim" >"$tmp/out" 2>&1 && grep -q 'hunks, [1-9][0-9]* of them moved' "$tmp/out"
result $? "apply: unrelated changes nearby do no harm" "$tmp/out"
git -C "$victim" reset -q --hard base

# Of a backport this project knows nothing; of mainline's it has what mends it
if grep -q 'if .*KVM_CAP_ARM_NISV_TO_USER' "$top/patches/$base/series"; then
	skip "apply: a backport of all of the feature: who has it" "this base has fixes for it"
else
	sed -i '1i #define KVM_CAP_ARM_NISV_TO_USER 177\n#define KVM_CAP_ARM_INJECT_EXT_DABT 178\n#define KVM_EXIT_ARM_NISV 28' \
		"$victim/include/uapi/linux/kvm.h"
	sed -i '1i /* ext_dabt_pending */' "$victim/$mmio"
	changed "A backport"
	refuses "apply: a backport of all of the feature: who has it" \
		'has the feature, like mainline since v5.5; for version [0-9.]+ there are no fixes for it' "$series" apply "$victim"
	git -C "$victim" reset -q --hard base
fi

if grep -q KVM_CAP_ARM_NISV_TO_USER "$victim/include/uapi/linux/kvm.h"; then
	skip "apply: a part of the feature is there already: what, where" "this tree has all of it"
else
	sed -i '1i #define KVM_CAP_ARM_NISV_TO_USER 177' "$victim/include/uapi/linux/kvm.h"
	changed "Half a backport"
	refuses "apply: a part of the feature is there already: what, where" \
		'KVM_CAP_ARM_NISV_TO_USER: include/uapi/linux/kvm.h$' "$series" apply "$victim"
	git -C "$victim" reset -q --hard base
fi

sed -i '1i #define KVM_CAP_VENDOR 178' "$victim/include/uapi/linux/kvm.h"
changed "A number of the feature for something else"
refuses "apply: a number of the feature is taken: where" \
	'  KVM_CAP_VENDOR is 178, like KVM_CAP_ARM_INJECT_EXT_DABT: include/uapi/linux/kvm.h$' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

git -C "$victim" rm -q --cached "$mmio" && rm "$victim/$mmio"
changed "Without a file of KVM"
refuses "apply: KVM is there, but not all of it: what is missing" \
	"$mmio: does not exist" "$series" apply "$victim"
git -C "$victim" reset -q --hard base

git -C "$victim" rm -rq --cached arch/arm64/kvm && rm -r "$victim/arch/arm64/kvm"
changed "Without KVM"
refuses "apply: no KVM for arm64" 'has no arch/arm64/kvm' "$series" apply "$victim"
git -C "$victim" reset -q --hard base

# What kind of tree it is, and whose. 65534 is nobody, 12345 has no name.

# as WHO COMMAND...: as the user with this id
as() {
	local who=$1

	shift
	(cd "$trees" && HOME=$trees setpriv --reuid "$who" --regid "$who" --clear-groups "$@")
}

# repository WHO DIR: make DIR one of this user that has all of it
repository() {
	chown -R "$1:$1" "$2"
	as "$1" git -C "$2" init -q && as "$1" git -C "$2" add -Af . && as "$1" git -C "$2" commit -qm "A tree"
}

# got DIR: has it the files of the series? And nothing else
got() {
	diff -r --exclude=.git "$tmp/am" "$1"
}

# whole WHO DIR: is all of it this user's, and committed?
whole() {
	! find "$2" ! -uid "$1" | grep . && [ -z "$(as "$1" git -C "$2" status --porcelain)" ]
}

others=(
	"apply: another user's git tree gets the commits, and stays that user's"
	"apply: so does that of a user without a name"
	"apply: another user's git tree, dirty"
	"apply: another user's git tree, in part not writable"
	"apply: another user's plain tree: owners and modes are kept, new files are the folder's owner's"
	"apply: a plain tree with a file of another user, which not root but its owner changes"
	"apply: not root, and another user's git tree: who can do it"
	"tracked: of another user's git tree what git tracks, no more"
)
if [ "$(id -u)" != 0 ]; then
	for name in "${others[@]}"; do
		skip "$name" "only root can make such trees"
	done
else
	victim=$trees/other
	cp -r "$tmp/base" "$victim"
	chmod 664 "$victim/$mmio"
	repository 65534 "$victim" >"$tmp/out" 2>&1
	cp -a "$victim" "$trees/unnamed"
	chown -R 12345:12345 "$trees/unnamed"
	cp -a "$victim" "$trees/locked"

	echo >>"$victim/$mmio"
	refuses "${others[2]}" 'uncommitted changes: commit or stash' "$series" apply "$victim"
	as 65534 git -C "$victim" checkout -q -- "$mmio"
	chmod 664 "$victim/$mmio"

	echo >"$victim/untracked"
	"$series" tracked "$victim" 2>"$tmp/out" | tr '\0' '\n' | sort >"$tmp/tracked"
	(cd "$tmp/base" && find . -type f -o -type l) | sed 's|^\./||' | sort | diff - "$tmp/tracked" >>"$tmp/out"
	result $? "${others[7]}" "$tmp/out"
	rm "$victim/untracked"

	{ "$series" apply "$victim" && got "$victim" && whole 65534 "$victim" &&
		[ "$(stat -c %a "$victim/$mmio")" = 664 ] && [ "$(as 65534 git -C "$victim" rev-list --count HEAD)" -gt 1 ]
	} >"$tmp/out" 2>&1
	result $? "${others[0]}" "$tmp/out"

	{ "$series" apply "$trees/unnamed" && got "$trees/unnamed" && whole 12345 "$trees/unnamed"; } >"$tmp/out" 2>&1
	result $? "${others[1]}" "$tmp/out"

	victim=$trees/locked
	chown root "$victim/${mmio%/*}"
	refuses "${others[3]}" 'cannot move .* to the new commits; it was not changed' "$series" apply "$victim"

	victim=$trees/plain
	cp -r "$tmp/base" "$victim"
	chown -R 65534:65534 "$victim"
	chown 12345 "$victim/$mmio"
	chmod 640 "$victim/$mmio"
	(cd "$victim" && find . -printf '%p %u %g %m\n' | sort) >"$tmp/before"
	{ "$series" apply "$victim" && got "$victim"
		(cd "$victim" && find . -printf '%p %u %g %m\n' | sort) >"$tmp/after"
		! diff "$tmp/before" "$tmp/after" | grep -vE '^([0-9,]+a[0-9,]+|> .* nobody nogroup (644|755))$'
	} >"$tmp/out" 2>&1
	result $? "${others[4]}" "$tmp/out"

	victim=$trees/mixed
	cp -r "$tmp/base" "$victim"
	chown -R 65534:65534 "$victim"
	chown 12345 "$victim/$mmio"
	if as 65534 test -x "$series"; then
		refuses "${others[5]}" 'was not changed' as 65534 "$series" apply "$victim"
		victim=$tmp/git
		chmod 755 "$tmp"
		refuses "${others[6]}" 'dubious ownership.*become the user root' as 65534 "$series" apply "$victim"
		chmod 700 "$tmp"
	else
		skip "${others[5]}" "others cannot read this folder"
		skip "${others[6]}" "others cannot read this folder"
	fi
fi

victim=$trees/project/src/linux
mkdir -p "${victim%/*}"
cp -r "$tmp/base" "$victim"
echo "the rest" >"$trees/project/rest"
repository "$(id -u)" "$trees/project" >"$tmp/out" 2>&1
cp -a "$trees/project" "$trees/misfit"
echo "in work" >"$trees/project/rest"
{ "$series" apply "$victim" && got "$victim" && [ "$(cat "$trees/project/rest")" = "in work" ] &&
	[ "$(git -C "$victim" status --porcelain)" = " M rest" ] && [ "$(git -C "$victim" rev-list --count HEAD)" -gt 1 ]
} >"$tmp/out" 2>&1
result $? "apply: in a folder of a repository: commits, and nothing else of it changes" "$tmp/out"

victim=$trees/misfit/src/linux
sed -i 's/;$/ ;/' "$victim/$mmio"
refuses "apply: in a folder of a repository, dirty" 'uncommitted changes: commit or stash' "$series" apply "$victim"
changed "A change that is in the way"
refuses "apply: in a folder of a repository, a patch that does not fit: which, where" \
	"hunk [0-9]+ of $mmio" "$series" apply "$victim"

victim=$trees/unpacked/linux
mkdir -p "$victim"
echo /linux >"$trees/unpacked/.gitignore"
repository "$(id -u)" "$trees/unpacked" >"$tmp/out" 2>&1
cp -r "$tmp/base/." "$victim"
{ "$series" apply "$victim" && got "$victim" && [ -z "$(git -C "$victim" status --porcelain)" ] &&
	[ "$(git -C "$victim" rev-list --count HEAD)" = 1 ]; } >"$tmp/out" 2>&1
result $? "apply: in a repository that does not know it: the files" "$tmp/out"

victim=$trees/main
cp -r "$tmp/base" "$victim"
repository "$(id -u)" "$victim" >"$tmp/out" 2>&1
git -C "$victim" worktree add -q -b side "$trees/worktree" >>"$tmp/out" 2>&1
{ "$series" apply "$trees/worktree" && got "$trees/worktree" && [ -z "$(git -C "$trees/worktree" status --porcelain)" ] &&
	[ -z "$(git -C "$victim" status --porcelain)" ] && [ "$(git -C "$victim" rev-list --count HEAD)" = 1 ] &&
	[ "$(git -C "$victim" rev-list --count side)" -gt 1 ]; } >"$tmp/out" 2>&1
result $? "apply: a worktree gets the commits, the other one does not change" "$tmp/out"

rm "$victim/.git/HEAD"
refuses "apply: a .git that is broken: what to do" 'repair .*/main/.git, or move it away' "$series" apply "$victim"

victim=$trees/dangling
cp -r "$tmp/base" "$victim"
ln -s ../no/repository "$victim/.git"
refuses "apply: a .git that leads nowhere: what to do" 'repair .*/dangling/.git, or move it away' "$series" apply "$victim"
rm "$victim/.git"

mkdir "$trees/bin"
ln -s /usr/bin/* "$trees/bin"
rm "$trees/bin/git"
refuses "apply: no git: what to do" 'git is not installed.*: install it' env PATH="$trees/bin" "$series" apply "$victim"

cp -r "$tmp/base" "$trees/hook"
{ GIT_DIR=$tmp/git/.git GIT_WORK_TREE=$tmp/git "$series" apply "$trees/hook" && got "$trees/hook" &&
	[ -z "$(git -C "$tmp/git" status --porcelain)" ]; } >"$tmp/out" 2>&1
result $? "apply: another repository in the environment, as in a hook, is ignored" "$tmp/out"

# Trees as vendors ship them

# vendor DIR COMMAND...: a git tree DIR and a plain one, DIR-plain, both with what COMMAND
# does in them. A small one, of what the series touches.
vendor() {
	local dir=$1

	shift
	rm -rf "$dir" "$dir-plain"
	cp -r "$tmp/base" "$dir"
	(cd "$dir" && "$@")
	cp -r "$dir" "$dir-plain"
	git -C "$dir" init -q && git -C "$dir" add -Af . && git -C "$dir" commit -qm "A vendor's"
	victim=$dir
}

# gives NAME COMMAND...: the trees of vendor() take the series, and then have what the base
# with the series has after COMMAND
gives() {
	local name=$1 d rc=0

	shift
	rm -rf "$tmp/want"
	mkdir "$tmp/want"
	(cd "$tmp/am" && cp -r -- * "$tmp/want" && cd "$tmp/want" && "$@")
	for d in "$victim" "$victim-plain"; do
		"$series" apply "$d" && diff -r --exclude=.git "$tmp/want" "$d" || rc=1
	done >"$tmp/out" 2>&1
	[ -z "$(git -C "$victim" status --porcelain)" ] || rc=1
	result $rc "$name" "$tmp/out"
}

# crlf SED FILE...: in those of the base, whether the series has been put on it or not
crlf() {
	local f

	for f in "${@:2}"; do
		[ ! -f "$tmp/base/$f" ] || sed -i "$1" "$f"
	done
}
(cd "$tmp/base" && find . -type f) >"$tmp/files"
mapfile -t all <"$tmp/files"
api=$(grep -E '/api\.(rst|txt)$' "$tmp/files" || grep '/index\.rst$' "$tmp/files")
vendor "$tmp/crlf" crlf 's/$/\r/' "${all[@]}"
gives "apply: all files have CRLF, and keep it" crlf 's/$/\r/' "${all[@]}"
vendor "$tmp/crlf" crlf 's/$/\r/' "$api" "$mmio"
gives "apply: some files have CRLF, and keep it" crlf 's/$/\r/' "$api" "$mmio"
vendor "$tmp/crlf" crlf '1,20s/$/\r/' include/uapi/linux/kvm.h "$mmio"
gives "apply: some lines have CRLF, and keep it" crlf '1,20s/$/\r/' include/uapi/linux/kvm.h "$mmio"

# More of what there is: the last exit, capability and field are his
additions() {
	local f n

	for f in include/uapi/linux/kvm.h tools/include/uapi/linux/kvm.h; do
		n=$(grep -n '/\* For KVM_EXIT_INTERNAL_ERROR \*/' "$f" | cut -d : -f 1)
		sed -i "$((n - 2))a #define KVM_EXIT_ZYX 4711" "$f"
		n=$(grep -n '^#define KVM_CAP_' "$f" | tail -n 1 | cut -d : -f 1)
		sed -i "${n}a #define KVM_CAP_ZYX 4711" "$f"
	done
	sed -i 's|^\(\s*\)/\* Fix the size of the union. \*/$|\1__u64 zyx[4];\n&|; s|^\(\s*\)__u64 serror_esr;|&\n\1__u64 zyx;|' \
		{,tools/}include/uapi/linux/kvm.h {,tools/}arch/arm64/include/uapi/asm/kvm.h "$api"
}
without() {
	find "$1" -path "$1/.git" -prune -o -type f -exec sed -i '/zyx/Id' {} +
}
vendor "$tmp/room" additions
for d in "$victim" "$victim-plain"; do
	"$series" apply "$d" && without "$d" && diff -r --exclude=.git "$tmp/am" "$d" || echo "$d is not right"
done >"$tmp/out" 2>&1
! grep -q 'is not right$' "$tmp/out"
result $? "apply: an exit, a capability and fields have been added after the last ones" "$tmp/out"

# What he has thrown away. stripped NAME DIR...: all that is there otherwise is as in the
# base with the series, nothing comes of DIR, and lines say so, each once
stripped() {
	local name=$1 d dir

	shift
	rm -rf "$tmp/want"
	cp -r "$tmp/am" "$tmp/want"
	(cd "$tmp/want" && rm -rf .git "$@")
	vendor "$tmp/stripped" rm -rf "$@"
	for d in "$victim" "$victim-plain"; do
		"$series" apply "$d" >"$tmp/said" 2>&1 || cat "$tmp/said"
		for dir; do
			grep -q "^left out, as it is not there: $dir/" "$tmp/said" || echo "not a word of $dir"
		done
		sort "$tmp/said" | uniq -d
		# That of PowerPC goes with it
		diff -r --exclude=.git -I KVM_CAP_PPC_GUEST_DEBUG_SSTEP "$tmp/want" "$d"
	done >"$tmp/out"
	[ ! -s "$tmp/out" ]
	result $? "$name" "$tmp/out"
}
stripped "apply: no Documentation: what was left out" Documentation
stripped "apply: no tools: what was left out" tools
stripped "apply: no tools/testing: what was left out" tools/testing
names=("apply: no other architecture: what was left out" "apply: no other architecture: nor a patch that is for it only")
if [ ! -e "$tmp/base/arch/arm" ]; then
	skip "${names[0]}" "the series does not touch any"
	skip "${names[1]}" "the series does not touch any"
else
	mapfile -t archs < <(cd "$tmp/base" && ls -d arch/arm arch/powerpc 2>/dev/null)
	stripped "${names[0]}" Documentation "${archs[@]}"
	[ ! -e "$tmp/base/arch/powerpc" ] || {
		grep -q '^left out: KVM: PPC: ' "$tmp/said" && ! grep -r KVM_CAP_PPC_GUEST_DEBUG_SSTEP "$victim" "$victim-plain"
	} >"$tmp/out"
	result $? "${names[1]}" "$tmp/out"
fi

# The feature, or a fix of which some trees have another form
vendor "$tmp/has" true
has=
if grep -q KVM_CAP_ARM_NISV_TO_USER "$victim/include/uapi/linux/kvm.h"; then
	! grep -q '^0002-' "$top/patches/$base/series" || has='KVM: arm64: Let userspace handle MMIO without a valid syndrome'
elif grep -q 'fix-0005' "$top/patches/$base/series"; then
	has='KVM: arm/arm64: Keep PSTATE when an exception is injected'
fi
if [ -n "$has" ]; then
	"$series" apply "$victim" >"$tmp/out" 2>&1
	[ "$(grep -cx "already there: $has" "$tmp/out")" = 1 ]
	result $? "apply: a fix that the tree already has is named once" "$tmp/out"
else
	skip "apply: a fix that the tree already has is named once" "nothing of the series"
fi

# Not what would fit with less around it, and not prose
misfits() {
	sed -i 's/;$/ ;/' "$mmio"
	sed -i 's/serror_has_esr/zyx/' "$api"
	sed -i 's/^\t\t__u8 serror_pending;/&\n/' tools/arch/arm64/include/uapi/asm/kvm.h
}
vendor "$tmp/misfits" misfits
refuses "apply: a patch that does not fit: the hunk, its function, and nothing that is not the cause" \
	"hunk [0-9]+ of $mmio \\(at line [0-9]+\\), in $function$" "$series" apply "$victim"
cp "$tmp/out" "$tmp/said"
! grep -nE 'Documentation|tools' "$tmp/said"
result $? "apply: a patch that does not fit: only the cause" "$tmp/said"
line=$(sed -n 's/^      |\(.*[^ ]\);$/\1/p' "$tmp/said" | head -n 1)
[ -n "$line" ] && grep -qxF "      |$line ;" "$tmp/said"
result $? "apply: a patch that does not fit: what was looked for, and what is there" "$tmp/said"

# Documentation alone does not fit: the heading of its list, or the list
documentation() {
	sed -i 's/^/zyx /' "$api" Documentation/*/kvm/*index* Documentation/*/kvm/*INDEX Documentation/*/kvm/arm/index* 2>/dev/null
}
vendor "$tmp/docs" documentation
refuses "apply: only documentation does not fit: DOCS=no" 'DOCS=no leaves' "$series" apply "$victim"
"$series" apply "$victim" 2>&1 | grep -qE '^  hunk [0-9]+ of Documentation/' 
result $? "apply: only documentation does not fit: where"
rm -rf "$tmp/want"
cp -r "$tmp/am" "$tmp/want"
(cd "$tmp/want" && rm -rf .git Documentation && cp -r "$victim/Documentation" .)
for d in "$victim" "$victim-plain"; do
	DOCS=no "$series" apply "$d" && diff -r --exclude=.git "$tmp/want" "$d" || echo "$d is not right"
done >"$tmp/out" 2>&1
! grep -q 'is not right$' "$tmp/out" && grep -q '^left out, as DOCS=no: Documentation/' "$tmp/out"
result $? "apply: DOCS=no leaves documentation as it was" "$tmp/out"
victim=$tmp/has
for unknown in DOCS=yes DOCS=0; do
	refuses "apply: $unknown" 'must be "no" or empty' env $unknown "$series" apply "$victim"
done

# Versions without a series: that of the one before is tried, and that of the one after
version() {
	sed -i "s/^VERSION = .*/VERSION = ${1%.*}/; s/^PATCHLEVEL = .*/PATCHLEVEL = ${1#*.}/" Makefile
}
next=${base%.*}.$((${base#*.} + 1))
vendor "$tmp/between" version "$next"
gives "apply: a version between: that before" version "$next"
grep -qx "there is no series for $next: using that of $base, which fits" "$tmp/out"
result $? "apply: a version in between: which series is used" "$tmp/out"
vendor "$tmp/between" version "$next"
[ "$("$series" base "$victim" 2>"$tmp/out")" = "$base" ]
result $? "base: a version in between" "$tmp/out"
vendor "$tmp/between" version "${base%.*}.$((${base#*.} - 1))"
"$series" apply "$victim" >"$tmp/out" 2>&1 && grep -q '^there is no series for .*: using that of .*, which fits$' "$tmp/out"
result $? "apply: a version in between: the series after it, if that before it does not fit" "$tmp/out"
version=5.0
[[ $base != [45].* ]] || version=6.13
vendor "$tmp/between" version $version
refuses "apply: a version in between that no series fits" "version $version: there is no series for it, only for: .*" \
	"$series" apply "$victim"
grep -qE '^series.sh: (patches/.* does not fit this tree|.* there are (only|no) fixes)' "$tmp/out" && grep -q 'KERNEL=' "$tmp/out"
result $? "apply: a version in between that no series fits: why" "$tmp/out"

# Who sends it
vendor "$tmp/signed" true
SIGNOFF="Ægir O'Brien <me@example.org>" "$series" apply "$victim" >"$tmp/out" 2>&1 &&
	git -C "$victim" log --format="%an <%ae>%n%(trailers:key=Signed-off-by,valueonly,separator=%x0A)" HEAD~1.. >"$tmp/said"
[ "$(sort -u "$tmp/said")" = "Ægir O'Brien <me@example.org>" ] && [ "$(wc -l <"$tmp/said")" = 2 ]
result $? "apply: SIGNOFF is the author, and signs" "$tmp/out"
vendor "$tmp/signed" true
SIGNOFF="A. N. Other <me@example.org>" "$series" mails "$victim" "$tmp/signed-mails" >"$tmp/out" 2>&1
grep -hE '^(From|Signed-off-by): ' "$tmp"/signed-mails/*.patch | sort | uniq -c | sed 's/^ *//' >"$tmp/said"
n=$(find "$tmp/signed-mails" -name '*.patch' | wc -l)
diff "$tmp/said" <(echo "$n From: \"A. N. Other\" <me@example.org>"; echo "$((n - 1)) Signed-off-by: A. N. Other <me@example.org>") >>"$tmp/out"
result $? "series: SIGNOFF sends the mails, and signs them" "$tmp/out"
for wrong in nobody 'a b@c' '<a@b>' 'A <b>' 'A B <a@b> ' $'A\nB <a@b>'; do
	refuses "apply: SIGNOFF='${wrong//$'\n'/ }'" 'must be "Name <mail>"' env SIGNOFF="$wrong" "$series" apply "$victim"
done

# Numbers of the feature that he has for something else. Nothing else is said, though the
# rest does not fit either.
while IFS='|' read -r name number; do
	vendor "$tmp/numbers" sed -i "1i #define ${number//|/\\n#define }" include/uapi/linux/kvm.h
	sed -i 's/^VERSION = .*/VERSION = 1/' "$victim/Makefile"
	refuses "apply: $name: which" "^  KVM_(CAP|EXIT)_VENDOR is (28|177), like KVM_(EXIT_ARM_NISV|CAP_ARM_NISV_TO_USER): include/uapi/linux/kvm.h\$" \
		"$series" apply "$victim"
done <<-'END'
	the exit's number in hex|KVM_EXIT_VENDOR 0x1c
	a capability's number with a suffix|KVM_CAP_VENDOR	0xB1U /* ours */
	a capability's number as a sum|KVM_CAP_VENDOR_BASE 170|KVM_CAP_VENDOR (KVM_CAP_VENDOR_BASE + 7)
	the exit's number as an expression|KVM_EXIT_VENDOR ((1 << 4) + 12)
END
vendor "$tmp/numbers" sed -i 's/\(__u8 *\)\(ext_dabt_pending\|pad\[6\]\);/\1vendor;\n\t\t\1pad[5];/' arch/arm64/include/uapi/asm/kvm.h
refuses "apply: the byte of ext_dabt_pending is taken: by whom" \
	'^  vendor is at the offset of ext_dabt_pending: arch/arm64/include/uapi/asm/kvm.h$' "$series" apply "$victim"

victim=$tmp/mails
refuses "apply: no kernel tree" 'is not a kernel tree' "$series" apply "$victim"
refuses "apply: no such folder" 'no such folder' "$series" apply "$tmp/nowhere"
refuses "series: an unknown base" "no series for base '9.9'" "$series" emit "$tmp/am" base 9.9 "$tmp/x"
refuses "make: an unknown base" "no BASE=9.9" env -u MAKEFLAGS make -s -C "$top" check KERNEL= BASE=9.9

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# series.sh: the patch series of one base, put on a kernel tree.
#
#   series.sh commit REPO REV BASE	make the commits on top of REV in the git
#					repository REPO, touching neither its
#					branches nor its files; print each, and
#					the patch that it was made of
#   series.sh base KERNEL		print which base a kernel tree takes
#   series.sh apply KERNEL		apply to a kernel tree: a git tree gets
#					the commits, any other the files
#   series.sh emit REPO REV BASE OUT	write the mails, with a cover letter,
#					to the folder OUT
#
# patches/BASE/series lists the commits in order: a patch of this folder on a
# line of its own, and below it, indented, the files of this repository that
# join its commit, as "file" or as "file -> file in the kernel tree". A patch that
# not every tree of the base needs is followed by "if" or "unless", a file of the
# kernel, and a Perl regular expression to look for in it, as a whole.
#
# The tree is changed whole or not at all: commits are built from objects and
# an index of our own, and the tree moves to the last one when all of them
# exist. A plain tree is treated as a git tree of the files in question.

set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

bases() {
	(cd "$top/patches" && for b in */series; do echo "${b%/series}"; done | sort -V | xargs)
}

need_base() {
	[ -e "$top/patches/$1/series" ] || fail "no series for base '$1'; there is one for: $(bases)"
}

# On a fresh machine git does not know who works here: commits of ours need no name
any_name() {
	git -C "$1" var GIT_COMMITTER_IDENT >/dev/null 2>&1 ||
		export GIT_COMMITTER_NAME=series GIT_COMMITTER_EMAIL=series@localhost
}

# The lines of a series file: "patch NAME [CONDITION]" and "file FROM TO"
entries() {
	sed -E 's/[[:blank:]]*#.*//; /^[[:blank:]]*$/d
		s/^[[:blank:]]+([^[:blank:]]+)[[:blank:]]+->[[:blank:]]+([^[:blank:]]+)$/file \1 \2/; t
		s/^[[:blank:]]+([^[:blank:]]+)$/file \1 \1/; t
		s/^/patch /' "$top/patches/$1/series"
}

# Every path that the series of base $1 touches
paths() {
	local kind a b

	entries "$1" | while read -r kind a b; do
		case $kind in
		patch)	git apply --numstat "$top/patches/$1/$a" | cut -f 3 ;;
		file)	echo "$b" ;;
		esac
	done | sort -u
}

# A patch does not fit: say where, in the words of the patch
misfit() {
	local patch=$1 file line hunk

	while read -r file line; do
		hunk=$(awk -v f="a/$file" -v l="$line" '
			/^--- / { on = $2 == f; n = 0 }
			on && /^@@ / { n++; split($2, r, "[-,]"); if (r[2] == l) print n }' "$patch")
		echo "  hunk ${hunk:-?} of $file (at line $line)"
	done < <(sed -nE 's/^error: patch failed: (.*):([0-9]+)$/\1 \2/p' "$tmp/apply.err")
	grep -vE '^error: (patch failed:|.*: patch does not apply$)' "$tmp/apply.err" || true
}

commit() {
	local repo=$1 rev=$2 parent base=$3 kind a b file pattern patch='' tree date mode

	git() { command git -C "$repo" "$@"; }
	export GIT_INDEX_FILE=$tmp/index
	parent=$(git rev-parse "$rev^{commit}")
	git read-tree "$parent"

	finish() {
		[ -n "$patch" ] || return 0
		tree=$(git write-tree)
		date=$(sed -n 's/^Date: //p' "$tmp/info")
		# The same series on the same commit is the same commits
		parent=$({ sed -n 's/^Subject: //p' "$tmp/info"; echo; cat "$tmp/msg"; } |
			GIT_AUTHOR_NAME=$(sed -n 's/^Author: //p' "$tmp/info") \
			GIT_AUTHOR_EMAIL=$(sed -n 's/^Email: //p' "$tmp/info") \
			GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date \
			git commit-tree "$tree" -p "$parent")
		echo "$parent $patch"
	}

	while read -r kind a b file pattern; do
		case $kind in
		patch)
			finish
			patch=
			case $b in
			if)	git show "$rev:$file" 2>/dev/null | grep -qzP -- "$pattern" || continue ;;
			unless)	! git show "$rev:$file" 2>/dev/null | grep -qzP -- "$pattern" || continue ;;
			esac
			patch=$a
			[ -e "$top/patches/$base/$patch" ] || fail "patches/$base/series names $patch, which is not there"
			git mailinfo "$tmp/msg" "$tmp/diff" <"$top/patches/$base/$patch" >"$tmp/info"
			git apply --cached --whitespace=nowarn "$top/patches/$base/$patch" 2>"$tmp/apply.err" ||
				fail "patches/$base/$patch does not fit this tree, which is left as it was:
$(misfit "$top/patches/$base/$patch")"
			;;
		file)
			[ -n "$patch" ] || continue
			[ -e "$top/$a" ] || fail "patches/$base/series names $a, which is not there"
			mode=100644
			[ -x "$top/$a" ] && mode=100755
			git update-index --add --cacheinfo "$mode,$(git hash-object -w "$top/$a"),$b"
			;;
		esac
	done < <(entries "$base")
	finish

	unset GIT_INDEX_FILE
	unset -f git
}

# Refuse what cannot take the series, and find the base
examine() {
	local v p where

	[ -d "$1" ] || fail "KERNEL=$1: no such folder"
	v=$(sed -n 's/^VERSION = //p' "$1/Makefile" 2>/dev/null || true)
	p=$(sed -n 's/^PATCHLEVEL = //p' "$1/Makefile" 2>/dev/null || true)
	if [ -z "$v" ] || [ -z "$p" ] || [ ! -e "$1/Kbuild" ]; then
		fail "KERNEL=$1 is no kernel tree: give the folder that holds the kernel's top Makefile"
	fi
	[ -d "$1/arch/arm64/kvm" ] ||
		fail "KERNEL=$1 has no arch/arm64/kvm: a tree without KVM for arm64 has no use for the series"

	where=$(grep -lE 'KVM_CAP_ARM_(NISV_TO_USER|INJECT_EXT_DABT)|ext_dabt_pending' \
		"$1/include/uapi/linux/kvm.h" "$1/arch/arm64/include/uapi/asm/kvm.h" 2>/dev/null || true)
	[ -z "$where" ] ||
		fail "KERNEL=$1 ($v.$p) already carries the feature, as mainline does since v5.5; found in:" "$(echo "$where" | xargs)"
	base=$v.$p
	[ -e "$top/patches/$base/series" ] ||
		fail "KERNEL=$1 is version $base, for which there is no series; there is one for: $(bases)"
}

# Move the files of commit $2 of repository $1 into the plain tree $3
install_files() {
	local repo=$1 rev=$2 kernel=$3 f mode

	git -C "$repo" diff --name-only --diff-filter=D HEAD "$rev" | grep . &&
		fail "the series deletes files, which a plain tree cannot take"
	git -C "$repo" diff --name-only HEAD "$rev" >"$tmp/changed"

	undo() {
		# What is not yet in place goes; what is, goes back
		while read -r f; do
			rm -f "$kernel/$f.nisv-new" 2>/dev/null || true
			if [ "$kernel/$f.nisv-old" -ef "$kernel/$f" ]; then
				rm -f "$kernel/$f.nisv-old"
			elif [ -e "$kernel/$f.nisv-old" ]; then
				mv -f "$kernel/$f.nisv-old" "$kernel/$f"
			elif [ -e "$tmp/moved" ] && grep -qxF "$f" "$tmp/moved"; then
				rm -f "$kernel/$f"
			fi
		done <"$tmp/changed"
		rm -rf "$tmp"
	}
	# The trap may find stderr redirected
	exec 3>&2
	trap 'exec 2>&3; undo; fail "interrupted, or cannot write to it (no space?); $kernel is as it was"' ERR INT TERM

	# All the space that is needed is taken before the first file changes
	while read -r f; do
		mkdir -p "$(dirname "$kernel/$f")"
		{ git -C "$repo" show "$rev:$f" >"$kernel/$f.nisv-new"; } 2>/dev/null
		mode=$(git -C "$repo" ls-tree "$rev" -- "$f" | cut -c 4-6)
		chmod "$mode" "$kernel/$f.nisv-new"
		[ ! -e "$kernel/$f" ] || ln "$kernel/$f" "$kernel/$f.nisv-old"
	done <"$tmp/changed"
	while read -r f; do
		echo "$f" >>"$tmp/moved"
		mv -f "$kernel/$f.nisv-new" "$kernel/$f"
	done <"$tmp/changed"
	trap - ERR INT TERM

	while read -r f; do
		rm -f "$kernel/$f.nisv-old"
	done <"$tmp/changed"
}

apply() {
	local kernel=$1 base tip f

	examine "$kernel"
	kernel=$(cd "$kernel" && pwd -P)

	if [ "$(git -C "$kernel" rev-parse --show-toplevel 2>/dev/null)" = "$kernel" ]; then
		[ -z "$(git -C "$kernel" status --porcelain --untracked-files=no)" ] ||
			fail "$kernel has changes that are not committed: commit or stash them first"
		git -C "$kernel" var GIT_COMMITTER_IDENT >/dev/null 2>&1 ||
			fail "git does not know who you are, and commits need a name: git config user.name, user.email"
		commit "$kernel" HEAD "$base" >"$tmp/commits" || exit
		tip=$(sed -n '$s/ .*//p' "$tmp/commits")
		git -C "$kernel" merge -q --ff-only "$tip" >"$tmp/merge" 2>&1 ||
			fail "$kernel cannot move to the new commits, and is as it was: $(sed -n '1,/^Please/p' "$tmp/merge" | xargs)"
		echo "$kernel ($base): $(git -C "$kernel" rev-list --count "ORIG_HEAD..HEAD") commits, now at $(git -C "$kernel" log -1 --format='%h "%s"')"
	else
		git init -q "$tmp/repo"
		any_name "$tmp/repo"
		while read -r f; do
			[ -e "$kernel/$f" ] || continue
			mkdir -p "$(dirname "$tmp/repo/$f")"
			cp -p "$kernel/$f" "$tmp/repo/$f"
		done < <(paths "$base")
		while read -r f; do
			[ ! -e "$kernel/$f" ] || fail "$kernel/$f is in the way of a new file of the series"
		done < <(entries "$base" | sed -n 's/^file [^ ]* //p')
		git -C "$tmp/repo" add -Af .
		git -C "$tmp/repo" -c user.name=x -c user.email=x commit -qm tree
		commit "$tmp/repo" HEAD "$base" >"$tmp/commits" || exit
		tip=$(sed -n '$s/ .*//p' "$tmp/commits")
		install_files "$tmp/repo" "$tip" "$kernel"
		echo "$kernel ($base): $(wc -l <"$tmp/changed") files changed or added; it is no git tree, so there are no commits"
	fi
}

emit() {
	local repo=$1 rev=$2 base=$3 out=$4 tip cover

	commit "$repo" "$rev" "$base" >"$tmp/commits" || exit
	tip=$(sed -n '$s/ .*//p' "$tmp/commits")
	rm -rf "$out.new"
	mkdir -p "$out.new"
	git -C "$repo" format-patch -q --cover-letter --abbrev=12 --subject-prefix="PATCH $base" \
		-o "$out.new" "$rev..$tip"
	cover=$out.new/0000-cover-letter.patch
	{
		sed -n '/\*\*\* SUBJECT HERE/q; p' "$cover"
		sed -n "/\*\*\* SUBJECT HERE/s/\*\*\* .* \*\*\*/$(head -n 1 "$top/patches/$base/cover-letter")/p" "$cover"
		tail -n +2 "$top/patches/$base/cover-letter"
		sed '1,/\*\*\* BLURB HERE/d' "$cover"
	} >"$cover.new"
	mv "$cover.new" "$cover"
	rm -rf "$out"
	mv "$out.new" "$out"
	echo "$out: $(find "$out" -name '*.patch' | wc -l) mails, the first a cover letter"
}

[ $# -gt 0 ] || fail "what to do? See the head of this script"
what=$1
shift
case $what in
commit)	need_base "$3"; any_name "$1"; commit "$@" ;;
base)	examine "$@"; echo "$base" ;;
apply)	apply "$@" ;;
emit)	need_base "$3"; any_name "$1"; emit "$@" ;;
*)	fail "no such command: $what" ;;
esac

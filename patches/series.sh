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
#   series.sh tracked KERNEL		print every file of a kernel tree that git
#					tracks, each ended by a NUL: none, if the
#					tree is a plain one
#   series.sh paths BASE		print every path that the series touches
#   series.sh emit REPO REV BASE OUT	write the mails, with a cover letter,
#					to the folder OUT
#   series.sh mails KERNEL OUT		write the mails for a kernel tree, which stays as it
#					is, to the folder OUT
#   series.sh check			is the environment right?
#   series.sh mail			put From: of the mail on stdin on one line, as
#					checkpatch reads no other
#
# Environment: DOCS=no leaves Documentation out. SIGNOFF="Name <mail>" is who sends or
# applies it, in place of our name.
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
#
# Trees differ. A hunk may have moved, and the lines around it may have changed
# but for the next one on either side; yet each change must end up in the same
# function as in the patch.

set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# To git they say which repository, whatever folder it is called in; hooks have them
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# git, in the repository $repo where there is one; as the user that tracked() found
repo='' prefix='' as=()
git() {
	env "${as[@]}" git ${repo:+-C "$repo"} -c core.quotePath=off "$@"
}

bases() {
	(cd "$top/patches" && for b in [0-9]*/series; do echo "${b%/series}"; done | sort -V | xargs)
}

. "$top/patches/place.sh"

# The base of version $1, or those before and after it
nearest() {
	if [ -e "$top/patches/$1/series" ]; then
		echo "$1"
	else
		{ bases | xargs -n 1; echo "$1"; } | sort -V | grep -Fx -C 1 -e "$1" | grep -vFx -e "$1"
	fi
}

need_base() {
	[ -e "$top/patches/$1/series" ] || fail "no series for base '$1', only for: $(bases)"
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
		patch)	command git -C "$tmp" apply --numstat "$top/patches/$1/$a" | cut -f 3 ;;
		file)	echo "$b" ;;
		esac
	done | sort -u
}

# The files that the series of base $1 looks at to choose its patches
conditions() {
	entries "$1" | awk '$1 == "patch" && NF > 2 { print $4 }' | sort -u
}

# What is said of a tree that takes the series, a line each, once
note() {
	echo "$*" >>"$tmp/notes"
}
notes() {
	awk '!seen[$0]++' "$tmp/notes"
}

# The message on stdin with SIGNOFF in the place of the line $1
signed() {
	if [ -z "${SIGNOFF-}" ]; then
		cat
	else
		was=$1 awk '$0 == ENVIRON["was"] { $0 = "Signed-off-by: " ENVIRON["SIGNOFF"] } 1'
	fi
}

# The tree of commit $1 with tree $2 in the place of the kernel
graft() {
	local -x GIT_INDEX_FILE=$tmp/git/whole

	git read-tree "$1"
	git rm -rfq --cached "$prefix"
	git read-tree --prefix="$prefix" "$2"
	git write-tree --missing-ok
}

commit() {
	local repo=$1 rev=$2 parent base=$3 kind a b file pattern patch='' subject tree date name mail mode f

	mkdir -p "$tmp/git"
	export GIT_INDEX_FILE=$tmp/git/index
	parent=$(git rev-parse "$rev^{commit}")
	rev=$parent:$prefix
	git read-tree "$rev"
	line_ends "$base"
	for f in notes misfits placements hunks had taken; do
		: >"$tmp/$f"
	done

	finish() {
		[ -n "$patch" ] || return 0
		tree=$(git write-tree --missing-ok)
		[ ! -s "$tmp/crlf" ] || tree=$(with_line_ends "$rev" "$tree")
		[ -z "$prefix" ] || tree=$(graft "$parent" "$tree")
		date=$(sed -n 's/^Date: //p' "$tmp/info")
		name=$(sed -n 's/^Author: //p' "$tmp/info")
		mail=$(sed -n 's/^Email: //p' "$tmp/info")
		# The same series on the same commit is the same commits
		parent=$({ sed -n 's/^Subject: //p' "$tmp/info"; echo; cat "$tmp/msg"; } |
			signed "Signed-off-by: $name <$mail>" |
			GIT_AUTHOR_NAME=${sender:-$name} \
			GIT_AUTHOR_EMAIL=${sender_mail:-$mail} \
			GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date \
			git commit-tree "$tree" -p "$parent")
		echo "$parent $patch"
	}

	# Does the tree have, in file $1, what the Perl regular expression $2 looks for?
	has() {
		git show "$rev$1" 2>/dev/null | sed 's/\r$//' | grep -qzP -- "$2"
	}

	while read -r kind a b file pattern; do
		case $kind in
		patch)
			finish
			patch=
			[ -e "$top/patches/$base/$a" ] || fail "patches/$base/series names $a, which does not exist"
			command git mailinfo "$tmp/msg" "$tmp/diff" <"$top/patches/$base/$a" >"$tmp/info"
			subject=$(sed -n 's/^Subject: //p' "$tmp/info")
			case $b in
			if)	has "$file" "$pattern" ;;
			unless)	! has "$file" "$pattern" ;;
			esac || {
				case "$b $a $pattern" in
				if*NISV_TO_USER*) ;;	# it mends what this tree does not have
				unless* | *fix-*) echo "$subject" >>"$tmp/had" ;;
				*)		note "not for this tree: $subject" ;;
				esac
				continue
			}
			echo "$subject" >>"$tmp/taken"
			if land "$top/patches/$base/$a"; then
				patch=$a
			else
				note "left out: $subject"
			fi
			;;
		file)
			[ -n "$patch" ] || continue
			[ -e "$top/$a" ] || fail "patches/$base/series names $a, which does not exist"
			mode=100644
			[ -x "$top/$a" ] && mode=100755
			git update-index --add --cacheinfo "$mode,$(git hash-object -w --stdin <"$top/$a"),$b"
			;;
		esac
	done < <(entries "$base")
	finish
	[ ! -s "$tmp/misfits" ] || fail "only the documentation does not fit this tree; nothing was changed:
$(cat "$tmp/misfits")
  DOCS=no leaves the documentation out"
	# Another form of it may have been taken
	grep -vxFf "$tmp/taken" "$tmp/had" | sed 's/^/already there: /' >>"$tmp/notes" || true

	unset GIT_INDEX_FILE
}

# Where KVM for Arm is in a kernel tree
kvm=(include/uapi/linux/kvm.h arch/arm64/include arch/arm64/kvm arch/arm/include arch/arm/kvm virt/kvm)

# Where a kernel tree has a name, or what else a Perl regular expression finds
uses() {
	(cd "$1" && { grep -rlP "$2" "${kvm[@]}" 2>/dev/null || true; } | xargs)
}

# What the tree $1 has in place of the feature's numbers. In a shell of its own, as names
# become variables there, and their values expressions with those.
clashes() (
	cd "$1"
	{ grep -rE '^[[:blank:]]*#[[:blank:]]*define[[:blank:]]+[A-Z_]*KVM_' "${kvm[@]}" 2>/dev/null || true; } |
		sed -nE 's/\r$//; s@[[:blank:]]*/[*/].*@@; s/\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]+\b/\1/g
			s/^([^:]+):[[:blank:]]*#[[:blank:]]*define[[:blank:]]+(\w+)[[:blank:]]+([A-Za-z0-9_[:blank:]()+*<>|&-]+)$/\1 \2 \3/p' >"$tmp/defined"
	while read -r file name value; do
		declare "$name=$value"
	done <"$tmp/defined"
	while read -r file name value; do
		case $value in
		0?* | *[!0-9]*)	value=$( (echo $((value))) 2>/dev/null) || continue ;;
		esac
		case $name.$value in
		KVM_CAP_ARM_NISV_TO_USER.177 | KVM_CAP_ARM_INJECT_EXT_DABT.178 | KVM_EXIT_ARM_NISV.28) ;;
		KVM_CAP_ARM_NISV_TO_USER.* | KVM_CAP_ARM_INJECT_EXT_DABT.* | KVM_EXIT_ARM_NISV.*)
				echo "  $name is $value: $file" ;;
		KVM_CAP_*.177)	echo "  $name is 177, like KVM_CAP_ARM_NISV_TO_USER: $file" ;;
		KVM_CAP_*.178)	echo "  $name is 178, like KVM_CAP_ARM_INJECT_EXT_DABT: $file" ;;
		KVM_EXIT_*.28)	echo "  $name is 28, like KVM_EXIT_ARM_NISV: $file" ;;
		esac
	done <"$tmp/defined"
	for file in arch/{arm64,arm}/include/uapi/asm/kvm.h; do
		name=$(grep -ozP 'serror_has_esr;\s*(?:(?>/\*(?s:.*?)\*/|//.*)\s*)*+(?:unsigned\s+)?\w+\s+\K(?!ext_dabt_pending\b|_*(?:pad|reserved|rsvd|unused))\w+' \
			"$file" 2>/dev/null | tr -d '\0') || true
		[ -z "$name" ] || echo "  $name is at the offset of ext_dabt_pending: $file"
	done
)

# Refuse the tree $1 if it has a part of the feature. All of it is mainline's, since v5.5, or
# a backport: $carried then says where it is.
carried() {
	local name where missing=''

	carried=''
	for name in KVM_CAP_ARM_NISV_TO_USER KVM_CAP_ARM_INJECT_EXT_DABT KVM_EXIT_ARM_NISV ext_dabt_pending; do
		where=$(uses "$1" "\\b$name\\b")
		if [ -n "$where" ]; then
			carried+="  $name: $where"$'\n'
		else
			missing+=" $name"
		fi
	done
	[ -z "$carried" ] || [ -z "$missing" ] ||
		fail "KERNEL=$1 ($version) has only part of the feature; it lacks:$missing
$carried$judge"
}

# Refuse what cannot take any series. Sets $kernel and $version.
examine() {
	local v p

	[ -d "$1" ] || fail "KERNEL=$1: no such folder"
	v=$(sed -n 's/\r$//; s/^VERSION = //p' "$1/Makefile" 2>/dev/null || true)
	p=$(sed -n 's/\r$//; s/^PATCHLEVEL = //p' "$1/Makefile" 2>/dev/null || true)
	if [ -z "$v" ] || [ -z "$p" ] || [ ! -e "$1/Kbuild" ]; then
		fail "KERNEL=$1 is not a kernel tree: give the folder with the kernel's top Makefile"
	fi
	version=$v.$p
	[ -d "$1/arch/arm64/kvm" ] ||
		fail "KERNEL=$1 has no arch/arm64/kvm: the series is only for trees with KVM for arm64"

	judge="  make check KERNEL=$1 SERIES=none tests it as it is"
	clashes "$1" >"$tmp/clashes"
	[ ! -s "$tmp/clashes" ] ||
		fail "KERNEL=$1 uses numbers that mainline and every VMM use for this feature:
$(cat "$tmp/clashes")
$judge"
	[ -z "$(uses "$1" '\bkvm_arm_inject_user_dabt\b')" ] ||
		fail "KERNEL=$1 ($version) has the series already: kvm_arm_inject_user_dabt() comes from it
$judge"
	carried "$1"
	kernel=$(cd "$1" && pwd -P)
}

# What git tracks of the kernel tree $1, to stdout, each name ended by a NUL. $repo and
# $prefix say in which repository, and where in that. Nothing for a plain tree; that
# is one, too, which has been unpacked inside of a repository that does not know it.
# git will not work in a tree of another, as its hooks and settings are programs to
# run. But root can be that other.
tracked() {
	local at=$1 owner group home top

	while [ ! -e "$at/.git" ] && [ ! -L "$at/.git" ]; do
		[ -n "$at" ] || return 0
		at=${at%/*}
	done

	owner=$(stat -c %u "$at/")
	if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
		group=$(id -g "$owner" 2>/dev/null) || group=$(stat -c %g "$at/")
		home=$(getent passwd "$owner" | cut -d : -f 6) || home=
		as=(-u XDG_CONFIG_HOME "HOME=$home"
		    setpriv --reuid "$owner" --regid "$group" --clear-groups)
		chmod 711 "$tmp"
		install -d -o "$owner" "$tmp/git"
		env "${as[@]}" test -w "$tmp/git" ||
			fail "the user $owner, who owns $1, cannot write to $tmp: set TMPDIR to a folder that all users can write to"
	fi

	if ! top=$(LC_ALL=C git -C "$1" rev-parse --show-toplevel 2>"$tmp/git.err"); then
		# What lies further up may be anything
		[ "$at" = "$1" ] || ! grep -q 'not a git repository (' "$tmp/git.err" || return 0
	elif [ "$at" = "$1" ] && [ "$top" != "$1" ]; then
		echo "it uses $top as the repository" >"$tmp/git.err"
		top=
	fi
	[ -n "$top" ] ||
		fail "there is $at/.git, but git does not work there ($(head -n 1 "$tmp/git.err")), so your own changes cannot be found: become the user $(stat -c %U "$at/"), or repair $at/.git, or move it away"
	prefix=$(git -C "$1" rev-parse --show-prefix)
	repo=$top
	git -C "$1" ls-files -z
}

# Which of the files on stdin are not in the folder $1, nor the folders of these; as
# rm takes them away again
absent() {
	local f

	while read -r f; do
		f=$1/$f
		while [ ! -e "$f" ] && [ ! -L "$f" ]; do
			echo "$f"
			f=${f%/*}
		done
	done | sort -ru
}

# A folder that the series brings is of its parent's owner
folder() {
	[ ! -d "$1" ] || return 0
	folder "${1%/*}"
	mkdir "$1"
	chown --reference="${1%/*}" "$1"
}

# Move the files of commit $1 of $repo into the plain tree $2. Those that were there
# keep owner and mode; the others are of their folder's owner.
install_files() {
	local rev=$1 f new
	# Not local: undo() may be called at the end of the script
	into=$2

	git diff --name-only --diff-filter=D HEAD "$rev" | grep . &&
		fail "the series deletes files, which does not work for a plain tree"
	git diff --name-only HEAD "$rev" >"$tmp/changed"
	absent "$into" <"$tmp/changed" >"$tmp/new"

	undo() {
		# What is not yet in place goes; what is, goes back
		while read -r f; do
			rm -f "$into/$f.nisv-new" 2>/dev/null || true
			if [ "$into/$f.nisv-old" -ef "$into/$f" ]; then
				rm -f "$into/$f.nisv-old"
			elif [ -e "$into/$f.nisv-old" ]; then
				mv -f "$into/$f.nisv-old" "$into/$f"
			fi
		done <"$tmp/changed"
		xargs -rd '\n' rm -fd <"$tmp/new" 2>/dev/null || true
		rm -rf "$tmp"
	}
	# The trap may find stderr redirected
	exec 3>&2
	trap 'exec 2>&3; undo; fail "interrupted, or cannot write (no space? another owner?); $into was not changed"' EXIT
	trap 'exit 1' INT TERM

	# All the space that is needed is taken before the first file changes
	while read -r f; do
		new=$into/$f.nisv-new
		folder "${new%/*}"
		git show "$rev:$f" >"$new"
		if [ -e "$into/$f" ]; then
			chown --reference="$into/$f" "$new"
			chmod --reference="$into/$f" "$new"
			ln "$into/$f" "$into/$f.nisv-old"
		else
			chown --reference="${new%/*}" "$new"
			chmod "$(git ls-tree "$rev" -- "$f" | cut -c 4-6)" "$new"
		fi
	done <"$tmp/changed" 2>/dev/null
	while read -r f; do
		mv -f "$into/$f.nisv-new" "$into/$f"
	done <"$tmp/changed"
	trap 'rm -rf "$tmp"' EXIT
	trap - INT TERM

	while read -r f; do
		rm -f "$into/$f.nisv-old"
	done <"$tmp/changed"
}

# How well the patches fitted
fitted() {
	local hunks moved furthest less

	hunks=$(wc -l <"$tmp/hunks")
	moved=$(grep -c 'offset' "$tmp/placements" || true)
	furthest=$(sed -nE 's/.*offset -?([0-9]+) line.*/\1/p' "$tmp/placements" | sort -n | tail -n 1)
	less=$(grep -c '^Context reduced' "$tmp/placements" || true)
	echo "$hunks hunks, $moved of them moved${furthest:+ by up to $furthest lines}, $less with less context"
}

# Move the git tree to commit $1. git stops where it cannot write, and leaves it at that
fast_forward() {
	local old f mode rc=0

	old=$(git rev-parse HEAD)
	git diff --name-only --diff-filter=M "$old" "$1" | while read -r f; do
		[ ! -e "$repo/$f" ] || stat -c '%a %n' "$repo/$f"
	done >"$tmp/modes"
	git diff --name-only "$old" "$1" | absent "$repo" >"$tmp/new"

	# A signal ends git, not us
	trap : INT TERM
	git merge -q --ff-only "$1" >"$tmp/merge" 2>&1 || {
		rc=1
		[ -s "$tmp/merge" ] || echo "interrupted" >"$tmp/merge"
		[ ! -s "$tmp/modes" ] || cut -d ' ' -f 2- "$tmp/modes" |
			git --literal-pathspecs checkout -qf "$old" --pathspec-from-file=- 2>/dev/null || true
		env "${as[@]}" xargs -rd '\n' rm -fd <"$tmp/new"
	}
	while read -r mode f; do
		env "${as[@]}" chmod "$mode" "$f"
	done <"$tmp/modes"
	return $rc
}

# Refuse the tree if $base is not for one that has the feature, or lacks it
suits() {
	if [ -z "$carried" ]; then
		grep -q '^0004-' "$top/patches/$base/series" ||
			fail "KERNEL=$kernel ($version) lacks the feature, which mainline has had since v5.5; for version $base there are only fixes for it"
	else
		grep -q 'if .*KVM_CAP_ARM_NISV_TO_USER' "$top/patches/$base/series" ||
			fail "KERNEL=$kernel ($version) has the feature, like mainline since v5.5; for version $base there are no fixes for it
$carried$judge"
	fi
}

# The commits of $base for the tree, a git tree or a plain one
attempt() {
	local f

	suits
	if [ ! -s "$tmp/tracked" ]; then
		rm -rf "$repo"
		command git init -q "$repo"
		git config core.autocrlf false
		any_name "$repo"
		while read -r f; do
			[ -e "$kernel/$f" ] || continue
			mkdir -p "$(dirname "$repo/$f")"
			cp -p "$kernel/$f" "$repo/$f"
		done < <({ paths "$base"; conditions "$base"; } | sort -u)
		while read -r f; do
			[ ! -e "$kernel/$f" ] || fail "$kernel/$f already exists, but the series adds that file"
		done < <(entries "$base" | sed -n 's/^file [^ ]* //p')
		git add -Af .
		git -c user.name=x -c user.email=x commit -qm tree
	fi
	commit "$repo" HEAD "$base"
}

# Make the commits for the tree, with the series of its version; or, if there is none,
# with that of the version before it, or after it, if that fits. Sets $base.
choose() {
	local why=''

	[ -s "$tmp/tracked" ] || {
		# Not those of a repository around it
		as=() prefix=''
		repo=$tmp/repo
	}
	for base in $(nearest "$version"); do
		# Not in a condition, where bash would go on after an error
		attempt >"$tmp/commits" 2>"$tmp/why" &
		if wait $!; then
			[ "$base" = "$version" ] ||
				note "there is no series for $version: using that of $base, which fits"
			return
		fi
		why+=$'\n'$(cat "$tmp/why")
	done
	[ "$base" != "$version" ] || fail "${why#*: }"
	fail "KERNEL=$kernel is version $version: there is no series for it, only for: $(bases)$why"
}

# Which base a tree takes. Whether its own fits is seen later.
base() {
	examine "$1"
	base=$version
	if [ -e "$top/patches/$base/series" ]; then
		suits
	else
		tracked "$kernel" >"$tmp/tracked"
		choose
	fi
	echo "$base"
}

apply() {
	local tip

	examine "$1"
	tracked "$kernel" >"$tmp/tracked"

	if [ -s "$tmp/tracked" ]; then
		[ -z "$(git status --porcelain --untracked-files=no -- "${prefix:-.}")" ] ||
			fail "$kernel has uncommitted changes: commit or stash them first"
		git var GIT_COMMITTER_IDENT >/dev/null 2>&1 ||
			fail "git does not know your name, which commits need: set it with git config user.name and user.email"
		choose
		tip=$(sed -n '$s/ .*//p' "$tmp/commits")
		fast_forward "$tip" ||
			fail "cannot move $kernel to the new commits; it was not changed: $(sed -n '1,/^Please/p' "$tmp/merge" | xargs)"
		notes
		echo "$kernel ($base): $(wc -l <"$tmp/commits") commits, now at $(git log -1 --format='%h "%s"'); $(fitted)"
	else
		choose
		tip=$(sed -n '$s/ .*//p' "$tmp/commits")
		install_files "$tip" "$kernel"
		notes
		echo "$kernel ($base): $(wc -l <"$tmp/changed") files changed or added; it is not a git tree, so there are no commits; $(fitted)"
	fi
}

# git folds it
one_line() {
	sed '1,/^$/ { :more; /^From: / { N; s/\n[ \t]\+/ /; t more } }'
}

# The headers To: and Cc: for mails that touch what these in $1 do, as MAINTAINERS of
# tree $2 has it; none, if the tree has been stripped of that
recipients() {
	local at=$tmp/maintainers
	local ask=(perl scripts/get_maintainer.pl --no-tree --no-git --no-git-fallback --no-rolestats --nokeywords)

	mkdir -p "$at/scripts"
	git show "$2:${prefix}MAINTAINERS" >"$at/MAINTAINERS" 2>/dev/null &&
		git show "$2:${prefix}scripts/get_maintainer.pl" >"$at/scripts/get_maintainer.pl" 2>/dev/null || return 0
	(cd "$at" && "${ask[@]}" --no-l "$1"/*.patch | sed 's/^/To: /'
	 cd "$at" && "${ask[@]}" --no-m --no-r "$1"/*.patch | sed 's/^/Cc: /') 2>/dev/null
}

# What the mails are for: Debian's package, or the version of another tree
applies_to() {
	git log -1 --format=%s "$1" | grep '^linux-source-' ||
		git show "$1:${prefix}Makefile" | awk '{ sub("\r", "") } /^(VERSION|PATCHLEVEL|SUBLEVEL) = / { v = v "." $3 } END { print "v" substr(v, 2) }'
}

# The mails of the commits on top of $1, with a cover letter, to the folder $2
emit() {
	local rev=$1 out=$2 tip cover letter mail

	tip=$(sed -n '$s/ .*//p' "$tmp/commits")
	rm -rf "$out.new"
	mkdir -p "$out.new"
	git format-patch -q --cover-letter --abbrev=12 --subject-prefix="PATCH $base" ${prefix:+--relative="$prefix"} \
		-o "$out.new" "$rev..$tip"
	cover=$out.new/0000-cover-letter.patch
	# A tree with mainline's implementation gets none of the feature
	letter=$top/patches/$base/cover-letter
	grep -q '/\?0002-' "$tmp/commits" || [ ! -e "$letter-fixes" ] || letter=$letter-fixes
	{
		sed -n '/\*\*\* SUBJECT HERE/q; p' "$cover"
		sed -n "/\*\*\* SUBJECT HERE/s/\*\*\* .* \*\*\*/$(head -n 1 "$letter")/p" "$cover"
		recipients "$out.new" "$rev"
		tail -n +2 "$letter"
		sed '1,/\*\*\* BLURB HERE/d; /^-- $/,$d' "$cover"
		echo "Applies to: $(applies_to "$rev")"
		sed -n '/^-- $/,$p' "$cover"
	} >"$cover.new"
	mv "$cover.new" "$cover"
	for mail in "$out.new"/*.patch; do
		one_line <"$mail" >"$mail.new"
		mv "$mail.new" "$mail"
	done
	rm -rf "$out"
	mv "$out.new" "$out"
	notes
	echo "$out: $(find "$out" -name '*.patch' | wc -l) mails, the first a cover letter"
}

case ${DOCS-} in
'' | no) ;;
*)	fail "DOCS=$DOCS: must be \"no\" or empty" ;;
esac
sender='' sender_mail=''
if [ -n "${SIGNOFF-}" ]; then
	[[ $SIGNOFF =~ ^([^<>[:space:][:cntrl:]]([^<>[:cntrl:]]*[^<>[:space:][:cntrl:]])?)\ \<([^<>@[:space:]]+@[^<>@[:space:]]+)\>$ ]] ||
		fail "SIGNOFF=$SIGNOFF: must be \"Name <mail>\", with your own"
	export SIGNOFF
	sender=${BASH_REMATCH[1]} sender_mail=${BASH_REMATCH[3]}
	export GIT_COMMITTER_NAME=$sender GIT_COMMITTER_EMAIL=$sender_mail
fi
type -P git >/dev/null || fail "git is not installed, but is needed: install it"
[ $# -gt 0 ] || fail "no command given; see the head of this script"
what=$1
shift
case $what in
commit)	need_base "$3"; any_name "$1"; commit "$@"; notes >&2 ;;
base)	base "$@" ;;
apply)	apply "$@" ;;
tracked) tracked "$(cd "$1" && pwd -P)" ;;
paths)	need_base "$@"; paths "$@" ;;
emit)	need_base "$3"
	any_name "$1"
	repo=$1 base=$3
	commit "$1" "$2" "$3" >"$tmp/commits"
	emit "$2" "$4" ;;
mail)	one_line ;;
mails)	examine "$1"
	tracked "$kernel" >"$tmp/tracked"
	choose
	any_name "$repo"
	emit HEAD "$(realpath -m "$2")" ;;
check)	;;
*)	fail "no such command: $what" ;;
esac

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# export.sh: the series for those who do not take it with git am.
#
#   export.sh FORMAT MAILS OUT [REPO]	write the mails of the folder MAILS, as series.sh
#					makes them, to the folder OUT in a form that
#					another tool takes. Where the git repository REPO
#					has mainline's history, commits are named in full.
#   export.sh formats			print which formats there are
#   export.sh check FORMAT		is there such a one?
#   export.sh facts MAIL...		print what mainline has of each patch
#
# Each patch says in its message what mainline has of it, and nothing else does: in a
# paragraph that begins in one of these ways. A Link: says which list it was sent to.
#
#   Mainline ... since v5.5, with commit c726200dd106 ("subject") ...
#   Mainline has no such change ...	it may get one
#   Mainline has no such fix: why ...	it cannot have one

set -eu

formats="quilt yocto buildroot android cip nix"
# The code is ours even where mainline does the same, and a carrier should know
ours="[own code that does the same, not a cherry-pick]"

fail() {
	echo "export: $*" >&2
	exit 1
}

need_format() {
	[ -n "$1" ] || fail "which format? Say FORMAT=, one of: $formats"
	case " $formats " in
	*" $1 "*) ;;
	*)	fail "FORMAT=$1: there is no such format; there is: $formats" ;;
	esac
}

# What the messages of the mails "$@" say, a line a fact, with tabs between: the file and
# "mainline", a version, a commit, its subject; "list" and a link; "none"; "never" and why
facts() {
	awk '
		function say(kind, a, b, c) {
			print file "\t" kind "\t" a "\t" b "\t" c
			facts++
		}
		function finish(    version, end, word) {
			facts = 0
			if (said ~ /^Mainline has no such [a-z]+: /) {
				sub(/^[^:]*: /, "", said)
				sub(/(, with commit .*|\.)$/, "", said)
				say("never", said)
			} else if (said ~ /^Mainline has no such /) {
				if (link)
					say("list", link)
				else
					say("none")
			} else while (match(said, /since v[0-9]+\.[0-9]+|commit [0-9a-f]+ \("/)) {
				split(substr(said, RSTART, RLENGTH), word, " ")
				said = substr(said, RSTART + RLENGTH)
				if (word[1] == "since") {
					version = word[2]
					continue
				}
				end = index(said, "\")")
				if (!version || length(word[2]) < 12 || end < 2) {
					facts = 0
					break
				}
				say("mainline", version, word[2], substr(said, 1, end - 1))
			}
			if (!facts) {
				print file ": it does not say what mainline has of it, as export.sh wants it" >"/dev/stderr"
				failed = 1
			}
		}
		FNR == 1 { if (file) finish(); file = FILENAME; message = 0; said = link = paragraph = "" }
		!message { message = /^$/; next }
		message == 2 { next }
		/^(---|diff --git .*)?$/ {
			if (paragraph ~ /^Mainline /)
				said = paragraph
			paragraph = ""
			if (!/^$/)
				message = 2
			next
		}
		/^Link: http/ { link = $2 }
		{ paragraph = paragraph (paragraph ? " " : "") $0 }
		END { if (file) finish(); exit failed }' "$@"
}

# A commit of the facts on stdin in full, as far as the repository $1 knows it
in_full() {
	while IFS=$tab read -r file kind version id subject; do
		if [ "$kind" = mainline ] && known=$(git -C "$1" log -1 --format="%H$tab%s" "$id" -- 2>/dev/null); then
			[ "${known#*"$tab"}" = "$subject" ] ||
				fail "$file: commit $id is not (\"$subject\"), but (\"${known#*"$tab"}\")"
			id=${known%%"$tab"*}
		fi
		printf '%s\t%s\t%s\t%s\t%s\n' "$file" "$kind" "$version" "$id" "$subject"
	done
}

# A line for each commit of mainline's that the patch at hand is about: $1 with \1 for the
# version and \2 for the commit
commits() {
	sed -n "s|^[^$tab]*${tab}mainline$tab\([^$tab]*\)$tab\([^$tab]*\)$tab.*|$1|p" "$tmp/facts"
}

# The same on one line
commits_in_a_row() {
	commits "$1" | paste -sd , | sed 's/,/, /g'
}

# For each format: what the tool wants in the mail, as $tag before the subject, $head before
# the message and $trailer below it; what it wants beside the mails, in the folder $out; and
# how to use it. $kind and $why are of the facts.

quilt_mail() { :; }
quilt_whole() {
	while IFS=$tab read -r name what; do
		echo "$name # $what"
	done <"$tmp/names" >"$out/series"
	use="QUILT_PATCHES=$final quilt push -a"
}

yocto_mail() {
	case $kind in
	mainline)	trailer="Upstream-Status: Backport [$(commits_in_a_row '\1 \2'); own code]" ;;
	list)		trailer="Upstream-Status: Submitted [$why]" ;;
	none)		trailer="Upstream-Status: Pending" ;;
	never)		trailer="Upstream-Status: Inappropriate [no upstream: $why]" ;;
	esac
}
yocto_whole() {
	dir=$out/recipes-kernel/linux
	line=$(sed -n 's/^Subject: \[PATCH \([0-9.]*\) .*/\1/p;/^$/q' "$mail")
	mkdir -p "$dir/nisv"
	mv "$out"/*.patch "$dir/nisv"
	{
		echo 'define KFEATURE_DESCRIPTION "KVM on Arm: MMIO without a valid syndrome"'
		sed "s/$tab.*//; s/^/patch /" "$tmp/names"
	} >"$dir/nisv/nisv.scc"
	# Recipes that inherit kernel-yocto know features; others take just the patches
	cat >"$dir/linux-yocto_${line:+$line.}%.bbappend" <<-END
		# KVM on Arm: MMIO without a valid syndrome goes to userspace. Give this file the
		# name of your kernel's recipe.
		FILESEXTRAPATHS:prepend := "\${THISDIR}:"

		NISV_PATCHES = " \\
		$(sed "s|$tab.*| \\\\|; s|^|    file://nisv/|" "$tmp/names")
		"
		SRC_URI:append = " \${@'file://nisv;type=kmeta;destsuffix=nisv' if bb.data.inherits_class('kernel-yocto', d) else d.getVar('NISV_PATCHES')}"
		KERNEL_FEATURES:append = " nisv.scc"
	END
	use="copy it into a layer, and give the bbappend the name of your kernel's recipe"
}

buildroot_mail() {
	case $kind in
	mainline)	trailer=$(commits 'Upstream: https://git.kernel.org/torvalds/c/\2') ;;
	list)		trailer="Upstream: $why" ;;
	none)		trailer="Upstream: N/A, not sent" ;;
	never)		trailer="Upstream: N/A, $why" ;;
	esac
}
buildroot_whole() {
	mkdir "$out/linux"
	mv "$out"/*.patch "$out/linux"
	use="BR2_GLOBAL_PATCH_DIR=\"$final\""
}

# The same subject is the same change, on whatever branch
android_mail() {
	trailer="Change-Id: I$(git mailinfo /dev/null /dev/null <"$mail" | grep '^Subject: ' | git hash-object --stdin)"
	case $kind in
	mainline)	tag='BACKPORT: '
			trailer=$(echo "$trailer"; commits '(cherry picked from commit \2)'; echo "$ours") ;;
	list)		tag='FROMLIST: ' ;;
	*)		tag='ANDROID: ' ;;
	esac
}
android_whole() {
	use="git am $final/*.patch; add Bug: where Android has one"
}

cip_mail() {
	case $kind in
	mainline)	head=$(commits 'commit \2 upstream.')
			trailer=$ours ;;
	*)		head="[ No commit in mainline${why:+: $why} ]" ;;
	esac
}
cip_whole() {
	use="git am $final/*.patch; CIP takes what mainline has"
}

nix_mail() { :; }
nix_whole() {
	{
		echo '# KVM on Arm: MMIO without a valid syndrome goes to userspace'
		echo '['
		while IFS=$tab read -r name what; do
			echo "  # $what"
			echo "  { name = \"nisv-${name%.patch}\"; patch = ./$name; }"
		done <"$tmp/names"
		echo ']'
	} >"$out/default.nix"
	use="boot.kernelPatches = import $final;"
}

# The mail $1 with $tag, $head and $trailer, without a number in the subject
rewritten() {
	tag=$tag head=$head trailer=$trailer awk '
		!message && subject && !/^[ \t]/ { print "Subject: [PATCH] " ENVIRON["tag"] subject; subject = "" }
		!message && /^Subject: / { subject = $0; sub(/^Subject: *(\[[^]]*\] *)?/, "", subject); next }
		!message && subject { sub(/^[ \t]+/, " "); subject = subject $0; next }
		!message && /^$/ {
			message = 1
			print ENVIRON["head"] ? "\n" ENVIRON["head"] "\n" : ""
			next
		}
		message == 1 && /^(Signed-off-by: .*|---)$/ {
			message = 2
			if (ENVIRON["trailer"])
				print ENVIRON["trailer"]
		}
		{ print }' "$1"
}

tab=$(printf '\t')
case ${1-} in
formats)
	echo "$formats"
	exit ;;
check)
	need_format "${2-}"
	exit ;;
facts)
	shift
	facts "$@"
	exit ;;
esac

[ $# -ge 3 ] || fail "what to do? See the head of this script"
format=$1 mails=$2 final=$3 repo=${4-}
need_format "$format"
tmp=$(mktemp -d)
out=$final.new
trap 'rm -rf "$tmp" "$out"' EXIT
trap 'exit 1' INT TERM
rm -rf "$out"
mkdir -p "$out"
: >"$tmp/names"

for mail in "$mails"/[0-9]*.patch; do
	name=${mail##*/}
	[ "$name" != 0000-cover-letter.patch ] || continue
	[ -e "$mail" ] || fail "there are no mails in $mails"
	facts "$mail" >"$tmp/facts"
	if [ -n "$repo" ]; then
		in_full "$repo" <"$tmp/facts" >"$tmp/full"
		mv "$tmp/full" "$tmp/facts"
	fi
	IFS=$tab read -r _ kind why _ <"$tmp/facts"
	tag='' head='' trailer=''
	"${format}_mail"
	rewritten "$mail" >"$out/$name"
	case $kind in
	mainline)	what="mainline has it: $(commits_in_a_row '\1 \2')" ;;
	list)		what="sent: $why" ;;
	none)		what="mainline has no such change" ;;
	never)		what="mainline has no such change: $why" ;;
	esac
	printf '%s\t%s\n' "$name" "$what" >>"$tmp/names"
done
"${format}_whole"
rm -rf "$final"
mv "$out" "$final"
echo "$final: $(grep -c . "$tmp/names") patches, $(grep -c "${tab}mainline has it" "$tmp/names") of them with a mainline commit; $use"

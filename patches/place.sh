# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# place.sh: put a patch into the index, where it belongs, and as far as it matters; or
# say why it does not fit. For series.sh, whose variables and functions it uses:
# $top, $tmp, $subject, git, paths, note and fail.

# shellcheck disable=SC2154

# Which functions, or structures, a diff changes: "file name". Both for a patch and
# for what came of it, the name is in the last unindented line before a change.
places() {
	awk '
		# The message may have lists
		/^diff --git / { diff = 1 }
		!diff { next }
		/^\+\+\+ b\// { file = substr($2, 3) }
		/^@@ / { sub(/^@@ [^@]* @@ ?/, ""); at = " " $0; changed = 0; next }
		/^[-+]/ { if (!changed && !/^(---|\+\+\+) /) print file at; changed = 1 }
		/^ / { changed = 0 }
		/^[- ][A-Za-z_$]/ && !/^[- ][A-Za-z0-9_]+:/ { at = " " substr($0, 2) }' "$@" |
	sed -E 's/^([^ ]+) [a-z].*[ *]([A-Za-z0-9_]+)\(.*/\1 \2/' | sort -u
}

# Apply the patch file $1 to the index
place() {
	local before context which='^[^ ]*\.[ch] '
	# As git does it for C, whatever the tree's .gitattributes say: no labels
	local names=$'!^[ \t]*[A-Za-z_][A-Za-z_0-9]*:[[:space:]]*($|/[/*])\n^[A-Za-z_].*$'

	before=$(git write-tree --missing-ok) || exit
	for context in 3 2 1; do
		# The names say little in prose: if all of the context is there, so be it
		[ $context = 3 ] || which=.
		git apply --cached -v -C$context --whitespace=nowarn <"$1" 2>"$tmp/apply.err" || continue
		git -c diff.default.xfuncname="$names" diff-index -p --cached "$before" >"$tmp/placed"
		if diff <(places "$1" | grep "$which") <(places "$tmp/placed" | grep "$which") >"$tmp/strayed"; then
			cat "$tmp/apply.err" >>"$tmp/placements"
			grep '^@@ ' "$1" >>"$tmp/hunks"
			return 0
		fi
		git read-tree "$before"
		sed -nE 's/^> ([^ ]*) (.*)/error: \1: a change would end up in "\2", which is the wrong place/p' \
			"$tmp/strayed" >"$tmp/apply.err"
	done
	return 1
}

# Hunk $2 of the patch file $1, as a patch of its own; the first line says which that is
hunk() {
	awk -v n="$2" '
		/^diff --git / { file = substr($4, 3); hunks = on = 0; head = ""; at_head = 1 }
		/^@@ / {
			at_head = 0
			hunks++
			split($2, range, "[-,]")
			on = ++i == n
			if (on) printf "hunk %d of %s (at line %d)\n%s", hunks, file, range[2], head
		}
		at_head { head = head $0 "\n" }
		on' "$1"
}

# Why the patch file $1 does not fit: those of its hunks that fit at no context, what
# they look for, and what is there. Three of them tell enough.
misfit() {
	local before n where shown=0

	before=$(git write-tree --missing-ok)
	for ((n = 1; shown < 3; n++)); do
		hunk "$1" $n >"$tmp/hunk"
		[ -s "$tmp/hunk" ] || break
		if place "$tmp/hunk"; then
			git read-tree "$before"
			continue
		fi
		shown=$((shown + 1))
		where=$(places "$tmp/hunk" | sed -nE '1s/^[^ ]*\.[ch] /, in /p')
		echo "  $(head -n 1 "$tmp/hunk")$where"
		grep '^error: ' "$tmp/apply.err" | sed 's/^error: /    /' |
			grep -vE '^ *(patch failed:|while searching for:|.*: patch does not apply$)' || true
		if git show ":$(sed -n 's|^--- a/||p' "$tmp/hunk")" >"$tmp/there" 2>/dev/null; then
			awk -f "$top/patches/misfit.awk" "$tmp/hunk" "$tmp/there"
		fi
	done
	[ $shown -gt 0 ] || echo "  each hunk fits alone, but not all of them together"
}

# The files that the patch file $1 changes; and that, without those on stdin
changes() {
	sed -n 's|^--- a/||p' "$1"
}
without() {
	awk 'FILENAME == ARGV[1] { drop["a/" $0]; next } /^diff --git / { skip = $3 in drop } !skip' /dev/stdin "$1"
}

# The patch file $1 without what does not matter in this tree: files that it lacks, and the
# feature does not need
matters() {
	local f

	changes "$1" | while read -r f; do
		if [ "${DOCS-}" = no ] && [[ $f == Documentation/* ]]; then
			note "left out, as DOCS=no: $f"
			echo "$f"
		elif [[ $f == @(Documentation|tools|arch)/* && $f != arch/arm64/* ]] && ! git cat-file -e ":$f" 2>/dev/null; then
			note "left out, as it is not there: $f"
			echo "$f"
		fi
	done | without "$1"
}

# Put the patch file $1 into the index, as far as it matters. What the feature does not need
# is left out if it does not fit; of documentation the user has to say so. Fails if nothing
# remains.
land() {
	local part f

	matters "$1" >"$tmp/patch"
	# Of other architectures only?
	if changes "$1" | grep -q '^arch/'; then
		changes "$tmp/patch" | grep -q '^arch/' || return
	fi
	changes "$tmp/patch" | grep -q . || return
	! place "$tmp/patch" || return 0

	for part in '^tools/' '^Documentation/' '^(tools|Documentation)/'; do
		changes "$tmp/patch" | grep -E "$part" >"$tmp/drop" || continue
		without "$tmp/patch" <"$tmp/drop" >"$tmp/part"
		if changes "$tmp/part" | grep -q . && ! place "$tmp/part"; then
			continue
		fi
		grep '^tools/' "$tmp/drop" | while read -r f; do
			note "left out, as it does not fit: $f"
		done
		if grep -q '^Documentation/' "$tmp/drop" && [ ! -s "$tmp/misfits" ]; then
			changes "$tmp/patch" | grep -v '^Documentation/' | without "$tmp/patch" >"$tmp/docs"
			misfit "$tmp/docs" >>"$tmp/misfits"
		fi
		changes "$tmp/part" | grep -q .
		return
	done
	if changes "$1" | grep -q '^arch/' && ! changes "$1" | grep -q '^arch/arm'; then
		note "not for Arm, and does not fit: $subject"
		return 1
	fi
	changes "$tmp/patch" | grep -E '^(tools|Documentation)/' | without "$tmp/patch" >"$tmp/part"
	fail "${1#"$top/"} does not fit this tree, which is left as it was:
$(misfit "$tmp/part")"
}

# Give the file $1 of the index the content on stdin
put() {
	local entry

	entry=$(git --literal-pathspecs ls-files -s -- "$1")
	git update-index --cacheinfo "${entry%% *},$(git hash-object -w --stdin),$1"
}

# Files of the index with CRLF are LF while patches are placed. They are noted in
# $tmp/crlf.
line_ends() {
	local files f

	mapfile -t files < <(paths "$1")
	git --literal-pathspecs grep --cached -l $'\r$' -- "${files[@]}" >"$tmp/crlf" || true
	while read -r f; do
		git show ":$f" | sed 's/\r$//' | put "$f"
	done <"$tmp/crlf"
}

# The tree $2 with the line ends that these files have in tree $1. A new line has those
# of the one before it.
with_line_ends() {
	local -x GIT_INDEX_FILE=$tmp/git/ends
	local f

	git read-tree "$2"
	while read -r f; do
		git show "$1$f" >"$tmp/old"
		git show "$2:$f" |
			diff --strip-trailing-cr --unchanged-line-format=$'=\n' --old-line-format=$'-\n' \
				--new-line-format=+%L "$tmp/old" - |
			awk -v old="$tmp/old" '
				BEGIN { getline line <old; close(old) }
				/^[-=]/ { getline line <old }
				/^=/ { print line }
				/^[+]/ { print substr($0, 2) (line ~ /\r$/ ? "\r" : "") }' | put "$f"
	done <"$tmp/crlf"
	git write-tree --missing-ok
}

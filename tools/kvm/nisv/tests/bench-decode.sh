#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench-decode.sh BENCH-DECODE [ELF]: how fast A64 words are decoded, a line "WORDS
# LIBRARY MILLION-A-SECOND INSTRUCTIONS" each, the last being those that a word takes, as
# callgrind counts them: they repeat. They are those from the library's function to its
# return, without the loop that calls it. WORDS are loads-stores, all kinds of them at
# random, and code, that of ELF.

set -eu

bench=$1
count=20000
command -v valgrind >/dev/null || { echo "bench-decode: no valgrind; install Debian's valgrind" >&2; exit 1; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# What each library is called by
entry() {
	case $1 in
	libnisv) echo nisv_decode ;;
	capstone) echo cs_disasm_iter ;;
	libopcodes) echo print_insn_aarch64 ;;
	esac
}

for elf in "" ${2+"$2"}; do
	"$bench" ${elf:+"$elf"} | while read -r library speed _; do
		valgrind -q --tool=callgrind --callgrind-out-file="$out" --toggle-collect=profiled \
			"$bench" -o "$library" -n $count ${elf:+"$elf"}
		# Inlined code has lines of its own, below that of all
		callgrind_annotate --inclusive=yes --threshold=100 --auto=no "$out" |
			awk -v what="${elf:+code}" -v n=$count -v library="$library" -v speed="$speed" -v entry="$(entry "$library")" '
				$3 ~ ":" entry "$" { gsub(",", "", $1); all = $1 > all ? $1 + 0 : all }
				END {
					if (!all) {
						print "bench-decode: callgrind has not seen " entry "()" >"/dev/stderr"
						exit 1
					}
					printf "%s %s %s %.0f\n", what ? what : "loads-stores", library, speed, all / n
				}'
	done
done

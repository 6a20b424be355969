#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench-decode.sh BENCH-DECODE [ELF]: how fast A64 words are decoded, a line "WORDS
# LIBRARY MILLION-A-SECOND INSTRUCTIONS" each, the last being those that a word takes, as
# callgrind counts them: they repeat. WORDS are loads-stores, all kinds of them at random,
# and code, that of ELF.

set -eu

bench=$1
count=20000
command -v valgrind >/dev/null || { echo "bench-decode: no valgrind; install Debian's valgrind" >&2; exit 1; }

for elf in "" ${2+"$2"}; do
	"$bench" ${elf:+"$elf"} | while read -r library speed _; do
		valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=profiled \
			"$bench" -o "$library" -n $count ${elf:+"$elf"} 2>&1 |
			awk -v what="${elf:+code}" -v n=$count -v library="$library" -v speed="$speed" '
				/Collected/ { printf "%s %s %s %.0f\n", what ? what : "loads-stores", library, speed, $4 / n }'
	done
done

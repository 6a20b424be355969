#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stage.sh NAME LOG COMMAND...: run one long step of the build. The command's
# output goes to LOG; the terminal gets a sign of life, and the seconds it took.
# If it fails, what our scripts say of it follows, or else the end of LOG; the
# command's exit code is kept.

set -u

name=$1
log=$2
shift 2

mkdir -p "$(dirname "$log")"
start=$SECONDS

alive() {
	while sleep 20 && kill -0 $$; do
		printf '  %-34s %4d s ... %.60s\n' "$name" $((SECONDS - start)) \
			"$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]')"
	done
}
alive &
alive=$!

"$@" >"$log" 2>&1 </dev/null &
job=$!
trap 'kill $job 2>/dev/null; kill $alive 2>/dev/null; exit 130' INT TERM
wait $job
rc=$?

{ kill $alive; wait $alive; } 2>/dev/null
if [ $rc -eq 0 ]; then
	printf '  %-34s %4d s\n' "$name" $((SECONDS - start))
	printf '%s\t%d\n' "$name" $((SECONDS - start)) >>"${STAGES:-/dev/null}"
else
	printf '  %-34s FAILED (exit %d) after %d s, see %s\n' "$name" $rc $((SECONDS - start)) "$log"
	# Our own scripts end with a line, or some, that say it all
	own=$(sed -nE '/^(packages|tree|rewind|rootfs|foreign|boot|series.sh): /,$p' "$log")
	{ printf '%s\n' "$own" | grep . || tail -n 15 "$log"; } | sed 's/^/    /'
fi
exit $rc

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stage.sh NAME LOG COMMAND...: run one long step of the build. The command's
# output goes to LOG; the terminal gets a sign of life, and the seconds it took.
# If it fails, what our scripts say of it follows, or else the errors in LOG and its
# end; the command's exit code is kept. Steps may run side by side: each line, and
# all about a failure, comes out whole.

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
alive 2>/dev/null &
alive=$!

# In a process group of its own, as whatever it has started has to end with us
set -m
"$@" >"$log" 2>&1 </dev/null &
job=$!
set +m
trap 'kill -- -$job; kill $alive; exit 130' INT TERM HUP
wait $job
rc=$?

{ kill $alive; wait $alive; } 2>/dev/null
if [ $rc -eq 0 ]; then
	printf '  %-34s %4d s\n' "$name" $((SECONDS - start))
	printf '%s\t%d\n' "$name" $((SECONDS - start)) >>"${STAGES:-/dev/null}"
	exit
fi

# Our own scripts end with a line, or some, that begin with their name and say it all.
# In what others print, the end says little when something ran in parallel.
own=$(cd "$(dirname "$0")" && printf '%s\n' build/*.{sh,pl} {boot,farm}/*.sh | sed 's|.*/||; s|\..*||' | paste -sd '|')
why=$(sed -nE "/^($own|series\\.sh): /,\$p" "$log")
if [ -z "$why" ]; then
	why=$(grep -E '(error|ERROR|fatal|FATAL): |undefined reference|No rule to make' "$log" | head -n 40
		echo "the end of it:"
		tail -n 10 "$log")
fi
printf '  %-34s FAILED (exit %d) after %d s, see %s\n%s\n' "$name" $rc $((SECONDS - start)) "$log" \
	"    ${why//$'\n'/$'\n    '}"
exit $rc

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# base.sh LINUX IMAGE CELL: prove that what the series is put on, rewound or
# a tree of the user's, does not have the feature; or that it has it, as mainline
# does, and what is wrong with that. CELL holds the results of the kselftests on that
# kernel. Prints TAP.

set -u

linux=$1
image=$2
cell=$3
nested=$(cd "$(dirname "$0")/.." && pwd)
. "$nested/checks/tap.sh"

# Is there a line like this in a test's results?
says() {
	grep -qE "$2" "$cell/$1.tap"
}

# The rows of the contract that fail
failing() {
	"$nested/rows.pl" "$cell"/*.tap | sed -n 's/ failed$//p' | xargs
}

plan 7

if git -C "$linux" grep -q KVM_CAP_ARM_NISV_TO_USER base -- include/uapi/linux/kvm.h; then
	reads=1
	skip "no identifier of the feature is left" "it has mainline's implementation"
else
	reads=0
	perl "$nested/build/rewind.pl" --left base "$linux" | sed 's/^/# /'
	result "${PIPESTATUS[0]}" "no identifier of the feature is left"
fi

[ -s "$image" ]
result $? "it builds"

says nisv_caps '^1\.\.' && ! says nisv_caps 'Bail out' && [ ! -e "$cell/boot.tap" ]
result $? "it boots and runs the tests"

says nisv_caps "capability 177 reads $reads on /dev/kvm, $reads on a VM"
result $? "KVM_CAP_ARM_NISV_TO_USER reads $reads"

says nisv_caps "capability 178 reads $reads on /dev/kvm, $reads on a VM"
result $? "KVM_CAP_ARM_INJECT_EXT_DABT reads $reads"

says nisv_caps '^ok [0-9]+ C2 the exit is off by default$'
result $? "an access without a syndrome makes KVM_RUN fail with ENOSYS"

# A later version may have some of the fixes: that the list is old is no failure then
name="without the fixes, the rows fail that patches/README lists"
version=$(cat "$linux/../version")
line=$(sed -E 's/^([0-9]+\.[0-9]+).*/\1/' <<<"$version")
list=$(grep -E "^  ${line//./\\.}\.[^ ]+: " "$nested/../../../patches/README" | tr -s ' ')
now=$(failing)
if [ $reads = 0 ]; then
	skip "$name" "the feature is not there"
elif ! git -C "$linux" rev-parse -q --verify debian >/dev/null; then
	skip "$name" "it lists Debian's; here it is: $now"
elif [ "${list#*: }" != "$now" ] && [[ "$list" != " $version:"* ]] && [ -n "$list" ]; then
	skip "$name" "it lists${list%%:*}, and this is $version: $now"
else
	[ "${list#*: }" = "$now" ]
	result $? "$name" <(echo "it lists: ${list:-nothing of $version}"; echo "they are: $now")
fi

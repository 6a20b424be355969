#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rewind-proof.sh LINUX IMAGE CELL: prove that what the series is put on does
# not have the feature. CELL holds the results of the kselftests on the rewound
# kernel. Prints TAP.

set -u

linux=$1
image=$2
cell=$3
n=0

result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
	fi
}

# Is there a line like this in a test's results?
says() {
	grep -qE "$2" "$cell/$1.tap"
}

echo "TAP version 13"
echo "1..6"

perl "${0%/*}/rewind.pl" --left rewound "$linux" | sed 's/^/# /'
result "${PIPESTATUS[0]}" "no identifier of the feature is left"

[ -s "$image" ]
result $? "it builds"

says nisv_caps '^1\.\.' && ! grep -q 'Bail out' "$cell/nisv_caps.tap"
result $? "it boots and runs the tests"

says nisv_caps 'capability 177 reads 0 on /dev/kvm, 0 on a VM'
result $? "KVM_CAP_ARM_NISV_TO_USER reads 0"

says nisv_caps 'capability 178 reads 0 on /dev/kvm, 0 on a VM'
result $? "KVM_CAP_ARM_INJECT_EXT_DABT reads 0"

says nisv_exit '^ok [0-9]+ E4 without the capability: ENOSYS'
result $? "an access without a syndrome makes KVM_RUN fail with ENOSYS"

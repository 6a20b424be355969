# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# apt.sh: for scripts that deal with Debian's packages. Source it.

# What apt knows of them
known() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | sort -u | grep .
}

# The machine's own Debian mirrors, a line "deb URI SUITE COMPONENT" each. A small image
# of a system comes without apt's lists.
mirrors() {
	known || { [ "$(id -u)" = 0 ] && apt-get -q update >/dev/null 2>&1 && known; } || {
		echo "$(basename "$0" .sh): apt knows no Debian mirror; run apt-get update" >&2
		return 1
	}
}

# The URI of the mirror that has suite $1, if one of the lines $2 from mirrors is likely
# to: updates of a release may have a mirror of their own
uri_of() {
	local like='[^ -]*'

	[[ $1 != *-security ]] || like='[^ ]*-security'
	sed -nE "s/^deb ([^ ]*) $like main\$/\1/p" <<<"$2" | head -n 1
}

# parts <DEPENDS: which of the packages that one depends on are parts of a kernel, a
# line "NAME" or "NAME=VERSION" each
parts() {
	tr ',' '\n' | sed -nE 's/^ *(linux-(image|binary|modules)-[^ ]*)( \(= ([^)]*)\))?.*/\1=\4/p' | sed 's/=$//'
}

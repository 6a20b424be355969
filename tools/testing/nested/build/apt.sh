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

# Go to folder $1, and keep apt's state in it, so that this needs no privileges and the
# machine's own stays as it is. Its sources are then in $state/$2. What nobody updates any
# more is still what people run.
# shellcheck disable=SC2034 # whoever sources this uses them
own_state() {
	mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
	cd "$1" || return
	dir=$PWD
	state=$dir/apt
	log=$state/log
	sources=$state/$2
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	options=(-q -o "Dir::State::lists=$state/lists" -o Dir::State::status=/dev/null
		-o "Dir::Cache=$state/cache" -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=
		-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o APT::Get::List-Cleanup=false -o APT::Sandbox::User=root
		-o Acquire::Check-Valid-Until=false -o Acquire::Retries=3)
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

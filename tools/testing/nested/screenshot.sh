#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# screenshot.sh PAGE FILE.png: what a browser makes of all of PAGE: FILE.png, FILE-dark.png,
# and on a screen as narrow as a phone's, FILE-narrow.png and FILE-narrow-dark.png.

set -euo pipefail

page=$(realpath "$1")
file=${2%.png}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
	{ echo "screenshot: there is no chromium; on Debian: apt-get install chromium" >&2; exit 2; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# As root it has no sandbox; it reads nothing but the page
root=()
[ "$(id -u)" != 0 ] || root=(--no-sandbox)
chromium() {
	timeout 60 "$browser" --headless "${root[@]}" --disable-gpu --hide-scrollbars --user-data-dir="$tmp/profile" "$@" 2>"$tmp/log" ||
		{ echo "screenshot: $browser: $(tail -n 1 "$tmp/log")" >&2; exit 1; }
}

# frame WIDTH HEIGHT PAGE: in a frame, as a window is not narrower than 500
frame() {
	echo "<body style='margin: 0'><iframe id='f' src='$3' style='border: 0; width: $1px; height: $2px'></iframe>"
}

# shot WIDTH SCHEME FILE: where the scheme is Chromium's number of it. A copy of the page has
# a script, which says how high it is.
shot() {
	local high

	{ sed 's|</body>.*||' "$page"
		echo "<script>document.title = 'high ' + document.documentElement.scrollHeight</script>"
	} >"$tmp/copy.html"
	{ frame "$1" 500 copy.html
		echo "<script>f.onload = () => document.title = f.contentDocument.title</script>"
	} >"$tmp/frame.html"
	high=$(chromium --allow-file-access-from-files --virtual-time-budget=2000 --dump-dom "file://$tmp/frame.html" |
		sed -n 's/.*<title>high \([0-9]*\).*/\1/p')
	frame "$1" "$high" "file://$page" >"$tmp/frame.html"
	chromium --blink-settings=preferredColorScheme="$2" --window-size="$1,$high" --screenshot="$tmp/shot.png" "file://$tmp/frame.html"
	mv "$tmp/shot.png" "$3"
	echo "written: $3"
}

shot 1280 1 "$file.png"
shot 1280 0 "$file-dark.png"
shot 400 1 "$file-narrow.png"
shot 400 0 "$file-narrow-dark.png"

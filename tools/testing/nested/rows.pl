#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# rows.pl FILE.tap...: what has become of each row of the contract: a line "ROW failed",
# "ROW passed" or "ROW skipped" each.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Results qw(read_tap verdicts);

my %verdict = verdicts(map { @{ (read_tap($_))[0] } } @ARGV);

sub key {
	return $_[0] =~ /^(.)(\d+)/ ? sprintf '%s%03d', $1, $2 : '';
}

print "$_ $verdict{$_}\n" for sort { key($a) cmp key($b) } keys %verdict;

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# rows.pl FILE.tap...: what has become of each row of the contract, by the tests that
# have it in their names: a line "ROW failed", "ROW passed" or "ROW skipped" each.
#
# A test may have several rows. If it fails, those count that a test of their own has
# failed, too; if there is none, all of them.

use strict;
use warnings;

my (%seen, %failed, @shared);

for my $file (@ARGV) {
	open my $fh, '<', $file or die "rows: $file: $!\n";
	while (<$fh>) {
		my ($not, $rows) = /^(not )?ok \d+ (?:- )?((?:[CEI]\d+ )+)/ or next;
		my @rows = split ' ', $rows;
		my $skipped = / # SKIP/i;

		$seen{$_} = $seen{$_} || !$skipped for @rows;
		next if !$not || $skipped;
		if (@rows == 1) {
			$failed{$rows[0]} = 1;
		} else {
			push @shared, \@rows;
		}
	}
	close $fh;
}
my %own = %failed;
for my $rows (@shared) {
	next if grep { $own{$_} } @$rows;
	$failed{$_} = 1 for @$rows;
}

sub key {
	return $_[0] =~ /^(.)(\d+)/ ? sprintf '%s%03d', $1, $2 : '';
}

for (sort { key($a) cmp key($b) } keys %seen) {
	print "$_ ", $failed{$_} ? 'failed' : $seen{$_} ? 'passed' : 'skipped', "\n";
}

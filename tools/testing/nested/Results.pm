# SPDX-License-Identifier: GPL-2.0
#
# What the results of the tests are, and the rows of the contract: for all that shows them.

package Results;

use strict;
use warnings;
use Exporter 'import';
use TAP::Parser;

our @EXPORT_OK = qw(contract read_tap results rows_of verdicts);

# The file "rows", in its order: what each row is called, what a kernel should do, what helps
# where it does not, and the part of the contract that it belongs to
sub contract {
	my ($file) = @_;
	my (@rows, $part);

	open my $fh, '<', $file or die "results: $file: $!\n";
	while (<$fh>) {
		chomp;
		next if /^#/ || /^$/;
		if (/^\[(.*)\]$/) {
			$part = $1;
			next;
		}
		my ($id, $text, $cope) = split /\t/;
		push @rows, { id => $id, text => $text, cope => $cope, part => $part };
	}
	close $fh;
	return @rows;
}

# The tests of a file with TAP, in their order: {test} is the name, {what} has become of it
# (passed, failed, skipped), {reason} why it is skipped, {lines} what was said before it. One
# more says so if the file ends early, or has no test; its {end} is set. And all lines.
sub read_tap {
	my ($file) = @_;
	my ($bail, @tests, @lines, @said);

	open my $fh, '<', $file or die "results: $file: $!\n";
	my $tap = do { local $/; <$fh> };
	close $fh;
	# It takes no empty one
	my $parser = TAP::Parser->new({ tap => $tap || "\n" });
	my $whole = $tap =~ /\S/;
	while (my $r = $parser->next) {
		push @lines, $r->raw;
		$bail = $r->explanation if $r->is_bailout;
		push @said, $r->is_comment ? $r->comment : $r->raw if $r->is_comment || $r->is_unknown;
		next unless $r->is_test;
		push @tests, {
			test => $r->description =~ s/^- //r,
			what => $r->has_skip ? 'skipped' : $r->is_ok ? 'passed' : 'failed',
			reason => $r->explanation, lines => [ @said ],
		};
		@said = ();
	}

	my $ran = @tests;
	my $planned = $parser->tests_planned;
	my $end = { end => 1, what => 'failed', lines => [ @said ] };
	if ($parser->skip_all) {
		push @tests, { %$end, what => 'skipped', test => 'all of it', reason => $parser->skip_all };
	} elsif (defined $bail && !$ran && !defined $planned) {
		push @tests, { %$end, test => $bail };
	} elsif (!$whole || defined $bail || ($planned // -1) != $ran) {
		push @tests, { %$end, test => "ended after $ran of " . ($planned // 'an unknown number of') . ' tests' .
			(defined $bail ? ": $bail" : '') };
	}
	return (\@tests, \@lines);
}

# The files DIR/CELL/*.tap: {cell}, {name}, {file}, {tests}, {lines}. A cell without any, if it
# is a host that was to run, is one without name and file.
sub results {
	my ($dir, @cells) = @_;
	my @results;

	for my $cell (@cells) {
		my @files = sort glob "$dir/$cell/*.tap";

		push @results, {
			cell => $cell, lines => [],
			tests => [ { end => 1, what => 'failed', test => 'there are no results', lines => [] } ],
		} if !@files && $cell ne 'host';
		for my $file (@files) {
			my ($tests, $lines) = read_tap($file);

			push @results, {
				cell => $cell, name => $file =~ s{.*/|\.tap$}{}gr, file => $file,
				tests => $tests, lines => $lines,
			};
		}
	}
	return @results;
}

# The rows that a test has in its name
sub rows_of {
	my ($test) = @_;

	return $test->{test} =~ /^((?:[CEI]\d+ )+)/ ? split(' ', $1) : ();
}

# What has become of each row of the contract, by the tests that have it in their names.
#
# A test may have several rows. If it fails, those count that a test of their own has
# failed, too; if there is none, all of them.
sub verdicts {
	my (%verdict, %own, @shared);

	for my $test (@_) {
		my @rows = rows_of($test);

		for (@rows) {
			$verdict{$_} //= 'skipped';
			$verdict{$_} = 'passed' if $test->{what} ne 'skipped';
		}
		next if $test->{what} ne 'failed';
		if (@rows == 1) {
			$own{$rows[0]} = 1;
		} else {
			push @shared, \@rows;
		}
	}
	for my $rows ([ keys %own ], grep { !grep { $own{$_} } @$_ } @shared) {
		$verdict{$_} = 'failed' for @$rows;
	}
	return %verdict;
}

1;

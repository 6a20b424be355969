#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# report.pl TITLE DIR CELL...: sum up the TAP files DIR/CELL/*.tap, one cell a
# row; those of the cell "host" one a row below. The table goes to the terminal and
# to DIR/summary, everything as one KTAP stream to DIR/check.tap. Exit code 1 if
# anything failed, ended early, or if nothing passed.

use strict;
use warnings;
use TAP::Parser;

my ($title, $dir, @cells) = @ARGV;
my (%count, @problems, %skipped);
my %total = (passed => 0, failed => 0, skipped => 0);
my (@ktap, $points);

for my $cell (@cells) {
	my @files = sort glob "$dir/$cell/*.tap";

	if (!@files && $cell ne 'host') {
		$total{failed}++;
		push @problems, "$cell: there are no results";
	}
	for my $file (@files) {
		my ($name) = $file =~ m{([^/]+)\.tap$};
		my $n = $count{$name}{$cell} = { passed => 0, failed => 0, skipped => 0 };
		my ($bail, @lines);

		open my $fh, '<', $file or die "report: $file: $!\n";
		my $tap = do { local $/; <$fh> };
		close $fh;
		my $parser = TAP::Parser->new({ tap => $tap });
		my $whole = $tap =~ /\S/;
		while (my $r = $parser->next) {
			push @lines, $r->raw;
			$bail = $r->explanation if $r->is_bailout;
			next unless $r->is_test;
			my $what = $r->has_skip ? 'skipped' : $r->is_ok ? 'passed' : 'failed';
			(my $test = $r->description) =~ s/^- //;
			$n->{$what}++;
			push @problems, "$cell: $name: $test" if $what eq 'failed';
			push @{$skipped{"$name: " . $r->explanation}{$test}}, $cell if $what eq 'skipped';
		}
		my $ran = $n->{passed} + $n->{failed} + $n->{skipped};
		if ($parser->skip_all) {
			$n->{skipped}++;
			push @{$skipped{"$name: " . $parser->skip_all}{'all of it'}}, $cell;
		} elsif (defined $bail && !$ran && !defined $parser->tests_planned) {
			$n->{failed}++;
			push @problems, "$cell: $name: $bail";
		} elsif (!$whole || defined $bail || ($parser->tests_planned // -1) != $ran) {
			$n->{failed}++;
			push @problems, "$cell: $name: ended after $ran of " .
				($parser->tests_planned // 'an unknown number of') . ' tests' .
				(defined $bail ? ": $bail" : '');
		}
		$total{$_} += $n->{$_} for keys %total;
		push @ktap, map({ "    $_\n" } @lines),
			($n->{failed} ? 'not ok ' : 'ok ') . ++$points . " $cell $name\n";
	}
}

open my $ktap, '>', "$dir/check.tap" or die "report: $dir/check.tap: $!\n";
print $ktap "KTAP version 1\n1.." . ($points // 0) . "\n", @ktap;
close $ktap;

# "1 FAILED 21 ok 2 skip"
sub counts {
	my $n = shift or return '';

	return join ' ', $n->{failed} ? "$n->{failed} FAILED" : (),
		$n->{passed} ? "$n->{passed} ok" : (), $n->{skipped} ? "$n->{skipped} skip" : ();
}

my @names = sort keys %count;
my @programs = grep { my $n = $_; grep { $_ ne 'host' } keys %{$count{$n}} } @names;
my $out = "$title\n";
$out .= sprintf("\n%-18s", '') . join('', map { sprintf ' %17s', $_ } @programs) . "\n" if @programs;
for my $cell (grep { $_ ne 'host' } @cells) {
	$out .= sprintf('%-18s', $cell) . join('', map { sprintf ' %17s', counts($count{$_}{$cell}) } @programs) . "\n";
}
my @host = grep { $count{$_}{host} } @names;
$out .= "\n" . join '', map { sprintf "%-18s %17s\n", $_, counts($count{$_}{host}) } @host if @host;

# The rows of the contract that failed, as the tests' names begin with them
my %broken;
$broken{$_}++ for map { /: ((?:[CEI]\d+ )+)/ ? split ' ', $1 : () } @problems;

$out .= "\nskipped:\n" if %skipped;
for my $reason (sort keys %skipped) {
	my @tests = sort keys %{$skipped{$reason}};
	my %where = map { $_ => 1 } map { @$_ } values %{$skipped{$reason}};
	my @shown = @tests > 3 ? scalar(@tests) . ' tests' : @tests;

	$out .= "  $reason (" . join(' ', grep { $where{$_} } @cells) . ")\n" . join '', map { "    $_\n" } @shown;
}
$out .= "\nFAILED:\n" . join('', map { "  $_\n" } @problems) if @problems;
$out .= "\nrows of the contract in their names: " . join(' ', sort keys %broken) . "\n" if %broken;
$out .= "\n$total{passed} passed, $total{failed} failed, $total{skipped} skipped\n";

open my $summary, '>', "$dir/summary" or die "report: $dir/summary: $!\n";
print $summary $out;
close $summary;
print $out;
exit($total{failed} || !$total{passed} ? 1 : 0);

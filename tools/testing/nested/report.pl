#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# report.pl TITLE DIR CELL...: sum up the TAP files DIR/CELL/*.tap, one cell a
# row; those of the cell "host" one a row below. The table goes to the terminal and
# to DIR/summary, everything as one KTAP stream to DIR/check.tap. Exit code 1 if
# anything failed, ended early, or if nothing passed.

use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Results qw(results);

my ($title, $dir, @cells) = @ARGV;
my (%count, @problems, %skipped);
my %total = (passed => 0, failed => 0, skipped => 0);
my (@ktap, $points);

for my $r (results($dir, @cells)) {
	my ($cell, $name) = @$r{qw(cell name)};
	my %n = map { $_ => 0 } keys %total;

	for my $t (@{$r->{tests}}) {
		$n{$t->{what}}++;
		$total{$t->{what}}++;
		push @problems, join ': ', $cell, $name // (), $t->{test} if $t->{what} eq 'failed';
		push @{$skipped{"$name: $t->{reason}"}{$t->{test}}}, $cell if $t->{what} eq 'skipped';
	}
	next unless defined $name;
	$count{$name}{$cell} = \%n;
	push @ktap, map({ "    $_\n" } @{$r->{lines}}),
		($n{failed} ? 'not ok ' : 'ok ') . ++$points . " $cell $name\n";
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

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# judge.pl ROWS DIR...: which kernel keeps which row of the contract, as a page in reST.
# ROWS says what the rows are; each DIR holds a kernel's version and results/*/*.tap.

use strict;
use warnings;
use File::Basename;
use FindBin;
use lib $FindBin::Bin;
use POSIX 'strftime';
use Results qw(contract read_tap verdicts);
use Text::Wrap;

my ($rows, @dirs) = @ARGV;
my (@versions, %verdict, %hosts);
my @contract = contract($rows);
my @ids = map { $_->{id} } @contract;
my %text = map { $_->{id} => $_->{text} } @contract;
my %cope = map { $_->{id} => $_->{cope} } @contract;

for my $dir (@dirs) {
	# A kernel's name does not say which point release it is, but its banner does
	my ($version) = qx{grep -aom 1 'Linux version .* Debian [0-9][^ ]*' $dir/image/foreign/Image} =~ / Debian (\S+)/
		or die "judge: $dir has no Debian kernel\n";
	$version =~ s/-.*//;
	push @versions, $version;
	my @taps = glob "$dir/results/*/nisv_*.tap";
	$hosts{basename(dirname($_))} = 1 for @taps;
	my %what = verdicts(map { @{ (read_tap($_))[0] } } @taps);
	for my $id (sort keys %what) {
		die "judge: $id is not in $rows\n" unless exists $text{$id};
		$verdict{$id}{$version} = { passed => 'yes', failed => '**no**', skipped => '-' }->{$what{$id}};
	}
}

my $today = strftime '%Y-%m-%d', gmtime;
my $hosts = join ' and ', sort keys %hosts;

print <<"END";
.. SPDX-License-Identifier: GPL-2.0

===============================================
MMIO without a syndrome: which kernel does what
===============================================

The results of the selftests nisv_caps, nisv_exit, nisv_forms and nisv_inject on Debian's
kernels, under QEMU (-cpu $hosts), on $today. "yes": all tests of the row
pass; "no": at least one fails; "-": the test bed cannot show it.

`make judge`, from the series that adds the tests, generates this page.

.. list-table::
   :header-rows: 1

END
sub row {
	my $first = shift;

	print "   * - $first\n", map { "     - $_\n" } @_;
}
row('row', 'what a kernel should do', @versions);
for my $id (@ids) {
	row($id, $text{$id}, map { $verdict{$id}{$_} // '-' } @versions);
}

print <<'END';


What a VMM can do
=================

A "no" also applies to other point releases of the line, until one has the fix. The advice
below follows from the code of these kernels; it has not been tested on each.

END
for my $id (@ids) {
	my @bad = grep { ($verdict{$id}{$_} // '') eq '**no**' } @versions or next;

	print "$id (", join(', ', @bad), ")\n", wrap('  ', '  ', $cope{$id} // 'No workaround is known.'), "\n\n";
}

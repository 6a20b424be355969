#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# bench.pl TITLE DIR CPU...: a table of DIR/CPU-KERNEL/bench.tap, what bench.c printed
# on each CPU with the kernels base (without the series), series, and debian (with
# mainline's implementation), and of the bars. Both go to DIR/summary, the
# figures to DIR/bench.csv, too. Exit code 1 if something else than figures was printed.

use strict;
use warnings;

my ($title, $dir, @cpus) = @ARGV;
my @kernels = qw(base series debian);
my (%cost, %ioctls, @paths, $bad);

for my $cpu (@cpus) {
	for my $kernel (@kernels) {
		my $file = "$dir/$cpu-$kernel/bench.tap";

		next unless -d "$dir/$cpu-$kernel";
		open my $fh, '<', $file or die "bench: $file: $!\n";
		while (<$fh>) {
			if (/^([a-z0-9-]+) ([0-9.]+|-)(?: (\d+))?$/) {
				push @paths, $1 unless grep { $_ eq $1 } @paths;
				$cost{$cpu}{$kernel}{$1} = $2 unless $2 eq '-';
				$ioctls{$1} = $3 if defined $3;
			} else {
				print STDERR "bench: $cpu, $kernel: $_";
				$bad = 1;
			}
		}
	}
}
die "bench: no figures in $dir\n" unless @paths;

open my $out, '>', "$dir/summary" or die "bench: $dir/summary: $!\n";
sub say_it { print @_; print $out @_ }

sub ratio {
	my ($over, $under) = @_;
	return defined $over && defined $under ? $over / $under : undef;
}

sub cell { defined $_[0] ? sprintf($_[1], $_[0]) : '-' }

say_it "$title: instructions per access\n";
for my $cpu (@cpus) {
	my $c = $cost{$cpu};

	say_it sprintf("\n%-18s %9s %9s %9s %12s %14s %7s\n", $cpu, @kernels, 'series/base', 'series/debian', 'ioctls');
	for my $p (@paths) {
		my @f = map { $c->{$_}{$p} } @kernels;

		say_it sprintf("%-18s %9s %9s %9s %12s %14s %7s\n", $p, (map { cell($_, '%.0f') } @f),
			cell(ratio($f[1], $f[0]), '%.3f'), cell(ratio($f[1], $f[2]), '%.3f'), $ioctls{$p} // '-');
	}
}

my @bars = (
	(map { my $p = $_; [ "$p: series / base", 1.005, sub { ratio($_[0]{series}{$p}, $_[0]{base}{$p}) } ] }
		qw(mmio-read mmio-write vgic-read ioeventfd)),
	(map { my $p = $_; [ "$p: series / debian", 1.0, sub { ratio($_[0]{series}{$p}, $_[0]{debian}{$p}) } ] }
		qw(nisv nisv-move-pc nisv-inject mmio-inject)),
	[ 'libnisv-ldp / two of mmio-read', 1.5,
	  sub { ratio($_[0]{series}{'libnisv-ldp'}, 2 * ($_[0]{series}{'mmio-read'} // 1)) } ],
);
say_it sprintf("\n%-40s %7s %s\n", 'bar', 'at most', join ' ', map { sprintf '%16s', $_ } @cpus);
for my $bar (@bars) {
	my ($name, $most, $of) = @$bar;
	my @r = map { $of->($cost{$_}) } @cpus;

	say_it sprintf("%-40s %7.3f %s\n", $name, $most, join ' ', map {
		sprintf '%16s', cell($_, '%.4f') . (defined $_ && sprintf('%.4f', $_) > $most ? ' MISSED' : '') } @r);
}

open my $csv, '>', "$dir/bench.csv" or die "bench: $dir/bench.csv: $!\n";
print $csv "path,cpu,kernel,instructions,ioctls\n";
for my $cpu (@cpus) {
	for my $kernel (@kernels) {
		print $csv join(',', $_, $cpu, $kernel, $cost{$cpu}{$kernel}{$_}, $ioctls{$_} // ''), "\n"
			for grep { defined $cost{$cpu}{$kernel}{$_} } @paths;
	}
}
say_it "\n(figures: $dir/bench.csv)\n";
exit($bad ? 1 : 0);

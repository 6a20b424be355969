#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# bench.pl TITLE BUILD CPU...: what `make bench` has measured, as tables, and against the
# bars. It reads, below BUILD,
#
#   bench/CPU-KERNEL/bench.tap  what bench.c printed, with the kernels base (without the
#                               series), series, and debian (with mainline's implementation)
#   bench/CPU-guest/results     what init's job "clock" printed
#   bench/decode                what decode.sh printed
#   image/KERNEL/size           from image.sh
#   log/stages                  how long each stage took, each time that it was run
#
# and leaves bench/summary, which is what it prints, bench/bench.csv, and a plot of each
# group, bench/GROUP.svg. For the page: bench/bars, and bench/plots, which says what each
# plot is. Exit code 1 if something was not measured.

use strict;
use warnings;
use FindBin;

my ($title, $build, @cpus) = @ARGV;
my $dir = "$build/bench";
my @kernels = grep { -d "$dir/$cpus[0]-$_" } qw(base series debian);
my $bad;

# Of $group: what is measured, of which variant, on which CPU. The last one counts.
my (%figure, %seen, %csv);

sub figure {
	my ($group, $what, $variant, $cpu, $value, $unit) = @_;

	push @{ $seen{$group} }, $what unless grep { $_ eq $what } @{ $seen{$group} };
	$figure{$group}{$what}{$variant}{$cpu} = $value;
	$csv{"$group,$what,$variant,$cpu"} = "$value,$unit";
}

sub lines {
	my ($file) = @_;

	open my $fh, '<', $file or die "bench: $file: $!\n";
	return map { s/\r?\n//r } <$fh>;
}

sub wrong { print STDERR "bench: $_[0]\n"; $bad = 1 }

for my $cpu (@cpus) {
	for my $kernel (@kernels) {
		for (lines("$dir/$cpu-$kernel/bench.tap")) {
			if (my ($path, $instructions, $ioctls) = /^([a-z0-9-]+) ([0-9.]+)(?: (\d+))?$/) {
				figure($path =~ /^libnisv/ ? 'libnisv' : 'kernel', $path, $kernel, $cpu, $instructions, 'instructions');
				figure('ioctls', $path, $kernel, $cpu, $ioctls, 'ioctls') if defined $ioctls;
			} elsif (!/^[a-z0-9-]+ -$/) {
				wrong("$cpu, $kernel: $_");
			}
		}
	}

	# The second time; the clock has a billion instructions a second
	my %start;
	for (lines("$dir/$cpu-guest/results")) {
		my ($at, $vmm, $when, $idle) = /^([\d.]+) (vmm|qemu) (start|up|end) ([\d.]+)$/ or next;

		$start{$vmm} = [ $at, $idle ] if $when eq 'start';
		next if $when eq 'start';
		figure('guest', "$when-time", $vmm, $cpu, sprintf('%.3f', $at - $start{$vmm}[0]), 's');
		figure('guest', "$when-instructions", $vmm, $cpu,
		       sprintf('%.0f', 1000 * ($at - $start{$vmm}[0] - $idle + $start{$vmm}[1])), '10^6');
	}
	wrong("$cpu: no guest") unless 2 == grep { $figure{guest}{'up-time'}{$_}{$cpu} } qw(vmm qemu);
}

for my $kernel (@kernels) {
	figure('size', (split)[0], $kernel, '', (split)[1], 'bytes') for lines("$build/image/$kernel/size");
}
for (lines("$dir/decode")) {
	my ($words, $library, $speed, $instructions) = split;

	figure('decode', $words, $library, '', $instructions, 'instructions');
	figure('speed', $words, $library, '', $speed, '10^6/s');
}
for (lines("$build/log/stages")) {
	my ($stage, $seconds) = split /\t/;

	figure('stages', $stage, 'first', '', $seconds, 's') unless exists $figure{stages}{$stage};
	figure('stages', $stage, 'last', '', $seconds, 's');
}

# What one of several accesses does is what these others do: of the ISV = 1 paths
my %same = (
	'libnisv-ldp' => [ 2, 'mmio-read' ], 'libnisv-str-post' => [ 1, 'mmio-write' ], 'libnisv-ld4' => [ 8, 'mmio-read' ],
	'libnisv-sve-read-64' => [ 8, 'mmio-read' ], 'libnisv-sve-write-64' => [ 8, 'mmio-write' ],
	'libnisv-sve-read-32' => [ 4, 'mmio-read' ], 'libnisv-sve-read-16' => [ 2, 'mmio-read' ],
);

sub ratio {
	my ($over, $under) = @_;

	return defined $over && $under ? $over / $under : undef;
}

sub of { my ($group, $what, $variant, $cpu) = @_; return $figure{$group}{$what}{$variant}{$cpu // ''} }

sub isv1 {
	my ($what, $cpu) = @_;
	my ($n, $path) = @{ $same{$what} // return };
	my $one = of('kernel', $path, 'series', $cpu);

	return $one && $n * $one;
}

open my $out, '>', "$dir/summary" or die "bench: $dir/summary: $!\n";
sub say_it { print @_; print $out @_ }
sub cell { defined $_[0] ? sprintf($_[1], $_[0]) : '-' }

say_it "$title\n";
for my $cpu (@cpus) {
	say_it sprintf("\n%-24s", "$cpu: instructions"), (map { sprintf '%10s', $_ } @kernels, 'ioctls'),
		sprintf("%14s%16s\n", 'series/base', 'series/debian');
	for my $p (@{ $seen{kernel} }) {
		my %f = map { $_ => of('kernel', $p, $_, $cpu) } @kernels;

		say_it sprintf('%-24s', $p), (map { sprintf '%10s', cell($f{$_}, '%.0f') } @kernels),
			sprintf('%10s', of('ioctls', $p, 'series', $cpu) // '-'),
			sprintf("%14s%16s\n", cell(ratio($f{series}, $f{base}), '%.3f'), cell(ratio($f{series}, $f{debian}), '%.3f'));
	}
	say_it sprintf("\n%-24s%10s%10s%14s%10s%10s\n", "$cpu: carried out", 'libnisv', 'ioctls', 'as ISV = 1', 'ioctls', 'ratio');
	for my $p (@{ $seen{libnisv} }) {
		my $f = of('libnisv', $p, 'series', $cpu);

		say_it sprintf("%-24s%10s%10s%14s%10s%10s\n", $p, cell($f, '%.0f'), of('ioctls', $p, 'series', $cpu) // '-',
			cell(scalar isv1($p, $cpu), '%.0f'), $same{$p} ? $same{$p}[0] : '-', cell(ratio($f, scalar isv1($p, $cpu)), '%.3f'));
	}
}

say_it sprintf("\n%-24s", "KVM's memory: bytes"), (map { sprintf '%10s', $_ } @kernels), "\n";
say_it sprintf('%-24s', s/-/ /r), do { my $w = $_; map { sprintf '%10s', of('size', $w, $_) // '-' } @kernels }, "\n"
	for @{ $seen{size} };

my @libraries = qw(libnisv capstone libopcodes);
say_it sprintf("\n%-24s", 'A64 words: instructions'), (map { sprintf '%12s', $_ } @libraries), "   million words a second\n";
for my $words (@{ $seen{decode} }) {
	say_it sprintf('%-24s', $words), (map { sprintf '%12s', of('decode', $words, $_) // '-' } @libraries),
		'   ', join(' / ', map { of('speed', $words, $_) // '-' } @libraries), "\n";
}

say_it sprintf("\n%-24s", 'the guest: to its init'), (map { sprintf '%20s', $_ } map { ("$_, nisv-vmm", 'QEMU') } @cpus), "\n";
for ([ 'up-time', 'seconds' ], [ 'up-instructions', 'million instructions' ]) {
	my ($what, $unit) = @$_;

	say_it sprintf('%-24s', $unit),
		(map { my $cpu = $_; map { sprintf '%20s', of('guest', $what, $_, $cpu) // '-' } qw(vmm qemu) } @cpus), "\n";
}

say_it sprintf("\n%-34s%10s%10s\n", 'the harness: seconds', 'first', 'last');
say_it sprintf("%-34s%10s%10s\n", $_, of('stages', $_, 'first'), of('stages', $_, 'last')) for @{ $seen{stages} };

# Name, the most or the least that it may be, and what it is, on a CPU or at all. Three
# digits: the clock is not better.
my @bars = (
	(map { my $p = $_; [ "$p: series / base", '<=', 1.005,
			     sub { ratio(of('kernel', $p, 'series', $_[0]), of('kernel', $p, 'base', $_[0])) } ] }
		qw(mmio-read mmio-write vgic-read ioeventfd)),
	(map { my $p = $_; [ "$p: series / debian", '<=', 1.0,
			     sub { ratio(of('kernel', $p, 'series', $_[0]), of('kernel', $p, 'debian', $_[0])) } ] }
		qw(nisv nisv-move-pc nisv-inject mmio-inject)),
	[ 'libnisv-ldp / two of mmio-read', '<=', 1.1,
	  sub { ratio(of('libnisv', 'libnisv-ldp', 'series', $_[0]), isv1('libnisv-ldp', $_[0])) } ],
	(map { my $p = $_; [ "$p / eight of MMIO", '<=', 1.2,
			     sub { ratio(of('libnisv', $p, 'series', $_[0]), isv1($p, $_[0])) } ] }
		qw(libnisv-sve-read-64 libnisv-sve-write-64)),
);
my @global = (
	[ 'code: what the series adds / mainline', '<=', 1.0,
	  sub { my %c = map { $_ => of('size', 'code', $_) // return } qw(base series debian);
		ratio($c{series} - $c{base}, $c{debian} - $c{base}) } ],
	# The fastest other one that is known, github:aengelke/disarm of December 2024, takes 63
	[ 'decoding: instructions a word', '<=', 60, sub { of('decode', 'loads-stores', 'libnisv') } ],
	[ 'decoding: capstone / libnisv', '>=', 20,
	  sub { ratio(of('decode', 'loads-stores', 'capstone'), of('decode', 'loads-stores', 'libnisv')) } ],
);

open my $bars, '>', "$dir/bars" or die "bench: $dir/bars: $!\n";
sub held {
	my ($name, $sign, $limit, $cpu, $r) = @_;
	my $shown = defined $r ? sprintf '%.3f', $r : '-';
	my $missed = defined $r && ($sign eq '<=' ? $shown > $limit : $shown < $limit);

	print $bars join("\t", $name, $sign, sprintf('%.3f', $limit), $cpu, $shown,
			 $missed ? 'missed' : defined $r ? 'held' : 'not measured'), "\n";
	return $shown . ($missed ? ' MISSED' : '');
}

say_it sprintf("\n%-40s%12s ", 'bar', ''), (map { sprintf '%16s', $_ } @cpus), "\n";
for (@bars) {
	my ($name, $sign, $limit, $is) = @$_;

	say_it sprintf('%-40s%5s%7.3f ', $name, $sign, $limit), (map { sprintf '%16s', held($name, $sign, $limit, $_, scalar $is->($_)) } @cpus), "\n";
}
for (@global) {
	my ($name, $sign, $limit, $is) = @$_;

	say_it sprintf("%-40s%5s%7.3f %16s\n", $name, $sign, $limit, held($name, $sign, $limit, '', scalar $is->()));
}
close $bars;

open my $csv, '>', "$dir/bench.csv" or die "bench: $dir/bench.csv: $!\n";
print $csv "group,what,variant,cpu,value,unit\n", map { "$_,$csv{$_}\n" } sort keys %csv;
close $csv;

# A group of bars for each row, a bar for each column
open my $plots, '>', "$dir/plots" or die "bench: $dir/plots: $!\n";
sub plot {
	my ($group, $about, $unit, $columns, @rows) = @_;

	print $plots "$group\t$about\t$unit\n";
	open my $fh, '>', "$dir/$group.dat" or die "bench: $dir/$group.dat: $!\n";
	print $fh join("\t", map { "\"$_\"" } '', @$columns), "\n";
	print $fh join("\t", "\"$_->[0]\"", map { $_ // '?' } @$_[1 .. @$columns]), "\n" for @rows;
	close $fh;
	system('gnuplot', '-e', "data = '$dir/$group.dat'; svg = '$dir/$group.svg'; about = '$about'; unit = '$unit'; columns = " . (1 + @$columns),
	       "$FindBin::Bin/bench.gp") == 0 or wrong("gnuplot: $group");
}

for my $cpu (@cpus) {
	plot("kernel-$cpu", "An access on $cpu", 'instructions', \@kernels,
	     map { my $p = $_; [ $p, map { of('kernel', $p, $_, $cpu) } @kernels ] } @{ $seen{kernel} });
}
plot('libnisv', 'Carried out by libnisv, and the same data by accesses with a syndrome', 'instructions', [ 'libnisv', 'ISV = 1' ],
     map { my $cpu = $_; map { [ "$_, $cpu", of('libnisv', $_, 'series', $cpu), isv1($_, $cpu) ] } sort keys %same } @cpus);
plot('decode', 'Decoding a word', 'instructions', \@libraries,
     map { my $w = $_; [ $w, map { of('decode', $w, $_) } @libraries ] } @{ $seen{decode} });
plot('guest', 'From the start of the VMM to the init of its guest', 'million instructions', [ 'nisv-vmm', 'QEMU' ],
     map { my $cpu = $_; [ $cpu, map { of('guest', 'up-instructions', $_, $cpu) } qw(vmm qemu) ] } @cpus);
plot('stages', 'The harness', 'seconds', [ 'first', 'last' ],
     map { my $s = $_; [ $s, map { of('stages', $s, $_) } qw(first last) ] } @{ $seen{stages} });

close $plots;

say_it "\n(figures: $dir/bench.csv, plots: $dir/*.svg)\n";
exit($bad ? 1 : 0);

#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# page.pl PAGE BUILD RESULTS JUDGMENT: what the tests of a kernel and its bench have left, as
# one page of HTML that needs nothing else: no script, no font, no picture. It reads
#
#   RESULTS/about, RESULTS/CELL/*.tap and *.boot    the run, and what it was of
#   BUILD/bench/about, summary, bars, plots, *.dat  what bench.pl left
#   JUDGMENT                                        the table that judge.pl wrote
#
# of which each may be missing, but not results and bench at once; and it points to these,
# and to BUILD/log.

use strict;
use warnings;
use Encode 'decode';
use File::Basename;
use File::Path 'make_path';
use File::Spec;
use FindBin;
use lib $FindBin::Bin;
use List::Util qw(max uniq);
use POSIX 'strftime';
use Results qw(contract results rows_of verdicts);

my ($page, $build, $results, $judgment) = @ARGV;
my $bench = "$build/bench";

# What may become of a test, and its sign
my @whats = qw(passed failed skipped);
my %sign = (passed => "\x{2713}", failed => "\x{2717}", skipped => "\x{25cb}", none => '');
# With more hosts than this there is only room for the signs
my $few = 6;

# Text that others wrote, as a console's: what is no character of XML is shown as one that is
sub esc {
	my $s = utf8::is_utf8($_[0]) ? $_[0] : decode('UTF-8', $_[0]);
	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');

	$s =~ s/\e\[[0-9;?]*[A-Za-z]//g;
	$s =~ s/[^\t\n\x20-\x{d7ff}\x{e000}-\x{fffd}\x{10000}-\x{10ffff}]/\x{fffd}/g;
	return $s =~ s/([&<>"])/$entity{$1}/gr;
}


# el("td.a.b", { title => TEXT }, HTML...): an element of the classes a and b. Attributes are
# text, and left out if undefined; what is in it is HTML.
sub el {
	my ($what, @in) = @_;
	my %attribute = ref $in[0] ? %{ shift @in } : ();
	my ($name, @classes) = split /\./, $what;

	$attribute{class} = join ' ', @classes if @classes;
	my $attributes = join '', map { defined $attribute{$_} ? " $_=\"" . esc($attribute{$_}) . '"' : () } sort keys %attribute;
	my $end = $name =~ /^(a|b|i|small|span|td|th|summary|svg|rect)$/ ? '' : "\n";
	return "<$name$attributes>" . join('', @in) . "</$name>$end";
}

# Text with names in it: a line may end within a long one, but not at the hyphen of a short one
sub name {
	return join ' ', map {
		my $long = length > 18;
		my $html = esc($_) =~ s/(?=\+)/<wbr\/>/gr;

		$long ? $html =~ s/(?<=[_(])/<wbr\/>/gr : /-/ ? el('span.word', $html) : $html;
	} split / /, $_[0];
}

sub lines {
	my ($file) = @_;

	open my $fh, '<', $file or return;
	return map { s/\r?\n?$//r } <$fh>;
}

sub last_of {
	my ($n, @lines) = @_;

	return @lines > $n ? @lines[-$n .. -1] : @lines;
}

# The files that there are, of [ FILE, HTML ], each as a way there
sub links {
	return map {
		my ($file, $html) = @$_;
		my $to = File::Spec->abs2rel($file, dirname($page)) =~ s/([^\w\/.+-])/sprintf '%%%02x', ord $1/ger;

		el('a', { href => $to }, $html);
	} grep { -e $_->[0] } @_;
}

# How many of the tests passed, failed, were skipped; as text, and as HTML
sub tally {
	my %n = map { $_ => 0 } @whats;

	$n{ $_->{what} }++ for @_;
	return %n;
}

sub tally_text { my %n = tally(@_); return join(', ', map { $n{$_} ? "$n{$_} $_" : () } @whats) || 'no result' }

sub counts {
	my %n = tally(@_);

	return join ' ', map { $n{$_} ? el("span.$_.count", "$sign{$_}&#160;$n{$_}") : () } qw(failed passed skipped);
}

# A table that scrolls in its box where it is too wide
sub wide {
	my ($class, $head, @bodies) = @_;

	return el('div.wide', { tabindex => 0 },
		  el("table.$class", el('thead', el('tr', map { el('th', { scope => 'col' }, $_) } @$head)), map { el('tbody', @$_) } @bodies));
}

# A cell with a sign, and a way to what failed
sub cell {
	my ($what, $about, $html, $to) = @_;

	return el("td.$what.cell", { title => $about }, defined $to ? el('a', { href => "#$to" }, $html) : $html);
}

sub legend {
	my @is = @_;

	return el('p.legend', map { my ($what, $is) = @$_; el('span', el("i.$what.cell", $sign{$what}), " $is") } @is);
}

sub row_head { return el('th', { scope => 'row' }, @_) }
sub plural { my ($n, $one) = @_; return "$n $one" . ($n == 1 ? '' : 's') }

# What was tested: make wrote it
my %about = map { split /\t/, $_, 2 } lines("$bench/about"), lines("$results/about");
%about or die "report: no results in $results: make check makes them; say the same BASE=, KERNEL= or IMAGE= to both\n";
my @results = -e "$results/about" ? results($results, split(' ', $about{cells}), 'host') : ();
my @hosts = uniq grep { $_ ne 'host' } map { $_->{cell} } @results;

my @failed = map { my $r = $_; map { { %$_, run => $r } } grep { $_->{what} eq 'failed' } @{ $r->{tests} } } @results;
$failed[$_]{id} = 'failed-' . ($_ + 1) for 0 .. $#failed;

sub place { return $_[0] eq 'host' ? 'the checks' : $_[0] }

# All that failed, each with what was said about it
sub failures {
	return map {
		my $t = $_;
		my $r = $t->{run};
		my $boot = "$results/$r->{cell}.boot";
		my @said = last_of(20, @{ $t->{lines} });
		my @console = $t->{end} ? last_of(15, lines("$boot/console")) : ();

		el('article', { id => $t->{id} },
		   el('h3', el('span.failed.cell', $sign{failed}), ' ', esc($t->{test})),
		   el('p.where', join ' &#183; ', map({ name($_) } place($r->{cell}), $r->{name} // ()),
			links([ $r->{file} // '', 'TAP' ], [ "$boot/console", 'console' ], [ "$build/log/check-$r->{cell}", 'log' ])),
		   @said ? (el('p.what', 'What it says'), el('pre', esc(join "\n", @said))) : (),
		   @console ? (el('p.what', 'The end of the console'), el('pre', esc(join "\n", @console))) : ());
	} @failed;
}

# The contract, on each host
sub matrix {
	@hosts or return;

	my @rows = contract("$FindBin::Bin/rows");
	my (%tests, %verdict, %first, %early);
	for my $host (@hosts) {
		my @tests = map { @{ $_->{tests} } } grep { $_->{cell} eq $host } @results;
		my %is = verdicts(@tests);

		$verdict{$_}{$host} = $is{$_} for keys %is;
		for my $t (@tests) {
			push @{ $tests{$_}{$host} }, $t for rows_of($t);
		}
	}
	# Where the details are; and a host on which something ended early has fewer results
	for my $f (@failed) {
		my $host = $f->{run}{cell};

		$first{$_}{$host} //= $f->{id} for rows_of($f);
		$early{$host} //= $f->{id} if $f->{end};
	}
	# A test may know a row that the file does not
	my %known = map { $_->{id} => 1 } @rows;
	push @rows, map { { id => $_, text => 'not in tools/testing/nested/rows', part => 'Else' } } sort grep { !$known{$_} } keys %verdict;

	my $many = @hosts > $few;
	my @head = map {
		el('span', $many ? esc($_) : name($_), $early{$_} ?
		   (' ', el('a.failed.cell', { href => "#$early{$_}", title => 'something ended early' }, $sign{failed})) : ());
	} @hosts;

	return legend([ passed => 'all its tests pass' . ($many ? '' : ': how many') ], [ failed => 'some fail' . ($many ? '' : ': how many of how many') ],
		      [ skipped => 'cannot be shown there' ], [ none => 'no result' ]),
		wide($many ? 'matrix.many' : 'matrix', [ 'Row', 'What a kernel should do', @head ], map {
			my $part = $_;

			[ el('tr.part', el('th', { colspan => 2 + @hosts, scope => 'rowgroup' }, el('span', esc($part)))),
			  map {
				my $id = $_->{id};

				el('tr', { id => $id }, row_head($id), el('td.text', name($_->{text})), map {
					my @tests = @{ $tests{$id}{$_} // [] };
					my %n = tally(@tests);
					my $ran = $n{passed} + $n{failed};
					my $what = $verdict{$id}{$_} // 'none';
					my $number = $many || !$ran ? '' : ' ' . el('small', $n{failed} ? "$n{failed}/$ran" : $ran);

					cell($what, "$id on $_: " . tally_text(@tests), $sign{$what} . $number, $first{$id}{$_});
				} @hosts);
			  } grep { $_->{part} eq $part } @rows ];
		} uniq map { $_->{part} } @rows);
}

# The programs, on each host, with the seconds that they took
sub programs {
	@hosts or return;

	my %seconds = map { /^(\S+ \S+) (\d+)$/ ? ($1 => $2) : () } lines("$results/seconds");
	my %run = map { ("$_->{cell} " . ($_->{name} // '') => $_) } @results;
	my @names = sort { $a cmp $b } uniq map { $_->{cell} ne 'host' && $_->{name} || () } @results;

	return el('p', 'How many tests of each passed, and the seconds that it took. The numbers lead to the TAP.'),
		wide('programs', [ 'Host', map({ esc($_) } @names), 'Logs' ], [ map {
			my $host = $_;
			my $boot = "$results/$host.boot";

			el('tr', row_head(name($host)),
			   map({
				my $r = $run{"$host $_"};
				my $s = $seconds{"$host $_"};

				el('td', $r ? links([ $r->{file}, counts(@{ $r->{tests} }) ]) : (), defined $s ? ' ' . el('small.time', "$s&#160;s") : ());
			   } @names),
			   el('td.links', links([ "$boot/console", 'console' ], [ "$boot/results", 'results' ], [ "$build/log/check-$host", 'log' ])));
		} @hosts ]);
}

# All else that was checked
sub checks {
	return map {
		my $r = $_;
		my @tests = map { my $what = $_; grep { $_->{what} eq $what } @{ $r->{tests} } } qw(failed skipped passed);

		el('details', { open => $tests[0]{what} eq 'failed' ? 'open' : undef },
		   el('summary', el('b', esc($r->{name})), ' ', counts(@tests)),
		   el('ul.tests', map {
			my $reason = $_->{what} eq 'skipped' ? ' ' . el('small', esc($_->{reason})) : '';

			el('li', el("span.$_->{what}.cell", $sign{ $_->{what} }), el('span', esc($_->{test}), $reason));
		   } @tests),
		   el('p.where', links([ $r->{file}, 'TAP' ])));
	} grep { $_->{cell} eq 'host' } @results;
}

# What was not tested, by the reason
sub skips {
	my %by;

	for my $r (@results) {
		push @{ $by{ $_->{reason} } }, { test => "$r->{name}: $_->{test}", cell => $r->{cell}, what => 'skipped' }
			for grep { $_->{what} eq 'skipped' } @{ $r->{tests} };
	}
	return map {
		my @tests = @{ $by{$_} };
		my @where = uniq map { place($_->{cell}) } @tests;

		@where = 'all hosts' if @hosts > 1 && "@where" eq "@hosts";
		el('details',
		   el('summary', el('b', esc($_ eq '' ? 'no reason given' : $_)), ' ', counts(@tests), ' ', el('span.where', name(join ', ', @where))),
		   el('ul', map { el('li', esc($_)) } uniq map { $_->{test} } @tests));
	} sort { @{ $by{$b} } <=> @{ $by{$a} } || $a cmp $b } keys %by;
}

# The bars, and how far each is from what was measured
my @bars = map { my %b; @b{qw(name sign limit cpu is held)} = split /\t/; \%b } lines("$bench/bars");

sub bars {
	my @cpus = uniq grep { $_ ne '' } map { $_->{cpu} } @bars or return;

	return legend([ passed => 'holds its bar' ], [ failed => 'misses it' ], [ skipped => 'not measured' ]),
		wide('bars', [ 'Ratio', 'Bar', map { esc($_) } @cpus ], [ map {
			my $name = $_;
			my @of = grep { $_->{name} eq $name } @bars;
			my $bar = ($of[0]{sign} eq '<=' ? "\x{2264}" : "\x{2265}") . "\x{a0}$of[0]{limit}";

			el('tr', row_head(esc($name)), el('td', esc($bar)), map {
				my $what = { held => 'passed', missed => 'failed' }->{ $_->{held} } // 'skipped';

				el("td.$what.cell", { colspan => $_->{cpu} eq '' ? scalar @cpus : undef },
				   $sign{$what}, $what eq 'skipped' ? () : ' ' . esc($_->{is}), $what eq 'failed' ? ' missed' : ());
			} @of);
		} uniq map { $_->{name} } @bars ]);
}

# One of bench.pl's plots: the same data, as bars with their figures
sub plot {
	my ($group, $about, $unit) = @_;
	my ($head, @rows) = map { [ map { s/^"|"$//gr } split /\t/ ] } lines("$bench/$group.dat");
	my (undef, @columns) = @{ $head // return };
	my $most = max(grep { $_ ne '?' } map { @$_[1 .. $#$_] } @rows) or return;

	# Ours has one colour in all of them
	my @others = qw(c0 c2);
	my @colours = map { /^(series|libnisv|nisv-vmm)$/ ? 'c1' : shift @others // 'c0' } @columns;

	return el('figure',
		el('figcaption', (links([ "$bench/$group.svg", esc($about) ]), esc($about))[0], ' ', el('small', esc($unit))),
		el('table.plot', map {
			my ($name, @is) = @$_;
			my @shown = grep { ($is[$_] // '?') ne '?' } 0 .. $#columns or next;
			my @head = el('th', { scope => 'rowgroup', rowspan => scalar @shown }, name($name));

			el('tbody', map {
				my $width = sprintf '%.2f%%', 100 * $is[$_] / $most;

				el('tr', shift @head // '', el('td', esc($columns[$_])), el('td.figure', esc($is[$_])),
				   el('td.bar', el('svg', { width => '100%', height => 9, 'aria-hidden' => 'true' },
					el("rect.$colours[$_]", { width => $width, height => 9 }))));
			} @shown);
		} @rows));
}

sub costs {
	my ($title) = lines("$bench/summary") or return;
	my $missed = grep { $_->{held} eq 'missed' } @bars;

	return el('p', esc($title), '. ', $missed ? el('b.failed', plural($missed, 'bar') . " missed: $sign{failed}.") : @bars ? 'No bar is missed.' : ()),
		bars(), el('div.plots', map { plot(split /\t/) } lines("$bench/plots"));
}

# The table that make judge wrote, in reST
sub kernels {
	my (@table, $date, %cope, $id);

	for (lines($judgment)) {
		$date = $1 if /\bon (\d{4}-\d\d-\d\d)/;
		push @table, [ $1 ] if /^   \* - (.*)/;
		push @{ $table[-1] }, $1 if /^     - (.*)/;
		$id = $1 if /^([CEI]\d+) \(/;
		$cope{$id} .= "$1 " if defined $id && /^  (\S.*)/;
	}
	my ($head, @rows) = @table or return;
	my (undef, undef, @versions) = @$head;
	my %what = (yes => 'passed', '**no**' => 'failed', '-' => 'skipped');

	return el('p', 'Kernels as Debian packages them, without the series', defined $date ? ", on $date" : (),
			'. What a VMM can do about a row is below it.'),
		legend([ passed => 'keeps the row' ], [ failed => 'does not' ], [ skipped => 'cannot be shown there' ]),
		wide('matrix.kernels', [ 'Row', 'What a kernel should do', map { el('span', esc($_)) } @versions ], [ map {
			my ($row, $text, @is) = @$_;

			el('tr', row_head(esc($row)),
			   el('td.text', name($text), $cope{$row} ? el('details', el('summary', 'what helps'), esc($cope{$row} =~ s/ $//r)) : ()),
			   map { my $what = $what{ $is[$_] } // 'none'; cell($what, "$row on $versions[$_]", $sign{$what}) } 0 .. $#is);
		} @rows ]);
}

sub logs {
	my @lists = (
		[ 'All of it', map({ [ "$results/$_", $_ ] } qw(summary check.tap)), map { [ "$bench/$_", "bench/$_" ] } qw(summary bench.csv) ],
		[ 'The build', map { [ $_, esc(basename($_)) ] } grep { -f } glob "$build/log/*" ],
		[ 'Guests', map { my $d = $_; map { [ "$d/$_", esc(basename($d) . "/$_") ] } qw(results console) } glob "$results/guest/*/ $bench/*-guest/" ],
	);

	return map {
		my ($title, @files) = @$_;
		my @links = links(@files);

		@links ? (el('h3', $title), el('p.links', join ' ', @links)) : ();
	} @lists;
}

# All of it in numbers, and in a line
sub sum {
	my @tests = map { @{ $_->{tests} } } @results or return;
	my %n = tally(@tests);
	my @rows = uniq map { rows_of($_) } @failed;
	my @where = uniq map { place($_->{run}{cell}) } @failed;
	my $from = 0;

	return el('p.sum', map { el($n{$_} ? "span.$_" : 'span', el('b', "$sign{$_} $n{$_}"), " $_") . ' ' } @whats),
		el('svg.share', { width => '100%', height => 6, 'aria-hidden' => 'true' }, map {
			my $share = 100 * $n{$_} / @tests;
			my ($x, $width) = map { sprintf '%.2f%%', $_ } $from, $share;

			$from += $share;
			el("rect.$_", { x => $x, width => $width, height => 6 });
		} @whats), "\n",
		el('p.verdict', !$n{passed} ? 'Nothing passed: nothing is shown.' : !@failed ? 'Nothing failed.' :
			plural($n{failed}, 'test') . ' failed, on ' . name(join ', ', @where) . (@rows ? '; of the contract: ' . esc("@rows") : '') . '.');
}

# The parts of the page, as far as there is anything in them
my @sections = grep { @$_ > 2 } (
	[ 'failed', 'What failed', failures() ],
	[ 'contract', 'The contract, on each host', matrix() ],
	[ 'programs', 'Programs', programs() ],
	[ 'checks', 'Other checks', checks() ],
	[ 'skipped', 'What was skipped, and why', skips() ],
	[ 'cost', 'What it costs', costs() ],
	[ 'kernels', 'Which kernel does what', kernels() ],
	[ 'logs', 'Logs', logs() ],
);
my $newest = max map { (stat)[9] } grep { -e } map({ $_->{file} // () } @results), "$bench/summary";
my @facts = (
	[ 'Machine', $about{machine} ], [ 'Emulator', $about{emulator} ],
	[ 'Hosts', @hosts > $few ? scalar @hosts : join ', ', @hosts ],
	[ 'Revision', $about{revision} ], [ 'Results of', defined $newest ? strftime('%Y-%m-%d %H:%M UTC', gmtime $newest) : '' ],
);
my $subject = 'KVM on Arm: MMIO without a valid syndrome';
my $kernel = esc($about{kernel});

my $body = el('body',
	el('header',
		el('p.subject', $subject), el('h1', name($about{kernel})),
		el('dl', map { my ($fact, $is) = @$_; ($is // '') ne '' ? el('div', el('dt', $fact), el('dd', name($is))) : () } @facts),
		sum(), el('nav', join ' ', map { my ($id, $title) = @$_; el('a', { href => "#$id" }, $title) } @sections)),
	el('main', map { my ($id, $title, @in) = @$_; el('section', { id => $id }, el('h2', $title), @in) } @sections),
	el('footer', el('p', 'Written by make report. No script runs here, and nothing is loaded.')));

make_path(dirname($page));
open my $out, '>:encoding(UTF-8)', "$page.new" or die "report: $page.new: $!\n";
print $out <<"END";
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>$kernel: $subject</title>
<style>
@{[ join "\n", lines("$FindBin::Bin/page.css") ]}
</style>
</head>
$body</html>
END
close $out or die "report: $page.new: $!\n";
rename "$page.new", $page or die "report: $page: $!\n";

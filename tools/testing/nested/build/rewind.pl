#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
#
# rewind.pl DIR: take mainline's no-syndrome exit and external abort injection
# out of the kernel tree DIR, which is under git, so that the series can be put
# on a base that carries the feature already.
#
# rewind.cocci does the C statements and functions; the table below does the
# rest, by anchors. Every anchor must match once, and no identifier of the
# feature may be left: anything else ends the run with a line that names the
# file and the anchor, so that a point release that moved something is noticed
# and not half rewound.
#
# rewind.pl --left REV DIR: only say what is left of the feature in revision REV.

use strict;
use warnings;
use File::Basename qw(dirname);
use File::Spec;

my $here = File::Spec->rel2abs(dirname($0));
my $rev = @ARGV == 3 && $ARGV[0] eq '--left' ? (splice @ARGV, 0, 2)[1] : undef;
my $dir = shift // die "usage: rewind.pl [--left REV] DIR\n";
chdir $dir or die "rewind: $dir: $!\n";

# What must be gone afterwards, wherever it is
sub left_over {
	my @names = ('EXIT_ARM_NISV', 'ERSN(ARM_NISV', "'ARM_NISV'", 'STRING(ARM_NISV', 'arm_nisv', 'NISV_TO_USER',
		     'NISV_IO_ABORT', 'nisv_sanitized', 'INJECT_EXT_DABT', 'ext_dabt_pending',
		     'kvm_pending_sync_exception');
	open my $grep, '-|', 'git', 'grep', '-nIF', map({ ('-e', $_) } @names), @_
		or die "rewind: git grep: $!\n";
	my @found = <$grep>;
	close $grep;
	return @found;
}

if (defined $rev) {
	my @found = left_over($rev);
	print @found;
	exit(@found ? 1 : 0);
}

# A comment block, from its opening to its end, that holds the given text
sub comment { my $text = shift; return qr{[ \t]*/\*(?:(?!\*/).)*?\Q$text\E(?:(?!\*/).)*\*/\n}s }

# file, what it is, anchor, what takes its place
my @edits;
sub edit { push @edits, [@_] }
sub has { return system('grep', '-q', '-e', $_[1], $_[0]) == 0 }

for my $f ('include/uapi/linux/kvm.h', 'tools/include/uapi/linux/kvm.h') {
	edit $f, 'exit reason', qr/^#define KVM_EXIT_ARM_NISV\s.*\n/m, '';
	edit $f, 'exit data', qr{^\t\t/\* KVM_EXIT_ARM_NISV \*/\n.*?^\t\t\} arm_nisv;\n}ms, '';
	edit $f, 'capability 177', qr/^#define KVM_CAP_ARM_NISV_TO_USER 177\n/m, '';
	edit $f, 'capability 178', qr/^#define KVM_CAP_ARM_INJECT_EXT_DABT 178\n/m, '';
}

my $event = qr{^(\t+)__u8 ext_dabt_pending;\n((?:.*\n)?)\t+__u8 pad\[5\];}m;
for my $f ('arch/arm64/include/uapi/asm/kvm.h', 'tools/arch/arm64/include/uapi/asm/kvm.h',
	   'tools/arch/arm/include/uapi/asm/kvm.h', 'Documentation/virt/kvm/api.rst') {
	edit $f, 'event', $event, sub { "$2$1__u8 pad[6];" };
}

edit 'include/trace/events/kvm.h', 'exit name', qr/ ERSN\(ARM_NISV\),/, '';
edit 'tools/kvm/kvm_stat/kvm_stat', 'exit name', qr/^ +'ARM_NISV': +28,\n/m, '';

# From 6.2 on
my $util = 'tools/testing/selftests/kvm/lib/kvm_util.c';
edit $util, 'exit name', qr/^\tKVM_EXIT_STRING\(ARM_NISV\),\n/m, '' if has($util, 'KVM_EXIT_STRING');

my $k = 'arch/arm64/kvm';
edit "$k/arm.c", 'opt-in', qr/^\tcase KVM_CAP_ARM_NISV_TO_USER:\n\t\tr = 0;\n\t\tbreak;\n/m, '';
edit "$k/arm.c", 'capability 177', qr/^\tcase KVM_CAP_ARM_NISV_TO_USER:\n/m, '';
edit "$k/arm.c", 'capability 178', qr/^\tcase KVM_CAP_ARM_INJECT_EXT_DABT:\n/m, '';
edit "$k/mmio.c", 'comment', comment('Ask userspace for help'), '';
edit "$k/mmio.c", 'comment', qr/was already handled\K or if userspace aborted\n[ \t*]+the MMIO access/, '';
edit "$k/guest.c", 'comment', qr/${\comment('never return a pending ext_dabt')}\n/, '';
edit 'arch/arm64/include/asm/kvm_host.h', 'flag',
	qr/${\comment('KVM_CAP_ARM_NISV_TO_USER')}#define KVM_ARCH_FLAG_RETURN_NISV_IO_ABORT_TO_USER\s.*\n/, '';

my $api = 'Documentation/virt/kvm/api.rst';
edit $api, 'ENOSYS', qr/^  ENOSYS +data abort outside.*\n.*KVM_CAP_ARM_NISV_TO_USER.*\n/m, '';
edit $api, 'reading back', qr/^It is not possible to read back a pending external abort.*?\n\n/ms, '';
edit $api, 'kinds of events', qr/^User space may need to inject several types of events.*\n\n/m, '';
edit $api, 'injection', qr/^If the guest performed an access to I\/O memory which could not.*?KVM_SET_ONE_REG API\.\n\n/ms, '';
edit $api, 'exit', qr{^::\n\n\t\t/\* KVM_EXIT_ARM_NISV \*/.*?emulate the instruction\.\n\n(?:^This feature isn't available to protected VMs.*?protected VM file descriptor\.\n\n)?}ms, '';

my @c = ("$k/arm.c", "$k/mmio.c", "$k/guest.c", 'arch/arm64/include/asm/kvm_emulate.h');
system('spatch', '--very-quiet', '--in-place', '--sp-file', "$here/rewind.cocci", @c) == 0
	or die "rewind: spatch failed on @c\n";

for (@edits) {
	my ($file, $what, $anchor, $new) = @$_;

	open my $fh, '<', $file or die "rewind: $file: $!\n";
	my $text = do { local $/; <$fh> };
	close $fh;

	my $n = 0;
	$n++ while $text =~ /$anchor/g;
	die "rewind: $file: $what: the anchor matches $n times, not once: fix tools/testing/nested/build/rewind.pl for this version\n"
		if $n != 1;
	ref $new ? $text =~ s/$anchor/$new->()/e : $text =~ s/$anchor/$new/;

	open $fh, '>', $file or die "rewind: $file: $!\n";
	print $fh $text;
	close $fh or die "rewind: $file: $!\n";
}

my @found = left_over();
die "rewind: still there after rewinding:\n@found" if @found;

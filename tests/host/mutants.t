#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# Would the test of the prediction notice a mistake? Makes one mistake at a time
# in module/classify.c (an operator turned round, another outcome, ...), builds
# test-classify with it and expects that to fail. A mutant that survives is a
# row that the table in test-classify.c lacks.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);

my $root = dirname(__FILE__) . "/../..";
my $cc = $ENV{CC} || "gcc";
my $dir = tempdir(CLEANUP => 1);

# What to put in place of what.
my @mistakes = (
	[ qr/==/, "!=" ], [ qr/!=/, "==" ],
	[ qr/ > /, " >= " ], [ qr/ <= /, " < " ],
	[ qr/&&/, "||" ], [ qr/\|\|/, "&&" ],
	[ qr/if \(!/, "if (" ], [ qr/if \((?!!)/, "if (!" ],
	[ qr/VERDICT\(REUSE/, "VERDICT(COPY" ],
	[ qr/VERDICT\(COPY/, "VERDICT(REUSE" ],
	[ qr/VERDICT\((SWAPIN|REFUSED|USERFAULTFD|UNKNOWN|ZEROFILL|SHARED|NOFAULT)/,
	  "VERDICT(COPY" ],
	[ qr/, SURE\)/, ", LIKELY)" ], [ qr/, LIKELY\)/, ", SURE)" ],
	[ qr/others--/, "others" ],
	[ qr/flags = COWI_F_SPLIT/, "flags = 0" ],
	[ qr/= 1,/, "= 0," ],
);

sub slurp { local (@ARGV, $/) = @_; return scalar <> }

sub survives
{
	my ($source) = @_;
	my $test = slurp("$root/tests/host/test-classify.c");
	open(my $out, ">", "$dir/classify.c") or die;
	print $out $source;
	close($out);
	$test =~ s{"../../module/classify.c"}{"$dir/classify.c"};
	open($out, ">", "$dir/test.c") or die;
	print $out $test;
	close($out);
	# A mutant that does not compile is no mistake anyone could make.
	return -1 if system("$cc -w -I$root/tests/host -I$root/module " .
		"-I$root/module/uapi -I$root/userspace/libcowinspect " .
		"-o $dir/test $dir/test.c -lcmocka 2>/dev/null");
	return system("$dir/test >/dev/null 2>&1") == 0;
}

my $source = slurp("$root/module/classify.c");
my ($made, @alive) = (0);
die "test-classify fails without any mistake\n" unless survives($source) == 1;
for my $mistake (@mistakes) {
	my ($what, $with) = @$mistake;
	while ($source =~ /$what/g) {
		my ($from, $to) = ($-[0], $+[0]);
		my $line = 1 + (substr($source, 0, $from) =~ tr/\n//);
		my $text = (split /\n/, $source)[$line - 1];
		# Not in comments, nor in preprocessor lines.
		next if $text =~ m{^\s*(/?\*|#|\.confid|\.outcome)};
		my $mutant = $source;
		substr($mutant, $from, $to - $from) = $with;
		my $alive = survives($mutant);
		next if $alive < 0;
		$made++;
		push @alive, "line $line: '$what' -> '$with': $text" if $alive;
	}
}
print "1..2\n";
print $made > 80 ? "ok" : "not ok", " 1 - $made mistakes were made\n";
print @alive ? "not ok" : "ok", " 2 - the test notices each of them\n";
print "# survives: $_\n" for @alive;

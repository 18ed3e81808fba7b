#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0
# Would the tests of the pure parts notice a mistake? Makes one mistake at a time
# in module/classify.c and module/outcome.c (an operator turned round, another
# outcome, ...), builds the test of that file with it and expects that to fail. A
# mutant that survives is a row that the test's table lacks.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);

my $root = abs_path(dirname(__FILE__) . "/../..");
my $cc = $ENV{CC} || "gcc";
my $dir = tempdir(CLEANUP => 1);
# No object has the name of that in it: what ccache has of a mutant is good again.
chdir($dir) or die;

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
	[ qr/COWI_DID_(?!COPIED)\w+/, "COWI_DID_COPIED" ],
	[ qr/COWI_DID_COPIED/, "COWI_DID_REUSED" ],
	[ qr/~(?=[abc]\W)/, "" ],
);

sub slurp { local (@ARGV, $/) = @_; return scalar <> }

sub survives
{
	my ($name, $source) = @_;
	my $test = slurp("$root/tests/host/test-$name.c");
	open(my $out, ">", "$name.c") or die;
	print $out $source;
	close($out);
	$test =~ s{"../../module/$name.c"}{"$name.c"};
	open($out, ">", "test.c") or die;
	print $out $test;
	close($out);
	# A mutant that does not compile is no mistake anyone could make.
	return -1 if system("$cc -w -I$root/tests/host -I$root/module " .
		"-I$root/module/uapi -I$root/userspace/libcowinspect " .
		"-c test.c 2>/dev/null");
	system("$cc -o test test.o -lcmocka") == 0 or die;
	return system("./test >/dev/null 2>&1") == 0;
}

my ($made, @alive);

sub mutate
{
	my ($name) = @_;
	my $source = slurp("$root/module/$name.c");
	die "test-$name fails without any mistake\n"
		unless survives($name, $source) == 1;
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
			my $alive = survives($name, $mutant);
			next if $alive < 0;
			$made++;
			push @alive, "$name.c line $line: '$what' -> " .
				"'$with': $text" if $alive;
		}
	}
}

print "1..4\n";
my $n = 0;
for my $name ("classify", "outcome") {
	($made, @alive) = (0);
	mutate($name);
	print $made > 80 ? "ok ": "not ok ", ++$n, " - $name: $made mistakes were made\n";
	print @alive ? "not ok " : "ok ", ++$n, " - the test notices each of them\n";
	print "# survives: $_\n" for @alive;
}

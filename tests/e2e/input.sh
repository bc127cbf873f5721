# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The shell reads its lines from a pipe: every line runs, in order and whole, however fast they come, and the
# end of the input ends the machine.
. tests/e2e/lib.sh
plan 11

# answers FIRST LAST: what lines `help zzN` print.
answers() {
	local i
	for ((i = $1; i <= $2; i++)); do
		printf 'fivebyte> help zz%d\nerror ENOENT: there is no command zz%d; help lists them all\n' "$i" "$i"
	done
}

# same NAME: the status is 0, and the output behind the first line is that on standard input.
same() {
	cat >"$work/wanted"
	[ "$status" = 0 ] || { fail "$1" "exit status $status"; return; }
	tail -n +2 "$out" | diff - "$work/wanted" >"$work/diff" && pass "$1" || fail "$1" "$(head -n 6 "$work/diff")"
}

piped < <(printf 'audit\nhelp\npoweroff\n')
wanted input_of_three_lines_runs_whole 0 '^fivebyte> audit$' '^audit clean: ' '^fivebyte> help$' '^Several on one line' '^fivebyte> poweroff$'
grep -q $'\x1b' "$out" && fail input_shows_no_escapes 'escape sequences' || pass input_shows_no_escapes

# A thousand lines that are read while a command still runs, then one as long as the editor's longest, 511.
lines() {
	local i
	echo "work net $1"
	for ((i = 1; i <= 1000; i++)); do echo "help zz$i"; done
	printf '%511s\n' 'help zz1001'
}
thousand() {
	local name=$1
	shift
	piped --timeout 120 "$@" < <(lines 1000)
	sed -i '/^fivebyte> work net/d; /^1000 packets sent and received in /d' "$out"
	answers 1 1001 | same "$name"
}
thousand input_of_1000_lines_1_cpu --smp 1
thousand input_of_1000_lines_4_cpus --smp 4
thousand input_of_1000_lines_icount --smp 2 --icount
thousand input_of_1000_lines_iso --smp 4 --iso

# Slowly, in pieces that are not lines.
pieces() {
	for piece in 'help z' $'z1\nhel' 'p zz2' $'\n' $'help zz3\nhelp zz4'; do
		printf %s "$piece"
		sleep 0.3
	done
}
piped < <(pieces)
answers 1 4 | same input_in_pieces_and_a_last_line_without_its_end

# From a pipe, keys of the line editor are ordinary bytes: a tab, keys that move the cursor, bytes beyond
# ASCII.
piped < <(printf 'help zz1\r\n\n \nhelp\tzz2\r\nhelp \x01\x1b[D\xc3\xa9')
{
	answers 1 1
	printf 'fivebyte> help\tzz2\nerror ENOENT: there is no command zz2; help lists them all\n'
	printf 'fivebyte> help \x01\x1b[D\xc3\xa9\nerror ENOENT: there is no command \x01\x1b[D\xc3\xa9; help lists them all\n'
} | same input_is_taken_byte_by_byte

piped < <(printf '%512s\nhelp zz2\n' 'help zz1')
{
	echo 'error E2BIG: the line is longer than 511 characters; it is not run'
	answers 2 2
} | same input_line_that_is_too_long_is_refused

piped </dev/null
printf '' | same input_of_nothing_ends_the_shell

# What is read by the machine alone: --exec leaves it to what comes behind.
{
	piped --exec 'help zz1'
	cat >"$out"
} <<<'for the next'
wanted input_is_left_alone_by_exec 1 '^for the next$'

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a person reads who asks: help of each command, whose examples work as they stand.
. tests/e2e/lib.sh
plan 3

fivebyte --exec help
commands=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$out" | grep -vx OBJECT)
fivebyte --exec "$(printf 'help %s; ' $commands)"
wanted words_help_of_each_command 0 '^attach PROG \[FUNC\|PATTERN\] \[cookie N\]$' '^  on Linux  bpftool link list$'

# A long example is broken between words. The machine is switched off last.
awk '/^  on Linux/ { on = 0 } /^  example / { on = 1; print ""; sub(/^  example/, "") } on { sub(/^ +/, " "); printf "%s", $0 }
	END { print "" }' "$out" | grep -v -e '^$' -e '^ poweroff$' >"$work/examples"
[ "$(wc -w <<<"$commands")" = "$(($(wc -l <"$work/examples") + 1))" ] && pass words_an_example_each ||
	fail words_an_example_each "of $(wc -w <<<"$commands") commands only $(wc -l <"$work/examples") without poweroff"
fivebyte --smp 4 --timeout 240 --exec "$(tr '\n' ';' <"$work/examples") links; audit; poweroff; no_such_command"
wanted words_examples_work 0 '^nothing is attached$' '^audit clean: .* 0 changed by live links$'

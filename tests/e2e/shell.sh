# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The interactive shell, through expect; and without a terminal, from a pipe.
. tests/e2e/lib.sh
plan 27

expect -f tests/e2e/shell.exp

{
	sleep 3 # the machine boots
	printf 'site kfree_skb\nlinks; cpus\npoweroff\n'
	sleep 10
} | tools/fivebyte ${KERNEL:+--kernel "$KERNEL"} --timeout 60 >"$out" 2>&1
status=$?
wanted 'shell_from_a_pipe' 0 '^fivebyte> site kfree_skb' '0f 1f 44 00 00   nop' '^nothing is attached'
grep -q $'\x1b' "$out" && fail shell_pipe_has_no_escapes 'escape sequences' || pass shell_pipe_has_no_escapes

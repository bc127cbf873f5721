# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The runners themselves: a test that does not run, dies half-way or ends early is a failure, never a smaller
# success.
. tests/e2e/lib.sh
plan 12

# tallied NAME STATUS SUMS COMMANDS: tools/tally of a step that runs these commands.
tallied() {
	TALLY=$work/sums tools/tally step sh -c "$4" >"$out" 2>&1
	status=$?
	[ "$status" = "$2" ] || { fail "$1" "exit status $status, not $2"; return; }
	[ "$(tail -n 1 "$work/sums")" = "$3" ] && pass "$1" || fail "$1" "sums $(tail -n 1 "$work/sums"), not $3"
}

tallied runners_add_up_what_ran 0 '3 0 1' 'echo 1..2; echo PASS a; echo PASS b; echo "2 passed, 0 failed"
	echo 1..2; echo PASS c; echo SKIP d: no terminal; echo "1 passed, 0 failed, 1 skipped"'
tallied runners_want_a_plan 1 '0 1 0' ':'
tallied runners_want_all_of_the_plan 1 '2 3 0' 'echo 1..5; echo PASS a; echo PASS b; echo "2 passed, 0 failed"'
tallied runners_want_no_more_than_the_plan 1 '2 1 0' 'echo 1..1; echo PASS a; echo PASS b; echo "2 passed, 0 failed"'
tallied runners_count_what_a_killed_run_leaves 1 '1 4 0' 'echo 1..5; echo PASS a; kill -9 $$'
tallied runners_count_what_a_second_run_leaves 1 '3 2 0' 'echo 1..2; echo PASS a; echo PASS b; echo "2 passed, 0 failed"
	echo 1..3; echo PASS c; exit 0'
tallied runners_look_at_the_exit_status 1 '1 1 0' 'echo 1..1; echo PASS a; echo "1 passed, 0 failed"; exit 3'
tallied runners_look_for_panics 1 '1 1 0' 'echo 1..1; echo "panic: lost"; echo PASS a; echo "1 passed, 0 failed"'

# A script of the end-to-end tests that dies behind its first test, in a tree of its own.
mkdir -p "$work/tree/tests/e2e"
cp tests/e2e/run tests/e2e/lib.sh "$work/tree/tests/e2e"
printf '. tests/e2e/lib.sh\nplan 3\npass first\nkill -9 $$\npass second\npass third\n' >"$work/tree/tests/e2e/dies.sh"
printf '. tests/e2e/lib.sh\nplan 1\npass only\n' >"$work/tree/tests/e2e/lives.sh"
"$work/tree/tests/e2e/run" dies lives >"$out" 2>&1
status=$?
wanted runners_fail_with_a_script_that_dies 1 '^1\.\.4$' '^FAIL dies: 2 tests of its plan of 3 did not report' '^2 passed, 2 failed$'
"$work/tree/tests/e2e/run" lives nowhere >"$out" 2>&1
status=$?
wanted runners_fail_without_a_script 1 'there is no tests/e2e/nowhere\.sh'
"$work/tree/tests/e2e/run" lives >"$out" 2>&1
status=$?
wanted runners_pass_what_is_whole 0 '^1 passed, 0 failed$'

# Without pseudo-terminals: a mount namespace in which /dev/pts is empty.
name=runners_skip_by_name_without_terminals
if unshare -rm sh -c 'mount -t tmpfs none /dev/pts' 2>"$out"; then
	env -u E2E_COUNTS unshare -rm sh -c 'mount -t tmpfs none /dev/pts && exec expect -f tests/e2e/shell.exp' >"$out" 2>&1
	status=$?
	skipped=$(grep -c '^SKIP shell_\|^SKIP demo_\|^SKIP exec_' "$out")
	[ "$status" = 0 ] && [ "$skipped" = "$(wc -l <"$out")" ] && [ "$skipped" = "$(grep -cE '^(try|see|comes|ended|demo_pauses) ' tests/e2e/shell.exp)" ] &&
		pass $name || fail $name "$skipped skipped"
else
	skip $name "no mount namespaces: $(tail -n 1 "$out")"
fi

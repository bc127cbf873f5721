# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# GDB reads a script: make gdb SCRIPT=FILE.
. tests/e2e/lib.sh
plan 2

# commands OPTION... <GDB-COMMANDS: as a script.
commands() {
	cat >"$work/script"
	timeout -k 5 60 tools/gdb/session --script "$work/script" "$@" >"$out" 2>&1
	status=$?
}

commands --smp 2 --exec 'help' <<'END'
print $pc == (unsigned long)kmain
quit 3
END
wanted gdb_script_begins_at_kmain_and_sets_the_status 3 '^\(gdb\) print \$pc' '^\$1 = 1$'

timeout -k 5 60 make -s gdb SCRIPT=docs/gdb/nothing.gdb >"$out" 2>&1
status=$?
wanted gdb_says_that_there_is_no_script 2 "^gdb: cannot read the script 'docs/gdb/nothing.gdb'\.$"

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The sessions in docs/gdb/, replayed and compared with what is kept beside them; the commands of tools/gdb/.
. tests/e2e/lib.sh
plan 7

# What differs between two builds or two runs, by the name of what it is.
mask() {
	sed -E -e 's/\b1f 44 00 00\b/NOP-TAIL/g' -e 's/\b(e8|e9|cc)( [0-9a-f]{2}){4}/\1 REL32/g' \
		-e 's/\b([0-9a-f]{2} ){3}[0-9a-f]{2}\b/REL32/g' -e 's/\b(e8|e9)[0-9a-f]{8}\b/\1REL32  /' \
		-e 's/\b0x[0-9a-f]+/ADDRESS/g' -e 's/\b[0-9a-f]{16}\b/ADDRESS/g' -e 's/\bat=[0-9]{9,}/at=ADDRESS/' -e 's/magic=[0-9]+, info=[0-9]+/magic=NUMBER, info=NUMBER/' \
		-e 's/bpf_prog_[0-9a-f]{16}/bpf_prog_TAG/g' -e 's/\.(c|h|asm):[0-9]+/.\1:LINE/g' \
		-e 's/, line [0-9]+\./, line LINE./' -e 's/^[0-9]+\t/LINE\t/' "$1"
}

# replayed TEST NAME [OPTION]: docs/gdb/NAME.gdb ends well and shows what docs/gdb/NAME.out shows. In three tries,
# because QEMU 7.2 makes no step about once in 300 times that GDB asks for one, and then a breakpoint stops twice.
replayed() {
	for _ in 1 2 3; do
		timeout -k 5 60 make -s gdb SCRIPT="docs/gdb/$2.gdb" OPTIONS="${3-}" >"$work/$2" 2>&1
		status=$?
		mask "$work/$2" >"$work/found"
		mask "docs/gdb/$2.out" | diff - "$work/found" >"$out" && [ $status = 0 ] && pass "$1" && return
	done
	fail "$1" "exit status $status"
}

# commands OPTION... <GDB-COMMANDS: as a script.
commands() {
	cat >"$work/script"
	timeout -k 5 60 tools/gdb/session --script "$work/script" "$@" >"$out" 2>&1
	status=$?
}

replayed gdb_session_first_poke first-poke
replayed gdb_session_first_poke_through_grub first-poke --iso

commands --smp 2 --exec 'help' <<'END'
help user-defined
quit 3
END
wanted gdb_script_lists_commands_and_sets_the_status 3 '^\(gdb\) help user-defined$' \
	$(sed -n 's/^[A-Z][a-z]*("\(fivebyte-[a-z]*\)")$/^\1 --/p' tools/gdb/*.py)

# Each wrong name is one sentence, and GDB goes on.
{
	echo 'python'
	for line in site 'site nothing_like_it' 'site kfree_skb+1' 'site 12x' 'tramp kfree_skb' 'watch text_patch' 'poke main+'; do
		printf 'try: gdb.execute("fivebyte-%s")\nexcept gdb.error as e: print("said:", e)\n' "$line"
	done
	echo 'end'
} >"$work/wrong"
commands --exec 'help' <"$work/wrong"
[ "$(grep -c '^said: [^:]*' "$out")" = 7 ] || status='of too few sentences'
wanted gdb_commands_say_what_is_wrong 0 '^said: usage: fivebyte-site FUNC$' \
	'^said: No function or program is called nothing_like_it' '^said: kfree_skb\+1 has no site' \
	'^said: 12x is no place' '^said: kfree_skb has no image' '^said: text_patch has no site' '^said: main\+ is no place'

# Four CPUs, and breakpoints that others have set: the next step is still found.
commands --smp 4 --exec 'attach wakeup; detach all' <<'END'
break detach_all
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
fivebyte-poke wake_up_process
END
wanted gdb_poke_goes_from_step_to_step 0 'step 1 of 7' 'step 2 of 7' 'step 6 of 7' 'step 7 of 7' \
	'^  cc 1f 44 00 00   from 0f 1f 44 00 00 to e8 ' '^  a CPU that comes here traps; the handler does call bpf_trampoline_wake_up_process$' \
	'^  CPU 3  ' 'detach_all' 'step 1 of 7.*' '^  e8 .. .. .. ..   from e8 .. .. .. .. to 0f 1f 44 00 00'

# As someone does who has started QEMU: connected first, then the commands.
tools/fivebyte --gdb "$work/gdb" --exec 'help' >/dev/null 2>&1 &
machine=$!
for _ in $(seq 100); do [ -S "$work/gdb" ] && break; sleep 0.1; done
timeout -k 5 60 gdb -q -batch build/fivebyte.elf -ex "target remote $work/gdb" -ex 'source tools/gdb/fivebyte.gdb' \
	-ex 'thbreak shell_exec' -ex continue -ex 'fivebyte-site kfree_skb' -ex kill >"$out" 2>&1
status=$?
wait $machine
wanted gdb_commands_of_a_machine_started_by_hand 0 '^kfree_skb at ffffffff8' '^  0f 1f 44 00 00   nop'

timeout -k 5 60 make -s gdb SCRIPT=docs/gdb/nothing.gdb >"$out" 2>&1
status=$?
wanted gdb_says_that_there_is_no_script 2 "^gdb: cannot read the script 'docs/gdb/nothing.gdb'\.$"

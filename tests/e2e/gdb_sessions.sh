# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The sessions in docs/gdb/, replayed and compared with what is kept beside them; the commands of tools/gdb/.
. tests/e2e/lib.sh
plan 17

# What differs between two builds or two runs, by the name of what it is: the caller of kfree_skb, too, since either
# thread of the net can be the first that frees a packet.
mask() {
	sed -E -e 's/\b1f 44 00 00\b/NOP-TAIL/g' -e 's/\b(e8|e9|cc)( [0-9a-f]{2}){4}/\1 REL32/g' \
		-e 's/^(#[0-9]  .* in )(netif_receive_skb|udp_recv_thread) \(.*/\1CALLER/' \
		-e 's/\b([0-9a-f]{2} ){3}[0-9a-f]{2}\b/REL32/g' -e 's/\b(e8|e9)[0-9a-f]{8}\b/\1REL32  /' \
		-e 's/\b0x[0-9a-f]+/ADDRESS/g' -e 's/\b[0-9a-f]{16}\b/ADDRESS/g' -e 's/\b[0-9]{18,20}\b/ADDRESS/g' -e 's/magic=[0-9]+, info=[0-9]+/magic=NUMBER, info=NUMBER/' \
		-e 's/bpf_prog_[0-9a-f]{16}/bpf_prog_TAG/g' -e 's/\.(c|h|asm):[0-9]+/.\1:LINE/g' \
		-e 's/^  CPU [0-9] .*/  CPU N/' -e '/^\[Switching to Thread [0-9]\]$/d' -e 's/^Thread [0-9] hit/Thread N hit/' \
		-e 's/[0-9]+ bytes of text/N bytes of text/' -e 's/<(IPv4|ARP|IPv6|protocol [0-9a-f]+), [0-9]+ bytes, [0-9]+ users>/<PACKET>/g' -e 's/, line [0-9]+\./, line LINE./' -e 's/^[0-9]+\t/LINE\t/' -e 's,[ \t]*/\*.*\*/,,' "$1"
}

# replayed TEST NAME [OPTION]: docs/gdb/NAME.gdb ends well and shows what docs/gdb/NAME.out shows. In three
# tries, because QEMU 7.2 makes no step about once in 300 times that GDB asks for one, and then a breakpoint
# stops twice.
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

# fits: GDB would cut a line of more than 80 columns in the middle of a word.
fits() {
	sed -n '/^(gdb)/,$p' "$out" | sed -E 's/^([(]gdb[)] )*//' | expand | grep -Eq '^.{81}' && status='of a line of more than 80 columns'
}

replayed gdb_session_first_poke first-poke
replayed gdb_session_first_poke_through_grub first-poke --iso
replayed gdb_session_poke_4_cpus poke-4-cpus
replayed gdb_session_c_lines c-lines
replayed gdb_session_panic panic
replayed gdb_session_kprobe kprobe

commands --smp 2 --exec 'help' <<'END'
help user-defined
quit 3
END
fits
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

# Long names.
commands --smp 4 --exec 'attach skblat; work net 20' <<'END'
break receive_ends
continue
fivebyte-cpus
fivebyte-tramp netif_receive_skb
fivebyte-prog receive_ends
fivebyte-poke nothing_like_it
END
sed -i '/^Thread .* hit /d' "$out" # GDB itself wraps this
fits
wanted gdb_lines_fit_on_a_terminal 1 '^CPU [0-3]  \S+ +receive_ends < bpf_trampoline_netif_receive_skb$' '^ +\(preemption off, softirq\)$' \
	'^  save the frame pointer, make a frame$' '^  symbol   bpf_prog_\w+_receive_ends$' '^No function or program is called nothing_like_it\. `info functions WORD` lists$'

# An image may call a function of the kernel, which has no block of its own.
commands --exec 'poke kfree_skb' <<'END'
tbreak do_nothing
continue
list bpf_trampoline_kfree_skb
kill
END
wanted gdb_script_names_what_a_step_calls 0 '^3\s+call do_nothing$' '^4\s+restore argument slot 0$'

# Where a CPU is: at the five bytes, and in the handler of their int3.
commands --smp 4 --exec 'poke kfree_skb' <<'END'
python poke = Poke("fivebyte-poke")
tbreak *kfree_skb
continue
python poke.addr = function_address("kfree_skb"); print("first:", poke.at_the_site(calls(gdb.selected_thread(), 12)))
tbreak poke_trap
continue
python print("then:", poke.at_the_site(calls(gdb.selected_thread(), 12)))
kill
END
wanted gdb_poke_marks_cpus_at_the_site 0 '^first: AT BYTE 0: $' '^then: TRAPPED: $'

# What the kernel's tables say, while GDB has stopped it; the same as its shell prints.
commands --smp 2 --exec 'attach skbcount; attach allocs; attach tasks; work net 20; map dump alloc_sizes; map dump tasks.bss; detach all; work net 5' <<'END'
break detach_all
continue
fivebyte-ps
fivebyte-cpus
fivebyte-links
fivebyte-prog skbcount/count_skb
fivebyte-map freed_per_cpu
fivebyte-map alloc_sizes
fivebyte-map tasks.bss
fivebyte-map wakeup.rodata
fivebyte-map tail_next
print *cpus[0].current_task
python print([one for _, one in of_objects("maps", "map_count", "freed_per_proto")][0])
python print([one for _, one in of_objects("progs", "prog_count", "count_skb")][0])
python print([one for one in in_list(static("attach.c", "links"), "struct link", "list")][1])
delete
break __kfree_skb
continue
print skb
print *skb
print (struct sk_buff *) 16
kill
END
wanted gdb_commands_read_the_tables 0 '^ +3 rcu_preempt +asleep +rcu_thread < begin_task$' '^ +1 init +runs on CPU [01]' \
	'^CPU [01]  init +detach_all < cmd_detach' '^alloc_begins +kprobe +alloc_skb' '^4 attached$' \
	'^count_skb: fentry program of skbcount, compiled$' '^  cpu0 [0-9]+, cpu1 [0-9]+$' '^  108: [0-9]+$' \
	'^  \{ \.tasks_seen = \{ \.all = [0-9]+, ' '^  \{ \.____my_wake_up.____fmt = "We are waking up %s:%d" \}$' '^  tail_again$'
wanted gdb_printers_sum_up 0 '^\$1 = <[a-z/]+[01]?:[01], runs on CPU 0> = \{__state' '^<freed_per_proto, hash of 64 entries> = \{ops' \
	'^<count_skb, fentry, 35 instructions> = \{name' '^<alloc_begins at alloc_skb> = \{prog' \
	'^\$2 = 0xf[0-9a-f]+ <IPv4, [0-9]+ bytes, 0 users>$|^\$2 = .*<ARP|^\$2 = .*<IPv6' '^\$3 = <.*> = \{next = .* users = ' '^\$4 = 0x10 <\?>$'

# At the first instruction of the BIOS, before there is memory, and at that of kmain, before there are tables.
{
	echo 'python'
	for line in ps cpus links 'prog count_skb' 'map freed_per_cpu' 'site kfree_skb' 'tramp kfree_skb' audit; do
		printf 'try: gdb.execute("fivebyte-%s")\nexcept gdb.error as e: print("said:", e)\n' "$line"
	done
	printf 'end\n'
} >"$work/all"
echo kill >"$work/kill"
tools/fivebyte --gdb "$work/reset" --exec 'help' >/dev/null 2>&1 &
machine=$!
for _ in $(seq 100); do [ -S "$work/reset" ] && break; sleep 0.1; done
timeout -k 5 60 gdb -q -batch build/fivebyte.elf -x tools/gdb/fivebyte.gdb -ex "target remote $work/reset" -x "$work/all" \
	-ex 'thbreak *kmain' -ex continue -x "$work/all" -ex kill >"$out" 2>&1
status=$?
wait $machine
grep -q Traceback "$out" && status='of an error in Python'
wanted gdb_commands_before_there_are_tables 0 '^said: fivebyte-ps: ' '^said: No program is called count_skb\. There are: none yet\.$' \
	'^CPU 0  \?               kmain' '^0 attached$' '^fivebyte-audit: [0-9]+ bytes of text, 0 explained, 0 not'

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
[ "$(grep -vEc '^make(\[[0-9]+\])?: ' "$out")" = 1 ] || status='of more than one message'
wanted gdb_says_that_there_is_no_script 2 "^gdb: cannot read the script 'docs/gdb/nothing.gdb'\.$"

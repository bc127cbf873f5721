# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# make gdb: stops in kmain, breaks in a traced function, shows source lines and a trampoline in the backtrace.
. tests/e2e/lib.sh
plan 15

# session SECONDS SHELL-COMMANDS <GDB-COMMANDS
session() {
	timeout -k 5 "$1" tools/gdb/session --smp 4 --exec "$2" >"$out" 2>&1
	status=$?
	sed -i -E 's/^(\(gdb\) )*//' "$out"
}

# As a person types it, without a terminal that could hold the machine and GDB apart.
timeout -k 5 60 make -s gdb >"$out" 2>&1 <<'END'
set width 0
break kfree_skb
continue
backtrace
kill
END
status=$?
sed -i -E 's/^(\(gdb\) )*//' "$out"
wanted gdb_make_target_has_something_to_stop_at 0 '^#0 .*kfree_skb' '^#1 .*kernel/'

session 60 'work net 200' <<'END'
set width 0
printf "first: %#lx is kmain: %d\n", $pc, $pc == (unsigned long)kmain
break kfree_skb
continue
backtrace
info source
list
print *skb
kill
END
wanted gdb_stops_at_kmain 0 'is kmain: 1$'
wanted gdb_breaks_with_source_lines 0 '^#0 .*kfree_skb .*at kernel/net/skb\.c:[0-9]+' '^#[1-9].* at kernel/\S*(net|traffic)[a-z_]*\.c:[0-9]+' \
	'Current source file is kernel/net/skb\.c' 'users = '

# The program runs kernel code that can be stopped in: below it are its own frame and the trampoline's.
session 60 'attach wakeup; work wake 20; detach all' <<'END'
set width 0
break trace_write
continue
backtrace
finish
kill
END
wanted gdb_goes_through_a_trampoline 0 '^#0 .*trace_write .* at \S+:[0-9]+' '^#[1-9].*trace_printk .* at vm/\S+\.c:[0-9]+' '^#[1-9].* in bpf_prog_[0-9a-f]+_my_wake_up' \
	'^#[1-9].* in bpf_trampoline_wake_up_process' '^#[0-9]+ .*wake_up_process .*at kernel/sched/sched\.c:[0-9]+' '^Run till exit'

# ftrace's callers make two frames; a return address that was put aside is found again.
session 60 'graph kfree_skb; work net 50' <<'END'
set width 0
break graph_entry
continue
backtrace
delete
break __kfree_skb
continue
backtrace
kill
END
wanted gdb_goes_through_ftrace 0 '^#[1-9].* in ftrace_trampoline_graph' '^#[1-9].* kfree_skb .*at kernel/net/skb\.c' \
	'^#[1-9].* in retstack_return' '^#[3-9].* at kernel/\S*(traffic|net\w*)\.c:[0-9]+'

# The image is entered by jmp: there is one return address. Its first instructions have no frame yet.
session 60 'attach skblat; work net 20; detach all' <<'END'
set width 0
break loopback_xmit
continue
delete
break *(unsigned long)netif_receive_skb
continue
python
for i in range(6):
    gdb.execute("stepi")
    frames = gdb.execute("backtrace 2", to_string=True)
    print("step", "right" if "bpf_trampoline_netif_receive_skb" in frames and "net_rx_action" in frames else frames)
end
delete
break ip_rcv
continue
backtrace
delete
break hash_remove
continue
backtrace
kill
END
wanted gdb_goes_through_an_image_entered_by_jmp 0 '^#1 .* netif_receive_skb ' '^#2 .* in bpf_trampoline_netif_receive_skb' '^#3 .* in net_rx_action ' \
	'^#1 .* in bpf_prog_[0-9a-f]+_receive_ends'
steps=$(grep -c 'step right$' "$out")
[ "$steps" = 6 ] && pass gdb_knows_images_without_a_frame || fail gdb_knows_images_without_a_frame "$steps steps of 6"

# Probes: at an int3 inside a function, and at an entry of which the return is watched, too.
session 60 'kprobe __kfree_skb+5 int3; attach count_fsession netif_receive_skb; kretprobe kfree_skb; work net 20' <<'END'
set width 0
break count_one
continue
backtrace
delete
break ip_rcv
continue
backtrace
kill
END
wanted gdb_goes_through_probes_and_sessions 0 '^#[1-9].* in trap_return' '^#[1-9].* in __kfree_skb .*at kernel/net/skb\.c' '^#[1-9].* in retstack_return' \
	'^#2 .* in bpf_trampoline_netif_receive_skb' '^#3 .* in net_rx_action '
grep -A1 -E '^#[0-9]+ .* in retstack_return' "$out" | tail -n 1 | grep -Eq ' at kernel/\S*(traffic|net\w*)\.c:' &&
	pass gdb_knows_where_retstack_goes || fail gdb_knows_where_retstack_goes 'nobody below retstack_return'

# Stopped where a program is attached to two functions; then with one byte made wrong.
session 60 'attach wakeup; attach skbcount; work net 20; detach all' <<'END'
set width 0
break kfree_skb
continue
fivebyte-audit
set var *(unsigned char *)((unsigned long)&alloc_skb + 4) = 8
fivebyte-audit
kill
END
wanted gdb_audit_explains_and_names 0 '^f[0-9a-f]+ wake_up_process: call bpf_trampoline_wake_up_process$' \
	'^f[0-9a-f]+ kfree_skb: call bpf_trampoline_kfree_skb$' '^fivebyte-audit: [0-9]+ bytes of text, 2 explained, 0 not$' \
	'^f[0-9a-f]+ alloc_skb\+4: expected 00 but found 08$' '^fivebyte-audit: [0-9]+ bytes of text, 2 explained, 1 not$'

# GDB throws all frames away for "info threads"; with another frame selected, an unwinder must not ask for it.
session 60 'attach skbcount; work net 600' <<'END'
set width 0
break kfree_skb
continue
up
info threads
break kfree_skb.plan:4
continue
up
info threads
break skbcount.bpf.c:25
continue
up
info threads
echo it is alive\n
kill
END
wanted gdb_lists_cpus_from_any_frame 0 '^it is alive$' ' 4 +Thread .*CPU#3'

# meet ME OTHER: a session that stops when the shell begins, and waits there until the other one has stopped,
# too.
meet() {
	timeout -k 5 60 tools/gdb/session --exec "help $1" >"$work/$1.out" 2>&1 <<END
break shell_exec
continue
printf "line: %s\n", line
shell touch $work/$1; for i in \$(seq 200); do [ -e $work/$2 ] && echo met && break; sleep 0.1; done
kill
END
}
meet first second &
meet second first
status=$?
wait $! || status=$?
for me in first second; do
	sed 's/^(gdb) //' "$work/$me.out" >"$out"
	wanted "gdb_two_at_once_have_their_own_machine_$me" 0 "^line: help $me$" '^met$'
done

# Its QEMU is dead.
mkdir "$work/bin"
printf '#!/bin/sh\necho "qemu: this is why" >&2\nexit 1\n' >"$work/bin/qemu-system-x86_64"
chmod +x "$work/bin/qemu-system-x86_64"
PATH=$work/bin:$PATH timeout -k 5 60 make -s gdb >"$out" 2>&1 </dev/null
status=$?
wanted gdb_says_why_there_is_no_machine 2 '^qemu: this is why$' '^gdb: there is no machine to debug\.$'
grep -q '^Reading symbols' "$out" && fail gdb_does_not_start_without_a_machine 'GDB' || pass gdb_does_not_start_without_a_machine

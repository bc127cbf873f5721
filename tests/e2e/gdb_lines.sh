# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Generated code in GDB: its names, its lines and its frames, as code comes and goes.
. tests/e2e/lib.sh
# A breakpoint is deleted or left by `next` before the machine goes on: to go on from one, GDB makes a single
# step, and QEMU 7.2 now and then makes none.
plan 16

# session OPTIONS... <GDB-COMMANDS
session() {
	timeout -k 5 90 tools/gdb/session "$@" >"$out" 2>&1
	status=$?
	sed -i -E 's/^([(]gdb[)] |>)*//' "$out"
}

session --exec 'attach skblat; work net 20' <<'END'
set width 0
break skblat.bpf.c:28
continue
list
delete
next
next
next
backtrace 3
list 33,34
info symbol $pc
disassemble /s
finish
kill
END
wanted gdb_breaks_on_a_line_of_a_program_that_comes_later 0 '^Breakpoint 2 \(skblat\.bpf\.c:28\) pending\.$' \
	'^Breakpoint 2, bpf_prog_\w+_receive_ends \(\) at progs/skblat\.bpf\.c:28$' '^28\s+int BPF_PROG\(receive_ends, ' \
	'^27\s+SEC\("fexit/netif_receive_skb"\)$'
wanted gdb_goes_from_line_to_line_of_a_program 0 '^bpf_prog_\w+_receive_ends \(\) at|^30\s+__u64 packet = ' '^33\s+for \(__u64 ns' '^34\s+slot\+\+;$' \
	'^#0  bpf_prog_\w+_receive_ends \(\) at progs/skblat\.bpf\.c:34$' \
	'^#1  0x\w+ in bpf_trampoline_netif_receive_skb \(\) at netif_receive_skb\.plan:[0-9]+$' '^#2  0x\w+ in net_rx_action \(\) at kernel/net/net\.c:[0-9]+$' \
	'^bpf_prog_\w+_receive_ends \+ [0-9]+ in section' '^=> 0x\w+ <\+[0-9]+>:' '^9\s+return what it returned$'

# From C into the image, into the program, and back.
session --exec 'attach skbcount; work net 20' <<'END'
set width 0
break count_skb
break bpf_trampoline_kfree_skb
continue
backtrace 3
delete
tbreak *kfree_skb
continue
step
list 1,100
step
step
step
step
step
finish
kill
END
wanted gdb_breaks_in_a_trampoline_by_its_name 0 '^Breakpoint 3, bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:1$' \
	'^#0  bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:1$' '^#1  0x\w+ in kfree_skb \(skb=0x\w+ <[^@]*>\) at kernel/net/skb\.c:[0-9]+$' \
	'^#2  0x\w+ in \w+ \(.*\) at kernel/net/(traffic|net)\.c:[0-9]+$'
wanted gdb_lists_the_steps_of_a_plan 0 '^1\s+save the frame pointer, make a frame$' '^4\s+call count_skb$' '^8\s+return$'
wanted gdb_steps_from_a_function_into_a_program 0 '^bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:1$' \
	'^bpf_prog_\w+_count_skb \(\) at progs/skbcount\.bpf\.c:23$' '^25\s+__u16 protocol = ' '^bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:5$'

# The same breakpoint stops in each image of kfree_skb that comes.
session --smp 4 --exec 'attach skbcount; work net 20; detach all; mem; attach count_fentry kfree_skb; work net 20' <<'END'
set width 0
break kfree_skb.plan:4
tbreak cmd_mem
continue
set $image = $pc
disable 2
continue
info symbol $image
enable 2
continue
list 4,4
kill
END
wanted gdb_forgets_code_that_is_gone 0 '^No symbol matches \$image\.$'
wanted gdb_finds_code_that_comes_again 0 'hit Breakpoint 2, bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:4$' '^4\s+call count_skb$' '^4\s+restore argument slot 0$'

# A task sleeps in the body of schedule, and wakes up in an image that has been replaced meanwhile.
session --exec 'attach count_fexit schedule; work net 5; attach count_fentry schedule; work net 10000' <<'END'
set width 0
break schedule.plan:6
continue
python
for i in range(20):
    if "#" in gdb.newest_frame().name():
        break
    gdb.execute("next")
    gdb.execute("continue")
end
info symbol $pc
list 4,4
info breakpoints
kill
END
wanted gdb_stops_in_an_image_that_was_replaced 0 '^Breakpoint 2(\.1)?, bpf_trampoline_schedule(#1)? \(\) at (old1/)?schedule\.plan:6$' \
	'^Breakpoint 2\.., bpf_trampoline_schedule#1 \(\) at old1/schedule\.plan:6$' '^bpf_trampoline_schedule#1 ' '^4\s+call count_fexit$' \
	'in bpf_trampoline_schedule at schedule\.plan:6$'

# A change that fails at the poke: until then there are two images.
session --exec 'attach skbcount; poke-test kfree_skb; attach count_fentry kfree_skb; mem' <<'END'
set width 0
tbreak build_drop
continue
info line bpf_trampoline_kfree_skb#1
tbreak cmd_mem
continue
info line bpf_trampoline_kfree_skb
info line bpf_trampoline_kfree_skb#1
kill
END
wanted gdb_names_an_image_again_when_a_change_has_failed 0 '^Line 1 of "old1/kfree_skb\.plan" starts at' '^Line 1 of "kfree_skb\.plan" starts at' \
	'^Function "bpf_trampoline_kfree_skb#1" not defined\.$'

cat >"$work/walk.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u64 sum[4];

static __attribute__((noinline)) __u64 weigh(__u64 n, struct sk_buff *skb)
{
	char name[16] = {};
	bpf_get_current_comm(name, sizeof(name));
	return n * 3 + name[0] + skb->len;
}

SEC("fentry/kfree_skb")
int BPF_PROG(leaf, struct sk_buff *skb) /* no frame, but saved registers */
{
	__u64 a = sum[0], b = sum[1], c = sum[2], d = sum[3], e = skb->len, f = skb->data_len, g = skb->mac_len;
	sum[0] = a * b + c * d + e;
	sum[1] = b * f + a * g;
	sum[2] = c * g + e * a;
	sum[3] = d * e + f * g + a * c + b * d;
	return 0;
}

SEC("fexit/kfree_skb")
int BPF_PROG(add_up, struct sk_buff *skb)
{
	__u64 once = weigh(sum[0], skb);
	sum[0] += weigh(once, skb);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
END
compile "$work/walk.bpf.c" "$work/walk.bpf.o"

session --load "$work/walk.bpf.o" --exec 'attach walk; work net 100' <<'END'
set width 0
tbreak add_up
continue
next
next
step
backtrace 3
finish
kill
END
wanted gdb_goes_over_and_into_a_function_of_a_program 0 '^[0-9]+\s+__u64 once = ' '^[0-9]+\s+sum\[0\] \+= weigh' \
	'^bpf_prog_\w+_weigh \(\) at' '^#0  bpf_prog_\w+_weigh \(\) at .*walk\.bpf\.c:[0-9]+$' '^#1  0x\w+ in bpf_prog_\w+_add_up \(\) at .*walk\.bpf\.c:[0-9]+$' \
	'^#2  0x\w+ in bpf_trampoline_kfree_skb \(\) at kfree_skb\.plan:[0-9]+$'

# Each instruction of an image and of the programs that it calls has all of its frames. What they call is
# left at once. The last instruction of an image that was entered by call has dropped the return into the
# body.
cat >"$work/walk.py" <<'END'
def names(frame):
    while frame:
        yield frame.name() and frame.name().split("#")[0]  # it may be replaced meanwhile
        frame = frame.older()

def walk(below):
    for place in ("cmd_work", "*kfree_skb"):
        gdb.execute("tbreak " + place)
        gdb.execute("continue")
    caller = list(names(gdb.newest_frame()))[1:]
    gdb.execute("stepi", to_string=True)
    image, seen = next(names(gdb.newest_frame())), {}
    while True:
        found = list(names(gdb.newest_frame()))
        if found == caller:
            break
        insn = gdb.execute("x/i $pc", to_string=True).split("\t")[1].strip()
        at_end = found[0] == image and insn == "ret"
        want = [image] + ([] if at_end else below) + caller
        is_ours = [name == image or str(name).startswith("bpf_prog_") for name in found]
        ours = is_ours[0]
        at = 0 if ours or found[0] == "kfree_skb" else is_ours.index(True)  # inlined functions have frames, too
        above = at if found[at] == image else at + 1
        above += sum("weigh" in str(name) for name in found)
        print("frames", "right" if found[above:] == want else f"wrong at {insn}: {found}")
        seen[found[0]] = seen.get(found[0], 0) + ours
        gdb.execute("stepi" if ours else "finish", to_string=True)
    print("walked", "by call:" if below else "by jmp:", *(f"{count} in {name}," for name, count in seen.items()))
END
session --load "$work/walk.bpf.o" --exec 'attach count_skb kfree_skb; attach receive_ends kfree_skb; attach walk; work net 1; entry call; work net 1; work net 100000' <<END
set width 0
source $work/walk.py
python walk([])
python walk(["kfree_skb"])
kill
END
grep '^frames wrong' "$out" >"$work/wrong"
for how in jmp call; do
	wanted "gdb_has_all_frames_at_each_instruction_by_$how" 0 "^walked by $how: .*[1-9][0-9] in bpf_trampoline_kfree_skb,.* [1-9][0-9] in bpf_prog_\w+_count_skb,.* [1-9][0-9] in bpf_prog_\w+_leaf,.* [1-9][0-9] in bpf_prog_\w+_receive_ends,.* [1-9][0-9] in bpf_prog_\w+_add_up,.* [1-9][0-9] in bpf_prog_\w+_weigh,"
done
[ ! -s "$work/wrong" ] && grep -q '^frames right' "$out" && pass gdb_has_no_wrong_frame || fail gdb_has_no_wrong_frame "$(head -n 1 "$work/wrong")"

# A tail call leaves the program's frame, and then jumps.
session --exec 'attach tail_first kfree_skb; work net 20' <<'END'
set width 0
tbreak tail_first
continue
python
while not gdb.execute("x/i $pc", to_string=True).split("\t")[1].startswith("jmp    r11"):
    gdb.execute("stepi", to_string=True)
end
backtrace 3
stepi
backtrace 3
kill
END
frames=$(grep -c -E '^#2 .* bpf_trampoline_kfree_skb \(\) at' "$out")
[ "$frames" = 2 ] && pass gdb_has_all_frames_at_a_tail_call || fail gdb_has_all_frames_at_a_tail_call "$frames backtraces of 2"

# GDB comes late, from another folder, and reads the script after it has connected.
root=$PWD
setpriv --pdeathsig TERM tools/fivebyte --iso --smp 4 --gdb "$work/socket" --exec 'attach skbcount; work net 100000' >"$work/log" 2>&1 </dev/null &
machine=$!
until [ -S "$work/socket" ]; do sleep 0.1; done
gdb -q -batch -ex 'set remote kill-packet off' -ex "target remote $work/socket" -ex 'thbreak kfree_skb' -ex continue -ex detach "$root/build/fivebyte.elf" \
	>"$work/first" 2>&1 </dev/null
cd "$work" || exit 1
timeout -k 5 60 gdb -q "$root/build/fivebyte.elf" >"$out" 2>&1 <<END
target remote $work/socket
set width 0
source $root/tools/gdb/fivebyte.gdb
break count_skb
continue
backtrace 2
list 23,23
python print("folder", TMP)
kill
END
status=$?
cd "$root" || exit 1
kill "$machine" 2>/dev/null
wait "$machine" 2>/dev/null
sed -i 's/^(gdb) //' "$out"
wanted gdb_finds_code_that_was_there_first 0 '^Breakpoint 1 at 0x\w+: file progs/skbcount\.bpf\.c, line 23\.$' 'hit Breakpoint 1, bpf_prog_\w+_count_skb \(\) at' '^#1 .* in bpf_trampoline_kfree_skb' '^23\s+int BPF_PROG'
folder=$(sed -n 's/^folder //p' "$out")
[ -n "$folder" ] && [ ! -e "$folder" ] && pass gdb_leaves_no_folder || fail gdb_leaves_no_folder "'$folder'"

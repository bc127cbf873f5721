# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a beginner reads who made a mistake; bpf-verify on the host; the shell's prog verify.
. tests/e2e/lib.sh
plan 30

# on_host NAME STATUS REGEX...: as wanted, of bpf-verify with the words in $words; standard input as it is.
on_host() {
	# shellcheck disable=SC2086 # words
	build/host/bpf-verify $words >"$out" 2>&1
	status=$?
	wanted "$@"
}

# mistake NAME REGEX: the program on standard input is refused with that sentence. Its first line is line 6.
mistake() {
	{
		printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n'
		printf 'struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");\n'
		printf 'char LICENSE[] SEC("license") = "GPL";\n'
		cat
	} >"$work/$1.bpf.c"
	compile "$work/$1.bpf.c" "$work/$1.bpf.o" || { fail "verify_$1" 'clang failed'; return; }
	words=$work/$1.bpf.o
	on_host "verify_$1" 1 "$2"
}

mistake null ': null\.bpf\.c:9: insn [0-9]+: r0 \(v\) is a value of map counts, or NULL; test it against NULL before it is used; it is from bpf_map_lookup_elem in line 8$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	__u32 key = 7;
	__u64 *v = bpf_map_lookup_elem(&counts, &key);
	*v += 1;
	return 0;
}
END
mistake path ': path\.bpf\.c:12: insn [0-9]+: r0 \(v\) is a value .*; it is from bpf_map_lookup_elem in line 9; path: line 10 to 12$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	__u32 key = skb->len;
	__u64 *v;
	v = (__u64 *)bpf_map_lookup_elem(&counts, &key);
	if (key > 60 && !v)
		return 0;
	*v += 1;
	return 0;
}
END
mistake argument ': argument\.bpf\.c:6: insn [0-9]+: r1 \(argument 1 of netif_receive_skb\) is a struct sk_buff; it cannot be written; keep the value in a map or variable; it was loaded in line 6$' <<END
SEC("fentry/netif_receive_skb") int BPF_PROG(f, struct sk_buff *skb) { skb->len = 5; return 0; }
END
mistake helper ': helper\.bpf\.c:8: insn [0-9]+: argument 2 of bpf_map_lookup_elem \(a key of map counts\) reads the stack at r10-4, which has not been written: byte 0 of 4; set all of the variable first, and what lies between its fields$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	__u32 key;
	__u64 *v = bpf_map_lookup_elem(&counts, &key);
	return 0;
}
END
mistake index ': index\.bpf\.c:8: insn [0-9]+: r[0-9] is a value of map index\.bss; a number of any size cannot be added to it; test that it is small; it was loaded in line 8$' <<END
__u64 array[4];
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	array[skb->len * 1000] = 7; return 0; }
END
mistake frame ': frame\.bpf\.c:8: insn [0-9]+: this store, 8 bytes at 0, is outside the stack, which is -512 to -1; correct the index, or the size of the variable$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	volatile __u64 buf[4];
	for (volatile int i = 0; i < 40; i++) buf[i] = 7;
	return 0;
}
END
mistake loop ': loop\.bpf\.c:8: insn [0-9]+: this loop does not end: .*; count the rounds up to a limit$' <<END
volatile int stop;
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	while (!stop) ;
	return 0;
}
END
mistake context ': context\.bpf\.c:7: insn [0-9]+: r1 is the context; it cannot be written; keep the value in a map or variable$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	((volatile __u64 *)ctx)[0] = 0; return 0; }
END
mistake kprobe ': kprobe\.bpf\.c:6: insn [0-9]+: r1 is a number; only an address can be accessed; if it is a pointer in C, read what lies there with bpf_probe_read_kernel or BPF_CORE_READ$' <<END
SEC("kprobe/kfree_skb") int BPF_KPROBE(f, struct sk_buff *skb) {
	return skb->len; }
END
mistake printed ': printed\.bpf\.c:8: insn [0-9]+: value 1 that bpf_printk prints has no value here; set the variable first$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) {
	__u64 x;
	bpf_printk("%llx", x);
	return 0;
}
END
mistake result ': result\.bpf\.c:6: insn [0-9]+: an fentry program must return 0, and this may be another number; end it with return 0$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct sk_buff *skb) { bpf_printk("no return"); }
END
mistake type ': type\.bpf\.c:7: insn [0-9]+: r1 \(argument 1 of kfree_skb\) is a struct sk_buff; it is taken for a struct task_struct; declare it as struct sk_buff \*; it was loaded in line 6$' <<END
SEC("fentry/kfree_skb") int BPF_PROG(f, struct task_struct *p) {
	bpf_printk("%d", p->pid); return 0; }
END

# One program of two, and what cannot be told.
cat >"$work/two.bpf.c" <<END
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("fentry/kfree_skb") int BPF_PROG(wrong, struct sk_buff *skb) { skb->len = 5; return 0; }
SEC("fentry/kfree_skb") int BPF_PROG(right, struct sk_buff *skb) { return 0; }
END
compile "$work/two.bpf.c" "$work/two.bpf.o"
words="$work/two.bpf.o" on_host verify_refuses_an_object_for_one_program 1 '^program wrong: two\.bpf\.c:4: '
words="$work/two.bpf.o wrong" on_host verify_refuses_that_program 1 '^program wrong: two\.bpf\.c:4: '
words="$work/two.bpf.o right" on_host verify_accepts_the_other_program 0
[ -s "$out" ] && fail verify_says_nothing_of_what_is_right 'it printed' || pass verify_says_nothing_of_what_is_right
words="$work/two.bpf.o nobody" on_host verify_cannot_tell_of_no_program 2 'has no program nobody$'
words="$work/nothing" on_host verify_cannot_tell_of_no_file 2 'cannot read '
words='' on_host verify_cannot_tell_without_words 2 '^usage: bpf-verify '
words='--raw raw_tp'
on_host verify_refuses_raw_instructions 1 '^insn 0: r0 is read and has no value here' <<<'95 00 00 00 00 00 00 00'
on_host verify_accepts_raw_instructions 0 <<<'b7 00 00 00 00 00 00 00 95 00 00 00 00 00 00 00'
on_host verify_cannot_tell_of_half_an_instruction 2 'hold' <<<'95 00 00'

# The walk: the same on the host and in the shell.
words='-v build/progs/skbcount.bpf.o count_skb'
on_host verify_shows_the_walk 0 ': call bpf_map_lookup_elem#1 +r0: a value of map freed_per_cpu, or NULL$' \
	'r0: a value of map freed_per_cpu; [0-9]+ waits$' '^-- as before, or less: what follows is proven$' \
	'^-- [0-9]+ instructions, 3 paths; [0-9]+ states kept, [0-9]+ bytes at most$'
cp "$out" "$work/walk"
fivebyte --quiet --exec 'prog verify count_skb'
diff "$work/walk" "$out" >"$work/diff" && pass verify_is_the_same_in_the_shell ||
	fail verify_is_the_same_in_the_shell "$(head -5 "$work/diff")"

# Each program that was accepted is accepted again: also one that reads a variable of the kernel by its declared type.
cat >"$work/variable.bpf.c" <<END
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
extern struct task_struct init_task __ksym;
int parents;
SEC("fentry/kfree_skb") int BPF_PROG(read_variable, struct sk_buff *skb) {
	parents += init_task.real_parent->parent == &init_task;
	return 0;
}
END
compile "$work/variable.bpf.c" "$work/variable.bpf.o"
fivebyte --quiet --load "$work/variable.bpf.o" --exec 'prog list'
names=$(sed 1d "$out" | cut -d ' ' -f 1)
fivebyte --quiet --load "$work/variable.bpf.o" --exec "$(printf 'prog verify %s;' $names)"
walks=$(grep -c '^-- [0-9]* instructions, \|^[0-9]* more lines; ' "$out")
[ "$status $walks" = "0 $(wc -w <<<"$names")" ] && pass verify_walks_each_program_again ||
	fail verify_walks_each_program_again "$walks walks of $(wc -w <<<"$names") programs"

fivebyte --quiet --exec 'prog verify count_skb -j'
python3 - "$out" <<'END' && pass verify_is_json || fail verify_is_json 'not the rows of the walk'
import json, sys
rows = json.load(open(sys.argv[1]))
sys.exit(not ('3 paths' in rows[-1]['known'] and any(r['insn'] == 12 and r['text'].startswith('call') and r['known'].startswith('r0: a value') for r in rows)))
END

# Each of 10,000 branches leaves a state that waits, with the whole stack in use: too much for a small machine. A refusal
# gives all of it back: as many bytes are in use as in a machine that has no such object, and as many pages but for those
# that the heap keeps half empty.
cat >"$work/big.bpf.c" <<END
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
__u64 sum;
SEC("fentry/kfree_skb") int BPF_PROG(branches, struct sk_buff *skb) {
	volatile __u64 s[60];
#pragma unroll
	for (int i = 0; i < 60; i++) s[i] = skb->len + i;
	asm volatile(".rept 10000\nr0 = *(u32 *)(%[len] + 0)\nif r0 > 5 goto +1\nr1 = 0\n.endr" :: [len]"r"(&skb->len) : "r0", "r1");
#pragma unroll
	for (int i = 0; i < 60; i++) sum += s[i];
	return 0;
}
END
compile "$work/big.bpf.c" "$work/big.bpf.o"
# in_use: the pages and the bytes of the heap that each mem printed; what is different, once.
in_use() {
	awk '/^pages/ { pages = $4 - $2 } /^heap/ { print pages, $2 }' "$out" | sort -u
}
fivebyte --quiet --mem 32 --exec mem
read -r pages bytes < <(in_use)
fivebyte --quiet --mem 32 --load "$work/big.bpf.o" --exec 'mem; cost load big; mem; prog list; attach skbcount; work net 10; detach all; audit'
wanted verify_without_memory 1 '^error ENOMEM: big is not loaded: program branches: no memory to check it$' \
	'^error ENOMEM: program branches: no memory to check it$' '^10 packets sent' '^audit clean: .* 0 changed by live links$'
[ "$(grep -c '^error' "$out") $(grep -c '^branches' "$out")" = '2 0' ] && pass verify_without_memory_loads_nothing ||
	fail verify_without_memory_loads_nothing 'not one sentence each time, or a program'
in_use | awk -v pages="$pages" -v bytes="$bytes" '{ bad += $1 > pages + 8 || $2 != bytes } END { exit !(NR == 1 && bytes && !bad) }' &&
	pass verify_without_memory_keeps_none || fail verify_without_memory_keeps_none "in use: $(in_use); without the object: $pages $bytes"
fivebyte --quiet --mem 256 --load "$work/big.bpf.o" --exec 'prog list'
wanted verify_with_memory_accepts_the_same 0 '^branches +big +fentry +kfree_skb'

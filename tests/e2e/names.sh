# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Programs and maps by name: whole names, of any length, in every list; and how to choose between two objects
# that have the same.
. tests/e2e/lib.sh
plan 10

cat >"$work/names.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int n;

SEC("fentry/kfree_skb")
int BPF_PROG(a_program_with_a_rather_long_name_one, struct sk_buff *skb)
{
	n++;
	return 0;
}

SEC("fexit/kfree_skb")
int BPF_PROG(a_program_with_a_rather_long_name_two, struct sk_buff *skb)
{
	n += 100;
	bpf_printk("n is %d", n);
	return 0;
}

SEC("fentry/no_such_function")
int BPF_PROG(no_such_function, void *p)
{
	return 0;
}

SEC("fentry/count_again")
int BPF_PROG(count_again, void *p)
{
	return 0;
}

SEC("fentry/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb)
{
	n += 10000;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
END
compile "$work/names.bpf.c" "$work/an_object_file_whose_name_is_long_a.bpf.o" || fail names_compile 'clang failed'
cp "$work/an_object_file_whose_name_is_long_a.bpf.o" "$work/an_object_file_whose_name_is_long_b.bpf.o"
a=an_object_file_whose_name_is_long_a b=an_object_file_whose_name_is_long_b
one=a_program_with_a_rather_long_name_one two=a_program_with_a_rather_long_name_two

fivebyte --load "$work/$a.bpf.o" --exec "attach $two; attach $one; prog list; links; work net 2; tramp kfree_skb; trace 2; map dump an_objec.bss; map dump $a.bss; prog dump $two jited; detach $two"
wanted names_are_whole 0 "^$one +$a +fentry +kfree_skb" "^$two +$a +fexit +kfree_skb" "^$two +fexit +kfree_skb" \
	"call $two" "^  .*$one" ": $two: n is 202" "^bpf_prog_[0-9a-f]{16}_$two at "
[ "$(grep -c '{ .n = 202 }' "$out")" = 2 ] && pass names_of_globals || fail names_of_globals 'not both .n = 202'

fivebyte --load "$work/$a.bpf.o" --load "$work/$b.bpf.o" --exec "attach $b/$one; work net 3; links; map dump $a/.bss; map dump $b/an_objec.bss; detach $b/$one; links"
wanted names_with_an_object 0 "^$b/$one +fentry +kfree_skb" '\{ \.n = 0 \}' '\{ \.n = 3 \}' '^nothing is attached'

refused() {
	fivebyte --load "$work/$a.bpf.o" --load "$work/$b.bpf.o" --exec "$2; links"
	wanted "names_$1" 1 "$3" '^nothing is attached'
}
refused ambiguous_program "attach $two" "^error EINVAL: there are 2 programs called $two; say which: $a/$two, $b/$two"
refused ambiguous_map 'map dump an_objec.bss' "^error EINVAL: .*say which: $a/.bss, $b/.bss"
refused ambiguous_target "attach count_fentry $two" "^error EINVAL: there are 2 programs called $two"
refused missing_target "attach $a/no_such_function" '^error ENOENT: no function is called no_such_function'
refused same_program_of_another_object "attach $a/count_again" '^error ENOENT: no function is called count_again'

fivebyte --load "$work/$a.bpf.o" --exec "attach kfree_skb; work net 1; attach $one $a/no_such_function; links; map dump $a.bss"
wanted names_function_before_program 0 '^kfree_skb: fentry of kfree_skb' "^$one +fentry +$a/no_such_function" '\.n = 10000 '

mkdir "$work/other"
cp "$work/$a.bpf.o" "$work/other"
fivebyte --load "$work/$a.bpf.o" --load "$work/other/$a.bpf.o" --exec 'links'
wanted names_of_two_objects 1 "^error EEXIST: $a is not loaded: an object called $a is loaded already; give this file"

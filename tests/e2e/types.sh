# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --load: objects that were made for other kernels' types, or linked from several.
. tests/e2e/lib.sh
plan 5

# object NAME: compiles standard input, behind the usual headers, to $work/NAME.bpf.o.
object() {
	{
		printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n'
		printf '#include <bpf/bpf_tracing.h>\n#include <bpf/bpf_core_read.h>\n#line 1\n'
		cat
		printf 'char LICENSE[] SEC("license") = "GPL";\n'
	} >"$work/$1.bpf.c"
	compile "$work/$1.bpf.c" "$work/$1.bpf.o" || fail "types_compiles_$1" 'clang failed'
}

later='struct sk_buff___later { unsigned int shoe_size; } __attribute__((preserve_access_index));'
object missing <<END
$later
unsigned int seen;
SEC("fentry/kfree_skb")
int BPF_PROG(read_missing, struct sk_buff___later *skb)
{
	seen = BPF_CORE_READ(skb, shoe_size);
	return 0;
}
END
fivebyte --load "$work/missing.bpf.o" --exec 'prog list'
wanted types_missing_field_is_refused 1 \
	'^error ENOENT: missing .*this needs struct sk_buff___later\.shoe_size, but the kernel' 'missing\.bpf\.c:6'

object guarded <<END
$later
unsigned int seen = 1;
SEC("fentry/kfree_skb")
int BPF_PROG(read_guarded, struct sk_buff___later *skb)
{
	seen = bpf_core_field_exists(skb->shoe_size) ? BPF_CORE_READ(skb, shoe_size) : 4242;
	return 0;
}
END
fivebyte --load "$work/guarded.bpf.o" --exec 'attach guarded; work net 3; map dump guarded.data'
wanted types_missing_field_behind_a_question_is_not_read 0 'seen = 4242 '

# A variable of the kernel that is declared as a struct is read like an argument; without a type it is a number.
object variable <<END
extern struct task_struct init_task __ksym;
int parents, prio;
SEC("fentry/kfree_skb")
int BPF_PROG(read_variable, struct sk_buff *skb)
{
	parents += init_task.real_parent->parent == &init_task;
	prio = init_task.prio;
	return 0;
}
END
fivebyte --load "$work/variable.bpf.o" --exec 'attach variable; work net 3; map dump variable.bss'
wanted types_of_variables_are_those_of_their_declarations 0 '\.parents = 3\>' '\.prio = 140\>'
object untyped <<END
extern const void init_task __ksym;
SEC("fentry/kfree_skb")
int BPF_PROG(read_untyped, struct sk_buff *skb)
{
	return *(int *)&init_task;
}
END
fivebyte --load "$work/untyped.bpf.o" --exec 'prog list'
wanted types_of_variables_without_one_are_not_known 1 '^error EINVAL: untyped .*only an address can be accessed'

for name in a b; do
	object $name <<END
static volatile int state = 5;
SEC("fentry/kfree_skb")
int BPF_PROG(in_$name, struct sk_buff *skb)
{
	state = $([ $name = a ] && echo 12 || echo 701);
	return 0;
}
END
done
bpftool gen object "$work/linked.bpf.o" "$work/a.bpf.o" "$work/b.bpf.o"
fivebyte --load "$work/linked.bpf.o" --exec 'attach linked; work net 1; map dump linked.data'
wanted types_linked_statics_have_their_own_values 0 '\{ \.state = 12, \.state = 701 \}'

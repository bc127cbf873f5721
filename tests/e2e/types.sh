# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --load: objects that were made for other kernels' types, or linked from several.
. tests/e2e/lib.sh
plan 3

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

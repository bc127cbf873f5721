# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Bad input: one clear sentence, a nonzero exit status, nothing changed.
. tests/e2e/lib.sh
plan 32

refuse() {
	name=$1 sentence=$2
	shift 2
	fivebyte "$@"
	wanted "refuse_$name" 1 "$sentence"
	[ "$(grep -c '^error ' "$out")" = 1 ] || fail "refuse_$name" 'not one sentence'
}

object=build/progs/wakeup.bpf.o

head -c 700 "$object" >"$work/cut.bpf.o"
refuse truncated_object '^error ENOEXEC: cut ' --load "$work/cut.bpf.o" --exec 'prog list'
grep -q '^my_wake_up ' "$out" && pass refuse_keeps_the_others || fail refuse_keeps_the_others 'my_wake_up is gone'
grep -q '^[a-z_]* *cut ' "$out" && fail refuse_loads_nothing_of_it 'it is listed' || pass refuse_loads_nothing_of_it

echo 'int f(void) { return 0; }' >"$work/f.c"
"${CC:-gcc}" -c -o "$work/native.bpf.o" "$work/f.c"
refuse other_machine '^error ENOEXEC: native ' --load "$work/native.bpf.o" --exec 'prog list'

llvm-strip -s -o "$work/bare.bpf.o" "$object"
refuse stripped_object '^error ENOENT: bare is not loaded: the object has code, but no symbols' \
	--load "$work/bare.bpf.o" --exec 'prog list'

refuse unknown_function '^error ENOENT: .*no_such_function' --exec 'attach my_wake_up no_such_function; links'
refuse function_without_site '^error EOPNOTSUPP: .*memcpy' --exec 'attach my_wake_up memcpy; links'
grep -q '^nothing is attached' "$out" && pass refuse_changes_nothing || fail refuse_changes_nothing 'something is attached'
refuse attached_twice '^error EEXIST: my_wake_up .*wake_up_process' --exec 'attach wakeup; attach wakeup; links'
[ "$(grep -c '^my_wake_up  ' "$out")" = 1 ] && pass refuse_keeps_the_first || fail refuse_keeps_the_first 'not one link'
refuse corrupted_site '^error EINVAL: kfree_skb.*expected 0f 1f 44 00 00 .*found 0f 1f 44 00 08' \
	--exec 'poke-test kfree_skb; attach skbcount; poke-test kfree_skb; site kfree_skb'
grep -q '^  as expected: nothing is attached' "$out" && pass refuse_leaves_the_site || fail refuse_leaves_the_site 'not the nop'
refuse corrupted_while_attached '^error EINVAL: kfree_skb' \
	--exec 'attach skbcount; poke-test kfree_skb; detach skbcount; poke-test kfree_skb; work net 100; detach all; site kfree_skb'
fivebyte --test panic_poke_inside_a_poke
wanted refuse_a_poke_inside_a_poke 1 '^panic: tramp/text/poke\.c:[0-9]+: assertion failed: poking\.owner != current$' '  #[0-9]+ poke_again'
fivebyte --test panic_when_freed_memory_was_written_to
wanted refuse_writes_to_freed_memory 1 '^panic: heap: 0xf+[0-9a-f]+ was written to after it was freed: 0x1$' '  #[0-9]+ kmalloc'
refuse audit_of_a_corrupted_site '^error EINVAL: text is not what' --exec 'poke-test kfree_skb; audit; poke-test kfree_skb'
grep -Eq '^ffffffff[0-9a-f]+ kfree_skb\+0x4: expected 00 but found 08$' "$out" && pass refuse_names_the_byte ||
	fail refuse_names_the_byte 'not kfree_skb+0x4'
refuse unknown_command '^error ENOENT: there is no command frobnicate' --exec 'frobnicate 1; links'
grep -q '^nothing is attached' "$out" && pass refuse_runs_the_rest || fail refuse_runs_the_rest 'links did not run'
refuse wrong_use '^error EINVAL: usage: attach PROG' --exec 'attach'
refuse unknown_program '^error ENOENT: .*nobody' --exec 'attach nobody'
refuse unknown_map '^error ENOENT: .*nothing' --exec 'map dump nothing'
refuse bad_number '^error EINVAL: 0 is not a number' --exec 'work wake 0'
refuse detach_of_nothing '^error ENOENT: my_wake_up is not attached' --exec 'detach wakeup'
refuse open_quote '^error EINVAL: a quote is not closed' --exec 'site "kfree_skb'

# 39 programs for one function: 38 fit.
{
	printf '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n'
	for i in $(seq 39); do
		printf 'SEC("fentry/kfree_skb") int BPF_PROG(many_%d, struct sk_buff *skb) { return 0; }\n' "$i"
	done
	printf 'char LICENSE[] SEC("license") = "GPL";\n'
} >"$work/many.bpf.c"
compile "$work/many.bpf.c" "$work/many.bpf.o" || fail refuse_39th_program 'clang failed'
first38=$(seq -s ' ' -f 'attach many_%g;' 38)
refuse 39th_program '^error E2BIG: kfree_skb .*38' --load "$work/many.bpf.o" \
	--exec "$first38 attach many_39; work net 100; tramp kfree_skb; detach all; site kfree_skb"
grep -q '^kfree_skb: .* for 38 programs$' "$out" && pass refuse_39th_keeps_38 || fail refuse_39th_keeps_38 'not 38 programs'
refuse object_of_39_is_all_or_nothing '^error E2BIG' --load "$work/many.bpf.o" --exec 'attach many; links; site kfree_skb'
grep -q '^nothing is attached' "$out" && pass refuse_undoes_the_38 || fail refuse_undoes_the_38 'something is attached'

# More objects than there is room for: the others are loaded, and a message says so.
loads=
for i in $(seq 33); do
	cp "$object" "$work/copy$i.bpf.o"
	loads="$loads --load $work/copy$i.bpf.o"
done
# shellcheck disable=SC2086 # a list
refuse object_too_many '^error E2BIG: 1 objects? .*room for 32' $loads --exec 'prog list'

# The launcher's own refusals.
fivebyte --smp 99
wanted refuse_launcher_option 2 '--smp wants'
# Commands that do not fit are not run by half: the last one could mean something else.
fivebyte --exec "$(printf 'links; %.0s' $(seq 3000))"
wanted refuse_long_commands 2 'the commands are too long'

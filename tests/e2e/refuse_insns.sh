# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What no program may contain is refused with the instruction's index and the reason, by every way to load it:
# bpf-plugin (instructions), bpf-bench (an object, any section), --load and the shell (an object).
. tests/e2e/lib.sh
plan 55
${MAKE:-make} -s build/host/bpf-plugin build/host/bpf-bench >"$out" 2>&1 || fail refuse_insns_tools 'not built'

exit_insn='95 00 00 00 00 00 00 00'
# name|instructions|sentence
cases="unknown_opcode|b7 00 00 00 00 00 00 00 ff 00 00 00 00 00 00 00 $exit_insn|insn 1: unknown opcode 0xff
jump_outside|05 00 05 00 00 00 00 00 $exit_insn|insn 0: jump to insn 6, outside the program of 2
jump_before|b7 00 00 00 00 00 00 00 05 00 fd ff 00 00 00 00|insn 1: jump to insn -1, outside the program of 2
jump_into_immediate|05 00 01 00 00 00 00 00 18 00 00 00 01 00 00 00 00 00 00 00 02 00 00 00 $exit_insn|insn 0: jump to insn 2, the second half of a 64-bit immediate
falls_off|b7 00 00 00 00 00 00 00 b7 00 00 00 00 00 00 00|insn 1: control falls off the end of the program
writes_r10|b7 0a 00 00 00 00 00 00 $exit_insn|insn 0: r10 is the frame pointer and cannot be written
bad_register|b7 00 00 00 00 00 00 00 bf b0 00 00 00 00 00 00 $exit_insn|insn 1: there is no register r11
reserved_field|07 00 04 00 01 00 00 00 $exit_insn|insn 0: the field off of opcode 0x07 is reserved and must be 0, not 4
unknown_helper|85 00 00 00 67 12 00 00 $exit_insn|insn 0: there is no helper 4711
packet_access|30 00 00 00 00 00 00 00 $exit_insn|insn 0: opcode 0x30 is legacy packet access (ld_abs), which is not supported
too_long|1000001|the program has 1000001 instructions, more than 1000000"

# An object with these bytes as the program NAME.
make_object() {
	{
		printf '.section "fentry/kfree_skb","ax"\n.globl %s\n.type %s,@function\n%s:\n' "$1" "$1" "$1"
		if [ "$1" = too_long ]; then
			printf '.fill %s, 8, 0x95\n' "$2"
		else
			printf '.byte 0x%s\n' "${2// /, 0x}"
		fi
		printf '.size %s, .-%s\n' "$1" "$1"
	} >"$work/$1.s"
	clang -target bpf -c "$work/$1.s" -o "$work/$1.bpf.o"
}

hex_of() {
	if [ "$1" = too_long ]; then
		yes "$exit_insn" | head -n "$2" | tr '\n' ' '
	else
		echo "$2"
	fi
}

# refused NAME SENTENCE COMMAND...: exit status 1, this sentence and no other, no result. From $work/in.
refused() {
	local name=$1 sentence=$2
	shift 2
	"$@" <"$work/in" >"$out" 2>&1
	status=$?
	[ "$status" = 1 ] && grep -Fq -- "$sentence" "$out" && [ "$(wc -l <"$out")" = 1 ] &&
		pass "$name" || fail "$name" "exit status $status"
}

loads='' sentences=()
while IFS='|' read -r name insns sentence; do
	make_object "$name" "$insns" || fail "refuse_insns_$name" 'clang failed'
	hex_of "$name" "$insns" >"$work/in"
	for mode in interpret jit; do
		refused "refuse_insns_${name}_plugin_$mode" "$sentence" build/host/bpf-plugin --$mode
		refused "refuse_insns_${name}_bench_$mode" "$sentence" build/host/bpf-bench --$mode "$work/$name.bpf.o"
	done
	loads="$loads --load $work/$name.bpf.o"
	sentences+=("$name|$sentence")
done <<<"$cases"

# shellcheck disable=SC2086 # a list
fivebyte $loads --exec 'prog list'
[ "$status" = 1 ] || fail refuse_insns_load_status "exit status $status"
for entry in "${sentences[@]}"; do
	grep '^error ' "$out" | grep -F -- "program ${entry%%|*}: " | grep -Fq -- "${entry#*|}" &&
		pass "refuse_insns_${entry%%|*}_load" || fail "refuse_insns_${entry%%|*}_load" 'no such sentence'
done

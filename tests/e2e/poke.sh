# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The command poke: all steps, in order, with CPUs that trap.
. tests/e2e/lib.sh
plan 5

nop='0f 1f 44 00 00'
row='([0-9a-f]{2} ){4}'
fivebyte --smp 4 --exec 'poke kfree_skb; site kfree_skb; audit'
wanted poke_shows_every_step 0 '^kfree_skb: nop -> call bpf_trampoline_kfree_skb -> nop$' 'senders on 4 CPUs$' \
	"^before +$nop +0 +0  executes old nop$" "^2 publish +$nop +0 +0  executes old nop$" \
	'^3 int3, sync  cc 1f 44 00 00  1 .* traps; handler does new call$' "^4 tail, sync  cc $row" \
	"^5 head, sync  e8 $row.* executes new call$" '^1 compare +e8 .* executes old call$' \
	"^3 int3, sync  cc $row.* traps; handler does new nop$" '^4 tail, sync  cc 1f 44 00 00 ' \
	"^7 withdraw +$nop .* executes new nop$" '^  as expected: nothing is attached' '^audit clean: .* 0 changed'
order=$(grep -Eo '^([1-7] |before|after)' "$out" | tr -d ' \n')
[ "$order" = before1234567after1234567after ] && pass poke_steps_are_in_order || fail poke_steps_are_in_order "$order"
traps=$(sed -En 's/^[34] .* ([0-9]+) +([0-9]+)  traps;.*/\1/p' "$out" | awk '{ n += $1 } END { print n + 0 }')
[ "$traps" -gt 0 ] && pass poke_cpus_trap || fail poke_cpus_trap "$traps traps"
fivebyte --smp 1 --exec 'attach skbcount; poke kfree_skb'
wanted poke_tells_images_of_one_name_apart 0 '^kfree_skb: call bpf_trampoline_kfree_skb, to one image after the other:$' \
	'^[0-9a-f]{16} -> [0-9a-f]{16} -> [0-9a-f]{16}$'
# The sentence of attach.
fivebyte --smp 1 --exec 'poke-test kfree_skb; attach count_skb; poke kfree_skb'
said=$(grep '^error EINVAL: kfree_skb+0x0 at .* expected 0f 1f 44 00 00 but found 0f 1f 44 00 08' "$out" | sort | uniq -c | awk '{ print $1 }')
[ "$said" = 2 ] && pass poke_refuses_as_attach_does || fail poke_refuses_as_attach_does "said $said times"

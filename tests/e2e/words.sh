# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a person reads who asks: help of each command, whose examples work as they stand.
. tests/e2e/lib.sh
plan 23

fivebyte --exec help
commands=$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$out" | grep -vx OBJECT)
# shellcheck disable=SC2086 # a word each
fivebyte --exec "$(printf 'help %s; ' $commands)"
wanted words_help_of_each_command 0 '^attach PROG \[FUNC\|PATTERN\] \[cookie N\]$' '^  on Linux  bpftool link list$'

# docs/linux.md has a row for each command, with the words that help prints.
awk '/^  on Linux/ { on = 1; sub(/^  on Linux +/, ""); text = $0; next } on && /^            / { sub(/^ +/, " "); text = text $0; next }
	on { print "| `" name "` | " text " |"; on = 0 } /^[a-z-]+ / { name = $1 } END { if (on) print "| `" name "` | " text " |" }' "$out" >"$work/on_linux"
missing=$(grep -vxF -f docs/linux.md "$work/on_linux")
[ "$(wc -w <<<"$commands")" = "$(wc -l <"$work/on_linux")" ] && [ -z "$missing" ] && pass words_on_linux_are_those_of_the_page ||
	fail words_on_linux_are_those_of_the_page "docs/linux.md lacks: $missing"

# A long example is broken between words. The machine is switched off last; watch does not end by itself.
awk '/^  on Linux/ { on = 0 } /^  example / { on = 1; print ""; sub(/^  example/, "") } on { sub(/^ +/, " "); printf "%s", $0 }
	END { print "" }' "$out" | grep -v -e '^$' -e '^ poweroff$' -e '^ watch' >"$work/examples"
[ "$(wc -w <<<"$commands")" = "$(($(wc -l <"$work/examples") + 2))" ] && pass words_an_example_each ||
	fail words_an_example_each "of $(wc -w <<<"$commands") commands only $(wc -l <"$work/examples") without poweroff and watch"
fivebyte --smp 4 --timeout 240 --exec "$(tr '\n' ';' <"$work/examples") links; audit; poweroff; no_such_command"
wanted words_examples_work 0 '^nothing is attached$' '^audit clean: .* 0 changed by live links$'

# A wrong name gets the nearest one.
fivebyte --exec 'atach; ATTACH; help lnks; site kfree_sbk; attach count_skb kfre_skb; attach skbcout; prog show count_sk; map dump fred_per_cpu; kprobe schedul; attach count_switch sched_swich'
wanted words_did_you_mean 1 'no command atach; did you mean attach\?$' 'no command ATTACH; did you mean attach\?$' 'no command lnks; did you mean links\?$' \
	'function is called kfree_sbk; did you mean kfree_skb\?$' 'function is called kfre_skb; did you mean kfree_skb\?$' \
	'object is called skbcout; did you mean skbcount\?$' 'program is called count_sk; did you mean count_skb\?$' \
	'map is called fred_per_cpu; did you mean freed_per_cpu\?$' 'function is called schedul; did you mean schedule\?$' \
	'tracepoint is called sched_swich; did you mean sched_switch\?$'

# One usage each, however the command is misused.
fivebyte --exec 'attach; attach skbcount kfree_skb cookie; prog; prog dump count_skb nonsense; map; map list nonsense'
wanted words_usage 1 '^error EINVAL: usage: attach PROG ' '^error EINVAL: usage: prog list' '^error EINVAL: usage: map list'
[ "$(grep -c '^error EINVAL: usage: ' "$out")" = 6 ] && [ "$(grep '^error' "$out" | sort -u | wc -l)" = 3 ] && pass words_usage_is_one ||
	fail words_usage_is_one 'not three sentences, each twice'

# What is wrong, and what to type.
fivebyte --exec 'help foo; trace foo; trace 0; prog show skbcount; halt; nproc; kill 1; ip link'
wanted words_say_what_is_there 1 'there is no command foo; help lists them all$' \
	'^error EINVAL: usage: trace \[N\|follow\|clear\]$' '^error EINVAL: 0 is not a number from 1 to 4096$' \
	'^error EINVAL: skbcount is an object, and has the programs? count_skb$' 'no halt here; poweroff' 'no nproc here; cpus' 'no kill here; no command ends' 'no ip here; '

# What bpftool's words print is what ours print.
fivebyte --exec 'prog list; prog dump count_skb jited; map dump freed_per_cpu; links'
grep -v '^fivebyte' "$out" >"$work/ours"
fivebyte --exec 'bpftool prog show; prog dump jited name count_skb; bpftool map dump name freed_per_cpu; sudo bpftool link show'
grep -v '^fivebyte' "$out" | cmp -s - "$work/ours" && pass words_of_bpftool ||
	fail words_of_bpftool 'not what prog list, prog dump, map dump and links print'

fivebyte --exec 'bpftrace -l; perf probe kfree_skb; trace-cmd record -p function; dmesg; cat /sys/kernel/tracing/trace; ls; uname -a; echo 1 > /proc/sys/kernel/bpf_stats_enabled; man 2 bpf; exit'
wanted words_of_linux 1 '^error ENOENT: there is no bpftrace -l here; funcs ' 'no perf probe here; kprobe FUNC' \
	'no trace-cmd here; graph FUNC' 'no dmesg here; trace ' 'trace here; trace prints' 'no man here; help COMMAND'
[ "$(grep -c '^error ENOENT: there is no .* here; ' "$out")" = 10 ] && pass words_of_linux_each ||
	fail words_of_linux_each 'not 10 sentences'

# A function that was inlined looks as if it could be traced.
fivebyte --exec 'site list_add; attach wakeup list_add; kprobe list_add'
wanted words_inlined_functions_say_so 1 '^error EOPNOTSUPP: list_add has no site: it is inlined into .*, .*, .* and [0-9]+ more$'
[ "$(grep -c 'list_add has no site' "$out")" = 3 ] && pass words_inlined_everywhere || fail words_inlined_everywhere 'not 3 times'

# A function that has a site, and was inlined into others as well.
fivebyte --exec funcs
cut=$(awk '/^ +[^0-9 ]/ { sub(/^ +/, " "); row = row $0; next } { print row; row = $0 } END { print row }' "$out" | grep '^ffffffff.*(' | grep -v ')$')
grep -q '^ffffffff.*(' "$out" && [ -z "$cut" ] && pass words_of_prototypes_are_whole || fail words_of_prototypes_are_whole "$cut"
also=$(grep -o '[a-z_0-9]*(' "$out" | tr -d '(' | sort -u | comm -12 - <(cut -d: -f1 build/fivebyte.inlined | sort -u) | head -n 1)
fivebyte --exec "site $also; attach count_fentry $also -j"
wanted words_inlined_besides_the_site 0 "^$also at " '^  also inlined, so calls by these do not pass here: [a-z_0-9]+' \
	"\"note\":\"count_fentry: fentry of $also\\\\u000aalso inlined, so calls by these"

# Places as audit, panics and backtraces print them.
fivebyte --exec 'site kmalloc+0x5; attach skbcount; attach count_fexit count_skb; tramp bpf_trampoline_kfree_skb+0x4; prog show count_skb+0x20; tramp count_skb+5'
wanted words_places 0 '^[0-9a-f]{16} is kmalloc\+0x5$' '^kmalloc at ' ' is bpf_trampoline_kfree_skb\+0x4$' '^kfree_skb: .* for count_skb$' \
	' is bpf_prog_[0-9a-f]{16}_count_skb\+0x20, skbcount\.bpf\.c:[0-9]+$' '^count_skb: fentry program' '^count_skb: .* for count_fexit$'
address=$(sed -n 's/^\([0-9a-f]*\) is bpf_prog.*+0x20,.*/\1/p' "$out") image=$(sed -n 's/^\([0-9a-f]*\) is bpf_tramp.*/\1/p' "$out")
fivebyte --exec "attach skbcount; attach count_fexit count_skb; prog dump 0x$address xlated; tramp $image"
wanted words_places_by_address 0 "^$address is bpf_prog_.*_count_skb\\+0x20, " '^ +0: \(' "^$image is bpf_trampoline_kfree_skb\\+0x4\$"
fivebyte --exec 'site memcpy+3; site kmaloc+5; site kmalloc+99999; prog show kmalloc+1; tramp kfree_skb+zz; site 0xffffffff80000000; site count_skb+1; site tramp_lock+; tramp +5'
wanted words_places_refused 1 '^error EOPNOTSUPP: memcpy has no site' 'no function is called kmaloc; did you mean kmalloc\?' \
	'^error EINVAL: kmalloc has only [0-9]+ bytes$' 'kmalloc\+1 lies in the code of no program$' 'kfree_skb\+zz is not FUNC' \
	'^error ENOENT: 0xffffffff80000000 lies in no function' 'lies in the program count_skb, to which nothing is attached' 'tramp_lock\+ is not' '^error EINVAL: \+5 is not FUNC\+OFFSET$'

# A pattern says which functions it leaves out. Each one that matches is either attached to or left out.
fivebyte --exec 'funcs s*; attach count_fexit s*; attach wakeup *skb*'
wanted words_left_out 1 '^ +[0-9]+  never returns, so count_fexit would never run after it: ' '^ +[0-9]+  is variadic, ' \
	'^ +[0-9]+  no site, notrace or in assembly: [^ ]+,' '^ +[0-9]+  no site, inlined: ' '^ +[0-9]+  its arguments or its result '
awk '/^[0-9]+ of the [0-9]+ functions that/ { want = $1 } /^count_fexit: fexit of/ { got = $4; on = 1 }
	/^error|^fivebyte/ && got { on = 0 } on && /^ +[0-9]+  / && !/  no site/ { got += $1 }
	END { exit !(want && want == got) }' "$out" && pass words_left_out_adds_up || fail words_left_out_adds_up 'not all functions'
fivebyte --exec 'funcs list_ad* -j; funcs list_ad*; attach count_fentry list_ad*'
wanted words_left_out_of_nothing 1 '^ +2  no site, inlined: list_add, list_add_tail$' '^0 of the ' 'to no function like list_ad\*$' '^\{"[a-z]*":\[\],"left_out":\[\{"left_out":2,"because":"'

# The book and the labs, as they lie in docs/book/ and labs/.
fivebyte --quiet --exec 'learn -j; learn 2; learn 99; lab 1'
wanted words_learn_a_chapter 1 '^Chapter 2: Five bytes$' '^Read    docs/book/02-five-bytes.md, [0-9]+ minutes$' '^Type    site kfree_skb' \
	'^error ENOENT: there is no chapter 99; learn lists them$' '^error ENOENT: there is no lab here; learn lists them, and make lab'
pages=$(ls docs/book/0[1-9]*.md docs/book/[1-9]*.md labs/*/lab | wc -l)
[ "$(grep -o '"page":' "$out" | wc -l)" = "$pages" ] && pass words_learn_lists_every_page || fail words_learn_lists_every_page "not $pages"

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# -j behind every command that prints a table, as `help -j` lists them; GDB's Python parses what comes.
. tests/e2e/lib.sh
plan 13

# python NAME: runs the Python code of the standard input, which fails by an exception.
python() {
	{ cat; echo 'print("all went well")'; } >"$work/code.py"
	gdb -nx -batch -x "$work/code.py" >"$work/said" 2>&1
	grep -qx 'all went well' "$work/said" && pass "$1" || fail "$1" "$(tail -n 3 "$work/said")"
}
export work out

fivebyte --quiet --exec 'help -j'
cp "$out" "$work/help"
python json_help_lists_commands <<'END'
import json, os
work = os.environ['work']
arguments = { 'attach *': 'count_pid *wake*', 'compare *': 'kfree_skb', 'map dump': 'dump freed_per_proto', 'prog dump': 'dump count_skb jited', 'prog verify': 'verify count_skb', 'tramp *': 'wake_up_process', 'poke *': 'kfree_skb', 'funcs *': '*skb*', 'tracepoints *': '' }
lines = []
for c in json.load(open(work + '/help')):
    if c['prints_a_table'] == 'yes':
        for first in c['tables'].split('|'):
            # A new command that wants arguments is to be added above.
            words = arguments.get(c['command'] + ' ' + first, first)
            assert words != '*', c['command']
            lines.append((c['command'] + ' ' + words).strip() + ' -j')
assert len(lines) > 12, lines
open(work + '/lines', 'w').write('\n'.join(lines))
END

# Each file that makes tables has a command that says so.
missing=
for file in $(grep -l 'table_begin(&' shell/cmd_*.c); do
	grep -q '\.tables = "' "$file" || missing="$missing $file"
done
[ -z "$missing" ] && pass json_tables_are_declared || fail json_tables_are_declared "$missing"

busy='attach skbcount; work net 20; detach skbcount; attach wakeup; stats on; ftrace alloc_skb; kprobe kfree+5; work net 20; work wake 20'
fivebyte --smp 2 --quiet --icount --exec "$busy" --exec "mem; $(tr '\n' ';' <"$work/lines")"
[ "$status" = 0 ] && pass json_of_every_table || fail json_of_every_table "exit status $status"
sed '1,/^pokes/d' "$out" >"$work/documents"
python json_one_line_each <<'END'
import json, os
work = os.environ['work']
lines = open(work + '/lines').read().split('\n')
def once(pairs):
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)
documents = open(work + '/documents').read().splitlines()
assert len(documents) == len(lines), documents
for line, text in zip(lines, documents):
    document = json.loads(text, object_pairs_hook=once)
    assert text.isascii(), line
    tables = [document] if type(document) is list else [t for t in document.values() if type(t) is list]
    assert tables and all(tables), (line, text)
    for row in sum(tables, []):
        assert row and all(key and ' ' not in key for key in row), row
END

fivebyte --quiet --exec 'attach count_skb kfree_skb cookie 18446744073709551615; prog list; links; mem; prog list -j; links -j'
python json_says_what_the_table_says <<'END'
import json, os
lines = open(os.environ['out']).read().splitlines()
end = next(i for i, line in enumerate(lines) if line.startswith('pages'))
links = next(i for i, line in enumerate(lines) if line.endswith('mistakes'))
def cells(rows):
    return [' '.join(str(v) for v in row.values() if v != '') for row in rows]
assert cells(json.loads(lines[-2])) == [' '.join(line.split()) for line in lines[2:links]]
assert cells(json.loads(lines[-1])) == [' '.join(line.split()) for line in lines[links + 1:end]]
assert json.loads(lines[-1])[0]['cookie'] == 2 ** 64 - 1
END

fivebyte --quiet --exec 'attach count_skb; prog dump count_skb xlated; prog dump count_skb jited; tramp kfree_skb; prog dump count_skb xlated -j; prog dump count_skb jited -j; tramp kfree_skb -j'
python json_of_code_says_what_the_text_says <<'END'
import json, os, re
lines = open(os.environ['out']).read().splitlines()
ebpf, machine, image = [json.loads(line) for line in lines[-3:]]
start = next(i for i, line in enumerate(lines) if line.startswith('bpf_prog_'))
image_start = next(i for i, line in enumerate(lines) if line.startswith('kfree_skb: '))
def source(rows):
    return ['; ' + row['source'] for row in rows if row['source']]
assert [f"{r['insn']:4}: ({r['op']}) {r['text']}" for r in ebpf] == [l for l in lines[1:start] if l[0] != ';']
assert source(ebpf) == [l for l in lines[1:start] if l[0] == ';']
assert all(r['line'] for r in ebpf if r['source'])
assert [f"{r['at']:4x}: {r['bytes']:<30} {r['text']}" for r in machine] == [l for l in lines[start + 1:image_start] if l[0] != ';']
# Each machine instruction belongs to an eBPF instruction, in order, to the last one.
numbers = [r['insn'] for r in machine]
assert numbers == sorted(numbers) and numbers[-1] == ebpf[-1]['insn'] and set(numbers) <= {r['insn'] for r in ebpf}
for row, line in zip(image['instructions'], lines[image_start + 2:-3]):
    assert line.startswith(f"{row['at']:3x} {row['bytes'].replace(' ', ''):<18} {row['instruction']}"), line
head = image['images'][0]
assert lines[image_start].startswith(f"kfree_skb: {head['bytes']} bytes at {head['address']}, by {head['entry']}, ")
assert lines[image_start + 1].startswith(f"stack: {head['saved']} of {head['stack']} bytes ")
END

fivebyte --quiet --smp 2 --exec 'poke kfree_skb -j'
python json_of_poke_has_the_traps_of_each_cpu <<'END'
import json, os
poke = json.loads(open(os.environ['out']).read())
for i, step in enumerate(poke['steps']):
    on = [t for t in poke['traps'] if t['step'] == i]
    assert (sum(t['traps'] for t in on), len(on)) == (step['traps'], step['CPUs']), step
END

fivebyte --quiet --exec 'links -j; ftrace -j; kprobe list -j; stats -j'
printf '%s\n' '[]' '{"functions":[],"callbacks":[]}' '[]' '{"programs":[],"note":"statistics are off, and cost nothing"}' |
	cmp -s - "$out" && pass json_of_empty_tables || fail json_of_empty_tables 'something else'

fivebyte --quiet --exec 'mem -j; prog show count_skb -j; detach all -j; compare nothing -j; links; -j'
printf 'error %s\n' 'EINVAL: mem prints no table that -j could turn into JSON' \
	'EINVAL: prog show prints no table that -j could turn into JSON' \
	'EINVAL: detach all prints no table that -j could turn into JSON' >"$work/wanted"
head -n 3 "$out" | cmp -s - "$work/wanted" && [ "$status" = 1 ] && pass json_only_of_tables || fail json_only_of_tables "status $status"
wanted json_refused_changes_nothing 1 '^error EINVAL: usage: compare ' '^nothing is attached$' 'no command -j'

fivebyte --quiet --exec 'map list -j; bpftool -j map show; bpftool map show -j'
[ "$(sort -u "$out" | wc -l)" = 1 ] && [ "$status" = 0 ] && pass json_as_bpftool_is_asked || fail json_as_bpftool_is_asked "status $status"
fivebyte --quiet --timeout 5 --exec 'watch map list -j'
grep -q '^\[{"map":"[a-z]' "$out" && pass json_repeated_by_watch || fail json_repeated_by_watch 'no document'

# Keys are sorted as what they are: numbers with a sign, and text.
cat >"$work/keys.bpf.c" <<'END'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, int); __type(value, long); } numbers SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, char[8]); __type(value, long); } words SEC(".maps");
SEC("fentry/kfree_skb")
int fill(void *ctx)
{
	for (int i = -4; i < 4; i++) {
		char word[8] = { 'a' + ((i + 4) * 5 & 7), 'a' + ((i + 4) * 3 & 7) };
		long value = i;
		bpf_map_update_elem(&numbers, &i, &value, 0);
		bpf_map_update_elem(&words, &word, &value, 0);
	}
	return 0;
}
char LICENSE[] SEC("license") = "GPL";
END
compile "$work/keys.bpf.c" "$work/keys.bpf.o"
fivebyte --quiet --load "$work/keys.bpf.o" --exec 'attach keys; work net 1; map dump numbers -j; map dump words -j'
tail -n 2 "$out" >"$work/sorted"
python json_maps_are_sorted <<'END'
import json, os
numbers, words = [json.loads(line) for line in open(os.environ['work'] + '/sorted')]
assert [row['key'] for row in numbers] == [row['value'] for row in numbers] == list(range(-4, 4)), numbers
assert [row['key'][1] for row in words if row['key'][0] == '"'] == list('abcdefgh'), words
END

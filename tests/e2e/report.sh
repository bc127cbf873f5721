# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# make report: the page is made from boots, has six figures, loads nothing, and its numbers are the shell's.
# How it looks is for `make report-check`.
. tests/e2e/lib.sh
plan 9

# python NAME: runs the Python code of the standard input behind what reads the page: tables[caption] are its
# rows, without the heading. It fails by an exception.
cat >"$work/page.py" <<'END'
import html, json, os, re
page = open(os.environ['work'] + '/page.html').read()
def cells(row):
    return [html.unescape(c) for c in re.findall(r'<t[dh][^>]*>(.*?)</t[dh]>', row)]
tables = {html.unescape(re.search('<caption>(.*?)</caption>', t)[1]): [cells(r) for r in re.findall('<tr>(.*?)</tr>', t)][1:]
          for t in re.findall('<table>.*?</table>', page, re.S)}
figures = re.findall('<figure id="(.*?)">(.*?)</figure>', page, re.S)
said = open(os.environ['out']).read()
END
python() {
	cat "$work/page.py" - >"$work/code.py"
	python3 "$work/code.py" >"$work/said" 2>&1 && pass "$1" || fail "$1" "$(tail -n 3 "$work/said")"
}
export work out

tools/report "$work/page.html" >"$out" 2>&1
status=$?
wanted report_is_made 0 '6 figures'
python report_has_six_figures <<'END'
assert [name for name, _ in figures] == ['bytes', 'frames', 'listing', 'cost', 'wakeup', 'memory']
for name, text in figures:
    drawings = re.findall('<svg .*?</svg>', text, re.S)
    assert len(drawings) == 2 and all(len(re.findall('<(?:rect|path|line|circle) ', d)) > 20 for d in drawings), name
    assert 'What to see: ' in text and '<caption>' in text and 'NaN' not in text, name
for word in ('Commit', 'Kernel made by', 'GNU C', 'QEMU', 'Date of the boots'):
    assert word in page[page.index('<footer>'):], word
END
python report_loads_nothing <<'END'
assert 'http' not in page and '@import' not in page and ' src=' not in page
assert all(h[0] == '#' or h == 'data:,' for h in re.findall('href="(.*?)"', page))
END

fivebyte --smp 1 --icount --quiet --exec 'compare kfree_skb -j'
python report_costs_are_those_of_compare <<'END'
ways = json.loads(said)['ways']
rows = tables['fivebyte: instructions that tracing adds to a call']
assert len(rows) == len(ways)
for row, way in zip(rows, ways):
    assert row == [way['way']] + [str(way[f'x{n}'] or '-') for n in (1, 2, 4, 8, 16, 32)], row
linux = dict(line.split('\t')[:2] for line in open('docs/data/linux.tsv') if line.startswith('linux.'))
fentry = tables['Linux 6.1: the same'][0]
assert fentry == ['fentry'] + [linux[f'linux.fentry-count.x{n}'] for n in (1, 2, 4, 8, 16, 32)], fentry
END

fivebyte --smp 1 --icount --quiet --exec 'attach count_fsession wake_up_process; tramp wake_up_process; detach all; attach wakeup; prog dump my_wake_up jited'
python report_frames_and_code_are_those_of_the_shell <<'END'
frames = {row[0]: row for row in tables['Words of each frame, from the top down']}
assert frames['fsession'][1] == re.search(r'stack: \d+ of (\d+) bytes', said)[1]
assert frames['ftrace, plain'][1] == '208' and frames['ftrace, plain'][2].count(',') == 208 // 8 - 1
code = re.findall(r'^ *([0-9a-f]+): ((?:[0-9a-f]{2} )+) +(.*)$', said, re.M)
rows = [row[2:] for row in tables['The program']]
assert len(rows) == len(code) > 10
def but_addresses(text):  # they depend on what was loaded before
    return re.sub('0xffffffff[0-9a-f]{8}', 'ADDRESS', text)
assert [[at, but_addresses(text)] for at, text, _ in rows] == [[at, but_addresses(text)] for at, _, text in code]
END

python report_bytes_are_those_of_a_poke <<'END'
rows = tables['Steps, bytes, and the traps on CPU 0 to 3']
assert [row[0] for row in rows[:9]] == ['before', '1 compare', '2 publish', '3 int3, sync', '4 tail, sync', '5 head, sync', '6 head again', '7 withdraw', 'after']
assert rows[0][1] == rows[-1][1] == '0f 1f 44 00 00' and rows[8][1][:2] == 'e8' and len(rows) == 17
for row in rows:
    assert (row[1][:2] == 'cc') == (row[0][0] in '34'), row
END
python report_wake_up_is_whole <<'END'
rows = tables['Where the instructions of the traced wake-up were']
at = 0
for _, _, begin, count in rows:
    assert int(begin) == at, rows
    at += int(count)
assert f'traced: {at:,} instructions' in page
lanes = {lane: sum(int(c) for l, _, _, c in rows if l == lane) for lane, *_ in rows}
other = sum(int(row[-1]) for row in tables['The wake-up that was not traced'])
assert lanes['the five bytes'] == 1 and lanes['the five bytes'] + lanes['the original'] + lanes['what it calls'] == other, lanes
END
python report_memory_is_never_both <<'END'
rows = tables['The map, from the lowest address up']
assert len(rows) > 20 and all(row[3] in ('r--', 'r-x', 'rw-', '---') for row in rows)
assert all(end == begin for (_, end, *_), (begin, *_) in zip(rows, rows[1:])), 'a gap'
text = [row[3] for row in rows if row[4].startswith(("the kernel's text", 'generated text'))]
assert text == ['r-x', 'r-x'], text
END

tools/report --nonsense >"$out" 2>&1
status=$?
wanted report_refuses_other_options 1 '^usage: tools/report'

# SPDX-License-Identifier: MIT
"""make test-labs: each lab does what it says. The start builds and fails each case; the solution passes; each wrong
answer fails first at the case that it names. One line for each claim, as all tests print."""
import contextlib
import csv
import glob
import io
import os
import re
import shutil
import subprocess
import tempfile
import time

from lablib import cut_tree, grade
from lablib.cases import HANG, NOT_RUN, PASS
from lablib.form import KINDS, LEVELS, Mistake, ROOT, all_labs, lab_of, read
from lablib.cut import NotOnce
from lablib.report import Printer, run_cases
from lablib.tree import Tree

SEED = 7  # any


def words_of(text):
    """Of prose: without code blocks."""
    return len(re.sub(r'^```.*?^```', '', text, flags=re.M | re.S).split())


def faults_of_form(lab):
    """What is wrong with the lab's files, without running anything."""
    text = read(lab.dir + '/text.md')
    if lab.level not in LEVELS or lab.minutes > LEVELS[lab.level] or lab.minutes < 5:
        yield f'{lab.minutes} minutes are not {lab.level}'
    if lab.kind not in KINDS:
        yield f'kind "{lab.kind}"'
    if not 400 <= words_of(text) <= 900:
        yield f'text.md has {words_of(text)} words, not 400 to 900'
    if any(len(line) > 110 for line in text.splitlines()):
        yield 'text.md has lines of more than 110 columns'
    if len(lab.hints()) != 3 or not all(lab.hints()):
        yield f'{len(lab.hints())} hints, not 3 with text'
    if len(lab.wrongs()) < 2:
        yield 'fewer than two wrong answers'
    if lab.kind != 'program' and not any(w.words == 'hang' for w in lab.wrongs()):
        yield 'no wrong answer that hangs'
    names = [c.name for c in lab.cases]
    if not names or len(set(names)) != len(names):
        yield 'no case, or two of one name'
    for case in lab.cases:
        for need in case.needs:
            if need not in names[:names.index(case.name)]:
                yield f'case "{case.name}" needs "{need}", which is none before it'
    for chapter in (lab.needs + ' ' + lab.next).split():
        if os.path.isdir(ROOT + '/docs/book') and not os.path.exists(f'{ROOT}/docs/book/{chapter}.md'):
            yield f'there is no chapter {chapter}'
    lab.files('start')
    lab.files('solution')
    for wrong in lab.wrongs():
        wrong.files(lab)


def transcripts(lab):
    """The reports that its text and the teacher's page show: indented blocks whose first line is the lab's head. A
    report may be shown up to any line of it."""
    text = read(lab.dir + '/text.md') + '\n' + read(ROOT + '/docs/teaching.md')
    blocks = re.findall(r'^((?:    .*\n)+)', text, flags=re.M)
    for block in blocks:
        lines = [l[4:] for l in block.splitlines()]
        if lines[0].startswith(f'lab {lab.number},'):
            yield lines


def report_of(lab, results):
    """The lines that a student would read."""
    out = io.StringIO()
    printer = Printer(lab, f'lab/{lab.number}', SEED, f'build/lab/{lab.number}/log', out)
    for result in results:
        printer.add(result)
    printer.end(1)
    return [re.sub(r'( failed(, \d+ not run)?) in \d+ s', r'\1', l) for l in out.getvalue().splitlines()]


class Prover:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def say(self, lab, what, faults):
        name = f'lab {lab.number}: {what}'
        if faults:
            self.failed += 1
            print(f'FAIL {name}: ' + '\n    '.join(faults), flush=True)
        else:
            self.passed += 1
            print(f'PASS {name}', flush=True)

    def skip(self, lab, what, why):
        self.skipped += 1
        print(f'SKIP lab {lab.number}: {what}: {why}', flush=True)

    def form(self, lab):
        try:
            self.say(lab, 'form', list(faults_of_form(lab)))
        except (Mistake, NotOnce, OSError) as e:
            self.say(lab, 'form', [str(e)])

    def whole(self, lab):
        """Start, solution and wrong answers, one after the other in one tree."""
        work = f'{ROOT}/build/lab/prove-{lab.number}'
        shutil.rmtree(work, ignore_errors=True)
        tree = Tree(lab, work + '/tree')
        reports = [self.state(tree, 'the start fails', lab.files('start'), faults_of_start),
                   self.state(tree, 'the solution passes', lab.files('solution'), faults_of_solution)]
        self.say(lab, 'the reports in the text', [f'no run printed {lines}' for lines in transcripts(lab)
                                                  if lines not in [r[:len(lines)] for r in reports]])
        for wrong in lab.wrongs():
            self.state(tree, f'{wrong.name} fails at "{wrong.fails}"', wrong.files(lab),
                       lambda results, wrong=wrong: faults_of_wrong(results, wrong), stop_at_first=True)
        shutil.rmtree(work, ignore_errors=True)

    def state(self, tree, what, files, judge, stop_at_first=False):
        tree.fill(files)
        begun = time.monotonic()
        results = []
        try:
            with open(os.path.dirname(tree.at) + '/log', 'a', encoding='utf-8') as log:
                results += run_cases(tree, SEED, log, stop_at_first=stop_at_first)
            faults = list(judge(results))
        except Mistake as e:
            faults = [str(e)]
        self.say(tree.lab, f'{what}, {time.monotonic() - begun:.0f} s', faults)
        return report_of(tree.lab, results)


def faults_of_grading():
    """A class of four: ours in a folder; a wrong answer, one that does not compile and half a file as archives."""
    lab = lab_of(1)
    wrong = next(w for w in lab.wrongs() if w.name == 'no-sign.c')
    answers = {'right': lab.files('solution'), 'wrong': wrong.files(lab), 'broken': {'find.c': 'int'}}
    with tempfile.TemporaryDirectory() as folder:
        for name, files in answers.items():
            os.makedirs(f'{folder}/{name}/lab/1')
            for file, text in files.items():
                with open(f'{folder}/{name}/lab/1/{file}', 'w', encoding='utf-8') as f:
                    f.write(text)
        for name, kind in (('wrong', 'gztar'), ('broken', 'zip')):
            shutil.make_archive(f'{folder}/{name}', kind, folder, name)
            shutil.rmtree(f'{folder}/{name}')
        with open(f'{folder}/wrong.tar.gz', 'rb') as whole, open(f'{folder}/half.tgz', 'wb') as half:
            half.write(whole.read()[:300])
        with contextlib.redirect_stdout(io.StringIO()):
            status = grade.a_class(folder, [lab], str(SEED))
        rows = csv.DictReader(io.StringIO(read(folder + '/grades.csv')))
        got = {r['name']: (r['points'], r['of'], r['verdict'].split(':')[0]) for r in rows}
    want = {'right': ('10', '10', 'pass'), 'wrong': ('7', '10', 'wrong'), 'broken': ('0', '10', 'build error'),
            'half': ('0', '10', 'cannot be read')}
    if status or got != want:
        yield f'status {status}, want {want}, got {got}'


def faults_of_cut_tree():
    """What make lab-tree writes must have no answer."""
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            cut_tree.command({'N': '1', 'TO': folder + '/tree'})
        left = [p for p in glob.glob(folder + '/tree/labs/*/*') if os.path.basename(p) in ('solution', 'wrong')]
        if left or os.path.exists(folder + '/tree/.git') or not os.path.exists(folder + '/tree/labs/01-sites/start'):
            yield f'the tree holds {left or os.listdir(folder + "/tree")}'


def faults_of_start(results):
    for r in results:
        name = r.case.name if r.case else 'builds'
        want = PASS if not r.case or r.case.start == 'passes' else None
        if want == PASS and r.verdict != PASS:
            yield f'{name}: {r.verdict}\n{r.text()}'
        elif want is None and r.verdict in (PASS, HANG):
            yield f'{name}: {r.verdict}'
        elif r.verdict not in (PASS, NOT_RUN) and not r.want:
            yield f'{name}: says nothing of what was wanted\n{r.text()}'


def faults_of_solution(results):
    for r in results:
        if r.verdict != PASS:
            yield f'{r.case.name if r.case else "builds"}: {r.verdict}\n{r.text()}'


def faults_of_wrong(results, wrong):
    last = results[-1]
    if not last.case or last.case.name != wrong.fails or last.verdict in (PASS, NOT_RUN):
        yield f'{last.case.name if last.case else "builds"}: {last.verdict}\n{last.text()}'
    elif (last.verdict == HANG) != (wrong.words == 'hang'):
        yield f'{last.verdict}, but "with: {wrong.words}"'
    elif wrong.words and wrong.words != 'hang' and not re.search(wrong.words, last.text()):
        yield f'nothing like "{wrong.words}" in\n{last.text()}'


def count_of(lab):
    return 3 + len(lab.wrongs())


def command(options):
    """N=3: that lab; SLICE=2: two labs whole, other ones after each commit, and the form of all; else all."""
    labs = [lab_of(options['N'])] if options['N'] else all_labs()
    chosen, prover = labs, Prover()
    if options['SLICE']:
        commits = subprocess.run(['git', 'rev-list', '--count', 'HEAD'], cwd=ROOT, capture_output=True, text=True,
                                 check=False).stdout
        first = int(commits or 0)
        chosen = [labs[(first + i) % len(labs)] for i in range(min(int(options['SLICE']), len(labs)))]
    tools = {}
    if not options['N']:
        tools = {'a class is graded': faults_of_grading, 'a tree without answers': faults_of_cut_tree}
    print(f'1..{len(tools) + sum(1 + count_of(lab) if lab in chosen else 2 for lab in labs)}')
    for lab in labs:
        prover.form(lab)
    for what, faults in tools.items():
        prover.say(labs[0], what, list(faults()))
    for lab in labs:
        if lab in chosen:
            prover.whole(lab)
        else:
            prover.skip(lab, 'start, solution, wrong answers', 'make test-labs runs them')
    print(f'{prover.passed} passed, {prover.failed} failed' + (f', {prover.skipped} skipped' if prover.skipped else ''))
    return prover.failed > 0

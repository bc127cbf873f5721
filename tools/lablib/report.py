# SPDX-License-Identifier: MIT
"""Runs the cases of a lab in their order, and says what came out."""
import sys
import time

from lablib import cases
from lablib.cases import BUILD, HANG, NOT_RUN, PASS, WRONG, Result


def run_cases(tree, seed, log, only='', stop_at_first=False):
    """Yields a Result for each case. A case whose needs have not passed is not run. With `only`, the cases whose names
    begin with it run, whatever they need. Tests that run on as many CPUs share one boot."""
    lab = tree.lab
    error = tree.build(log)
    yield Result(None, BUILD if error else PASS, got=error or '', note='\n'.join(tree.warnings))
    if error:
        yield from (Result(c, NOT_RUN, note='the build') for c in lab.cases)
        return
    together = {}
    passed = set()
    for case in lab.cases:
        if only and not case.name.startswith(only):
            continue
        missing = [n for n in case.needs if n not in passed] if not only else []
        if missing:
            yield Result(case, NOT_RUN, note=missing[0])
            continue
        if case.test and not only and case.smp not in together:
            together[case.smp] = cases.by_tests(tree, [c for c in lab.cases if c.test and c.smp == case.smp], seed, log)
        result = together.get(case.smp, {}).get(case.name) or cases.run_case(tree, case, seed, log)
        if result.verdict == PASS:
            passed.add(case.name)
        yield result
        if stop_at_first and result.verdict != PASS:
            return


class Printer:
    """The report that a student reads."""

    def __init__(self, lab, where, seed, log_name, out=None):
        self.lab, self.where, self.seed, self.log_name = lab, where, seed, log_name
        self.out = out or sys.stdout
        self.count = {PASS: 0, 'failed': 0, NOT_RUN: 0}
        self.first_failed = None
        self.verdicts = []
        self.start = time.monotonic()
        self.print(f'{lab.head} (seed {seed})')

    def print(self, line):
        print(line, file=self.out, flush=True)

    def own_paths(self, text):
        """The student's files lie elsewhere than in the tree that is built."""
        return text.replace(f'labs/{self.lab.name}/', self.where + '/')

    def add(self, result):
        case = result.case
        self.verdicts.append(result.verdict)
        if result.verdict == PASS:
            self.count[PASS] += case is not None
            self.print(f'PASS  {case.name if case else "builds"}')
            for line in result.note.splitlines()[:5] if not case else []:
                self.print('  ' + self.own_paths(line))
        elif result.verdict == NOT_RUN:
            self.count[NOT_RUN] += 1
            self.print(f'----  {case.name} (after "{result.note}")')
        else:
            self.count['failed'] += 1
            self.first_failed = self.first_failed or result
            self.failed(result)

    def failed(self, result):
        if result.verdict == BUILD:
            self.print('FAIL  builds: a build error')
            lines = [l for l in result.got.splitlines() if 'make' not in l.split(':')[0]]
            for line in lines[:20]:
                self.print('  ' + self.own_paths(line))
            self.print(f'  again make lab N={self.lab.number}      log {self.log_name}')
            return
        case = result.case
        self.print(f'FAIL  {case.name}' + (': hang' if result.verdict == HANG else ''))
        for word, text in (('did', result.did), ('want', result.want), ('got', result.got), ('why', case.why),
                           ('note', result.note)):
            if text:
                self.print(f'  {word:<5} {self.own_paths(text)}')
        only = first_words(case.name, [c.name for c in self.lab.cases])
        self.print(f'  again make lab N={self.lab.number} ONLY={only} SEED={self.seed}      log {self.log_name}')

    def end(self, next_hint, timed=True):
        """The last line. Returns the exit status: 0, 1 for a wrong answer, 3 for a build error, 4 for a hang."""
        took = f' in {time.monotonic() - self.start:.0f} s' if timed else ''
        out = f'{self.count[PASS]} passed, {self.count["failed"]} failed'
        if self.count[NOT_RUN]:
            out += f', {self.count[NOT_RUN]} not run'
        if not self.count['failed']:
            self.print(out + took)
            return 0
        case = self.first_failed.case
        hint = case.hint if case and case.hint else next_hint
        self.print(f'{out}{took}' + (f'          hint: make lab N={self.lab.number} HINT={hint}' if hint else ''))
        return {WRONG: 1, BUILD: 3, HANG: 4}[self.first_failed.verdict]


def first_words(name, names):
    """So much of the name that no other case begins so; quoted for the shell if it has spaces."""
    words = name.split(' ')
    for count in range(1, len(words) + 1):
        part = ' '.join(words[:count])
        if sum(n.startswith(part) for n in names) == 1:
            break
    return part if part.replace('_', '').replace('-', '').isalnum() else f"'{part}'"

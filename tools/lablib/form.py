# SPDX-License-Identifier: MIT
"""Reads labs: labs/NN-name/lab says what it is, check what must hold, hints what helps."""
import glob
import os
import re

from lablib.cut import Cut

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEVELS = {'easy': 45, 'medium': 120, 'hard': 300}  # at most so many minutes
KINDS = ('refill', 'repair', 'extend', 'program', 'gdb')


class Mistake(Exception):
    """The lab or the command is wrong, not the student's answer."""


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def lines_of(path):
    """The lines "key: value" of a file, as (key, value); '' for an empty line."""
    for number, line in enumerate(read(path).splitlines(), 1):
        if line.startswith('#'):
            continue
        if not line.strip():
            yield '', ''
            continue
        key, colon, value = line.partition(':')
        if not colon:
            raise Mistake(f'{os.path.relpath(path, ROOT)}:{number}: not "key: value": {line}')
        yield key.strip(), value.strip()


class Case:
    KEYS = ('case', 'points', 'needs', 'smp', 'wall', 'did', 'why', 'hint', 'start', 'test', 'kernel', 'status',
            'expect', 'gdb', 'exec', 'host')
    LISTS = ('draw', 'load')

    def __init__(self, pairs, where):
        self.draw, self.load = [], []
        self.steps = []  # of the shell: (command, what its JSON must hold)
        self.points, self.smp, self.wall, self.needs, self.start = 1, 1, 60, '', 'fails'
        self.did = self.why = self.hint = self.test = self.kernel = self.expect = None
        self.gdb = self.exec = self.host = None
        self.status = 0
        for key, value in pairs:
            if key in ('want', 'keep'):
                if not self.steps or self.steps[-1][1] is None:
                    raise Mistake(f'{where}: "{key}" without "ask"')
                self.steps[-1][1].append((key, value))
            elif key in ('run', 'ask'):
                self.steps.append((value, [] if key == 'ask' else None))
            elif key in self.LISTS:
                getattr(self, key).append(value)
            elif key in self.KEYS:
                setattr(self, key, int(value) if key in ('points', 'smp', 'wall', 'status', 'hint') else value)
            else:
                raise Mistake(f'{where}: there is no key "{key}" of a case')
        self.name = self.case
        self.needs = [n.strip() for n in self.needs.split(';') if n.strip()]
        if sum(kind is not None for kind in (self.test, self.steps or None, self.gdb, self.host)) != 1:
            raise Mistake(f'{where}: case "{self.name}" wants one of test, run, gdb, host')


class Lab:
    def __init__(self, folder):
        self.dir = folder
        self.name = os.path.basename(folder)
        self.number = int(self.name.split('-')[0])
        self.edits, self.cuts = [], []
        self.needs, self.next = '', ''
        for key, value in lines_of(folder + '/lab'):
            if key == 'edit':
                self.edits.append(value)
            elif key == 'cut':
                self.cuts.append(Cut(value))
            elif key in ('title', 'level', 'kind', 'needs', 'next'):
                setattr(self, key, value)
            elif key == 'minutes':
                self.minutes = int(value)
            elif key:
                raise Mistake(f'{self.name}/lab: there is no key "{key}"')
        self.cases = list(self.read_cases())

    def read_cases(self):
        pairs = []
        for key, value in list(lines_of(self.dir + '/check')) + [('', '')]:
            if key:
                pairs.append((key, value))
            elif pairs:
                yield Case(pairs, f'{self.name}/check')
                pairs = []

    @property
    def head(self):
        return f'lab {self.number}, {self.title[0].lower() + self.title[1:]}, {self.level}, {self.minutes} minutes'

    def path_in_tree(self, edit):
        """Where the student's file lies in the tree that is built."""
        return edit if '/' in edit else f'labs/{self.name}/{edit}'

    def programs(self):
        return [e for e in self.edits if e.endswith('.bpf.c')]

    def changes_kernel(self):
        """Whether the student's files are linked into a kernel."""
        return any(e.endswith(('.c', '.h', '.asm')) and not e.endswith('.bpf.c') for e in self.edits)

    def beside(self, folder, name):
        """start/NAME.*, or None."""
        found = [p for p in glob.glob(f'{self.dir}/{folder}/{glob.escape(name)}*')
                 if os.path.basename(p) == name or os.path.basename(p).partition('.')[0] == name]
        if len(found) > 1:
            raise Mistake(f'{self.name}: two files {folder}/{name}.*')
        return found[0] if found else None

    def files(self, folder, root=ROOT, instead=None):
        """The edited files by name, as 'start' has them, or 'solution'. A cut part that the folder lacks stays as the
        tree has it. instead: texts for parts, by name."""
        out = {}
        for edit in self.edits:
            if '/' not in edit:
                path = self.beside(folder, edit)
                if not path:
                    raise Mistake(f'{self.name}: there is no {folder}/{edit}')
                out[edit] = read(path)
                continue
            text = read(f'{root}/{edit}')
            for cut in self.cuts:
                if cut.path != edit:
                    continue
                part = self.beside(folder, cut.name)
                if instead and cut.name in instead:
                    text = cut.replace(text, instead[cut.name])
                elif part:
                    text = cut.replace(text, read(part))
                else:
                    cut.find(text)
            out[edit] = text
        return out

    def hints(self):
        parts = re.split(r'^== *(\d+) *\n', read(self.dir + '/hints'), flags=re.M)
        return [text.strip('\n') for text in parts[2::2]]

    def wrongs(self):
        return [Wrong(self, p) for p in sorted(glob.glob(self.dir + '/wrong/*'))]


class Wrong:
    """A wrong answer: the solution, with one file or one cut part replaced."""

    def __init__(self, lab, path):
        self.name = os.path.basename(path)
        self.text = read(path)
        keys = dict(re.findall(r'^\W+(replaces|fails|with): (.*?)(?: \*/)?$', self.text, flags=re.M))
        self.replaces, self.fails, self.words = keys.get('replaces'), keys.get('fails'), keys.get('with')
        if not self.replaces or self.fails not in [c.name for c in lab.cases]:
            raise Mistake(f'{lab.name}/wrong/{self.name}: wants "replaces: NAME", and "fails: CASE" of the cases')

    def files(self, lab):
        out = lab.files('solution')
        if self.replaces in out:
            out[self.replaces] = self.text
            return out
        if self.replaces in [cut.name for cut in lab.cuts]:
            return lab.files('solution', instead={self.replaces: self.text})
        raise Mistake(f'{lab.name}/wrong/{self.name}: replaces {self.replaces}, which the lab does not edit')


def all_labs():
    return [Lab(os.path.dirname(p)) for p in sorted(glob.glob(ROOT + '/labs/[0-9][0-9]-*/lab'))]


def lab_of(number):
    found = glob.glob(f'{ROOT}/labs/{int(number):02}-*/lab') if str(number).isdigit() else []
    if len(found) != 1:
        have = ' '.join(str(l.number) for l in all_labs())
        raise Mistake(f'there is no lab "{number}"; say N= one of: {have}')
    return Lab(os.path.dirname(found[0]))

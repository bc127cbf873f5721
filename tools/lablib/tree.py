# SPDX-License-Identifier: MIT
"""A tree of its own for each answer: hard links to the sources, a copy of what is built already, and the student's
files in their places. So a build compiles what the student changed, and nothing else."""
import os
import re
import selectors
import shutil
import signal
import subprocess
import time

from lablib.form import ROOT, Mistake

FOLDERS = ('boot', 'kernel', 'tramp', 'vm', 'attach', 'shell', 'tests', 'progs', 'tools', 'labs', 'docs')
NOT_BUILT = ('lab', 'host', 'fuzz', 'book', 'grade', 'labs', 'core-suite')  # of build/: other people's
BUILD_SECONDS = 300


def sources(root=ROOT):
    """The paths of the tree, from the root, that a build or a check reads."""
    yield from (f for f in ('Makefile', 'linker.ld') if os.path.exists(f'{root}/{f}'))
    for folder in FOLDERS:
        for at, folders, files in os.walk(f'{root}/{folder}'):
            inside = os.path.relpath(at, root)
            if re.fullmatch(r'labs/\d\d-[^/]*', inside):
                folders[:] = [f for f in folders if f not in ('start', 'solution', 'wrong')]
            folders[:] = [f for f in folders if f != '__pycache__']
            for name in files:
                yield f'{inside}/{name}'


def same(path, data):
    try:
        with open(path, 'rb') as f:
            return f.read() == data
    except FileNotFoundError:
        return False


def link(source, to):
    os.makedirs(os.path.dirname(to), exist_ok=True)
    try:
        os.link(source, to, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, to, follow_symlinks=False)


def put(path, data):
    """Writes the file unless it holds that already. Never through a link: the tree has the other end."""
    if same(path, data):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    with open(path, 'wb') as f:
        f.write(data)


class Tree:
    def __init__(self, lab, at):
        self.lab, self.at = lab, at
        self.warnings = []  # of the compiler, in the last build

    def fill(self, files):
        """Makes the tree what it is to be: the tree of today, with these files of the student's."""
        mine = {self.lab.path_in_tree(name): text.encode() for name, text in files.items()}
        theirs = set(sources())
        for path in theirs - set(mine):
            self.follow(path)
        for path, data in mine.items():
            put(f'{self.at}/{path}', data)
        for path in set(sources(self.at)) - theirs - set(mine):
            os.unlink(f'{self.at}/{path}')
        if not os.path.exists(self.at + '/build'):
            self.copy_build()
            for folder in ('labs', 'docs/book'):  # make sees in their times whether the list of `learn` is new
                if os.path.isdir(f'{ROOT}/{folder}'):
                    shutil.copystat(f'{ROOT}/{folder}', f'{self.at}/{folder}')

    def follow(self, path):
        source, to = f'{ROOT}/{path}', f'{self.at}/{path}'
        if not os.path.lexists(to):
            link(source, to)
        elif not os.path.samefile(source, to):
            with open(source, 'rb') as f:
                put(to, f.read())
            shutil.copymode(source, to)

    def copy_build(self):
        """With the times, by which make sees what is up to date."""
        def not_ours(folder, names):
            return [n for n in names if os.path.realpath(folder) == os.path.realpath(ROOT + '/build') and n in NOT_BUILT
                    or n.startswith('fivebyte-test.') or n.endswith('.iso')]
        shutil.rmtree(self.at + '/build.new', ignore_errors=True)  # of a run that was stopped
        shutil.copytree(ROOT + '/build', self.at + '/build.new', ignore=not_ours, symlinks=True)
        os.rename(self.at + '/build.new', self.at + '/build')

    def build(self, log):
        """Builds what the lab needs. Returns the compiler's words, or None if all went well."""
        lab = self.lab
        goals = []
        if self.links_kernel():
            goals.append('build/lab.elf')
        goals += [f'build/{lab.path_in_tree(p)}'[:-2] + '.o' for p in lab.programs()]
        goals += [f'build/{lab.path_in_tree(p)}'[:-2] + '.o' for p in self.own_programs() if p not in lab.programs()]
        if not goals:
            return None
        # vmlinux.h is taken as it is: programs find their fields by CO-RE.
        status, text = run(['make', '-s', '-j2', '--no-print-directory', f'LAB={lab.name}', '-o', 'build/vmlinux.h',
                            'V=0'] + goals, self.at, BUILD_SECONDS)
        log.write('$ make ' + ' '.join(goals) + '\n' + text)
        if status == 0:
            mine = tuple(lab.path_in_tree(e) + ':' for e in lab.edits)
            self.warnings = [l for l in text.splitlines() if ' warning: ' in l and l.startswith(mine)]
            return None
        if status == 124:
            raise Mistake(f'the build did not end in {BUILD_SECONDS} s')
        return text

    def links_kernel(self):
        lab = self.lab
        return lab.changes_kernel() or any(c.test or c.kernel == 'lab' for c in lab.cases)

    def own_programs(self):
        """Programs that the lab's cases load, and that lie beside the lab."""
        names = {n for c in self.lab.cases for n in c.load}
        return sorted(n for n in names if n.endswith('.bpf.c'))

    def kernel_of(self, case):
        if case.kernel:
            name = {'lab': 'lab', 'fivebyte': 'fivebyte'}[case.kernel]
        else:
            name = 'lab' if case.test or self.lab.changes_kernel() else 'fivebyte'
        return f'{self.at}/build/{name}.elf'

    def object_of(self, program):
        return f'{self.at}/build/{self.lab.path_in_tree(program)}'[:-2] + '.o'


def run(command, cwd, seconds, environment=None, keep=1 << 20):
    """Runs a command. Returns its status, 124 if it was stopped after so many seconds, and the last megabyte of what
    it printed. The whole group is stopped, so that nothing is left."""
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'TALLY')}
    env.update(environment or {})
    p = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, start_new_session=True)
    try:
        out = read_some(p, seconds, keep)
        status = p.wait(timeout=seconds)
    except subprocess.TimeoutExpired as e:
        os.killpg(p.pid, signal.SIGTERM)
        try:
            p.wait(timeout=3)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        status, out = 124, e.output or b''
    except KeyboardInterrupt:
        os.killpg(p.pid, signal.SIGTERM)
        raise
    return status, out.decode(errors='replace').replace('\r', '')


def read_some(p, seconds, keep):
    end, out = time.monotonic() + seconds, b''
    with selectors.DefaultSelector() as selector:
        selector.register(p.stdout, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise subprocess.TimeoutExpired(p.args, seconds, out)
            data = os.read(p.stdout.fileno(), 65536)
            if not data:
                return out
            out = (out + data)[-keep:]

# SPDX-License-Identifier: MIT
"""make lab-tree N=3 TO=dir: a copy of the tree for students, in which the answers of lab 3 and of all later labs are
missing: the bodies that they ask for are cut, and there are no solutions, no wrong answers and no history."""
import os
import re
import shutil
import subprocess

from lablib.form import Mistake, ROOT, all_labs, lab_of

LEFT_OUT = re.compile(r'labs/\d\d-[^/]*/(solution|wrong)/|\.git/|build/|lab/|.*\.pyc$')


def paths():
    out = subprocess.run(['git', 'ls-files', '-z'], cwd=ROOT, capture_output=True, text=True, check=False)
    if out.returncode or not out.stdout:
        raise Mistake('git ls-files lists nothing here: make lab-tree in a clone')
    return [p for p in out.stdout.split('\0') if p and not LEFT_OUT.match(p)]


def command(options):
    first = lab_of(options['N'])
    to = os.path.abspath(options['TO'] or f'{ROOT}/build/lab-tree-{first.number}')
    if os.path.exists(to):
        raise Mistake(f'{to} exists already')
    for path in paths():
        os.makedirs(os.path.dirname(f'{to}/{path}'), exist_ok=True)
        shutil.copy2(f'{ROOT}/{path}', f'{to}/{path}', follow_symlinks=False)
    cut = []
    for lab in all_labs():
        if lab.number < first.number:
            continue
        for path in {c.path for c in lab.cuts}:
            with open(f'{to}/{path}', encoding='utf-8') as f:
                text = f.read()
            for c in lab.cuts:
                part = lab.beside('start', c.name)
                if c.path == path and part:
                    with open(part, encoding='utf-8') as f:
                        text = c.replace(text, f.read())
                    cut.append(f'{path}: {c.name}')
            with open(f'{to}/{path}', 'w', encoding='utf-8') as f:
                f.write(text)
    print(f'{to}: the tree without the answers of lab {first.number} and later')
    for line in cut:
        print(f'  cut {line}')
    return 0

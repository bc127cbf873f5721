# SPDX-License-Identifier: MIT
"""make lab N=3: the student's side. The student's files lie in lab/N/ and are never overwritten."""
import difflib
import os
import random
import re
import shutil
import subprocess
import textwrap
import time

from lablib.form import Mistake, ROOT, lab_of, read
from lablib.report import Printer, run_cases
from lablib.tree import Tree

KEPT = '.start'  # in lab/N/: the files as they were made, and when


def folder_of(lab):
    return f'{ROOT}/lab/{lab.number}'


def make_folder(lab):
    folder = folder_of(lab)
    for name, text in lab.files('start').items():
        for path in (f'{folder}/{name}', f'{folder}/{KEPT}/{name}'):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as f:
                f.write(text)
    print(f'made lab/{lab.number}/ for you: edit ' + ' '.join(f'lab/{lab.number}/{e}' for e in lab.edits))
    print(f'the task: labs/{lab.name}/text.md')


def reset(lab):
    folder = folder_of(lab)
    if not os.path.exists(folder):
        raise Mistake(f'there is no lab/{lab.number}/ yet: make lab N={lab.number} makes it')
    number = 1
    while os.path.exists(f'{folder}.old-{number}'):
        number += 1
    os.rename(folder, f'{folder}.old-{number}')
    print(f'your files are in lab/{lab.number}.old-{number}/')
    make_folder(lab)


def answers_in(lab, folder):
    out = {}
    for name in lab.edits:
        if not os.path.exists(f'{folder}/{name}'):
            raise Mistake(f'lab/{lab.number}/{name} is missing: RESET=1 makes all files again and keeps yours')
        try:
            out[name] = read(f'{folder}/{name}')
        except UnicodeDecodeError as e:
            raise Mistake(f'lab/{lab.number}/{name} is not UTF-8: {e}') from e
    return out


def changed_since(lab):
    """The files whose start is another today: the tree was updated."""
    folder, today = f'{folder_of(lab)}/{KEPT}', lab.files('start')
    return [n for n in lab.edits if not os.path.exists(f'{folder}/{n}') or read(f'{folder}/{n}') != today[n]]


def merge(lab):
    """Brings what changed in the tree into the student's files, as git merges; the files as they were stay beside."""
    folder, today, clean = folder_of(lab), lab.files('start'), True
    if not os.path.exists(folder):
        raise Mistake(f'there is no lab/{lab.number}/ yet: make lab N={lab.number} makes it')
    answers_in(lab, folder)
    for name in changed_since(lab):
        mine, base = f'{folder}/{name}', f'{folder}/{KEPT}/{name}'
        new = base + '.new'
        if not os.path.exists(base):
            raise Mistake(f'lab/{lab.number}/{KEPT}/{name} is missing: RESET=1 makes all files again and keeps yours')
        with open(new, 'w', encoding='utf-8') as f:
            f.write(today[name])
        shutil.copy2(mine, mine + '.before-merge')
        conflicts = subprocess.run(['git', 'merge-file', mine, base, new], check=False).returncode
        if conflicts > 127:
            raise Mistake(f'git could not merge lab/{lab.number}/{name}')
        clean &= conflicts == 0
        os.rename(new, base)
        print(f'merged lab/{lab.number}/{name}; as it was: {os.path.basename(mine)}.before-merge')
    if not clean:
        print('both sides changed the same lines: look for <<<<<<< in the files')


def hint(lab, number):
    hints = lab.hints()
    if not str(number).isdigit() or not 1 <= int(number) <= len(hints):
        raise Mistake(f'lab {lab.number} has hints 1 to {len(hints)}')
    print(f'hint {number} of {len(hints)}:\n{fold(hints[int(number) - 1], shutil.get_terminal_size().columns)}')
    if os.path.isdir(f'{folder_of(lab)}/{KEPT}'):
        with open(f'{folder_of(lab)}/{KEPT}/hint', 'w', encoding='utf-8') as f:
            f.write(str(number))


def fold(text, columns):
    """Lines as wide as the terminal. A paragraph of prose and an item of a list are filled; rows and code keep their
    lines."""
    out = []
    for paragraph in text.split('\n\n'):
        if paragraph.startswith('- '):
            paragraph = paragraph.replace('\n  ', ' ')
        lines = paragraph.splitlines()
        if not any(re.search(r'\S {2,}|^ |^```|^[-|]', l) for l in lines):
            lines = [' '.join(lines)]
        further = '    ' if len(lines) > 1 else ''
        out.append('\n'.join(textwrap.fill(l, columns, subsequent_indent=re.match(' *', l)[0] + further,
                                           break_long_words=False, break_on_hyphens=False) for l in lines))
    return '\n\n'.join(out)


def next_hint(lab):
    path = f'{folder_of(lab)}/{KEPT}/hint'
    seen = int(read(path)) if os.path.exists(path) else 0
    return min(seen + 1, len(lab.hints()))


def solved_path(lab):
    return f'{folder_of(lab)}/{KEPT}/solved'


def ours(lab):
    """The difference between the student's files and ours, once all cases have passed."""
    if not os.path.exists(solved_path(lab)):
        raise Mistake(f'OURS=1 shows our answer when yours has passed: make lab N={lab.number}')
    if not os.path.isdir(lab.dir + '/wrong'):
        raise Mistake('this tree was made without our answers (make lab-tree)')
    mine = answers_in(lab, folder_of(lab))
    for name, text in lab.files('solution').items():
        print(''.join(difflib.unified_diff(mine[name].splitlines(True), text.splitlines(True),
                                           f'lab/{lab.number}/{name}', f'ours/{name}')), end='')


def attempt(lab, only, seed):
    folder = folder_of(lab)
    if not os.path.exists(folder):
        make_folder(lab)
    elif changed_since(lab):
        print(f'the tree has changed since lab/{lab.number}/ was made; MERGE=1 brings the changes into your files')
    work = f'{ROOT}/build/lab/{lab.number}'
    tree = Tree(lab, work + '/tree')
    seed = seed or str(random.randint(1, 9999))
    tree.fill(answers_in(lab, folder))
    printer = Printer(lab, f'lab/{lab.number}', seed, f'build/lab/{lab.number}/log')
    with open(work + '/log', 'w', encoding='utf-8') as log:
        for result in run_cases(tree, seed, log, only):
            printer.add(result)
    if only and len(printer.verdicts) == 1:
        raise Mistake(f'no case begins with "{only}"; there are: ' + ', '.join(c.name for c in lab.cases))
    status = printer.end(next_hint(lab))
    if status == 0 and not only:
        solved(lab)
    return status


def solved(lab):
    begun = os.path.getmtime(f'{folder_of(lab)}/{KEPT}/{lab.edits[0]}')
    if not os.path.exists(solved_path(lab)):
        with open(solved_path(lab), 'w', encoding='utf-8') as f:
            f.write(str(int((time.time() - begun) / 60)))
    minutes = read(solved_path(lab))
    print(f'lab/{lab.number}/ was made {minutes} minutes before it was solved; our estimate is {lab.minutes}.')
    print(f'ours: make lab N={lab.number} OURS=1' + (f'      go on: docs/book/{lab.next}.md' if lab.next else ''))


def command(options):
    lab = lab_of(options['N'])
    if options['HINT']:
        hint(lab, options['HINT'])
    elif options['OURS']:
        ours(lab)
    elif options['RESET']:
        reset(lab)
    elif options['MERGE']:
        merge(lab)
    else:
        return attempt(lab, options['ONLY'], options['SEED'])
    return 0

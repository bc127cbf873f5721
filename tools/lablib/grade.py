# SPDX-License-Identifier: MIT
"""make grade: all labs in lab/. make grade DIR=submissions: a class, of which each student is a folder or an archive
in DIR; writes DIR/grades.csv and a log for each. docs/teaching.md says what a teacher must know."""
import concurrent.futures
import csv
import os
import random
import re
import shutil
import tarfile
import tempfile
import time
import zipfile

from lablib.cases import BUILD, NOT_GRADED, NOT_RUN, PASS
from lablib.cut import NotOnce
from lablib.form import Mistake, ROOT, all_labs, lab_of
from lablib.report import Printer, run_cases
from lablib.tree import Tree

LARGEST = 1 << 20  # bytes of a submitted file
AT_ONCE = 2


# --- One's own labs ------------------------------------------------------------------------------------------------

def own(seed):
    from lablib import student
    labs = [lab for lab in all_labs() if os.path.isdir(student.folder_of(lab))]
    if not labs:
        raise Mistake('there is no lab/ yet: make lab N=1 makes the first')
    statuses = [student.attempt(lab, '', seed) for lab in labs]
    print(f'{statuses.count(0)} of {len(labs)} labs passed')
    return 0 if not any(statuses) else 1


# --- What a student handed in --------------------------------------------------------------------------------------

def names_in(path):
    """The files of a folder or an archive, as {path in it: what reads it}; no links, nothing outside."""
    def safe(name):
        return not name.startswith('/') and '..' not in name.split('/')
    if os.path.isdir(path):
        return {os.path.relpath(f'{at}/{n}', path): (lambda p=f'{at}/{n}': read_file(p))
                for at, _, files in os.walk(path) for n in files
                if os.path.isfile(f'{at}/{n}') and not os.path.islink(f'{at}/{n}')}
    if zipfile.is_zipfile(path):
        z = zipfile.ZipFile(path)
        return {i.filename: (lambda i=i: z.open(i).read(LARGEST + 1)) for i in z.infolist()
                if not i.is_dir() and safe(i.filename)}
    t = tarfile.open(path)
    return {m.name.removeprefix('./'): (lambda m=m: t.extractfile(m).read(LARGEST + 1)) for m in t.getmembers()
            if m.isfile() and safe(m.name.removeprefix('./'))}


def read_file(path):
    with open(path, 'rb') as f:
        return f.read(LARGEST + 1)


def answers_in(path, lab):
    """The lab's files in what was handed in: below lab/N/ (or N/), however deep. None if none is there. What is not
    listed in the lab is not looked at."""
    have, out = names_in(path), {}
    for edit in lab.edits:
        ways = [rf'(.*/)?lab/{lab.number}/{re.escape(edit)}', rf'(.*/)?{lab.number}/{re.escape(edit)}']
        for way in ways:
            found = [n for n in sorted(have, key=len) if re.fullmatch(way, n) and '/.start/' not in f'/{n}']
            if found:
                data = have[found[0]]()
                if len(data) > LARGEST:
                    raise ValueError(f'{found[0]} has more than {LARGEST} bytes')
                out[edit] = data.decode('utf-8', errors='replace')
                break
    return out or None


# --- A class -------------------------------------------------------------------------------------------------------

# An answer that is part of the kernel can do all that the kernel can, also end the machine with a verdict.
SUSPECT = re.compile(r'machine_exit|DEBUG_EXIT|\bout[bwl]\b|test_check|lab_fail|tests_run')


def suspect(lab, files):
    """The first word by which an answer could make its own verdict, and that its start does not have."""
    start = lab.files('start')
    for name, text in files.items():
        for word in SUSPECT.findall(text):
            if text.count(word) > start[name].count(word):
                return f'{name} names {word}'
    return None


def run_once(lab, files, work, seed, log):
    tree = Tree(lab, work + '/tree')
    tree.fill(files)
    return list(run_cases(tree, seed, log))


def verdicts(results):
    return [(r.case.name if r.case else 'builds', r.verdict) for r in results]


def grade_one(name, path, lab, seed, logs, broken):
    """One student's lab, as a row of grades.csv. What fails runs twice: a difference is no fault of theirs."""
    begun = time.monotonic()
    total = sum(c.points for c in lab.cases)
    row = {'name': name, 'lab': lab.number, 'points': '', 'of': total, 'verdict': '', 'cases': '', 'seed': seed}
    work = tempfile.mkdtemp(prefix=f'{lab.number}-', dir=ROOT + '/build/grade')
    log_path = f'{logs}/{name}-{lab.number}.log'
    try:
        with open(log_path, 'w', encoding='utf-8') as log:
            try:
                files = answers_in(path, lab)
            except Exception as e:  # a broken archive has many: EOFError, zlib.error, ...
                log.write(f'{e}\n')
                row.update(points=0, verdict=f'cannot be read: {e}')
                return row
            if files is None:
                row.update(points=0, verdict='not handed in', cases=f'no lab/{lab.number}/{lab.edits[0]}')
                log.write(f'{row["cases"]}; handed in: ' + ' '.join(sorted(names_in(path))) + '\n')
                return row
            missing = [e for e in lab.edits if e not in files]
            if missing:
                start = lab.files('start')
                log.write(f'not handed in, so as it was at the start: {" ".join(missing)}\n')
                files = dict(start, **files)
            if broken:
                raise Mistake(broken)
            if suspect(lab, files):
                raise Mistake(f'{suspect(lab, files)}: read it')
            results = run_once(lab, files, work, seed, log)
            if any(r.verdict != PASS for r in results):
                log.write('\n=== the same again\n')
                if verdicts(run_once(lab, files, work, seed, log)) != verdicts(results):
                    raise Mistake('two runs differ')
            write_report(lab, results, seed, log)
        row['points'] = sum(r.case.points for r in results if r.case and r.verdict == PASS)
        bad = [r.verdict for r in results if r.verdict not in (PASS, NOT_RUN)]
        words = {BUILD: 'build error'}
        row['verdict'] = words.get(bad[0], bad[0]) if bad else PASS
        row['cases'] = '; '.join(f'{n}: {words.get(v, v)}' for n, v in verdicts(results))
    except Exception as e:  # one student's files must not end the grading of a class
        row.update(points='', verdict=NOT_GRADED, cases=str(e) or type(e).__name__)
    finally:
        row['seconds'] = round(time.monotonic() - begun)
        shutil.rmtree(work, ignore_errors=True)
    return row


def write_report(lab, results, seed, log):
    log.write('\n=== the report\n')
    printer = Printer(lab, f'lab/{lab.number}', seed, 'this file', log)
    for result in results:
        printer.add(result)
    printer.end(1, timed=False)


def ours_fails(lab, seed, logs):
    """Why this machine cannot grade the lab: our own answer does not pass. None if it does."""
    work = tempfile.mkdtemp(prefix=f'{lab.number}-', dir=ROOT + '/build/grade')
    try:
        with open(f'{logs}/ours-{lab.number}.log', 'w', encoding='utf-8') as log:
            bad = [r for r in run_once(lab, lab.files('solution'), work, seed, log) if r.verdict != PASS]
        return f'our own answer does not pass here: {bad[0].case.name if bad[0].case else "builds"}' if bad else None
    except (Mistake, NotOnce, OSError) as e:
        return str(e)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def students_in(folder):
    for entry in sorted(os.listdir(folder)):
        path = f'{folder}/{entry}'
        if entry.startswith('.') or entry in ('grades.csv', 'logs'):
            continue
        if os.path.isdir(path):
            yield entry, path
        elif re.search(r'\.(zip|tar|tgz|tar\.gz|tar\.xz|tar\.bz2)$', entry):
            yield re.sub(r'\.(zip|tgz|tar(\.\w+)?)$', '', entry), path
        else:
            print(f'{entry}: neither a folder nor an archive: left out')


def a_class(folder, labs, seed):
    if not os.path.isdir(folder):
        raise Mistake(f'there is no folder {folder}')
    students = list(students_in(folder))
    if not students:
        raise Mistake(f'{folder} holds no folder and no archive')
    os.makedirs(folder + '/logs', exist_ok=True)
    os.makedirs(ROOT + '/build/grade', exist_ok=True)
    print(f'{len(students)} students, lab ' + ', '.join(str(l.number) for l in labs) + f', seed {seed}')
    rows, broken = [], {}
    for lab in labs:
        broken[lab.number] = ours_fails(lab, seed, folder + '/logs')
        if broken[lab.number]:
            print(f'lab {lab.number} is not graded: {broken[lab.number]}')
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(grade_one, name, path, lab, seed, folder + '/logs', broken[lab.number])
                for name, path in students for lab in labs]
        try:
            for job in jobs:
                row = job.result()
                rows.append(row)
                print(f'{row["name"]:<20} lab {row["lab"]:<3} {row["points"]!s:>3} of {row["of"]:<3} {row["verdict"]}',
                      flush=True)
        except KeyboardInterrupt:
            print(f'stopping: {AT_ONCE} that run come to their end; grades.csv is not written', flush=True)
            pool.shutdown(cancel_futures=True)
            raise
    with open(folder + '/grades.csv', 'w', newline='', encoding='utf-8') as f:
        writer = csv.DictWriter(f, ['name', 'lab', 'points', 'of', 'verdict', 'seconds', 'seed', 'cases'])
        writer.writeheader()
        writer.writerows(rows)
    bad = sum(row['verdict'] == NOT_GRADED for row in rows)
    print(f'{len(rows)} rows in {folder}/grades.csv')
    if bad:
        print(f'{bad} NOT GRADED, which is neither 0 nor full')
    return 2 if bad else 0


def command(options):
    if not options['DIR']:
        return own(options['SEED'])
    labs = [lab_of(options['N'])] if options['N'] else all_labs()
    return a_class(os.path.abspath(options['DIR']), labs, options['SEED'] or str(random.randint(1, 9999)))

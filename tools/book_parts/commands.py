# SPDX-License-Identifier: MIT
"""The commands of tools/book."""
import glob
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

from book_parts import contents, drawings, excerpts, figures, form, links, names, pages, sessions
from book_parts.document import ROOT, Document, Problem

MACHINES = 2    # at a time
PAGES = ['README.md', contents.PAGE, 'docs/questions.md', 'docs/card.md', 'docs/linux.md', 'docs/teaching.md']


class Chapter:
    """What shares a boot: a chapter and its answers, or a page."""

    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(path[len('docs/'):] if path.startswith('docs/') else path)[0]
        self.name = re.sub(r'[^a-z0-9]+', '_', self.name.lower())
        self.docs, self.sessions, self.broken = [], [], []
        for each in [path] + ([answers_of(path)] if answers_of(path) else []):
            try:
                doc = Document(each)
                self.docs.append(doc)
                self.sessions += sessions.sessions_of(doc)
            except Problem as problem:
                self.broken.append(problem)

    def is_chapter(self):
        return bool(re.match(r'docs/book/(?!00)\d\d-', self.path)) and bool(self.docs)


def answers_of(path):
    """The answers of a chapter, if there are any."""
    answers = os.path.join(os.path.dirname(path), 'answers', os.path.basename(path))
    return answers if os.path.exists(os.path.join(ROOT, answers)) else None


def everything():
    """All files that are checked, without answers."""
    book, labs = (sorted(glob.glob(where, root_dir=ROOT)) for where in ('docs/book/*.md', 'labs/*/text.md'))
    found = book + PAGES + labs
    return [path for path in found if os.path.exists(os.path.join(ROOT, path))]


def chapters_of(args):
    """The chapters that these files belong to."""
    paths = []
    for arg in args or everything():
        path = os.path.relpath(os.path.abspath(arg), ROOT)
        path = path.replace('/answers/', '/')
        if not os.path.exists(os.path.join(ROOT, path)):
            raise SystemExit(f'book: there is no file {path}.')
        if path not in paths:
            paths.append(path)
    return [Chapter(path) for path in paths]


def run_sessions(chapters):
    """Runs all sessions, and returns the Problems of those that could not run, by chapter."""
    problems = {chapter.path: [] for chapter in chapters}
    work = [(chapter, job) for chapter in chapters for job in sessions.jobs(chapter.sessions)]
    with ThreadPoolExecutor(MACHINES) as pool:
        for (chapter, _), found in zip(work, pool.map(lambda each: each[1](), work)):
            problems[chapter.path] += found
    return problems


def tests_of(chapter, failed_runs):
    """(name, function that returns Problems) of a chapter's tests."""
    def each(function):
        return lambda: chapter.broken + [problem for doc in chapter.docs for problem in function(doc)]

    sources = figures.Sources(chapter.docs)
    tests = [('excerpts', each(excerpts.check)),
             ('figures', each(lambda doc: figures.check(doc, sources, not doc.path.startswith('labs/')))),
             ('drawings', each(drawings.check)),
             ('links', each(links.check))]
    if chapter.path != 'docs/linux.md':    # tools/check-linux looks at its names
        tests.append(('names', each(names.check)))
    most = 40 if chapter.path == 'README.md' else sessions.MOST_LINES
    tests.insert(0, ('sessions', lambda: each(sessions.check_kinds)() + failed_runs + sessions.check(chapter.sessions)
                     + sessions.check_size(chapter.sessions, most)))
    if chapter.path.startswith('docs/book/') and chapter.docs:
        tests.append(('prose', each(form.check_prose)))
    if chapter.is_chapter():
        doc, answers = chapter.docs[0], (chapter.docs[1:] or [None])[0]
        tests.append(('form', lambda: form.check(doc, answers)))
        tests.append(('words', lambda: form.check_words(doc)))
    if chapter.path == contents.PAGE:
        tests.append(('contents', each(contents.check)))
    if chapter.path == form.GLOSSARY:
        tests.append(('form', lambda: form.check_glossary(chapter.docs[0])))
    return tests


def report(name, problems):
    """Prints the line of a test, in the words of all tests."""
    for i, problem in enumerate(problems):
        print(f'FAIL {name}: {problem}' if i == 0 else f'    {problem}')
    if not problems:
        print(f'PASS {name}')


def check(args):
    chapters = chapters_of(args)
    failed_runs = run_sessions(chapters)
    tests = [(f'{chapter.name}_{name}', test) for chapter in chapters
             for name, test in tests_of(chapter, failed_runs[chapter.path])]
    print(f'1..{len(tests)}')
    failed = 0
    for name, test in tests:
        try:
            problems = test()
        except Problem as problem:
            problems = [problem]
        report(name, problems)
        failed += bool(problems)
    print(f'{len(tests) - failed} passed, {failed} failed')
    return 1 if failed or not tests else 0


def renew(chapter):
    """Writes fresh outputs and figures into the documents of a chapter whose sessions have run. Returns what a person
    must look at."""
    notes = [str(problem) for problem in chapter.broken]
    for doc in chapter.docs:
        notes += sessions.renew(doc, chapter.sessions)
    sources = figures.Sources(chapter.docs)
    for doc in chapter.docs:
        notes += figures.renew(doc, sources)
    return notes


def accept(args):
    chapters = chapters_of(args)
    failed_runs = run_sessions(chapters)
    notes = []
    for chapter in chapters:
        before = [doc.text() for doc in chapter.docs]
        notes += [str(problem) for problem in failed_runs[chapter.path]] + renew(chapter)
        for doc, text in zip(chapter.docs, before):
            if doc.text() != text:
                doc.write()
                print(f'{doc.path}: written; git diff shows what has changed')
    for note in notes:
        print(note)
    return 1 if notes else 0


def build(_):
    begin = time.monotonic()
    chapters = chapters_of([])
    failed_runs = run_sessions(chapters)
    notes = [str(problem) for problems in failed_runs.values() for problem in problems]
    for chapter in chapters:
        notes += renew(chapter)
    for note in notes:
        print(note)
    made = pages.build(chapters)
    if not made:
        print('book: chromium made no PDF')
    print(f'{pages.OUT}/index.html, fivebyte.html, fivebyte.pdf: made in {time.monotonic() - begin:.0f} s')
    return 1 if notes or not made else 0


def main(args, usage):
    if not os.path.exists(os.path.join(ROOT, 'build/fivebyte.elf')):
        print('book: there is no build/fivebyte.elf; make builds it.')
        return 2
    commands = {'check': check, 'accept': accept, 'build': build}
    if not args or args[0] not in commands:
        print(usage.strip())
        return 2
    return commands[args[0]](args[1:])

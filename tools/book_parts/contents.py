# SPDX-License-Identifier: MIT
"""The table of contents in docs/reading.md: a row for each chapter, with its title and minutes, and a link to each lab."""
import glob
import os
import re

from book_parts import form
from book_parts.document import ROOT, Document, Problem

PAGE = 'docs/reading.md'
ROW = re.compile(r'^\| (\d+) \[(.*?)\]\(book/([\w-]+)\.md\) \| (\d+) \|')
LAB = re.compile(r'\]\(\.\./labs/([\w-]+)/text\.md\)')


def check(doc):
    problems = []
    rows = {match[3]: (line, match) for line, text in doc.prose for match in [ROW.match(text)] if match}
    for path in sorted(glob.glob('docs/book/[0-9]*.md', root_dir=ROOT)):
        chapter = Document(path)
        if not form.number_of(path):
            continue
        if chapter.name not in rows:
            problems.append(Problem(doc, 1, f'no row leads to {path}'))
            continue
        line, match = rows.pop(chapter.name)
        want = (form.number_of(path), chapter.headings[0][2], form.facts_of(chapter)[0])
        if (int(match[1]), match[2], int(match[4])) != want:
            problems.append(Problem(doc, line, f'want chapter {want[0]}, "{want[1]}", {want[2]} minutes'))
    problems += [Problem(doc, line, f'there is no chapter {name}') for name, (line, _) in rows.items()]
    linked = {name for _, text in doc.prose for name in LAB.findall(text)}
    for path in glob.glob('labs/*/lab', root_dir=ROOT):
        name = os.path.basename(os.path.dirname(path))
        if name not in linked:
            problems.append(Problem(doc, 1, f'no row leads to labs/{name}/text.md'))
    return problems

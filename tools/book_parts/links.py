# SPDX-License-Identifier: MIT
"""Links inside the tree: the file exists, and so does the heading or anchor. No link is followed outside."""
import os
import re

from book_parts.document import ROOT, SPAN, Document, Problem, line_at, read_text

LINK = re.compile(r'(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)')
ANCHOR = re.compile(r'<a (?:id|name)="([^"]+)"')


def slug(title):
    """The anchor that GitHub and pandoc make of a heading."""
    return re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')


def anchors(path):
    text = read_text(path) or ''
    found = set(ANCHOR.findall(text))
    if path.endswith('.md'):
        found |= {slug(title) for _, _, title in Document(path, text).headings}
    return found


def outside(target):
    return re.match(r'[a-z]+:', target) is not None


def without_code(text):
    """The text with inline code blanked out, so that brackets in it are no links."""
    return SPAN.sub(lambda span: '`' + re.sub(r'[^\n]', 'x', span[1]) + '`', text)


def check(doc):
    problems = []
    text = without_code(doc.flow())
    for link in LINK.finditer(text):
        if outside(link[1]):
            continue
        file, _, anchor = link[1].partition('#')
        path = os.path.normpath(os.path.join(os.path.dirname(doc.path), file)) if file else doc.path
        line = line_at(text, link.start())
        if not os.path.exists(os.path.join(ROOT, path)):
            problems.append(Problem(doc, line, f'the link leads to {path}, which does not exist'))
        elif anchor and anchor not in anchors(path):
            problems.append(Problem(doc, line, f'the link leads to #{anchor}, which {path} does not have'))
    return problems

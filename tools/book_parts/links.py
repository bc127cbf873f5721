# SPDX-License-Identifier: MIT
"""Links inside the tree: the file exists, and so does the heading or anchor. No link is followed outside.

On the pages that lead into the book, a link to a chapter is called by the chapter's title, "chapter N", or N.
"""
import os
import re

from book_parts.document import ROOT, SPAN, Document, Problem, line_at, read_text

LINK = re.compile(r'(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)')
CHAPTER = re.compile(r'docs/book/(\d\d)-[^/]*\.md$')
TITLED = ('docs/questions.md', 'docs/linux.md', 'docs/reading.md', 'docs/card.md')
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


def misnamed(text, path):
    """What a link to this file must be called if text is neither the chapter's title nor its number."""
    chapter = CHAPTER.match(path)
    if not chapter:
        return None
    title, number = Document(path, read_text(path)).headings[0][2], str(int(chapter[1]))
    known = ' '.join(text.split()) in (title, number, f'chapter {number}', f'Chapter {number}')
    return None if known else f'"{title}" or "chapter {number}"'


def check(doc):
    problems = []
    text = without_code(doc.flow())
    for link in LINK.finditer(text):
        if outside(link[2]):
            continue
        file, _, anchor = link[2].partition('#')
        path = os.path.normpath(os.path.join(os.path.dirname(doc.path), file)) if file else doc.path
        line = line_at(text, link.start())
        if not os.path.exists(os.path.join(ROOT, path)):
            problems.append(Problem(doc, line, f'the link leads to {path}, which does not exist'))
        elif anchor and anchor not in anchors(path):
            problems.append(Problem(doc, line, f'the link leads to #{anchor}, which {path} does not have'))
        elif doc.path in TITLED and misnamed(link[1], path):
            problems.append(Problem(doc, line, f'the link to {path} must be called {misnamed(link[1], path)}'))
    return problems

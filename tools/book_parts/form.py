# SPDX-License-Identifier: MIT
"""The form of a chapter: headings and their order, limits, what it needs, questions and answers, new words. And the
glossary: docs/book/README.md tells it for writers.
"""
import os
import re

from book_parts import drawings, excerpts, sessions
from book_parts.document import ROOT, SPAN, Document, Problem, line_at, read_text

MORE = {'01-argument': ('What each side had', 'Who was right about what')}
HEADINGS = ['See it', 'The problem', 'The idea', 'The code', 'Break it', 'In Linux', 'Check yourself', 'New words']
LEAST_WORDS, MOST_WORDS = 1100, 2200
MOST_OPEN, MOST_NEW, MOST_COLUMNS = 4, 5, 110
EXCERPTS = (3, 6)
QUESTIONS = ['predict', 'explain', 'change']
NOT_WRITTEN = re.compile(r'\b(simply|just|obviously)\b', re.IGNORECASE)
GLOSSARY = 'docs/book/glossary.md'

FACTS = re.compile(r'^(\d+) minutes?\.\s+Needs:\s+(.*?)\.\s+Open:\s+(.*?)\.$', re.DOTALL)
CHAPTER_LINK = re.compile(r'\[[^\]]*\]\((?:\.\./)*(\d\d)-([\w-]+)\.md[^)]*\)')
LINK = re.compile(r'\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)')
ROW = re.compile(r'^\| *<a id="([\w.-]+)"></a>(.*?) *\|(.*)\|$')
NEW_WORD = re.compile(r'^- \*\*(.+?)\*\*: ?(.*)$')


def number_of(path):
    """The number of a chapter's file, or 0."""
    match = re.match(r'(\d\d)-', os.path.basename(path))
    return int(match[1]) if match else 0


def facts_of(doc):
    """(minutes, needs, open files) of a chapter; raises Problem."""
    first = next((line for line, level, _ in doc.headings if level == 2), len(doc.lines))
    paragraphs = '\n'.join(doc.lines[:first - 1]).split('\n\n')
    for paragraph in paragraphs:
        match = FACTS.match(paragraph.strip())
        if match:
            needs = [f'{number}-{name}.md' for number, name in CHAPTER_LINK.findall(match[2])]
            if not needs and match[2] != 'nothing':
                raise Problem(doc, 1, f'"Needs: {match[2]}" names no chapter; without one it is "Needs: nothing."')
            return int(match[1]), needs, re.findall(r'`([^`]+)`', match[3])
    raise Problem(doc, 1, 'there is no line "N minutes. Needs: [TITLE](NN-name.md). Open: `FILE`, `FILE`."')


def words_of(doc):
    """How many words a file has outside of blocks, without excerpts and comments."""
    return sum(len(re.findall(r'\S*\w\S*', text)) for _, text in doc.bare_prose() if not text.startswith('[code '))


def new_words(doc):
    """[(line, word, sentence)] of a chapter's last section."""
    found = []
    for line, text in doc.prose:
        match = NEW_WORD.match(text)
        if match and doc.section(line) == 'New words':
            found.append((line, match[1], match[2]))
    return found


def check_head(doc):
    problems = []
    text = '\n'.join(doc.lines[1:4])
    if not doc.headings or doc.headings[0][1] != 1 or not re.match(r'\n*After this chapter you can\b', text):
        problems.append(Problem(doc, 1, 'a chapter begins with "# Title" and "After this chapter you can ..."'))
    _, needs, opened = facts_of(doc)
    for name in needs:
        if not os.path.exists(os.path.join(ROOT, 'docs/book', name)):
            problems.append(Problem(doc, 1, f'it needs {name}, which does not exist'))
        elif number_of(name) >= number_of(doc.path):
            problems.append(Problem(doc, 1, f'it needs {name}, which comes later'))
    if len(opened) > MOST_OPEN:
        problems.append(Problem(doc, 1, f'{len(opened)} files to open; at most {MOST_OPEN}'))
    for path in opened:
        if not os.path.isfile(os.path.join(ROOT, path)):
            problems.append(Problem(doc, 1, f'the reader cannot open {path}: it does not exist'))
    return problems


def check_body(doc):
    problems = []
    more = MORE.get(doc.name, ())
    titles = [(line, title) for line, level, title in doc.headings if level == 2 and title not in more]
    for at, want in enumerate(HEADINGS):
        if at >= len(titles) or titles[at][1] != want:
            line = titles[at][0] if at < len(titles) else 1
            got = f'"{titles[at][1]}"' if at < len(titles) else 'none'
            problems.append(Problem(doc, line, f'want the heading "{want}", got {got}'))
            break
    if len(titles) > len(HEADINGS):
        problems.append(Problem(doc, titles[len(HEADINGS)][0], 'nothing follows "New words"'))
    words = words_of(doc)
    if not LEAST_WORDS <= words <= MOST_WORDS:
        problems.append(Problem(doc, 1, f'{words} words of prose; {LEAST_WORDS} to {MOST_WORDS}'))
    count = len(excerpts.excerpts_of(doc))
    if not EXCERPTS[0] <= count <= EXCERPTS[1]:
        problems.append(Problem(doc, 1, f'{count} excerpts; {EXCERPTS[0]} to {EXCERPTS[1]}'))
    for kind in drawings.KINDS:
        if not any(block.kind == kind for block in doc.blocks):
            problems.append(Problem(doc, 1, f'no drawing is a `{kind}`'))
    for title in ('See it', 'Break it'):
        if not any(block.kind in sessions.KINDS and doc.section(block.line) == title for block in doc.blocks):
            problems.append(Problem(doc, 1, f'"{title}" runs nothing'))
    return problems


def numbered(doc, title):
    """{number: (line, text)} of a numbered list, in a section or, without title, in the whole file."""
    found = {}
    for line, text in doc.prose:
        match = re.match(r'^(\d+)\. +(.*)$', text)
        if match and (title is None or doc.section(line) == title):
            found.setdefault(int(match[1]), (line, match[2]))
    return found


def check_questions(doc, answers):
    problems = []
    questions = numbered(doc, 'Check yourself')
    for number, kind in enumerate(QUESTIONS, 1):
        line, text = questions.get(number, (1, ''))
        if not text.strip('*_ ').lower().startswith(kind):
            problems.append(Problem(doc, line, f'question {number} begins with "{kind.capitalize()}:"'))
    if len(questions) != len(QUESTIONS):
        problems.append(Problem(doc, 1, f'{len(questions)} questions; {len(QUESTIONS)}'))
    if not answers:
        problems.append(Problem(doc, 1, f'there is no docs/book/answers/{doc.name}.md'))
        return problems
    given = numbered(answers, None)
    if sorted(given) != [1, 2, 3]:
        got = ', '.join(map(str, sorted(given))) or 'none'
        problems.append(Problem(answers, 1, f'want answers 1, 2 and 3, got {got}'))
    elif not any(block.kind in sessions.KINDS and block.line < given[2][0] for block in answers.blocks):
        problems.append(Problem(answers, given[1][0], 'no command shows the answer to "predict"'))
    return problems


def check_prose(doc):
    problems = []
    text = SPAN.sub(lambda span: re.sub(r'[^\n]', ' ', span[0]), doc.flow())
    for match in NOT_WRITTEN.finditer(text):
        problems.append(Problem(doc, line_at(text, match.start()), f'leave out "{match[1]}"'))
    for line, text in doc.bare_prose():
        if len(text) > MOST_COLUMNS and not text.startswith(('|', '[code ')):
            problems.append(Problem(doc, line, f'{len(text)} columns; at most {MOST_COLUMNS}'))
    return problems


def check(doc, answers):
    """The Problems of a chapter's form."""
    problems = []
    for test in (check_head, check_body, lambda doc: check_questions(doc, answers)):
        try:
            problems += test(doc)
        except Problem as problem:
            problems.append(problem)
    return problems


# --- Words -------------------------------------------------------------------------------------------------


def glossary():
    """{word: (line, anchor, cells)} of the glossary, in its order; raises Problem."""
    rows = {}
    if not read_text(GLOSSARY):
        return rows
    doc = Document(GLOSSARY)
    for line, text in doc.prose:
        match = ROW.match(text)
        if match:
            rows[match[2].strip()] = (line, match[1], [cell.strip() for cell in match[3].split('|')])
        elif text.startswith('|') and '---' not in text and 'one sentence' not in text:
            raise Problem(doc, line, 'a row is | <a id="WORD"></a>WORD | one sentence | in Linux | chapter | file |')
    return rows


def check_glossary(doc):
    problems = []
    rows = glossary()
    words = list(rows)
    for before, after in zip(words, words[1:]):
        if before.lower() > after.lower():
            problems.append(Problem(doc, rows[after][0], f'"{after}" stands behind "{before}"; the rows are sorted'))
    for word, (line, _, cells) in rows.items():
        if len(cells) != 4 or not cells[0]:
            problems.append(Problem(doc, line, f'the row of "{word}" has {len(cells) + 1} cells, not 5'))
            continue
        if not CHAPTER_LINK.search(cells[2]):
            problems.append(Problem(doc, line, f'"{word}" is of no chapter'))
        for path in re.findall(r'`([^`]+)`', cells[3]):
            if not os.path.exists(os.path.join(ROOT, path)):
                problems.append(Problem(doc, line, f'"{word}" is in no file {path}'))
    return problems


def check_words(doc):
    """The new words of a chapter are in the glossary; those of later chapters have a link where they are first used."""
    problems = []
    rows = glossary()
    for line, word, _ in new_words(doc):
        if word not in rows:
            problems.append(Problem(doc, line, f'glossary.md has no row for "{word}"'))
    found = new_words(doc)
    if not 1 <= len(found) <= MOST_NEW:
        problems.append(Problem(doc, 1, f'{len(found)} new words; 1 to {MOST_NEW}'))
    own = {word for _, word, _ in found}
    for word, (_, anchor, cells) in rows.items():
        chapter = CHAPTER_LINK.search(cells[2]) if len(cells) == 4 else None
        if chapter and int(chapter[1]) > number_of(doc.path) and word not in own:
            problems += first_use(doc, word, anchor, f'{chapter[1]}-{chapter[2]}.md')
    return problems


def first_use(doc, word, anchor, chapter):
    """The first use of a word in front of its chapter is a link to the glossary, or to the chapter."""
    words = r'\s+'.join(map(re.escape, word.split()))
    pattern = re.compile(rf'(?<![\w-]){words}(?:s|es)?(?![\w-])', re.IGNORECASE)
    text = SPAN.sub(lambda span: re.sub(r'[^\n]', ' ', span[0]), doc.flow())
    found = [link for link in LINK.finditer(text)]
    for use in pattern.finditer(text):
        inside = next((link for link in found if link.start() <= use.start() < link.end()), None)
        if inside and use.start() >= inside.end(1):
            continue    # in the address of a link
        if inside and (os.path.basename(inside[2]).startswith('glossary.md') or chapter in inside[2]):
            return []
        return [Problem(doc, line_at(text, use.start()), f'"{word}" is used before its chapter ({chapter}): write '
                        f'[{" ".join(use[0].split())}](glossary.md#{anchor})')]
    return []

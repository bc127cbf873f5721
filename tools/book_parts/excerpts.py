# SPDX-License-Identifier: MIT
"""Excerpts of the source: a line `[code FILE: NAME](LINK)`, `[code FILE: /from/../to/](LINK)` or both.

A name is a function, struct, union, enum, macro, table or label. One that is missing, or is there twice, is an
error.
"""
import os
import re

from book_parts.document import Problem, read_text

MOST_LINES = 25
EXCERPT = re.compile(r'^\[code (\S+?): (.+)\]\(([^()\s]+)\)$')
RANGE = re.compile(r'(?:^|\s)/(.+)/\.\./(.+)/$')

LANGUAGES = {'.c': 'c', '.h': 'c', '.asm': 'nasm', '.py': 'python', '.mk': 'makefile', '.ld': 'default',
             '.out': 'default', '.gdb': 'default', '.pml': 'default', '.txt': 'default'}


class Missing(Exception):
    """Why there is no such excerpt."""


def braced(lines, at):
    """The end of what begins at line `at`: the first line that begins with a closing brace."""
    for end in range(at, len(lines)):
        if re.match(r'[})]', lines[end]):
            return end + 1
        if end == at and lines[end].rstrip().endswith(';'):
            return end + 1
    return len(lines)


def in_c(lines, name):
    word = re.escape(name)
    tag = re.compile(rf'(?:typedef )?(?:static )?(?:const )?(?:struct|union|enum) {word} \{{')
    function = re.compile(rf'(?!#|typedef|extern|return\b)[A-Za-z_][\w\s*()]*?(?<![\w]){word}\s*[(,]')
    table = re.compile(rf'(?!#|typedef|return\b)[A-Za-z_][\w\s*]*?\b{word}(?:\[[^=]*\])* = ')
    macro = re.compile(rf'#define {word}\b')
    found, prototypes = [], []
    for at, line in enumerate(lines):
        if macro.match(line):
            end = at
            while lines[end].endswith('\\'):
                end += 1
            found.append((at, end + 1))
        elif tag.match(line) or table.match(line):
            found.append((at, braced(lines, at)))
        elif function.match(line):
            head = at
            while head < len(lines) - 1 and not re.search(r'[;{]', lines[head]) and not lines[head].startswith('{'):
                head += 1
            if lines[head].rstrip().endswith(';'):
                prototypes.append((at, head + 1))
            else:
                begin = at - 1 if at and lines[at - 1].startswith('SEC(') else at
                found.append((begin, braced(lines, head)))
    if not found:
        found = [anonymous for anonymous in enumerators(lines, word)]
    return found or prototypes


def enumerators(lines, word):
    """A struct or enum without a tag that is named at its end, or by typedef; then lines `NAME = VALUE` in an enum."""
    for at, line in enumerate(lines):
        if re.match(rf'\}} {word}\b', line):
            begin = max(i for i in range(at) if re.match(r'\S.*\{$', lines[i]))
            yield begin, at + 1


def in_asm(lines, name):
    word = re.escape(name)
    found = []
    for at, line in enumerate(lines):
        if re.match(rf'%macro {word}\b', line):
            found.append((at, next(i for i in range(at, len(lines)) if lines[i].startswith('%endmacro')) + 1))
        elif re.match(rf'%(?:i?define|assign) {word}\b', line):
            found.append((at, at + 1))
        elif re.match(rf'{word}:', line):
            end = at + 1
            while end < len(lines) and not re.match(r'[A-Za-z_]\w*:|%|section|global|extern|; ---', lines[end]):
                end += 1
            while not lines[end - 1].strip() or lines[end - 1].startswith(';'):
                end -= 1
            found.append((at, end))
    return found


def in_python(lines, name):
    found = []
    for at, line in enumerate(lines):
        if re.match(rf'(?:def|class) {re.escape(name)}\b', line):
            end = at + 1
            while end < len(lines) and (not lines[end].strip() or lines[end][0] in ' \t)'):
                end += 1
            while not lines[end - 1].strip():
                end -= 1
            found.append((at, end))
    return found


def in_shell(lines, name):
    return [(at, braced(lines, at)) for at, line in enumerate(lines) if line.startswith(f'{name}() {{')]


def by_name(path, lines, name):
    """(begin, end) of what a file calls `name`."""
    kind = os.path.splitext(path)[1]
    look = {'.c': in_c, '.h': in_c, '.asm': in_asm, '.py': in_python}.get(kind, in_shell)
    found = look(lines, name)
    if not found:
        raise Missing(f'{path} has no {name}')
    if len(found) > 1:
        raise Missing(f'{path} has {name} {len(found)} times')
    return found[0]


def by_range(path, lines, begin, end, first, last):
    """(begin, end) of the lines from the first that matches `first` to the next that matches `last`."""
    starts = [at for at in range(begin, end) if re.search(first, lines[at])]
    if len(starts) != 1:
        raise Missing(f'{path} has /{first}/ {len(starts)} times, not once')
    for at in range(starts[0] + (first != last), end):
        if re.search(last, lines[at]):
            return starts[0], at + 1
    raise Missing(f'{path} has no /{last}/ behind /{first}/')


def excerpt(path, what):
    """The lines of the source that an excerpt names. Raises Missing."""
    text = read_text(path)
    if text is None:
        raise Missing(f'there is no file {path}')
    lines = text.rstrip('\n').split('\n')
    found = RANGE.search(what)
    name = what[:found.start()].strip() if found else what.strip()
    begin, end = by_name(path, lines, name) if name else (0, len(lines))
    if found:
        try:
            begin, end = by_range(path, lines, begin, end, found[1], found[2])
        except re.error as error:
            raise Missing(f'{what} is no pattern: {error}') from error
    if end - begin > MOST_LINES:
        raise Missing(f'{path}: {what} has {end - begin} lines; at most {MOST_LINES}')
    return lines[begin:end]


def excerpts_of(doc):
    """(line, path, what, link) of each excerpt."""
    found = []
    for line, text in doc.prose:
        match = EXCERPT.match(text.strip())
        if match:
            found.append((line, match[1], match[2].strip('`'), match[3]))
        elif text.lstrip().startswith('[code '):
            raise Problem(doc, line, 'an excerpt is a line of its own: [code FILE: NAME](LINK)')
    return found


def check(doc):
    problems = []
    for line, path, what, link in excerpts_of(doc):
        try:
            excerpt(path, what)
        except Missing as missing:
            problems.append(Problem(doc, line, str(missing)))
        target = os.path.normpath(os.path.join(os.path.dirname(doc.path), link))
        if target != path:
            problems.append(Problem(doc, line, f'the excerpt is of {path}, its link leads to {target}'))
    return problems

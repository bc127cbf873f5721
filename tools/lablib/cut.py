# SPDX-License-Identifier: MIT
"""Finds a definition by its name and replaces it. A name that is missing, or found twice, is an error."""
import re


class NotOnce(Exception):
    pass


class Cut:
    """PATH: NAME, or PATH: NAME = /FROM/../TO/ ."""

    def __init__(self, text):
        self.path, _, rest = text.partition(':')
        name, _, pattern = rest.partition('=')
        self.path, self.name = self.path.strip(), name.strip()
        self.range = None
        if pattern:
            m = re.fullmatch(r'\s*/(.*)/\.\./(.*)/\s*', pattern)
            if not m:
                raise NotOnce(f'cut: not /FROM/../TO/: {pattern}')
            self.range = m.groups()

    def find(self, text):
        """The first line, and the one behind the last, counted from 0."""
        lines = text.splitlines()
        if self.range:
            spans = list(spans_between(lines, *self.range))
        elif self.path.endswith('.asm'):
            spans = list(spans_of_label(lines, self.name))
        else:
            spans = list(spans_of_name(lines, self.name))
        if len(spans) != 1:
            raise NotOnce(f'{self.path}: {self.name} is defined {len(spans)} times, not once')
        return spans[0]

    def replace(self, text, by):
        """The text with the definition replaced; lines of `by` that say the licence or what is wrong go."""
        first, end = self.find(text)
        lines = text.splitlines(keepends=True)
        return ''.join(lines[:first]) + without_head(by).rstrip('\n') + '\n' + ''.join(lines[end:])


def without_head(text):
    """Without the comment lines SPDX, replaces, fails and with that a file begins with."""
    lines = text.splitlines(keepends=True)
    while lines and re.match(r'\W+(SPDX-License-Identifier|replaces|fails|with):', lines[0]):
        lines.pop(0)
    return ''.join(lines).lstrip('\n')


def spans_between(lines, start, stop):
    for first, line in enumerate(lines):
        if re.search(start, line):
            for last in range(first, len(lines)):
                if re.search(stop, lines[last]):
                    yield first, last + 1
                    break


def spans_of_label(lines, name):
    for first, line in enumerate(lines):
        if re.match(rf'{re.escape(name)}:', line):
            end = first + 1
            while end < len(lines) and not re.match(r'[A-Za-z_]\w*:|global |section |%', lines[end]):
                end += 1
            while not lines[end - 1].strip() or lines[end - 1].startswith(';'):
                end -= 1  # the next one's comment
            yield first, end


def spans_of_name(lines, name):
    """C: functions, struct NAME {, #define NAME, and data NAME = {. The layout is the tree's: a definition begins
    in the first column and ends with a brace there."""
    word = re.escape(name)
    for first, line in enumerate(lines):
        if re.match(rf'#define {word}\b', line):
            end = first
            while lines[end].endswith('\\'):
                end += 1
            yield first, end + 1
        elif (re.match(rf'(struct|union|enum) {word} {{', line)
              or re.match(rf'[A-Za-z_].*\b{word}(\[.*\])* = {{$', line)
              or re.match(rf'[A-Za-z_](?:[^=;(]|\([^()]*\)\))*\b{word}\(', line)):
            end = first
            while end < len(lines) and not lines[end].startswith('}') and not lines[end].endswith(';'):
                end += 1
            if end < len(lines) and ('(' in line or '{' in line):
                # A prototype ends before a brace has begun.
                if lines[end].startswith('}'):
                    yield first, end + 1
                elif any(l == '{' or l.endswith(' {') for l in lines[first:end + 1]):
                    while not lines[end].startswith('}'):
                        end += 1
                    yield first, end + 1

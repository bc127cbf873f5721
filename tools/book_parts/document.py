# SPDX-License-Identifier: MIT
"""A Markdown file of the book as its parts: fenced blocks, prose, headings. Line numbers begin with 1."""
import os
import re
import shlex

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FENCE = re.compile(r'^ {0,3}(`{3,})\s*(.*)$')
HEADING = re.compile(r'^(#{1,6}) +(.*?) *#*$')
COMMENT = re.compile(r'<!--.*?-->')
SPAN = re.compile(r'(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)')    # inline code


class Problem(Exception):
    """What is wrong, and in which line of which file."""

    def __init__(self, doc, line, text):
        super().__init__(text)
        self.where = f'{doc.path}:{line}' if line else doc.path
        self.text = text

    def __str__(self):
        return f'{self.where}: {self.text}'


class Block:
    """A fenced block: its kind is the first word of its info string, `options` are the others."""

    def __init__(self, info, line):
        self.line = line    # of the opening fence
        self.lines = []
        try:
            words = shlex.split(info)
        except ValueError:
            words = info.split()
        self.kind = words[0] if words else ''
        self.flags = {w for w in words[1:] if '=' not in w}
        self.options = dict(w.split('=', 1) for w in words[1:] if '=' in w)

    @property
    def end(self):
        """The line of the closing fence."""
        return self.line + len(self.lines) + 1


class Document:
    """One file: `path` is from the root of the tree. It may be changed by `replace`, and written."""

    def __init__(self, path, text=None):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        if text is None:
            with open(os.path.join(ROOT, path), encoding='utf-8') as file:
                text = file.read()
        self.parse(text.split('\n'))

    def parse(self, lines):
        self.lines = lines
        self.blocks, self.prose, self.headings = [], [], []
        block = fence = None
        for number, line in enumerate(lines, 1):
            found = FENCE.match(line)
            if block:
                if found and found[1].startswith(fence) and not found[2]:
                    self.blocks.append(block)
                    block = None
                else:
                    block.lines.append(line)
            elif found:
                block, fence = Block(found[2], number), found[1]
            elif HEADING.match(line):
                level, title = HEADING.match(line).groups()
                self.headings.append((number, len(level), title))
            elif line.strip():
                self.prose.append((number, line))
        if block:
            raise Problem(self, block.line, 'this fenced block has no end')

    def follows(self, block, nearest):
        """Is `nearest` the next thing behind `block`, with empty lines between them at most?"""
        return nearest.line > block.end and not any(
            line.strip() for line in self.lines[block.end:nearest.line - 1])

    def section(self, line):
        """The title of the second level in which a line lies, or ''."""
        return next((title for at, level, title in reversed(self.headings) if at <= line and level <= 2), '')

    def bare_prose(self):
        """(line, text) of the prose without comments."""
        return [(number, COMMENT.sub('', line)) for number, line in self.prose]

    def flow(self):
        """The prose without comments, each line in its place: a span or a link may go over the end of a line."""
        lines = [''] * len(self.lines)
        for number, line in self.bare_prose():
            lines[number - 1] = line
        return '\n'.join(lines)

    def replace(self, changes):
        """Replaces the content of blocks: `changes` are pairs of a block and its new lines."""
        for block, lines in sorted(changes, key=lambda change: -change[0].line):
            self.lines[block.line:block.end - 1] = lines
        self.parse(self.lines)

    def text(self):
        return '\n'.join(self.lines)

    def write(self):
        with open(os.path.join(ROOT, self.path), 'w', encoding='utf-8') as file:
            file.write(self.text())


def line_at(text, at):
    """The number of the line in which the character `at` is."""
    return text.count('\n', 0, at) + 1


def read_text(path):
    """A file of the tree, or None if there is none."""
    try:
        with open(os.path.join(ROOT, path), encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return None

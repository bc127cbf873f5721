# SPDX-License-Identifier: MIT
"""Figures in prose: behind each stands its source, in a comment.

    16<!--= stack: (\\d+) of -->                         a pattern, found in the outputs of this chapter
    2.26 M<!--= data linux.verify-empty -->              a row of docs/data/*.tsv
    208<!--= code tramp/plan.h FRAME_BYTES (\\d+) -->     a pattern, found in a file
    10<!--= known Intel SDM 3A 8.1.3 -->                 published
"""
import glob
import os
import re
from decimal import Decimal, InvalidOperation

from book_parts.document import ROOT, SPAN, Problem, line_at, read_text

SOURCE = re.compile(r'<!--=\s*(.*?)\s*-->')
FIGURE = re.compile(r'(-?\d[\d,]*(?:\.\d+)?(?: ?[kMG]\b)?|[^\s`*|(]+)[`*]*$')
SCALE = {'k': 1000, 'M': 1000000, 'G': 1000000000}
ROUGHLY = re.compile(r'\b(?:about|some|nearly|almost|over|under) +$')

# Numbers that cost something want a source. Small ones of the first kind are words of everyday.
NUMBER = r'(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(?: [kM])?'
COST = re.compile(NUMBER + r'[ \n](?:instructions?|lines|times)\b|'
                  + NUMBER + r'[ \n]?(?:%|(?:ns|us|µs|ms|ticks|nanoseconds|bytes of (?:stack|code))\b)')
EVERYDAY = 10


def data():
    """key: value of all rows of docs/data/*.tsv."""
    rows = {}
    for path in sorted(glob.glob(os.path.join(ROOT, 'docs/data/*.tsv'))):
        with open(path, encoding='utf-8') as file:
            for line in file:
                cells = line.rstrip('\n').split('\t')
                if len(cells) > 1 and not line.startswith('#'):
                    rows[cells[0]] = cells[1]
    return rows


def number(text):
    """'2.26 M' as (a Decimal, its scale, its decimals); None if it is no number."""
    scale = 1
    if text[-1:] in SCALE:
        scale, text = SCALE[text[-1]], text[:-1].rstrip()
    try:
        value = Decimal(text.replace(',', ''))
    except InvalidOperation:
        return None
    return value * scale, scale, max(0, -value.as_tuple().exponent)


def like(figure, value):
    """The value, written as the figure is: its scale, decimals and commas."""
    shown, real = number(figure), number(value)
    if not shown or not real:
        return value
    text = f'{real[0] / shown[1]:.{shown[2]}f}' if shown[1] != 1 or shown[2] < real[2] else f'{real[0]}'
    if ',' in figure or (len(text.split('.')[0]) > 4 and ',' in value):
        text = f'{Decimal(text):,}'
    suffix = re.search(r' ?[kMG]$', figure)
    return text + (suffix[0] if suffix else '')


def agrees(figure, value, roughly):
    """Is the figure this value, rounded to the digits that are shown?"""
    if figure == value or like(figure, value) == figure:
        return True
    shown, real = number(figure), number(value)
    if not shown or not real:
        return False
    zeros = len(figure.replace(',', '')) - len(figure.replace(',', '').rstrip('0'))
    return shown[0] == real[0] or roughly and abs(shown[0] - real[0]) <= Decimal(10) ** zeros * shown[1]


def ends_with(text, value):
    """Does the text end with the value, and not with a longer number or word? A value may have spaces."""
    return re.search(rf'(?<![\w.,]){re.escape(value)}$', text) is not None


class Sources:
    """Where the figures of one chapter come from."""

    def __init__(self, docs):
        self.outputs = '\n'.join('\n'.join(block.lines) for doc in docs for block in doc.blocks
                                 if block.kind in ('output', 'session'))
        self.rows = data()

    def value(self, source):
        """The figure that a source says, None if it only names a publication. Raises LookupError: why not."""
        kind, _, rest = source.partition(' ')
        if kind == 'known':
            return None
        if kind == 'data':
            if rest not in self.rows:
                raise LookupError(f'docs/data/ has no row {rest}')
            return self.rows[rest]
        where, pattern, text = 'the outputs of this chapter have', source, self.outputs
        if kind == 'code':
            path, _, pattern = rest.partition(' ')
            text = read_text(path)
            where = f'{path} has'
            if text is None:
                raise LookupError(f'there is no file {path}')
        try:
            found = re.search(pattern, text, re.MULTILINE)
        except re.error as error:
            raise LookupError(f'/{pattern}/ is no pattern: {error}') from error
        if not found:
            raise LookupError(f'{where} nothing like /{pattern}/')
        if not found.groups():
            raise LookupError(f'/{pattern}/ has no group, which would be the figure')
        return found[1]


def lines_of(doc):
    """(line, text) of all that may hold a figure: prose and drawings."""
    prose = [(line, SPAN.sub(lambda span: span[0].replace('<!--', '____'), text)) for line, text in doc.prose]
    return prose + [each for block in doc.blocks if block.kind in ('layout', 'sequence')
                        for each in enumerate(block.lines, block.line + 1)]


def figures_of(line):
    """(match of the figure, source, is it rough) of each figure of a line; the match is None if there is none."""
    for match in SOURCE.finditer(line):
        before = line[:match.start()]
        figure = FIGURE.search(before)
        yield figure, match[1], bool(figure and ROUGHLY.search(before[:figure.start(1)]))


def check(doc, sources, strict=True):
    """With `strict`, a number of a cost must have a source."""
    problems = []
    for line, text in lines_of(doc):
        for figure, source, roughly in figures_of(text):
            if not figure:
                problems.append(Problem(doc, line, f'no figure stands in front of <!--= {source} -->'))
                continue
            try:
                value = sources.value(source)
            except LookupError as error:
                problems.append(Problem(doc, line, f'{figure[1]}: {error}'))
                continue
            if value is not None and not ends_with(text[:figure.end(1)], value) and not agrees(figure[1], value, roughly):
                problems.append(Problem(doc, line, f'want {figure[1]}, got {value} by /{source}/; '
                                        f'if it should be so: make book-accept FILES={doc.path}'))
    return problems + (without_source(doc) if strict else [])


def without_source(doc):
    """Numbers of a cost that have no source behind them."""
    lines = [''] * len(doc.lines)
    for line, text in doc.prose:
        lines[line - 1] = re.sub(r'\S+<!--=.*?-->', '', text)
    text = SPAN.sub(lambda span: re.sub(r'[^\n]', ' ', span[0]), '\n'.join(lines))
    problems = []
    for match in COST.finditer(text):
        if match[1] and number(match[1]) and number(match[1])[0] <= EVERYDAY:
            continue
        what = match[0].replace('\n', ' ')
        problems.append(Problem(doc, line_at(text, match.start()),
                                f'where does "{what}" come from? Its source stands behind the number: <!--= ... -->'))
    return problems


def renew(doc, sources):
    """Writes the figures that the outputs of now hold. Returns what a person must look at."""
    notes = []
    for line, text in lines_of(doc):
        for match in reversed(list(SOURCE.finditer(text))):
            before = text[:match.start()]
            figure = FIGURE.search(before)
            try:
                value = sources.value(match[1])
            except LookupError as error:
                notes.append(f'{doc.path}:{line}: {error}')
                continue
            if not figure or value is None or ends_with(before[:figure.end(1)], value):
                continue
            if not agrees(figure[1], value, bool(ROUGHLY.search(before[:figure.start(1)]))):
                text = before[:figure.start(1)] + like(figure[1], value) + before[figure.end(1):] + text[match.start():]
        doc.lines[line - 1] = text
    doc.parse(doc.lines)
    return notes

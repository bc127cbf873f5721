# SPDX-License-Identifier: MIT
"""Drawings: blocks `layout` and `sequence`, readable as text, as SVG that takes its colours from the page.

    layout: each row is a label and its cells; `*` at the end marks a cell that matters; `word:3` is three wide.
    sequence: the first row names the columns; each other row is one moment; `.` is nothing; `text -> N` is an
    arrow to column N, counted from 0. A figure may have its source behind it, as in prose.
"""
import re
import textwrap
from html import escape

from book_parts.document import COMMENT, Problem

KINDS = ('layout', 'sequence')
ARROW = re.compile(r'^(.*?)\s*-> *(\d+)\b(.*)$')
WIDE = re.compile(r'^(.*):(\d+)(\*?)$')

CHAR, LINE, PAD = 7.4, 17, 8    # of a monospace font of 12 px


class Drawing:
    """The parts of a block: title, the sentence that says what to see, rows of cells."""

    def __init__(self, doc, block):
        self.kind, self.title, self.see, self.rows = block.kind, '', '', []
        for number, line in enumerate(block.lines, block.line + 1):
            line = COMMENT.sub('', line)
            key, _, text = line.partition(':')
            if key in ('title', 'see') and not self.rows:
                setattr(self, key, text.strip())
            elif line.strip():
                self.rows.append((number, [cell.strip() for cell in line.split('|')]))
        if not self.title or not self.see:
            raise Problem(doc, block.line, f'a {self.kind} begins with `title:` and `see:`')
        if len(self.rows) < 2:
            raise Problem(doc, block.line, f'this {self.kind} has fewer than two rows')
        if self.kind == 'sequence':
            self.check_sequence(doc)

    def check_sequence(self, doc):
        columns = len(self.rows[0][1])
        for number, cells in self.rows[1:]:
            if len(cells) > columns:
                raise Problem(doc, number, f'{len(cells)} cells, but only {columns} columns')
            for at, cell in enumerate(cells):
                arrow = ARROW.match(cell)
                if arrow and (int(arrow[2]) >= columns or int(arrow[2]) == at):
                    raise Problem(doc, number, f'the arrow "{cell}" leads from column {at} to column {arrow[2]}; '
                                  f'there are columns 0 to {columns - 1}')


def cell_of(text):
    """(text, width, is it marked) of a cell of a layout."""
    wide = WIDE.match(text)
    if wide:
        return wide[1].removesuffix('*'), int(wide[2]), bool(wide[3]) or wide[1].endswith('*')
    return text.removesuffix('*'), 1, text.endswith('*')


def text_at(x, y, lines, anchor='middle', style=''):
    """SVG of lines of text, centred at y."""
    top = y - (len(lines) - 1) * LINE / 2 + 4
    return ''.join(f'<text x="{x:g}" y="{top + i * LINE:g}" text-anchor="{anchor}"{style}>{escape(line)}</text>'
                   for i, line in enumerate(lines))


def svg(drawing, width, height, parts):
    """The whole figure: it scrolls in its own box if the page is narrower."""
    title, see = escape(drawing.title), escape(drawing.see)
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    least = f'style="min-width:{0.85 * width:.0f}px"'
    return '\n'.join([
        '<figure class="drawing">',
        f'<div class="box"><svg {size} {least} role="img" aria-label="{title}: {see}">',
        *parts,
        f'</svg></div>\n<figcaption><b>{title}.</b> {see}</figcaption>',
        '</figure>'])


def layout(drawing):
    rows = [(cells[0], [cell_of(cell) for cell in cells[1:]]) for _, cells in drawing.rows]
    label = max(len(name) for name, _ in rows) * CHAR + 2 * PAD
    unit = max((len(text) * CHAR + 2 * PAD) / width for _, cells in rows for text, width, _ in cells)
    unit = max(unit, 44)
    high = LINE + 2 * PAD
    parts, y = [], 1
    for name, cells in rows:
        parts.append(text_at(label - PAD, y + high / 2, [name], 'end', ' class="label"'))
        x = label
        for text, width, marked in cells:
            parts.append(f'<rect class="{"marked" if marked else "cell"}" x="{x:g}" y="{y:g}" width="{unit * width:g}" '
                         f'height="{high}"/>')
            parts.append(text_at(x + unit * width / 2, y + high / 2, [text], style=' class="strong"' if marked else ''))
            x += unit * width
        y += high + (6 if len(cells) > 1 else 0)
    width = label + unit * max(sum(width for _, width, _ in cells) for _, cells in rows) + 1
    return svg(drawing, width, y + 1, parts)


def sequence(drawing):
    names = drawing.rows[0][1]
    room = 168 if len(names) < 4 else 150
    fit = int((room - 2 * PAD) / CHAR)
    parts, y = [], 0
    for at, name in enumerate(names):
        lines = textwrap.wrap(name, fit)
        y = max(y, len(lines) * LINE + PAD)
        parts.append(text_at(room * (at + 0.5), len(lines) * LINE / 2 + 2, lines, style=' class="strong"'))
    top, rows = y, []
    y += PAD
    for _, cells in drawing.rows[1:]:
        moments = []
        for at, cell in enumerate(cells):
            if cell in ('.', ''):
                continue
            arrow = ARROW.match(cell)
            text = (arrow[1] + arrow[3]).strip() if arrow else cell
            span = abs(int(arrow[2]) - at) if arrow else 1
            lines = textwrap.wrap(text, int((room * span - 2 * PAD) / CHAR))
            moments.append((at, int(arrow[2]) if arrow else None, lines))
        high = max((len(lines) for _, _, lines in moments), default=1) * LINE + PAD
        for at, to, lines in moments:
            rows.append(moment(at, to, lines, room, y, high))
        y += high + PAD
    for at in range(len(names)):
        x = room * (at + 0.5)
        parts.append(f'<line class="life" x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{y:g}"/>')
    return svg(drawing, room * len(names), y + 2, parts + rows)


def moment(at, to, lines, room, y, high):
    """What happens in one column: a box, or an arrow with its text above."""
    x = room * (at + 0.5)
    if to is None:
        width = max(len(line) for line in lines) * CHAR + PAD
        return (f'<rect class="cell" x="{x - width / 2:g}" y="{y:g}" width="{width:g}" height="{high:g}" rx="3"/>'
                + text_at(x, y + high / 2, lines))
    end = room * (to + 0.5)
    tip = end - 5 if end > x else end + 5
    line = y + high
    width = max((len(text) for text in lines), default=0) * CHAR
    middle = (x + end) / 2
    return (f'<rect class="behind" x="{middle - width / 2:g}" y="{y:g}" width="{width:g}" height="{high - 3:g}"/>'
            + text_at(middle, y + (high - PAD) / 2 + 2, lines)
            + f'<line class="arrow" x1="{x:g}" y1="{line:g}" x2="{tip:g}" y2="{line:g}"/>'
            f'<path class="tip" d="M{end:g} {line:g} L{tip:g} {line - 4:g} L{tip:g} {line + 4:g} Z"/>')


def drawn(doc, block):
    """The SVG of a block."""
    drawing = Drawing(doc, block)
    return layout(drawing) if drawing.kind == 'layout' else sequence(drawing)


def check(doc):
    problems = []
    for block in doc.blocks:
        if block.kind in KINDS:
            try:
                Drawing(doc, block)
            except Problem as problem:
                problems.append(problem)
    return problems

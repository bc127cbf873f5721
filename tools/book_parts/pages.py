# SPDX-License-Identifier: MIT
"""HTML and PDF of the book, by pandoc and chromium, in build/book/."""
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from html import escape

from book_parts import drawings, excerpts, form, links
from book_parts.document import COMMENT, ROOT, Problem, read_text

OUT = 'build/book'
TITLE = 'fivebyte, the book'
LEAD = ('A kernel in which every function begins with five bytes of nop, and what a call of an eBPF program from '
        'there takes.')
READER = 'gfm+attributes+raw_attribute-emoji-tex_math_dollars'
TYPED = re.compile(r'^((?:fivebyte&gt;|\(gdb\)|\$) )(.*)$', re.MULTILINE)
IN = {'run': 'fivebyte', 'gdb': 'GDB', 'sh': 'your shell'}
HREF = re.compile(r'href="([^"]*)"')
FILE = re.compile(r'<a [^>]*>.*?</a>|<pre.*?</pre>|<code>([\w.-]+(?:/[\w.-]+)+)</code>', re.DOTALL)
ID = re.compile(r'\bid="([^"]*)"')


class Page:
    """One page of HTML, of one file or, for the answers, of several."""

    def __init__(self, file, docs, group):
        self.file, self.docs, self.group = file, docs, group
        first = next((title for _, _, title in docs[0].headings), docs[0].name)
        self.title = 'Answers' if file == 'answers.html' else first
        self.parts = []    # the HTML of each file
        chapter = form.number_of(docs[0].path) if group == 'chapter' else 0
        self.number = str(chapter) if chapter else ''
        try:
            self.minutes = form.facts_of(docs[0])[0] if chapter else None
        except Problem:
            self.minutes = None


def pages_of(chapters):
    """All pages, in the order of the book."""
    pages, answers, rest = [], [], []
    for chapter in chapters:
        doc = chapter.docs[0]
        answers += chapter.docs[1:]
        if re.match(r'docs/book/\d\d-', doc.path):
            pages.append(Page(f'{doc.name}.html', [doc], 'chapter'))
        elif doc.path == 'docs/book/README.md':
            continue
        elif doc.path.startswith('docs/book/'):
            rest.append(Page(f'{doc.name}.html', [doc], 'appendix'))
        elif doc.path.startswith('labs/'):
            rest.append(Page(f'lab-{doc.path.split("/")[1]}.html', [doc], 'lab'))
        else:
            rest.append(Page(f'{doc.name.lower()}.html', [doc], 'page'))
    if answers:
        pages.append(Page('answers.html', answers, 'appendix'))
    order = ['appendix', 'lab', 'page']
    return pages + sorted(rest, key=lambda page: order.index(page.group))


# --- From a file to HTML -----------------------------------------------------------------------------------


def code_block(text, kind):
    """A block that pandoc colours."""
    fence = '`' * max(3, max((len(run) + 1 for run in re.findall('`+', text)), default=3))
    return f'{fence} {{.{kind}}}\n{text}\n{fence}' if kind != 'default' else f'{fence}\n{text}\n{fence}'


def raw(html):
    return f'```{{=html}}\n{html}\n```'


def block_text(doc, block):
    """A block as Markdown for pandoc."""
    text = '\n'.join(block.lines)
    if block.kind in drawings.KINDS:
        return raw(drawings.drawn(doc, block))
    if block.kind in IN:
        where = f'class="{block.kind}" data-in="{IN[block.kind]}"'
        return raw(f'<pre {where} tabindex="0"><code>{escape(text)}</code></pre>')
    if block.kind in ('output', 'session'):
        text = TYPED.sub(r'\1<b>\2</b>', escape(text, quote=False))
        return raw(f'<pre class="{block.kind}" tabindex="0"><code>{text}</code></pre>')
    return code_block(text, block.kind or 'default')


def excerpt_text(path, what, link):
    """An excerpt as Markdown for pandoc: where it is from, and its lines."""
    try:
        lines = excerpts.excerpt(path, what)
    except excerpts.Missing as missing:
        raise SystemExit(f'book: {missing}') from missing
    name = '' if what.startswith('/') else f', {escape(what.split(" /")[0])}'
    head = f'<p class="from"><a href="{link}">{escape(path)}</a>{name}</p>'
    language = excerpts.LANGUAGES.get(os.path.splitext(path)[1], 'bash')
    code = '\n'.join(line.expandtabs() for line in lines)
    return f'{raw(head)}\n\n{code_block(code, language)}'


def markdown(doc):
    """The file as Markdown for pandoc: drawings, sessions and excerpts in their places, no comments."""
    lines = list(doc.lines)
    wanted = {line: (path, what, link) for line, path, what, link in excerpts.excerpts_of(doc)}
    for line, text in doc.prose:
        lines[line - 1] = excerpt_text(*wanted[line]) if line in wanted else COMMENT.sub('', text)
    for block in sorted(doc.blocks, key=lambda block: -block.line):
        lines[block.line - 1:block.end] = ['', block_text(doc, block), '']
    return re.sub(r'<!--.*?-->', '', '\n'.join(lines), flags=re.DOTALL)


def to_html(doc):
    done = subprocess.run(['pandoc', '-f', READER, '-t', 'html5', '--columns=10000'], input=markdown(doc), cwd=ROOT,
                          stdout=subprocess.PIPE, encoding='utf-8', check=True)
    html = re.sub(r'<table>', '<div class="wide"><table>', done.stdout).replace('</table>', '</table></div>')
    return FILE.sub(lambda match: linked(match, doc), html.replace(' aria-hidden="true" tabindex="-1"', ''))


def linked(match, doc):
    """A file of the tree that is named in code, as a link to it."""
    path = match[1]
    if not path or not os.path.isfile(os.path.join(ROOT, path)):
        return match[0]
    return f'<a href="{os.path.relpath(path, os.path.dirname(doc.path) or ".")}">{match[0]}</a>'


# --- Links -------------------------------------------------------------------------------------------------


class Places:
    """Where each file of the tree is in the book."""

    def __init__(self, pages):
        self.page = {doc.path: page for page in pages for doc in page.docs}
        self.docs = {doc.path: doc for page in pages for doc in page.docs}

    def resolve(self, html, doc, one_file):
        """The HTML of a file, with links that lead from the page, or within the one file."""
        def there(match):
            target = match[1]
            if links.outside(target):
                return match[0]
            file, _, anchor = target.partition('#')
            path = os.path.normpath(os.path.join(os.path.dirname(doc.path), file)) if file else doc.path
            if path not in self.page:
                return 'data-none' if one_file else f'href="../../{path}"'
            if one_file or self.several(path):
                anchor = self.anchor(path, anchor)
            return f'href="#{anchor}"' if one_file else f'href="{self.page[path].file}{"#" + anchor if anchor else ""}"'

        html = HREF.sub(there, html)
        if one_file or self.several(doc.path):
            html = ID.sub(lambda match: f'id="{self.anchor(doc.path, match[1])}"', html)
        if one_file:    # without a server there is no file to lead to: text
            html = re.sub(r'<a data-none[^>]*>(.*?)</a>', r'\1', html, flags=re.DOTALL)
        return html

    def several(self, path):
        """Is the page of a file made of several files?"""
        return len(self.page[path].docs) > 1

    def anchor(self, path, anchor=''):
        name = re.sub(r'\W+', '-', os.path.splitext(path.removeprefix('docs/').removeprefix('book/'))[0].lower())
        return f'{name}--{anchor}' if anchor else name


# --- The pages ---------------------------------------------------------------------------------------------


def said_by(*args):
    done = subprocess.run(args, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding='utf-8',
                          check=False)
    return done.stdout.split('\n')[0]


def foot():
    commit = said_by('git', 'describe', '--always', '--dirty', '--abbrev=12') or 'unknown'
    return f'Commit {escape(commit)}, compiled by {escape(said_by("gcc", "--version"))}.'


def whole(title, body, style):
    return '\n'.join([
        '<!doctype html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">', f'<title>{escape(title)}</title>',
        '<link rel="icon" href="data:,">', f'<style>\n{style}</style>', '</head>', '<body>', body, '</body>',
        '</html>', ''])


def contents(pages, href):
    """The table of contents, with the minutes summed."""
    groups = [('chapter', ''), ('appendix', 'Appendices'), ('lab', 'Labs'), ('page', 'More')]
    parts = []
    for group, title in groups:
        rows = [page for page in pages if page.group == group]
        if not rows:
            continue
        parts.append(f'<h2>{title}</h2>' if title else '')
        parts.append('<table class="contents">')
        for page in rows:
            minutes = f'{page.minutes} min' if page.minutes else ''
            link = f'<a href="{href(page)}">{escape(page.title.replace("`", ""))}</a>'
            parts.append(f'<tr><td>{page.number}</td><td>{link}</td><td>{minutes}</td></tr>')
        total = sum(page.minutes or 0 for page in rows)
        if total:
            parts.append(f'<tr><td></td><td>to read all</td><td>{total // 60} h {total % 60} min</td></tr>')
        parts.append('</table>')
    return '\n'.join(parts)


def neighbours(pages, at):
    """Links to the page before and the page behind."""
    before, after = '<span></span>', ''
    if at:
        before = f'<a rel="prev" href="{pages[at - 1].file}">&larr; {escape(pages[at - 1].title)}</a>'
    if at + 1 < len(pages):
        after = f'<a rel="next" href="{pages[at + 1].file}">{escape(pages[at + 1].title)} &rarr;</a>'
    return f'<nav>{before}{after}</nav>'


def headed(page, html):
    """The number of a chapter stands before its title."""
    return re.sub(r'(<h1[^>]*>)', rf'\g<1>{page.number} ', html, count=1) if page.number else html


def write(name, text):
    with open(os.path.join(ROOT, OUT, name), 'w', encoding='utf-8') as file:
        file.write(text)


def to_pdf(source, target):
    """True if chromium made the PDF."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                               f'--user-data-dir={home}', '--no-pdf-header-footer', f'--print-to-pdf={target}',
                               f'file://{source}'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300, check=False)
    return done.returncode == 0 and os.path.exists(target)


def one_heading(html):
    """The answers of all chapters, below one heading."""
    return '<h1>Answers</h1>\n' + re.sub(r'<(/?)h1', r'<\1h2', html)


def section(places, doc, html, kind):
    return f'<section class="{kind}" id="{places.anchor(doc.path)}">\n{html}\n</section>'


def page_html(page, places, made):
    """What a page shows, between its head and its foot."""
    if page.file != 'answers.html':
        return headed(page, places.resolve(made[page.docs[0].path], page.docs[0], False))
    return one_heading('\n'.join(section(places, doc, places.resolve(made[doc.path], doc, False), 'part')
                                 for doc in page.docs))


def all_in_one(pages, places, made, front):
    """The whole book, a section a chapter."""
    links_to = contents(pages, lambda page: '#' + places.anchor(page.docs[0].path))
    sections = [f'<section>\n{front}{links_to}\n<p>{foot()}</p></section>']
    for page in pages:
        html = '\n'.join(section(places, doc, headed(page, places.resolve(made[doc.path], doc, True)), 'part')
                         for doc in page.docs)
        html = one_heading(html) if page.file == 'answers.html' else html
        sections.append(f'<section class="chapter">\n{html}\n</section>')
    return '<main>\n' + '\n'.join(sections) + '\n</main>'


def build(chapters):
    """Makes all pages of these chapters, whose outputs are fresh. True if all went well."""
    pages = pages_of(chapters)
    places = Places(pages)
    style = read_text('tools/book_parts/style.css')
    with ThreadPoolExecutor(2) as pool:
        made = dict(zip(places.docs, pool.map(to_html, places.docs.values())))
    os.makedirs(os.path.join(ROOT, OUT), exist_ok=True)
    last = f'<p>{foot()}</p>'
    for at, page in enumerate(pages):
        body = (f'<header><nav><a href="index.html">{TITLE}</a></nav></header>\n'
                f'<main>\n{page_html(page, places, made)}\n</main>\n<footer>{neighbours(pages, at)}{last}</footer>')
        write(page.file, whole(f'{page.title} - {TITLE}', body, style))
    front = f'<h1>{TITLE}</h1>\n<p>{LEAD}</p>\n'
    more = '<p>All in one: <a href="fivebyte.html">fivebyte.html</a>, <a href="fivebyte.pdf">fivebyte.pdf</a>.</p>\n'
    index = f'<main>\n{front}{more}{contents(pages, lambda page: page.file)}\n</main>\n<footer>{last}</footer>'
    write('index.html', whole(TITLE, index, style))
    write('fivebyte.html', whole(TITLE, all_in_one(pages, places, made, front), style))
    folder = os.path.join(ROOT, OUT)
    return to_pdf(os.path.join(folder, 'fivebyte.html'), os.path.join(folder, 'fivebyte.pdf'))

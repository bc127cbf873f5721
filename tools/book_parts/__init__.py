# SPDX-License-Identifier: MIT
"""The parts of tools/book: one idea a file.

document   a Markdown file as blocks, prose and headings
compare    what a machine printed against what the file shows, masked by name
machine    runs the commands of sessions
sessions   which commands share a boot; checks and accepts their outputs
excerpts   finds lines of source by file and symbol
figures    the source of each figure in prose
names      what stands in inline code exists
links      files and anchors that links lead to
form       headings, order and limits of a chapter; the glossary
drawings   `layout` and `sequence` as SVG
pages      HTML and PDF
"""

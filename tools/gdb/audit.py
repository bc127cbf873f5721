# SPDX-License-Identifier: MIT
# fivebyte-audit: compares the kernel's text in the machine with the ELF file, byte by byte, without the
# kernel's own audit. Symbols explain what may differ: a site or a tracepoint's branch that holds a call or a
# jump, and a change in progress.
import gdb


def explain(addr, found, places, changing):
    """Returns why the machine holds these bytes, as a phrase, or None."""
    if addr in changing:
        return "a change is in progress"
    if found[0] in (CALL, JMP) and len(found) == SITE_LEN and (addr in places or text_name(target(found, addr))):
        return instruction(found, addr)
    return None


class Audit(Command):
    """Compare the text in the machine with the ELF file.
Usage: fivebyte-audit
Each difference is a line that explains it."""

    def run(self):
        base = address_of("text_start")
        length = address_of("text_end") - base
        found = read(base, length)
        with gdb.with_parameter("trust-readonly-sections", True):  # GDB reads them from the file
            wanted = read(base, length)
        branches = (row[0] for row in linked_table("tracepoint_branches", "<QQQ"))  # struct tracepoint_branch
        places, changing = {*compiled_sites(), *branches}, changes_in_progress()
        at = explained = unexplained = 0
        while at < len(wanted):
            if wanted[at] == found[at]:
                at += 1
                continue
            # The first byte of a place may be the same in both.
            begin = next((at - i for i in range(SITE_LEN) if base + at - i in places), at)
            why = explain(base + begin, found[begin : begin + SITE_LEN], places, changing)
            if why:
                explained += 1
                print(f"{base + begin:x} {symbol(base + begin)}: {why}")
                at = begin + SITE_LEN
                continue
            unexplained += 1
            print(f"{base + at:x} {symbol(base + at)}: expected {wanted[at]:02x} but found {found[at]:02x}")
            at += 1
        print(f"fivebyte-audit: {len(wanted)} bytes of text, {explained} explained, {unexplained} not")


Audit("fivebyte-audit")

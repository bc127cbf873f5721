# SPDX-License-Identifier: MIT
# Gives generated code names in backtraces: the name that kernel/mem/text.c has for the block
# (bpf_trampoline_kfree_skb).
import gdb
from gdb.FrameDecorator import FrameDecorator


def text_block(pc):
    """Returns the block of generated code that holds pc, or None, as text_find of kernel/mem/text.c does."""
    chunks, granule = static("text.c", "chunks"), int(fixed("GRANULE"))
    for i in range(int(static("text.c", "chunk_count"))):
        offset = pc - int(chunks[i]["base"])
        if 0 <= offset < int(chunks[i]["granules"]) * granule:
            block = chunks[i]["owner"][offset // granule]
            return block if int(block) else None
    return None


def text_name(pc):
    block = text_block(pc)
    return block["name"].string() if block is not None else None


class Named(FrameDecorator):
    def function(self):
        name = super().function()
        if isinstance(name, str):
            return name
        return text_name(self.inferior_frame().pc()) or name


class Names:
    """The filter that decorates every frame with its name."""

    def __init__(self):
        self.name, self.priority, self.enabled = "fivebyte names", 100, True

    def filter(self, frames):
        return map(Named, frames)


gdb.frame_filters[Names().name] = Names()

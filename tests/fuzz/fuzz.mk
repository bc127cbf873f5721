# SPDX-License-Identifier: MIT
# Fuzzers: libFuzzer of Debian's clang, with both sanitizers, over the same sources as the host tests.
# make fuzz SECONDS=60 [JOBS=2] [SEED=1]; see tests/fuzz/run.

Z          := build/fuzz
FUZZ_FLAGS := $(HOST_FLAGS) -O1 -D__SANITIZE_ADDRESS__ -fsanitize=address,undefined \
	      -fno-sanitize-recover=undefined
# What comparisons compare is asked only where a file is read: it would take two thirds of the JIT's time.
FUZZ_COVER := -fsanitize-coverage=inline-8bit-counters,pc-table
FUZZERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# What is looked at, and what helps to look, which would only count as coverage.
FUZZ_OBJS  := $(patsubst %.c,$(Z)/%.o,$(filter kernel/lib/% vm/%,$(HOST_PURE)))
FUZZ_HELP  := $(patsubst %.c,$(Z)/%.o,$(HOST_FRAME) kernel/cpu/x86_64/probe.c kernel/trace/format.c \
	      $(addprefix tests/,fuzz/fuzz.c fuzz/edit.c fuzz/mutate.c fuzz/dense.c vm_model.c))

$(Z)/%.o: %.c
	@mkdir -p $(@D)
	$(call step,FUZZCC,$<)$(BPF_CLANG) $(FUZZ_FLAGS) -c $< -o $@

# The oracle. With its hundreds of computed gotos clang takes minutes for it.
$(filter %/interp.o,$(FUZZ_OBJS)): BPF_CLANG = $(HOSTCC)
$(filter %/interp.o,$(FUZZ_OBJS)): FUZZ_COVER =

$(Z)/kernel/lib/mem.o: FUZZ_FLAGS += $(MEM_NAMES) -fno-builtin
$(FUZZ_OBJS): FUZZ_FLAGS += $(FUZZ_COVER)
$(filter $(Z)/vm/load/% $(Z)/kernel/lib/btf%.o,$(FUZZ_OBJS)): FUZZ_COVER := $(FUZZ_COVER),trace-cmp

$(addprefix $(Z)/,$(FUZZERS)): $(Z)/%: $(Z)/tests/fuzz/%.o $(FUZZ_HELP) $(FUZZ_OBJS)
	$(call step,FUZZLD,$@)$(BPF_CLANG) -no-pie -fsanitize=fuzzer,address,undefined $^ -o $@

.PHONY: fuzz fuzzers
fuzzers: $(addprefix $(Z)/,$(FUZZERS))

JOBS = 1
fuzz: fuzzers $(HOST_OBJECTS)
	@tests/fuzz/run $(SECONDS) $(JOBS) $(SEED)

# The programs of progs/, and the kernel's types for what they ask of them.
ifdef PROGS
fuzz: $(PROGS) $(B)/fivebyte.btf
endif

-include $(FUZZ_OBJS:.o=.d) $(FUZZ_HELP:.o=.d)

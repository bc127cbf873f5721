# SPDX-License-Identifier: MIT
# Fuzzers: the sources of the host tests with libFuzzer of Debian's clang and both sanitizers.
# make fuzz SECONDS=60 [JOBS=2] [SEED=1]; see tests/fuzz/run.

Z          := build/fuzz
FUZZ_FLAGS := $(HOST_FLAGS) -O1 -D__SANITIZE_ADDRESS__ -fsanitize=address,undefined \
	      -fno-sanitize-recover=undefined
# libFuzzer watches the operands of comparisons only in code that reads a file (trace-cmp): in the JIT it
# would take two thirds of the time.
FUZZ_COVER := -fsanitize-coverage=inline-8bit-counters,pc-table
FUZZERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# FUZZ_OBJS is the code under test. FUZZ_HELP is the rest, whose coverage would only mislead.
FUZZ_OBJS  := $(patsubst %.c,$(Z)/%.o,$(filter kernel/lib/% vm/%,$(HOST_PURE)))
FUZZ_HELP  := $(patsubst %.c,$(Z)/%.o,$(HOST_FRAME) kernel/cpu/x86_64/probe.c kernel/trace/format.c \
	      $(addprefix tests/,fuzz/fuzz.c fuzz/edit.c fuzz/mutate.c fuzz/dense.c vm_model.c))

$(Z)/%.o: %.c
	@mkdir -p $(@D)
	$(call step,FUZZCC,$<)$(BPF_CLANG) $(FUZZ_FLAGS) -c $< -o $@

# clang takes minutes for the interpreter, which has hundreds of computed gotos.
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
fuzz: fuzzers $(H)/fuzz-verify $(HOST_OBJECTS)
	@tests/fuzz/run $(SECONDS) $(JOBS) $(SEED)

# The fuzzer of the loader begins with the programs of progs/ and the kernel's types.
ifdef PROGS
fuzz: $(PROGS) $(B)/fivebyte.btf
fuzz-verify: $(B)/fivebyte.btf
endif

# The fuzzer of the verifier. It listens to the walk, and puts mistakes into it, where the linker lets it.
PROOF_OBJS := $(patsubst %.c,$(H)/opt/%.o,$(wildcard tests/fuzz/proof/*.c) tests/vm_model.c)
PROOF_WRAP := walk_arith walk_branch walk_access walk_exit walk_call live_find range_alu tnum_add access_check \
	      state_covers range_assume range_sign_extend iter_widen state_forget iter_check_closed iter_called \
	      state_close global_call global_enter global_next walk_later context_read

$(H)/fuzz-verify: $(PROOF_OBJS) $(HOST_TOOL_OBJS)
	$(call step,HOSTLD,$@)$(HOSTCC) -no-pie $(PROOF_WRAP:%=-Wl,--wrap=%) $^ -o $@

# make fuzz-verify SECONDS=60 [SEED=1]: first that it finds mistakes, then what it finds.
.PHONY: fuzz-verify
fuzz-verify: $(H)/fuzz-verify
	$< --self-test
	$< --seed $(or $(SEED),1) --seconds $(or $(SECONDS),60)

-include $(FUZZ_OBJS:.o=.d) $(FUZZ_HELP:.o=.d) $(PROOF_OBJS:.o=.d)

# SPDX-License-Identifier: MIT
# Host tests and host tools: the pure sources, with a few kernel services made from libc (tests/host).
# The main Makefile includes this file. `make -f tests/host/host.mk check-host` works without it.

H         ?= build/host
HOSTCC    ?= gcc
BPF_CLANG ?= clang
# Not position independent: code, heap and generated text all lie below 2 GiB, so that generated code
# reaches everything with 32-bit displacements, as it does in the kernel's top 2 GiB.
HOST_FLAGS := -std=gnu11 -g -Wall -Wextra -I. -fno-pie -fno-strict-aliasing -fno-omit-frame-pointer -MMD -MP
HOST_SAN   := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined

# The files of tramp/ that only compute.
HOST_TRAMP := tramp/model.c tramp/plan.c $(wildcard tramp/abi_*.c tramp/gen_*.c) tramp/text/poke_x86_64.c
# The pure files of kernel/ and shell/.
HOST_KERNEL := kernel/cpu/acpi.c kernel/net/checksum.c kernel/cpu/x86_64/probe.c kernel/trace/format.c \
	       shell/edit.c shell/histogram.c shell/linux_words.c shell/parse.c shell/usage.c
HOST_PURE   := $(wildcard kernel/lib/*.c) $(sort $(shell find vm -name '*.c')) $(HOST_TRAMP) $(HOST_KERNEL)
HOST_FRAME := $(filter-out tests/host/main.c tests/host/object.c,$(wildcard tests/host/*.c)) $(wildcard tests/fuzz/gen*.c)
HOST_TESTS := $(wildcard tests/host/*/test_*.c) tests/host/main.c tests/host/object.c tests/run.c \
	      tests/fuzz/dense.c tests/kernel/test_fmt.c tests/kernel/test_mem.c tests/vm/test_map.c tests/vm/test_ringbuf.c \
	      $(wildcard tests/vm/test_vm_*.c tests/vm_*.c)

HOST_TEST_OBJS := $(patsubst %.c,$(H)/san/%.o,$(HOST_PURE) $(HOST_FRAME) $(HOST_TESTS))
HOST_TOOL_OBJS := $(patsubst %.c,$(H)/opt/%.o,$(HOST_PURE) $(HOST_FRAME))
HOST_TOOLS     := $(patsubst tools/host/%.c,$(H)/%,$(wildcard tools/host/*.c))

# Where our memcpy and its like are defined and tested, they have other names. All other code calls those of
# libc, which the sanitizers watch.
MEM_NAMES := $(foreach f,memcpy memmove memset memcmp strlen strnlen strcmp strncmp,-D$(f)=fivebyte_$(f))
$(H)/%/kernel/lib/mem.o $(H)/%/tests/kernel/test_mem.o: HOST_FLAGS += $(MEM_NAMES) -fno-builtin

$(H)/san/%.o: %.c
	@mkdir -p $(@D)
	$(call step,HOSTCC,$<)$(HOSTCC) $(HOST_FLAGS) $(HOST_SAN) -c $< -o $@

$(H)/opt/%.o: %.c
	@mkdir -p $(@D)
	$(call step,HOSTCC,$<)$(HOSTCC) $(HOST_FLAGS) -O2 -c $< -o $@

$(H)/tests: $(HOST_TEST_OBJS)
	$(call step,HOSTLD,$@)$(HOSTCC) -no-pie $(HOST_SAN) $^ -o $@

# It looks at one program of an object: see the file.
$(H)/bpf-verify: WRAP = -Wl,--wrap=prog_verify
$(HOST_TOOLS): $(H)/%: $(H)/opt/tools/host/%.o $(HOST_TOOL_OBJS)
	$(call step,HOSTLD,$@)$(HOSTCC) -no-pie $(WRAP) $^ $(HOST_LIBS) -o $@

# Objects that the tests of the loader read. Those that need the kernel's types include vmlinux.h.
BPF_FLAGS    := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Ibuild -I. -I/usr/include/$(shell $(HOSTCC) -dumpmachine)
HOST_OBJECTS := $(patsubst tests/progs/%.bpf.c,build/tests/%.bpf.o,$(wildcard tests/progs/*.bpf.c))
HOST_VMLINUX := $(patsubst tests/progs/%.bpf.c,build/tests/%.bpf.o,$(shell grep -l vmlinux.h tests/progs/*.bpf.c))

$(HOST_OBJECTS): build/tests/%.bpf.o: tests/progs/%.bpf.c
	@mkdir -p $(@D)
	$(call step,BPF,$@)$(BPF_CLANG) $(BPF_FLAGS) -MMD -MP -c $< -o $@
$(HOST_VMLINUX): build/vmlinux.h

# Objects that ask for what CO-RE cannot find, one reason each; and objects that first ask whether it exists,
# as clang compiles the question at each level of optimisation.
CORE_LACKS  := $(patsubst %,build/tests/core_lacks_%.bpf.o,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
CORE_GUARDS := $(foreach o,O1 O2 O3 Os,$(foreach v,v1 v2 v3,build/tests/core_guards_$(o)_$(v).bpf.o))
$(CORE_LACKS): build/tests/core_lacks_%.bpf.o: tests/progs/core_lacks.bpf.c
	$(call step,BPF,$@)$(BPF_CLANG) $(BPF_FLAGS) -DWAY=$* -MMD -MP -c $< -o $@
$(CORE_GUARDS): build/tests/core_guards_%.bpf.o: tests/progs/core_guards.bpf.c
	$(call step,BPF,$@)$(BPF_CLANG) $(BPF_FLAGS) -$(subst _, -mcpu=,$*) -MMD -MP -c $< -o $@
# Objects that take an argument for another type, one way each.
TAKEN_AS := $(patsubst %,build/tests/taken_as_%.bpf.o,1 2 3 4 5 6 7 8 9 10)
$(TAKEN_AS): build/tests/taken_as_%.bpf.o: tests/progs/taken_as.bpf.c build/vmlinux.h
	$(call step,BPF,$@)$(BPF_CLANG) $(BPF_FLAGS) -DWAY=$* -MMD -MP -c $< -o $@
HOST_OBJECTS += $(CORE_LACKS) $(CORE_GUARDS) $(TAKEN_AS)

# Objects that other tools write.
HOST_OBJECTS += build/tests/statics_linked.bpf.o build/tests/statics_stripped.bpf.o
build/tests/statics_linked.bpf.o: build/tests/statics_a.bpf.o build/tests/statics_b.bpf.o
	$(call step,BPFLD,$@)bpftool gen object $@ $^
build/tests/statics_stripped.bpf.o: build/tests/statics_a.bpf.o
	$(call step,STRIP,$@)llvm-strip -x -o $@ $<

# The benchmarks: each source is compiled to eBPF, and to machine code by both compilers. BENCH_TIMER times
# them.
BENCH_SOURCES := $(wildcard tests/bench/*.bpf.c)
BENCH_OBJECTS := $(BENCH_SOURCES:tests/bench/%.bpf.c=build/bench/%.bpf.o)
BENCH_NATIVE  := $(foreach cc,gcc clang,$(BENCH_SOURCES:tests/bench/%.bpf.c=$(H)/bench/$(cc)/%.o))
BENCH_TIMER   := $(patsubst %.c,$(H)/opt/%.o,$(filter-out $(BENCH_SOURCES),$(wildcard tests/bench/*.c)))
BENCH_FLAGS   := -O2 -Wall -Wextra -fno-strict-aliasing -I. -MMD -MP

build/bench/%.bpf.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call step,BPF,$<)$(BPF_CLANG) $(BENCH_FLAGS) -g -target bpf -mcpu=v3 -c $< -o $@

# Without vectors: an eBPF machine has none, so a comparison with them would say nothing about it.
$(H)/bench/gcc/%.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call step,HOSTCC,$@)gcc $(BENCH_FLAGS) -fno-pie -DBENCH_PREFIX=gcc_ -c $< -o $@

$(H)/bench/clang/%.o: tests/bench/%.bpf.c
	@mkdir -p $(@D)
	$(call step,HOSTCC,$@)$(BPF_CLANG) $(BENCH_FLAGS) -fno-pie -fno-vectorize -fno-slp-vectorize -DBENCH_PREFIX=clang_ -c $< -o $@

$(H)/bench-vm: $(BENCH_NATIVE) $(BENCH_TIMER)
$(H)/bench-vm: HOST_LIBS := -lm

# make bench-vm [PROGRAMS='alu64 jhash'] [ROUNDS=11] [TRICKS=1] [WITHOUT=rotate,narrow]
bench-vm: $(H)/bench-vm bench-objects
	$< --json build/bench-vm.json $(if $(PROGRAMS),--programs '$(PROGRAMS)') $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(TRICKS),--tricks) $(if $(WITHOUT),--without $(WITHOUT))

# Checks that all ways compute the same, and the form of the JSON. It checks no time.
bench-check: $(H)/bench-vm bench-objects
	tests/bench/check $<

# The programs of this repository as clang 14, 16 and 19 compile them at each -O and -mcpu, all verified.
test-compilers: $(B)/vmlinux.h $(H)/bpf-verify
	$(script) tests/compilers/run $(STEP)

# The ranges of the verifier, compiled for numbers of few bits: range-4-2 for 4 bits, the low half 2 of them.
RANGE_FILES := $(wildcard vm/verify/range*.c) vm/verify/tnum.c tests/range/truth.c
RANGE_FLAGS := -std=gnu11 -g -O2 -Wall -Wextra -I.
RANGE_SMALL := $(patsubst %,$(H)/range-%,3-1 4-2 5-2 6-3)

$(RANGE_SMALL): $(H)/range-%: tests/range/small.c tests/range/sets.c $(RANGE_FILES) $(wildcard tests/range/*.h vm/verify/range*.h)
	@mkdir -p $(@D)
	$(call step,HOSTCC,$@)$(HOSTCC) $(RANGE_FLAGS) -DRANGE_BITS=$(firstword $(subst -, ,$*)) \
		-DRANGE_LOW=$(lastword $(subst -, ,$*)) $(filter %.c,$^) -o $@

$(H)/range-random: tests/range/random.c $(RANGE_FILES) $(wildcard tests/range/*.h vm/verify/range*.h)
	@mkdir -p $(@D)
	$(call step,HOSTCC,$@)$(HOSTCC) $(RANGE_FLAGS) -fsanitize=undefined -fno-sanitize-recover=undefined $(filter %.c,$^) -o $@

# All ranges of 3 and 4 bits; of 5 and 6 bits those that one description alone makes; a search at 64 bits.
test-range: $(RANGE_SMALL) $(H)/range-random
	$(H)/range-3-1 all
	$(H)/range-random 1000000
	$(H)/range-5-2 single
	$(H)/range-6-3 single
	$(H)/range-4-2 all

# What of it takes seconds.
range-slice: $(H)/range-3-1 $(H)/range-4-2 $(H)/range-random
	@$(H)/range-3-1 -q all
	@$(H)/range-4-2 -q all 23
	@$(H)/range-random 300000

.PHONY: test-compilers host check-host bench-objects bench-vm bench-check test-range range-slice
host: $(H)/tests $(HOST_TOOLS)
bench-objects: $(BENCH_OBJECTS)
check-host: $(H)/tests $(HOST_OBJECTS) range-slice
	$(H)/tests

# Some tests load the programs of progs/ and the kernel's types; without the main Makefile they are skipped.
ifdef PROGS
check-host: $(PROGS) $(B)/fivebyte.btf
endif

-include $(HOST_TEST_OBJS:.o=.d) $(HOST_TOOL_OBJS:.o=.d) $(HOST_TOOLS:$(H)/%=$(H)/opt/tools/host/%.d) $(HOST_OBJECTS:.o=.d) \
	$(BENCH_OBJECTS:.o=.d) $(BENCH_NATIVE:.o=.d) $(BENCH_TIMER:.o=.d)

include tests/fuzz/fuzz.mk

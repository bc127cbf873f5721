// SPDX-License-Identifier: MIT
// Of the JIT: what this CPU can do. A file of its own, because kernel/cpu/cpu.h and the encoder share names.
#include "kernel/cpu/cpu.h"
#include "vm/jit/x86_64/jit.h"

bool jit_has_bmi2;

#define CPUID_FEATURES 7
#define CPUID_EBX_BMI2 (1 << 8)

void jit_init(void)
{
	u32 regs[4] = { 0 };
	cpuid(0, 0, regs);
	if (regs[0] < CPUID_FEATURES)
		return;
	cpuid(CPUID_FEATURES, 0, regs);
	jit_has_bmi2 = regs[1] & CPUID_EBX_BMI2;
}

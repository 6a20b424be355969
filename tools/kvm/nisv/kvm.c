// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The registers of a vCPU of KVM, by KVM_GET_ONE_REG and KVM_SET_ONE_REG:
 * Documentation/virt/kvm/api.rst, 4.68. The numbers are KVM's binary interface; with
 * them the library builds on any host and with any kernel's headers.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "internal.h"

#define EXIT_ARM_NISV	28

#define U64		0x6030000000000000ull	/* KVM_REG_ARM64, KVM_REG_SIZE_U64 */
#define U128		0x6040000000000000ull
#define U2048		0x6080000000000000ull
#define CORE(word)	(0x0010 << 16 | (word))	/* of struct kvm_regs, in 32-bit words */
#define SYSREG(op0, op1, crn, crm, op2) \
	(0x0013 << 16 | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SVE_Z(n)	(0x0015 << 16 | (n) << 5)

static const uint64_t ids[] = {
	[NISV_SP_EL0]	 = U64 | CORE(0x3e),
	[NISV_PC]	 = U64 | CORE(0x40),
	[NISV_PSTATE]	 = U64 | CORE(0x42),
	[NISV_SP_EL1]	 = U64 | CORE(0x44),
	[NISV_SCTLR_EL1] = U64 | SYSREG(3, 0, 1, 0, 0),
	[NISV_TTBR0_EL1] = U64 | SYSREG(3, 0, 2, 0, 0),
	[NISV_TTBR1_EL1] = U64 | SYSREG(3, 0, 2, 0, 1),
	[NISV_TCR_EL1]	 = U64 | SYSREG(3, 0, 2, 0, 2),
};

static inline int one_reg(void *opaque, unsigned long request, uint64_t id, void *value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

	return ioctl((int)(intptr_t)opaque, request, &reg);
}

/* What a vCPU with SVE has instead of V0 to V31, after KVM_ARM_VCPU_FINALIZE */
static int sve_reg(void *opaque, unsigned long request, unsigned int n, void *value)
{
	uint8_t z[256] = { 0 };
	int ret;

	memcpy(z, value, 16);
	ret = one_reg(opaque, request, U2048 | SVE_Z(n), z);
	memcpy(value, z, 16);
	return ret;
}

static int v_reg(void *opaque, unsigned long request, unsigned int n, void *value)
{
	if (!one_reg(opaque, request, U128 | CORE(0x54 + 4 * n), value))
		return 0;
	if (errno != EINVAL && errno != ENOENT)
		return -1;
	return sve_reg(opaque, request, n, value);
}

/* A register of 64 bits; 0: KVM has none of this number */
static inline uint64_t id_of(unsigned int reg)
{
	if (reg < NISV_SP_EL0)
		return U64 | CORE(2 * reg);
	return reg < ARRAY_SIZE(ids) ? ids[reg] : 0;
}

static int get(void *opaque, unsigned int reg, uint64_t value[2])
{
	const uint64_t id = id_of(reg);

	if (id)
		return one_reg(opaque, KVM_GET_ONE_REG, id, value);
#ifdef __aarch64__
	if (reg == NISV_DCZID_EL0) {	/* not virtual */
		__asm__ ("mrs %0, dczid_el0" : "=r" (value[0]));
		return 0;
	}
#endif
	return reg >= NISV_V0 ? v_reg(opaque, KVM_GET_ONE_REG, reg - NISV_V0, value) : -1;
}

static int set(void *opaque, unsigned int reg, const uint64_t value[2])
{
	const uint64_t id = id_of(reg);
	uint64_t copy[2] = { value[0] };

	if (id)
		return one_reg(opaque, KVM_SET_ONE_REG, id, copy);
	if (reg < NISV_V0)
		return -1;
	copy[1] = value[1];
	return v_reg(opaque, KVM_SET_ONE_REG, reg - NISV_V0, copy);
}

void nisv_kvm_init(struct nisv_cpu *cpu, int vcpu_fd, bool el1_32bit)
{
	*cpu = (struct nisv_cpu) {
		.opaque = (void *)(intptr_t)vcpu_fd,
		.get = get,
		.set = set,
		.el1_32bit = el1_32bit,
	};
}

int nisv_kvm(struct nisv_cpu *cpu, const struct kvm_run *run, const struct nisv_bus *bus,
	     struct nisv_insn *insn)
{
	struct {
		uint64_t esr_iss, fault_ipa;
	} nisv;

	if (insn)
		insn->length = 0;
	if (run->exit_reason != EXIT_ARM_NISV)
		return NISV_MISMATCH;
	/* Not all kernels' headers have arm_nisv, but the union begins with it */
	memcpy(&nisv, &run->hw, sizeof(nisv));
	return nisv_access(cpu, bus, nisv.fault_ipa, nisv.esr_iss, insn);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The registers of a vCPU of KVM, by KVM_GET_ONE_REG and KVM_SET_ONE_REG:
 * Documentation/virt/kvm/api.rst, 4.68
 */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "onereg.h"

#define V(n)		(U128 | CORE(0x54 + 4 * (n)))
#define Z(n)		(U2048 | 0x0015 << 16 | (n) << 5)
#define P(n)		(U256 | 0x0015 << 16 | 0x0400 | (n) << 5)
#define FFR		P(16)
#define SVE_LENGTHS	(U512 | 0x0015 << 16 | 0xffff)

static const uint64_t ids[] = {
	[NISV_SP_EL0]	 = U64 | CORE(0x3e),
	[NISV_PC]	 = PC,
	[NISV_PSTATE]	 = PSTATE,
	[NISV_SP_EL1]	 = U64 | CORE(0x44),
	[NISV_SCTLR_EL1] = SCTLR_EL1,
	[NISV_TTBR0_EL1] = U64 | SYSREG(3, 0, 2, 0, 0),
	[NISV_TTBR1_EL1] = U64 | SYSREG(3, 0, 2, 0, 1),
	[NISV_TCR_EL1]	 = TCR_EL1,
	[NISV_TCR2_EL1]	 = U64 | SYSREG(3, 0, 2, 0, 3),
	[NISV_DACR32_EL2] = U64 | SYSREG(3, 4, 3, 0, 0),
	[NISV_ACCDATA_EL1] = U64 | SYSREG(3, 0, 13, 0, 5),	/* no kernel has it yet */
};

/* A register of 64 bits; 0: KVM has none of this number */
static inline uint64_t id_of(unsigned int reg)
{
	if (reg < NISV_SP_EL0)
		return X(reg);
	return reg < ARRAY_SIZE(ids) ? ids[reg] : 0;
}

static int get_x(int vcpu, unsigned int reg, uint64_t *value)
{
	const uint64_t id = id_of(reg);

	if (id && !one_reg(vcpu, KVM_GET_ONE_REG, id, value))
		return 0;
	/* Not all vCPUs have it, and not all kernels know it */
	if ((reg == NISV_TCR2_EL1 || reg == NISV_DACR32_EL2) && errno == ENOENT) {
		*value = 0;
		return 0;
	}
#ifdef __aarch64__
	if (reg == NISV_DCZID_EL0) {	/* not virtual */
		__asm__ ("mrs %0, dczid_el0" : "=r" (*value));
		return 0;
	}
#endif
	return -1;
}

static int set_x(int vcpu, unsigned int reg, const uint64_t *value)
{
	const uint64_t id = id_of(reg);

	return id ? one_reg(vcpu, KVM_SET_ONE_REG, id, (uint64_t *)value) : -1;
}

static bool is_v(unsigned int reg)
{
	return reg - NISV_V0 < 32;
}

static int get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	const int vcpu = (int)(intptr_t)opaque;

	(void)words;
	return is_v(reg) ? one_reg(vcpu, KVM_GET_ONE_REG, V(reg - NISV_V0), value) : get_x(vcpu, reg, value);
}

static int set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	const int vcpu = (int)(intptr_t)opaque;

	(void)words;
	return is_v(reg) ? one_reg(vcpu, KVM_SET_ONE_REG, V(reg - NISV_V0), (uint64_t *)value) : set_x(vcpu, reg, value);
}

/* A vCPU with SVE has Z0 to Z31 instead of V0 to V31, once KVM_ARM_VCPU_FINALIZE is done */

#define ZCR_EL1		(U64 | SYSREG(3, 0, 1, 2, 0))
#define SVCR		(U64 | SYSREG(3, 3, 4, 2, 2))

/* The longest that it has, and that ZCR_EL1.LEN lets EL1 and EL0 have. Not in streaming mode */
static int get_vl(int vcpu, uint64_t *value)
{
	uint64_t lengths[8], zcr, svcr = 0;	/* in 16 bytes, a bit for each */
	unsigned int vq;

	if (one_reg(vcpu, KVM_GET_ONE_REG, SVE_LENGTHS, lengths) || one_reg(vcpu, KVM_GET_ONE_REG, ZCR_EL1, &zcr))
		return -1;
	if (!one_reg(vcpu, KVM_GET_ONE_REG, SVCR, &svcr) && svcr & 1)
		return -1;
	for (vq = (zcr & 15) + 1; vq && !(lengths[0] >> (vq - 1) & 1); vq--)
		;
	*value = 16 * vq;
	return 0;
}

/* The register that stands for @reg; 0: none */
static uint64_t sve_id(unsigned int reg)
{
	if (is_v(reg))
		return Z(reg - NISV_V0);
	if (reg - NISV_Z0 < 32)
		return Z(reg - NISV_Z0);
	if (reg == NISV_FFR)
		return FFR;
	return reg - NISV_P0 < 16 ? P(reg - NISV_P0) : 0;
}

static int get_sve(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	const int vcpu = (int)(intptr_t)opaque;
	uint64_t all[32];

	if (reg == NISV_VL)
		return get_vl(vcpu, value);
	if (!sve_id(reg))
		return get_x(vcpu, reg, value);
	if (one_reg(vcpu, KVM_GET_ONE_REG, sve_id(reg), all))
		return -1;
	memcpy(value, all, words * 8);
	return 0;
}

static int set_sve(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	const int vcpu = (int)(intptr_t)opaque;
	uint64_t all[32] = { 0 };

	if (!sve_id(reg))
		return set_x(vcpu, reg, value);
	memcpy(all, value, words * 8);
	return one_reg(vcpu, KVM_SET_ONE_REG, sve_id(reg), all);
}

void nisv_kvm_init(struct nisv_cpu *cpu, int vcpu_fd, uint32_t features)
{
	const bool sve = features & NISV_FEATURE_SVE;

	*cpu = (struct nisv_cpu) {
		.opaque = (void *)(intptr_t)vcpu_fd,
		.get = sve ? get_sve : get,
		.set = sve ? set_sve : set,
		.features = features,
	};
}

int nisv_kvm(struct nisv_cpu *cpu, const struct kvm_run *run, const struct nisv_bus *bus,
	     struct nisv_insn *insn)
{
	struct {
		uint64_t esr_iss, fault_ipa;
	} nisv;

	if (insn)
		*insn = (struct nisv_insn) { 0 };
	if (run->exit_reason != EXIT_ARM_NISV && run->exit_reason != EXIT_ARM_LDST64B)
		return NISV_MISMATCH;
	/* Not all kernels' headers have arm_nisv, but the union begins with it */
	memcpy(&nisv, &run->hw, sizeof(nisv));
	return nisv_access(cpu, bus, nisv.fault_ipa, nisv.esr_iss, insn);
}

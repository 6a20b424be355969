/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * KVM's binary interface, as numbers: with them the library builds on any host and with
 * any kernel's headers
 */
#ifndef NISV_ONEREG_H
#define NISV_ONEREG_H

#include <stdint.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#define EXIT_DEBUG	4
#define EXIT_MMIO	6
#define EXIT_ARM_NISV	28
#define EXIT_ARM_LDST64B 42

#define U64		0x6030000000000000ull	/* KVM_REG_ARM64, KVM_REG_SIZE_U64 */
#define U128		0x6040000000000000ull
#define U256		0x6050000000000000ull
#define U512		0x6060000000000000ull
#define U2048		0x6080000000000000ull
#define CORE(word)	(0x0010 << 16 | (word))	/* of struct kvm_regs, in 32-bit words */
#define SYSREG(op0, op1, crn, crm, op2) \
	(0x0013 << 16 | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Registers that more than one file means */
#define PC		(U64 | CORE(0x40))
#define PSTATE		(U64 | CORE(0x42))
#define SCTLR_EL1	(U64 | SYSREG(3, 0, 1, 0, 0))
#define TCR_EL1		(U64 | SYSREG(3, 0, 2, 0, 2))
#define X(n)		(U64 | CORE(2 * (n)))

static inline int one_reg(int vcpu, unsigned long request, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

	return ioctl(vcpu, request, &reg);
}

#endif /* NISV_ONEREG_H */

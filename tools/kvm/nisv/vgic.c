// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The interrupt controller that KVM emulates itself. It is no device of the VMM's, and KVM
 * handles an access to it only with a syndrome. So the vCPU is made to do what its
 * instruction does once more, by plain loads and stores, one for each that a device would
 * get: at code of ours, with the address and the data in two registers. The instruction
 * behind has no syndrome, and so makes an exit that leaves nothing to complete, whatever the
 * kernel: KVM_EXIT_ARM_NISV at the same address, or ENOSYS where that is not enabled.
 *
 * Not by KVM_SET_DEVICE_ATTR (KVM_DEV_ARM_VGIC_GRP_DIST_REGS, REDIST_REGS, ITS_REGS): it wants
 * all vCPUs to be stopped (EBUSY), has no bytes, and is for saving and restoring. It does what
 * an access would for GICD_TYPER, IGROUPR, IPRIORITYR, ICFGR, ITARGETSR, IROUTER and
 * GICR_TYPER, and not for CTLR, IIDR, I{S,C}ENABLER, I{S,C}PENDR and I{S,C}ACTIVER. A load or
 * store is right for all of them, and needs nothing to be known of any.
 */
#include "vcpu.h"

#define MDSCR_EL1	(U64 | SYSREG(2, 0, 0, 2, 2))	/* DBGDSCRext */

/* Of EL1, with all that could come in between masked */
#define AT_EL1H		0x3c5ull
#define AT_SVC		0x1d3ull

/* How often the vCPU may come back without having got anywhere: signals, a debugger's step */
#define TRIES		1000

/* An access, and the exit. Nothing gets further, unless there is memory */
enum { ACCESS, EXIT, STAY, WORDS = NISV_VGIC_CODE / 16 / 4 };

struct code {
	uint32_t word[WORDS];
};

#define A64(access)	{ { access, [EXIT] = 0x38401422 /* ldrb w2, [x1], #1 */, [STAY] = 0x14000000 } }
#define A32(access)	{ { access, [EXIT] = 0xe4d12001 /* ldrb r2, [r1], #1 */, [STAY] = 0xeafffffe } }

/* [AArch32][write][log2 of the bytes]. A32 has no access of 8 bytes with a syndrome */
static const struct code codes[2][2][4] = {
	{ {
		A64(0x39400022),	/* ldrb w2, [x1] */
		A64(0x79400022),	/* ldrh w2, [x1] */
		A64(0xb9400022),	/* ldr w2, [x1] */
		A64(0xf9400022),	/* ldr x2, [x1] */
	}, {
		A64(0x39000022),	/* strb w2, [x1] */
		A64(0x79000022),	/* strh w2, [x1] */
		A64(0xb9000022),	/* str w2, [x1] */
		A64(0xf9000022),	/* str x2, [x1] */
	} }, { {
		A32(0xe5d12000),	/* ldrb r2, [r1] */
		A32(0xe1d120b0),	/* ldrh r2, [r1] */
		A32(0xe5912000),	/* ldr r2, [r1] */
	}, {
		A32(0xe5c12000),	/* strb r2, [r1] */
		A32(0xe1c120b0),	/* strh r2, [r1] */
		A32(0xe5812000),	/* str r2, [r1] */
	} },
};

_Static_assert(sizeof(codes) == NISV_VGIC_CODE, "NISV_VGIC_CODE");

void nisv_vgic_code(void *page)
{
	const uint32_t *word = (const uint32_t *)codes;

	/* Instructions are little-endian */
	for (unsigned int n = 0; n < NISV_VGIC_CODE / 4; n++)
		put_bytes((uint8_t *)page + 4 * n, 4, false, word[n]);
}

/* What the access changes of the vCPU. PSTATE says how much of the others counts: first in */
enum { R_PSTATE, R_SCTLR, R_PC, R_ADDRESS, R_DATA, R_MDSCR, REGS };

static const uint64_t ids[REGS] = {
	[R_PSTATE]  = PSTATE,
	[R_SCTLR]   = SCTLR_EL1,
	[R_PC]	    = PC,
	[R_ADDRESS] = X(1),
	[R_DATA]    = X(2),
	[R_MDSCR]   = MDSCR_EL1,
};

/* Has another vCPU switched the VM off? KVM_RUN would sleep */
static bool is_stopped(const struct vcpu *v)
{
	struct kvm_mp_state state;

	return !ioctl(v->fd, KVM_GET_MP_STATE, &state) && state.mp_state != KVM_MP_STATE_RUNNABLE;
}

static int run_once(const struct vcpu *v)
{
	const int err = ioctl(v->fd, KVM_RUN, 0) ? errno : 0;
	uint64_t pc;

	/* To be completed, which loads our register */
	if (!err && v->run->exit_reason == EXIT_MMIO)
		return settle(v) ? NISV_REGISTER : NISV_NOTHING;
	/* Whatever the exit: beyond the access, KVM has done it; before it, it has not */
	if (get(v, PC, &pc))
		return NISV_REGISTER;
	if (pc == v->pc + 4 * EXIT)
		return NISV_DONE;
	if (pc != v->pc)
		return NISV_NOTHING;
	return err && err != EINTR && err != EAGAIN ? NISV_REGISTER : NISV_AGAIN;
}

/* Others may want the vCPU to stop meanwhile. It does so when it is run the next time */
static int run(const struct vcpu *v)
{
	uint8_t kicked = 0;
	int ret;

	for (unsigned int n = 0; n < TRIES; n++) {
		kicked |= __atomic_exchange_n(&v->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		ret = run_once(v);
		if (ret != NISV_AGAIN || is_stopped(v))
			break;
	}
	if (kicked)
		__atomic_store_n(&v->run->immediate_exit, kicked, __ATOMIC_SEQ_CST);
	return ret;
}

/* With registers that are @new, and then @old again */
static int replay(const struct vcpu *v, const uint64_t *old, const uint64_t *new, unsigned int n, uint64_t *data)
{
	const uint32_t reason = v->run->exit_reason;
	uint8_t exit[16];	/* arm_nisv, and arm_ldst64b */
	int ret = NISV_DONE, back = NISV_DONE;

	memcpy(exit, &v->run->hw, sizeof(exit));
	for (unsigned int i = 0; !ret && i < n; i++)
		ret = set(v, ids[i], new[i]);
	if (!ret)
		ret = run(v);
	if (!ret)
		ret = get(v, ids[R_DATA], data);
	for (unsigned int i = n; i--; )
		back |= set(v, ids[i], old[i]);
	v->run->exit_reason = reason;
	memcpy(&v->run->hw, exit, sizeof(exit));
	return back ? NISV_REGISTER : ret;
}

/* @len is one that there is code for, and @ipa a multiple of it */
static int access_one(const struct vcpu *v, bool el1_32bit, uint64_t ipa, uint64_t *data)
{
	uint64_t old[REGS], new[REGS];
	/* AArch32 cannot mask debug exceptions, but have none */
	const unsigned int n = el1_32bit ? REGS : R_MDSCR;
	int ret = NISV_DONE;

	for (unsigned int i = 0; !ret && i < n; i++)
		ret = get(v, ids[i], &old[i]);
	if (ret)
		return ret;
	new[R_PSTATE] = el1_32bit ? AT_SVC : AT_EL1H;
	/* What the TLB holds of the guest's tables does not count while the MMU is off, and stays */
	new[R_SCTLR] = old[R_SCTLR] & ~(SCTLR_M | SCTLR_EE);
	new[R_PC] = v->pc;
	new[R_ADDRESS] = ipa;
	new[R_DATA] = *data;
	new[R_MDSCR] = 0;
	return replay(v, old, new, n, data);
}

static int access(const struct nisv_cpu *cpu, struct kvm_run *run, uint64_t code, uint64_t ipa, bool write,
		  uint8_t *data, unsigned int len)
{
	const bool el1_32bit = cpu->features & NISV_FEATURE_EL1_32BIT;
	struct vcpu v = { .fd = (int)(intptr_t)cpu->opaque, .run = run };
	uint64_t value;
	int ret;

	if (el1_32bit && len == 8) {
		ret = access(cpu, run, code, ipa, write, data, 4);
		return ret ? ret : access(cpu, run, code, ipa + 4, write, data + 4, 4);
	}
	v.pc = code + sizeof(struct code) * (8 * el1_32bit + 4 * write + __builtin_ctz(len));
	value = write ? get_bytes(data, len, false) : 0;
	ret = access_one(&v, el1_32bit, ipa, &value);
	if (!ret && !write)
		put_bytes(data, len, false, value);
	return ret;
}

/* What can be said before anything is done */
static int check(const struct nisv_cpu *cpu, const struct kvm_run *run, uint64_t code, uint64_t ipa, unsigned int len)
{
	/* An MMIO exit has to be completed first, and KVM would do so now */
	if (run->exit_reason != EXIT_ARM_NISV && run->exit_reason != EXIT_ARM_LDST64B)
		return NISV_MISMATCH;
	if (!code || cpu->features & NISV_FEATURE_HAS_EL2)
		return NISV_UNSUPPORTED;
	if (len != 1 && len != 2 && len != 4 && len != 8)
		return NISV_UNSUPPORTED;
	/* All of it is a device, with the MMU off; and what AArch32 can reach */
	if (ipa & (len - 1) || code & 3)
		return NISV_ALIGNMENT;
	if (cpu->features & NISV_FEATURE_EL1_32BIT && (ipa >> 32 || (code + NISV_VGIC_CODE) >> 32))
		return NISV_UNSUPPORTED;
	return NISV_DONE;
}

int nisv_vgic_read(const struct nisv_cpu *cpu, struct kvm_run *run, uint64_t code, uint64_t ipa,
		   void *data, unsigned int len)
{
	const int ret = check(cpu, run, code, ipa, len);

	return ret ? ret : access(cpu, run, code, ipa, false, data, len);
}

int nisv_vgic_write(const struct nisv_cpu *cpu, struct kvm_run *run, uint64_t code, uint64_t ipa,
		    const void *data, unsigned int len)
{
	const int ret = check(cpu, run, code, ipa, len);

	return ret ? ret : access(cpu, run, code, ipa, true, (void *)data, len);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The external data abort that a guest takes where no access can be carried out, on any
 * kernel. KVM_CAP_ARM_INJECT_EXT_DABT has KVM do it; but some kernels complete the MMIO
 * access nevertheless, or have the abort in the vCPU's registers only once it has run, and
 * those before v5.5 do not have it (Documentation/virt/kvm/arm/nisv-kernels.rst: I3, I4).
 *
 * So the access is completed first, when nothing can come of it, and undone. What KVM
 * does not do is done here: Arm ARM (DDI 0487), AArch64.TakeException() and
 * AArch32.EnterMode().
 */
#include "vcpu.h"

#define ELR_EL1		(U64 | CORE(0x46))
#define SPSR_EL1	(U64 | CORE(0x48))
#define SPSR_ABT	(U64 | CORE(0x4a))
#define LR_ABT		X(20)
#define ESR_EL1		(U64 | SYSREG(3, 0, 5, 2, 0))	/* DFSR */
#define FAR_EL1		(U64 | SYSREG(3, 0, 6, 0, 0))	/* DFAR, and above it IFAR */
#define VBAR_EL1	(U64 | SYSREG(3, 0, 12, 0, 0))

/* PSTATE of AArch64, and what AArch32 has elsewhere */
#define EL1H		0x5
#define DAIF		(0xfull << 6)
#define SSBS		(1ull << 12)
#define DIT		(1ull << 24)
#define NZCV		(0xfull << 28)
#define A32_DIT		(1ull << 21)
#define A32_SSBS	(1ull << 23)
#define A32_GE		(0xfull << 16)
#define A32_Q		(1ull << 27)
#define A32_A		(1ull << 8)
#define A32_I		(1ull << 7)
#define A32_F		(1ull << 6)

#define SCTLR_V		(1ull << 13)
#define SCTLR_SPAN	(1ull << 23)
#define SCTLR_TE	(1ull << 30)
#define SCTLR_DSSBS	(1ull << 44)
#define SCTLR_A32_DSSBS	(1ull << 31)
#define TTBCR_EAE	(1ull << 31)

/* ESR_EL1: a data abort from a lower EL, IL, FnV; "synchronous external abort" */
#define ESR_IL		(1ull << 25)
#define ESR_FNV		(1ull << 10)
#define ESR_EC_LOWER	(0x24ull << 26)
#define ESR_EC_CURRENT	(0x25ull << 26)
#define FSC_EXTERNAL	0x10
#define DFSR_FNV	(1ull << 16)
#define DFSR_LONG	(1ull << 9 | FSC_EXTERNAL)
#define DFSR_SHORT	0x08

/* struct kvm_vcpu_events, which this host's architecture may have otherwise */
struct events {
	uint8_t serror_pending, serror_has_esr, ext_dabt_pending, pad[5];
	uint64_t serror_esr;
	uint32_t reserved[12];
};
#define GET_EVENTS	_IOR(KVMIO, 0x9f, struct events)
#define SET_EVENTS	_IOW(KVMIO, 0xa0, struct events)

static int get_all(struct vcpu *v)
{
	int ret = get(v, PC, &v->pc);

	if (!ret)
		ret = get(v, PSTATE, &v->pstate);
	for (unsigned int n = 0; !ret && n < ARRAY_SIZE(v->x); n++)
		ret = get(v, X(n), &v->x[n]);
	return ret;
}

/* It is known which register has been loaded only when it has */
static int undo(struct vcpu *v)
{
	uint64_t value;
	int ret = NISV_DONE;

	for (unsigned int n = 0; !ret && n < ARRAY_SIZE(v->x); n++) {
		ret = get(v, X(n), &value);
		if (!ret && value != v->x[n])
			ret = set(v, X(n), v->x[n]);
	}
	if (!ret)
		ret = set(v, PSTATE, v->pstate);
	return ret ? ret : set(v, PC, v->pc);
}

static int drop_mmio(struct vcpu *v)
{
	uint64_t pc;
	int ret;

	ret = get_all(v);
	if (!ret)
		ret = settle(v);
	if (!ret)
		ret = get(v, PC, &pc);
	if (ret)
		return ret;
	/* Before v5.3 KVM steps over the instruction first. Of T32 it does not say how far. */
	if (pc == v->pc)
		v->pc -= 4;
	return undo(v);
}

/*
 * ESR_EL1 of an abort has IL, and nothing above EC: not so from 5.10 to 6.18. It may be that
 * of another exception, if EL2 has taken the abort, or nobody yet.
 */
static int mend_esr(const struct vcpu *v)
{
	uint64_t esr, want;
	int ret;

	ret = get(v, ESR_EL1, &esr);
	want = (uint32_t)esr | ESR_IL;
	if (ret || esr == want || (want >> 27 != ESR_EC_LOWER >> 27) || (want & 0x3f) != FSC_EXTERNAL)
		return ret;
	return set(v, ESR_EL1, want);
}

/* By KVM; it is in the registers by now, or once the vCPU has been run */
static int inject(const struct vcpu *v, bool el1_32bit)
{
	struct events events;
	uint64_t pc;
	int ret;

	if (ioctl(v->fd, GET_EVENTS, &events))
		return NISV_REGISTER;
	events.ext_dabt_pending = 1;
	if (ioctl(v->fd, SET_EVENTS, &events))
		return NISV_REGISTER;
	ret = get(v, PC, &pc);
	if (!ret && pc == v->pc)
		ret = settle(v);
	return ret || el1_32bit ? ret : mend_esr(v);
}

static int enter(const struct vcpu *v, uint64_t vector, uint64_t pstate)
{
	const int ret = set(v, PSTATE, pstate);

	return ret ? ret : set(v, PC, vector);
}

static int enter_aarch32(const struct vcpu *v, uint64_t sctlr, uint64_t vbar)
{
	uint64_t pstate = v->pstate & (NZCV | A32_Q | DIT | PSTATE_PAN | A32_GE | A32_F), tcr, far, spsr = v->pstate;
	int ret;

	/* In SPSR_EL2, as which KVM has PSTATE, DIT is elsewhere */
	if (spsr & DIT)
		spsr = (spsr & ~DIT) | A32_DIT;
	ret = get(v, TCR_EL1, &tcr);
	if (!ret)
		ret = get(v, FAR_EL1, &far);
	if (!ret)
		ret = set(v, ESR_EL1, DFSR_FNV | (tcr & TTBCR_EAE ? DFSR_LONG : DFSR_SHORT));
	if (!ret)
		ret = set(v, FAR_EL1, far & ~0xffffffffull);
	if (!ret)
		ret = set(v, LR_ABT, (uint32_t)(v->pc + 8));
	if (!ret)
		ret = set(v, SPSR_ABT, spsr);
	if (ret)
		return ret;
	pstate |= MODE_ABT | A32_A | A32_I;
	pstate |= (sctlr & SCTLR_EE ? PSTATE_E : 0) | (sctlr & SCTLR_TE ? PSTATE_T : 0);
	pstate |= (sctlr & SCTLR_SPAN ? 0 : PSTATE_PAN) | (sctlr & SCTLR_A32_DSSBS ? A32_SSBS : 0);
	return enter(v, (sctlr & SCTLR_V ? 0xffff0000 : vbar) + 0x10, pstate);
}

static int enter_aarch64(const struct vcpu *v, uint64_t sctlr, uint64_t vbar)
{
	const bool aarch32 = v->pstate & PSTATE_32, lower = aarch32 || !(v->pstate & 0xc);
	const uint64_t offset = aarch32 ? 0x600 : lower ? 0x400 : v->pstate & 1 ? 0x200 : 0;
	uint64_t pstate = (v->pstate & (NZCV | DIT | PSTATE_PAN)) | DAIF | EL1H;
	int ret;

	pstate |= (sctlr & SCTLR_SPAN ? 0 : PSTATE_PAN) | (sctlr & SCTLR_DSSBS ? SSBS : 0);
	ret = set(v, ESR_EL1, (lower ? ESR_EC_LOWER : ESR_EC_CURRENT) | ESR_IL | ESR_FNV | FSC_EXTERNAL);
	if (!ret)
		ret = set(v, FAR_EL1, 0);
	if (!ret)
		ret = set(v, SPSR_EL1, v->pstate);
	if (!ret)
		ret = set(v, ELR_EL1, v->pc);
	return ret ? ret : enter(v, vbar + offset, pstate);
}

/* As the CPU does; FAR is not known here */
static int take(const struct vcpu *v, bool el1_32bit)
{
	uint64_t sctlr, vbar;
	int ret;

	ret = get(v, SCTLR_EL1, &sctlr);
	if (!ret)
		ret = get(v, VBAR_EL1, &vbar);
	if (ret)
		return ret;
	return el1_32bit ? enter_aarch32(v, sctlr, vbar) : enter_aarch64(v, sctlr, vbar);
}

int nisv_abort(struct nisv_cpu *cpu, struct kvm_run *run, bool can_inject)
{
	struct vcpu v = { .fd = (int)(intptr_t)cpu->opaque, .run = run };
	const bool el1_32bit = cpu->features & NISV_FEATURE_EL1_32BIT;
	int ret;

	if (!can_inject && cpu->features & NISV_FEATURE_HAS_EL2)
		return NISV_UNSUPPORTED;
	switch (run->exit_reason) {
	case EXIT_MMIO:
		ret = drop_mmio(&v);
		if (ret)
			return ret;
		break;
	case EXIT_ARM_NISV:
	case EXIT_ARM_LDST64B:
		if (get(&v, PC, &v.pc) || get(&v, PSTATE, &v.pstate))
			return NISV_REGISTER;
		break;
	default:
		return NISV_MISMATCH;
	}
	cpu->seen[SEEN_TIMES] = 0;
	return can_inject ? inject(&v, el1_32bit) : take(&v, el1_32bit);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The injection: the external data abort that a guest takes when userspace sets
 * ext_dabt_pending, for AArch64 (I1) and AArch32 (I2) at EL1; that it is in the
 * registers at once (I3); what becomes of the access after KVM_EXIT_MMIO (I4)
 * and KVM_EXIT_ARM_NISV (I5); several events at a time (I6), invalid calls (I7)
 * and misuse (I9). I8 is in nisv_caps.c.
 */
#include "nisv.h"

#define A32_LDM_R10	0xe89a0006U	/* ldm r10, {r1, r2} */
#define A32_LDR_R1_R10	0xe59a1000U	/* ldr r1, [r10] */
#define T32_STR_R1_R0	0x6001U		/* str r1, [r0]: 16 bits */
#define T32_LDM_R10	0x0006e89aU	/* ldm.w r10, {r1, r2} */

#define TARGET	(HOLE + 0x120)

#define NEED_CAP(cap) do {						\
	if (!has_cap(kvm_fd, CAP_ARM_##cap))				\
		SKIP("KVM_CAP_ARM_" #cap " is absent");			\
} while (0)

/* A VM whose guest is about to execute insn with x10 = TARGET */
static void start(struct vm *vm, uint32_t insn)
{
	vm_start(vm, false, insn);
	enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	set_reg(vm, X(10), TARGET);
}

static void start_a32(struct vm *vm, uint32_t insn)
{
	vm_start(vm, true, insn);
	enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	set_reg(vm, X(10), TARGET);
}

/* Run into the exit that the access at TARGET makes */
static enum verdict expect_exit(struct vm *vm, uint32_t reason)
{
	REQUIRE_EQ(run_errno(vm), 0);
	REQUIRE_EQ(vm->run->exit_reason, reason);
	return PASSED;
}

/* What the guest's registers must hold after an abort was taken to EL1 */
struct abort {
	uint64_t pstate;	/* as it was */
	uint64_t pc;		/* as it was */
	uint64_t far;
	uint64_t ec;		/* AArch64 only */
	uint64_t vector;	/* from VBAR_EL1 */
};

static enum verdict expect_abort(struct vm *vm, const struct abort *a)
{
	REQUIRE_EQ(get_reg(vm, PC), VECTORS + a->vector);
	REQUIRE_EQ(get_reg(vm, PSTATE), abort_pstate(vm, a->pstate));
	REQUIRE_EQ(get_reg(vm, SPSR_EL1), a->pstate);
	REQUIRE_EQ(abort_pc(vm), a->pc);
	REQUIRE_EQ(get_reg(vm, FAR_EL1), a->far);
#ifdef __aarch64__
	REQUIRE_EQ(get_reg(vm, ESR_EL1),
		   a->ec << ESR_EC_SHIFT | ESR_IL | FSC_EXTERNAL);
#else
	REQUIRE_EQ(get_reg(vm, ESR_EL1), get_reg(vm, TCR_EL1) & TTBCR_EAE ?
		   DFSR_EXT_LONG : DFSR_EXT_SHORT);
#endif
	return PASSED;
}

/* Exit, inject, look at the registers, and see the handler run from its start */
static enum verdict abort_from(uint64_t pstate, uint64_t ec, uint64_t vector)
{
	static const struct {
		uint32_t insn, exit;
	} accesses[] = {
		{ PAIR_LOAD, EXIT_ARM_NISV },
		{ LOAD, KVM_EXIT_MMIO },
		{ STORE, KVM_EXIT_MMIO },
	};
	const struct abort want = {
		.pstate = pstate | 0x60000000UL,
		.pc = CODE,
		.far = TARGET + VA_OFFSET,
		.ec = ec,
		.vector = vector,
	};

	NEED_CAP(INJECT_EXT_DABT);
	for (unsigned int i = 0; i < ARRAY_SIZE(accesses); i++) {
		struct vm vm;

		start(&vm, accesses[i].insn);
		mmu_on(&vm);
		set_reg(&vm, X(10), want.far);
		set_reg(&vm, PSTATE, want.pstate);
		TRY(expect_exit(&vm, accesses[i].exit));
		REQUIRE_EQ(inject_and_enter(&vm), 0);
		TRY(expect_abort(&vm, &want));
		TRY(expect_done(&vm, VECTORS + vector));
		vm_destroy(&vm);
	}
	return PASSED;
}

static enum verdict i1_from_el1(void)
{
	return abort_from(GUEST(EL1h, A32_SVC), EC_DABT_CUR, VEC_DABT);
}

static enum verdict i1_from_el0(void)
{
	return abort_from(AT_EL0, EC_DABT_LOW, VEC_DABT_EL0);
}

#ifdef __aarch64__
static enum verdict i1_from_el1t(void)
{
	return abort_from(EL1t, EC_DABT_CUR, 0x000);
}

/*
 * AArch32 EL0 under AArch64 EL1, from a 16-bit instruction: IL of the trap is
 * 0, but that of the abort is 1.
 */
static enum verdict i1_from_aarch32_el0(void)
{
	struct abort want = {
		.pstate = A32_USR | PSTATE_T,
		.pc = CODE,
		.far = TARGET,
		.ec = EC_DABT_LOW,
		.vector = 0x600,
	};
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, T32_STR_R1_R0);
	if ((get_reg(&vm, ID_AA64PFR0_EL1) & 0xf) != 2)
		SKIP("this CPU has no AArch32 at EL0");
	set_reg(&vm, X(0), TARGET);
	set_reg(&vm, PSTATE, want.pstate);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	TRY(expect_abort(&vm, &want));
	TRY(expect_done(&vm, VECTORS + want.vector));
	vm_destroy(&vm);
	return PASSED;
}

/* Into an access with all of PSTATE's bits set that the CPU has, and take an abort */
static enum verdict abort_of_pstate(uint64_t mode, uint64_t bits, uint64_t sctlr, bool mte)
{
	struct state s;
	struct vm vm;

	vm_start_type(&vm, false, 0, mte, LOAD);
	set_reg(&vm, X(10), TARGET);
	set_reg(&vm, SCTLR_EL1, (get_reg(&vm, SCTLR_EL1) & ~SCTLR_SPAN) | sctlr);
	set_reg(&vm, PSTATE, mode | bits);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	state_save(&vm, &s);
	REQUIRE_EQ(*state_reg(&vm, &s, PSTATE), mode | bits);
	TRY(takes_abort(&vm, &s, TARGET));
	vm_destroy(&vm);
	return PASSED;
}

/* Those of PSTATE that this CPU has: others are gone when the guest has run */
static uint64_t pstate_bits(void)
{
	static const uint64_t some = PSTATE_NZCV | PSTATE_TCO | PSTATE_DIT | PSTATE_UAO |
				     PSTATE_PAN | PSTATE_SSBS | PSTATE_BTYPE | PSTATE_DAIF;
	uint64_t bits;
	struct vm vm;

	start(&vm, LOAD);
	set_reg(&vm, PSTATE, EL1h | some);
	run(&vm);
	bits = get_reg(&vm, PSTATE) & some;
	vm_destroy(&vm);
	return bits;
}

/* All bits as they are before and after, by what SCTLR_EL1 says of them */
static enum verdict i1_pstate(void)
{
	static const uint64_t modes[] = { EL1h, EL1t, EL0t };
	uint64_t bits = pstate_bits();

	NEED_CAP(INJECT_EXT_DABT);
	ksft_print_msg("this CPU's PSTATE has 0x%llx\n", (unsigned long long)bits);
	for (unsigned int i = 0; i < 8 * ARRAY_SIZE(modes); i++) {
		/* without PAN, SPAN is 1 */
		uint64_t sctlr = i & 1 || !(bits & PSTATE_PAN) ? SCTLR_SPAN : 0;

		if (i & 2 && bits & PSTATE_SSBS)
			sctlr |= SCTLR_DSSBS;
		TRY(abort_of_pstate(modes[i / 8], i & 4 ? bits : 0, sctlr, false));
	}
	return PASSED;
}

static enum verdict i1_pstate_mte(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	if (!has_cap(kvm_fd, CAP_ARM_MTE))
		SKIP("this CPU or kernel has no MTE for guests");
	TRY(abort_of_pstate(EL1h, 0, SCTLR_SPAN, true));
	TRY(abort_of_pstate(EL0t, 0, SCTLR_SPAN, true));
	return abort_of_pstate(EL1h, PSTATE_TCO, SCTLR_SPAN, true);
}

/* An exception that KVM injects by itself: SVE in a guest that has none */
static enum verdict i1_undefined(void)
{
	struct vm vm;

	if (!has_cap(kvm_fd, CAP_ARM_SVE))
		SKIP("this CPU has no SVE, or KVM not for guests");
	vm_create(&vm, false);
	vm.sve = false;
	vcpu_init(&vm);
	regs_init(&vm);
	code(&vm, 0x04bf5020);			/* rdvl x0, #1 */
	set_reg(&vm, CPACR_EL1, 3UL << 20 | 3UL << 16);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	REQUIRE_EQ(get_reg(&vm, ESR_EL1), EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
	REQUIRE_EQ(get_reg(&vm, ELR_EL1), CODE);
	REQUIRE_EQ(get_reg(&vm, SPSR_EL1), AT_EL1);
	REQUIRE_EQ(get_reg(&vm, PSTATE), abort_pstate(&vm, AT_EL1));
	vm_destroy(&vm);
	return PASSED;
}
#else
static enum verdict arm64_only(void)
{
	SKIP("for an AArch64 guest, which a 32-bit host does not have");
}

#define i1_from_el1t		arm64_only
#define i1_from_aarch32_el0	arm64_only
#define i1_pstate		arm64_only
#define i1_pstate_mte		arm64_only
#define i1_undefined		arm64_only
#endif

static enum verdict interrupted(struct vm *vm)
{
	REQUIRE_EQ(run_errno(vm), EINTR);
	return PASSED;
}

static enum verdict aborts_again(struct vm *vm)
{
	struct state s;

	TRY(expect_exit(vm, EXIT_ARM_NISV));
	state_save(vm, &s);
	TRY(takes_abort(vm, &s, TARGET));
	TRY(settle(vm));
	set_reg(vm, PC, CODE);
	return PASSED;
}

/* Aborts of one vCPU, time and again, while another one of the VM runs */
static enum verdict i1_beside_another(void)
{
	struct runner r = { .step = interrupted };
	enum verdict v = PASSED;
	struct state before;
	struct vm vm, other;
	uint32_t *loop;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	loop = (uint32_t *)(vm.ram + CODE + 0x100 - RAM);
	loop[0] = COUNT;
	loop[1] = BRANCH_BACK;
	other = vcpu_add(&vm, 1);
	vcpu_init(&other);
	regs_init(&other);
	set_reg(&other, PC, CODE + 0x100);
	state_save(&other, &before);
	r.vm = &other;
	runner_start(&r);
	for (unsigned int i = 0; i < 200 && v == PASSED; i++)
		v = aborts_again(&vm);
	TRY(runner_stop(&r));
	TRY(v);
	/* It has counted, and nothing else */
	REQUIRE(get_reg(&other, X(0)) > 0, "the other vCPU has not run");
	*state_reg(&other, &before, X(0)) = get_reg(&other, X(0));
	*state_reg(&other, &before, PC) = get_reg(&other, PC);
	TRY(state_is(&other, &before));
	vcpu_remove(&other);
	vm_destroy(&vm);
	return PASSED;
}

/* FAR_EL1 is DFAR in its lower half, which alone may change, IFAR in its upper */
#define IFAR	GUEST(0xabcdef0000000000UL, 0)

/* AArch32 at EL1: the code's first word(s), the mode it runs in, the controls */
struct abort32 {
	uint32_t insn, exit;
	uint64_t cpsr, ttbcr, sctlr;
	uint64_t dfsr, vector;
};

static enum verdict abort32(const struct abort32 *a)
{
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	start_a32(&vm, a->insn);
	set_reg(&vm, PSTATE, a->cpsr);
	set_reg(&vm, TCR_EL1, a->ttbcr);
	set_reg(&vm, SCTLR_EL1, get_reg(&vm, SCTLR_EL1) | a->sctlr);
	set_reg(&vm, FAR_EL1, IFAR);

	TRY(expect_exit(&vm, a->exit));
	REQUIRE_EQ(inject_and_enter(&vm), 0);

	REQUIRE_EQ(get_reg(&vm, PC), a->vector);
	REQUIRE_EQ(get_reg(&vm, ESR_EL1) & 0xffffffff, a->dfsr);
	REQUIRE_EQ(get_reg(&vm, FAR_EL1), IFAR | TARGET);
	REQUIRE_EQ(get_reg(&vm, LR_ABT), CODE + 8);
	REQUIRE_EQ(get_reg(&vm, SPSR_ABT), a->cpsr);
	REQUIRE_EQ(get_reg(&vm, PSTATE), abort_pstate(&vm, a->cpsr));
	TRY(expect_done(&vm, a->vector));
	vm_destroy(&vm);
	return PASSED;
}

#define A32_FLAGS (0x60000000UL | 0x040 | A32_SVC)

static enum verdict i2_short(void)
{
	static const struct abort32 nisv = {
		.insn = A32_LDM_R10, .exit = EXIT_ARM_NISV, .cpsr = A32_FLAGS,
		.dfsr = DFSR_EXT_SHORT, .vector = VECTORS + 0x10,
	}, mmio = {
		.insn = A32_LDR_R1_R10, .exit = KVM_EXIT_MMIO, .cpsr = A32_FLAGS,
		.dfsr = DFSR_EXT_SHORT, .vector = VECTORS + 0x10,
	};

	TRY(abort32(&nisv));
	return abort32(&mmio);
}

static enum verdict i2_long(void)
{
	static const struct abort32 nisv = {
		.insn = A32_LDM_R10, .exit = EXIT_ARM_NISV, .cpsr = A32_FLAGS,
		.ttbcr = TTBCR_EAE,
		.dfsr = DFSR_EXT_LONG, .vector = VECTORS + 0x10,
	}, mmio = {
		.insn = A32_LDR_R1_R10, .exit = KVM_EXIT_MMIO, .cpsr = A32_FLAGS,
		.ttbcr = TTBCR_EAE,
		.dfsr = DFSR_EXT_LONG, .vector = VECTORS + 0x10,
	};

	TRY(abort32(&nisv));
	return abort32(&mmio);
}

static enum verdict i2_high_vectors(void)
{
	static const struct abort32 a = {
		.insn = A32_LDM_R10, .exit = EXIT_ARM_NISV, .cpsr = A32_FLAGS,
		.sctlr = SCTLR_V,
		.dfsr = DFSR_EXT_SHORT, .vector = HIVECS + 0x10,
	};

	return abort32(&a);
}

static enum verdict i2_from_t32_and_usr(void)
{
	static const struct abort32 t32 = {
		.insn = T32_LDM_R10, .exit = EXIT_ARM_NISV,
		.cpsr = A32_FLAGS | PSTATE_T,
		.dfsr = DFSR_EXT_SHORT, .vector = VECTORS + 0x10,
	}, usr = {
		.insn = A32_LDM_R10, .exit = EXIT_ARM_NISV,
		.cpsr = 0x60000000UL | A32_USR,
		.dfsr = DFSR_EXT_SHORT, .vector = VECTORS + 0x10,
	};

	TRY(abort32(&t32));
	return abort32(&usr);
}

/* All bits of CPSR as they are before and after, by what SCTLR says of them */
static enum verdict i2_cpsr(void)
{
	static const uint64_t some = PSTATE_NZCV | A32_Q | A32_GE | PSTATE_E | PSTATE_F |
				     GUEST(PSTATE_DIT | PSTATE_PAN | A32_SSBS, 0);
	uint64_t bits;
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	start_a32(&vm, A32_LDR_R1_R10);
	set_reg(&vm, PSTATE, A32_SVC | some);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	bits = get_reg(&vm, PSTATE) & some;
	vm_destroy(&vm);
	ksft_print_msg("this CPU's CPSR has 0x%llx\n", (unsigned long long)bits);

	for (unsigned int i = 0; i < 32; i++) {
		uint64_t sctlr = i & 1 || !(bits & PSTATE_PAN) ? SCTLR_SPAN : 0;
		uint64_t cpsr = (i & 16 ? A32_USR : A32_SVC) | (i & 8 ? bits : 0);
		struct state s;

		if (i & 2 && bits & A32_SSBS)
			sctlr |= SCTLR_A32_DSSBS;
		start_a32(&vm, A32_LDR_R1_R10);
		set_reg(&vm, SCTLR_EL1, (get_reg(&vm, SCTLR_EL1) & ~SCTLR_SPAN) | sctlr |
			(i & 4 ? SCTLR_EE | SCTLR_TE : 0));
		set_reg(&vm, ESR_EL1, 0);
		set_reg(&vm, PSTATE, cpsr);
		TRY(expect_exit(&vm, KVM_EXIT_MMIO));
		state_save(&vm, &s);
		REQUIRE_EQ(*state_reg(&vm, &s, PSTATE), cpsr);
		/* its vectors are A32's: do not run them as T32 */
		REQUIRE_EQ(inject_and_enter(&vm), 0);
		state_abort(&vm, &s, TARGET);
		TRY(state_is(&vm, &s));
		vm_destroy(&vm);
	}
	return PASSED;
}

static enum verdict i3_reads_as_zero(void)
{
	struct kvm_vcpu_events ev;
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	TRY(expect_exit(&vm, EXIT_ARM_NISV));
	for (unsigned int i = 0; i < 2; i++) {
		memset(&ev, 0xff, sizeof(ev));
		REQUIRE_EQ(ioctl(vm.vcpu, KVM_GET_VCPU_EVENTS, &ev), 0);
		REQUIRE_EQ(((uint8_t *)&ev)[EVENT_EXT_DABT_BYTE], 0);
		REQUIRE_EQ(ev.exception.serror_pending, 0);
		for (unsigned int j = EVENT_EXT_DABT_BYTE + 1; j < 8; j++)
			REQUIRE_EQ(((uint8_t *)&ev)[j], 0);
		REQUIRE_EQ(inject(&vm), 0);
	}
	vm_destroy(&vm);
	return PASSED;
}

/* Every register of one vCPU into another: what migration does */
static enum verdict copy_regs(struct vm *from, struct vm *to)
{
	struct kvm_reg_list *list = reg_list(from);

	for (uint64_t i = 0; i < list->n; i++) {
		uint8_t val[256];
		struct kvm_one_reg reg = {
			.id = list->reg[i],
			.addr = (uintptr_t)val,
		};

		/* Some are read-only in effect: not those that matter here */
		if (!ioctl(from->vcpu, KVM_GET_ONE_REG, &reg))
			ioctl(to->vcpu, KVM_SET_ONE_REG, &reg);
	}
	free(list);
	return PASSED;
}

static enum verdict migrate(uint32_t insn, uint32_t exit)
{
	const struct abort want = {
		.pstate = AT_EL1, .pc = CODE, .far = TARGET,
		.ec = EC_DABT_CUR, .vector = VEC_DABT,
	};
	struct kvm_vcpu_events ev;
	struct vm from, to;

	start(&from, insn);
	TRY(expect_exit(&from, exit));
	REQUIRE_EQ(inject(&from), 0);

	vm_start(&to, false, insn);
	TRY(copy_regs(&from, &to));
	must(ioctl(from.vcpu, KVM_GET_VCPU_EVENTS, &ev), "KVM_GET_VCPU_EVENTS");
	REQUIRE_EQ(set_events(&to, &ev), 0);
	vm_destroy(&from);

	TRY(expect_abort(&to, &want));
	TRY(expect_done(&to, VECTORS + VEC_DABT));
	vm_destroy(&to);
	return PASSED;
}

static enum verdict i3_migration(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	TRY(migrate(PAIR_LOAD, EXIT_ARM_NISV));
	return migrate(LOAD, KVM_EXIT_MMIO);
}

static enum verdict i4_load_is_dropped(void)
{
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, LOAD);
	set_reg(&vm, X(3), REG(0x1122334455667788ULL));
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	memset(vm.run->mmio.data, 0x99, sizeof(vm.run->mmio.data));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(get_reg(&vm, X(3)), REG(0x1122334455667788ULL));
	REQUIRE_EQ(abort_pc(&vm), CODE);

	/* The exit reason still says MMIO: nothing may complete it */
	vm.run->immediate_exit = 1;
	for (unsigned int i = 0; i < 2; i++) {
		vm.run->exit_reason = KVM_EXIT_MMIO;
		REQUIRE_EQ(run_errno(&vm), EINTR);
		REQUIRE_EQ(get_reg(&vm, PC), VECTORS + VEC_DABT);
		REQUIRE_EQ(get_reg(&vm, X(3)), REG(0x1122334455667788ULL));
	}
	vm.run->immediate_exit = 0;
	vm.run->exit_reason = KVM_EXIT_MMIO;
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	REQUIRE_EQ(get_reg(&vm, X(3)), REG(0x1122334455667788ULL));

	/* The same load later is an access like any other */
	set_reg(&vm, PC, CODE);
	vm.run->exit_reason = 0;
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	REQUIRE_EQ(vm.run->mmio.phys_addr, TARGET);
	memset(vm.run->mmio.data, 0x44, sizeof(vm.run->mmio.data));
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x44444444);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i4_store_is_dropped(void)
{
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, STORE);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(abort_pc(&vm), CODE);
	/* at the vector, not at the instruction after it */
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

/* Without an injection, an MMIO access completes as ever */
static enum verdict i4_not_injected(void)
{
	struct kvm_vcpu_events ev = {};
	struct vm vm;

	start(&vm, LOAD);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	memset(vm.run->mmio.data, 0x44, sizeof(vm.run->mmio.data));
	REQUIRE_EQ(set_events(&vm, &ev), 0);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x44444444);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i5_elr(void)
{
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	set_reg(&vm, X(3), 3);
	set_reg(&vm, X(4), 4);
	TRY(expect_exit(&vm, EXIT_ARM_NISV));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(abort_pc(&vm), CODE);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	REQUIRE_EQ(get_reg(&vm, X(3)), 3);
	REQUIRE_EQ(get_reg(&vm, X(4)), 4);

	/* The handler returns to the access, which then exits again */
	set_reg(&vm, PC, abort_pc(&vm));
	set_reg(&vm, PSTATE, get_reg(&vm, SPSR_EL1));
	vm.run->exit_reason = 0;
	TRY(expect_nisv(&vm, TARGET));
	vm_destroy(&vm);
	return PASSED;
}

/*
 * The second interrupts the handler of the first, before its first instruction. That
 * the first is entered at once is I3's.
 */
static enum verdict i6_twice(void)
{
	const struct abort first = {
		.pstate = AT_EL0, .pc = CODE, .far = TARGET,
		.ec = EC_DABT_LOW, .vector = VEC_DABT_EL0,
	};
	struct abort second = {
		.pstate = AT_EL1, .pc = VECTORS + VEC_DABT_EL0,
		.far = TARGET, .ec = EC_DABT_CUR, .vector = VEC_DABT,
	};
	bool at_once;
	uint64_t pstate;
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	set_reg(&vm, PSTATE, AT_EL0);
	TRY(expect_exit(&vm, EXIT_ARM_NISV));
	REQUIRE_EQ(inject(&vm), 0);
	at_once = get_reg(&vm, PC) != CODE;
	if (at_once)
		TRY(expect_abort(&vm, &first));
	pstate = get_reg(&vm, PSTATE);
	REQUIRE_EQ(inject(&vm), 0);
	if (at_once) {
		second.pstate = pstate;
	} else {
		TRY(settle(&vm));
		set_reg(&vm, SPSR_EL1, second.pstate);
	}
	TRY(expect_abort(&vm, &second));
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i6_with_serror(void)
{
	struct kvm_vcpu_events ev = { .exception.serror_pending = 1 };
	struct abort want = {
		.pstate = GUEST(EL1h, A32_SVC), .pc = CODE, .far = TARGET,
		.ec = EC_DABT_CUR, .vector = VEC_DABT,
	};
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	set_reg(&vm, PSTATE, want.pstate);
	TRY(expect_exit(&vm, EXIT_ARM_NISV));
	ext_dabt(&ev);
	REQUIRE_EQ(set_events(&vm, &ev), 0);
	TRY(entered(&vm, CODE));

	/* The abort first: the SError waits until the handler unmasks it */
	TRY(expect_abort(&vm, &want));
	must(ioctl(vm.vcpu, KVM_GET_VCPU_EVENTS, &ev), "KVM_GET_VCPU_EVENTS");
	REQUIRE_EQ(ev.exception.serror_pending, 1);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	set_reg(&vm, PSTATE, get_reg(&vm, PSTATE) & ~(uint64_t)PSTATE_A);
	vm.run->exit_reason = 0;
	TRY(expect_done(&vm, VECTORS + VEC_SERROR));
	REQUIRE_EQ(abort_pc(&vm), VECTORS + VEC_DABT);
	must(ioctl(vm.vcpu, KVM_GET_VCPU_EVENTS, &ev), "KVM_GET_VCPU_EVENTS");
	REQUIRE_EQ(ev.exception.serror_pending, 0);
	vm_destroy(&vm);
	return PASSED;
}

/* An event with an abort in it that is refused must not inject it */
static enum verdict refused(struct vm *vm, struct kvm_vcpu_events *ev)
{
	uint64_t pc = get_reg(vm, PC), esr = get_reg(vm, ESR_EL1);
	uint64_t far = get_reg(vm, FAR_EL1), pstate = get_reg(vm, PSTATE);
	struct kvm_vcpu_events now;

	ext_dabt(ev);
	REQUIRE_EQ(set_events(vm, ev), EINVAL);
	REQUIRE_EQ(get_reg(vm, PC), pc);
	REQUIRE_EQ(get_reg(vm, ESR_EL1), esr);
	REQUIRE_EQ(get_reg(vm, FAR_EL1), far);
	REQUIRE_EQ(get_reg(vm, PSTATE), pstate);
	must(ioctl(vm->vcpu, KVM_GET_VCPU_EVENTS, &now), "KVM_GET_VCPU_EVENTS");
	REQUIRE_EQ(now.exception.serror_pending, 0);
	return PASSED;
}

static enum verdict i7_pad_and_reserved(void)
{
	struct vm vm;

	start(&vm, LOAD);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	for (unsigned int i = EVENT_EXT_DABT_BYTE + 1; i < 8; i++) {
		struct kvm_vcpu_events ev = {};

		((uint8_t *)&ev)[i] = 1;
		TRY(refused(&vm, &ev));
	}
	for (unsigned int i = 0; i < 12; i++) {
		struct kvm_vcpu_events ev = {};

		ev.reserved[i] = 0x80000000;
		TRY(refused(&vm, &ev));
	}
	/* The access has not been abandoned either */
	memset(vm.run->mmio.data, 0x44, sizeof(vm.run->mmio.data));
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x44444444);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i7_serror_esr(void)
{
	struct kvm_vcpu_events ev = {
		.exception.serror_pending = 1,
		.exception.serror_has_esr = 1,
	};
	bool ras = has_cap(kvm_fd, KVM_CAP_ARM_INJECT_SERROR_ESR);
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, LOAD);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	ksft_print_msg("the host has %sRAS\n", ras ? "" : "no ");
	if (!ras)
		/* no syndrome at all can be given */
		TRY(refused(&vm, &ev));
	/* 64 bits of them, of which the lower 24 (25 from v6.1 on) are allowed */
	for (unsigned int bit = 25; bit < 64; bit++) {
		ev.exception.serror_esr = 1ULL << bit;
		TRY(refused(&vm, &ev));
	}
	if (ras) {
		ev.exception.serror_esr = 0x1234;
		REQUIRE_EQ(set_events(&vm, &ev), 0);
		TRY(entered(&vm, CODE));
		REQUIRE_EQ(get_reg(&vm, PC), VECTORS + VEC_DABT);
	}
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i9_never_run(void)
{
	const struct abort want = {
		.pstate = AT_EL1, .pc = CODE, .far = 0,
		.ec = EC_DABT_CUR, .vector = VEC_DABT,
	};
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, PAIR_LOAD);
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	TRY(expect_abort(&vm, &want));
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i9_after_other_exits(void)
{
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);

	/* A PSCI call that ends the VM: the PC is past the HVC */
	start(&vm, HVC);
	set_reg(&vm, X(0), PSCI_0_2_FN_SYSTEM_OFF);
	TRY(expect_exit(&vm, KVM_EXIT_SYSTEM_EVENT));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(get_reg(&vm, PC), VECTORS + VEC_DABT);
	REQUIRE_EQ(abort_pc(&vm), CODE + 4);
	vm_destroy(&vm);

	/* KVM_RUN was interrupted */
	start(&vm, PAIR_LOAD);
	TRY(settle(&vm));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(abort_pc(&vm), CODE);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);

	/* The MMIO access is complete: the abort hits the next instruction */
	start(&vm, LOAD);
	TRY(expect_exit(&vm, KVM_EXIT_MMIO));
	memset(vm.run->mmio.data, 0x44, sizeof(vm.run->mmio.data));
	TRY(settle(&vm));
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(abort_pc(&vm), CODE + 4);
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x44444444);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);

	/* After KVM_RUN failed with ENOSYS */
	vm_start(&vm, false, PAIR_LOAD);
	set_reg(&vm, X(10), TARGET);
	REQUIRE_EQ(run_errno(&vm), ENOSYS);
	REQUIRE_EQ(inject_and_enter(&vm), 0);
	REQUIRE_EQ(get_reg(&vm, FAR_EL1), TARGET);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

/* An HVC whose immediate, which is in the syndrome, has one bit set: and any other */
static enum verdict i9_after_hvc(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	for (unsigned int i = 0; i <= 2 * 16; i++) {
		uint32_t imm = i < 16 ? 1U << i : i < 32 ? 0xffff ^ 1U << (i - 16) : 0xffff;
		struct state s;
		struct vm vm;

		/* T32 has 16 bits of it, as A64; A32 splits them */
		start(&vm, GUEST(HVC | imm << 5, HVC | (imm & 0xfff0) << 4 | (imm & 0xf)));
		if (i & 1)
			mmu_on(&vm);
		set_reg(&vm, X(0), PSCI_0_2_FN_SYSTEM_OFF);
		/* A kernel may know only HVC #0: then the guest goes on */
		REQUIRE_EQ(run_errno(&vm), 0);
		if (vm.run->exit_reason == KVM_EXIT_SYSTEM_EVENT) {
			struct kvm_mp_state on = { .mp_state = KVM_MP_STATE_RUNNABLE };

			must(ioctl(vm.vcpu, KVM_SET_MP_STATE, &on), "KVM_SET_MP_STATE");
			state_save(&vm, &s);
			REQUIRE_EQ(*state_reg(&vm, &s, PC), CODE + 4);
			TRY(takes_abort(&vm, &s, FAR_UNKNOWN));
		}
		vm_destroy(&vm);
	}
	return PASSED;
}

#ifdef __aarch64__
#define BRK	0xd4200000U

static void guest_debug(struct vm *vm, uint32_t control)
{
	struct kvm_guest_debug debug = { .control = control };

	must(ioctl(vm->vcpu, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG");
}

/* Step; old kernels make steps in which nothing is executed */
static enum verdict expect_step_exit(struct vm *vm, uint32_t reason)
{
	uint64_t pc = get_reg(vm, PC);

	for (unsigned int i = 0; i < 3; i++) {
		REQUIRE_EQ(run_errno(vm), 0);
		if (vm->run->exit_reason != KVM_EXIT_DEBUG || get_reg(vm, PC) != pc)
			break;
	}
	REQUIRE(vm->run->exit_reason == reason, "it is %u, not %u, at %llx after %llx",
		vm->run->exit_reason, reason, (unsigned long long)get_reg(vm, PC),
		(unsigned long long)pc);
	return PASSED;
}

/* A breakpoint, and a step of one instruction, which userspace has asked for */
static enum verdict i9_after_debug(void)
{
	struct state s;
	struct vm vm;

	NEED_CAP(INJECT_EXT_DABT);
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG) <= 0)
		SKIP("KVM_CAP_SET_GUEST_DEBUG is absent");
	start(&vm, BRK);
	guest_debug(&vm, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	TRY(expect_exit(&vm, KVM_EXIT_DEBUG));
	state_save(&vm, &s);
	REQUIRE_EQ(*state_reg(&vm, &s, PC), CODE);
	TRY(takes_abort(&vm, &s, FAR_UNKNOWN));
	vm_destroy(&vm);

	start(&vm, COUNT);
	guest_debug(&vm, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	TRY(expect_step_exit(&vm, KVM_EXIT_DEBUG));
	guest_debug(&vm, 0);
	state_save(&vm, &s);
	REQUIRE_EQ(*state_reg(&vm, &s, PC), CODE + 4);
	TRY(takes_abort(&vm, &s, FAR_UNKNOWN));
	vm_destroy(&vm);
	return PASSED;
}

/*
 * Userspace steps through the guest meanwhile. PSTATE.SS is then its own, and some
 * kernels let it be seen.
 */
static enum verdict i1_stepped(void)
{
	static const uint32_t insns[] = { PAIR_LOAD, LOAD, STORE };
	uint64_t pc;

	NEED_CAP(INJECT_EXT_DABT);
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG) <= 0)
		SKIP("KVM_CAP_SET_GUEST_DEBUG is absent");
	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		struct state s;
		struct vm vm;

		start(&vm, insns[i]);
		guest_debug(&vm, KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
		TRY(expect_step_exit(&vm, insns[i] == PAIR_LOAD ? EXIT_ARM_NISV : KVM_EXIT_MMIO));
		state_save(&vm, &s);
		s.pstate_mask = ~PSTATE_SS;
		REQUIRE_EQ(inject_and_enter(&vm), 0);
		state_abort(&vm, &s, TARGET);
		pc = *state_reg(&vm, &s, PC);
		TRY(state_is(&vm, &s));
		TRY(expect_step_exit(&vm, KVM_EXIT_MMIO));
		REQUIRE_EQ(vm.run->mmio.phys_addr, DONE);
		REQUIRE_EQ(get_reg(&vm, PC), pc);
		/* It is a step, or, on old kernels, done without one: then it is the next */
		REQUIRE_EQ(run_errno(&vm), 0);
		if (vm.run->exit_reason != KVM_EXIT_DEBUG)
			REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
		REQUIRE_EQ(get_reg(&vm, PC), pc + 4);
		vm_destroy(&vm);
	}
	return PASSED;
}
#else
#define i9_after_debug	arm64_only
#define i1_stepped	arm64_only
#endif

/*
 * A signal while the guest runs in a loop of insn and a branch, which has not faulted
 * since its store to DONE
 */
static enum verdict signalled_in(uint32_t insn)
{
	/* again and again, as the first may come before KVM_RUN */
	const struct itimerval often = {
		.it_value.tv_usec = 10000, .it_interval.tv_usec = 10000,
	}, never = {};
	uint32_t *loop;
	struct state s;
	struct vm vm;
	int err;

	start(&vm, COUNT);
	TRY(expect_done(&vm, CODE + 4));
	TRY(settle(&vm));
	loop = (uint32_t *)(vm.ram + CODE + 0x1000 - RAM);
	loop[0] = insn;
	loop[1] = BRANCH_BACK;
	set_reg(&vm, PC, CODE + 0x1000);
	signal_interrupts(SIGALRM);
	setitimer(ITIMER_REAL, &often, NULL);
	err = run_errno(&vm);
	setitimer(ITIMER_REAL, &never, NULL);
	REQUIRE_EQ(err, EINTR);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_INTR);
	state_save(&vm, &s);
	REQUIRE(*state_reg(&vm, &s, PC) - CODE - 0x1000 <= 4, "the PC is not in the loop");
	TRY(takes_abort(&vm, &s, FAR_UNKNOWN));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict i9_after_a_signal(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	return signalled_in(COUNT);
}

static enum verdict i9_after_wfi(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	return signalled_in(GUEST(0xd503207fU, 0xe320f003U));	/* wfi */
}

/* A system register that KVM reads for the guest, as the last trap */
static enum verdict i9_after_sysreg(void)
{
	NEED_CAP(INJECT_EXT_DABT);
	/* mrs x0, id_aa64isar0_el1; mrc p15, 0, r0, c1, c0, 1 (ACTLR) */
	return signalled_in(GUEST(0xd5380600U, 0xee110f30U));
}

/* A vCPU that PSCI has yet to reset: the reset comes first, then the abort */
static enum verdict i9_reset_pending(void)
{
	struct vm vm, second;

	NEED_CAP(INJECT_EXT_DABT);
	start(&vm, HVC);
	second = vcpu_add(&vm, 1);
	vcpu_init_with(&second, 1U << KVM_ARM_VCPU_POWER_OFF);

	/* CPU_ON of the second, which starts at DATA */
	set_reg(&vm, X(0), GUEST(PSCI_0_2_FN64_CPU_ON, PSCI_0_2_FN_CPU_ON));
	set_reg(&vm, X(1), 1);
	set_reg(&vm, X(2), DATA);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(0)), 0);

	/* Before anything else, as reading a register makes KVM do the reset */
	REQUIRE_EQ(inject(&second), 0);
	TRY(settle(&second));
	/* VBAR_EL1 is 0 after the reset */
	REQUIRE_EQ(get_reg(&second, PC), VEC_DABT);
	REQUIRE_EQ(abort_pc(&second), DATA);
	vcpu_remove(&second);
	vm_destroy(&vm);
	return PASSED;
}

static const struct test tests[] = {
	{ "I1 from EL1", i1_from_el1 },
	{ "I1 from EL1 with SP_EL0", i1_from_el1t },
	{ "I1 from EL0", i1_from_el0 },
	{ "I1 from AArch32 EL0, a 16-bit instruction: IL is 1", i1_from_aarch32_el0 },
	{ "I1 every bit of PSTATE and SPSR that the CPU has", i1_pstate },
	{ "I1 in a VM with MTE: PSTATE.TCO is set", i1_pstate_mte },
	{ "I1 an undefined instruction that KVM injects: IL is 1", i1_undefined },
	{ "I1 while userspace single-steps the guest", i1_stepped },
	{ "I1 of one vCPU, while another runs and notices nothing", i1_beside_another },
	{ "I2 AArch32, short descriptors: DFSR 0x008", i2_short },
	{ "I2 AArch32, long descriptors: DFSR 0x210", i2_long },
	{ "I2 AArch32, vectors at 0xffff0000 with SCTLR.V", i2_high_vectors },
	{ "I2 AArch32, from T32 and from USR mode", i2_from_t32_and_usr },
	{ "I2 AArch32, every bit of CPSR and SPSR that the CPU has", i2_cpsr },
	{ "I3 ext_dabt_pending always reads 0", i3_reads_as_zero },
	{ "I3 registers saved right after the injection hold all of it", i3_migration },
	{ "I4 an aborted MMIO load writes no register and is not completed", i4_load_is_dropped },
	{ "I4 after an aborted MMIO store the handler starts at its start", i4_store_is_dropped },
	{ "I4 an MMIO access that is not aborted completes", i4_not_injected },
	{ "I5 after KVM_EXIT_ARM_NISV, ELR is the faulting instruction", i5_elr },
	{ "I6 two injections without running are both taken", i6_twice },
	{ "I6 an abort and an SError in one call are both taken, in order", i6_with_serror },
	{ "I7 nonzero pad or reserved: EINVAL, nothing injected", i7_pad_and_reserved },
	{ "I7 an SError syndrome out of range: EINVAL, nothing injected", i7_serror_esr },
	{ "I9 injecting before the vCPU has ever run", i9_never_run },
	{ "I9 injecting after other exits is an abort at the current PC", i9_after_other_exits },
	{ "I9 injecting after a signal is an abort at the current PC", i9_after_a_signal },
	{ "I9 injecting after WFI", i9_after_wfi },
	{ "I9 injecting after a trapped system register", i9_after_sysreg },
	{ "I9 injecting after an HVC, whatever its immediate", i9_after_hvc },
	{ "I9 injecting after a breakpoint and a single step", i9_after_debug },
	{ "I9 injecting while a PSCI reset is due", i9_reset_pending },
	{ "I9 no kernel warning by now", no_warning },
};

int main(int argc, char **argv)
{
	return run_tests(tests, ARRAY_SIZE(tests), argc, argv);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * nisv_abort() with KVM as it is: does the guest take the abort, its handler from the
 * start, and has nothing else of the vCPU changed? First with what this kernel can do, and
 * then as if it could not inject. The VMs are those of the kselftests.
 */
#include "../../../testing/selftests/kvm/arm64/nisv.h"
#include <nisv.h>

#define TARGET		(HOLE + 0x120)
#define ESR_FNV		(1ULL << 10)
#define DFSR_FNV	(1ULL << 16)

#define LOAD_SIGNED	0xb9800143U	/* ldrsw x3, [x10] */
#define A32_LOAD	0xe59a3000U	/* ldr r3, [r10] */
#define A32_STORE	0xe58a3000U	/* str r3, [r10] */
#define T32_LOAD	0x3000f8daU	/* ldr.w r3, [r10] */

struct access {
	uint32_t insn, exit;
};

/* Where the guest is, and with which instructions */
struct where {
	uint64_t pstate;
	bool a32, mmu, eae;
	struct access access[4];
};

static void start(struct vm *vm, const struct where *w, uint32_t insn)
{
	vm_start(vm, w->a32, insn);
	if (has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
		enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	if (w->mmu)
		mmu_on(vm);
	if (w->eae)
		set_reg(vm, TCR_EL1, TTBCR_EAE);
	set_reg(vm, X(10), TARGET + (w->mmu ? VA_OFFSET : 0));
	set_reg(vm, X(3), 0x0123456789abcdef);
	set_reg(vm, PSTATE, w->pstate);
}

static void cpu_init(struct nisv_cpu *cpu, const struct vm *vm)
{
	nisv_kvm_init(cpu, vm->vcpu, (vm->a32 ? NISV_FEATURE_EL1_32BIT : 0) | (vm->sve ? NISV_FEATURE_SVE : 0));
}

/*
 * What the vCPU holds at the exit; before v5.3 PC is that of the next instruction. DFSR is
 * the lower half of what ESR_EL1 holds.
 */
static void state_at(struct vm *vm, struct state *s)
{
	if (vm->a32)
		set_reg(vm, ESR_EL1, 0);
	state_save(vm, s);
	*state_reg(vm, s, PC) = CODE;
}

static enum verdict aborts(const struct where *w, const struct access *access, bool can_inject)
{
	const uint64_t far = can_inject ? TARGET + (w->mmu ? VA_OFFSET : 0) : 0;
	struct nisv_cpu cpu;
	struct state s;
	struct vm vm;
	uint64_t pc;

	start(&vm, w, access->insn);
	cpu_init(&cpu, &vm);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, access->exit);
	state_at(&vm, &s);
	memset(vm.run->mmio.data, 0x5a, access->exit == KVM_EXIT_MMIO ? sizeof(vm.run->mmio.data) : 0);
	REQUIRE_EQ(nisv_abort(&cpu, vm.run, can_inject), NISV_DONE);
	REQUIRE_EQ(vm.run->immediate_exit, 0);
	state_abort(&vm, &s, far);
	if (!can_inject)
		*state_reg(&vm, &s, ESR_EL1) |= w->a32 ? DFSR_FNV : ESR_FNV;
	pc = *state_reg(&vm, &s, PC);
	TRY(state_is(&vm, &s));
	TRY(expect_done(&vm, pc));
	TRY(state_is(&vm, &s));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict each(const struct where *w)
{
	const bool has[] = { has_cap(kvm_fd, CAP_ARM_INJECT_EXT_DABT), false };

	for (unsigned int i = has[0] ? 0 : 1; i < 2; i++) {
		for (const struct access *a = w->access; a < w->access + ARRAY_SIZE(w->access) && a->insn; a++) {
			if (a->exit == EXIT_ARM_NISV && !has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
				continue;
			TRY(aborts(w, a, has[i]));
		}
	}
	return PASSED;
}

#define A64_ACCESSES { { LOAD, KVM_EXIT_MMIO }, { STORE, KVM_EXIT_MMIO }, { LOAD_SIGNED, KVM_EXIT_MMIO }, \
		       { PAIR_LOAD, EXIT_ARM_NISV } }
#define A32_ACCESSES { { A32_LOAD, KVM_EXIT_MMIO }, { A32_STORE, KVM_EXIT_MMIO }, { A32_PAIR_LOAD, EXIT_ARM_NISV } }
#define T32_ACCESSES { { T32_LOAD, KVM_EXIT_MMIO } }

static enum verdict el1h(void)
{
	return each(&(struct where) { .pstate = EL1h | PSTATE_NZCV, .mmu = true, .access = A64_ACCESSES });
}

static enum verdict el1t(void)
{
	return each(&(struct where) { .pstate = EL1t, .access = A64_ACCESSES });
}

static enum verdict el0(void)
{
	return each(&(struct where) { .pstate = EL0t | PSTATE_NZCV, .mmu = true, .access = A64_ACCESSES });
}

static enum verdict aarch32_el0(void)
{
	struct vm vm;
	bool has;

	vm_start(&vm, false, LOAD);
	has = (get_reg(&vm, ID_AA64PFR0_EL1) & 0xf) == 2;
	vm_destroy(&vm);
	if (!has)
		SKIP("this CPU has no AArch32 at EL0");
	TRY(each(&(struct where) { .pstate = A32_USR, .access = A32_ACCESSES }));
	return each(&(struct where) { .pstate = A32_USR | PSTATE_T, .access = T32_ACCESSES });
}

static enum verdict aarch32_el1(void)
{
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	TRY(each(&(struct where) { .a32 = true, .pstate = A32_SVC, .access = A32_ACCESSES }));
	TRY(each(&(struct where) { .a32 = true, .pstate = A32_USR, .access = A32_ACCESSES }));
	TRY(each(&(struct where) { .a32 = true, .eae = true, .pstate = A32_SVC, .access = A32_ACCESSES }));
	return each(&(struct where) { .a32 = true, .pstate = A32_SVC | PSTATE_T, .access = T32_ACCESSES });
}

/* A kick that comes meanwhile is not lost */
static enum verdict kicked(void)
{
	const struct where w = { .pstate = EL1h };
	struct nisv_cpu cpu;
	struct vm vm;

	start(&vm, &w, LOAD);
	cpu_init(&cpu, &vm);
	REQUIRE_EQ(run_errno(&vm), 0);
	vm.run->immediate_exit = 1;
	REQUIRE_EQ(nisv_abort(&cpu, vm.run, false), NISV_DONE);
	REQUIRE_EQ(vm.run->immediate_exit, 1);
	vm.run->immediate_exit = 0;
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

/* Before v5.0 KVM takes the completed access for the step */
static enum verdict stepped(void)
{
	struct kvm_guest_debug step = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP }, off = { 0 };
	const struct where w = { .pstate = EL1h };
	struct nisv_cpu cpu;
	struct vm vm;

	start(&vm, &w, LOAD);
	cpu_init(&cpu, &vm);
	REQUIRE_EQ(ioctl(vm.vcpu, KVM_SET_GUEST_DEBUG, &step), 0);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(nisv_abort(&cpu, vm.run, false), NISV_DONE);
	REQUIRE_EQ(ioctl(vm.vcpu, KVM_SET_GUEST_DEBUG, &off), 0);
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x0123456789abcdef);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict refuses(void)
{
	const struct where w = { .pstate = EL1h };
	struct nisv_cpu cpu;
	struct state s;
	struct vm vm;

	start(&vm, &w, LOAD);
	cpu_init(&cpu, &vm);
	state_save(&vm, &s);
	TRY(settle(&vm));
	REQUIRE_EQ(nisv_abort(&cpu, vm.run, false), NISV_MISMATCH);
	TRY(state_is(&vm, &s));
	vm_destroy(&vm);
	return PASSED;
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "nisv_abort(): A64 at EL1", el1h },
		{ "nisv_abort(): A64 at EL1 with SP_EL0", el1t },
		{ "nisv_abort(): A64 at EL0", el0 },
		{ "nisv_abort(): A32 and T32 at EL0", aarch32_el0 },
		{ "nisv_abort(): A32 and T32 at EL1, short and long descriptors", aarch32_el1 },
		{ "nisv_abort(): a kick meanwhile stays", kicked },
		{ "nisv_abort(): while a debugger steps", stepped },
		{ "nisv_abort(): another exit is refused, and nothing changes", refuses },
	};

	return run_tests(tests, ARRAY_SIZE(tests), argc, argv);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * nisv_vgic_read() and nisv_vgic_write() with KVM as it is: does an access without a syndrome
 * get from KVM's interrupt controller what one with a syndrome gets, and does nothing else of
 * the vCPU change? The VMs are those of the kselftests.
 */
#include "../../../testing/selftests/kvm/arm64/nisv.h"
#include <nisv.h>

/* create_vgic() puts them there */
#define GICD		GIC_DIST
#define GICD_SIZE	0x10000UL
#define GICR		(GIC_DIST + 0x100000)	/* or of a GICv2 GICC */
#define GICR_SIZE	0x20000UL		/* a vCPU's */

#define GICD_CTLR	(GICD + 0x0)
#define GICD_TYPER	(GICD + 0x4)
#define GICD_IPRIORITYR	(GICD + 0x400)
#define GICD_ITARGETSR	(GICD + 0x800)
#define GICD_IROUTER	(GICD + 0x6000)
#define GICR_TYPER	(GICR + 0x8)

#define SPI		40
#define GIC_CODE	0x30000000UL		/* where nothing else is, and the tables map a device */
#define PLAIN		0x100			/* in CODE: the same with syndromes */

#define VEC_IRQ		0x280
#define VEC32_IRQ	0x18
#define LR_IRQ		X(16)

struct guest {
	struct vm *vm;
	struct nisv_cpu cpu;
	struct nisv_bus bus;
	uint64_t code;
	int answer;		/* of the last access */
};

/* Where the guest is */
struct where {
	uint64_t pstate;
	bool a32, mmu, big;
};

static const struct where el1 = { .pstate = EL1h };

static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **ram)
{
	struct guest *g = opaque;
	uint64_t rest = 0;

	(void)write;
	if (ipa - RAM < RAM_SIZE) {
		*ram = g->vm->ram + (ipa - RAM);
		rest = RAM_SIZE - (ipa - RAM);
	} else if (ipa - GICD < GICD_SIZE) {
		rest = GICD_SIZE - (ipa - GICD);
	} else if (ipa - GICR < 2 * GICR_SIZE) {
		rest = 2 * GICR_SIZE - (ipa - GICR);
	}
	return len < rest ? len : rest;
}

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	struct guest *g = opaque;

	g->answer = nisv_vgic_read(&g->cpu, g->vm->run, g->code, ipa, data, len);
	return g->answer;
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	struct guest *g = opaque;

	g->answer = nisv_vgic_write(&g->cpu, g->vm->run, g->code, ipa, data, len);
	return g->answer;
}

static void guest_of(struct guest *g, struct vm *vm)
{
	*g = (struct guest) {
		.vm = vm, .code = GIC_CODE,
		.bus = { .opaque = g, .at = bus_at, .read = bus_read, .write = bus_write },
	};
	nisv_kvm_init(&g->cpu, vm->vcpu, (vm->a32 ? NISV_FEATURE_EL1_32BIT : 0) | (vm->sve ? NISV_FEATURE_SVE : 0));
}

/* A VM without an interrupt controller, and the code in a read-only memslot */
static void start_without(struct vm *vm, const struct where *w, uint32_t insn)
{
	vm_start(vm, w->a32, insn);
	enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	nisv_vgic_code(vm->ro);
	add_slot(vm, 3, KVM_MEM_READONLY, GIC_CODE, RO_SIZE, vm->ro);
	if (w->big)
		mmu_start(vm, MMU_OFF, true);
	if (w->mmu)
		mmu_on(vm);
	set_reg(vm, PSTATE, w->pstate);
}

static bool is_v3(const struct vm *vm)
{
	struct kvm_create_device dev = { .type = KVM_DEV_TYPE_ARM_VGIC_V3, .flags = KVM_CREATE_DEVICE_TEST };

	return !ioctl(vm->fd, KVM_CREATE_DEVICE, &dev);
}

#define NEEDS_EXIT() do {							\
	if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))				\
		SKIP("this kernel has no KVM_CAP_ARM_NISV_TO_USER");		\
} while (0)

#define START(vm, g, w, insn) do {						\
	NEEDS_EXIT();								\
	start_without(vm, w, insn);						\
	guest_of(g, vm);							\
	if (!create_vgic(vm))							\
		SKIP("the host has no interrupt controller for guests");	\
} while (0)

/* All registers that KVM has, but for time */
struct everything {
	uint64_t (*value)[32];
};

static bool is_time(uint64_t id)
{
	return id == KVM_REG_ARM_TIMER_CNT || id == KVM_REG_ARM_PTIMER_CNT;
}

static void everything_save(struct vm *vm, struct everything *all)
{
	if (!vm->regs)
		vm->regs = reg_list(vm);
	all->value = calloc(vm->regs->n, sizeof(*all->value));
	must(all->value ? 0 : -1, "calloc");
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		struct kvm_one_reg reg = { .id = vm->regs->reg[i], .addr = (uintptr_t)all->value[i] };

		must(ioctl(vm->vcpu, KVM_GET_ONE_REG, &reg), "KVM_GET_ONE_REG");
	}
}

/* Is all as it was, but for the n registers of @but? */
static enum verdict everything_is(struct vm *vm, struct everything *was, const uint64_t *but, unsigned int n)
{
	struct everything now;

	everything_save(vm, &now);
	for (uint64_t i = 0; i < vm->regs->n; i++) {
		uint64_t id = vm->regs->reg[i];
		bool may = is_time(id);

		for (unsigned int j = 0; j < n; j++)
			may |= but[j] == id;
		REQUIRE(may || !memcmp(now.value[i], was->value[i], sizeof(now.value[i])),
			"register 0x%llx is 0x%llx, was 0x%llx", (unsigned long long)id,
			(unsigned long long)now.value[i][0], (unsigned long long)was->value[i][0]);
	}
	free(now.value);
	free(was->value);
	return PASSED;
}

static enum verdict exit_is(struct vm *vm, const struct arm_nisv *nisv)
{
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	REQUIRE_EQ(run_nisv(vm->run)->esr_iss, nisv->esr_iss);
	REQUIRE_EQ(run_nisv(vm->run)->fault_ipa, nisv->fault_ipa);
	return PASSED;
}

/* The access that the vCPU has exited with; it may load X3 to X5, and moves X10 by @step */
static enum verdict carried_out(struct guest *g, uint64_t pc, unsigned int step)
{
	const uint64_t but[] = { PC, PSTATE, X(3), X(4), X(5), X(10) };
	struct vm *vm = g->vm;
	const uint64_t at = get_reg(vm, X(10)), pstate = get_reg(vm, PSTATE);
	const struct arm_nisv nisv = *run_nisv(vm->run);
	struct everything was;

	everything_save(vm, &was);
	REQUIRE_EQ(nisv_kvm(&g->cpu, vm->run, &g->bus, NULL), NISV_DONE);
	TRY(exit_is(vm, &nisv));
	TRY(everything_is(vm, &was, but, ARRAY_SIZE(but)));
	REQUIRE_EQ(get_reg(vm, PC), pc + 4);
	REQUIRE_EQ(get_reg(vm, PSTATE) & ~PSTATE_SS, pstate & ~PSTATE_SS);
	REQUIRE_EQ(get_reg(vm, X(10)), at + step);
	REQUIRE_EQ(vm->run->immediate_exit, 0);
	return PASSED;
}

/* An instruction without a syndrome, and what looks at the same with one */
struct form {
	uint32_t insn;
	uint64_t ipa;
	unsigned int step;
	uint32_t plain[2];
	unsigned int size;	/* of a store: the bytes of X3 */
	bool v3;		/* needs a GICv3 */
};

#define NOP		0xd503201f
#define A32_NOP		0xe320f000

static const struct form a64_forms[] = {
	/* ldr w3, [x10], #4 */
	{ 0xb8404543, GICD_TYPER, 4, { 0xb9400143 /* ldr w3, [x10] */, NOP } },
	/* ldp w3, w4, [x10] */
	{ 0x29401143, GICD_CTLR, 0, { 0xb9400143, 0xb9400544 /* ldr w4, [x10, #4] */ } },
	/* str w3, [x10], #4 */
	{ 0xb8004543, GICD_IPRIORITYR + SPI, 4, { 0xb9400145 /* ldr w5, [x10] */, NOP }, 4 },
	/* strb w3, [x10], #1 */
	{ 0x38001543, GICD_IPRIORITYR + SPI + 1, 1, { 0x39400145 /* ldrb w5, [x10] */, NOP }, 1 },
	/* stp w3, w4, [x10], #8 */
	{ 0x28811143, GICD_IPRIORITYR + SPI, 8, { 0xb9400145, NOP }, 4 },
	/* ldr x3, [x10], #8 */
	{ 0xf8408543, GICR_TYPER, 8, { 0xf9400143 /* ldr x3, [x10] */, NOP }, .v3 = true },
	/* str x3, [x10], #8 */
	{ 0xf8008543, GICD_IROUTER + 8 * SPI, 8, { 0xf9400145 /* ldr x5, [x10] */, NOP }, 8, true },
};

static const struct form a32_forms[] = {
	/* ldr r3, [r10], #4 */
	{ 0xe49a3004, GICD_TYPER, 4, { 0xe59a3000 /* ldr r3, [r10] */, A32_NOP } },
	/* ldm r10, {r3, r4} */
	{ A32_PAIR_LOAD, GICD_CTLR, 0, { 0xe59a3000, 0xe59a4004 /* ldr r4, [r10, #4] */ } },
	/* str r3, [r10], #4 */
	{ 0xe48a3004, GICD_IPRIORITYR + SPI, 4, { 0xe59a5000 /* ldr r5, [r10] */, A32_NOP }, 4 },
	/* strb r3, [r10], #1 */
	{ 0xe4ca3001, GICD_IPRIORITYR + SPI + 1, 1, { 0xe5da5000 /* ldrb r5, [r10] */, A32_NOP }, 1 },
	/* ldrd r4, r5, [r10] */
	{ 0xe1ca40d0, GICR_TYPER, 0, { 0xe59a4000 /* ldr r4, [r10] */, 0xe59a5004 /* ldr r5, [r10, #4] */ },
	  .v3 = true },
};

/* Priorities, or a route: of which the registers keep all bits */
#define STORED		0x00808890ULL

static uint64_t stored(const struct where *w, unsigned int size)
{
	const uint64_t value = size == 1 ? STORED & 0xff : STORED;

	return w->big ? __builtin_bswap64(value) >> (64 - 8 * size) : value;
}

static enum verdict is_same(const struct where *w, const struct form *f)
{
	const uint64_t base = f->ipa + (w->mmu ? VA_OFFSET : 0);
	uint64_t x[3];
	struct guest g;
	uint32_t *code;
	struct vm vm;

	START(&vm, &g, w, f->insn);
	if (f->v3 && !is_v3(&vm)) {
		vm_destroy(&vm);
		return PASSED;
	}
	code = (uint32_t *)(vm.ram + CODE - RAM + PLAIN);
	code[0] = f->plain[0];
	code[1] = f->plain[1];
	code[2] = w->a32 ? A32_STR_R9_R11 : A64_STR_W30_X29;
	set_reg(&vm, X(10), base);
	set_reg(&vm, X(3), f->size ? stored(w, f->size) : STORED);
	set_reg(&vm, X(4), 0x50586068);
	set_reg(&vm, X(5), 0);
	TRY(expect_nisv(&vm, f->ipa));
	TRY(carried_out(&g, CODE, f->step));
	for (unsigned int n = 0; n < 3; n++)
		x[n] = get_reg(&vm, X(3 + n));
	/* The guest goes on */
	TRY(expect_done(&vm, CODE + 4));
	TRY(settle(&vm));

	set_reg(&vm, PC, CODE + PLAIN);
	set_reg(&vm, X(10), base);
	TRY(expect_done(&vm, CODE + PLAIN + 8));
	if (f->size) {
		REQUIRE_EQ(get_reg(&vm, X(5)), stored(w, f->size));
	} else {
		for (unsigned int n = 0; n < 3; n++)
			REQUIRE_EQ(x[n], get_reg(&vm, X(3 + n)));
	}
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict all_forms(const struct where *w)
{
	const struct form *forms = w->a32 ? a32_forms : a64_forms;
	const unsigned int n = w->a32 ? ARRAY_SIZE(a32_forms) : ARRAY_SIZE(a64_forms);

	for (unsigned int i = 0; i < n; i++) {
		if (is_same(w, &forms[i]) == FAILED) {
			ksft_print_msg("with the instruction 0x%08x\n", forms[i].insn);
			return FAILED;
		}
	}
	return PASSED;
}

static enum verdict at_el1(void)
{
	NEEDS_EXIT();
	TRY(all_forms(&el1));
	return all_forms(&(struct where) { .pstate = EL1t | PSTATE_NZCV | PSTATE_I, .mmu = true });
}

static enum verdict at_el0(void)
{
	NEEDS_EXIT();
	return all_forms(&(struct where) { .pstate = EL0t | PSTATE_NZCV, .mmu = true });
}

static enum verdict big_endian(void)
{
	NEEDS_EXIT();
	return all_forms(&(struct where) { .pstate = EL1h, .big = true });
}

static enum verdict aarch32_el1(void)
{
	NEEDS_EXIT();
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	TRY(all_forms(&(struct where) { .a32 = true, .pstate = A32_SVC }));
	TRY(all_forms(&(struct where) { .a32 = true, .pstate = A32_SVC | PSTATE_E, .big = true }));
	return all_forms(&(struct where) { .a32 = true, .pstate = A32_USR, .mmu = true });
}

/*
 * A driver: X0 is GICD, X1 GICC, X2 where the interrupt goes, X5 is not 0 with a GICv3. The
 * interrupt is pending with the last of its stores, and not masked. Its handler takes the
 * number to X8.
 */
static const uint32_t a64_driver[] = {
	0xd50342ff,	/* msr daifclr, #2 */
	0x52800263,	/* mov w3, #0x13 */
	0xaa0003ea,	/* mov x10, x0 */
	0xb8004543,	/* str w3, [x10], #4		GICD_CTLR */
	0xb8404548,	/* ldr w8, [x10], #4		GICD_TYPER */
	0x9110a00a,	/* add x10, x0, #0x400 + 40 */
	0x52801003,	/* mov w3, #0x80 */
	0x38001543,	/* strb w3, [x10], #1		GICD_IPRIORITYR */
	0xd2801e03,	/* mov x3, #0xf0 */
	0xd2800024,	/* mov x4, #1 */
	0xb4000105,	/* cbz x5, . + 32 */
	0x9140180a,	/* add x10, x0, #0x6, lsl #12 */
	0x9105014a,	/* add x10, x10, #8 * 40 */
	0xf8008542,	/* str x2, [x10], #8		GICD_IROUTER */
	0xd5184603,	/* msr s3_0_c4_c6_0, x3		ICC_PMR_EL1 */
	0xd518cce4,	/* msr s3_0_c12_c12_7, x4	ICC_IGRPEN1_EL1 */
	0xd5033fdf,	/* isb */
	0x14000005,	/* b . + 20 */
	0x9120a00a,	/* add x10, x0, #0x800 + 40 */
	0x38001544,	/* strb w4, [x10], #1		GICD_ITARGETSR */
	0xb9000423,	/* str w3, [x1, #4]		GICC_PMR */
	0xb9000024,	/* str w4, [x1]			GICC_CTLR */
	0x9104100a,	/* add x10, x0, #0x104 */
	0x52802003,	/* mov w3, #0x100 */
	0xb8004543,	/* str w3, [x10], #4		GICD_ISENABLER1 */
	0x9108100a,	/* add x10, x0, #0x204 */
	0xb8004543,	/* str w3, [x10], #4		GICD_ISPENDR1 */
};

static const uint32_t a64_handler[] = {
	0xb4000065,	/* cbz x5, . + 12 */
	0xd538cc08,	/* mrs x8, s3_0_c12_c12_0	ICC_IAR1_EL1 */
	0x14000002,	/* b . + 8 */
	0xb9400c28,	/* ldr w8, [x1, #0xc]		GICC_IAR */
	A64_STR_W30_X29,
};

/* The same for a GICv3, at r0; r6 and r7 are where the interrupt goes */
static const uint32_t a32_driver[] = {
	0xf1080080,	/* cpsie i */
	0xe3a03012,	/* mov r3, #0x12 */
	0xe1a0a000,	/* mov r10, r0 */
	0xe48a3004,	/* str r3, [r10], #4		GICD_CTLR */
	0xe49a8004,	/* ldr r8, [r10], #4		GICD_TYPER */
	0xe280ab01,	/* add r10, r0, #0x400 */
	0xe28aa028,	/* add r10, r10, #40 */
	0xe3a03080,	/* mov r3, #0x80 */
	0xe4ca3001,	/* strb r3, [r10], #1		GICD_IPRIORITYR */
	0xe280aa06,	/* add r10, r0, #0x6000 */
	0xe28aad05,	/* add r10, r10, #8 * 40 */
	0xe0ca60f8,	/* strd r6, r7, [r10], #8	GICD_IROUTER */
	0xe3a030f0,	/* mov r3, #0xf0 */
	0xee043f16,	/* mcr p15, 0, r3, c4, c6, 0	ICC_PMR */
	0xe3a03001,	/* mov r3, #1 */
	0xee0c3ffc,	/* mcr p15, 0, r3, c12, c12, 7	ICC_IGRPEN1 */
	0xf57ff06f,	/* isb */
	0xe280af41,	/* add r10, r0, #0x104 */
	0xe3a03c01,	/* mov r3, #0x100 */
	0xe48a3004,	/* str r3, [r10], #4		GICD_ISENABLER1 */
	0xe280af81,	/* add r10, r0, #0x204 */
	0xe48a3004,	/* str r3, [r10], #4		GICD_ISPENDR1 */
};

static const uint32_t a32_handler[] = {
	0xee1c8f1c,	/* mrc p15, 0, r8, c12, c12, 0	ICC_IAR1 */
	A32_STR_R9_R11,
};

static void irq_line(const struct vm *vm)
{
	struct kvm_irq_level irq = { .irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | SPI, .level = 1 };

	must(ioctl(vm->fd, KVM_IRQ_LINE, &irq), "KVM_IRQ_LINE");
}

/* With @raised, the interrupt is pending before the last access */
static enum verdict driver_works(bool a32, bool raised)
{
	const struct where w = { .a32 = a32, .pstate = a32 ? A32_SVC | PSTATE_I : EL1h | PSTATE_I };
	const size_t size = a32 ? sizeof(a32_driver) : sizeof(a64_driver);
	const unsigned int accesses = 6;
	const uint64_t end = CODE + size;
	struct guest g;
	struct vm vm;
	bool v3;

	START(&vm, &g, &w, a32 ? A32_B_SELF : A64_B_SELF);
	v3 = is_v3(&vm);
	if (a32 && !v3)
		SKIP("the host has no GICv3 for guests");
	memcpy(vm.ram + CODE - RAM, a32 ? a32_driver : a64_driver, size);
	memcpy(vm.ram + VECTORS - RAM + (a32 ? VEC32_IRQ : VEC_IRQ), a32 ? a32_handler : a64_handler,
	       a32 ? sizeof(a32_handler) : sizeof(a64_handler));
	set_reg(&vm, X(0), GICD);
	set_reg(&vm, X(1), GICR);
	set_reg(&vm, X(2), 0);
	set_reg(&vm, X(5), v3);
	set_reg(&vm, X(6), 0);
	set_reg(&vm, X(7), 0);

	for (unsigned int n = 0; n < accesses; n++) {
		REQUIRE_EQ(run_errno(&vm), 0);
		REQUIRE_EQ(vm.run->exit_reason, EXIT_ARM_NISV);
		if (raised && n == accesses - 1)
			irq_line(&vm);
		REQUIRE_EQ(nisv_kvm(&g.cpu, vm.run, &g.bus, NULL), NISV_DONE);
	}
	REQUIRE_EQ(get_reg(&vm, PC), end);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(vm.run->mmio.phys_addr, DONE);
	REQUIRE_EQ(get_reg(&vm, X(8)), SPI);
	REQUIRE_EQ(a32 ? get_reg(&vm, LR_IRQ) - 4 : get_reg(&vm, ELR_EL1), end);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict driver_a64(void)
{
	return driver_works(false, false);
}

static enum verdict driver_a64_raised(void)
{
	return driver_works(false, true);
}

static enum verdict driver_a32(void)
{
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	TRY(driver_works(true, false));
	return driver_works(true, true);
}

/* One that is pending before, and not masked */
static enum verdict serror(void)
{
	struct kvm_vcpu_events ev = { .exception.serror_pending = 1 };
	struct guest g;
	struct vm vm;

	START(&vm, &g, &el1, 0xb8404543 /* ldr w3, [x10], #4 */);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	REQUIRE_EQ(set_events(&vm, &ev), 0);
	if (get_reg(&vm, PC) != CODE)
		SKIP("this kernel does not leave an SError pending that is not masked");
	TRY(carried_out(&g, CODE, 4));
	TRY(expect_done(&vm, VECTORS + VEC_SERROR));
	REQUIRE_EQ(get_reg(&vm, ELR_EL1), CODE + 4);
	vm_destroy(&vm);
	return PASSED;
}

/* On the load of 4 bytes; that of AArch32 is a prefetch abort */
#define MDSCR_EL1	SYSREG(2, 0, 0, 2, 2)
#define MDSCR_KDE_MDE	(BIT(13) | BIT(15))
#define DBGBVR0_EL1	SYSREG(2, 0, 0, 0, 4)
#define DBGBCR0_EL1	SYSREG(2, 0, 0, 0, 5)
#define DBGBCR_AT_EL1	0x1e3

static enum verdict breakpoint(bool a32)
{
	const struct where w = { .a32 = a32, .pstate = a32 ? A32_SVC : EL1h };
	struct guest g;
	struct vm vm;

	START(&vm, &g, &w, a32 ? 0xe49a3004 /* ldr r3, [r10], #4 */ : 0xb8404543 /* ldr w3, [x10], #4 */);
	set_reg(&vm, X(10), GICD_TYPER);
	set_reg(&vm, DBGBVR0_EL1, GIC_CODE + 16 * (8 * a32 + 2));
	set_reg(&vm, DBGBCR0_EL1, DBGBCR_AT_EL1);
	set_reg(&vm, MDSCR_EL1, MDSCR_KDE_MDE);
	TRY(expect_nisv(&vm, GICD_TYPER));
	TRY(carried_out(&g, CODE, 4));
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict breakpoints(void)
{
	TRY(breakpoint(false));
	return has_el1_32bit() ? breakpoint(true) : PASSED;
}

/* Of two vCPUs each reads its own registers; the code is the same */
static struct guest guests[2];
static uint64_t mine[2];
static unsigned long rounds[2];

static enum verdict read_mine(struct vm *vm)
{
	const unsigned int n = vm == guests[1].vm;
	struct guest *g = &guests[n];
	const bool v3 = is_v3(vm);
	int err;

	set_reg(vm, PC, CODE);
	set_reg(vm, X(10), v3 ? GICR_TYPER + n * GICR_SIZE : GICD_ITARGETSR);
	err = run_errno(vm);
	if (err == EINTR)
		return PASSED;
	REQUIRE_EQ(err, 0);
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	REQUIRE_EQ(nisv_kvm(&g->cpu, vm->run, &g->bus, NULL), NISV_DONE);
	REQUIRE_EQ(get_reg(vm, X(3)), mine[n]);
	STORE_SHARED(rounds[n], rounds[n] + 1);
	return PASSED;
}

static enum verdict two_vcpus(void)
{
	struct runner runner[2];
	struct vm vm[2];
	bool v3;

	NEEDS_EXIT();
	start_without(&vm[0], &el1, 0);
	v3 = is_v3(&vm[0]);
	/* ldr x3, [x10], #8; or ldr w3, [x10], #4 */
	code(&vm[0], v3 ? 0xf8408543 : 0xb8404543);
	vm[1] = vcpu_add(&vm[0], 1);
	vcpu_init(&vm[1]);
	regs_init(&vm[1]);
	if (!create_vgic(&vm[0]))
		SKIP("the host has no interrupt controller for guests");
	for (unsigned int n = 0; n < 2; n++) {
		guest_of(&guests[n], &vm[n]);
		/* The affinity, the number, and the last of them; or the CPUs, of four interrupts */
		mine[n] = v3 ? (uint64_t)n << 32 | n << 8 | (n == 1) << 4 : 0x01010101ULL << n;
		rounds[n] = 0;
		runner[n] = (struct runner) { .vm = &vm[n], .step = read_mine };
	}
	for (unsigned int n = 0; n < 2; n++)
		runner_start(&runner[n]);
	for (unsigned int n = 0; n < 2; n++)
		REQUIRE(runner_reaches(&runner[n], &rounds[n], 100), "vCPU %u: %lu rounds", n, rounds[n]);
	for (unsigned int n = 0; n < 2; n++)
		TRY(runner_stop(&runner[n]));
	vcpu_remove(&vm[1]);
	vm_destroy(&vm[0]);
	return PASSED;
}

/* A kick that comes meanwhile is not lost */
static enum verdict kicked(void)
{
	struct guest g;
	struct vm vm;

	START(&vm, &g, &el1, 0xb8404543 /* ldr w3, [x10], #4 */);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	vm.run->immediate_exit = 1;
	REQUIRE_EQ(nisv_kvm(&g.cpu, vm.run, &g.bus, NULL), NISV_DONE);
	REQUIRE_EQ(vm.run->immediate_exit, 1);
	vm.run->immediate_exit = 0;
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

/* Another vCPU switches the VM off: KVM_RUN sleeps, and ends with the signal that comes */
#define PSCI_SYSTEM_OFF	0x84000008

static enum verdict switched_off(void)
{
	struct everything was;
	struct vm vm, other;
	struct guest g;

	NEEDS_EXIT();
	start_without(&vm, &el1, 0xb8404543 /* ldr w3, [x10], #4 */);
	((uint32_t *)(vm.ram + CODE - RAM + PLAIN))[0] = HVC;
	other = vcpu_add(&vm, 1);
	vcpu_init(&other);
	regs_init(&other);
	if (!create_vgic(&vm))
		SKIP("the host has no interrupt controller for guests");
	guest_of(&g, &vm);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));

	set_reg(&other, PC, CODE + PLAIN);
	set_reg(&other, X(0), PSCI_SYSTEM_OFF);
	REQUIRE_EQ(run_errno(&other), 0);
	REQUIRE_EQ(other.run->exit_reason, KVM_EXIT_SYSTEM_EVENT);

	everything_save(&vm, &was);
	interrupt_after(1);
	REQUIRE_EQ(nisv_kvm(&g.cpu, vm.run, &g.bus, NULL), NISV_DEVICE);
	interrupt_after(60);
	REQUIRE_EQ(g.answer, NISV_AGAIN);
	TRY(everything_is(&vm, &was, NULL, 0));
	vcpu_remove(&other);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict debugged(void)
{
	struct kvm_guest_debug step = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP }, off = {};
	struct guest g;
	struct vm vm;

	START(&vm, &g, &el1, 0xb8404543 /* ldr w3, [x10], #4 */);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	must(ioctl(vm.vcpu, KVM_SET_GUEST_DEBUG, &step), "KVM_SET_GUEST_DEBUG");
	TRY(carried_out(&g, CODE, 4));
	must(ioctl(vm.vcpu, KVM_SET_GUEST_DEBUG, &off), "KVM_SET_GUEST_DEBUG");
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

/* Refused with this answer, all is as it was, and the guest can take an abort */
static enum verdict is_refused(struct guest *g, int answer)
{
	struct vm *vm = g->vm;
	const struct arm_nisv nisv = *run_nisv(vm->run);
	struct everything was;

	everything_save(vm, &was);
	REQUIRE_EQ(nisv_kvm(&g->cpu, vm->run, &g->bus, NULL), NISV_DEVICE);
	REQUIRE_EQ(g->answer, answer);
	TRY(exit_is(vm, &nisv));
	TRY(everything_is(vm, &was, NULL, 0));
	REQUIRE_EQ(nisv_abort(&g->cpu, vm->run, has_cap(kvm_fd, CAP_ARM_INJECT_EXT_DABT)), NISV_DONE);
	TRY(expect_done(vm, VECTORS + VEC_DABT));
	vm_destroy(vm);
	return PASSED;
}

static enum verdict nothing_there(void)
{
	const uint32_t insns[] = { 0xb8404543 /* ldr w3, [x10], #4 */, 0xb8004543 /* str w3, [x10], #4 */ };
	struct guest g;
	struct vm vm;

	NEEDS_EXIT();
	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		start_without(&vm, &el1, insns[i]);
		guest_of(&g, &vm);
		set_reg(&vm, X(10), GICD_TYPER);
		TRY(expect_nisv(&vm, GICD_TYPER));
		TRY(is_refused(&g, NISV_NOTHING));
	}
	return PASSED;
}

static enum verdict refuses(void)
{
	uint8_t data[64] = { 0 };
	struct everything was;
	struct guest g;
	struct vm vm;

	/* No code */
	START(&vm, &g, &el1, 0xb8404543 /* ldr w3, [x10], #4 */);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	g.code = 0;
	TRY(is_refused(&g, NISV_UNSUPPORTED));

	/* What no load or store does */
	START(&vm, &g, &el1, 0xb8404543);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	everything_save(&vm, &was);
	REQUIRE_EQ(nisv_vgic_read(&g.cpu, vm.run, GIC_CODE, GICD, data, 64), NISV_UNSUPPORTED);
	REQUIRE_EQ(nisv_vgic_read(&g.cpu, vm.run, GIC_CODE, GICD + 2, data, 4), NISV_ALIGNMENT);
	g.cpu.features |= NISV_FEATURE_HAS_EL2;
	REQUIRE_EQ(nisv_vgic_write(&g.cpu, vm.run, GIC_CODE, GICD, data, 4), NISV_UNSUPPORTED);
	TRY(everything_is(&vm, &was, NULL, 0));
	vm_destroy(&vm);

	/* Another exit, which KVM would complete */
	START(&vm, &g, &el1, LOAD);
	set_reg(&vm, X(10), HOLE);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
	everything_save(&vm, &was);
	REQUIRE_EQ(nisv_vgic_read(&g.cpu, vm.run, GIC_CODE, GICD, data, 4), NISV_MISMATCH);
	TRY(everything_is(&vm, &was, NULL, 0));
	vm_destroy(&vm);

	/* What AArch32 cannot reach */
	if (!has_el1_32bit())
		return PASSED;
	START(&vm, &g, (&(const struct where) { .a32 = true, .pstate = A32_SVC }), 0xe49a3004);
	set_reg(&vm, X(10), GICD_TYPER);
	TRY(expect_nisv(&vm, GICD_TYPER));
	REQUIRE_EQ(nisv_vgic_read(&g.cpu, vm.run, 1ULL << 32, GICD, data, 4), NISV_UNSUPPORTED);
	vm_destroy(&vm);
	return PASSED;
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "the vGIC: A64 at EL1, MMU off and on", at_el1 },
		{ "the vGIC: A64 at EL0", at_el0 },
		{ "the vGIC: big-endian", big_endian },
		{ "the vGIC: A32 at EL1 and EL0", aarch32_el1 },
		{ "the vGIC: a driver takes the interrupt that it makes pending", driver_a64 },
		{ "the vGIC: an interrupt that is pending before", driver_a64_raised },
		{ "the vGIC: both in AArch32", driver_a32 },
		{ "the vGIC: an SError that is pending before", serror },
		{ "the vGIC: a breakpoint of the guest's on the code", breakpoints },
		{ "the vGIC: two vCPUs, each its own registers", two_vcpus },
		{ "the vGIC: a kick meanwhile stays", kicked },
		{ "the vGIC: another vCPU switches the VM off meanwhile", switched_off },
		{ "the vGIC: a debugger's step meanwhile", debugged },
		{ "the vGIC: where there is none, it is refused, and nothing changes", nothing_there },
		{ "the vGIC: what cannot be done is refused, and nothing changes", refuses },
	};

	return run_tests(tests, ARRAY_SIZE(tests), argc, argv);
}

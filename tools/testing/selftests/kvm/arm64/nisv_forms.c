// SPDX-License-Identifier: GPL-2.0
/*
 * Every form of load and store (nisv_forms.h), in every kind of guest:
 *
 *   without a syndrome: what the exit reports (E1, E2), that it leaves the guest
 *   alone, repeats, and can be skipped (E3); the abort that the guest takes when
 *   one is injected (I1, I2) at the faulting instruction (I5);
 *   with a syndrome: that it stays KVM_EXIT_MMIO with its length, direction and
 *   register (E8), that a load keeps its sign (E10), and that it is dropped when an
 *   abort is injected (I4).
 *
 * usage: nisv_forms [-a] [PART]
 *
 * Without -a, each mode of the guest is tried with one setting of its MMU and one
 * byte order. PART: only tests that have it in their name.
 */
#include "nisv.h"
#include "nisv_forms.h"

/* A memslot between two holes, for accesses that straddle its ends */
#define EDGE		0x60000000UL
#define EDGE_SIZE	0x10000UL

/* In a hole, and as far in the read-only memslot; no form needs more alignment */
#define TARGET_OFFSET	0x1000UL
#define INDEX_VALUE	16

/* Literals are 1 MiB below the code, which is below RAM; a form's code has 16 bytes */
#define CODE_OF(i)	(CODE + 16 * (i))

enum isa { A64, A32, T32 };

struct mode {
	const char *name;
	uint64_t pstate;
	enum isa isa;
	bool a32;		/* AArch32 at EL1 */
};

static const struct mode modes[] = {
#ifdef __aarch64__
	{ "A64 at EL1 with SP_EL1", EL1h, A64, false },
	{ "A64 at EL1 with SP_EL0", EL1t, A64, false },
	{ "A64 at EL0", EL0t, A64, false },
	{ "A32 at EL0 of AArch64", A32_USR, A32, false },
	{ "T32 at EL0 of AArch64", A32_USR | PSTATE_T, T32, false },
#endif
	{ "A32 in SVC mode", A32_SVC, A32, true },
	{ "T32 in SVC mode", A32_SVC | PSTATE_T, T32, true },
	{ "A32 in USR mode", A32_USR, A32, true },
	{ "T32 in USR mode", A32_USR | PSTATE_T, T32, true },
};

static const char * const mmu_name[] = {
	[MMU_OFF] = "MMU off", [MMU_4K] = "4K", [MMU_16K] = "16K", [MMU_64K] = "64K",
	[MMU_SHORT] = "short descriptors", [MMU_LONG] = "long descriptors",
};

/* Where the accesses go */
enum area { IN_HOLE, INTO_HOLE, OUT_OF_HOLE, READ_ONLY, AREAS };

static const char * const area_name[] = {
	[IN_HOLE] = "in a hole", [INTO_HOLE] = "from memory into a hole",
	[OUT_OF_HOLE] = "from a hole into memory", [READ_ONLY] = "on a read-only memslot",
};

struct guest {
	struct vm vm;
	const struct mode *mode;
	enum mmu mmu;
	bool big;		/* data are big-endian */
	bool sve;
	const struct form *forms;
	unsigned int nr_forms;
	struct state state;	/* that every form starts in, but for its base */
	struct state now;
	uint8_t *edge;
};

/* What one form is about to do */
struct trial {
	const struct form *form;
	uint64_t pc, next_pc;
	uint64_t va, ipa;	/* of the first byte */
	uint64_t first, last;	/* IPAs that may fault */
	bool partial;		/* what is in memory may have been accessed */
};

static struct {
	unsigned long forms, checks;
} total;

/*
 * The guest
 */

static unsigned int insn_size(enum isa isa, uint32_t insn)
{
	return isa == T32 && insn <= 0xffff ? 2 : 4;
}

static uint8_t *put_insn(uint8_t *p, enum isa isa, uint32_t insn)
{
	unsigned int size = insn_size(isa, insn);

	/* Of a T32 instruction, the first halfword is the upper one */
	if (isa == T32 && size == 4)
		insn = insn << 16 | insn >> 16;
	memcpy(p, &insn, size);
	return p + size;
}

/* All forms, each with a store to DONE behind it */
static void put_code(struct guest *g)
{
	static const uint32_t done[] = {
		[A64] = A64_STR_W30_X29,
		[A32] = A32_STR_R9_R11,
		[T32] = 0xf8cb9000,	/* str.w r9, [r11] */
	};

	for (unsigned int i = 0; i < g->nr_forms; i++) {
		uint8_t *p = g->vm.ram + CODE_OF(i) - RAM;

		p = put_insn(p, g->mode->isa, g->forms[i].insn);
		put_insn(p, g->mode->isa, done[g->mode->isa]);
	}
}

/* A form that this CPU does not have is left out */
static bool has_form(struct guest *g, const struct form *form)
{
#ifdef __aarch64__
	if (form->flags & ATOMIC)
		return (get_reg(&g->vm, ID_AA64ISAR0_EL1) >> 20 & 0xf) >= 2;
	if (form->flags & LRCPC)
		return get_reg(&g->vm, ID_AA64ISAR1_EL1) >> 20 & 0xf;
#else
	if (form->flags & FP)
		return !try_set_reg(&g->vm, FPEXC, BIT(30));
	if (form->flags & V8)
		return false;
#endif
	return true;
}

/* Can the guest be had here? Else why not */
#ifdef __aarch64__
static const char *cpu_lacks(struct guest *g)
{
	uint64_t mmfr0 = get_reg(&g->vm, ID_AA64MMFR0_EL1);
	bool el0 = !(g->mode->pstate & EL1t) || g->mode->isa != A64;

	if (g->mode->a32)
		return NULL;
	if (g->mode->isa != A64 && (get_reg(&g->vm, ID_AA64PFR0_EL1) & 0xf) != 2)
		return "AArch32 at EL0";
	if ((g->mmu == MMU_4K && (mmfr0 >> 28 & 0xf) == 0xf) ||
	    (g->mmu == MMU_16K && !(mmfr0 >> 20 & 0xf)) ||
	    (g->mmu == MMU_64K && (mmfr0 >> 24 & 0xf) == 0xf))
		return "that granule";
	if (g->big && !(mmfr0 >> 8 & 0xf) && !(el0 && mmfr0 >> 16 & 0xf))
		return "big-endian data";
	return NULL;
}
#else
#define cpu_lacks(g) NULL
#endif

/* Floating point, SIMD and SVE do not trap */
static void enable_fp(struct guest *g)
{
	if (g->mode->a32) {
		try_set_reg(&g->vm, CPACR, 0xf << 20);
		try_set_reg(&g->vm, FPEXC, BIT(30));
	}
#ifdef __aarch64__
	if (g->sve) {
		uint8_t p0[32];
		struct kvm_one_reg reg = { .id = SVE_P0, .addr = (uintptr_t)p0 };

		memset(p0, 0xff, sizeof(p0));
		must(ioctl(g->vm.vcpu, KVM_SET_ONE_REG, &reg), "SVE P0");
		set_reg(&g->vm, CPACR_EL1, 3UL << 20 | 3UL << 16);
		/* All of the vector length: what is beyond it may be lost */
		set_reg(&g->vm, ZCR_EL1, 0xf);
	}
#endif
}

static void guest_state_init(struct guest *g)
{
	struct vm *vm = &g->vm;
	bool a64 = g->mode->isa == A64;

	/* Values that are not the ones that are loaded, to see what is written */
	state_save(vm, &g->now);
	g->state = g->now;
	for (unsigned int i = 0; i < GUEST(31, 13); i++)
		*state_reg(vm, &g->state, X(i)) = a64 ? 0x1122334455667700ULL + i :
						  0x55667700 + i;
	*state_reg(vm, &g->state, X(a64 ? 11 : 7)) = INDEX_VALUE;
	if (!a64) {
		*state_reg(vm, &g->state, X(11)) = DONE;
		*state_reg(vm, &g->state, X(12)) = SKIPPED;
	}
#ifdef __aarch64__
	if (!g->mode->a32) {
		*state_reg(vm, &g->state, X(29)) = DONE;
		*state_reg(vm, &g->state, X(28)) = SKIPPED;
	}
	*state_reg(vm, &g->state, FAR_EL1) = 0xabcdef0055667788UL;
#else
	*state_reg(vm, &g->state, FAR_EL1) = 0x55667788;
#endif
	*state_reg(vm, &g->state, ESR_EL1) = 0;
	*state_reg(vm, &g->state, PSTATE) = g->mode->pstate | 0x60000000UL |
		(g->big && !a64 ? PSTATE_E : 0);
}

static void guest_destroy(struct guest *g)
{
	vm_destroy(&g->vm);
	munmap(g->edge, EDGE_SIZE);
}

static enum verdict guest_create(struct guest *g)
{
	struct vm *vm = &g->vm;
	const char *lacks;

	if (g->sve && !has_cap(kvm_fd, CAP_ARM_SVE))
		SKIP("this CPU has no SVE, or KVM not for guests");
	if (g->mode->a32 && !has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	vm_create(vm, g->mode->a32);
	g->edge = must_map(EDGE_SIZE, -1);
	add_slot(vm, 5, 0, EDGE, EDGE_SIZE, g->edge);
	memset(vm->ro, 0x5a, RO_SIZE);
	vm->sve |= g->sve;
	vcpu_init(vm);
	lacks = cpu_lacks(g);
	if (lacks) {
		guest_destroy(g);
		SKIP("this CPU does not have %s", lacks);
	}
	enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	put_code(g);
	regs_init(vm);
	enable_fp(g);
	mmu_start(vm, g->mmu, g->big);
	if (!g->mode->a32)
		set_reg(vm, SCTLR_EL1, get_reg(vm, SCTLR_EL1) | SCTLR_DZE);
	guest_state_init(g);
	return PASSED;
}

/*
 * One access
 */

static uint64_t base_reg(struct guest *g, const struct form *form)
{
	if (!(form->flags & SP))
		return X(10);
#ifdef __aarch64__
	if (g->mode->isa == A64)
		return g->mode->pstate == EL1h ? SP_EL1 : SP_EL0;
#endif
	return (g->mode->pstate & 0x1f) == A32_SVC ? SP_SVC : X(13);
}

/* Where the form goes if it is to straddle: as many bytes this side of the end */
static unsigned int bytes_before(const struct form *form)
{
	unsigned int n = form->bytes / 2;

	return n < form->unit ? form->unit : n - n % form->unit;
}

static bool is_tried(struct guest *g, const struct form *form, enum area area)
{
	if (form->flags & (NORMAL | ATOMIC) && g->mmu == MMU_OFF)
		return false;
	switch (area) {
	case IN_HOLE:
		return true;
	case READ_ONLY:
		return form->flags & (WRITE | ATOMIC) && !(form->flags & LITERAL);
	default:
		/* without stage 1, the access to a device would have to be aligned */
		return g->mmu != MMU_OFF && bytes_before(form) < form->bytes &&
		       !(form->flags & LITERAL);
	}
}

/* Set the registers for form i of the guest */
static enum verdict prepare(struct guest *g, unsigned int i, enum area area, struct trial *t)
{
	const struct form *form = &g->forms[i];
	struct state s = g->state;
	struct vm *vm = &g->vm;
	uint64_t base;

	*t = (struct trial){ .form = form, .pc = CODE_OF(i) };
	t->next_pc = t->pc + insn_size(g->mode->isa, form->insn);
	switch (area) {
	case IN_HOLE:
	case AREAS:
		t->ipa = form->flags & LITERAL ? t->pc + form->offset : HOLE + TARGET_OFFSET;
		t->first = t->ipa;
		t->last = t->ipa;
		break;
	case READ_ONLY:
		t->ipa = RO + TARGET_OFFSET;
		t->first = t->ipa;
		t->last = t->ipa;
		break;
	case INTO_HOLE:
		t->ipa = EDGE + EDGE_SIZE - bytes_before(form);
		t->first = EDGE + EDGE_SIZE;
		t->last = t->ipa + form->bytes - 1;
		t->partial = true;
		break;
	case OUT_OF_HOLE:
		t->ipa = EDGE - bytes_before(form);
		t->first = t->ipa;
		t->last = EDGE - 1;
		t->partial = true;
		break;
	}
	t->va = t->ipa + (g->mmu == MMU_OFF || form->flags & LITERAL ? 0 : VA_OFFSET);
	base = t->va - form->offset;

	/* 16-bit T32 instructions reach r6 only */
	if (g->mode->isa != A64)
		*state_reg(vm, &s, X(6)) = base;
	*state_reg(vm, &s, base_reg(g, form)) = base;
	*state_reg(vm, &s, PC) = t->pc;

	/* What the last exit has left to do is done first, and may move the PC */
	TRY(settle(vm));
	vm->run->exit_reason = 0;
	*state_reg(vm, &g->now, PC) = ~0ULL;
	state_load(vm, &g->now, &s);
	g->now = s;
	return PASSED;
}

/* Registers that a form loads, and may have loaded before it faults half-way */
static bool is_loaded(uint64_t id)
{
#ifdef __aarch64__
	uint64_t size = id & KVM_REG_SIZE_MASK;

	return (id >= X(0) && id <= X(8)) ||
	       size >= KVM_REG_SIZE_U128;
#else
	return id >= X(0) && id <= X(8);
#endif
}

/* Has the guest not changed since? */
static enum verdict unchanged(struct guest *g, struct trial *t)
{
	total.checks++;
	return state_is_but(&g->vm, &g->now, t->partial ? is_loaded : NULL);
}

/* What the exit says: E1, E2 */
static enum verdict nisv_exits(struct guest *g, struct trial *t, enum area area)
{
	struct vm *vm = &g->vm;
	uint64_t ipa, iss;

	total.checks++;
	memset(run_nisv(vm->run), 0xa5, sizeof(struct arm_nisv));
	REQUIRE_EQ(run_errno(vm), 0);
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	ipa = run_nisv(vm->run)->fault_ipa;
	iss = run_nisv(vm->run)->esr_iss;
	REQUIRE(ipa >= t->first && ipa <= t->last,
		"fault_ipa is 0x%llx, not 0x%llx to 0x%llx", (unsigned long long)ipa,
		(unsigned long long)t->first, (unsigned long long)t->last);
	if (!(t->form->flags & ATOMIC))
		REQUIRE_EQ(iss & ISS_WNR, t->form->flags & WRITE ? ISS_WNR : 0);
	if (area != READ_ONLY || (iss & FSC_TYPE) != FSC_PERMISSION)
		REQUIRE_EQ(iss & FSC_TYPE, FSC_TRANSLATION);
	REQUIRE_EQ(iss & ~(ISS_WNR | ISS_FSC), 0);
	return PASSED;
}

static bool ro_is_intact(struct guest *g)
{
	for (unsigned int i = 0; i < RO_SIZE; i++)
		if (g->vm.ro[i] != 0x5a)
			return false;
	return true;
}

/* E1, E2, E3 */
static enum verdict try_exit(struct guest *g, struct trial *t, enum area area)
{
	/* and again, as it has to repeat */
	for (unsigned int i = 0; i < 2; i++) {
		TRY(nisv_exits(g, t, area));
		TRY(unchanged(g, t));
	}
	set_reg(&g->vm, PC, t->next_pc);
	*state_reg(&g->vm, &g->now, PC) = t->next_pc;
	TRY(expect_done(&g->vm, t->next_pc));
	if (area == READ_ONLY)
		REQUIRE(ro_is_intact(g), "the memslot has been written to");
	return unchanged(g, t);
}

/* I1 or I2, and I5 */
static enum verdict try_abort(struct guest *g, struct trial *t, enum area area)
{
	TRY(nisv_exits(g, t, area));
	TRY(unchanged(g, t));
	total.checks++;
	return takes_abort(&g->vm, &g->now, t->va + run_nisv(g->vm.run)->fault_ipa - t->ipa);
}

/* The form's register as it is in the guest's memory */
static void in_memory(struct guest *g, uint64_t val, unsigned int bytes, uint8_t *mem)
{
	for (unsigned int i = 0; i < bytes; i++)
		mem[g->big ? bytes - 1 - i : i] = val >> 8 * i;
}

static enum verdict mmio_exits(struct guest *g, struct trial *t)
{
	bool store = t->form->flags & WRITE;
	struct kvm_run *run = g->vm.run;

	total.checks++;
	REQUIRE_EQ(run_errno(&g->vm), 0);
	REQUIRE_EQ(run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(run->mmio.phys_addr, t->ipa);
	REQUIRE_EQ(run->mmio.len, t->form->bytes);
	REQUIRE_EQ(run->mmio.is_write, store);
	return PASSED;
}

/* A load or store of val, from the exit to the next instruction */
static enum verdict mmio_completes(struct guest *g, struct trial *t, uint64_t val,
				   uint64_t loaded)
{
	bool store = t->form->flags & WRITE, zr = t->form->flags & ZR;
	uint8_t mem[8] = {};

	TRY(mmio_exits(g, t));
	if (store) {
		in_memory(g, zr ? 0 : *state_reg(&g->vm, &g->now, X(3)), t->form->bytes, mem);
		REQUIRE(!memcmp(g->vm.run->mmio.data, mem, t->form->bytes), "other data");
	} else {
		in_memory(g, val, t->form->bytes, g->vm.run->mmio.data);
		if (!zr)
			*state_reg(&g->vm, &g->now, X(3)) = loaded;
	}
	*state_reg(&g->vm, &g->now, PC) = t->next_pc;
	TRY(expect_done(&g->vm, t->next_pc));
	return unchanged(g, t);
}

#define UNSIGNED_VALUE	0x1122334455667708ULL	/* no sign, whatever its width */
#define SIGNED_VALUE	0x88998899889988f1ULL	/* always one */

static uint64_t of_width(uint64_t val, unsigned int bytes)
{
	return val & ~0ULL >> (64 - 8 * bytes);
}

/* Does the load extend the sign? To how many bytes? */
static unsigned int sign_extends_to(const struct form *form)
{
	static const char * const names[] = { "ldrs", "ldurs", "ldtrs" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(form->text, names[i], strlen(names[i])))
			return strstr(form->text, " x3") ? 8 : 4;
	return 0;
}

/* E8. A value with a sign, too, unless the load extends it: that is E10's */
static enum verdict try_mmio(struct guest *g, struct trial *t, enum area area)
{
	uint64_t val = sign_extends_to(t->form) ? UNSIGNED_VALUE : SIGNED_VALUE;

	(void)area;
	return mmio_completes(g, t, val, of_width(val, t->form->bytes));
}

/* E10 */
static enum verdict try_sign(struct guest *g, struct trial *t, enum area area)
{
	unsigned int to = sign_extends_to(t->form);
	uint64_t sign = ~0ULL << (8 * t->form->bytes - 1);

	(void)area;
	return mmio_completes(g, t, SIGNED_VALUE,
			      of_width(of_width(SIGNED_VALUE, t->form->bytes) | sign, to));
}

/* I4, and I1 or I2 */
static enum verdict try_mmio_abort(struct guest *g, struct trial *t, enum area area)
{
	(void)area;
	TRY(mmio_exits(g, t));
	/* must not go anywhere */
	if (!(t->form->flags & WRITE))
		memset(g->vm.run->mmio.data, 0x99, sizeof(g->vm.run->mmio.data));
	total.checks++;
	return takes_abort(&g->vm, &g->now, t->va);
}

typedef enum verdict (*try_fn)(struct guest *g, struct trial *t, enum area area);

static enum verdict try_forms(struct guest *g, enum area area, try_fn try)
{
	unsigned int tried = 0;

	if (try == try_abort || try == try_mmio_abort)
		if (!has_cap(kvm_fd, CAP_ARM_INJECT_EXT_DABT))
			SKIP("KVM_CAP_ARM_INJECT_EXT_DABT is absent");
	if (try == try_abort || try == try_exit)
		if (!has_cap(kvm_fd, CAP_ARM_NISV_TO_USER))
			SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");
	TRY(guest_create(g));
	for (unsigned int i = 0; i < g->nr_forms; i++) {
		enum verdict v;
		struct trial t;

		if (!has_form(g, &g->forms[i]) || !is_tried(g, &g->forms[i], area))
			continue;
		if (try == try_sign && !sign_extends_to(&g->forms[i]))
			continue;
		TRY(prepare(g, i, area, &t));
		v = try(g, &t, area);
		if (v != PASSED)
			ksft_print_msg("the form is: %s\n", g->forms[i].text);
		TRY(v);
		tried++;
	}
	guest_destroy(g);
	ksft_print_msg("%u of %u forms\n", tried, g->nr_forms);
	total.forms += tried;
	if (!tried)
		SKIP("this CPU has none of these forms");
	return PASSED;
}

/*
 * The tests: all modes x MMU settings x byte orders x areas x what is tried
 */

struct table {
	const struct form *forms;
	unsigned int n;
};

#define TABLE(forms) { forms, ARRAY_SIZE(forms) }

#ifdef __aarch64__
static const struct table no_syndrome[] = {
	[A64] = TABLE(a64_forms), [A32] = TABLE(a32_forms), [T32] = TABLE(t32_forms),
};
static const struct table syndrome[] = {
	[A64] = TABLE(a64_isv_forms), [A32] = TABLE(a32_isv_forms), [T32] = TABLE(t32_isv_forms),
};
#else
static const struct table no_syndrome[] = {
	[A32] = TABLE(a32_forms), [T32] = TABLE(t32_forms),
};
static const struct table syndrome[] = {
	[A32] = TABLE(a32_isv_forms), [T32] = TABLE(t32_isv_forms),
};
#endif

static bool all;
static const char *part;
static bool counting;
static unsigned int nr_tests;

static void test(struct guest g, const struct table *table, enum area area, try_fn try)
{
	char name[160];
	bool mmio = try == try_mmio || try == try_sign || try == try_mmio_abort;

	g.forms = table->forms;
	g.nr_forms = table->n;
	snprintf(name, sizeof(name), "%s %s%s, %s, %s-endian: %s %s",
		 try == try_exit ? "E1 E2 E3" : try == try_mmio ? "E8" :
		 try == try_sign ? "E10" :
		 g.mode->a32 ? mmio ? "I4 I2" : "I5 I2" : mmio ? "I4 I1" : "I5 I1",
		 g.mode->name, g.sve ? ", SVE" : "", mmu_name[g.mmu], g.big ? "big" : "little",
		 try == try_sign ? "signed loads" : mmio ? "with a syndrome" : "no syndrome",
		 area_name[area]);
	if (part && !strstr(name, part))
		return;
	if (counting)
		nr_tests++;
	else
		test_result(name, try_forms(&g, area, try));
}

static void tests_of(const struct guest *g)
{
	enum isa isa = g->mode->isa;

	for (enum area area = 0; area < AREAS; area++) {
		if (g->mmu == MMU_OFF && (area == INTO_HOLE || area == OUT_OF_HOLE))
			continue;
		test(*g, &no_syndrome[isa], area, try_exit);
		test(*g, &no_syndrome[isa], area, try_abort);
	}
	test(*g, &syndrome[isa], IN_HOLE, try_mmio);
	test(*g, &syndrome[isa], IN_HOLE, try_sign);
	test(*g, &syndrome[isa], IN_HOLE, try_mmio_abort);
	test(*g, &syndrome[isa], READ_ONLY, try_mmio);
}

static void all_tests(void)
{
	static const enum mmu of_a64[] = { MMU_4K, MMU_OFF, MMU_64K, MMU_16K };
	static const enum mmu of_a32[] = { MMU_SHORT, MMU_LONG, MMU_OFF };

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		const enum mmu *mmus = modes[i].a32 ? of_a32 : of_a64;
		unsigned int n = modes[i].a32 ? ARRAY_SIZE(of_a32) : ARRAY_SIZE(of_a64);

		for (unsigned int j = 0; j < 2 * n; j++) {
			struct guest g = {
				.mode = &modes[i], .mmu = mmus[j / 2], .big = j % 2,
			};

			if (all || j == (3 * i) % (2 * n))
				tests_of(&g);
		}
	}
#ifdef __aarch64__
	static const struct table sve = TABLE(a64_sve_forms);
	struct guest g = { .mode = &modes[0], .mmu = MMU_4K, .sve = true };

	test(g, &sve, IN_HOLE, try_exit);
	test(g, &sve, IN_HOLE, try_abort);
	test(g, &sve, READ_ONLY, try_exit);
#endif
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-a"))
			all = true;
		else
			part = argv[i];
	}
	counting = true;
	all_tests();
	if (!tests_start(nr_tests))
		return KSFT_SKIP;
	counting = false;
	all_tests();
	ksft_print_msg("forms x guests: %lu, checks: %lu\n", total.forms, total.checks);
	return tests_end();
}

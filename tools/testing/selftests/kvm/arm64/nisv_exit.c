// SPDX-License-Identifier: GPL-2.0
/*
 * The exit: which accesses of a guest without a valid syndrome (ESR_EL2.ISV is
 * 0) reach userspace as KVM_EXIT_ARM_NISV, and what they leave alone (E1, E2, E3),
 * what happens without the capability (E4), and what is not reported, or not as
 * such (E5, E6, E7, E8, E9, E11). nisv_forms.c does the same with every instruction,
 * and has the sign of loads (E10).
 */
#include "nisv.h"

#include <sys/eventfd.h>

#define TARGET	(HOLE + 0x120)

/* A guest about to execute insn with x10 = TARGET; is the exit enabled? */
static bool start(struct vm *vm, uint32_t insn)
{
	vm_start(vm, false, insn);
	set_reg(vm, X(10), TARGET);
	return enable_cap(vm->fd, CAP_ARM_NISV_TO_USER) == 0;
}

#define VM_WITH_EXIT(vmp, insn) do {					\
	struct vm *vm_ = (vmp);						\
									\
	if (!start(vm_, insn)) {					\
		vm_destroy(vm_);					\
		SKIP("KVM_CAP_ARM_NISV_TO_USER is absent");		\
	}								\
} while (0)

/* Registers that would show it if something were written to them */
static void fill_regs(struct vm *vm)
{
	for (unsigned int i = 0; i < GUEST(28, 10); i++)
		if (i != 10)
			set_reg(vm, X(i), 0x1122334455667700ULL + i);
	set_reg(vm, PSTATE, get_reg(vm, PSTATE) | 0x60000000UL);
}

static enum verdict e1_from_el0(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	set_reg(&vm, PSTATE, AT_EL0);
	TRY(expect_nisv(&vm, TARGET));
	REQUIRE_EQ(get_reg(&vm, PSTATE), AT_EL0);
	vm_destroy(&vm);
	return PASSED;
}

/* The IPA, where the guest's virtual address is another one */
static enum verdict e1_ipa_not_va(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_STORE);
	mmu_on(&vm);
	set_reg(&vm, X(10), TARGET + VA_OFFSET);
	TRY(expect_nisv(&vm, TARGET));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e1_read_only_write(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_STORE);
	memset(vm.ro, 0x5a, RO_SIZE);
	set_reg(&vm, X(10), RO + 0x230);
	TRY(expect_nisv(&vm, RO + 0x230));
	REQUIRE_EQ(run_nisv(vm.run)->esr_iss & ISS_WNR, ISS_WNR);
	REQUIRE(vm.ro[0x230] == 0x5a, "the memslot has been written to");
	vm_destroy(&vm);
	return PASSED;
}

/* The same after a read has mapped the page: a permission fault */
static enum verdict e1_read_only_mapped(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	memset(vm.ro, 0x5a, RO_SIZE);
	set_reg(&vm, X(10), RO + 0x230);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(4)), REG(0x5a5a5a5a5a5a5a5aULL));

	/* Code that has not been run yet: no cache maintenance is due */
	((uint32_t *)(vm.ram + CODE - RAM))[0x400] = PAIR_STORE;
	TRY(settle(&vm));
	set_reg(&vm, PC, CODE + 0x1000);
	TRY(expect_nisv(&vm, RO + 0x230));
	REQUIRE_EQ(run_nisv(vm.run)->esr_iss & FSC_TYPE, FSC_PERMISSION);
	/* of level 0 there are only translation faults */
	REQUIRE(run_nisv(vm.run)->esr_iss & FSC_LEVEL, "no level");
	vm_destroy(&vm);
	return PASSED;
}

#ifdef __aarch64__
/*
 * A store-exclusive needs a load-exclusive before, which a hole does not allow. The
 * exit may clear the monitor: run again, it faults again or fails without an access.
 */
static enum verdict e1_read_only_exclusive(void)
{
	uint32_t *p;
	struct vm vm;

	VM_WITH_EXIT(&vm, 0xc85f7d43);			/* ldxr x3, [x10] */
	p = (uint32_t *)(vm.ram + CODE - RAM);
	p[2] = p[1];
	p[1] = 0xc8057d43;				/* stxr w5, x3, [x10] */
	mmu_on(&vm);
	set_reg(&vm, X(10), RO + 0x230 + VA_OFFSET);
	TRY(expect_nisv(&vm, RO + 0x230));
	REQUIRE_EQ(run_nisv(vm.run)->esr_iss & ISS_WNR, ISS_WNR);
	REQUIRE_EQ(get_reg(&vm, PC), CODE + 4);
	REQUIRE_EQ(run_errno(&vm), 0);
	if (vm.run->exit_reason == KVM_EXIT_MMIO) {
		REQUIRE_EQ(vm.run->mmio.phys_addr, DONE);
		REQUIRE_EQ(get_reg(&vm, X(5)), 1);
	} else {
		REQUIRE_EQ(vm.run->exit_reason, EXIT_ARM_NISV);
	}
	vm_destroy(&vm);
	return PASSED;
}
#else
static enum verdict e1_read_only_exclusive(void)
{
	SKIP("the form is of A64");
}
#endif

static unsigned long exited;

static enum verdict nisv_or_interrupted(struct vm *vm)
{
	int err = run_errno(vm);

	/* Old kernels fail if the memslot goes between two looks at it: try again */
	if (err == EINTR || err == EFAULT)
		return PASSED;
	REQUIRE_EQ(err, 0);
	REQUIRE_EQ(vm->run->exit_reason, EXIT_ARM_NISV);
	REQUIRE_EQ(run_nisv(vm->run)->fault_ipa, TARGET);
	REQUIRE_EQ(get_reg(vm, PC), CODE);
	STORE_SHARED(exited, exited + 1);
	return PASSED;
}

/* The guest reads a memslot for ever, which comes and goes */
static enum verdict e1_memslot_deleted(void)
{
	struct runner r = { .step = nisv_or_interrupted };
	bool exits = true;
	enum verdict v;
	void *page;
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	((uint32_t *)(vm.ram + CODE - RAM))[1] = BRANCH_BACK;
	page = must_map(RO_SIZE, -1);
	r.vm = &vm;
	runner_start(&r);
	for (unsigned int i = 0; i < 20 && exits; i++) {
		add_slot(&vm, 5, 0, HOLE, RO_SIZE, page);
		add_slot(&vm, 5, 0, HOLE, 0, page);
		exits = runner_reaches(&r, &exited, LOAD_SHARED(exited) + 1);
	}
	v = runner_stop(&r);
	vm_destroy(&vm);
	munmap(page, RO_SIZE);
	TRY(v);
	REQUIRE(exits, "it does not exit any more");
	return PASSED;
}

static enum verdict e3_retry_with_memory(void)
{
	void *page;
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	TRY(expect_nisv(&vm, TARGET));

	/* Userspace may put memory there: the access then just works */
	page = must_map(RO_SIZE, -1);
	memset(page, 0x77, RO_SIZE);
	add_slot(&vm, 5, 0, HOLE, RO_SIZE, page);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)), REG(0x7777777777777777ULL));
	vm_destroy(&vm);
	munmap(page, RO_SIZE);
	return PASSED;
}

static enum verdict e3_immediate_exit(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	TRY(expect_nisv(&vm, TARGET));
	TRY(settle(&vm));
	REQUIRE_EQ(get_reg(&vm, PC), CODE);
	TRY(expect_nisv(&vm, TARGET));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e4_enosys(void)
{
	struct state before;
	struct vm vm;

	vm_start(&vm, false, PAIR_LOAD);
	set_reg(&vm, X(10), TARGET);
	fill_regs(&vm);
	state_save(&vm, &before);
	for (unsigned int i = 0; i < 3; i++) {
		vm.run->exit_reason = 0;
		REQUIRE_EQ(run_errno(&vm), ENOSYS);
		REQUIRE(vm.run->exit_reason != EXIT_ARM_NISV, "it exits");
		TRY(state_is(&vm, &before));
	}
	set_reg(&vm, PC, CODE + 4);
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

/*
 * Lines of KVM in the kernel's log: all of them, and those that name the
 * capability, of which there may be one, or none
 */
struct klog {
	unsigned int kvm, named;
};

static bool read_klog(struct klog *k)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char line[2048];
	ssize_t n;

	*k = (struct klog){};
	if (fd < 0)
		return false;
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		line[n] = '\0';
		k->kvm += !!strstr(line, ";kvm [");
		k->named += !!strstr(line, "KVM_CAP_ARM_NISV_TO_USER");
	}
	close(fd);
	return true;
}

#define MANY 1000

static enum verdict e4_console(void)
{
	struct klog before, after;
	struct vm vm;

	if (!read_klog(&before))
		SKIP("/dev/kmsg: %s", strerror(errno));
	vm_start(&vm, false, PAIR_LOAD);
	set_reg(&vm, X(10), TARGET);
	for (unsigned int i = 0; i < MANY; i++) {
		REQUIRE_EQ(run_errno(&vm), ENOSYS);
		/* Past every rate limit that the kernel may have for it */
		if (i == MANY / 2)
			sleep(6);
	}
	vm_destroy(&vm);

	read_klog(&after);
	ksft_print_msg("%u lines of KVM, %u name the capability; %u and %u before\n",
		       after.kvm, after.named, before.kvm, before.named);
	REQUIRE(after.kvm - before.kvm <= 1, "%u lines for %u accesses",
		after.kvm - before.kvm, MANY);
	REQUIRE(after.named <= 1, "%u lines since the kernel has started", after.named);
	return PASSED;
}

#define TRACEFS "/sys/kernel/tracing/"

static bool write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_TRUNC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Lines of the trace in which the event has this value in a field, under the mask */
static unsigned int count_trace(const char *event, const char *field,
				uint64_t mask, uint64_t value)
{
	FILE *f = fopen(TRACEFS "trace", "r");
	unsigned int n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, event);

		at = at ? strstr(at, field) : NULL;
		n += at && (strtoull(at + strlen(field), NULL, 16) & mask) == value;
	}
	if (f)
		fclose(f);
	return n;
}

static enum verdict e4_trace(void)
{
	static const char on[] = TRACEFS "events/kvm/kvm_mmio_nisv/enable";
	unsigned int n = 0;
	struct vm vm;

	if (access(TRACEFS "events/kvm", F_OK))
		SKIP(TRACEFS "events/kvm: %s", strerror(errno));
	REQUIRE(write_file(on, "1"), "no event kvm_mmio_nisv");
	write_file(TRACEFS "trace", "");

	vm_start(&vm, false, PAIR_STORE);
	mmu_on(&vm);
	set_reg(&vm, X(10), TARGET + VA_OFFSET);
	for (; n < 5; n++)
		REQUIRE_EQ(run_errno(&vm), ENOSYS);
	if (!enable_cap(vm.fd, CAP_ARM_NISV_TO_USER))
		for (; n < 10; n++)
			TRY(expect_nisv(&vm, TARGET));
	write_file(on, "0");

	REQUIRE_EQ(count_trace("kvm_mmio_nisv:", " ipa ", ~0ULL, TARGET), n);
	REQUIRE_EQ(count_trace("kvm_mmio_nisv:", " pc ", ~0ULL, CODE), n);
	REQUIRE_EQ(count_trace("kvm_mmio_nisv:", " far ", ~0ULL, TARGET + VA_OFFSET), n);
	/* In full, with its exception class */
	REQUIRE_EQ(count_trace("kvm_mmio_nisv:", " esr ", EC_MASK | ISS_WNR,
			       EC_DABT_LOW << ESR_EC_SHIFT | ISS_WNR), n);
	vm_destroy(&vm);
	return PASSED;
}

static bool was_fetch_abort(struct vm *vm)
{
	return GUEST((get_reg(vm, ESR_EL1) >> ESR_EC_SHIFT & 0x3f) == EC_IABT_CUR,
		     get_reg(vm, IFSR) == DFSR_EXT_SHORT);
}

/*
 * The guest is about to access the virtual address va, and the walk for it leaves
 * memory: it takes an external abort, whose status may say that it was a walk, and
 * of which level.
 */
static enum verdict walk_aborts(struct vm *vm, uint64_t va)
{
	struct state s;
#ifdef __aarch64__
	uint64_t esr;
#endif

	set_reg(vm, X(10), va);
	/* its upper half is not DFSR's, and unknown after a reset */
	set_reg(vm, ESR_EL1, 0);
	state_save(vm, &s);
	state_abort(vm, &s, va);
	TRY(expect_done(vm, *state_reg(vm, &s, PC)));
#ifdef __aarch64__
	esr = get_reg(vm, ESR_EL1);
	if (!vm->a32 && (esr & FSC_TYPE) == FSC_EXTERNAL_WALK)
		*state_reg(vm, &s, ESR_EL1) = (*state_reg(vm, &s, ESR_EL1) & ~ISS_FSC) |
					      (esr & ISS_FSC);
#endif
	return state_is(vm, &s);
}

/* A table of the second half is in no memslot: the walk for a data access faults */
static enum verdict walk_outside(bool a32, enum mmu mmu)
{
	const unsigned int i = VA_OFFSET >> mmu_regime(mmu)->shift;
	void *table;
	struct vm vm;

	vm_start(&vm, a32, a32 ? A32_PAIR_LOAD : PAIR_LOAD);
	enable_cap(vm.fd, CAP_ARM_NISV_TO_USER);
	mmu_start(&vm, mmu, false);
	table = vm.ram + TABLES - RAM;
	if (mmu == MMU_SHORT)
		((uint32_t *)table)[i] = HOLE | 1;
	else
		((uint64_t *)table)[i] = HOLE | 3;
	TRY(walk_aborts(&vm, VA_OFFSET + 0x120));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e5_walk_outside(void)
{
	return walk_outside(false, GUEST(MMU_4K, MMU_LONG));
}

static enum verdict e5_walk_outside_64k(void)
{
#ifdef __aarch64__
	return walk_outside(false, MMU_64K);
#endif
	SKIP("for an AArch64 guest, which a 32-bit host does not have");
}

static enum verdict e5_walk_outside_short(void)
{
	if (!has_el1_32bit())
		SKIP("this CPU has no AArch32 at EL1");
	return walk_outside(true, MMU_SHORT);
}

/* The table of TTBR1 itself is in no memslot; for loads and stores of all kinds */
static enum verdict e5_walk_ttbr1(void)
{
	static const uint32_t insns[] = { PAIR_LOAD, PAIR_STORE, LOAD, STORE };

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		struct vm vm;

		start(&vm, insns[i]);
		mmu_on(&vm);
		set_reg(&vm, TTBR1_EL1, HOLE);
		TRY(walk_aborts(&vm, TTBR1_VA + 0x120));
		vm_destroy(&vm);
	}
	return PASSED;
}

#ifdef __aarch64__
/* A VM whose IPA space has so many bits; 0 is the default, 40 of them */
static enum verdict start_small(struct vm *vm, unsigned int bits, uint32_t insn)
{
	if (bits && ioctl(kvm_fd, KVM_CHECK_EXTENSION, CAP_ARM_VM_IPA_SIZE) < (int)bits)
		SKIP("this kernel has one size of the IPA space only");
	vm_start_type(vm, false, bits, false, insn);
	enable_cap(vm->fd, CAP_ARM_NISV_TO_USER);
	mmu_on(vm);
	/* IPS is what the CPU can address */
	set_reg(vm, TCR_EL1, (get_reg(vm, TCR_EL1) & ~(7ULL << 32)) |
		((get_reg(vm, ID_AA64MMFR0_EL1) & 7) << 32));
	return PASSED;
}

static unsigned int pa_bits(struct vm *vm)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	return bits[get_reg(vm, ID_AA64MMFR0_EL1) & 7];
}

/* What the CPU can address and the VM's IPA space does not have */
#define BEYOND	(1ULL << 38)

static enum verdict walk_beyond(unsigned int bits, unsigned int bit)
{
	struct vm vm;

	TRY(start_small(&vm, bits, PAIR_LOAD));
	if (pa_bits(&vm) <= bit) {
		vm_destroy(&vm);
		SKIP("this CPU cannot address bit %u", bit);
	}
	set_reg(&vm, TTBR1_EL1, 1ULL << bit);
	TRY(walk_aborts(&vm, TTBR1_VA + 0x120));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e5_walk_beyond(void)
{
	return walk_beyond(0, 41);
}

static enum verdict e5_walk_beyond_small(void)
{
	return walk_beyond(36, 38);
}

/* A first table that is smaller than a page, and not at the start of one */
static enum verdict walk_small_table(uint64_t table)
{
	const uint64_t t1sz = 28, va = ~0ULL << (64 - t1sz);
	struct vm vm;

	TRY(start_small(&vm, 36, PAIR_LOAD));
	if (!(table >> pa_bits(&vm))) {
		set_reg(&vm, TCR_EL1, (get_reg(&vm, TCR_EL1) & ~(63ULL << 16)) | t1sz << 16);
		set_reg(&vm, TTBR1_EL1, table);
		TRY(walk_aborts(&vm, va + 0x120));
	}
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e5_walk_small_table(void)
{
	TRY(walk_small_table(HOLE + 0x200));
	return walk_small_table(BEYOND + 0x200);
}

/* There, at TTBR1_VA */
static enum verdict start_beyond(struct vm *vm, uint32_t insn)
{
	uint64_t *l1;

	TRY(start_small(vm, 36, insn));
	l1 = (uint64_t *)(vm->ram + DATA - RAM);
	l1[0] = BEYOND | DESC_AF | DESC_SH | DESC_NORMAL | DESC_BLOCK;
	set_reg(vm, TTBR1_EL1, DATA);
	set_reg(vm, X(10), TTBR1_VA + 0x120);
	return PASSED;
}

static enum verdict e11_data(void)
{
	static const uint32_t insns[] = { PAIR_LOAD, PAIR_STORE, LOAD, STORE };

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		struct state s;
		struct vm vm;

		TRY(start_beyond(&vm, insns[i]));
		state_save(&vm, &s);
		state_abort(&vm, &s, TTBR1_VA + 0x120);
		REQUIRE_EQ(run_errno(&vm), 0);
		/* before v5.18 it is an access outside of all memslots */
		if (vm.run->exit_reason == EXIT_ARM_NISV) {
			REQUIRE_EQ(run_nisv(vm.run)->fault_ipa, BEYOND + 0x120);
		} else {
			REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
			if (vm.run->mmio.phys_addr != BEYOND + 0x120) {
				REQUIRE_EQ(vm.run->mmio.phys_addr, DONE);
				TRY(state_is(&vm, &s));
			}
		}
		vm_destroy(&vm);
	}
	return PASSED;
}

static enum verdict e11_fetch(void)
{
	struct vm vm;

	TRY(start_beyond(&vm, BRANCH));
	TRY(expect_done(&vm, VECTORS + VEC_IABT));
	REQUIRE_EQ(get_reg(&vm, ESR_EL1) >> ESR_EC_SHIFT, EC_IABT_CUR);
	REQUIRE_EQ(get_reg(&vm, FAR_EL1), TTBR1_VA + 0x120);
	REQUIRE_EQ(get_reg(&vm, ELR_EL1), TTBR1_VA + 0x120);
	vm_destroy(&vm);
	return PASSED;
}
#else
static enum verdict one_ipa_size(void)
{
	SKIP("a 32-bit host has one size of the IPA space only");
}

#define e5_walk_beyond		one_ipa_size
#define e5_walk_beyond_small	one_ipa_size
#define e5_walk_small_table	one_ipa_size
#define e11_data		one_ipa_size
#define e11_fetch		one_ipa_size
#endif

/*
 * TTBR1's table is in the read-only memslot: the walk reads it, and works, also
 * if it is for a store
 */
static enum verdict walk_read_only(uint32_t insn)
{
	uint64_t *l1;
	struct vm vm;

	start(&vm, insn);
	mmu_on(&vm);
	l1 = (uint64_t *)vm.ro;
	l1[0] = RAM | DESC_AF | DESC_SH | DESC_NORMAL | DESC_BLOCK;
	memset(vm.ram + DATA - RAM, insn == PAIR_LOAD ? 0x33 : 0, 16);
	set_reg(&vm, TTBR1_EL1, RO);
	set_reg(&vm, X(3), insn == PAIR_LOAD ? 0 : 0x33);
	set_reg(&vm, X(10), TTBR1_VA + DATA - RAM);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)) & 0xff, 0x33);
	REQUIRE_EQ(vm.ram[DATA - RAM], 0x33);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e5_walk_read_only(void)
{
	TRY(walk_read_only(PAIR_LOAD));
	return walk_read_only(PAIR_STORE);
}

/*
 * Cache maintenance at the address does not exit, whether a read has mapped the page or
 * not. If it has not faulted, as with QEMU, nothing was shown.
 */
static enum verdict maintained(uint32_t insn, uint64_t ipa, bool mapped)
{
	static const char on[] = TRACEFS "events/kvm/kvm_guest_fault/enable";
	bool faulted;
	struct vm vm;

	start(&vm, insn);
	set_reg(&vm, X(10), ipa);
	if (mapped) {
		/* code that has not been run yet: no maintenance of it is due */
		((uint32_t *)(vm.ram + CODE - RAM))[0x400] = LOAD;
		((uint32_t *)(vm.ram + CODE - RAM))[0x401] = GUEST(A64_STR_W30_X29, A32_STR_R9_R11);
		set_reg(&vm, PC, CODE + 0x1000);
		TRY(expect_done(&vm, CODE + 0x1004));
		TRY(settle(&vm));
		set_reg(&vm, PC, CODE);
	}
	if (!write_file(on, "1"))
		SKIP(TRACEFS "events/kvm: cannot see if there is a fault");
	write_file(TRACEFS "trace", "");
	TRY(expect_done(&vm, CODE + 4));
	write_file(on, "0");
	faulted = count_trace("kvm_guest_fault:", " ipa ", ~0xfffULL, ipa & ~0xfffUL);
	vm_destroy(&vm);
	if (!faulted)
		SKIP("this CPU does not fault on cache maintenance; QEMU's never does");
	return PASSED;
}

static enum verdict e6_outside(void)
{
	return maintained(CLEAN_LINE, TARGET, false);
}

/* Each kind that a guest uses. One that has faulted is enough to show it. */
static enum verdict read_only_maintained(bool mapped)
{
#ifdef __aarch64__
	static const uint32_t insns[] = {
		0xd50b7a2a,	/* dc cvac, x10 */
		0xd50b7b2a,	/* dc cvau, x10 */
		0xd50b7e2a,	/* dc civac, x10 */
		0xd50b752a,	/* ic ivau, x10 */
		0xd508762a,	/* dc ivac, x10 */
	};
#else
	static const uint32_t insns[] = { CLEAN_LINE };
#endif
	enum verdict all = SKIPPED_TEST;

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		enum verdict v = maintained(insns[i], RO + 0x240, mapped);

		if (v == FAILED)
			return FAILED;
		if (v == PASSED)
			all = PASSED;
	}
	return all;
}

static enum verdict e6_read_only(void)
{
	return read_only_maintained(false);
}

static enum verdict e6_read_only_mapped(void)
{
	return read_only_maintained(true);
}

static enum verdict e7_vgic(void)
{
	struct vm vm;

	VM_WITH_EXIT(&vm, PAIR_LOAD);
	if (!create_vgic(&vm))
		SKIP("the host has no interrupt controller for guests");
	set_reg(&vm, X(10), GIC_DIST);
	TRY(expect_nisv(&vm, GIC_DIST));
	vm_destroy(&vm);

	/* With a syndrome, KVM does it itself: GICD_TYPER reads */
	VM_WITH_EXIT(&vm, LOAD);
	create_vgic(&vm);
	set_reg(&vm, X(10), GIC_DIST + 4);
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e8_instruction_fetch(void)
{
	struct vm vm;

	start(&vm, BRANCH);
	TRY(expect_done(&vm, VECTORS + VEC_IABT));
	REQUIRE(was_fetch_abort(&vm), "another exception");
	REQUIRE_EQ(GUEST(abort_pc(&vm), abort_pc(&vm) + 4), TARGET);
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e8_valid_syndrome(void)
{
	struct vm vm;

	start(&vm, LOAD_HALF);
	set_reg(&vm, X(3), ~0UL);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(vm.run->mmio.phys_addr, TARGET);
	REQUIRE_EQ(vm.run->mmio.len, 2);
	REQUIRE_EQ(vm.run->mmio.is_write, 0);
	memcpy(vm.run->mmio.data, "\x34\x12\xff\xff\xff\xff\xff\xff", 8);
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(get_reg(&vm, X(3)), 0x1234);
	vm_destroy(&vm);

	start(&vm, STORE);
	set_reg(&vm, X(3), 0x1122334455667788ULL);
	REQUIRE_EQ(run_errno(&vm), 0);
	REQUIRE_EQ(vm.run->exit_reason, KVM_EXIT_MMIO);
	REQUIRE_EQ(vm.run->mmio.phys_addr, TARGET);
	REQUIRE_EQ(vm.run->mmio.len, 4);
	REQUIRE_EQ(vm.run->mmio.is_write, 1);
	REQUIRE(!memcmp(vm.run->mmio.data, "\x88\x77\x66\x55", 4), "data");
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e8_ioeventfd(void)
{
	struct kvm_ioeventfd io = { .addr = TARGET, .len = 4 };
	uint64_t count = 0;
	struct vm vm;

	start(&vm, STORE);
	io.fd = must(eventfd(0, EFD_NONBLOCK), "eventfd");
	must(ioctl(vm.fd, KVM_IOEVENTFD, &io), "KVM_IOEVENTFD");
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(read(io.fd, &count, sizeof(count)), sizeof(count));
	REQUIRE_EQ(count, 1);
	vm_destroy(&vm);

	/* Without a syndrome it cannot be signalled */
	VM_WITH_EXIT(&vm, PAIR_STORE);
	must(ioctl(vm.fd, KVM_IOEVENTFD, &io), "KVM_IOEVENTFD");
	TRY(expect_nisv(&vm, TARGET));
	REQUIRE(read(io.fd, &count, sizeof(count)) < 0, "it was signalled");
	vm_destroy(&vm);
	close(io.fd);
	return PASSED;
}

static enum verdict e8_coalesced(void)
{
	struct kvm_coalesced_mmio_zone zone = { .addr = TARGET, .size = 16 };
	int page = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);
	struct kvm_coalesced_mmio_ring *ring;
	struct vm vm;

	if (page <= 0)
		SKIP("this kernel has no coalesced MMIO");
	start(&vm, STORE);
	must(ioctl(vm.fd, KVM_REGISTER_COALESCED_MMIO, &zone), "KVM_REGISTER_COALESCED_MMIO");
	ring = (void *)vm.run + page * getpagesize();
	TRY(expect_done(&vm, CODE + 4));
	REQUIRE_EQ(ring->last, 1);
	REQUIRE_EQ(ring->coalesced_mmio[0].phys_addr, TARGET);
	REQUIRE_EQ(ring->coalesced_mmio[0].len, 4);
	vm_destroy(&vm);

	/* Without a syndrome there is nothing to put into the ring */
	VM_WITH_EXIT(&vm, PAIR_STORE);
	must(ioctl(vm.fd, KVM_REGISTER_COALESCED_MMIO, &zone), "KVM_REGISTER_COALESCED_MMIO");
	ring = (void *)vm.run + page * getpagesize();
	TRY(expect_nisv(&vm, TARGET));
	REQUIRE_EQ(ring->last, 0);
	vm_destroy(&vm);
	return PASSED;
}

/* Userspace cannot ask for the exit (see nisv_caps.c), nor see anything of it */
static enum verdict e9_protected(void)
{
	static const uint32_t insns[] = { PAIR_LOAD, PAIR_STORE };
	const char *why = no_protected_vms();

	if (why)
		SKIP("%s", why);
	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++) {
		struct state s;
		struct vm vm;

		vm_start_type(&vm, false, VM_PROTECTED, false, insns[i]);
		enable_cap(vm.fd, CAP_ARM_NISV_TO_USER);
		set_reg(&vm, X(10), TARGET);
		state_save(&vm, &s);
		state_abort(&vm, &s, TARGET);
		TRY(expect_done(&vm, *state_reg(&vm, &s, PC)));
		TRY(state_is(&vm, &s));
		vm_destroy(&vm);
	}
	return PASSED;
}

static const struct test tests[] = {
	{ "E1 an access from EL0", e1_from_el0 },
	{ "E1 fault_ipa is the IPA where the VA differs", e1_ipa_not_va },
	{ "E1 a write to a read-only memslot, and nothing is written", e1_read_only_write },
	{ "E1 E2 a write to a read-only memslot that a read has mapped", e1_read_only_mapped },
	{ "E1 a store-exclusive to a read-only memslot", e1_read_only_exclusive },
	{ "E1 a memslot that is deleted while the guest reads it", e1_memslot_deleted },
	{ "E3 the repeated access works when there is memory by then", e3_retry_with_memory },
	{ "E3 immediate_exit between two exits changes nothing", e3_immediate_exit },
	{ "E4 without the capability: ENOSYS and the guest untouched", e4_enosys },
	{ "E4 one line on the console per boot, however often it happens", e4_console },
	{ "E4 the trace event kvm_mmio_nisv for every occurrence", e4_trace },
	{ "E5 a table walk outside memslots aborts in the guest", e5_walk_outside },
	{ "E5 a table walk outside memslots, with a 64K granule", e5_walk_outside_64k },
	{ "E5 a table walk outside memslots, AArch32 short descriptors", e5_walk_outside_short },
	{ "E5 a table walk through a read-only memslot is a read", e5_walk_read_only },
	{ "E5 a table walk through TTBR1 outside memslots", e5_walk_ttbr1 },
	{ "E5 a table walk beyond the IPA space", e5_walk_beyond },
	{ "E5 a table walk beyond an IPA space of 36 bits", e5_walk_beyond_small },
	{ "E5 a table walk through a table smaller than a page", e5_walk_small_table },
	{ "E6 cache maintenance outside memslots is skipped", e6_outside },
	{ "E6 cache maintenance on a read-only memslot", e6_read_only },
	{ "E6 cache maintenance on a read-only memslot that is mapped", e6_read_only_mapped },
	{ "E7 no syndrome on the vGIC exits too; with one KVM handles it", e7_vgic },
	{ "E8 an instruction fetch outside memslots aborts in the guest", e8_instruction_fetch },
	{ "E8 an access with a valid syndrome stays KVM_EXIT_MMIO", e8_valid_syndrome },
	{ "E8 ioeventfd works as before", e8_ioeventfd },
	{ "E8 coalesced MMIO works as before", e8_coalesced },
	{ "E9 a protected guest takes the abort itself", e9_protected },
	{ "E11 beyond the IPA space: FAR is the virtual address", e11_data },
	{ "E11 a fetch beyond the IPA space: FAR is the virtual address", e11_fetch },
};

int main(int argc, char **argv)
{
	return run_tests(tests, ARRAY_SIZE(tests), argc, argv);
}

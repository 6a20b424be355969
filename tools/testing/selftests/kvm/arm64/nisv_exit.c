// SPDX-License-Identifier: GPL-2.0
/*
 * The exit: which accesses of a guest without a valid syndrome (ESR_EL2.ISV is
 * 0) reach userspace as KVM_EXIT_ARM_NISV, what they report, what they leave
 * alone (E1, E2, E3), what happens without the capability (E4), and what is
 * not reported at all (E5, E6, E7, E8, E9).
 */
#include "nisv.h"

#include <sys/eventfd.h>

/* Instructions without a syndrome. The base is x10, or r10. */
struct form {
	uint32_t insn;
	const char *text;
	uint64_t wnr;
};

static const struct form forms[] = {
#ifdef __aarch64__
	{ 0x38401543,	"ldrb w3, [x10], #1",		0 },
	{ 0x78404d43,	"ldrh w3, [x10, #4]!",		0 },
	{ 0xf8408543,	"ldr x3, [x10], #8",		0 },
	{ 0xb89fcd43,	"ldrsw x3, [x10, #-4]!",	0 },
	{ 0xb8004548,	"str w8, [x10], #4",		ISS_WNR },
	{ 0x38001d48,	"strb w8, [x10, #1]!",		ISS_WNR },
	{ 0xa9401143,	"ldp x3, x4, [x10]",		0 },
	{ 0x28c11143,	"ldp w3, w4, [x10], #8",	0 },
	{ 0xa8401143,	"ldnp x3, x4, [x10]",		0 },
	{ 0x69401143,	"ldpsw x3, x4, [x10]",		0 },
	{ 0xa9001143,	"stp x3, x4, [x10]",		ISS_WNR },
	{ 0x29bf1143,	"stp w3, w4, [x10, #-8]!",	ISS_WNR },
	{ 0x3dc00140,	"ldr q0, [x10]",		0 },
	{ 0xfd400140,	"ldr d0, [x10]",		0 },
	{ 0x3d800140,	"str q0, [x10]",		ISS_WNR },
	{ 0xad400540,	"ldp q0, q1, [x10]",		0 },
	{ 0x4c407140,	"ld1 {v0.16b}, [x10]",		0 },
	{ 0x0d009140,	"st1 {v0.s}[1], [x10]",		ISS_WNR },
	{ 0x885f7d43,	"ldxr w3, [x10]",		0 },
#else
	{ 0xe4da3001,	"ldrb r3, [r10], #1",		0 },
	{ 0xe1fa30b4,	"ldrh r3, [r10, #4]!",		0 },
	{ 0xe49a3008,	"ldr r3, [r10], #8",		0 },
	{ 0xe17a30d4,	"ldrsb r3, [r10, #-4]!",	0 },
	{ 0xe48a8004,	"str r8, [r10], #4",		ISS_WNR },
	{ 0xe5ea8001,	"strb r8, [r10, #1]!",		ISS_WNR },
	{ 0xe1ca20d0,	"ldrd r2, r3, [r10]",		0 },
	{ 0xe1ca20f0,	"strd r2, r3, [r10]",		ISS_WNR },
	{ 0xe89a0018,	"ldm r10, {r3, r4}",		0 },
	{ 0xe8ba0018,	"ldmia r10!, {r3, r4}",		0 },
	{ 0xe8aa0018,	"stmia r10!, {r3, r4}",		ISS_WNR },
	{ 0xe19a3f9f,	"ldrex r3, [r10]",		0 },
#endif
};

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

/* All that an exit could change by mistake */
struct state {
	uint64_t x[GUEST(31, 13)], pc, pstate, lr, spsr, esr, far;
	uint8_t q0[16];
};

static void save_state(struct vm *vm, struct state *s)
{
	*s = (struct state){
		.pc = get_reg(vm, PC),
		.pstate = get_reg(vm, PSTATE),
		.lr = get_reg(vm, GUEST(ELR_EL1, LR_ABT)),
		.spsr = get_reg(vm, SPSR_EL1),
		.esr = get_reg(vm, ESR_EL1),
		.far = get_reg(vm, FAR_EL1),
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(s->x); i++)
		s->x[i] = get_reg(vm, X(i));
#ifdef __aarch64__
	struct kvm_one_reg q0 = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE |
		      KVM_REG_ARM_CORE_REG(fp_regs.vregs[0]),
		.addr = (uintptr_t)s->q0,
	};

	must(ioctl(vm->vcpu, KVM_GET_ONE_REG, &q0), "KVM_GET_ONE_REG q0");
#endif
}

/* Registers that would show it if something were written to them */
static void fill_regs(struct vm *vm)
{
	for (unsigned int i = 0; i < GUEST(28, 10); i++)
		if (i != 10)
			set_reg(vm, X(i), 0x1122334455667700ULL + i);
	set_reg(vm, PSTATE, get_reg(vm, PSTATE) | 0x60000000UL);
}

/* Where the form accesses memory: pre-index forms add their offset to x10 first */
static uint64_t form_ipa(const struct form *form)
{
	const char *pre = strstr(form->text, "]!");

	if (!pre)
		return TARGET;
	return TARGET + strtol(strchr(form->text, '#') + 1, NULL, 0);
}

static enum verdict form_exits(struct vm *vm, const struct form *form)
{
	return expect_nisv(vm, form_ipa(form));
}

static enum verdict form_esr_iss(struct vm *vm, const struct form *form)
{
	uint64_t iss;

	TRY(expect_nisv(vm, form_ipa(form)));
	iss = run_nisv(vm->run)->esr_iss;
	REQUIRE_EQ(iss & ISS_WNR, form->wnr);
	REQUIRE_EQ(iss & FSC_TYPE, FSC_TRANSLATION);
	REQUIRE_EQ(iss & ~(ISS_CM | ISS_WNR | ISS_FSC), 0);
	return PASSED;
}

static enum verdict form_leaves_guest_alone(struct vm *vm, const struct form *form)
{
	struct state before, after;

	fill_regs(vm);
	save_state(vm, &before);
	for (unsigned int i = 0; i < 2; i++) {
		TRY(expect_nisv(vm, form_ipa(form)));
		save_state(vm, &after);
		REQUIRE(!memcmp(&before, &after, sizeof(before)),
			"guest state changed");
	}
	return PASSED;
}

static enum verdict form_can_be_skipped(struct vm *vm, const struct form *form)
{
	TRY(expect_nisv(vm, form_ipa(form)));
	set_reg(vm, PC, CODE + 4);
	TRY(expect_done(vm, CODE + 4));
	REQUIRE_EQ(get_reg(vm, X(10)), TARGET);
	return PASSED;
}

typedef enum verdict (*form_check)(struct vm *vm, const struct form *form);

static enum verdict every_form(form_check check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
		enum verdict v;
		struct vm vm;

		VM_WITH_EXIT(&vm, forms[i].insn);
		v = check(&vm, &forms[i]);
		vm_destroy(&vm);
		if (v == FAILED)
			ksft_print_msg("the form is: %s\n", forms[i].text);
		TRY(v);
	}
	ksft_print_msg("%zu forms\n", ARRAY_SIZE(forms));
	return PASSED;
}

static enum verdict e1_forms(void)
{
	return every_form(form_exits);
}

static enum verdict e2_forms(void)
{
	return every_form(form_esr_iss);
}

static enum verdict e3_forms_unchanged(void)
{
	return every_form(form_leaves_guest_alone);
}

static enum verdict e3_forms_skipped(void)
{
	return every_form(form_can_be_skipped);
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
	vm.run->immediate_exit = 1;
	REQUIRE_EQ(run_errno(&vm), EINTR);
	vm.run->immediate_exit = 0;
	set_reg(&vm, PC, CODE + 0x1000);
	TRY(expect_nisv(&vm, RO + 0x230));
	REQUIRE_EQ(run_nisv(vm.run)->esr_iss & FSC_TYPE, FSC_PERMISSION);
	vm_destroy(&vm);
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
	vm.run->immediate_exit = 1;
	REQUIRE_EQ(run_errno(&vm), EINTR);
	REQUIRE_EQ(get_reg(&vm, PC), CODE);
	vm.run->immediate_exit = 0;
	TRY(expect_nisv(&vm, TARGET));
	vm_destroy(&vm);
	return PASSED;
}

static enum verdict e4_enosys(void)
{
	struct state before, after;
	struct vm vm;

	vm_start(&vm, false, PAIR_LOAD);
	set_reg(&vm, X(10), TARGET);
	fill_regs(&vm);
	save_state(&vm, &before);
	for (unsigned int i = 0; i < 3; i++) {
		vm.run->exit_reason = 0;
		REQUIRE_EQ(run_errno(&vm), ENOSYS);
		REQUIRE(vm.run->exit_reason != EXIT_ARM_NISV, "it exits");
		save_state(&vm, &after);
		REQUIRE(!memcmp(&before, &after, sizeof(before)),
			"guest state changed");
	}
	set_reg(&vm, PC, CODE + 4);
	TRY(expect_done(&vm, CODE + 4));
	vm_destroy(&vm);
	return PASSED;
}

/*
 * Lines of KVM in the kernel's log: all of them, those that name the
 * capability, and if the log goes back to the start of the kernel.
 */
struct klog {
	unsigned int kvm, named;
	bool complete;
};

static bool read_klog(struct klog *k)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	char line[2048];
	bool first = true;
	ssize_t n;

	*k = (struct klog){};
	if (fd < 0)
		return false;
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (n <= 0)
			continue;
		line[n] = '\0';
		if (first)
			k->complete = !!strstr(line, ",0,");
		first = false;
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
	if (!after.named && !after.complete)
		SKIP("the log does not go back to the first such access");
	REQUIRE_EQ(after.named, 1);
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

/* Is the abort that the guest has taken one of this kind? All of it is I1's concern. */
static bool was_data_abort(struct vm *vm)
{
	return GUEST((get_reg(vm, ESR_EL1) >> ESR_EC_SHIFT & 0x3f) == EC_DABT_CUR,
		     get_reg(vm, PC) == VECTORS + VEC_DABT);
}

static bool was_fetch_abort(struct vm *vm)
{
	return GUEST((get_reg(vm, ESR_EL1) >> ESR_EC_SHIFT & 0x3f) == EC_IABT_CUR,
		     get_reg(vm, IFSR) == DFSR_EXT_SHORT);
}

/* TTBR1's table is in no memslot: the walk for a data access faults */
static enum verdict e5_walk_outside(void)
{
	struct vm vm;

	start(&vm, PAIR_LOAD);
	mmu_on(&vm);
	set_reg(&vm, TTBR1_EL1, HOLE);
	set_reg(&vm, X(10), TTBR1_VA + 0x120);
	TRY(expect_done(&vm, VECTORS + VEC_DABT));
	REQUIRE(was_data_abort(&vm), "another exception");
	REQUIRE_EQ(abort_pc(&vm), CODE);
	REQUIRE_EQ(get_reg(&vm, FAR_EL1), TTBR1_VA + 0x120);
	vm_destroy(&vm);
	return PASSED;
}

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

static enum verdict e6_cache_maintenance(void)
{
	static const char on[] = TRACEFS "events/kvm/kvm_guest_fault/enable";
	struct vm vm;

	start(&vm, CLEAN_LINE);
	if (!write_file(on, "1"))
		SKIP(TRACEFS "events/kvm: cannot see if there is a fault");
	write_file(TRACEFS "trace", "");
	TRY(expect_done(&vm, CODE + 4));
	write_file(on, "0");
	vm_destroy(&vm);
	if (!count_trace("kvm_guest_fault:", " ipa ", ~0xfffULL, TARGET & ~0xfffUL))
		SKIP("this CPU does not fault on DC CIVAC; QEMU's never does");
	return PASSED;
}

/* An interrupt controller whose first frame is at GIC_DIST */
static bool create_vgic(struct vm *vm)
{
	static const struct {
		uint32_t type;
		struct { uint64_t attr, addr; } frame[2];
	} gics[] = {
		{ KVM_DEV_TYPE_ARM_VGIC_V3, {
			{ KVM_VGIC_V3_ADDR_TYPE_DIST, GIC_DIST },
			{ KVM_VGIC_V3_ADDR_TYPE_REDIST, GIC_DIST + 0x100000 } } },
		{ KVM_DEV_TYPE_ARM_VGIC_V2, {
			{ KVM_VGIC_V2_ADDR_TYPE_DIST, GIC_DIST },
			{ KVM_VGIC_V2_ADDR_TYPE_CPU, GIC_DIST + 0x100000 } } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(gics); i++) {
		struct kvm_create_device dev = { .type = gics[i].type };
		struct kvm_device_attr init = {
			.group = KVM_DEV_ARM_VGIC_GRP_CTRL,
			.attr = KVM_DEV_ARM_VGIC_CTRL_INIT,
		};

		if (ioctl(vm->fd, KVM_CREATE_DEVICE, &dev))
			continue;
		for (unsigned int j = 0; j < 2; j++) {
			uint64_t addr = gics[i].frame[j].addr;
			struct kvm_device_attr set = {
				.group = KVM_DEV_ARM_VGIC_GRP_ADDR,
				.attr = gics[i].frame[j].attr,
				.addr = (uintptr_t)&addr,
			};

			must(ioctl(dev.fd, KVM_SET_DEVICE_ATTR, &set),
			     "vGIC address");
		}
		must(ioctl(dev.fd, KVM_SET_DEVICE_ATTR, &init), "vGIC init");
		close(dev.fd);
		return true;
	}
	return false;
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

/* In kernels that have protected VMs, bit 31 of the type asks for one */
static enum verdict e9_protected(void)
{
	int fd = ioctl(kvm_fd, KVM_CREATE_VM, BIT(31));

	if (fd < 0)
		SKIP("this kernel has no protected VMs");
	close(fd);
	SKIP("a protected VM has its memory donated, which is not done here");
}

static const struct test tests[] = {
	{ "E1 every form exits with the full IPA", e1_forms },
	{ "E1 an access from EL0", e1_from_el0 },
	{ "E1 fault_ipa is the IPA where the VA differs", e1_ipa_not_va },
	{ "E1 a write to a read-only memslot, and nothing is written", e1_read_only_write },
	{ "E1 a write to a read-only memslot that a read has mapped", e1_read_only_mapped },
	{ "E2 esr_iss of every form: WnR, FSC, and nothing that is not defined", e2_forms },
	{ "E3 every form leaves the guest as it was, and repeats", e3_forms_unchanged },
	{ "E3 every form can be skipped", e3_forms_skipped },
	{ "E3 the repeated access works when there is memory by then", e3_retry_with_memory },
	{ "E3 immediate_exit between two exits changes nothing", e3_immediate_exit },
	{ "E4 without the capability: ENOSYS and the guest untouched", e4_enosys },
	{ "E4 one line on the console per boot, however often it happens", e4_console },
	{ "E4 the trace event kvm_mmio_nisv for every occurrence", e4_trace },
	{ "E5 a table walk outside memslots aborts in the guest", e5_walk_outside },
	{ "E5 a table walk through a read-only memslot is a read", e5_walk_read_only },
	{ "E6 cache maintenance outside memslots is skipped", e6_cache_maintenance },
	{ "E7 no syndrome on the vGIC exits too; with one KVM handles it", e7_vgic },
	{ "E8 an instruction fetch outside memslots aborts in the guest", e8_instruction_fetch },
	{ "E8 an access with a valid syndrome stays KVM_EXIT_MMIO", e8_valid_syndrome },
	{ "E8 ioeventfd works as before", e8_ioeventfd },
	{ "E9 a protected guest takes the abort itself", e9_protected },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}

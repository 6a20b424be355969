// SPDX-License-Identifier: GPL-2.0
/*
 * differential [-n INSTANCES] [-s SEED] [-v] [FAMILY]: compare libnisv with the CPU
 *
 * In a guest with its MMU on, each form of load and store runs twice, with the same
 * registers and the same virtual addresses. Once the addresses lead to RAM: the CPU
 * carries it out. Then they lead to a hole, or partly to RAM: KVM exits and libnisv
 * does it. All registers, NZCV, SP, and all of what was accessed must be the same, to
 * the bit. Registers, data, offsets, alignment, EL, endianness, page size, and half of
 * the address space are random. With NISV_VCPU=sve in the environment the vCPU of AArch64
 * has SVE, of a length that is random, too, and Z registers are what is compared. Of a
 * first-fault load, what the CPU made of RAM is compared up to the first active element.
 *
 * In some address spaces the pages differ in who may access them. What the CPU does not
 * permit, libnisv has to refuse, if it comes to it at all: an access in two pages exits
 * for one before it has got to the other.
 *
 * Accesses that do have a syndrome exit as KVM_EXIT_MMIO, which is KVM's to complete;
 * for these libnisv works on a copy of the registers.
 *
 * Prints KTAP: a test per family, and a line "# form NAME: N" for each form, with how often
 * the CPU took an exception instead, and how often libnisv refused that.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "differential.h"

#define HANGS		10			/* seconds that no instance takes */
#define EXITS		256			/* nor exits: a copy has one for each page, or 128 bytes */
#define MOST_COPIED	5000

/* What the guest loads before, and stores after the instruction */
struct context {
	uint64_t x[31];
	uint64_t sp;
	uint64_t nzcv;
	uint64_t done;
	uint64_t sve;				/* or 0: v are V0 to V31, not Z0 to Z31 */
	uint64_t pad[64 - 35];
	uint64_t v[32 * Z_WORDS];		/* one behind the other, as long as they are */
	uint8_t p[17 * Z_WORDS];		/* the same of P0 to P15, and FFR */
} __attribute__((aligned(4096)));

struct contexts {
	struct context in, out;
};

/* The guest; its context is at TPIDRRO_EL0, DONE at TPIDR_EL1. VBAR_EL1 is at the second part. */
__asm__(
"	.pushsection .rodata\n"
"	.arch armv8-a\n"
"	.arch_extension sve\n"
"	.globl guest_code, guest_slot, guest_vectors, guest_end\n"
"	.macro each op\n"
"	.irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
"	\\op	x\\n, [x0, #8 * \\n]\n"
"	.endr\n"
"	.endm\n"
"	.macro each_v op\n"
"	add	x1, x0, #512\n"
"	cbnz	x2, .Lz\\@\n"
"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
"	\\op	q\\n, [x1, #16 * \\n]\n"
"	.endr\n"
"	b	.Lend\\@\n"
".Lz\\@:\n"
"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
"	\\op	z\\n, [x1, #\\n, mul vl]\n"
"	.endr\n"
"	add	x1, x1, #0x2000\n"
"	.ifc \\op, ldr\n"
"	ldr	p0, [x1, #16, mul vl]\n"
"	wrffr	p0.b\n"
"	.endif\n"
"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
"	\\op	p\\n, [x1, #\\n, mul vl]\n"
"	.endr\n"
"	.ifc \\op, str\n"
"	rdffr	p0.b\n"
"	str	p0, [x1, #16, mul vl]\n"
"	.endif\n"
".Lend\\@:\n"
"	.endm\n"
"	.balign 0x800\n"
"guest_code:\n"
"	mrs	x0, tpidrro_el0\n"
"	ldr	x2, [x0, #272]\n"
"	each_v	ldr\n"
"	ldr	x1, [x0, #256]\n"
"	msr	nzcv, x1\n"
"	ldr	x1, [x0, #248]\n"
"	mov	sp, x1\n"
"	each	ldr\n"
"	ldr	x0, [x0]\n"
"guest_slot:\n"
"	nop\n"
"	nop\n"
"	nop\n"
"	msr	tpidr_el0, x0\n"
"	mrs	x0, tpidrro_el0\n"
"	add	x0, x0, #0x3000\n"
"	each	str\n"
"	mrs	x1, tpidr_el0\n"
"	str	x1, [x0]\n"
"	mov	x1, sp\n"
"	str	x1, [x0, #248]\n"
"	mrs	x1, nzcv\n"
"	str	x1, [x0, #256]\n"
"	mrs	x3, tpidrro_el0\n"
"	ldr	x2, [x3, #272]\n"
"	each_v	str\n"
"	ldr	x1, [x3, #264]\n"
"	str	wzr, [x1]\n"
"	b	.\n"
"	.balign 0x800\n"
"guest_vectors:\n"
"	.rept	16\n"
"	mrs	x1, tpidr_el1\n"
"	mrs	x0, esr_el1\n"
"	str	x0, [x1, #8]\n"
"	b	.\n"
"	.balign 0x80\n"
"	.endr\n"
"guest_end:\n"
"	.arch_extension nosve\n"
"	.popsection\n"
);
extern const uint8_t guest_code[], guest_slot[], guest_vectors[], guest_end[];

_Static_assert(offsetof(struct context, x) == 0 && offsetof(struct context, sp) == 248 &&
	       offsetof(struct context, nzcv) == 256 && offsetof(struct context, done) == 264 &&
	       offsetof(struct context, sve) == 272 && offsetof(struct context, v) == 512 &&
	       offsetof(struct context, p) == 512 + 0x2000 &&
	       offsetof(struct contexts, out) == 0x3000, "as the guest's code has it");

static int kvm;
static struct machine machines[2];
static uint8_t *ram;
static uint8_t *hole;			/* WINDOW_PAGES of it */
static uint64_t tables_used;
static uint64_t seed = 1;
static bool verbose;
static bool sve;			/* on the vCPU of AArch64, so it is asked for */
static unsigned int v_words = 2;	/* of a V register, or of a Z register */
static uint64_t sve_lengths;		/* that it may have, in 128 bits: a bit for each */

struct machine *m;
struct world world;

uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void *at_pa(uint64_t pa)
{
	return ram + (pa - RAM);
}

/* KVM */

bool try_reg(uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	return !ioctl(m->vcpu, KVM_SET_ONE_REG, &reg);
}

void set_reg(uint64_t id, uint64_t value)
{
	if (!try_reg(id, value))
		die("KVM_SET_ONE_REG");
}

uint64_t get_reg(uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(m->vcpu, KVM_GET_ONE_REG, &reg))
		die("KVM_GET_ONE_REG");
	return value;
}

/*
 * 6.12 offers authentication to the vCPUs of a host in protected mode, too, but does not
 * enable it for them, and warns when they use it.
 */
static bool in_protected_mode(void)
{
	char cmdline[4096] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	if (f) {
		if (!fgets(cmdline, sizeof(cmdline), f))
			cmdline[0] = 0;
		fclose(f);
	}
	return strstr(cmdline, "kvm-arm.mode=protected");
}

void one_vreg(unsigned long request, unsigned int n, uint64_t *v, unsigned int words)
{
	const bool z = m->cpu.features & NISV_FEATURE_SVE;
	uint64_t all[Z_WORDS] = { 0 };
	struct kvm_one_reg reg = { .id = z ? ZREG(n) : VREG(n), .addr = (uintptr_t)all };

	memcpy(all, v, words * 8);
	if (ioctl(m->vcpu, request, &reg))
		die("V register");
	memcpy(v, all, words * 8);
}

static void one_preg(unsigned int n, uint64_t *p)
{
	struct kvm_one_reg reg = { .id = PREG(n), .addr = (uintptr_t)p };

	if (ioctl(m->vcpu, KVM_GET_ONE_REG, &reg))
		die("P register");
}

static bool has(unsigned int cap)
{
	return ioctl(kvm, KVM_CHECK_EXTENSION, cap) > 0;
}

static void start_memory(void)
{
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hole = calloc(WINDOW_PAGES, 0x10000);
	if (ram == MAP_FAILED || !hole)
		die("memory");
}

static bool changed;		/* something of the guest, by libnisv */

static int noted_set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	changed = true;
	return m->set(opaque, reg, value, words);
}

/* Make the vCPU one with SVE, of all that it was initialised for, and see how long a vector may be */
static void start_sve(int vcpu)
{
	uint64_t lengths[8];		/* in 128 bits, a bit for each */
	const struct kvm_one_reg reg = { .id = SVE_LENGTHS, .addr = (uintptr_t)lengths };

	if (ioctl(vcpu, KVM_ARM_VCPU_FINALIZE, &(int) { KVM_ARM_VCPU_SVE }) || ioctl(vcpu, KVM_GET_ONE_REG, &reg))
		die("SVE");
	sve_lengths = lengths[0] & 0xffff;
	if (!sve_lengths)
		die("a vector's length");
}

/* Return: what ZCR_EL1 says of it */
static uint64_t new_length(void)
{
	unsigned int n;

	do
		n = rnd() % 16;
	while (!(sve_lengths >> n & 1));
	v_words = 2 * (n + 1);
	return n;
}

/* A VM of one vCPU; all have the same memory */
static void start_vm(struct machine *machine, bool el1_32bit)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM, .memory_size = RAM_SIZE, .userspace_addr = (uintptr_t)ram,
	};
	/* How AArch32 says that it is through: BKPT */
	struct kvm_guest_debug debug = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP };
	struct kvm_vcpu_init init;
	const int vm = ioctl(kvm, KVM_CREATE_VM, 0), size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (vm < 0)
		die("KVM_CREATE_VM");
	if (ioctl(vm, KVM_ENABLE_CAP, &cap)) {
		printf("1..0 # SKIP this kernel does not have KVM_CAP_ARM_NISV_TO_USER\n");
		exit(4);
	}
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		die("KVM_SET_USER_MEMORY_REGION");
	if (ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init))
		die("KVM_ARM_PREFERRED_TARGET");
	if (el1_32bit)
		init.features[0] |= 1 << KVM_ARM_VCPU_EL1_32BIT;
	/* Address and generic authentication, of which KVM has both or neither */
	else if (has(KVM_CAP_ARM_PTRAUTH_ADDRESS) && has(KVM_CAP_ARM_PTRAUTH_GENERIC) && !in_protected_mode())
		init.features[0] |= 1 << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1 << KVM_ARM_VCPU_PTRAUTH_GENERIC;
	if (sve && !el1_32bit)
		init.features[0] |= 1 << KVM_ARM_VCPU_SVE;
	machine->vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (machine->vcpu < 0 || ioctl(machine->vcpu, KVM_ARM_VCPU_INIT, &init) ||
	    ioctl(machine->vcpu, KVM_SET_GUEST_DEBUG, &debug))
		die("vCPU");
	if (sve && !el1_32bit)
		start_sve(machine->vcpu);
	machine->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, machine->vcpu, 0);
	if (machine->run == MAP_FAILED)
		die("kvm_run");
	nisv_kvm_init(&machine->cpu, machine->vcpu, init.features[0]);
	machine->set = machine->cpu.set;
	machine->cpu.set = noted_set;
}

/* Page tables */

static uint64_t guest64(uint64_t v)
{
	return world.big_tables ? __builtin_bswap64(v) : v;
}

uint32_t guest32(uint32_t v)
{
	return world.big_tables ? __builtin_bswap32(v) : v;
}

/* The data's endianness at EL0 is its own, and the context is data */
uint64_t data64(uint64_t v)
{
	return world.big ? __builtin_bswap64(v) : v;
}

/* A V register is data of 16 bytes; a Z register is bytes, and these are the lowest first */

static uint64_t v64(uint64_t v)
{
	return sve ? v : data64(v);
}

static uint64_t *v_word(struct context *c, unsigned int n, unsigned int word)
{
	return &c->v[v_words * n + (sve ? word : word ^ world.big)];
}

void clear_table(uint64_t table, uint64_t size)
{
	memset(at_pa(table), 0, size);
	tables_used = table + size;
}

uint64_t new_table(uint64_t size)
{
	const uint64_t table = tables_used;

	clear_table(table, size);
	return table;
}

void map(uint64_t root, uint64_t va, uint64_t pa, unsigned int last, uint64_t attributes)
{
	const unsigned int stride = world.granule - 3;
	const unsigned int levels = (world.input - world.granule + stride - 1) / stride;
	uint64_t table = root, *entry;

	for (unsigned int level = 4 - levels; ; level++) {
		const unsigned int low = world.granule + (3 - level) * stride;
		const unsigned int high = low + stride < world.input ? low + stride : world.input;

		entry = (uint64_t *)at_pa(table) + (va >> low & ((1ull << (high - low)) - 1));
		if (level == last)
			break;
		if (!*entry)
			*entry = guest64(new_table(1 << world.granule) | 3);
		table = guest64(*entry) & 0xfffffffff000ull;
	}
	*entry = guest64(pa | attributes | 1 << 11 | 1 << 10 | 3 << 8 | (last == 3 ? 3 : 1)); /* nG, AF, SH */
}

uint64_t pages(unsigned int n)
{
	return (uint64_t)n << world.granule;
}

/* Where a page of the window is, when it is in the hole */
uint64_t hole_page(unsigned int n)
{
	return n == RAM_PAGE ? INSIDE : HOLE + pages(n);
}

static uint64_t hole_at(uint64_t at)
{
	return hole_page(at >> world.granule) + (at & (pages(1) - 1));
}

uint64_t window_page(unsigned int n, bool in_hole)
{
	return in_hole ? hole_page(n) : WINDOW + pages(n);
}

/* AP[2:1], and UXN */
uint64_t window_attributes(unsigned int n)
{
	return (world.ap[n] & 6) << 5 | (uint64_t)(world.ap[n] >> 3) << 54;
}

/* In half of the worlds pages differ in who may access them, and all that decides on it is random */
void new_permissions(void)
{
	static const uint8_t aps[] = { 0, 1, 1, 2, 3, 3, 3, 5, 6, 7 };	/* 4 is reserved */
	static const uint8_t domains[] = { 0, 1, 1, 1, 3 };		/* no access, client, manager */
	const unsigned int pan = get_reg(SYS(0, 0, 7, 1)) >> 20 & 15;	/* ID_AA64MMFR1_EL1 */
	const uint64_t mmfr2 = get_reg(SYS(0, 0, 7, 2));		/* ID_AA64MMFR2_EL1 */

	memset(world.ap, 3, sizeof(world.ap));
	world.dacr = 1;
	world.strict = rnd() & 1;
	if (!world.strict)
		return;
	for (unsigned int n = 0; n < WINDOW_PAGES; n++)
		world.ap[n] = aps[rnd() % ARRAY_SIZE(aps)] | (rnd() & 8);
	if (el1_is_32bit() && !world.long_format)
		world.sctlr |= (rnd() & 1) << 29;			/* AFE */
	/* A domain's managers need the access flag, too, but QEMU does not look at it */
	world.domain = rnd() & 15;
	world.dacr |= (uint32_t)domains[rnd() % (ARRAY_SIZE(domains) - !!world.sctlr)] << 2 * world.domain;
	if (world.el0)
		return;
	if (pan)
		world.pstate |= (rnd() & 1) << 22;			/* PAN */
	if (el1_is_32bit())
		return;
	if (pan >= 3)
		world.sctlr |= (rnd() & 1) << 57;			/* EPAN */
	if (mmfr2 >> 4 & 15)
		world.pstate |= (rnd() & 1) << 23;			/* UAO */
	if (mmfr2 >> 60)
		world.tcr |= (rnd() & 3) << 55;				/* E0PD0, E0PD1 */
}

static uint64_t make_tables(bool in_hole)
{
	const uint64_t root = TABLES + in_hole * TABLES_SIZE;
	/* AP[1], or UXN: EPAN is about what EL0 may execute */
	const uint64_t user = world.el0 ? 1 << 6 : 1ull << 54, normal = 0 << 2;

	clear_table(root, 1 << world.granule);
	map(root, world.code, world.code_pa, 3, normal | user | (world.el0 ? 1 << 7 : 0));
	for (uint64_t at = 0; world.isa == NISV_A64 && at < sizeof(struct contexts); at += pages(1))
		map(root, world.context + at, CONTEXT + at, 3, normal | user);
	map(root, world.done, DONE, 3, normal | user);
	for (unsigned int n = 0; n < WINDOW_PAGES; n++)
		map(root, world.window + pages(n), window_page(n, in_hole), 3, normal | window_attributes(n));
	return root;
}

uint64_t roots[2];

/* ID_AA64MMFR0_EL1.TGran4, TGran64, TGran16 */
bool has_granule(unsigned int granule)
{
	const uint64_t mmfr0 = get_reg(SYS(0, 0, 7, 0));

	switch (granule) {
	case 12:
		return (mmfr0 >> 28 & 15) != 15;
	case 16:
		return (mmfr0 >> 24 & 15) != 15;
	default:
		return mmfr0 >> 20 & 15;
	}
}

void new_granule(void)
{
	static const uint8_t granules[] = { 12, 14, 16 };

	do
		world.granule = granules[rnd() % 3];
	while (!has_granule(world.granule));
}

/* Tables and registers of an EL1 that is AArch64, for what world says */
void put_a64_vectors(void *at)
{
	memcpy(at, guest_vectors, guest_end - guest_vectors);
}

void aarch64_el1(uint64_t vectors)
{
	static const uint8_t tg0[] = { [12] = 0, [14] = 2, [16] = 1 }, tg1[] = { [12] = 2, [14] = 1, [16] = 3 };
	uint64_t sctlr = 0x30d00980 | 1 << 12 | 1 << 2 | 1 << 0;	/* RES1, I, C, M */
	uint64_t tcr;

	world.input = 48;
	tcr = 16 | 16 << 16 | 1ull << 8 | 1ull << 10 | 3ull << 12 |
	      1ull << 24 | 1ull << 26 | 3ull << 28 | 5ull << 32 |
	      (uint64_t)tg0[world.granule] << 14 | (uint64_t)tg1[world.granule] << 30;
	sctlr |= 1 << 14 | 1 << 15 | 1 << 26;				/* DZE, UCT, UCI */
	if (world.big_tables)
		sctlr |= 1 << 25;					/* EE */
	else if (world.big)
		sctlr |= 1 << 24;					/* E0E */
	sctlr |= 1u << 31 | 1 << 30 | 1 << 27 | 1 << 13;		/* EnIA IB DA DB */
	if (get_reg(SYS(0, 0, 6, 2)) >> 16 & 15)			/* ID_AA64ISAR2_EL1.MOPS */
		sctlr |= 1ull << 33;					/* MSCEn */
	sctlr |= world.sctlr;
	tcr |= world.tcr;
	roots[0] = make_tables(false);
	roots[1] = make_tables(true);

	set_reg(SYS(0, 1, 0, 0), sctlr);
	set_reg(SYS(0, 2, 0, 2), tcr);
	set_reg(SYS(0, 10, 2, 0), 0xff);				/* MAIR: write-back */
	set_reg(SYS(0, 1, 0, 2), 3 << 20 | (sve ? 3 << 16 : 0));	/* CPACR: no trap of FP, SVE */
	if (sve)
		set_reg(SYS(0, 1, 2, 0), new_length());			/* ZCR */
	set_reg(SYS(0, 12, 0, 0), vectors);
	set_reg(SYS(0, 13, 0, 4), world.done);				/* TPIDR_EL1 */
}

/* A new world: everything but what is accessed, and how */
static void new_world(void)
{
	m = &machines[0];
	world = (struct world) { .isa = NISV_A64, .code_pa = CODE };
	new_granule();
	world.upper = rnd() & 1;
	world.el0 = rnd() & 1;
	world.big = rnd() & 1;
	world.big_tables = world.big && !world.el0;
	/* Sometimes where an address has 32 bits, as elements of a vector may have */
	world.code = (rnd() & (rnd() & 3 ? 0x7ffffff00000ull : 0x7ff00000ull)) | (world.upper ? 0xffff800000000000ull : 0);
	world.done = world.code + pages(1);
	world.context = world.code + pages(8);
	world.window = world.code + pages(4);
	/* Anew, as QEMU goes through all that it has translated of a page when a word of it changes */
	memcpy(at_pa(CODE), guest_code, guest_end - guest_code);
	__builtin___clear_cache((char *)at_pa(CODE), (char *)at_pa(CODE) + (guest_end - guest_code));
	new_permissions();
	aarch64_el1(world.code + (guest_vectors - guest_code));
	set_reg(SYS(3, 13, 0, 3), world.context);			/* TPIDRRO_EL0 */
}

/* An address space of its own each time, so that no translation is left of others */
void enter(bool in_hole, uint64_t pc, uint64_t pstate)
{
	static unsigned int asid;
	const uint64_t root = roots[in_hole];

	asid = (asid + 1) & 0xff;
	if (el1_is_32bit() && !world.long_format) {
		set_reg(SYS(0, 13, 0, 1), asid);			/* CONTEXTIDR */
		set_reg(SYS(0, 2, 0, world.upper), root | 0x4a);	/* write-back */
	} else {
		set_reg(SYS(0, 2, 0, 0), root | (uint64_t)asid << 48);
		set_reg(SYS(0, 2, 0, 1), root | (uint64_t)asid << 48);
	}
	set_reg(PC, pc);
	set_reg(PSTATE, pstate);
}

/* What the window leads to, for libnisv */

static uint8_t *device_at(uint64_t ipa, uint64_t len, unsigned int *page)
{
	const uint64_t at = ipa - HOLE;

	*page = at >> world.granule;
	if (at >= (uint64_t)WINDOW_PAGES << world.granule || *page == RAM_PAGE ||
	    (at & ((1ull << world.granule) - 1)) + len > 1ull << world.granule)
		return NULL;
	return hole + at;
}

/* Each page of the hole is a device of its own */
static uint64_t bus_at(void *opaque, uint64_t ipa, uint64_t len, bool write, void **at)
{
	const uint64_t page = 1ull << world.granule, rest = page - (ipa & (page - 1));
	unsigned int n;

	(void)opaque;
	(void)write;
	if (ipa >= RAM && ipa < RAM + RAM_SIZE) {
		*at = at_pa(ipa);
		return len < RAM + RAM_SIZE - ipa ? len : RAM + RAM_SIZE - ipa;
	}
	return device_at(ipa, 1, &n) ? len < rest ? len : rest : 0;
}

bool bad_callback;

static int bus_read(void *opaque, uint64_t ipa, void *data, unsigned int len)
{
	unsigned int n;
	const uint8_t *device = device_at(ipa, len, &n);

	(void)opaque;
	bad_callback |= !device;
	if (!device)
		return -1;
	memcpy(data, device, len);
	return 0;
}

static int bus_write(void *opaque, uint64_t ipa, const void *data, unsigned int len)
{
	unsigned int n;
	uint8_t *device = device_at(ipa, len, &n);

	(void)opaque;
	bad_callback |= !device;
	changed = true;
	if (!device)
		return -1;
	memcpy(device, data, len);
	return 0;
}

static uint64_t monitor;
const struct nisv_bus bus = { .at = bus_at, .read = bus_read, .write = bus_write, .monitor = &monitor };

/* Registers that are not KVM's, for accesses that KVM completes */

uint64_t soft[NISV_Z0][Z_WORDS];

static unsigned int soft_reg(unsigned int reg)
{
	return reg < NISV_Z0 ? reg : NISV_V0 + (reg - NISV_Z0);
}

static int soft_get(void *opaque, unsigned int reg, uint64_t *value, unsigned int words)
{
	(void)opaque;
	reg = soft_reg(reg);
	memcpy(value, soft[reg], words * 8);
	return 0;
}

static int soft_set(void *opaque, unsigned int reg, const uint64_t *value, unsigned int words)
{
	(void)opaque;
	changed = true;
	reg = soft_reg(reg);
	memset(soft[reg], 0, sizeof(soft[reg]));
	memcpy(soft[reg], value, words * 8);
	return 0;
}

struct nisv_cpu soft_cpu = { .get = soft_get, .set = soft_set };

/* All but the general-purpose and SIMD&FP registers */
void soft_init(void)
{
	static const unsigned int regs[] = {
		NISV_SP_EL0, NISV_SP_EL1, NISV_PC, NISV_PSTATE,
		NISV_SCTLR_EL1, NISV_TCR_EL1, NISV_TTBR0_EL1, NISV_TTBR1_EL1,
	};
	static const uint64_t ids[] = {
		CORE(0x3e), CORE(0x44), PC, PSTATE,
		SYS(0, 1, 0, 0), SYS(0, 2, 0, 2), SYS(0, 2, 0, 0), SYS(0, 2, 0, 1),
	};

	for (unsigned int n = 0; n < ARRAY_SIZE(regs); n++)
		soft[regs[n]][0] = get_reg(ids[n]);
	soft[NISV_DACR32_EL2][0] = world.dacr;
	soft[NISV_VL][0] = 8 * v_words;
	soft_cpu.features = m->cpu.features;
}

char wrong[200];

static enum end refused(int ret)
{
	snprintf(wrong, sizeof(wrong), "refused: %s", nisv_strerror(ret));
	return ret == NISV_WALK ? REFUSED : WRONG;
}

/* On the soft registers; where libnisv would first have the vCPU run again, until it does not */
static enum end soft_access(uint64_t ipa, bool write, struct nisv_insn *i)
{
	int ret = NISV_AGAIN;

	for (unsigned int n = 0; n < 64 && ret == NISV_AGAIN; n++)
		ret = nisv_access(&soft_cpu, &bus, ipa, write ? 1 << 6 : 0, i);
	return ret ? refused(ret) : SOFT;
}

/* P0 to P15, and FFR */
static uint64_t *soft_p(unsigned int n)
{
	return n == 16 ? soft[NISV_FFR] : soft[NISV_P0 + n];
}

/* What the vCPU has, for an access that KVM completes */
static void soft_copy(void)
{
	soft_init();
	for (unsigned int n = 0; n < 31; n++)
		soft[n][0] = get_reg(CORE(2 * n));
	for (unsigned int n = 0; n < 32; n++)
		one_vreg(KVM_GET_ONE_REG, n, soft[NISV_V0 + n], v_words);
	for (unsigned int n = 0; m->cpu.features & NISV_FEATURE_SVE && n < 17; n++)
		one_preg(n, soft_p(n));
}

/* The soft registers, as the guest would have stored them */
static void soft_out(struct context *out)
{
	for (unsigned int n = 0; n < 32; n++)
		for (unsigned int k = 0; k < v_words; k++)
			*v_word(out, n, k) = v64(soft[NISV_V0 + n][k]);
	for (unsigned int n = 0; n < 17; n++)
		memcpy(out->p + n * v_words, soft_p(n), v_words);
	for (unsigned int n = 0; n < 31; n++)
		out->x[n] = data64(soft[n][0]);
	out->sp = data64(soft[world.el0 ? NISV_SP_EL0 : NISV_SP_EL1][0]);
	out->nzcv = data64(soft[NISV_PSTATE][0] & 0xf0000000);
}

/* Let KVM complete its access, so that it does not move PC the next time */
static void complete(void)
{
	m->run->immediate_exit = 1;
	ioctl(m->vcpu, KVM_RUN, 0);
	m->run->immediate_exit = 0;
}

enum end go(struct nisv_insn *last)
{
	enum end end;

	for (unsigned int exits = 0; exits < EXITS; exits++) {
		int ret;

		alarm(HANGS);
		ret = ioctl(m->vcpu, KVM_RUN, 0);
		alarm(0);
		if (ret) {
			snprintf(wrong, sizeof(wrong), "KVM_RUN: %s at PC 0x%llx, ELR_EL1 0x%llx", strerror(errno),
				 (unsigned long long)get_reg(PC), (unsigned long long)get_reg(CORE(0x46)));
			return WRONG;
		}
		if (m->run->exit_reason == KVM_EXIT_ARM_NISV) {
			ret = nisv_kvm(&m->cpu, m->run, &bus, last);
			if (ret < 0)
				return refused(ret);
			continue;
		}
		if (m->run->exit_reason == KVM_EXIT_DEBUG)
			return get_reg(PC) < world.code + PAD_A32 ? EXCEPTION : COMPLETED;
		if (m->run->exit_reason != KVM_EXIT_MMIO) {
			snprintf(wrong, sizeof(wrong), "exit %u", m->run->exit_reason);
			return WRONG;
		}
		if (m->run->mmio.phys_addr == DONE || m->run->mmio.phys_addr == DONE + 8) {
			complete();
			return m->run->mmio.phys_addr == DONE ? COMPLETED : EXCEPTION;
		}
		soft_copy();
		end = soft_access(m->run->mmio.phys_addr, m->run->mmio.is_write, last);
		complete();
		return end;
	}
	snprintf(wrong, sizeof(wrong), "it exits for ever");
	return WRONG;
}

/*
 * Forms: the rows of the decoder's table, by operation, register file and structure.
 * Registers, offsets, sizes, ordering and lanes are what instances differ in.
 */

static struct form forms[1024];
static unsigned int nforms;

/* SVE: are there addresses in a vector? */
static bool is_by_vector(const struct nisv_insn *i)
{
	return i->flags & (NISV_VECTOR_BASE | NISV_VECTOR_OFFSET);
}

/* The bytes of LD1RQ, LD1RO; 0: it is another one */
static unsigned int block_of(const struct nisv_insn *i)
{
	return i->lanes > 1 ? i->lanes << i->size : 0;
}

static uint64_t key_of(const struct nisv_insn *i)
{
	const uint32_t same = NISV_SIMD | NISV_SIGNED | NISV_REPLICATE | NISV_AUTH_A | NISV_AUTH_B;

	if (i->isa != NISV_A64)
		return aarch32_key(i);
	if (i->family == NISV_SVE)
		return i->family | i->op << 8 | (i->extend != NISV_LSL) << 16 | (is_by_vector(i) && i->width == 32) << 17 |
		       block_of(i) / 16 << 18 | (i->width == 128) << 20 | (uint64_t)i->nregs << 24 | (uint64_t)(i->rs == NISV_NONE) << 32 |
		       (uint64_t)(i->rm == NISV_NONE) << 33 |
		       (uint64_t)(i->flags & (NISV_SIGNED | NISV_REPLICATE | NISV_NONTEMPORAL | NISV_PREDICATE |
					      NISV_VECTOR_BASE | NISV_VECTOR_OFFSET | NISV_FIRST_FAULT)) << 40;
	return i->family | i->op << 8 | i->selem << 16 | (uint64_t)i->nregs << 24 |
	       (uint64_t)(i->lane == NISV_NONE) << 32 | (uint64_t)i->mode << 40 |
	       (uint64_t)(i->flags & same) << 48;
}

static void sve_name(const struct nisv_insn *i, char *name, size_t size)
{
	const char *what = "vector", *width = "", *by = i->rm == NISV_NONE ? "immediate" : "Rm";

	if (i->flags & NISV_PREDICATE)
		what = "predicate";
	else if (block_of(i))
		what = block_of(i) == 16 ? "vector of one quadword" : "vector of one octoword";
	else if (i->flags & NISV_REPLICATE)
		what = "vector of one element";
	else if (i->rs == NISV_NONE)
		what = "vector, all of it";
	else if (i->width == 128)
		what = "vector of quadwords";
	if (is_by_vector(i))
		width = i->width == 32 ? "32-bit " : i->extend != NISV_LSL ? "unpacked 32-bit " : "64-bit ";
	if (i->flags & NISV_VECTOR_OFFSET)
		by = "Zm";
	else if (i->flags & NISV_VECTOR_BASE)
		by = i->rm == NISV_NONE ? "Zn, immediate" : "Zn, Rm";
	snprintf(name, size, ", %u %s%s%s%s, %s%s", i->nregs, what, i->flags & NISV_SIGNED ? ", signed" : "",
		 i->flags & NISV_NONTEMPORAL ? ", non-temporal" : "", i->flags & NISV_FIRST_FAULT ? ", first-fault" : "",
		 width, by);
}

static void name_of(const struct nisv_insn *i, char *name, size_t size)
{
	static const char * const ops[] = {
		"load", "store", "add", "clear bits", "exclusive or", "set bits", "signed maximum",
		"signed minimum", "unsigned maximum", "unsigned minimum", "swap", "compare and swap", "zero",
		[NISV_LOAD_TAG] = "load a tag", [NISV_STORE_TAG] = "store a tag",
		[NISV_COPY] = "copy", [NISV_COPY_FORWARD] = "copy forward", [NISV_FILL] = "fill",
		[NISV_FILL_TAGGED] = "fill, with tags",
	};
	char what[100] = "";

	if (i->isa != NISV_A64) {
		aarch32_name(i, name, size);
		return;
	}
	if (i->family == NISV_SVE)
		sve_name(i, what, sizeof(what));
	else if (i->flags & NISV_STRUCTURE)
		snprintf(what, sizeof(what), i->flags & NISV_REPLICATE ? " %u-element structure, all lanes" :
			 i->lane == NISV_NONE ? " %u-element structures, %u registers" :
			 " %u-element structure, one lane", i->selem, i->nregs);
	else
		snprintf(what, sizeof(what), "%s%s%s", i->flags & NISV_SIMD ? ", SIMD&FP" : "",
			 i->flags & NISV_SIGNED ? ", signed" : "",
			 i->flags & NISV_AUTH_A ? ", key A" : i->flags & NISV_AUTH_B ? ", key B" : "");
	snprintf(name, size, "%s%s%s", ops[i->op], what,
		 i->family == NISV_PAC && i->flags & NISV_WRITEBACK ? ", pre-indexed" : "");
}

/* Bits that may change, each on its own: registers, offsets, lists */
static uint32_t free_bits(const struct form *f)
{
	struct nisv_insn i;
	uint32_t free = 0;

	for (unsigned int n = 0; n < (f->isa != NISV_T32 || f->word >> 16 ? 32 : 16); n++)
		if (nisv_decode(f->isa, f->word ^ 1u << n, &i) == NISV_DONE && key_of(&i) == f->key)
			free |= 1u << n;
	return free;
}

static void add_form(enum nisv_isa isa, uint32_t word)
{
	struct nisv_insn i;
	struct form *f;

	if (nisv_decode(isa, word, &i) != NISV_DONE || (isa != NISV_A64 && !aarch32_possible(&i)))
		return;
	for (f = forms; f < forms + nforms; f++)
		if (f->key == key_of(&i))
			return;
	if (nforms == ARRAY_SIZE(forms))
		die("too many forms");
	nforms++;
	name_of(&i, f->name, sizeof(f->name));
	f->key = key_of(&i);
	f->isa = isa;
	f->family = i.family;
	f->word = word;
	f->free = free_bits(f);
}

static void find_forms(void)
{
	/* Where bits 20 to 16 are a register, it may have to be even, or 31, or 0 */
	static const uint32_t rm[] = { 0, 2, 31 };

	for (uint32_t v = 0; v < 1 << 17; v++)
		for (unsigned int n = 0; n < ARRAY_SIZE(rm); n++)
			add_form(NISV_A64, (v >> 6) << 21 | rm[n] << 16 | (v & 63) << 10 | 0x44);
	add_form(NISV_A64, 0xd50b7423);	/* DC ZVA, GVA, GZVA are not among these */
	add_form(NISV_A64, 0xd50b7463);
	add_form(NISV_A64, 0xd50b7483);
}

/* From one instance to the next, so that they get to where only two bits at once lead */
static uint32_t another(struct form *f, struct nisv_insn *i)
{
	for (;;) {
		uint32_t w = f->word ^ (rnd() & f->free);

		if (rnd() & 1)
			w ^= 1u << rnd() % 32 ^ 1u << rnd() % 32;
		if (nisv_decode(f->isa, w, i) == NISV_DONE && key_of(i) == f->key) {
			f->word = w;
			return w;
		}
	}
}

unsigned int bytes_of(const struct nisv_insn *i)
{
	if (i->rn == NISV_NONE && i->mode != NISV_PC_RELATIVE)	/* DC ZVA */
		return 64;
	if (i->family == NISV_TAGS && i->size == 4)
		return i->nregs * 16;
	if (i->flags & NISV_STRUCTURE)
		return (i->lanes && !(i->flags & NISV_REPLICATE) ? i->nregs * i->lanes : i->selem) << i->size;
	return (i->rt2 != NISV_NONE ? 2 : 1) << i->size;
}

/* Not the library's own: were that wrong, the CPU would find nothing at this address */
static uint64_t rm_offset(const struct nisv_insn *i, uint64_t rm)
{
	switch (i->extend) {
	case NISV_UXTW:
		return (uint64_t)(uint32_t)rm << i->shift;
	case NISV_SXTW:
		return (uint64_t)(int64_t)(int32_t)rm << i->shift;
	default:
		return rm << i->shift;
	}
}

/* In the window; aligned mostly, or across an edge */
uint64_t somewhere(unsigned int len, unsigned int unit, bool always)
{
	const uint64_t size = pages(WINDOW_PAGES) - (len > NEAR / 2 ? len : 0);
	uint64_t at = rnd() % (size - NEAR) + NEAR / 2;

	if (rnd() & 1)
		at = pages(1 + rnd() % (WINDOW_PAGES - 1)) - 1 - rnd() % len;
	if (always || rnd() & 1)
		at &= ~(uint64_t)(unit - 1);
	return world.window + at;
}

static void put_x(struct context *c, unsigned int reg, uint64_t value)
{
	if (reg < 31)
		c->x[reg] = data64(value);
}

static bool is_active(const struct context *c, const struct nisv_insn *i, unsigned int element)
{
	const unsigned int at = element * i->width / 8;

	return i->rs == NISV_NONE || c->p[i->rs * v_words + at / 8] >> at % 8 & 1;
}

static unsigned int elements_of(const struct nisv_insn *i)
{
	return i->lanes > 1 ? i->lanes : (i->flags & NISV_PREDICATE ? v_words : 8 * v_words) * 8 / i->width;
}

/* SVE: of the elements in the order of their addresses, the first active one, and how many to the last */
static bool active_elements(const struct context *c, const struct nisv_insn *i, unsigned int *first, unsigned int *n)
{
	const unsigned int all = elements_of(i);
	unsigned int last = 0;

	*first = all;
	for (unsigned int k = 0; k < all; k++) {
		if (!is_active(c, i, k))
			continue;
		*first = *first < k ? *first : k;
		last = k;
	}
	*n = last + 1 - *first;
	return *first < all;
}

/* Of a gather or scatter, where its active elements are, and in how many bytes */
static uint64_t scattered[2 * Z_WORDS];
static unsigned int nscattered, scattered_len, spread;
/* CPY, SET: of the source and the destination */
static uint64_t mops_extent;

static unsigned int active_bytes(const struct context *c, const struct nisv_insn *i)
{
	unsigned int first, n;

	if (i->family == NISV_COPY_SET)
		return mops_extent;
	if (i->family != NISV_SVE)
		return bytes_of(i);
	if (!active_elements(c, i, &first, &n))
		return 0;
	if (nscattered)
		return spread;
	if (i->flags & NISV_FIRST_FAULT)
		return 1 << i->size;
	return (i->flags & NISV_REPLICATE && i->lanes == 1 ? 1 : n * i->nregs) << i->size;
}

/* Addresses of which each is the sum of an element, extended and shifted, and what all have */
static bool aim_scattered(struct context *c, const struct nisv_insn *i, uint64_t *target)
{
	static const unsigned int spreads[] = { 8, 64, 512 };
	const unsigned int len = 1 << i->size, bytes = i->width / 8;
	const bool base = i->flags & NISV_VECTOR_BASE, half = i->extend != NISV_LSL || (base && bytes == 4);
	uint8_t *z = (uint8_t *)(c->v + v_words * (base ? i->rn : i->rm));
	uint64_t same = (int64_t)i->imm;

	scattered_len = len;
	spread = spreads[rnd() % ARRAY_SIZE(spreads)];
	*target = somewhere(spread, len, false);
	if (world.granule == 12 && !(rnd() & 7)) {		/* all pages */
		spread = pages(WINDOW_PAGES) - 2 * NEAR;
		*target = world.window + NEAR;
	}
	if (!base || i->rm < 31) {
		same = half ? *target - (rnd() & 0x7fffffff) : rnd();
		if (i->extend == NISV_SXTW)
			same = *target + (int32_t)rnd() / 2;
		if (!base && i->rn == 31)
			c->sp = data64(same);
		else
			put_x(c, base ? i->rm : i->rn, same);
	}
	for (unsigned int n = 0; n < elements_of(i); n++) {
		const uint64_t at = *target + (rnd() % (spread - len + 1) & ~(uint64_t)(rnd() & 3 ? len - 1 : 0));
		uint64_t value = (int64_t)(at - same) >> i->shift;

		if (!is_active(c, i, n))
			continue;
		if (base && bytes == 4 && value >> 32)
			return false;
		scattered[nscattered++] = same + (value << i->shift);
		memcpy(z + n * bytes, &value, half ? 4 : 8);
	}
	if (!nscattered)
		return false;
	if (i->flags & NISV_FIRST_FAULT) {
		*target = scattered[0];
		nscattered = 0;
	}
	return true;
}

static bool aim_sve(struct context *c, const struct nisv_insn *i, uint64_t *target)
{
	const unsigned int len = active_bytes(c, i);
	const unsigned int vector = elements_of(i) << i->size;
	uint64_t offset = (int64_t)i->imm * (i->flags & NISV_MUL_VL ? (int)vector : 1);
	unsigned int first, n;

	if (!len)		/* it accesses nothing */
		return false;
	if (is_by_vector(i))
		return aim_scattered(c, i, target);
	*target = somewhere(len, 1u << i->size, false);
	active_elements(c, i, &first, &n);
	/* Of a predicate whose first byte is 0, QEMU 7.2 takes wrong bits here */
	if (i->flags & NISV_FIRST_FAULT && first * i->width / 8 >= 8)
		return false;
	if (!(i->flags & NISV_REPLICATE) || i->lanes > 1)
		offset += (uint64_t)first * i->nregs << i->size;
	if (i->rm < 31) {
		if (i->rm == i->rn)
			return false;
		offset += data64(c->x[i->rm]) << i->shift;
	}
	if (i->rn == 31)
		c->sp = data64(*target - offset);
	else
		put_x(c, i->rn, *target - offset);
	return true;
}

static bool is_copy(const struct nisv_insn *i)
{
	return i->op == NISV_COPY || i->op == NISV_COPY_FORWARD;
}

/* Few bytes or many, and often to an edge of a page; the source is near, or they overlap */
static bool aim_mops(struct context *c, const struct nisv_insn *i, uint64_t *target)
{
	const uint64_t n = 1 + rnd() % (rnd() & 7 ? NEAR : MOST_COPIED), end = pages(WINDOW_PAGES) - n;
	const uint64_t mask = i->op == NISV_FILL_TAGGED ? ~15ull : ~0ull;
	uint64_t to = rnd() % end, from = to;

	if (rnd() & 1)
		to = pages(1 + rnd() % (WINDOW_PAGES - 1)) - rnd() % (n + 1);
	if (is_copy(i))
		from = to + (rnd() & 1 ? rnd() % 128 - 64 : rnd() % (2 * NEAR + 2 * n) - (NEAR + n));
	if (to > end || from > end)
		return false;
	/* What this leaves is UNKNOWN */
	if (i->op == NISV_COPY_FORWARD && from < to && from + n > to)
		return false;
	to &= mask;
	if (!is_copy(i))
		from = to;
	*target = world.window + (to < from ? to : from);
	mops_extent = (to < from ? from - to : to - from) + n;
	put_x(c, i->rt, world.window + to);
	put_x(c, i->rn, n & mask);
	if (is_copy(i))
		put_x(c, i->rs, world.window + from);
	return true;
}

/* All three of them: op1 says which, and of SET op2[3:2] */
static void put_mops(uint32_t *slot, uint32_t word, const struct nisv_insn *i)
{
	const unsigned int stage = is_copy(i) ? 22 : 14;

	for (unsigned int n = 0; n < 3; n++)
		slot[n] = (word & ~(3u << stage)) | n << stage;
}

/*
 * A prologue goes backward only as long as what is left overlaps. So if it is interrupted, it
 * may end at the other end.
 */
static void either_end(struct context *on_ram, struct context *on_hole, const struct context *in,
		       const struct nisv_insn *i)
{
	const uint64_t to = data64(on_hole->x[i->rt]) - data64(in->x[i->rt]);
	const uint64_t from = data64(on_hole->x[i->rs]) - data64(in->x[i->rs]);

	if (to != from || to > data64(in->x[i->rn]))
		return;
	on_ram->x[i->rt] = on_hole->x[i->rt];
	on_ram->x[i->rs] = on_hole->x[i->rs];
}

/*
 * Where the access goes, and the registers that lead there. Returns false if this
 * instance cannot: a register that has to be two things at once.
 */
static bool aim(struct context *c, const struct nisv_insn *i, uint64_t slot, uint64_t *target)
{
	const unsigned int len = bytes_of(i), unit = len & (len - 1) ? 1u << i->size : len;

	if (i->family == NISV_SVE)
		return aim_sve(c, i, target);
	if (i->family == NISV_COPY_SET)
		return aim_mops(c, i, target);
	uint64_t offset = (int64_t)i->imm;

	*target = somewhere(len, unit, i->flags & NISV_EXCLUSIVE_ACCESS || i->op > NISV_STORE);
	if (i->mode == NISV_PC_RELATIVE) {
		*target = slot + offset;
		return *target >= world.window && *target - world.window + NEAR / 2 < pages(WINDOW_PAGES);
	}
	if (i->rn == NISV_NONE) {
		if (i->rt == 31)
			return false;
		put_x(c, i->rt, *target + rnd() % 64);
		return true;
	}
	if (i->rm != NISV_NONE) {
		if (i->rm == i->rn)
			return false;
		offset = i->rm == 31 ? 0 : rm_offset(i, data64(c->x[i->rm]));
		if (i->mode == NISV_POST_INDEX)
			offset = 0;
	} else if (i->mode == NISV_POST_INDEX) {
		offset = 0;
	}
	/* With several CPUs QEMU 7.2 takes XZR, as the second of these registers, for SP */
	if (i->family == NISV_CASP && i->rs == 30)
		return false;
	/* The code before it authenticates a register, and SP is none */
	if (i->rn == 31 && i->family == NISV_PAC)
		return false;
	if (i->rn == 31) {
		/* SP has to be aligned to 16 if that is checked; SCTLR_EL1.SA is not set */
		c->sp = data64(*target - offset);
		return true;
	}
	put_x(c, i->rn, *target - offset);
	/* A register that is loaded as Rs, and is the base at the same time */
	return !(i->op == NISV_CAS && (i->rs == i->rn || (i->rt2 != NISV_NONE && i->rs + 1 == i->rn)));
}

void explain(const struct form *f, uint32_t word, const struct nisv_insn *i, const char *what)
{
	char text[128] = "";

	if (i->length)
		nisv_text(i, text, sizeof(text));
	printf("# %s: %08x %s, ", f->name, word, text);
	if (f->isa == NISV_A64)
		printf("%s, ", world.el0 ? "EL0" : "EL1");
	else
		printf("mode 0x%x, %s descriptors, ", world.mode,
		       !el1_is_32bit() ? "AArch64" : world.long_format ? "long" : "short");
	printf("%s endian, %uK, TTBR%u: %s\n", world.big ? "big" : "little",
	       1 << (world.granule - 10), world.upper, what);
	if (world.strict)
		printf("#   AP %x %x %x %x, domain %u, DACR 0x%x, PSTATE, SCTLR, TCR with 0x%llx 0x%llx 0x%llx\n",
		       world.ap[0], world.ap[1], world.ap[2], world.ap[3], world.domain, world.dacr,
		       (unsigned long long)world.pstate, (unsigned long long)world.sctlr,
		       (unsigned long long)world.tcr);
}

static void compare(struct context *a, struct context *b, char *what, size_t size)
{
	what[0] = 0;
	for (unsigned int n = 0; n < 31; n++)
		if (a->x[n] != b->x[n] && !what[0])
			snprintf(what, size, "x%u is 0x%llx, not 0x%llx", n,
				 (unsigned long long)data64(b->x[n]), (unsigned long long)data64(a->x[n]));
	for (unsigned int n = 0; n < 32; n++)
		for (unsigned int k = 0; k < v_words; k++)
			if (*v_word(a, n, k) != *v_word(b, n, k) && !what[0])
				snprintf(what, size, "word %u of v%u is 0x%016llx, not 0x%016llx", k, n,
					 (unsigned long long)v64(*v_word(b, n, k)),
					 (unsigned long long)v64(*v_word(a, n, k)));
	for (unsigned int n = 0; sve && n < 17; n++)
		if (memcmp(a->p + n * v_words, b->p + n * v_words, v_words) && !what[0])
			snprintf(what, size, n == 16 ? "ffr differs" : "p%u differs", n);
	if (a->sp != b->sp && !what[0])
		snprintf(what, size, "sp is 0x%llx, not 0x%llx",
			 (unsigned long long)data64(b->sp), (unsigned long long)data64(a->sp));
	if (a->nzcv != b->nzcv && !what[0])
		snprintf(what, size, "nzcv differs");
}

/* The byte of the window, when it is in the hole */
static uint8_t *in_hole(uint64_t at)
{
	const uint64_t page = 1ull << world.granule;

	return at >> world.granule == RAM_PAGE ? (uint8_t *)at_pa(INSIDE) + (at & (page - 1)) : hole + at;
}

/* Only near the target should anything change, and behind it so many bytes, in multiples of 8 */
static unsigned int far;

static void near(uint64_t target, uint64_t *from, uint64_t *to)
{
	const uint64_t at = (target - world.window) & ~(NEAR - 1ull);

	*from = at < NEAR ? 0 : at - NEAR;
	*to = *from + 4 * NEAR + far < pages(WINDOW_PAGES) ? *from + 4 * NEAR + far : pages(WINDOW_PAGES);
}

void fill(uint64_t target)
{
	uint64_t from, to;

	near(target, &from, &to);
	for (uint64_t at = from; at < to; at += 8) {
		const uint64_t value = rnd();

		memcpy((uint8_t *)at_pa(WINDOW) + at, &value, 8);
		memcpy(in_hole(at), &value, 8);
	}
}

void put_memory(uint64_t target, const void *data, unsigned int len)
{
	const uint64_t at = target - world.window;

	memcpy((uint8_t *)at_pa(WINDOW) + at, data, len);
	for (unsigned int n = 0; n < len; n++)
		*in_hole(at + n) = ((const uint8_t *)data)[n];
}

void compare_memory(uint64_t target, char *what, size_t size)
{
	uint64_t from, to;

	what[0] = 0;
	near(target, &from, &to);
	for (uint64_t at = from; at < to && !what[0]; at += 8) {
		const uint64_t *in_ram = (uint64_t *)((uint8_t *)at_pa(WINDOW) + at), *hole = (uint64_t *)in_hole(at);

		if (*hole != *in_ram)
			snprintf(what, size, "at %lld from the access there is 0x%016llx, not 0x%016llx",
				 (long long)(world.window + at - target), (unsigned long long)be64toh(*hole),
				 (unsigned long long)be64toh(*in_ram));
	}
}

/*
 * An exclusive store in a hole, after its load: libnisv's monitor says that it
 * succeeds, but the CPU's does not, and then an access may not even be tried, so that
 * KVM never sees it. Both are made on the soft registers. In RAM the CPU does both.
 */
enum end soft_exclusive(uint64_t target, struct nisv_insn *last)
{
	const uint64_t at = target - world.window;
	enum end end = SOFT;

	if (at >> world.granule == RAM_PAGE)
		return go(last);
	for (unsigned int n = 0; n < 2 && end == SOFT; n++)
		end = soft_access(hole_at(at), n, last);
	return end;
}

/* Exceptions */

uint64_t syndrome(void)
{
	uint64_t esr;

	if (el1_is_32bit())
		return get_reg(SYS(0, 5, 2, 0));			/* DFSR */
	memcpy(&esr, m->run->mmio.data, sizeof(esr));
	return guest64(esr);
}

bool not_permitted(void)
{
	const uint64_t esr = syndrome();
	const unsigned int status = esr & 0x3f, fs = esr & 0x40f;
	const bool permission = (status & 0x3c) == 0xc;

	if (!world.strict)
		return false;
	if (!el1_is_32bit())	/* E0PD makes it a translation fault of level 0 */
		return esr >> 27 == 0x24 >> 1 && (permission || (world.tcr && status == 4));
	if (get_reg(PC) != world.code + DATA_ABORT)
		return false;
	if (world.long_format)
		return permission;
	/* Of a permission or a domain; or of the access flag, which AP[0] may be */
	return (fs & ~6) == 9 || (world.sctlr && (fs == 3 || fs == 6));
}

/* Bytes of the page that it begins in */
static uint64_t rest_of_page(uint64_t target)
{
	return pages(1) - (target & (pages(1) - 1));
}

/* The first byte of a gather or scatter on another page than @at; @at: there is none */
static uint64_t scattered_elsewhere(uint64_t at)
{
	const uint64_t page = ~(pages(1) - 1);

	for (unsigned int n = 0; n < nscattered; n++) {
		const uint64_t first = scattered[n], last = first + scattered_len - 1;

		if ((first ^ at) & page)
			return first;
		if ((last ^ at) & page)
			return last & page;
	}
	return at;
}

bool in_two_pages(uint64_t target, unsigned int len)
{
	if (nscattered)
		return scattered_elsewhere(scattered[0]) != scattered[0];
	return len > rest_of_page(target);
}

/*
 * Whichever page the CPU has not permitted, it may have exited for the other one
 * first. So libnisv is asked about that as well, whatever this CPU does.
 */
bool check_refusal(struct form *f, uint32_t word, const struct nisv_insn *i, uint64_t target)
{
	const uint64_t far = get_reg(SYS(0, 6, 0, 0)) & (el1_is_32bit() ? 0xffffffff : ~0ull);
	const uint64_t rest = rest_of_page(target);
	const uint64_t other = nscattered ? scattered_elsewhere(far) - world.window :
			       target - world.window + (far - target < rest ? rest : 0);
	struct nisv_insn last = { 0 };
	enum end end = REFUSED;
	char what[160];

	fill(target);		/* the CPU may have stored to one of them */
	changed = false;
	if (other >> world.granule != RAM_PAGE)
		end = soft_access(hole_at(other), i->op != NISV_LOAD, &last);
	compare_memory(target, what, sizeof(what));
	if (end == REFUSED && !what[0]) {
		end = go(&last);
		/* Before an exception the CPU may have stored in the hole's RAM */
		if (end == REFUSED)
			compare_memory(target, what, sizeof(what));
	}
	f->refused += end == REFUSED;
	if (end == COMPLETED || end == SOFT)
		strcpy(what, "the CPU does not permit it, but it is done");
	else if (end == EXCEPTION && !not_permitted())
		strcpy(what, "another exception in the hole");
	else if (changed)
		strcpy(what, "something has changed");
	if (end == WRONG || what[0])
		explain(f, word, i, end == WRONG ? wrong : what);
	return end != WRONG && !what[0];
}

/* The soft registers, as the guest would have loaded them */
static void soft_in(struct context *in, uint64_t pc)
{
	soft_init();
	for (unsigned int n = 0; n < 31; n++)
		soft[n][0] = data64(in->x[n]);
	soft[NISV_SP_EL0][0] = data64(in->sp);
	soft[NISV_SP_EL1][0] = data64(in->sp);
	soft[NISV_PSTATE][0] |= data64(in->nzcv);
	soft[NISV_PC][0] = pc;
	for (unsigned int n = 0; n < 32; n++)
		for (unsigned int k = 0; k < v_words; k++)
			soft[NISV_V0 + n][k] = v64(*v_word(in, n, k));
	for (unsigned int n = 0; n < 17; n++) {
		memset(soft_p(n), 0, sizeof(soft[0]));
		memcpy(soft_p(n), in->p + n * v_words, v_words);
	}
}

/*
 * What a first-fault load makes of RAM, with what it makes of it if there is only one active
 * element: the rest is 0, and so is FFR from the next active one on.
 */
static void first_fault(const struct context *in, const struct nisv_insn *i, struct context *out)
{
	const unsigned int bytes = i->width / 8;
	uint8_t *z = (uint8_t *)(out->v + v_words * i->rt), *ffr = out->p + 16 * v_words;
	unsigned int first, n;

	active_elements(in, i, &first, &n);
	if (n == 1)
		return;
	memset(z + (first + 1) * bytes, 0, 8 * v_words - (first + 1) * bytes);
	for (n = first + 1; !is_active(in, i, n); n++)
		;
	memcpy(ffr, in->p + 16 * v_words, v_words);
	for (unsigned int bit = n * bytes; bit < 8 * v_words; bit++)
		ffr[bit / 8] &= ~(1 << bit % 8);
}

static bool instance(struct form *f, uint32_t word, const struct nisv_insn *i)
{
	const uint64_t pstate = (world.el0 ? 0x3c0 : 0x3c5) | world.pstate;
	const unsigned int slot_at = guest_slot - guest_code;
	struct contexts *ctx = at_pa(CONTEXT);
	uint32_t *slot = (uint32_t *)((uint8_t *)at_pa(CODE) + slot_at);
	struct nisv_insn last = { 0 };
	static struct context on_ram, on_hole;
	bool pair_of_exclusives = false;
	uint64_t *p, target;
	char what[160];
	enum end end;

	for (p = (uint64_t *)&ctx->in; p < ctx->in.v + 32 * v_words; p++)
		*p = rnd();
	for (unsigned int n = 0; n < sizeof(ctx->in.p); n++)
		ctx->in.p[n] = rnd() & rnd() & rnd();
	/* Mostly all elements are active, or these behind or before one */
	for (unsigned int n = 0; n < 16; n++) {
		const unsigned int from = rnd() % v_words, to = rnd() % v_words;

		if (rnd() & 1)
			memset(ctx->in.p + n * v_words, 0xff, v_words);
		else if (from < to && rnd() & 1)
			memset(ctx->in.p + n * v_words + from, 0xff, to - from);
	}
	/* FFR is ones, and then zeros */
	for (unsigned int n = 0, ones = rnd() & 1 ? 8 * v_words : rnd() % (8 * v_words); n < v_words; n++)
		ctx->in.p[16 * v_words + n] = 8 * n + 8 <= ones ? 0xff : 8 * n < ones ? (1 << (ones - 8 * n)) - 1 : 0;
	nscattered = 0;
	ctx->in.sve = sve;
	ctx->in.nzcv = data64(rnd() & 0xf0000000);
	ctx->in.done = data64(world.done);
	if (i->rm < 31 && rnd() & 1)
		put_x(&ctx->in, i->rm, (int64_t)(rnd() % 512) - 256);
	if (!aim(&ctx->in, i, world.code + slot_at, &target))
		return true;

	far = (active_bytes(&ctx->in, i) + 7) & ~7u;
	fill(target);
	/* Most compares find what they expect, or half of it */
	if (i->op == NISV_CAS) {
		const uint8_t *at = (const uint8_t *)at_pa(WINDOW) + (target - world.window);
		const unsigned int len = 1 << i->size;

		for (unsigned int k = 0; k < (i->rt2 != NISV_NONE ? 2 : 1); k++) {
			uint64_t expected = rnd();

			if (len < 8)
				expected <<= 8 * len;
			else
				expected = 0;
			for (unsigned int b = 0; b < len; b++)
				expected |= (uint64_t)at[k * len + b] << 8 * (world.big ? len - 1 - b : b);
			if (rnd() & 3)
				put_x(&ctx->in, i->rs + k, expected);
		}
	}

	slot[0] = word;
	slot[1] = 0xd503201f;
	slot[2] = 0xd503201f;
	/* An exclusive store, with the load that it needs before it, or without */
	if (i->op == NISV_STORE && i->flags & NISV_EXCLUSIVE_ACCESS && rnd() & 1) {
		/* ldxr wzr; or ldxp of two registers that are not the base */
		slot[0] = (word & 0xffe003e0) | 1 << 22 | 0x1f0000 | 0x7c00 | 31;
		if (i->rt2 != NISV_NONE)
			slot[0] = (slot[0] & ~0x7c00u) | (i->rn == 17 ? 18 : 17) << 10;
		slot[1] = word;
		pair_of_exclusives = true;
	} else if (i->family == NISV_COPY_SET) {
		put_mops(slot, word, i);
	} else if (i->family == NISV_PAC) {
		/* pacdza or pacdzb */
		slot[0] = (i->flags & NISV_AUTH_A ? 0xdac12be0 : 0xdac12fe0) | i->rn;
		slot[1] = word;
	}
	__builtin___clear_cache((char *)slot, (char *)(slot + 3));

	memset(&ctx->out, 0, sizeof(ctx->out));
	enter(false, world.code, pstate);
	end = go(&last);
	if (end == EXCEPTION) {
		const uint64_t esr = syndrome();

		f->faulted++;
		if (not_permitted() && i->family == NISV_COPY_SET) {
			/* What comes before that may be done */
			enter(true, world.code, pstate);
			end = go(&last);
			f->refused += end == REFUSED;
			if (end == REFUSED || (end == EXCEPTION && not_permitted()))
				return true;
			explain(f, word, i, end == WRONG ? wrong : "the CPU does not permit it, but it is done");
			return false;
		}
		if (not_permitted()) {
			if (pair_of_exclusives || !in_two_pages(target, active_bytes(&ctx->in, i)))
				return true;
			enter(true, world.code, pstate);
			soft_in(&ctx->in, world.code + slot_at + (slot[0] == word ? 0 : 4));
			return check_refusal(f, word, i, target);
		}
		/* Else alignment is the only thing that may be wrong, or the whole instruction */
		if (esr >> 26 == 0 || (esr >> 26 == 0x19 && !sve)) {	/* undefined; or SVE, which is off */
			f->undefined++;
			return true;
		}
		if (verbose || (esr & 0x3f) != 0x21) {
			snprintf(what, sizeof(what), "ESR_EL1 0x%llx", (unsigned long long)esr);
			explain(f, word, i, what);
		}
		return (esr & 0x3f) == 0x21;
	}
	if (end != COMPLETED) {
		explain(f, word, &last, wrong);
		return false;
	}
	on_ram = ctx->out;

	memset(&ctx->out, 0, sizeof(ctx->out));
	memset(&last, 0, sizeof(last));
	bad_callback = false;
	enter(true, world.code, pstate);
	if (pair_of_exclusives) {
		soft_in(&ctx->in, world.code + slot_at);
		end = soft_exclusive(target, &last);
	} else {
		end = go(&last);
	}
	if (end == COMPLETED)
		on_hole = ctx->out;
	else if (end == SOFT)
		soft_out(&on_hole);
	if ((end != COMPLETED && end != SOFT) || bad_callback) {
		explain(f, word, i, end == EXCEPTION ? "an exception in the hole" :
			bad_callback ? "accessed what it must not" : wrong);
		return false;
	}
	/*
	 * A load of one lane writes all of Vt, and the rest of Zt becomes 0 (Arm ARM, V[]).
	 * libnisv does so; QEMU leaves it as it was.
	 */
	if (sve && last.length && i->op == NISV_LOAD && i->lane != NISV_NONE)
		for (unsigned int n = 0; n < i->selem; n++)
			memset(v_word(&on_ram, (i->rt + n) % 32, 2), 0, (v_words - 2) * 8);
	if (i->flags & NISV_FIRST_FAULT) {
		if (!last.length)	/* the CPU has come to an end by itself */
			return true;
		first_fault(&ctx->in, i, &on_ram);
	}
	if (i->op == NISV_COPY)
		either_end(&on_ram, &on_hole, &ctx->in, i);
	compare(&on_ram, &on_hole, what, sizeof(what));
	if (!what[0])
		compare_memory(target, what, sizeof(what));
	if (what[0]) {
		explain(f, word, i, what);
		return false;
	}
	f->passed++;
	return true;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Until so many have passed. False: this form failed */
static bool instances(struct form *f, unsigned int per_form)
{
	struct nisv_insn i;
	unsigned int failures = 0, left = 0;

	nscattered = 0;		/* AArch32 has none */
	for (unsigned int tries = 0; f->passed < per_form && failures < 5; tries++) {
		const uint32_t word = another(f, &i);

		/* Half of the worlds are strict, but soon over: they have to be many, and most instances good */
		if (!left) {
			if (f->isa == NISV_A64)
				new_world();
			else
				aarch32_new_world(f, machines);
			left = world.strict ? 16 : 64;
		}
		left--;
		/* Loads that have no store are no livelock here */
		if (i.flags & NISV_EXCLUSIVE_ACCESS)
			nisv_reset(&m->cpu);
		if (tries % 20000 == 19999)
			printf("# %s: %u so far\n", f->name, f->passed);
		if (!(f->isa == NISV_A64 ? instance : aarch32_instance)(f, word, &i))
			failures++;
		/* An instruction that this CPU does not have */
		if (f->undefined > 64 && !f->passed)
			break;
		if (tries > 64 * per_form + 4096) {
			printf("# form %s: too few of its instances can be made\n", f->name);
			return false;
		}
	}
	return !failures;
}

static bool is_of(const struct form *f, enum nisv_isa isa, unsigned int family, const char *only)
{
	return f->isa == isa && f->family == family && (!only || strstr(nisv_family_name(family), only));
}

/* A test for each family; @per_form 0 only counts */
static unsigned int families(enum nisv_isa isa, const char *only, unsigned int per_form, bool *failed)
{
	static const char * const isas[] = { [NISV_A64] = "", [NISV_A32] = "A32: ", [NISV_T32] = "T32: " };
	static unsigned int test;
	unsigned int count = 0;

	for (unsigned int family = 1; family < NISV_FAMILIES; family++) {
		unsigned int passed = 0, members = 0;
		bool good = true;

		for (struct form *f = forms; f < forms + nforms; f++) {
			if (!is_of(f, isa, family, only))
				continue;
			members++;
			if (!per_form)
				continue;
			good &= instances(f, per_form);
			passed += f->passed;
			printf("# form %s%s: %u, %u exceptions, %u refused%s\n", isas[isa], f->name, f->passed,
			       f->faulted, f->refused, f->passed ? "" : f->undefined ? ", not on this CPU" : "");
		}
		count += !!members;
		if (!members || !per_form)
			continue;
		*failed |= !good;
		printf("%sok %u %s%s%s\n", good ? "" : "not ", ++test, isas[isa], nisv_family_name(family),
		       passed || !good ? "" : " # SKIP this CPU does not have it");
	}
	return count;
}

int main(int argc, char **argv)
{
	unsigned int per_form = 1000, tests = 0;
	const char *only = NULL, *vcpu = getenv("NISV_VCPU");
	bool failed = false, el1_32bit;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:v")) != -1) {
		if (opt == 'n' && atoi(optarg) > 0) {
			per_form = atoi(optarg);
		} else if (opt == 's') {
			seed = strtoull(optarg, NULL, 0) | 1;
		} else if (opt == 'v') {
			verbose = true;
		} else {
			fprintf(stderr, "usage: differential [-n INSTANCES] [-s SEED] [-v] [FAMILY]\n");
			return 2;
		}
	}
	only = argv[optind];
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	sigaction(SIGALRM, &(struct sigaction) { .sa_handler = on_alarm }, NULL);
	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0) {
		printf("1..0 # SKIP /dev/kvm: %s\n", strerror(errno));
		return 4;
	}
	if (vcpu && strcmp(vcpu, "sve")) {
		printf("Bail out! NISV_VCPU=%s: it may be sve\n", vcpu);
		return 1;
	}
	sve = vcpu;
	if (sve && !has(KVM_CAP_ARM_SVE)) {
		printf("1..0 # SKIP this CPU has no SVE, or KVM not for guests\n");
		return 4;
	}
	start_memory();
	m = &machines[0];
	start_vm(m, false);
	find_forms();
	el1_32bit = has(KVM_CAP_ARM_EL1_32BIT);
	if (el1_32bit)
		start_vm(&machines[1], true);
	if (aarch32_start(el1_32bit, (get_reg(SYS(0, 0, 4, 0)) & 15) == 2))	/* ID_AA64PFR0_EL1.EL0 */
		aarch32_find_forms(add_form);
	else
		printf("# this CPU does not have AArch32\n");
	for (enum nisv_isa isa = NISV_A64; isa <= NISV_T32; isa++)
		tests += families(isa, only, 0, &failed);
	printf("1..%u\n# %u forms, %u instances each, seed %llu\n", tests, nforms, per_form,
	       (unsigned long long)seed);
	if (sve)
		printf("# SVE, lengths of 128 bits 0x%llx\n", (unsigned long long)sve_lengths);
	for (enum nisv_isa isa = NISV_A64; isa <= NISV_T32; isa++)
		families(isa, only, per_form, &failed);
	return failed;
}

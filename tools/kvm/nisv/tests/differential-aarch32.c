// SPDX-License-Identifier: GPL-2.0
/*
 * The differential test's A32 and T32: at EL0 of an AArch64 guest, and in all modes of an
 * AArch32 guest, with short and long descriptors
 *
 * Nothing but the instruction runs in the guest. Registers are set and read through
 * KVM, and a BKPT behind the instruction, which KVM reports, ends it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "differential.h"

#define SLOT		0x40			/* from the edge of the page that is at the window */

#define BKPT_A32	0xe1200070u
#define BKPT_T32	0xbe00u

#define BLOCK		0x200000ull

enum { USR = 0x10, FIQ, IRQ, SVC, ABT = 0x17, UND = 0x1b, SYSTEM = 0x1f };

struct registers {
	uint64_t x[31], pc, pstate;
	uint64_t v[16][2];
};

static bool has_el0, has_el1;
static struct registers now;	/* what the vCPU has */
static bool unknown;		/* or nothing is known of it */

bool aarch32_start(bool el1, bool el0)
{
	has_el0 = el0;
	has_el1 = el1;
	return has_el0 || has_el1;
}

/* What is in the page of the code besides the slot */
static void put_stubs(void)
{
	static const uint16_t pad_t32[] = { BKPT_T32, BKPT_T32 };
	uint8_t *page = at_pa(world.code_pa);

	for (unsigned int n = 0; n <= PAD_A32; n += 4)
		memcpy(page + n, &(uint32_t) { BKPT_A32 }, 4);
	memcpy(page + PAD_T32, pad_t32, sizeof(pad_t32));
	put_a64_vectors(page + A64_VECTORS);
	__builtin___clear_cache((char *)page, (char *)page + 0x1000);
}

/* Forms */

static bool loads_pc(const struct nisv_insn *i)
{
	return i->op == NISV_LOAD && !(i->flags & NISV_SIMD) &&
	       (i->flags & NISV_LIST ? i->list >> 15 : i->rt == 15);
}

bool aarch32_possible(const struct nisv_insn *i)
{
	/* Where data decides on where a branch leads, there has to be something: not here */
	return i->family != NISV_A32_TABLE_BRANCH && (has_el1 || !(i->flags & NISV_USER_REGS));
}

uint64_t aarch32_key(const struct nisv_insn *i)
{
	const uint32_t same = NISV_SIMD | NISV_SIGNED | NISV_LIST | NISV_USER_REGS | NISV_UNPRIV |
			      NISV_EXCLUSIVE_ACCESS;
	const unsigned int list = !(i->flags & NISV_LIST) ? 0 : (i->step < 0) << 1 | (i->imm == 4 || i->imm == i->step);
	const bool wback = i->flags & NISV_WRITEBACK;

	/* Whatever size, alignment and index they have */
	if (i->flags & NISV_STRUCTURE)
		return i->family | i->op << 8 | i->selem << 10 | (i->lane != NISV_NONE) << 16 |
		       (uint32_t)i->isa << 20 | (uint64_t)i->nregs << 24 | (uint64_t)(i->flags & NISV_REPLICATE) << 32;
	return i->family | i->op << 8 | i->mode << 10 | list << 12 | wback << 14 | loads_pc(i) << 15 |
	       (i->rm != NISV_NONE) << 16 | (i->rt2 != NISV_NONE) << 17 | (i->length == 2) << 18 |
	       (uint32_t)i->isa << 20 | (i->flags & NISV_SIMD ? i->size : 0) << 24 |
	       (uint64_t)(i->flags & same) << 32;
}

void aarch32_name(const struct nisv_insn *i, char *name, size_t size)
{
	static const char * const modes[] = {
		[NISV_OFFSET] = "", [NISV_PRE_INDEX] = ", pre-indexed", [NISV_POST_INDEX] = ", post-indexed",
		[NISV_PC_RELATIVE] = ", literal",
	};
	static const char * const orders[] = { "after", "before" };
	char what[80] = "";
	size_t n = 0;

	if (i->flags & NISV_STRUCTURE) {
		snprintf(name, size, "%s, %u-element structure%s, %u registers", i->op == NISV_LOAD ? "load" : "store",
			 i->selem, i->flags & NISV_REPLICATE ? ", all lanes" : i->lane != NISV_NONE ? ", one lane" : "s",
			 i->nregs);
		return;
	}
	if (i->flags & NISV_LIST)
		n = snprintf(what, sizeof(what), ", %s %s%s", i->step < 0 ? "decrement" : "increment",
			     orders[i->imm == 4 || i->imm == i->step], i->flags & NISV_WRITEBACK ? ", writeback" : "");
	snprintf(what + n, sizeof(what) - n, "%s%s%s%s%s%s%s%s%s",
		 !(i->flags & NISV_SIMD) ? "" : i->size == 1 ? ", half" : i->size == 2 ? ", single" : ", double",
		 i->flags & NISV_SIGNED ? ", signed" : "", i->rt2 != NISV_NONE ? ", two registers" : "",
		 i->flags & NISV_USER_REGS ? ", User's" : "", i->flags & NISV_UNPRIV ? ", unprivileged" : "",
		 i->flags & NISV_EXCLUSIVE_ACCESS ? ", exclusive" : "", i->rm != NISV_NONE ? ", register offset" : "",
		 loads_pc(i) ? ", PC" : "", modes[i->mode]);
	snprintf(name, size, "%s%s%s", i->op == NISV_LOAD ? "load" : "store", what, i->length == 2 ? ", 16 bits" : "");
}

void aarch32_find_forms(void (*add)(enum nisv_isa isa, uint32_t word))
{
	static const uint32_t rn[] = { 3, 15 }, rt[] = { 4, 15 }, low[] = { 5, 15 };

	for (uint32_t w = 0; w < 0xe800; w++)
		add(NISV_T32, w);
	for (uint32_t v = 0; v < 1 << 16; v++) {
		for (unsigned int n = 0; n < 8; n++) {
			const uint32_t w = (v >> 8) << 20 | rn[n & 1] << 16 | rt[n >> 1 & 1] << 12 |
					   (v & 255) << 4 | low[n >> 2];

			add(NISV_A32, 0xeu << 28 | w);
			add(NISV_A32, 0xfu << 28 | w);
			add(NISV_T32, 0xeu << 28 | w);
			add(NISV_T32, 0xfu << 28 | w);
		}
	}
}

/* A world */

static void map_short(uint64_t root, uint64_t va, uint64_t pa, unsigned int size, unsigned int ap, unsigned int domain)
{
	/* nG, write-back */
	const uint32_t section = 1 << 17 | (ap & 4) << 13 | 1 << 12 | (ap & 3) << 10 | 0xc | 2;
	const uint32_t page = 1 << 11 | (ap & 4) << 7 | (ap & 3) << 4 | 0xc;
	const uint32_t large = page | 1 << 12 | 1, small = page | 1 << 6 | 2;
	uint32_t *entry = (uint32_t *)at_pa(root) + (va >> 20 & ((1u << (world.input - 20)) - 1));

	if (size == 20) {
		*entry = guest32(pa | section);
		return;
	}
	if (!*entry)
		*entry = guest32(new_table(0x400) | domain << 5 | 1);
	entry = (uint32_t *)at_pa(guest32(*entry) & ~0x3ff) + (va >> 12 & 0xff);
	for (unsigned int n = 0; n < 1u << (size - 12); n++)
		entry[n] = guest32(pa | (size == 16 ? large : small));
}

/* @n: TTBCR.N, or T0SZ and T1SZ. The first table is aligned to its size and to no more */
static uint64_t make_tables32(bool in_hole, unsigned int n)
{
	static const uint16_t sizes_long[] = { 32, 16, 0x1000, 0x800 };
	const unsigned int size = world.long_format ? sizes_long[n] : world.upper ? 0x4000 : 0x4000 >> n;
	const uint64_t start = TABLES + in_hole * TABLES_SIZE, root = start + size;
	static const uint8_t sizes[] = { 12, 16, 20 };
	static unsigned int kind;
	/* As PAN is not about instructions, but to QEMU 7.2, with long descriptors, it is */
	const unsigned int ap = world.el0 ? 3 : 1;
	uint64_t mask;

	clear_table(start, 0x8000);
	kind++;
	mask = ~0ull << (!world.long_format ? sizes[kind % 3] : kind % 2 ? 12 : 21);
	if (world.long_format)
		map(root, world.code & mask, world.code_pa & mask, kind % 2 ? 3 : 2, (ap & 2) << 5);
	else
		map_short(root, world.code & mask, world.code_pa & mask, sizes[kind % 3], ap, 0);
	for (unsigned int page = 0; page < WINDOW_PAGES; page++) {
		if (world.long_format)
			map(root, world.window + pages(page), window_page(page, in_hole), 3, window_attributes(page));
		else
			map_short(root, world.window + pages(page), window_page(page, in_hole), 12,
				  world.ap[page] & 7, world.domain);
	}
	return root;
}

static void aarch32_el1(unsigned int n)
{
	uint32_t sctlr = 0x00c50838 | 1 << 12 | 1 << 2 | 1 << 0;	/* RES1, I, C, M */

	sctlr |= world.big_tables ? 1 << 25 : 0;			/* EE */
	sctlr |= world.sctlr;
	world.input = 32 - n;
	if (!world.long_format && world.upper)
		world.input = 32;
	roots[0] = make_tables32(false, n);
	roots[1] = make_tables32(true, n);

	set_reg(SYS(0, 1, 0, 0), sctlr);
	set_reg(SYS(0, 2, 0, 2), world.long_format ? 1u << 31 | 0x35003500 | n << 16 | n : n);	/* TTBCR */
	set_reg(SYS(0, 10, 2, 0), 0xff);				/* MAIR0 */
	set_reg(SYS(0, 1, 0, 2), 0xf << 20);				/* CPACR */
	set_reg(SYS(0, 12, 0, 0), world.code);				/* VBAR */
	set_reg(SYS(4, 3, 0, 0), world.dacr);
	set_reg(SYS(4, 5, 3, 0), 1 << 30);				/* FPEXC.EN */
}

void aarch32_new_world(const struct form *f, struct machine *machines)
{
	static const uint8_t modes[] = { FIQ, IRQ, SVC, ABT, UND, SYSTEM };
	static unsigned int block;
	const bool user_regs = f->key >> 32 & NISV_USER_REGS;
	const bool el1 = has_el1 && (user_regs || !has_el0 || rnd() & 1);
	const unsigned int n = el1 ? rnd() & 3 : 0;

	m = &machines[el1];
	world = (struct world) { .isa = f->isa };
	world.el0 = !el1 || (!user_regs && !(rnd() & 3));
	world.mode = world.el0 ? USR : modes[rnd() % (user_regs ? 5 : 6)];
	/* Old kernels do not let a vCPU be in System mode */
	if (world.mode == SYSTEM && !try_reg(PSTATE, SYSTEM))
		world.mode = SVC;
	world.big = rnd() & 1;
	world.big_tables = rnd() & 1;
	world.long_format = rnd() & 1;
	world.upper = n && rnd() & 1;
	if (!el1)
		new_granule();
	else
		world.granule = 12;

	/* Nowhere where it has lately been, so that no translation is left of that */
	block = (block + 1) % ((1ull << (32 - n)) / BLOCK - 2);
	world.code = (block + 1) * BLOCK | (world.upper ? (uint32_t)(~0ull << (32 - n)) : 0);
	world.code_pa = CODE32;
	world.window_first = rnd() & 1;
	if (!world.window_first) {
		world.code += BLOCK - pages(1);
		world.code_pa += BLOCK - pages(1);
	}
	world.window = world.window_first ? world.code - pages(WINDOW_PAGES) : world.code + pages(1);
	world.done = world.code + pages(1 + WINDOW_PAGES);
	put_stubs();
	new_permissions();
	if (el1)
		aarch32_el1(n);
	else
		aarch64_el1(world.code + A64_VECTORS);
	unknown = true;
}

/* Registers */

/* Which of the vCPU's is R0 to R14 in this mode */
static unsigned int in_mode(unsigned int mode, unsigned int reg)
{
	static const uint8_t sp_lr[32][2] = {
		[IRQ] = { 17, 16 }, [SVC] = { 19, 18 }, [ABT] = { 21, 20 }, [UND] = { 23, 22 },
	};

	if (mode == FIQ && reg > 7)
		return reg + 16;
	return reg > 12 && sp_lr[mode][0] ? sp_lr[mode][reg - 13] : reg;
}

static uint64_t *r(struct registers *regs, unsigned int reg)
{
	return &regs->x[in_mode(world.mode, reg)];
}

static void put_registers(const struct registers *regs)
{
	uint64_t v[2];

	for (unsigned int n = 0; n < 31; n++)
		if (unknown || now.x[n] != regs->x[n])
			set_reg(CORE(2 * n), regs->x[n]);
	for (unsigned int n = 0; n < 16; n++) {
		memcpy(v, regs->v[n], sizeof(v));
		if (unknown || memcmp(now.v[n], v, sizeof(v)))
			one_vreg(KVM_SET_ONE_REG, n, v, 2);
	}
	now = *regs;
	unknown = false;
}

/* What the vCPU has by now; the instruction changes no SIMD&FP register unless it names one */
static void get_registers(bool simd)
{
	for (unsigned int n = 0; n < 31; n++)
		now.x[n] = get_reg(CORE(2 * n));
	for (unsigned int n = 0; n < 16 && simd; n++)
		one_vreg(KVM_GET_ONE_REG, n, now.v[n], 2);
	now.pc = get_reg(PC);
	now.pstate = get_reg(PSTATE);
}

static void compare_registers(const struct registers *a, const struct registers *b, char *what, size_t size)
{
	what[0] = 0;
	for (unsigned int n = 0; n < 31; n++)
		if (a->x[n] != b->x[n] && !what[0])
			snprintf(what, size, "x%u is 0x%llx, not 0x%llx", n,
				 (unsigned long long)b->x[n], (unsigned long long)a->x[n]);
	for (unsigned int n = 0; n < 16; n++)
		if (memcmp(a->v[n], b->v[n], 16) && !what[0])
			snprintf(what, size, "q%u is 0x%016llx%016llx, not 0x%016llx%016llx", n,
				 (unsigned long long)b->v[n][1], (unsigned long long)b->v[n][0],
				 (unsigned long long)a->v[n][1], (unsigned long long)a->v[n][0]);
	if (a->pc != b->pc && !what[0])
		snprintf(what, size, "pc is 0x%llx, not 0x%llx", (unsigned long long)b->pc, (unsigned long long)a->pc);
	if (a->pstate != b->pstate && !what[0])
		snprintf(what, size, "cpsr is 0x%llx, not 0x%llx", (unsigned long long)b->pstate,
			 (unsigned long long)a->pstate);
}

/* An instance */

static unsigned int length(const struct nisv_insn *i)
{
	if (!(i->flags & NISV_LIST))
		return bytes_of(i);
	return (i->flags & NISV_SIMD ? i->nregs : (unsigned int)__builtin_popcount(i->list)) << i->size;
}

static uint32_t rm_offset(const struct nisv_insn *i, uint32_t rm, bool carry)
{
	const unsigned int s = i->shift;
	uint32_t by = rm;

	if (i->extend == NISV_LSL)
		by = rm << s;
	else if (i->extend == NISV_LSR)
		by = s == 32 ? 0 : rm >> s;
	else if (i->extend == NISV_ASR)
		by = (int32_t)rm >> (s == 32 ? 31 : s);
	else if (i->extend == NISV_ROR)
		by = rm >> s | rm << (32 - s);
	else if (i->extend == NISV_RRX)
		by = rm >> 1 | (uint32_t)carry << 31;
	return i->flags & NISV_SUBTRACT ? -by : by;
}

static bool aim(struct registers *in, const struct nisv_insn *i, uint64_t slot, uint64_t *target)
{
	const unsigned int len = length(i);
	const uint32_t whole = NISV_EXCLUSIVE_ACCESS | NISV_ACQUIRE | NISV_RELEASE;
	const bool structure = i->flags & NISV_STRUCTURE;
	const bool words = i->flags & NISV_LIST || i->rt2 != NISV_NONE ||
			   (i->flags & NISV_SIMD && i->size > 1 && !structure);
	const unsigned int align = structure && i->align ? 1u << i->align : i->flags & whole ? len :
				   words || loads_pc(i) ? 4u : 1u << i->size;
	uint32_t by = i->imm, base;

	if (i->rm != NISV_NONE)
		by = rm_offset(i, *r(in, i->rm), in->pstate & 1 << 29);
	if (i->rn == 15) {
		base = (slot + (i->isa == NISV_T32 ? 4 : 8)) & ~3u;
		*target = base + by;
		return *target >= world.window && *target + len <= world.window + pages(WINDOW_PAGES) &&
		       !(loads_pc(i) && *target & 3);
	}
	if (i->rm == i->rn)
		return false;

	/* QEMU 7.2 has loaded the base when a later one of these faults */
	if (i->op == NISV_LOAD &&
	    ((i->flags & NISV_USER_REGS && i->list >> i->rn & 1) || (i->rt2 != NISV_NONE && i->rt == i->rn)))
		return false;

	*target = somewhere(len, align, words || loads_pc(i) || i->flags & whole || (structure && i->align));
	if (i->mode == NISV_POST_INDEX)
		by = 0;
	*r(in, i->rn) = (uint32_t)(*target - by);
	return true;
}

/* Flags that let the condition hold: which of the 16 there are, a bit for each */
static uint64_t flags_for(unsigned int cond)
{
	static const uint16_t good[] = {
		0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555,
		0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff, 0xffff,
	};
	unsigned int nzcv;

	do
		nzcv = rnd() & 15;
	while (!(good[cond] >> nzcv & 1));
	return (uint64_t)nzcv << 28;
}

/* IT, of which this is the last or there are more; and then the flags */
static uint64_t it_state(const struct nisv_insn *i, bool alone)
{
	const unsigned int cond = rnd() % 14;
	unsigned int it = 0;

	if (i->isa == NISV_T32 && rnd() & 1 && !alone)
		it = cond << 4 | (rnd() & 1 || loads_pc(i) ? 8 : (rnd() & 16) | 1 << (rnd() & 1 ? 2 : 1));
	if (!it)
		return flags_for(i->cond);
	return flags_for(it >> 4) | (uint64_t)(it & 3) << 25 | (uint64_t)(it >> 2) << 10;
}

/* The load that an exclusive store needs before it, of registers that it does not use */
static uint32_t exclusive_load(const struct nisv_insn *i)
{
	unsigned int reg = 4;

	while (i->rn == reg || i->rn == reg + 1 || i->rt == reg || i->rt == reg + 1 ||
	       i->rt2 == reg || i->rt2 == reg + 1)
		reg += 2;
	if (i->isa == NISV_A32)
		return (i->word & 0xfffff0f0 & ~0xf000u) | 1 << 20 | reg << 12 | 0xf00 | 15;
	if (i->word >> 20 == 0xe84)	/* with an offset */
		return (i->word & 0xffff00ff) | 1 << 20 | reg << 12 | 0xf00;
	return (i->word & 0xffff00f0) | 1 << 20 | reg << 12 | (i->rt2 != NISV_NONE ? reg + 1 : 15) << 8 | 15;
}

static uint8_t *put_code(uint8_t *at, const struct nisv_insn *i, uint32_t word)
{
	const uint16_t halves[] = { word >> 16, word };
	const unsigned int len = i->length;

	if (i->isa == NISV_A32)
		memcpy(at, &word, 4);
	else
		memcpy(at, halves + (len == 2), len);
	return at + len;
}

/* Only that it is not aligned may be wrong, or that this CPU does not have it */
static bool may_fault(struct form *f)
{
	const uint64_t esr = syndrome();
	bool is_undefined, alignment;

	if (el1_is_32bit()) {
		const uint64_t pc = get_reg(PC) - world.code;

		is_undefined = pc == 4;
		alignment = pc == DATA_ABORT && (world.long_format ? (esr & 0x3f) == 0x21 : (esr & 0x40f) == 1);
	} else {
		is_undefined = esr >> 26 == 0;
		alignment = esr >> 26 == 0x24 && (esr & 0x3f) == 0x21;
	}
	f->undefined += is_undefined;
	snprintf(wrong, sizeof(wrong), "ESR_EL1 0x%llx, PC 0x%llx", (unsigned long long)esr,
		 (unsigned long long)get_reg(PC));
	return is_undefined || alignment;
}

/* What libnisv has made of the registers, where KVM would have completed the access */
static void get_soft(struct registers *regs)
{
	for (unsigned int n = 0; n < 31; n++)
		regs->x[n] = soft[n][0];
	for (unsigned int n = 0; n < 16; n++)
		memcpy(regs->v[n], soft[NISV_V0 + n], sizeof(regs->v[n]));
	regs->pc = soft[NISV_PC][0];
	regs->pstate = soft[NISV_PSTATE][0];
}

static void put_soft(const struct registers *regs, uint64_t pc)
{
	soft_init();
	for (unsigned int n = 0; n < 31; n++)
		soft[n][0] = regs->x[n];
	for (unsigned int n = 0; n < 16; n++)
		memcpy(soft[NISV_V0 + n], regs->v[n], sizeof(regs->v[n]));
	soft[NISV_PC][0] = pc;
	soft[NISV_PSTATE][0] = regs->pstate;
}

bool aarch32_instance(struct form *f, uint32_t word, const struct nisv_insn *i)
{
	const bool simd = i->flags & NISV_SIMD, t32 = i->isa == NISV_T32;
	const bool pair = i->op == NISV_STORE && i->flags & NISV_EXCLUSIVE_ACCESS && rnd() & 1;
	const unsigned int slot_at = (world.window_first ? SLOT : pages(1) - SLOT) + (t32 && rnd() & 1 ? 2 : 0);
	const uint64_t slot = world.code + slot_at;
	uint8_t *code = at_pa(world.code_pa), *at = code + slot_at;
	struct nisv_insn last = { 0 };
	struct registers in = now, on_ram;
	uint64_t target;
	char what[160];
	enum end end;

	for (unsigned int n = 0; n < 31; n++)
		if (unknown || !(rnd() & 7))
			in.x[n] = (uint32_t)rnd();
	for (unsigned int n = 0; n < 16 && (unknown || simd); n++)
		for (unsigned int half = 0; half < 2; half++)
			if (unknown || !(rnd() & 3))
				in.v[n][half] = rnd();
	if (i->rm < 15 && rnd() & 1)
		*r(&in, i->rm) = (uint32_t)(rnd() % 512) - 256;
	in.pstate = world.mode | 0x1c0 | (t32 ? 1 << 5 : 0) | (world.big ? 1 << 9 : 0) | it_state(i, pair);
	in.pstate |= world.pstate;
	if (!aim(&in, i, slot, &target))
		return true;

	fill(target);
	if (loads_pc(i)) {
		const uint32_t to = world.code + (rnd() & 1 ? PAD_T32 | 1 : PAD_A32);
		const uint32_t as_is = world.big ? __builtin_bswap32(to) : to;

		put_memory(target + length(i) - 4, &as_is, 4);
	}
	if (pair)
		at = put_code(at, i, exclusive_load(i));
	at = put_code(at, i, word);
	memcpy(at, t32 ? (const void *)&(uint16_t) { BKPT_T32 } : &(uint32_t) { BKPT_A32 }, t32 ? 2 : 4);
	__builtin___clear_cache((char *)code + slot_at, (char *)at + 4);

	put_registers(&in);
	enter(false, slot, in.pstate);
	end = go(&last);
	if (end == EXCEPTION) {
		bool fine = true;

		f->faulted++;
		unknown = true;
		if (!not_permitted()) {
			fine = may_fault(f);
			if (!fine)
				explain(f, word, i, wrong);
		} else if (!pair && in_two_pages(target, length(i))) {
			put_registers(&in);
			enter(true, slot, in.pstate);
			put_soft(&in, slot);
			fine = check_refusal(f, word, i, target);
			unknown = true;
		}
		return fine;
	}
	if (end != COMPLETED) {
		explain(f, word, i, wrong);
		unknown = true;
		return false;
	}
	get_registers(simd);
	on_ram = now;

	bad_callback = false;
	put_registers(&in);
	enter(true, slot, in.pstate);
	if (pair) {
		put_soft(&in, slot);
		end = soft_exclusive(target, &last);
	} else {
		end = go(&last);
	}
	if (end == COMPLETED)
		get_registers(simd);
	else if (end == SOFT)
		get_soft(&now);
	if ((end != COMPLETED && end != SOFT) || bad_callback) {
		explain(f, word, i, end == EXCEPTION ? "an exception in the hole" :
			bad_callback ? "accessed what it must not" : wrong);
		unknown = true;
		return false;
	}
	compare_registers(&on_ram, &now, what, sizeof(what));
	if (!what[0])
		compare_memory(target, what, sizeof(what));
	if (end == SOFT)
		unknown = true;
	if (what[0]) {
		explain(f, word, i, what);
		return false;
	}
	f->passed++;
	return true;
}

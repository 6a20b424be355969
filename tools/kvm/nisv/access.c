// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Carry a load or store out, on registers and memory that the VMM gives
 *
 * All of them are the same four steps, and each may refuse:
 *
 *	find()		the instruction at PC: is it one that can have exited so?
 *	place()		its addresses, from registers and through the page tables
 *	look()		what the VMM has there, and whether it can be done on that
 *	nisv_perform()	what the instruction does; then its registers are written
 *
 * Until the last of these nothing has changed. What an answer means to the vCPU, which
 * may be to try again, settle() decides.
 */
#include "internal.h"

/* How often in a row a vCPU is sent back to an access: see settle() */
#define DOUBTS		16
#define RAM_REFUSALS	4096

/* The instruction */

/* Addresses of AArch32 wrap at 4 GiB */
static uint64_t address(const struct ctx *c, uint64_t va)
{
	return c->isa == NISV_A64 ? va : (uint32_t)va;
}

/* Of the instruction that the vCPU exited on, or what is there by now */
static int fetch_part(struct ctx *c, uint64_t pc, unsigned int len, uint32_t *part)
{
	struct leaf leaf;	/* its permissions do not matter: it has been executed */
	void *ram = NULL;
	int ret;

	if (pc & (len - 1))
		return NISV_FETCH;
	ret = nisv_walk(c, pc, true, &leaf);
	if (ret)
		return ret;
	if (c->bus->at(c->bus->opaque, leaf.ipa, len, false, &ram) < len || !ram)
		return NISV_FETCH;
	*part = get_bytes(ram, len, false);
	return NISV_DONE;
}

/* As nisv_decode() takes it; T32's may be on two pages */
static int fetch(struct ctx *c, uint32_t *word)
{
	const uint64_t pc = c->x[NISV_PC];
	uint32_t second;
	int ret;

	if (c->isa != NISV_T32)
		return fetch_part(c, pc, 4, word);
	ret = fetch_part(c, pc, 2, word);
	if (ret || *word >> 11 < 0x1d)
		return ret;
	ret = fetch_part(c, address(c, pc + 2), 2, &second);
	*word = *word << 16 | second;
	return ret;
}

static bool is_mops(const struct nisv_insn *i)
{
	return i->family == NISV_COPY_SET;
}

static int find(struct access *a, uint64_t esr_iss)
{
	const bool cm = esr_iss >> 8 & 1;
	struct nisv_insn *i = a->i;
	uint32_t word;
	int ret;

	ret = fetch(a->c, &word);
	if (ret)
		return ret;
	ret = nisv_decode(a->c->isa, word, i);
	if (i->op == NISV_MAINTAIN && ret == NISV_NO_ACCESS)
		return NISV_DONE;
	if (ret)
		return ret;
	/* An atomic access may report either direction, and so may a copy */
	a->writes = i->op != NISV_LOAD && i->op != NISV_LOAD_TAG;
	a->reads = !a->writes || (i->op != NISV_STORE && i->op != NISV_ZERO && i->op != NISV_STORE_TAG &&
				  i->op != NISV_FILL && i->op != NISV_FILL_TAGGED);
	return cm || (!a->writes && a->wnr) || (!a->reads && !a->wnr) ? NISV_MISMATCH : NISV_DONE;
}

/* The address, from registers */

static uint64_t offset(const struct nisv_insn *i, uint64_t rm, bool carry)
{
	switch (i->extend) {
	case NISV_UXTW:
		return (uint64_t)(uint32_t)rm << i->shift;
	case NISV_SXTW:
		return (uint64_t)(int64_t)(int32_t)rm << i->shift;
	case NISV_LSR:
		return (uint64_t)(uint32_t)rm >> i->shift;
	case NISV_ASR:
		return (int64_t)(int32_t)rm >> i->shift;
	case NISV_ROR:
		return (uint32_t)rm >> i->shift | rm << (32 - i->shift);
	case NISV_RRX:
		return (uint32_t)rm >> 1 | (uint32_t)carry << 31;
	default:
		return rm << i->shift;
	}
}

static int authenticate(struct access *a)
{
	const unsigned int enable = a->i->flags & NISV_AUTH_A ? 27 : 13;	/* SCTLR_EL1.EnDA, EnDB */
	int ret;

	if (a->c->believed)	/* no walk shows EnDA, EnDB, TBI */
		return NOT_BELIEVED;
	ret = nisv_need(a->c, NISV_SCTLR_EL1);
	if (ret || !(a->c->x[NISV_SCTLR_EL1] >> enable & 1))
		return ret;
	/* It has passed stage 1, as no address does that failed to authenticate */
	return nisv_strip(a->c, &a->base);
}

/* Of DCZID_EL0's size, at Xt */
static bool is_block(const struct nisv_insn *i)
{
	return i->isa == NISV_A64 && i->rn == NISV_NONE && i->mode != NISV_PC_RELATIVE;
}

static int block_address(struct access *a)
{
	uint64_t dczid;
	int ret;

	ret = nisv_get_r(a->c, a->i->rt, &a->va);
	if (!ret)
		ret = nisv_need(a->c, NISV_DCZID_EL0);
	if (ret)
		return ret;
	dczid = a->c->x[NISV_DCZID_EL0];
	if (dczid & 0x10 || (dczid & 0xf) > 9)		/* DZP; BS, log2 of words */
		return NISV_UNSUPPORTED;
	a->len = 4 << (dczid & 0xf);
	a->va &= ~(uint64_t)(a->len - 1);
	return a->len < 8 ? NISV_UNSUPPORTED : NISV_DONE;
}

static int base(struct access *a)
{
	struct ctx *c = a->c;
	unsigned int reg;
	int ret;

	if (a->i->flags & NISV_VECTOR_BASE) {	/* each element has one: nisv_sve_address() */
		a->base = 0;
		return NISV_DONE;
	}
	if (c->isa != NISV_A64 && a->i->rn == 15) {
		ret = nisv_get_r(c, 15, &a->base);
		if (a->i->family != NISV_A32_TABLE_BRANCH)
			a->base &= ~3ull;
		return ret;
	}
	reg = nisv_base(c, a->i->rn);
	ret = nisv_need(c, reg);
	a->base = c->x[reg];
	return ret;
}

/* STG and such: 16 bytes each */
static bool has_granules(const struct nisv_insn *i)
{
	return i->family == NISV_TAGS && i->size == 4;
}

static unsigned int elements(const struct nisv_insn *i)
{
	if (i->flags & NISV_LIST)
		return i->flags & NISV_SIMD ? i->nregs : __builtin_popcount(i->list);
	if (i->flags & NISV_STRUCTURE)
		return i->lanes && !(i->flags & NISV_REPLICATE) ? i->nregs * i->lanes : i->selem;
	if (has_granules(i))
		return i->nregs;
	return i->rt2 != NISV_NONE ? 2 : 1;
}

/* Also what writeback leaves in Rn */
static int make_address(struct access *a, uint64_t *after)
{
	const struct nisv_insn *i = a->i;
	uint64_t by = (int64_t)i->imm, rm;
	struct ctx *c = a->c;
	int ret;

	a->elements = elements(i);
	a->len = a->elements << i->size;
	if (is_block(i))
		return block_address(a);
	if (i->isa == NISV_A64 && i->mode == NISV_PC_RELATIVE) {
		a->va = c->x[NISV_PC] + by;
		return NISV_DONE;
	}

	ret = base(a);
	if (!ret && i->family == NISV_SVE)
		return nisv_sve_address(a);
	if (!ret && i->rm != NISV_NONE) {
		ret = nisv_get_r(c, i->rm, &rm);
		by = offset(i, rm, c->x[NISV_PSTATE] & PSTATE_C);
		if (i->flags & NISV_SUBTRACT)
			by = -by;
	}
	if (!ret && i->family == NISV_PAC)
		ret = authenticate(a);
	if (ret)
		return ret;
	a->va = address(c, i->mode == NISV_POST_INDEX ? a->base : a->base + by);
	if (i->op == NISV_LOAD_TAG)	/* that of the granule it is in */
		a->va &= ~15ull;
	*after = a->base + (i->flags & NISV_LIST ? (uint64_t)(int64_t)i->step : by);
	return NISV_DONE;
}

/* And through the tables */

/*
 * SCTLR_EL1 and TCR_EL1 say how tables are walked. An OS writes them once, but to ask KVM
 * for them is a sixth of what an access costs. So they are believed to be as they were
 * at the last access, until a walk with them has led from the registers to the very
 * bytes that the CPU has reported. If they are not, the walks fail, or find what is
 * no access to these bytes. Then, and for all that such a walk does not confirm, they
 * are read.
 */
static void believe(struct ctx *c)
{
	const uint64_t *seen = c->cpu->seen;

	c->believed = seen[SEEN_SCTLR_EL1] & SCTLR_M && !c->el1_32bit;
	if (!c->believed)
		return;
	c->x[NISV_TCR_EL1] = seen[SEEN_TCR_EL1];
	c->x[NISV_SCTLR_EL1] = seen[SEEN_SCTLR_EL1];
	/* Not E0E: a walk depends on EE only */
	c->have |= 1ull << NISV_TCR_EL1 | (uint64_t)c->privileged << NISV_SCTLR_EL1;
}

static void believe_nothing(struct ctx *c)
{
	c->believed = false;
	c->have &= ~(1ull << NISV_TCR_EL1 | 1ull << NISV_SCTLR_EL1);
	c->half[0].granule = 0;
	c->half[1].granule = 0;
}

bool nisv_as_el0(const struct access *a, bool unpriv)
{
	const struct ctx *c = a->c;

	return !c->privileged || (unpriv && (c->isa != NISV_A64 || !(c->x[NISV_PSTATE] & PSTATE_UAO)));
}

/* May the access pass that page, too? */
static int passes(struct access *a, const struct leaf *leaf)
{
	const int ret = nisv_permits(a->c, leaf, a->writes, nisv_as_el0(a, a->i->flags & NISV_UNPRIV));

	a->certain = ret;
	return ret;
}

/*
 * The page that faulted has let the vCPU pass; if there is another one, the vCPU would
 * have to pass there, too. If both are mapped to the page that faulted, either may have.
 */
static int translate(struct access *a)
{
	const uint64_t mask = 0xfff;
	const bool two = (a->va & mask) + a->len > mask + 1;
	struct ctx *c = a->c;
	bool faulted = false, alias;
	struct leaf leaf[2];
	int ret;

	a->split = two ? mask + 1 - (a->va & mask) : a->len;
	if (two && c->believed)	/* no walk shows permissions */
		return NOT_BELIEVED;
	for (unsigned int p = 0; p <= two; p++) {
		const unsigned int len = p ? a->len - a->split : a->split;

		ret = nisv_walk(c, p ? address(c, a->va + a->split) : a->va, false, &leaf[p]);
		if (ret)
			return ret;
		a->ipa[p] = leaf[p].ipa;
		faulted |= a->fault_ipa - a->ipa[p] < len;
	}
	alias = two && ((a->ipa[0] ^ a->ipa[1]) & ~mask) == 0;
	for (unsigned int p = 0; p < 2 && two; p++) {
		if (!alias && (a->ipa[p] & ~mask) == (a->fault_ipa & ~mask))
			continue;
		ret = passes(a, &leaf[p]);
		if (ret)
			return ret;
	}
	if (!faulted)
		return NISV_MISMATCH;
	c->believed = false;	/* known, by now */
	return NISV_DONE;
}

/*
 * The same for elements on any number of pages. Of one page that is mapped twice, it is not
 * known which mapping has let the vCPU pass, so both have to.
 */
static int translate_each(struct access *a)
{
	const uint64_t mask = 0xfff, len = 1 << a->i->size;
	uint64_t page = 0, passed = 0;	/* virtual: that of `leaf`, and that of `first` */
	struct leaf leaf, first = { 0 };
	struct ctx *c = a->c;
	bool any = false, has_passed = false, faulted = false;
	int ret = NISV_DONE;

	for (unsigned int n = a->first; n < a->end; n++) {
		const uint64_t va = a->each[n][0], rest = mask + 1 - (va & mask);

		for (unsigned int p = 0; p < (rest < len ? 2 : 1) && nisv_sve_active(a, n); p++) {
			const uint64_t here = va + p * rest, bytes = p ? len - rest : rest < len ? rest : len;

			if (!any || (here & ~mask) != page) {
				if (any && c->believed)
					return NOT_BELIEVED;
				any = true;
				page = here & ~mask;
				ret = nisv_walk(c, here, false, &leaf);
				if (ret)
					return ret;
				if ((leaf.ipa & ~mask) != (a->fault_ipa & ~mask)) {
					ret = passes(a, &leaf);
				} else if (!has_passed) {
					has_passed = true;
					passed = page;
					first = leaf;
				} else if (page != passed) {
					ret = passes(a, &leaf);
					if (!ret)
						ret = passes(a, &first);
				}
				if (ret)
					return ret;
			}
			a->each[n][p] = (leaf.ipa & ~mask) | (here & mask);
			faulted |= a->fault_ipa - a->each[n][p] < bytes;
		}
	}
	if (!faulted)
		return NISV_MISMATCH;
	c->believed = false;
	return NISV_DONE;
}

/* IT[1:0] and IT[7:2]: the condition of T32, and which instructions have it */
static unsigned int it_of(uint64_t pstate)
{
	return bits64(pstate, 26, 25) | bits64(pstate, 15, 10) << 2;
}

static uint64_t advance_it(uint64_t pstate)
{
	unsigned int it = it_of(pstate);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	pstate &= ~(3ull << 25 | 0x3full << 10);
	return pstate | (uint64_t)(it & 3) << 25 | (uint64_t)(it >> 2) << 10;
}

static bool holds(unsigned int cond, uint64_t pstate)
{
	const bool n = pstate >> 31 & 1, z = pstate >> 30 & 1, c = pstate & PSTATE_C, v = pstate >> 28 & 1;
	bool so;

	switch (cond >> 1) {
	case 0:	so = z; break;
	case 1:	so = c; break;
	case 2:	so = n; break;
	case 3:	so = v; break;
	case 4:	so = c && !z; break;
	case 5:	so = n == v; break;
	case 6:	so = n == v && !z; break;
	default: return true;
	}
	return so != (cond & 1);
}

static bool is_executed(const struct access *a)
{
	const uint64_t pstate = a->c->x[NISV_PSTATE];
	const unsigned int it = a->i->isa == NISV_T32 ? it_of(pstate) : 0;

	return a->i->isa == NISV_A64 || holds(it ? it >> 4 : a->i->cond, pstate);
}

/* What AArch32 asks besides the word; and whose registers are loaded or stored */
static int aarch32_state(struct access *a)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	const bool loads_pc = i->op == NISV_LOAD && !(i->flags & NISV_SIMD) &&
			      (i->flags & NISV_LIST ? i->list >> 15 : i->rt == 15);

	if (!is_executed(a))
		return NISV_MISMATCH;
	/* A branch is the last that has the condition, and is loaded from a word */
	if (loads_pc && ((i->isa == NISV_T32 && it_of(c->x[NISV_PSTATE]) & 7) || (i->size == 2 && a->va & 3)))
		return NISV_UNPREDICTABLE;
	if (i->flags & NISV_USER_REGS) {
		if (c->mode == MODE_USR || c->mode == MODE_SYS)
			return NISV_UNPREDICTABLE;
		c->mode = MODE_USR;
	}
	return NISV_DONE;
}

/* What is there */

/*
 * Exclusive and atomic accesses are to one place; FEAT_LSE2 lets it be in 16 bytes. In
 * AArch32 what is ordered has to be aligned, too, structures as the instruction says, and
 * all but these and single registers to words.
 */
static bool aligned(const struct access *a)
{
	const uint32_t whole = NISV_EXCLUSIVE_ACCESS | NISV_ACQUIRE | NISV_RELEASE;
	const struct nisv_insn *i = a->i;

	if (i->isa != NISV_A64) {
		if (i->flags & whole || i->op == NISV_SWP)
			return !(a->va & (a->len - 1));
		if (i->flags & NISV_STRUCTURE)
			return !(a->va & ((1u << i->align) - 1));
		if (i->flags & NISV_SIMD && i->size == 1)
			return !(a->va & 1);
		return !(i->flags & (NISV_SIMD | NISV_LIST) || i->rt2 != NISV_NONE) || !(a->va & 3);
	}
	if (i->size == 6)
		return !(a->va & 63);
	if (i->family == NISV_TAGS)
		return !(a->va & 15);
	if (i->flags & NISV_EXCLUSIVE_ACCESS || (a->reads && a->writes))
		return !(a->va & (a->len - 1)) || (a->va & 15) + a->len <= 16;
	return true;
}

/* Is the vCPU to go back to this access, as it has not been, @most times in a row? */
static bool once_more(const struct access *a, unsigned int most)
{
	const uint64_t pc = a->c->x[NISV_PC];
	uint64_t *seen = a->c->cpu->seen;

	if (seen[SEEN_PC] != pc || seen[SEEN_IPA] != a->fault_ipa)
		seen[SEEN_TIMES] = 0;
	seen[SEEN_PC] = pc;
	seen[SEEN_IPA] = a->fault_ipa;
	if (seen[SEEN_TIMES] >= most)
		return false;
	seen[SEEN_TIMES]++;
	return true;
}

/* What has to be one access, and can it be? */
static int as_one(const struct access *a)
{
	const bool exclusive = a->i->flags & NISV_EXCLUSIVE_ACCESS, atomic = a->reads && a->writes;

	if (exclusive && !a->c->bus->monitor)
		return NISV_UNSUPPORTED;
	if (a->i->size == 6 && a->i->rs != NISV_NONE && !a->c->bus->write_status)
		return NISV_UNSUPPORTED;
	if (a->i->family == NISV_TAGS && a->found == IS_RAM)	/* which may have tags */
		return NISV_UNSUPPORTED;
	if (!exclusive && !atomic && a->i->size != 6)
		return NISV_DONE;
	if (!nisv_in_one(&a->m))
		return NISV_NOT_ATOMIC;
	if (!atomic)
		return nisv_reads_ram(&a->m) || nisv_writes_ram(&a->m) ? NISV_NOT_ATOMIC : NISV_DONE;
	return nisv_writes_ram(&a->m) && !nisv_exchangeable(&a->m, a->len) ? NISV_NOT_ATOMIC : NISV_DONE;
}

/* What is at the byte that faulted? */
static void find_fault(struct access *a, bool write)
{
	const struct span *s = a->m.span[write];

	a->found = NO_RAM;
	for (unsigned int n = 0; n < a->m.spans[write]; n++, s++)
		if (s->ram && a->fault_ipa - s->ipa < s->len)
			a->found = IS_RAM;
}

/* The same for what is not looked at for its own sake */
static void ask_about_fault(struct access *a, bool write)
{
	const struct nisv_bus *bus = a->c->bus;
	void *ram = NULL;

	if (a->found == NOT_LOOKED)
		a->found = bus->at(bus->opaque, a->fault_ipa, 1, write, &ram) && ram ? IS_RAM : NO_RAM;
}

int nisv_look_at(struct access *a, bool write, unsigned int at, unsigned int len)
{
	const unsigned int here = at >= a->split ? 0 : a->split - at < len ? a->split - at : len;
	int ret = NISV_DONE;

	if (here)
		ret = nisv_look(&a->m, write, at, a->ipa[0] + at, here);
	if (!ret && here < len)
		ret = nisv_look(&a->m, write, at + here, a->ipa[1] + (at + here - a->split), len - here);
	return ret;
}

/* Is there something to be accessed everywhere? */
static int look(struct access *a)
{
	int ret = NISV_DONE;

	a->m.spans[0] = 0;
	a->m.spans[1] = 0;
	if (is_mops(a->i)) {
		ret = nisv_mops_look(a);
		find_fault(a, a->wnr);
		return ret ? ret : a->found == IS_RAM && once_more(a, DOUBTS) ? NISV_AGAIN : NISV_DONE;
	}
	if (!aligned(a))
		return NISV_ALIGNMENT;
	for (unsigned int write = 0; write < 2; write++) {
		if (write ? !a->writes : !a->reads)
			continue;
		ret = a->i->family == NISV_SVE ? nisv_sve_look(a) : nisv_look_at(a, write, 0, a->len);
		find_fault(a, write);
		if (ret)
			return ret;
	}
	if (a->found == IS_RAM && once_more(a, DOUBTS))
		return NISV_AGAIN;
	return as_one(a);
}

/* The end of an instruction: PC, and what of PSTATE is not for the next one */
static int finish(struct access *a)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	const uint64_t pstate = c->x[NISV_PSTATE] & ~PSTATE_SS;

	if (!c->branched)
		nisv_set(c, NISV_PC, address(c, c->x[NISV_PC] + i->length));
	nisv_set(c, NISV_PSTATE, i->isa == NISV_A64 ? pstate & ~PSTATE_BTYPE : advance_it(pstate));
	return nisv_commit(c);
}

/* Addresses; and the byte order, which is in the same registers */
static int place(struct access *a, uint64_t *after)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	int ret;

	if (is_mops(i))
		return nisv_mops_place(a);
	ret = make_address(a, after);
	if (!ret && i->isa != NISV_A64)
		ret = aarch32_state(a);
	if (!ret)
		ret = nisv_need(c, NISV_SCTLR_EL1);
	if (ret)
		return ret;
	if (i->isa == NISV_A64)
		a->big = c->x[NISV_SCTLR_EL1] & (c->privileged ? SCTLR_EE : SCTLR_E0E);
	else
		a->big = c->x[NISV_PSTATE] & PSTATE_E;
	return nisv_is_scattered(i) ? translate_each(a) : translate(a);
}

static int carry_out(struct access *a, uint64_t esr_iss)
{
	const struct nisv_insn *i = a->i;
	struct ctx *c = a->c;
	uint64_t after = 0;
	int ret;

	ret = find(a, esr_iss);
	if (ret)
		return ret;
	/* A device has no cache */
	if (i->op == NISV_MAINTAIN) {
		if (c->believed)
			return NOT_BELIEVED;
		ask_about_fault(a, true);
		if (a->found == IS_RAM && once_more(a, DOUBTS))
			return NISV_AGAIN;
		return is_executed(a) ? finish(a) : NISV_MISMATCH;
	}
	ret = place(a, &after);
	if (!ret)
		ret = look(a);
	if (!ret)
		ret = nisv_perform(a);
	if (ret)
		return ret;
	if (is_mops(i))
		return nisv_commit(c);
	if (i->flags & NISV_WRITEBACK)
		nisv_set(c, nisv_base(c, i->rn), address(c, after));
	ret = finish(a);
	if (!ret)
		nisv_performed(a);
	return ret;
}

/* With what is believed, or else with what is so */
static int attempt(struct access *a, uint64_t esr_iss)
{
	struct ctx *c = a->c;
	int ret;

	believe_nothing(c);
	believe(c);
	ret = carry_out(a, esr_iss);
	if (c->believed) {	/* no walk has shown that it is so */
		believe_nothing(c);
		*a->i = (struct nisv_insn) { 0 };
		ret = carry_out(a, esr_iss);
	}
	if (!ret && !c->el1_32bit && c->have >> NISV_TCR_EL1 & 1) {
		c->cpu->seen[SEEN_SCTLR_EL1] = c->x[NISV_SCTLR_EL1];
		c->cpu->seen[SEEN_TCR_EL1] = c->x[NISV_TCR_EL1];
	}
	return ret;
}

/* Refusals of what may not be what exited */
static bool is_doubt(int ret)
{
	return ret == NISV_OTHER || ret == NISV_UNALLOCATED || ret == NISV_NO_ACCESS || ret == NISV_WALK ||
	       ret == NISV_MISMATCH;
}

/*
 * What has been found may not be what exited. Most likely it has changed since, and the
 * vCPU has to run again. So, too, if there is RAM by now, where the CPU does any access
 * better than it can be done here, and has no need of an abort. But if it exits in the
 * same way time and again, it is this library that does not understand, or the RAM is in
 * no memslot, and the guest would hang.
 */
static int settle(struct access *a, int ret)
{
	switch (ret) {
	case NISV_AGAIN:
		return ret;
	case NISV_DONE:
	case NISV_DEVICE:	/* it has been told */
	case NISV_REGISTER:
		a->c->cpu->seen[SEEN_TIMES] = 0;
		return ret;
	}
	ask_about_fault(a, a->wnr);
	if (once_more(a, a->found == IS_RAM ? RAM_REFUSALS : is_doubt(ret) && !a->certain ? DOUBTS : 0))
		return NISV_AGAIN;
	a->c->cpu->seen[SEEN_TIMES] = 0;
	return ret;
}

/* AArch32 has EL2 in its mode */
static bool at_el2(const struct ctx *c)
{
	const uint64_t pstate = c->x[NISV_PSTATE];

	return c->isa == NISV_A64 ? (pstate & 0xc) > 4 : c->mode == MODE_HYP || c->mode == MODE_MON;
}

int nisv_access(struct nisv_cpu *cpu, const struct nisv_bus *bus, uint64_t fault_ipa,
		uint64_t esr_iss, struct nisv_insn *insn)
{
	struct nisv_insn i = { 0 };	/* it may go to the VMM without having been decoded */
	uint64_t pstate;
	struct access a;
	struct ctx c;
	int ret;

	/* Not all of them: most of their bytes are registers and data that are not used */
	c.cpu = cpu;
	c.bus = bus;
	c.isa = NISV_A64;
	c.branched = false;
	c.have = 0;
	c.dirty = 0;
	c.have_v = 0;
	c.dirty_v = 0;
	c.nz = 0;
	a.c = &c;
	a.i = &i;
	a.m.bus = bus;
	a.fault_ipa = fault_ipa;
	a.found = NOT_LOOKED;
	a.wnr = esr_iss >> 6 & 1;
	a.certain = false;
	if (insn)
		*insn = i;
	ret = nisv_need(&c, NISV_PSTATE);
	if (!ret)
		ret = nisv_need(&c, NISV_PC);
	if (ret)
		return ret;
	pstate = c.x[NISV_PSTATE];
	c.privileged = pstate & 0xc;
	if (pstate & PSTATE_32) {
		c.isa = pstate & PSTATE_T ? NISV_T32 : NISV_A32;
		c.mode = bits(pstate, 4, 0);
		c.privileged = c.mode != MODE_USR;
	}
	/* Only with it there are other modes than User */
	c.el1_32bit = cpu->features & NISV_FEATURE_EL1_32BIT || (c.privileged && c.isa != NISV_A64);

	if (cpu->features & NISV_FEATURE_HAS_EL2 || at_el2(&c))
		ret = NISV_UNSUPPORTED;
	else
		ret = attempt(&a, esr_iss);
	if (insn)
		*insn = i;
	return settle(&a, ret);
}

void nisv_reset(struct nisv_cpu *cpu)
{
	memset(cpu->seen, 0, sizeof(cpu->seen));
}

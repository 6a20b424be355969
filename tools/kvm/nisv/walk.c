// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Walk the guest's stage 1 page tables, EL1&0 translation regime: Arm ARM (DDI 0487),
 * D8 "The AArch64 Virtual Memory System Architecture", G5 for AArch32
 *
 * Nothing here is trusted: tables are where the guest says, hold what it likes, and may
 * change between two reads. A walk reads at most five descriptors.
 */
#include <string.h>

#include "internal.h"

/* Are descriptors of the other byte order? */
static inline bool swapped(const struct ctx *c)
{
	const bool big = c->x[NISV_SCTLR_EL1] & SCTLR_EE;

	return big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* A descriptor of 4 or 8 bytes, from RAM and nowhere else */
static inline int descriptor(struct ctx *c, uint64_t ipa, unsigned int len, bool swap, uint64_t *desc)
{
	void *ram = NULL;

	if (c->bus->at(c->bus->opaque, ipa, len, false, &ram) < len || !ram)
		return NISV_WALK;
	/* Descriptors are aligned; other vCPUs write them whole */
	if (len == 8) {
		const uint64_t d = __atomic_load_n((uint64_t *)ram, __ATOMIC_RELAXED);

		*desc = swap ? __builtin_bswap64(d) : d;
	} else {
		const uint32_t w = __atomic_load_n((uint32_t *)ram, __ATOMIC_RELAXED);

		*desc = swap ? __builtin_bswap32(w) : w;
	}
	return NISV_DONE;
}

/* Address bits above 47. Rare: do not compute them for all. */
static __attribute__((cold)) uint64_t high(const struct lpae *t, uint64_t desc)
{
	if (t->granule == 16)
		return bits64(desc, 15, 12) << 48;
	return bits64(desc, 49, 48) << 48 | bits64(desc, 9, 8) << 50;
}

/* May a block be here? Larger ones came with the larger addresses */
static bool block_level(const struct lpae *t, int level)
{
	switch (t->granule) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && t->wide);
	case 14:
		return level == 2 || (level == 1 && t->wide);
	default:
		return level == 2 || level == 1;
	}
}

static int walk_lpae(struct ctx *c, const struct lpae *t, uint64_t va, struct leaf *leaf)
{
	const unsigned int stride = t->granule - 3;
	unsigned int low = t->granule + (3 - t->level) * stride;
	const uint64_t address = bits64(~0ull, 47, 0) >> t->granule << t->granule;
	const bool swap = swapped(c);
	uint64_t table = t->base, tables = 0, desc, within;
	int level, ret;

	/* Bits that are not translated, in front of the first index */
	va = bits64(va, t->input - 1, 0);
	for (level = t->level; ; level++, low -= stride) {
		ret = descriptor(c, table + (va >> low) * 8, 8, swap, &desc);
		if (ret)
			return ret;
		if (!(desc & 1))
			return NISV_WALK;
		within = (1ull << low) - 1;
		va &= within;
		if (level >= 3 || !(desc & 2))
			break;
		table = desc & address;
		if (t->wide)
			table |= high(t, desc);
		tables |= desc;
	}
	if (!(desc & 2) && !block_level(t, level))
		return NISV_WALK;
	if (!(desc >> 10 & 1) && !t->haf)
		return NISV_WALK;
	if (t->hpd)
		tables = 0;
	/* APTable, AP */
	leaf->ipa = (desc & address & ~within) | (t->wide ? high(t, desc) : 0) | va;
	leaf->user = !(tables >> 61 & 1) && desc >> 6 & 1;
	leaf->read_only = tables >> 62 & 1 || desc >> 7 & 1;
	leaf->uxn = tables >> 60 & 1 || desc >> 54 & 1;
	leaf->becomes_writable = t->hd && desc >> 51 & 1 && !(tables >> 62 & 1);
	return NISV_DONE;
}

/*
 * AArch64: which half of the address space, how many bits of it are translated, and
 * which bit is the first that has to be a copy of bit 55
 */
static inline int half(struct ctx *c, uint64_t va, bool fetch, unsigned int *input, unsigned int *top)
{
	const bool upper = va >> 55 & 1;
	const uint64_t tcr = c->x[NISV_TCR_EL1];
	const bool tbi = tcr >> (37 + upper) & 1, tbid = tcr >> (51 + upper) & 1;

	*input = 64 - (upper ? bits64(tcr, 21, 16) : bits64(tcr, 5, 0));
	*top = tbi && !(fetch && tbid) ? 55 : 63;
	return upper;
}

int nisv_strip(struct ctx *c, uint64_t *va)
{
	unsigned int input, top;
	uint64_t code;
	int ret;

	ret = nisv_need(c, NISV_TCR_EL1);
	if (ret)
		return ret;
	half(c, *va, false, &input, &top);
	if (input > top)
		return NISV_DONE;
	code = bits64(~0ull, top - input, 0) << input;
	*va = *va >> 55 & 1 ? *va | code : *va & ~code;
	return NISV_DONE;
}

/* What TCR_EL1 and TTBR say of a half that is @input bits */
static int start_a64(struct ctx *c, bool upper, unsigned int input, struct lpae *t)
{
	static const uint8_t tg0[4] = { 12, 16, 14, 0 }, tg1[4] = { 0, 14, 12, 16 };
	const unsigned int reg = upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1;
	const uint64_t tcr = c->x[NISV_TCR_EL1];
	unsigned int granule, low;
	bool ds;
	int ret;

	granule = upper ? tg1[bits64(tcr, 31, 30)] : tg0[bits64(tcr, 15, 14)];
	ds = granule != 16 && tcr >> 59 & 1;
	if (tcr >> (upper ? 23 : 7) & 1 || !granule)	/* EPD: not to be walked */
		return NISV_WALK;
	if (input > (granule == 16 || ds ? 52u : 48u) || input < 16 || input <= granule)
		return NISV_WALK;
	ret = nisv_need(c, reg);
	if (ret)
		return ret;

	t->granule = granule;
	t->input = input;
	t->wide = granule == 16 || ds;
	t->haf = tcr >> 39 & 1;
	t->hd = t->haf && tcr >> 40 & 1;
	t->hpd = tcr >> (41 + upper) & 1;
	/* As many levels as it takes, each of which resolves granule - 3 bits */
	t->level = 4 - (int)((input - 4) / (granule - 3));
	low = granule + (3 - t->level) * (granule - 3);
	low = input - low + 3;	/* log2 of the bytes of the first table */
	t->base = 0;
	if (ds || (granule == 16 && bits64(tcr, 34, 32) == 6)) {
		low = low < 6 ? 6 : low;
		t->base = bits64(c->x[reg], 5, 2) << 48;
	}
	t->base |= c->x[reg] & bits64(~0ull, 47 - low, 0) << low;
	return NISV_DONE;
}

static int walk_a64(struct ctx *c, uint64_t va, bool fetch, struct leaf *leaf)
{
	unsigned int input, top;
	struct lpae *t;
	bool upper;
	int ret;

	ret = nisv_need(c, NISV_TCR_EL1);
	if (ret)
		return ret;
	upper = half(c, va, fetch, &input, &top);

	if (!(c->x[NISV_SCTLR_EL1] & SCTLR_M)) {
		/* Without a table an address has no upper half, only a top byte */
		leaf->ipa = bits64(va, top, 0);
		return upper || leaf->ipa >> 52 ? NISV_WALK : NISV_DONE;
	}

	leaf->mapped = true;
	leaf->upper = upper;
	t = &c->half[upper];
	if (!t->granule) {
		ret = start_a64(c, upper, input, t);
		if (ret)
			return ret;
	}
	if (bits64(va, top, input) != (upper ? bits64(~0ull, top - input, 0) : 0))
		return NISV_WALK;
	return walk_lpae(c, t, va, leaf);
}

static int walk_long(struct ctx *c, uint32_t va, struct leaf *leaf)
{
	const uint32_t ttbcr = c->x[NISV_TCR_EL1];
	const unsigned int t0sz = bits(ttbcr, 2, 0), t1sz = bits(ttbcr, 18, 16);
	struct lpae t = { .granule = 12 };
	unsigned int low, size;
	bool upper;
	int ret;

	if (!t0sz || !(va >> (32 - t0sz)))
		upper = !t0sz && t1sz && va >> (32 - t1sz) == (1u << t1sz) - 1;
	else if (!t1sz || va >> (32 - t1sz) == (1u << t1sz) - 1)
		upper = true;
	else
		return NISV_WALK;
	if (bit(ttbcr, upper ? 23 : 7))
		return NISV_WALK;

	ret = nisv_need(c, upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1);
	if (ret)
		return ret;
	size = upper ? t1sz : t0sz;
	t.input = 32 - size;
	t.level = size < 2 ? 1 : 2;
	low = size < 2 ? 5 - size : 14 - size;
	t.base = c->x[upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1] & bits64(~0ull, 39 - low, 0) << low;
	t.hpd = bit(ttbcr, 6) && bits64(c->x[NISV_TCR_EL1], 41 + upper, 41 + upper);
	return walk_lpae(c, &t, va, leaf);
}

static int walk_short(struct ctx *c, uint32_t va, struct leaf *leaf)
{
	const uint32_t ttbcr = c->x[NISV_TCR_EL1];
	const bool afe = c->x[NISV_SCTLR_EL1] >> 29 & 1;
	unsigned int n = bits(ttbcr, 2, 0), ap;
	bool upper = n && va >> (32 - n);
	uint64_t table, desc;
	int ret;

	if (bit(ttbcr, upper ? 5 : 4))
		return NISV_WALK;
	ret = nisv_need(c, upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1);
	if (ret)
		return ret;
	if (upper)
		n = 0;
	table = (uint32_t)c->x[upper ? NISV_TTBR1_EL1 : NISV_TTBR0_EL1] & ~0u << (14 - n);

	ret = descriptor(c, table | bits(va, 31, 20) * 4, 4, swapped(c), &desc);
	if (ret)
		return ret;
	leaf->domain = bits(desc, 8, 5);
	switch (desc & 3) {
	case 0:
		return NISV_WALK;
	case 1:
		ret = descriptor(c, (desc & ~0x3ffull) | bits(va, 19, 12) * 4, 4, swapped(c), &desc);
		if (ret)
			return ret;
		if (!(desc & 3))
			return NISV_WALK;
		if (desc & 2)
			leaf->ipa = (desc & ~0xfffull) | bits(va, 11, 0);
		else
			leaf->ipa = (desc & ~0xffffull) | bits(va, 15, 0);
		ap = bits(desc, 9, 9) << 2 | bits(desc, 5, 4);
		break;
	default:
		if (desc >> 18 & 1) {		/* a supersection */
			leaf->domain = 0;
			leaf->ipa = bits(desc, 31, 24) << 24 | bits64(desc, 23, 20) << 32 |
				    bits64(desc, 8, 5) << 36 | bits(va, 23, 0);
		} else {
			leaf->ipa = (desc & ~0xfffffull) | bits(va, 19, 0);
		}
		ap = bits(desc, 15, 15) << 2 | bits(desc, 11, 10);
		break;
	}
	if (afe && !(ap & 1))
		return NISV_WALK;
	/* AP[2:1] with the access flag; otherwise AP[2:0] */
	leaf->user = ap & 2;
	leaf->read_only = ap & 4;
	leaf->user_read_only = !afe && ap == 2;
	leaf->none = !afe && !(ap & 3);
	return NISV_DONE;
}

int nisv_walk(struct ctx *c, uint64_t va, bool fetch, struct leaf *leaf)
{
	int ret;

	*leaf = (struct leaf) { 0 };
	ret = nisv_need(c, NISV_SCTLR_EL1);
	if (ret)
		return ret;
	if (!c->el1_32bit)
		return walk_a64(c, va, fetch, leaf);
	if (!(c->x[NISV_SCTLR_EL1] & SCTLR_M)) {
		leaf->ipa = (uint32_t)va;
		return NISV_DONE;
	}
	leaf->mapped = true;
	ret = nisv_need(c, NISV_TCR_EL1);
	if (ret)
		return ret;
	return c->x[NISV_TCR_EL1] >> 31 & 1 ? walk_long(c, va, leaf) : walk_short(c, va, leaf);
}

/* What AArch64's tables do not say themselves: Arm ARM, D8.4 */
static int permits_a64(struct ctx *c, const struct leaf *leaf, bool user)
{
	const uint64_t pie_e0poe_poe = 7ull << 1;
	const int ret = nisv_need(c, NISV_TCR2_EL1);

	if (ret)
		return ret;
	if (c->x[NISV_TCR2_EL1] & pie_e0poe_poe)
		return NISV_PERMISSIONS;
	/* E0PD0, E0PD1 */
	return user && c->x[NISV_TCR_EL1] >> (55 + leaf->upper) & 1 ? NISV_WALK : NISV_DONE;
}

/* Short descriptors: G5.7, "Domains". @manager: no permissions are checked */
static int permits_domain(struct ctx *c, const struct leaf *leaf, bool *manager)
{
	unsigned int domain;
	const int ret = nisv_need(c, NISV_DACR32_EL2);

	if (ret)
		return ret;
	domain = c->x[NISV_DACR32_EL2] >> (2 * leaf->domain) & 3;
	*manager = domain == 3;
	return domain & 1 ? NISV_DONE : NISV_WALK;
}

int nisv_permits(struct ctx *c, const struct leaf *leaf, bool write, bool user)
{
	const bool epan = !c->el1_32bit && c->x[NISV_SCTLR_EL1] & SCTLR_EPAN && !leaf->uxn;
	const bool pan = c->x[NISV_PSTATE] & PSTATE_PAN && (leaf->user || epan);
	bool manager = false;
	int ret = NISV_DONE;

	if (!leaf->mapped)
		return NISV_DONE;
	if (!c->el1_32bit)
		ret = permits_a64(c, leaf, user);
	else if (!(c->x[NISV_TCR_EL1] >> 31 & 1))
		ret = permits_domain(c, leaf, &manager);
	if (ret || manager)
		return ret;
	if (leaf->none || (user ? !leaf->user : pan))
		return NISV_WALK;
	if (write && user && leaf->user_read_only)
		return NISV_WALK;
	if (write && leaf->read_only)
		return leaf->becomes_writable ? NISV_PERMISSIONS : NISV_WALK;
	return NISV_DONE;
}

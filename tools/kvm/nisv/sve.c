// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * SVE: Arm ARM (DDI 0487), C4.1 "SVE encodings", "SVE Memory", and C8.2. An access of a
 * vector is one of each active element, in the order of their addresses; what is not
 * active is not touched, on whatever page it is.
 */
#include "internal.h"

#define MAX_VL	256		/* bytes */

/* Decoding */

static inline unsigned int zt(uint32_t w) { return bits(w, 4, 0); }
static inline unsigned int rm(uint32_t w) { return bits(w, 20, 16); }

/* What most have: Pg, a vector or some, elements of memory and of the vector */
static int vector(struct nisv_insn *i, uint32_t w, unsigned int msz, unsigned int esz)
{
	i->op = bits(w, 30, 29) == 3 ? NISV_STORE : NISV_LOAD;
	i->flags |= NISV_SIMD;
	i->rt = zt(w);
	i->rs = bits(w, 12, 10);
	i->size = msz;
	i->width = 8 << esz;
	return esz < msz ? NISV_UNALLOCATED : NISV_DONE;
}

/* Rn plus imm4, in vectors */
static void by_imm(struct nisv_insn *i, uint32_t w)
{
	i->imm = sbits(w, 19, 16) * i->nregs;
	i->flags |= NISV_MUL_VL;
}

/* Rn plus Rm, in elements; 31 is for other encodings */
static int by_rm(struct nisv_insn *i, uint32_t w)
{
	i->rm = rm(w);
	i->shift = i->size;
	return i->rm == 31 ? NISV_UNALLOCATED : NISV_DONE;
}

/* Rn plus each element of Zm: all of it, or 32 bits that are extended */
static int by_zm(struct nisv_insn *i, uint32_t w, enum nisv_extend extend, bool scaled)
{
	i->rm = rm(w);
	i->flags |= NISV_VECTOR_OFFSET;
	i->extend = extend;
	i->shift = scaled ? i->size : 0;
	return scaled && !i->size ? NISV_UNALLOCATED : NISV_DONE;
}

static enum nisv_extend extend(bool xs)
{
	return xs ? NISV_SXTW : NISV_UXTW;
}

/* Each element of Zn plus imm5, in elements */
static void by_zn(struct nisv_insn *i, uint32_t w)
{
	i->flags |= NISV_VECTOR_BASE;
	i->imm = bits(w, 20, 16) << i->size;
}

/* Each element of Zn plus Rm: not temporal */
static void by_zn_rm(struct nisv_insn *i, uint32_t w)
{
	i->flags |= NISV_VECTOR_BASE | NISV_NONTEMPORAL;
	i->rm = rm(w);
}

/* dtype: elements of memory, and of the vector; or else 3 minus that, sign-extended */
static int load_dtype(struct nisv_insn *i, uint32_t w, unsigned int high, unsigned int low)
{
	i->nregs = 1;
	if (low >= high)
		return vector(i, w, high, low);
	i->flags |= NISV_SIGNED;
	return vector(i, w, 3 - high, 3 - low);
}

/* 1010010 dtype 0 imm4 101 Pg Rn Zt */
static int load_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 22, 21));

	by_imm(i, w);
	return ret;
}

/* 1010010 dtype Rm 010 Pg Rn Zt */
static int load_rm(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 22, 21));

	return ret ? ret : by_rm(i, w);
}

/* 1010010 dtype 1 imm4 101 Pg Rn Zt: what would fault is not accessed, so that none has exited */
static int load_non_fault(struct nisv_insn *i, uint32_t w)
{
	i->flags |= NISV_NON_FAULT;
	load_imm(i, w);
	return NISV_NO_ACCESS;
}

/* 1010010 dtype Rm 011 Pg Rn Zt */
static int load_first_fault(struct nisv_insn *i, uint32_t w)
{
	i->flags |= NISV_FIRST_FAULT;
	load_dtype(i, w, bits(w, 24, 23), bits(w, 22, 21));
	by_rm(i, w);		/* or no offset */
	return NISV_DONE;
}

/* LD1 to LD4, ST1 to ST4 by num, which is 0 for what is not temporal */
static int structure(struct nisv_insn *i, uint32_t w)
{
	const unsigned int msz = bits(w, 24, 23), num = bits(w, 22, 21);

	i->nregs = num + 1;
	if (!num)
		i->flags |= NISV_NONTEMPORAL;
	return vector(i, w, msz, msz);
}

/* 1010010 msz num 0 imm4 111 Pg Rn Zt; 1110010 msz num 1 imm4 111 Pg Rn Zt */
static int structure_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = structure(i, w);

	by_imm(i, w);
	return ret;
}

/* 1010010 msz num Rm 110 Pg Rn Zt; 1110010 msz num Rm 011 Pg Rn Zt */
static int structure_rm(struct nisv_insn *i, uint32_t w)
{
	structure(i, w);
	return by_rm(i, w);
}

/* 1110010 msz size 0 imm4 111 Pg Rn Zt */
static int store_imm(struct nisv_insn *i, uint32_t w)
{
	i->nregs = 1;
	by_imm(i, w);
	return vector(i, w, bits(w, 24, 23), bits(w, 22, 21));
}

/* 1110010 msz size Rm 010 Pg Rn Zt */
static int store_rm(struct nisv_insn *i, uint32_t w)
{
	int ret;

	i->nregs = 1;
	ret = vector(i, w, bits(w, 24, 23), bits(w, 22, 21));

	return ret ? ret : by_rm(i, w);
}

/* 1000010 dtypeh 1 imm6 1 dtypel Pg Rn Zt: one element to all that are active */
static int load_replicate(struct nisv_insn *i, uint32_t w)
{
	const int ret = load_dtype(i, w, bits(w, 24, 23), bits(w, 14, 13));

	i->flags |= NISV_REPLICATE;
	i->lanes = 1;
	i->imm = bits(w, 21, 16) << i->size;
	return ret;
}

/* LD1RQ, LD1RO: 16 or 32 bytes, again and again */
static void block(struct nisv_insn *i, uint32_t w)
{
	const unsigned int msz = bits(w, 24, 23);

	i->nregs = 1;
	vector(i, w, msz, msz);
	i->flags |= NISV_REPLICATE;
	i->lanes = (bit(w, 21) ? 32 : 16) >> msz;
}

/* 1010010 msz 0 o 0 imm4 001 Pg Rn Zt */
static int block_imm(struct nisv_insn *i, uint32_t w)
{
	block(i, w);
	i->imm = sbits(w, 19, 16) * (i->lanes << i->size);
	return NISV_DONE;
}

/* 1010010 msz 0 o Rm 000 Pg Rn Zt */
static int block_rm(struct nisv_insn *i, uint32_t w)
{
	block(i, w);
	return by_rm(i, w);
}

/* 1000010110 imm9h 010 imm9l Rn Zt, or 000 and 0 Pt; 1110010110 the same: all of a register */
static int whole(struct nisv_insn *i, uint32_t w)
{
	i->op = bits(w, 30, 29) == 3 ? NISV_STORE : NISV_LOAD;
	i->flags = NISV_SIMD | NISV_MUL_VL;
	if (!bit(w, 14))
		i->flags |= NISV_PREDICATE;
	i->rt = zt(w);
	i->width = 8;
	i->nregs = 1;
	i->imm = sbits(w, 21, 16) * 8 + (int32_t)bits(w, 12, 10);
	return NISV_DONE;
}

/* Gathers: elements of 64 bits, or, without bit 30, of 32. msz, and sign-extended without @u */
static int gather(struct nisv_insn *i, uint32_t w, bool u)
{
	const unsigned int esz = bit(w, 30) ? 3 : 2;
	const int ret = vector(i, w, bits(w, 24, 23), esz);

	i->nregs = 1;
	if (!u)
		i->flags |= NISV_SIGNED;
	return !u && i->size == esz ? NISV_UNALLOCATED : ret;
}

/* The same with U and ff in bits 14 and 13 */
static int gather_ff(struct nisv_insn *i, uint32_t w)
{
	if (bit(w, 13))
		i->flags |= NISV_FIRST_FAULT;
	return gather(i, w, bit(w, 14));
}

/* 1e00010 msz xs s Zm 0 U ff Pg Rn Zt */
static int gather_32bit_offset(struct nisv_insn *i, uint32_t w)
{
	const int ret = gather_ff(i, w);

	return ret ? ret : by_zm(i, w, extend(bit(w, 22)), bit(w, 21));
}

/* 1100010 msz 1 s Zm 1 U ff Pg Rn Zt */
static int gather_64bit_offset(struct nisv_insn *i, uint32_t w)
{
	const int ret = gather_ff(i, w);

	return ret ? ret : by_zm(i, w, NISV_LSL, bit(w, 21));
}

/* 1e00010 msz 01 imm5 1 U ff Pg Zn Zt */
static int gather_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = gather_ff(i, w);

	by_zn(i, w);
	return ret;
}

/* 1000010 msz 00 Rm 10 U Pg Zn Zt; 1100010 msz 00 Rm 1 U 0 Pg Zn Zt */
static int gather_rm(struct nisv_insn *i, uint32_t w)
{
	by_zn_rm(i, w);
	return gather(i, w, bit(w, bit(w, 30) ? 14 : 13));
}

/* Scatters: elements of 32 bits, or of 64 */
static int scatter(struct nisv_insn *i, uint32_t w, bool is_32bit)
{
	i->nregs = 1;
	return vector(i, w, bits(w, 24, 23), is_32bit ? 2 : 3);
}

/* 1110010 msz e s Zm 1 xs 0 Pg Rn Zt */
static int scatter_32bit_offset(struct nisv_insn *i, uint32_t w)
{
	const int ret = scatter(i, w, bit(w, 22));

	return ret ? ret : by_zm(i, w, extend(bit(w, 14)), bit(w, 21));
}

/* 1110010 msz 0 s Zm 101 Pg Rn Zt */
static int scatter_64bit_offset(struct nisv_insn *i, uint32_t w)
{
	const int ret = scatter(i, w, false);

	return ret ? ret : by_zm(i, w, NISV_LSL, bit(w, 21));
}

/* 1110010 msz 1 e imm5 101 Pg Zn Zt */
static int scatter_imm(struct nisv_insn *i, uint32_t w)
{
	const int ret = scatter(i, w, bit(w, 21));

	by_zn(i, w);
	return ret;
}

/* 1110010 msz e 0 Rm 001 Pg Zn Zt */
static int scatter_rm(struct nisv_insn *i, uint32_t w)
{
	by_zn_rm(i, w);
	return scatter(i, w, bit(w, 22));
}

/* SVE2.1: elements of 128 bits. LD1Q, ST1Q: 1e00010 000 s Rm o Pg Zn Zt, by the lower half of each of Zn */
static int quad_vector(struct nisv_insn *i, uint32_t w)
{
	i->nregs = 1;
	by_zn_rm(i, w);
	i->flags &= ~NISV_NONTEMPORAL;
	return vector(i, w, 4, 4);
}

/* LD2Q to LD4Q: 1010010 num 001 imm4 111 Pg Rn Zt, 1010010 num 01 Rm 100 Pg Rn Zt */
static int quads_load(struct nisv_insn *i, uint32_t w)
{
	i->nregs = bits(w, 24, 23) + 1;
	vector(i, w, 4, 4);
	if (!bit(w, 21))
		by_imm(i, w);
	return bit(w, 21) ? by_rm(i, w) : NISV_DONE;
}

/* ST2Q to ST4Q: 1110010 0 num 00 imm4 000 Pg Rn Zt, 1110010 0 num 1 Rm 000 Pg Rn Zt */
static int quads_store(struct nisv_insn *i, uint32_t w)
{
	i->nregs = bits(w, 23, 22) + 1;
	vector(i, w, 4, 4);
	if (!bit(w, 21))
		by_imm(i, w);
	return bit(w, 21) ? by_rm(i, w) : NISV_DONE;
}

/* Words and doublewords in each: 1e10010 1 d ... imm4 xx1 Pg Rn Zt, 1e10010 1 d ... Rm xx0 Pg Rn Zt */
static int quad(struct nisv_insn *i, uint32_t w)
{
	i->nregs = 1;
	vector(i, w, bits(w, 24, 23), 4);
	if (bit(w, 13))
		by_imm(i, w);
	return bit(w, 13) ? NISV_DONE : by_rm(i, w);
}

/* Prefetches: prfop in place of Zt */
static int prefetch(struct nisv_insn *i, uint32_t w, unsigned int msz, int ret)
{
	i->op = NISV_PREFETCH;
	i->flags |= NISV_SIMD;
	i->rt = bits(w, 3, 0);
	i->rs = bits(w, 12, 10);
	i->size = msz;
	i->width = bit(w, 30) ? 64 : 32;
	return ret ? ret : NISV_NO_ACCESS;
}

/* 1000010111 imm6 0 msz Pg Rn 0 prfop */
static int prefetch_imm(struct nisv_insn *i, uint32_t w)
{
	i->imm = sbits(w, 21, 16);
	i->flags |= NISV_MUL_VL;
	return prefetch(i, w, bits(w, 14, 13), NISV_DONE);
}

/* 1000010 msz 00 Rm 110 Pg Rn 0 prfop */
static int prefetch_rm(struct nisv_insn *i, uint32_t w)
{
	i->size = bits(w, 24, 23);
	return prefetch(i, w, i->size, by_rm(i, w));
}

/* 1e00010 00 xs 1 Zm 0 msz Pg Rn 0 prfop; 1100010 0011 Zm 1 msz Pg Rn 0 prfop */
static int prefetch_offset(struct nisv_insn *i, uint32_t w)
{
	i->size = bits(w, 14, 13);
	by_zm(i, w, bit(w, 15) ? NISV_LSL : extend(bit(w, 22)), true);
	return prefetch(i, w, i->size, NISV_DONE);
}

/* 1e00010 msz 00 imm5 111 Pg Zn 0 prfop */
static int prefetch_vector(struct nisv_insn *i, uint32_t w)
{
	i->size = bits(w, 24, 23);
	by_zn(i, w);
	return prefetch(i, w, i->size, NISV_DONE);
}

static int unallocated(struct nisv_insn *i, uint32_t w)
{
	(void)i;
	(void)w;
	return NISV_UNALLOCATED;
}

static const struct row rows[] = {
	ROW(0xffc0e010, 0x85800000, SVE, whole),
	ROW(0xffc0e000, 0x85804000, SVE, whole),
	ROW(0xffc0e010, 0xe5800000, SVE, whole),
	ROW(0xffc0e000, 0xe5804000, SVE, whole),
	ROW(0xfe408000, 0x84408000, SVE, load_replicate),
	ROW(0xfe10e000, 0xa400a000, SVE, load_imm),
	ROW(0xfe10e000, 0xa410a000, SVE, load_non_fault),
	ROW(0xfe00e000, 0xa4004000, SVE, load_rm),
	ROW(0xfe00e000, 0xa4006000, SVE, load_first_fault),
	ROW(0xfe10e000, 0xa400e000, SVE, structure_imm),
	ROW(0xfe00e000, 0xa400c000, SVE, structure_rm),
	ROW(0xfe50e000, 0xa4002000, SVE, block_imm),
	ROW(0xfe40e000, 0xa4000000, SVE, block_rm),
	ROW(0xffe0e000, 0xe5004000, SVE, quad),
	ROW(0xffe0e000, 0xe5c04000, SVE, quad),
	ROW(0xfff0e000, 0xe500e000, SVE, quad),
	ROW(0xfff0e000, 0xe5c0e000, SVE, quad),
	ROW(0xfe10e000, 0xe400e000, SVE, store_imm),
	ROW(0xfe10e000, 0xe410e000, SVE, structure_imm),
	ROW(0xfe00e000, 0xe4004000, SVE, store_rm),
	ROW(0xfe00e000, 0xe4006000, SVE, structure_rm),

	/* Where the others would have scaled bytes there are prefetches */
	ROW(0xffc08010, 0x85c00000, SVE, prefetch_imm),
	ROW(0xffa08010, 0x84200000, SVE, prefetch_offset),
	ROW(0xfe008000, 0x84000000, SVE, gather_32bit_offset),
	ROW(0xfe60c000, 0x84008000, SVE, gather_rm),
	ROW(0xfe60e010, 0x8400c000, SVE, prefetch_rm),
	ROW(0xfe60e010, 0x8400e000, SVE, prefetch_vector),
	ROW(0xfe608000, 0x84208000, SVE, gather_imm),

	ROW(0xffa08010, 0xc4200000, SVE, prefetch_offset),
	ROW(0xfe008000, 0xc4000000, SVE, gather_32bit_offset),
	ROW(0xfe60a000, 0xc4008000, SVE, gather_rm),
	ROW(0xfe60e010, 0xc400e000, SVE, prefetch_vector),
	ROW(0xfe608000, 0xc4208000, SVE, gather_imm),
	ROW(0xffe08010, 0xc4608000, SVE, prefetch_offset),
	ROW(0xfe408000, 0xc4408000, SVE, gather_64bit_offset),

	ROW(0xfe00a000, 0xe4008000, SVE, scatter_32bit_offset),
	ROW(0xfe40e000, 0xe400a000, SVE, scatter_64bit_offset),
	ROW(0xfe40e000, 0xe440a000, SVE, scatter_imm),
	ROW(0xfe20e000, 0xe4002000, SVE, scatter_rm),

	ROW(0xffe0e000, 0xc400a000, SVE, quad_vector),
	ROW(0xffe0e000, 0xe4202000, SVE, quad_vector),
	ROW(0xff60e000, 0xa5008000, SVE, quad),
	ROW(0xff70e000, 0xa5102000, SVE, quad),
	ROW(0xffe0e000, 0xa4a08000, SVE, quads_load),
	ROW(0xff60e000, 0xa5208000, SVE, quads_load),
	ROW(0xfff0e000, 0xa490e000, SVE, quads_load),
	ROW(0xff70e000, 0xa510e000, SVE, quads_load),
	ROW(0xff60e000, 0xe4600000, SVE, quads_store),
	ROW(0xffe0e000, 0xe4a00000, SVE, quads_store),
	ROW(0xff70e000, 0xe4400000, SVE, quads_store),
	ROW(0xfff0e000, 0xe4800000, SVE, quads_store),

	/* All else: no function here knows it */
	ROW(0x9e000000, 0x84000000, SVE, unallocated),
};

const struct rows nisv_sve_rows = ROWS(rows);

/* Carrying out */

bool nisv_sve_active(const struct access *a, unsigned int element)
{
	const unsigned int at = element * a->i->width / 8;

	return a->i->rs == NISV_NONE || a->pg[at / 64] >> at % 64 & 1;
}

/* LD1R: one element is accessed, whichever are active */
static bool is_one(const struct access *a)
{
	return a->i->flags & NISV_REPLICATE && a->i->lanes == 1;
}

/* From one element of a vector to the next, in memory: those of a structure together */
static unsigned int stride(const struct access *a)
{
	return is_one(a) ? 0 : a->i->nregs << a->i->size;
}

/* Where the n-th element is, among the bytes of the access */
static unsigned int place_of(const struct access *a, unsigned int n)
{
	return nisv_is_scattered(a->i) ? n << a->i->size : (n - a->first) * stride(a);
}

/* Into an array that has room for any Z register, or predicate */
static int need(struct access *a, unsigned int reg, uint64_t *value, unsigned int bytes)
{
	const struct nisv_cpu *cpu = a->c->cpu;

	memset(value, 0, reg < NISV_Z0 ? MAX_VL / 8 : MAX_VL);
	return cpu->get(cpu->opaque, reg, value, (bytes + 7) / 8) ? NISV_REGISTER : NISV_DONE;
}

/* Which elements are active; of a first-fault load only one is accessed, see first_fault() */
static int choose(struct access *a)
{
	const struct nisv_insn *i = a->i;
	int ret = i->rs == NISV_NONE ? NISV_DONE : need(a, NISV_P0 + i->rs, a->pg, a->vl / 8);

	if (ret)
		return ret;
	for (a->first = 0; a->first < a->elements && !nisv_sve_active(a, a->first); a->first++)
		;
	if (a->first == a->elements)	/* nothing is accessed */
		return NISV_MISMATCH;
	for (a->end = a->elements; !nisv_sve_active(a, a->end - 1); a->end--)
		;
	a->ffr_from = a->elements;
	if (!(i->flags & NISV_FIRST_FAULT) || a->end == a->first + 1)
		return NISV_DONE;
	for (a->ffr_from = a->first + 1; !nisv_sve_active(a, a->ffr_from); a->ffr_from++)
		;
	a->end = a->first + 1;
	return need(a, NISV_FFR, a->ffr, a->vl / 8);
}

/* Of a vector of addresses, or of what is added to one */
static uint64_t address_of(const struct access *a, unsigned int n)
{
	const struct nisv_insn *i = a->i;
	const uint64_t value = i->width == 128 ? a->c->z[1][2 * n] : lane_of(a->c->z[1], n, i->width == 64 ? 3 : 2);

	switch (i->extend) {
	case NISV_UXTW:
		return (uint64_t)(uint32_t)value << i->shift;
	case NISV_SXTW:
		return (uint64_t)(int64_t)(int32_t)value << i->shift;
	default:
		return value << i->shift;
	}
}

/*
 * From the first active element to the last: a->va and a->len. All between is on the same
 * two pages, unless each element has an address of its own: a->each.
 */
int nisv_sve_address(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const bool by_vector = i->flags & (NISV_VECTOR_BASE | NISV_VECTOR_OFFSET);
	struct ctx *c = a->c;
	uint64_t vl = 0, rm;
	int ret;

	/* A VMM need not have these registers */
	if (c->cpu->get(c->cpu->opaque, NISV_VL, &vl, 1) || vl < 16 || vl > MAX_VL || vl % 16)
		return NISV_UNSUPPORTED;
	a->vl = i->flags & NISV_PREDICATE ? vl / 8 : vl;
	a->elements = i->lanes > 1 ? i->lanes : a->vl * 8 / i->width;
	if (a->elements * i->width > a->vl * 8)		/* LD1RO is UNDEFINED then */
		return NISV_MISMATCH;
	ret = choose(a);
	if (ret)
		return ret;
	a->va = a->base + (uint64_t)((int64_t)i->imm * (i->flags & NISV_MUL_VL ? (int)(a->elements << i->size) : 1));
	if (i->rm != NISV_NONE && !(i->flags & NISV_VECTOR_OFFSET)) {
		ret = nisv_get_r(c, i->rm, &rm);
		if (ret)
			return ret;
		a->va += rm << i->shift;
	}
	if (by_vector) {
		ret = need(a, NISV_Z0 + (i->flags & NISV_VECTOR_BASE ? i->rn : i->rm), c->z[1], vl);
		for (unsigned int n = a->first; n < a->end; n++)
			a->each[n][0] = a->va + address_of(a, n);
		a->va = a->each[a->first][0];
	} else {
		a->va += (uint64_t)a->first * stride(a);
	}
	a->len = (a->end - 1 - a->first) * stride(a) + (i->nregs << i->size);
	return ret;
}

/* An element that is at an address of its own, on one page or two */
static int look_at_each(struct access *a, unsigned int n)
{
	const unsigned int len = 1 << a->i->size, at = place_of(a, n), rest = 0x1000 - (a->each[n][0] & 0xfff);
	const unsigned int here = rest < len ? rest : len;
	int ret = nisv_look(&a->m, a->writes, at, a->each[n][0], here);

	if (!ret && here < len)
		ret = nisv_look(&a->m, a->writes, at + here, a->each[n][1], len - here);
	return ret;
}

/* Runs of active elements; the one that faulted has to be among them */
int nisv_sve_look(struct access *a)
{
	const struct span *s = a->m.span[a->writes];
	unsigned int n = a->first, run;
	bool faulted = false;
	int ret = NISV_DONE;

	if (is_one(a))
		ret = nisv_look_at(a, false, 0, a->len);
	for (; n < a->end && !is_one(a) && !ret; n += run + 1) {
		for (run = 0; n + run < a->end && nisv_sve_active(a, n + run) && !ret; run++)
			if (nisv_is_scattered(a->i))
				ret = look_at_each(a, n + run);
		if (run && !nisv_is_scattered(a->i))
			ret = nisv_look_at(a, a->writes, place_of(a, n), run * stride(a));
	}
	for (unsigned int k = 0; k < a->m.spans[a->writes]; k++)
		faulted |= a->fault_ipa - s[k].ipa < s[k].len;
	return ret ? ret : faulted ? NISV_DONE : NISV_MISMATCH;
}

/* Of 16 bytes, both words of the value are data; the second is else 0 */
static int element(struct access *a, unsigned int at, uint64_t value[2])
{
	const unsigned int len = 1 << a->i->size, part = len > 8 ? 8 : len;
	uint8_t data[16];
	int ret;

	for (unsigned int n = 0; n < len / part && a->writes; n++)
		put_bytes(data + 8 * n, part, a->big, value[len > 8 ? n ^ a->big : 0]);
	ret = nisv_transfer_at(&a->m, a->writes, at, data, len, len);
	for (unsigned int n = 0; n < len / part && !ret && !a->writes; n++)
		value[len > 8 ? n ^ a->big : 0] = get_bytes(data + 8 * n, part, a->big);
	return ret;
}

/* LDR, STR: in the largest parts that all of it is made of */
static int whole_register(struct access *a)
{
	const unsigned int unit = a->len & -a->len, size = unit > 8 ? 8 : unit;
	uint8_t data[MAX_VL];
	int ret;

	for (unsigned int n = 0; a->writes && n < a->len; n++)
		data[n] = lane_of(a->c->z[0], n, 0);
	ret = nisv_transfer_at(&a->m, a->writes, 0, data, a->len, size);
	for (unsigned int n = 0; !ret && !a->writes && n < a->len; n++)
		set_lane(a->c->z[0], n, 0, data[n]);
	return ret;
}

static int vectors(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int esz = __builtin_ctz(i->width / 8);
	uint64_t value[2] = { 0 };
	int ret = NISV_DONE;

	if (is_one(a))
		ret = element(a, 0, value);
	for (unsigned int n = a->first; n < a->end; n++) {
		if (!nisv_sve_active(a, n))
			continue;
		for (unsigned int r = 0; r < i->nregs && !ret; r++) {
			uint64_t *z = a->c->z[r];

			if (a->writes && esz == 4)
				memcpy(value, z + 2 * n, sizeof(value));
			else if (a->writes)
				value[0] = lane_of(z, n, esz);
			if (!is_one(a))
				ret = element(a, place_of(a, n) + (r << i->size), value);
			if (!a->writes && esz == 4)
				memcpy(z + 2 * n, value, sizeof(value));
			else if (!a->writes)
				set_lane(z, n, esz, extended(i, value[0]));
		}
	}
	return ret;
}

/* LD1RQ, LD1RO: as often as all of the block is in the register; what is behind that is 0 */
static void repeat(struct access *a)
{
	const unsigned int words = a->elements * a->i->width / 64;

	for (unsigned int n = words; n < a->vl / 8 / words * words; n++)
		a->c->z[0][n] = a->c->z[0][n - words];
}

/*
 * LDFF1: the first active element is loaded, as it has not been. Of the others none need be, for
 * any reason, and what is Device memory must not. So FFR has zeros from the next active one on.
 * The elements that it has zeros for are UNKNOWN from there on: here they are 0, and one that
 * FFR had a zero for before is loaded all the same.
 */
static void first_fault(struct access *a)
{
	struct ctx *c = a->c;

	for (unsigned int bit = a->ffr_from * a->i->width / 8; bit < a->vl; bit++)
		a->ffr[bit / 64] &= ~(1ull << bit % 64);
	memcpy(c->z[c->nz], a->ffr, sizeof(a->ffr));
	c->z_words[c->nz] = (a->vl / 8 + 7) / 8;
	c->z_reg[c->nz++] = NISV_FFR;
}

int nisv_sve_perform(struct access *a)
{
	const struct nisv_insn *i = a->i;
	const unsigned int from = i->flags & NISV_PREDICATE ? NISV_P0 : NISV_Z0;
	struct ctx *c = a->c;
	int ret = NISV_DONE;

	for (unsigned int r = 0; r < i->nregs; r++) {
		memset(c->z[r], 0, sizeof(c->z[r]));
		if (a->writes)
			ret = c->cpu->get(c->cpu->opaque, from + (i->rt + r) % 32, c->z[r], (a->vl + 7) / 8);
		if (ret)
			return NISV_REGISTER;
	}
	if (a->writes)
		nisv_notice_store(a);
	ret = i->rs == NISV_NONE ? whole_register(a) : vectors(a);
	if (ret || a->writes)
		return ret;
	if (i->lanes > 1)
		repeat(a);
	for (c->nz = 0; c->nz < i->nregs; c->nz++) {
		c->z_words[c->nz] = (a->vl + 7) / 8;
		c->z_reg[c->nz] = from + (i->rt + c->nz) % 32;
	}
	if (a->ffr_from < a->elements)
		first_fault(a);
	return NISV_DONE;
}

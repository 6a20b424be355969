// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Decode A32 and T32 loads and stores: Arm ARM (DDI 0487), F3 "T32 Instruction Set
 * Encoding" and F4 "A32 Instruction Set Encoding"; F5 and F6 say what is UNPREDICTABLE
 */
#include "internal.h"

#define PC	15

static unsigned int rn(uint32_t w) { return bits(w, 19, 16); }

/* In the midst of loads and stores, but none */
static int other(struct nisv_insn *i, uint32_t w)
{
	(void)i;
	(void)w;
	return NISV_OTHER;
}

static int prefetch(struct nisv_insn *i, uint32_t w)
{
	(void)w;
	i->op = NISV_PREFETCH;
	return NISV_NO_ACCESS;
}

/* P, W: how the offset is used. P clear is post-indexed, and P clear and W set LDRT */
static void index_by(struct nisv_insn *i, unsigned int P, unsigned int W)
{
	i->mode = !P ? NISV_POST_INDEX : W ? NISV_PRE_INDEX : NISV_OFFSET;
	if (!P || W)
		i->flags |= NISV_WRITEBACK;
	if (i->rn == PC && i->mode == NISV_OFFSET && i->rm == NISV_NONE)
		i->mode = NISV_PC_RELATIVE;
}

/* A shift by an immediate: Arm ARM, DecodeImmShift() */
static void shifted(struct nisv_insn *i, unsigned int type, unsigned int imm5)
{
	static const uint8_t types[] = { NISV_LSL, NISV_LSR, NISV_ASR, NISV_ROR };

	i->extend = types[type];
	i->shift = imm5;
	if (type && !imm5) {
		i->extend = type == 3 ? NISV_RRX : types[type];
		i->shift = type == 3 ? 1 : 32;
	}
}

/* What holds for all that access one general-purpose register, or two */
static int constrained(const struct nisv_insn *i)
{
	const bool wback = i->flags & NISV_WRITEBACK;

	if (wback && (i->rn == PC || i->rn == i->rt || i->rn == i->rt2))
		return NISV_UNPREDICTABLE;
	if (i->rm == PC)
		return NISV_UNPREDICTABLE;
	if (i->rt == PC && (i->size != 2 || i->rt2 != NISV_NONE || i->flags & NISV_UNPRIV))
		return NISV_UNPREDICTABLE;
	if (i->rt2 == PC)
		return NISV_UNPREDICTABLE;
	return NISV_DONE;
}

/* cond 01 I P U B W L Rn Rt: imm12, or imm5 type 0 Rm */
static int a32_word_byte(struct nisv_insn *i, uint32_t w)
{
	const unsigned int I = bit(w, 25), P = bit(w, 24), U = bit(w, 23), B = bit(w, 22);
	const unsigned int W = bit(w, 21), L = bit(w, 20);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = B ? 0 : 2;
	i->rt = bits(w, 15, 12);
	if (I) {
		i->rm = bits(w, 3, 0);
		shifted(i, bits(w, 6, 5), bits(w, 11, 7));
		i->flags |= U ? 0 : NISV_SUBTRACT;
	} else {
		i->imm = U ? (int32_t)bits(w, 11, 0) : -(int32_t)bits(w, 11, 0);
	}
	if (!P && W)
		i->flags |= NISV_UNPRIV;
	index_by(i, P, W);
	return constrained(i);
}

/* cond 000 P U I W L Rn Rt imm4H 1 op2 1 imm4L, or with I clear Rm in imm4L */
static int a32_extra(struct nisv_insn *i, uint32_t w)
{
	const unsigned int P = bit(w, 24), U = bit(w, 23), I = bit(w, 22), W = bit(w, 21);
	const unsigned int L = bit(w, 20), op2 = bits(w, 6, 5);
	const bool dual = !L && op2 >= 2;
	const uint32_t imm = bits(w, 11, 8) << 4 | bits(w, 3, 0);

	i->op = dual ? (op2 == 2 ? NISV_LOAD : NISV_STORE) : L ? NISV_LOAD : NISV_STORE;
	i->size = dual ? 2 : op2 == 2 ? 0 : 1;
	i->rt = bits(w, 15, 12);
	if (dual)
		i->rt2 = i->rt + 1;
	if (L && op2 >= 2)
		i->flags |= NISV_SIGNED;
	if (I) {
		i->imm = U ? (int32_t)imm : -(int32_t)imm;
	} else {
		i->rm = bits(w, 3, 0);
		i->flags |= U ? 0 : NISV_SUBTRACT;
	}
	if (!P && W && !dual)
		i->flags |= NISV_UNPRIV;
	index_by(i, P, W);

	if (!I && bits(w, 11, 8))
		return NISV_UNPREDICTABLE;
	if (dual && (i->rt & 1 || (!P && W)))
		return NISV_UNPREDICTABLE;
	if (dual && i->op == NISV_LOAD && (i->rm == i->rt || i->rm == i->rt2))
		return NISV_UNPREDICTABLE;
	return constrained(i);
}

/* Rs is the status. Rt2 follows Rt in A32, and is any register in T32 */
static int sync_constrained(const struct nisv_insn *i)
{
	if (i->rt == PC || i->rt2 == PC || i->rn == PC || i->rs == PC)
		return NISV_UNPREDICTABLE;
	if (i->op == NISV_LOAD)
		return i->rt == i->rt2 ? NISV_UNPREDICTABLE : NISV_DONE;
	if (i->rs != NISV_NONE && (i->rs == i->rn || i->rs == i->rt || i->rs == i->rt2))
		return NISV_UNPREDICTABLE;
	return NISV_DONE;
}

/* Bits: exclusive, ordered. Which of the flags that means depends on the direction */
static void sync_flags(struct nisv_insn *i, bool exclusive, bool ordered)
{
	if (exclusive)
		i->flags |= NISV_EXCLUSIVE_ACCESS;
	if (ordered)
		i->flags |= i->op == NISV_LOAD ? NISV_ACQUIRE : NISV_RELEASE;
}

/* cond 00010 B 00 Rn Rt 00001001 Rt2: SWP, SWPB, until Armv7 */
static int swap(struct nisv_insn *i, uint32_t w)
{
	i->op = NISV_SWP;
	i->size = bit(w, 22) ? 0 : 2;
	i->rt = bits(w, 15, 12);
	i->rs = bits(w, 3, 0);
	if (i->rt == PC || i->rs == PC || i->rn == PC || i->rn == i->rt || i->rn == i->rs || bits(w, 11, 8))
		return NISV_UNPREDICTABLE;
	return NISV_DONE;
}

/* cond 0001 1 type L Rn Rd/Rt 11 ex ord 1001 Rt, ex and ord inverted */
static int a32_sync(struct nisv_insn *i, uint32_t w)
{
	static const uint8_t sizes[] = { 2, 2, 0, 1 };
	const unsigned int type = bits(w, 22, 21), L = bit(w, 20);
	const bool exclusive = bit(w, 9), ordered = !bit(w, 8);

	if (!exclusive && (!ordered || type == 1))
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = sizes[type];
	i->rt = L ? bits(w, 15, 12) : bits(w, 3, 0);
	if (type == 1)
		i->rt2 = i->rt + 1;
	if (!L && exclusive)
		i->rs = bits(w, 15, 12);
	sync_flags(i, exclusive, ordered);

	if (bits(w, 11, 10) != 3 || (L && bits(w, 3, 0) != 15) ||
	    (!L && !exclusive && bits(w, 15, 12) != 15))
		return NISV_UNPREDICTABLE;
	if (type == 1 && i->rt & 1)
		return NISV_UNPREDICTABLE;
	return sync_constrained(i);
}

/* The lowest register is at which offset from Rn, and what writeback adds */
static void list_at(struct nisv_insn *i, unsigned int P, unsigned int U, unsigned int n)
{
	const int32_t bytes = n * 4;

	i->flags |= NISV_LIST;
	i->imm = U ? (P ? 4 : 0) : (P ? -bytes : 4 - bytes);
	i->step = U ? bytes : -bytes;
}

/* cond 100 P U S W L Rn list */
static int a32_multiple(struct nisv_insn *i, uint32_t w)
{
	const unsigned int P = bit(w, 24), U = bit(w, 23), S = bit(w, 22), W = bit(w, 21), L = bit(w, 20);
	const uint32_t list = bits(w, 15, 0);

	i->op = L ? NISV_LOAD : NISV_STORE;
	if (S && L && list >> PC)	/* also loads CPSR */
		return named(i, NISV_A32_SYSTEM);
	i->list = list;
	i->size = 2;
	list_at(i, P, U, __builtin_popcount(list));
	i->flags |= (S ? NISV_USER_REGS : 0) | (W ? NISV_WRITEBACK : 0);

	if (!list || i->rn == PC || (S && W))
		return NISV_UNPREDICTABLE;
	/* A base that is also loaded; of one that is stored, what is stored may be UNKNOWN */
	return W && L && list >> i->rn & 1 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* cond 1101 U D 0 L Rn Vd 10 size imm8 */
static int vfp(struct nisv_insn *i, uint32_t w)
{
	const unsigned int U = bit(w, 23), D = bit(w, 22), L = bit(w, 20), Vd = bits(w, 15, 12);
	const unsigned int size = bits(w, 9, 8);
	const int32_t imm = bits(w, 7, 0) << (size == 1 ? 1 : 2);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size;
	i->rt = size == 3 ? D << 4 | Vd : Vd << 1 | D;
	i->imm = U ? imm : -imm;
	i->flags |= NISV_SIMD;
	i->mode = rn(w) == PC ? NISV_PC_RELATIVE : NISV_OFFSET;
	/* T32 may not store relative to PC, nor is a half-precision one conditional */
	if (!L && rn(w) == PC && i->isa == NISV_T32)
		return NISV_UNPREDICTABLE;
	return size == 1 && i->cond != 14 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* cond 110 P U D W L Rn Vd 101 size imm8, size 1 for D registers */
static int vfp_multiple(struct nisv_insn *i, uint32_t w)
{
	const unsigned int P = bit(w, 24), U = bit(w, 23), D = bit(w, 22), W = bit(w, 21), L = bit(w, 20);
	const unsigned int Vd = bits(w, 15, 12), size = bit(w, 8), imm8 = bits(w, 7, 0);

	if (P == U && W)
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = 2 + size;
	i->rt = size ? D << 4 | Vd : Vd << 1 | D;
	i->nregs = size ? imm8 / 2 : imm8;
	list_at(i, P, U, imm8);
	i->flags |= NISV_SIMD | (W ? NISV_WRITEBACK : 0) | (size && imm8 & 1 ? NISV_FLDMX : 0);

	if (!i->nregs || (size && i->nregs > 16) || i->rt + i->nregs > 32)
		return NISV_UNPREDICTABLE;
	if (i->flags & NISV_FLDMX && i->rt + i->nregs > 16)
		return NISV_UNPREDICTABLE;
	if (i->rn == PC && (W || i->isa == NISV_T32))
		return NISV_UNPREDICTABLE;
	return NISV_DONE;
}

/* cond 1110 000 0 0111 Rt 1111 001 1 CRm: what goes by address, of p15 and c7 */
static int cache(struct nisv_insn *i, uint32_t w)
{
	const unsigned int CRm = bits(w, 3, 0);

	/* ICIMVAU, DCIMVAC, DCCMVAC, DCCMVAU, DCCIMVAC */
	if (CRm != 5 && CRm != 6 && CRm != 10 && CRm != 11 && CRm != 14)
		return NISV_OTHER;
	i->op = NISV_MAINTAIN;
	i->rn = NISV_NONE;
	i->rt = bits(w, 15, 12);
	return i->rt == PC ? NISV_UNPREDICTABLE : NISV_NO_ACCESS;
}

/* After a structure: Rn plus Rm, or plus what was accessed */
static void structure_post(struct nisv_insn *i, uint32_t w, unsigned int bytes)
{
	const unsigned int Rm = bits(w, 3, 0);

	if (Rm == PC)
		return;
	i->mode = NISV_POST_INDEX;
	i->flags |= NISV_WRITEBACK;
	if (Rm == 13)
		i->imm = bytes;
	else
		i->rm = Rm;
}

/* What holds for all structures: the last register is there, and the base is none */
static int structure_constrained(const struct nisv_insn *i)
{
	const unsigned int last = i->rt + (i->selem - 1) * i->stride + i->nregs / i->selem - 1;

	return i->rn == PC || last > 31 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* 0 D L 0 Rn Vd type size align Rm */
static int simd_multiple(struct nisv_insn *i, uint32_t w)
{
	/* Registers, structure members, from one of these to the next, what align may be */
	static const struct { uint8_t nregs, selem, stride, align; } types[16] = {
		[0x0] = { 4, 4, 1, 3 }, [0x1] = { 4, 4, 2, 3 }, [0x2] = { 4, 1, 1, 3 }, [0x3] = { 4, 2, 2, 3 },
		[0x4] = { 3, 3, 1, 1 }, [0x5] = { 3, 3, 2, 1 }, [0x6] = { 3, 1, 1, 1 }, [0x7] = { 1, 1, 1, 1 },
		[0x8] = { 2, 2, 1, 2 }, [0x9] = { 2, 2, 2, 2 }, [0xa] = { 2, 1, 1, 2 },
	};
	const unsigned int D = bit(w, 22), L = bit(w, 21), type = bits(w, 11, 8), align = bits(w, 5, 4);

	i->size = bits(w, 7, 6);
	if (!types[type].nregs || align > types[type].align || (i->size == 3 && types[type].selem > 1))
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->rt = D << 4 | bits(w, 15, 12);
	i->nregs = types[type].nregs;
	i->selem = types[type].selem;
	i->stride = types[type].stride;
	i->lanes = 8 >> i->size;
	i->align = align ? 2 + align : 0;
	i->flags = NISV_SIMD | NISV_STRUCTURE;
	structure_post(i, w, i->nregs * 8);
	return structure_constrained(i);
}

/* 1 D 1 0 Rn Vd 11 N size T a Rm: one element, or one of each member, to all lanes */
static int simd_all_lanes(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 7, 6), T = bit(w, 5), a = bit(w, 4);
	const bool aligned_16 = i->selem == 4 && size == 3 && a;

	if ((size == 3 && !aligned_16) || (a && (i->selem == 3 || (i->selem == 1 && !size))))
		return NISV_UNALLOCATED;
	i->size = aligned_16 ? 2 : size;
	i->lanes = 8 >> i->size;
	i->flags |= NISV_REPLICATE;
	if (i->selem == 1)
		i->nregs = 1 + T;
	else
		i->stride = 1 + T;
	/* To all that is accessed; but of four words that is 8 bytes */
	if (aligned_16)
		i->align = 4;
	else if (a)
		i->align = i->selem == 4 && size == 2 ? 3 : size + i->selem / 2;
	structure_post(i, w, i->selem << i->size);
	return structure_constrained(i);
}

/* 1 D L 0 Rn Vd size N index_align Rm: one lane */
static int simd_single(struct nisv_insn *i, uint32_t w)
{
	const unsigned int D = bit(w, 22), L = bit(w, 21), size = bits(w, 11, 10), below = bits(w, 7, 4);
	unsigned int align;

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->rt = D << 4 | bits(w, 15, 12);
	i->selem = bits(w, 9, 8) + 1;
	i->nregs = i->selem;
	i->stride = 1;
	i->flags = NISV_SIMD | NISV_STRUCTURE;
	if (size == 3)
		return L ? simd_all_lanes(i, w) : NISV_UNALLOCATED;

	/* From the top: the lane, whether registers are spaced, and how it is aligned */
	i->size = size;
	i->lane = below >> (size + 1);
	align = below & ((1u << (size + 1)) - 1);
	if (size && i->selem > 1) {
		i->stride = 1 + (align >> size);
		align &= (1u << size) - 1;
	}
	switch (i->selem) {
	case 1:
		if (align && align != (1u << size) - 1)
			return NISV_UNALLOCATED;
		i->align = align ? size : 0;
		break;
	case 2:
		if (align > 1)
			return NISV_UNALLOCATED;
		i->align = align ? size + 1 : 0;
		break;
	case 3:
		if (align)
			return NISV_UNALLOCATED;
		break;
	case 4:
		if (align > (size ? size : 1))
			return NISV_UNALLOCATED;
		i->align = !align ? 0 : size == 2 ? 2 + align : size + 2;
		break;
	}
	structure_post(i, w, i->selem << i->size);
	return structure_constrained(i);
}

/* By the fields that all have; what they leave open, the functions refuse */
static const struct row a32_extras[] = {
	ROW(0x0fb000f0, 0x01000090, A32_SYNC, swap),
	ROW(0x0f8000f0, 0x01800090, A32_SYNC, a32_sync),
	ROW(0x0e0000f0, 0x000000b0, A32_EXTRA, a32_extra),
	ROW(0x0e0000d0, 0x000000d0, A32_EXTRA, a32_extra),
};

static const struct row a32_immediates[] = {
	ROW(0x0e000000, 0x04000000, A32_WORD_BYTE, a32_word_byte),
};

static const struct row a32_registers[] = {
	ROW(0x0e000010, 0x06000000, A32_WORD_BYTE, a32_word_byte),
};

static const struct row a32_multiples[] = {
	ROW(0x0e000000, 0x08000000, A32_MULTIPLE, a32_multiple),
};

static const struct row a32_vfps[] = {
	ROW(0x0f200f00, 0x0d000900, A32_VFP, vfp),
	ROW(0x0f200e00, 0x0d000a00, A32_VFP, vfp),
	ROW(0x0fa00000, 0x0c000000, NO_FAMILY, other),	/* moves of two registers */
	ROW(0x0e000e00, 0x0c000a00, A32_VFP_MULTIPLE, vfp_multiple),
	ROW(0x0e000000, 0x0c000000, A32_SYSTEM, nisv_named),	/* LDC, STC */
};

static const struct row a32_systems[] = {
	ROW(0x0fff0ff0, 0x0e070f30, CACHE, cache),
};

/* By bits 27 to 25 */
static const struct rows a32[8] = {
	[0] = ROWS(a32_extras), [2] = ROWS(a32_immediates), [3] = ROWS(a32_registers),
	[4] = ROWS(a32_multiples), [6] = ROWS(a32_vfps), [7] = ROWS(a32_systems),
};

/* With cond 1111 */
static const struct row a32_unconditionals[] = {
	ROW(0xff900000, 0xf4000000, A32_SIMD, simd_multiple),
	ROW(0xff900000, 0xf4800000, A32_SIMD, simd_single),
	ROW(0xfd70f000, 0xf450f000, A32_PREFETCH, prefetch),	/* PLI */
	ROW(0xfd30f000, 0xf510f000, A32_PREFETCH, prefetch),	/* PLD, PLDW */
	ROW(0xfe500000, 0xf8100000, A32_SYSTEM, nisv_named),	/* RFE */
	ROW(0xfe500000, 0xf8400000, A32_SYSTEM, nisv_named),	/* SRS */
	ROW(0xffa00000, 0xfc000000, NO_FAMILY, other),	/* MCRR2, MRRC2 */
	ROW(0xfe000000, 0xfc000000, A32_SYSTEM, nisv_named),	/* LDC2, STC2 */
};
static const struct rows a32_unconditional = ROWS(a32_unconditionals);

/* Copied as a whole, which is quicker than field by field */
#define BLANK(i, l)	{ .isa = i, .length = l, .width = 32, .cond = 14, NO_REGISTERS }
static const struct nisv_insn blank_a32 = BLANK(NISV_A32, 4);
static const struct nisv_insn blank_t32 = BLANK(NISV_T32, 4), blank_t16 = BLANK(NISV_T32, 2);

static inline __attribute__((always_inline))
int decode(struct nisv_insn *i, uint32_t w, const struct rows *rows, const struct nisv_insn *blank)
{
	const struct row *row = find_row(rows, w);

	*i = *blank;
	i->word = w;
	if (!row)
		return nisv_decoded(i, NISV_OTHER);
	i->family = row->family;
	i->rn = rn(w);
	if (blank == &blank_a32)
		i->cond = w >> 28;
	return nisv_decoded(i, row->decode(i, w));
}

int nisv_decode_a32(struct nisv_insn *i, uint32_t w)
{
	return decode(i, w, w >> 28 == 15 ? &a32_unconditional : &a32[bits(w, 27, 25)], &blank_a32);
}

/* T32, 16 bits: the instruction is in the lower half */

/* 0101 opB Rm Rn Rt */
static int t16_register(struct nisv_insn *i, uint32_t w)
{
	static const struct { uint8_t op, size, is_signed; } opBs[8] = {
		{ NISV_STORE, 2, 0 }, { NISV_STORE, 1, 0 }, { NISV_STORE, 0, 0 }, { NISV_LOAD, 0, 1 },
		{ NISV_LOAD, 2, 0 }, { NISV_LOAD, 1, 0 }, { NISV_LOAD, 0, 0 }, { NISV_LOAD, 1, 1 },
	};
	const unsigned int opB = bits(w, 11, 9);

	i->op = opBs[opB].op;
	i->size = opBs[opB].size;
	i->flags = opBs[opB].is_signed ? NISV_SIGNED : 0;
	i->rm = bits(w, 8, 6);
	i->rn = bits(w, 5, 3);
	i->rt = bits(w, 2, 0);
	return NISV_DONE;
}

/* 011 B L imm5 Rn Rt, and 1000 L imm5 Rn Rt for halfwords */
static int t16_immediate(struct nisv_insn *i, uint32_t w)
{
	i->op = bit(w, 11) ? NISV_LOAD : NISV_STORE;
	i->size = bit(w, 15) ? 1 : bit(w, 12) ? 0 : 2;
	i->imm = bits(w, 10, 6) << i->size;
	i->rn = bits(w, 5, 3);
	i->rt = bits(w, 2, 0);
	return NISV_DONE;
}

/* 01001 Rt imm8: relative to PC; 1001 L Rt imm8: to SP */
static int t16_imm8(struct nisv_insn *i, uint32_t w)
{
	const bool literal = !bit(w, 15);

	i->op = literal || bit(w, 11) ? NISV_LOAD : NISV_STORE;
	i->size = 2;
	i->imm = bits(w, 7, 0) * 4;
	i->rn = literal ? PC : 13;
	i->rt = bits(w, 10, 8);
	i->mode = literal ? NISV_PC_RELATIVE : NISV_OFFSET;
	return NISV_DONE;
}

/* 1100 L Rn list, and 1011 L 10 M list for PUSH and POP */
static int t16_multiple(struct nisv_insn *i, uint32_t w)
{
	const bool stack = bit(w, 13), L = bit(w, 11);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->list = bits(w, 7, 0);
	if (stack)
		i->list |= bit(w, 8) << (L ? 15 : 14);
	i->rn = stack ? 13 : bits(w, 10, 8);
	i->size = 2;
	list_at(i, stack && !L, L || !stack, __builtin_popcount(i->list));
	/* A base that is loaded is not written back */
	if (stack || !L || !(i->list >> i->rn & 1))
		i->flags |= NISV_WRITEBACK;
	return i->list ? NISV_DONE : NISV_UNPREDICTABLE;
}

/* 32 bits: the first halfword is in the upper half */

/* 1110100 op 0 W L Rn P M list */
static int t32_multiple(struct nisv_insn *i, uint32_t w)
{
	const unsigned int op = bits(w, 24, 23), W = bit(w, 21), L = bit(w, 20);

	if (op == 0 || op == 3)		/* RFE, SRS */
		return named(i, NISV_A32_SYSTEM);
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->list = bits(w, 15, 0);
	i->size = 2;
	list_at(i, op == 2, op == 1, __builtin_popcount(i->list));
	i->flags |= W ? NISV_WRITEBACK : 0;

	if (i->rn == PC || __builtin_popcount(i->list) < 2 || bit(w, 13))
		return NISV_UNPREDICTABLE;
	if (L ? bits(w, 15, 14) == 3 : bit(w, 15))
		return NISV_UNPREDICTABLE;
	return W && i->list >> i->rn & 1 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* 1110100 P U 1 W L Rn Rt Rt2 imm8, P or W set */
static int t32_dual(struct nisv_insn *i, uint32_t w)
{
	const unsigned int P = bit(w, 24), U = bit(w, 23), W = bit(w, 21), L = bit(w, 20);
	const int32_t imm = bits(w, 7, 0) * 4;

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = 2;
	i->rt = bits(w, 15, 12);
	i->rt2 = bits(w, 11, 8);
	i->imm = U ? imm : -imm;
	index_by(i, P, W);

	if (i->rt == 13 || i->rt == PC || i->rt2 == 13 || (L && i->rt == i->rt2))
		return NISV_UNPREDICTABLE;
	if (i->rn == PC && (!L || W))
		return NISV_UNPREDICTABLE;
	return constrained(i);
}

/* 11101000010 L Rn Rt Rd imm8 */
static int t32_exclusive(struct nisv_insn *i, uint32_t w)
{
	const unsigned int L = bit(w, 20), Rd = bits(w, 11, 8);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = 2;
	i->rt = bits(w, 15, 12);
	i->imm = bits(w, 7, 0) * 4;
	i->flags = NISV_EXCLUSIVE_ACCESS;
	if (!L)
		i->rs = Rd;
	if (i->rt == 13 || i->rs == 13 || (L && Rd != 15))
		return NISV_UNPREDICTABLE;
	return sync_constrained(i);
}

/* 111010001101 Rn 11110000000 H Rm: TBB, TBH */
static int table_branch(struct nisv_insn *i, uint32_t w)
{
	i->family = NISV_A32_TABLE_BRANCH;
	i->op = NISV_LOAD;
	i->size = bit(w, 4);
	i->rt = PC;
	i->rm = bits(w, 3, 0);
	i->shift = i->size;
	return i->rm == PC || bits(w, 15, 8) != 0xf0 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* 11101000110 L Rn Rt Rt2 op3 size Rd: op3 says whether it is exclusive, and ordered */
static int t32_sync(struct nisv_insn *i, uint32_t w)
{
	const unsigned int L = bit(w, 20), op3 = bits(w, 7, 6), size = bits(w, 5, 4);
	const bool exclusive = op3 & 1, ordered = op3 & 2;

	if (!op3)
		return L && size < 2 ? table_branch(i, w) : NISV_UNALLOCATED;
	if ((!exclusive && size == 3) || (op3 == 1 && size == 2))
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size == 3 ? 2 : size;
	i->rt = bits(w, 15, 12);
	if (size == 3)
		i->rt2 = bits(w, 11, 8);
	if (!L && exclusive)
		i->rs = bits(w, 3, 0);
	sync_flags(i, exclusive, ordered);

	if ((size != 3 && bits(w, 11, 8) != 15) || ((L || !exclusive) && bits(w, 3, 0) != 15))
		return NISV_UNPREDICTABLE;
	if (i->rt == 13 || i->rt2 == 13 || i->rs == 13)
		return NISV_UNPREDICTABLE;
	return sync_constrained(i);
}

/*
 * 1111100 S U size L Rn Rt, then imm12 if U is set or Rn is PC; 000000 imm2 Rm; or
 * 1 P U W imm8
 */
static int t32_single(struct nisv_insn *i, uint32_t w)
{
	const unsigned int S = bit(w, 24), size = bits(w, 22, 21), L = bit(w, 20);
	const unsigned int P = bit(w, 10), U = bit(w, 9), W = bit(w, 8);
	const bool literal = i->rn == PC, imm12 = literal || bit(w, 23), imm8 = !imm12 && bit(w, 11);

	if (size == 3 || (S && (!L || size == 2)) || (literal && !L))
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size;
	i->rt = bits(w, 15, 12);
	i->flags = S ? NISV_SIGNED : 0;
	if (imm12) {
		i->imm = bits(w, 11, 0);
		if (literal && !bit(w, 23))
			i->imm = -i->imm;
		i->mode = literal ? NISV_PC_RELATIVE : NISV_OFFSET;
	} else if (imm8) {
		if (!P && !W)
			return NISV_UNALLOCATED;
		i->imm = bits(w, 7, 0);
		if (!U)
			i->imm = -i->imm;
		if (P && U && !W)
			i->flags |= NISV_UNPRIV;
		index_by(i, P, W);
	} else {
		if (bits(w, 10, 6))
			return NISV_UNALLOCATED;
		i->rm = bits(w, 3, 0);
		i->shift = bits(w, 5, 4);
		if (i->rm == 13)
			return NISV_UNPREDICTABLE;
	}

	/* In place of a narrow load into PC there is a hint; not with writeback, or as LDRT */
	if (L && i->rt == PC && size < 2 && !(i->flags & (NISV_WRITEBACK | NISV_UNPRIV)) &&
	    (!imm8 || !U)) {
		i->family = NISV_A32_PREFETCH;
		return prefetch(i, w);
	}
	if (i->rt == 13 && (size < 2 || i->flags & NISV_UNPRIV))
		return NISV_UNPREDICTABLE;
	if (!L && i->rt == PC)
		return NISV_UNPREDICTABLE;
	return constrained(i);
}

static const struct row t16s[] = {
	ROW(0xf800, 0x4800, T32_SINGLE, t16_imm8),
	ROW(0xf000, 0x5000, T32_SINGLE, t16_register),
	ROW(0xe000, 0x6000, T32_SINGLE, t16_immediate),
	ROW(0xf000, 0x8000, T32_SINGLE, t16_immediate),
	ROW(0xf000, 0x9000, T32_SINGLE, t16_imm8),
	ROW(0xf600, 0xb400, A32_MULTIPLE, t16_multiple),
	ROW(0xf000, 0xc000, A32_MULTIPLE, t16_multiple),
};
static const struct rows t16 = ROWS(t16s);

static const struct row t32_multiples[] = {
	ROW(0xfe400000, 0xe8000000, A32_MULTIPLE, t32_multiple),
	ROW(0xffe00000, 0xe8400000, A32_SYNC, t32_exclusive),
	ROW(0xffe00000, 0xe8c00000, A32_SYNC, t32_sync),
	ROW(0xfe400000, 0xe8400000, A32_EXTRA, t32_dual),
};

static const struct row t32_singles[] = {
	ROW(0xff900000, 0xf9000000, A32_SIMD, simd_multiple),
	ROW(0xff900000, 0xf9800000, A32_SIMD, simd_single),
	ROW(0xfe000000, 0xf8000000, T32_SINGLE, t32_single),
};

static const struct row t32_vfps[] = {
	ROW(0xff200f00, 0xed000900, A32_VFP, vfp),
	ROW(0xff200e00, 0xed000a00, A32_VFP, vfp),
	ROW(0xefa00000, 0xec000000, NO_FAMILY, other),	/* moves of two registers */
	ROW(0xfe000e00, 0xec000a00, A32_VFP_MULTIPLE, vfp_multiple),
	ROW(0xee000000, 0xec000000, A32_SYSTEM, nisv_named),	/* LDC, STC, LDC2, STC2 */
};

static const struct row t32_systems[] = {
	ROW(0xffff0ff0, 0xee070f30, CACHE, cache),
};

/* By bits 28 to 25 */
static const struct rows t32[16] = {
	[4] = ROWS(t32_multiples), [6] = ROWS(t32_vfps), [7] = ROWS(t32_systems),
	[12] = ROWS(t32_singles), [14] = ROWS(t32_vfps),
};

int nisv_decode_t32(struct nisv_insn *i, uint32_t w)
{
	if (w >> 16)
		return decode(i, w, &t32[bits(w, 28, 25)], &blank_t32);
	return decode(i, w, &t16, &blank_t16);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Decode A64 loads and stores: Arm ARM (DDI 0487), C4.1 "A64 instruction set
 * encoding", "Loads and Stores". One row per encoding, in the manual's order of those
 * that have bits 29 to 24 in common; what a row's function reads has the names that the
 * fields have there. The rows are the only table that is kept by hand: an index of them,
 * by bits 31 to 21, is made when the library is loaded.
 */
#include "internal.h"

/* Fields that most encodings have */
static inline unsigned int rt(uint32_t w)  { return bits(w, 4, 0); }
static inline unsigned int rn(uint32_t w)  { return bits(w, 9, 5); }
static inline unsigned int rt2(uint32_t w) { return bits(w, 14, 10); }
static inline unsigned int rs(uint32_t w)  { return bits(w, 20, 16); }
static inline unsigned int rm(uint32_t w)  { return bits(w, 20, 16); }

#define SBO	31	/* a register field that is not used "should be one" */

static unsigned int gpr_width(unsigned int size)
{
	return size == 3 ? 64 : 32;
}

/* The flags of what may be ordered in both directions */
static uint32_t order(unsigned int acquire, unsigned int release)
{
	return (acquire ? NISV_ACQUIRE : 0) | (release ? NISV_RELEASE : 0);
}

/* Writeback to a register that is also loaded or stored. STGP has it stored first */
static inline int writeback(const struct nisv_insn *i)
{
	if ((i->flags & (NISV_WRITEBACK | NISV_SIMD)) != NISV_WRITEBACK)
		return NISV_DONE;
	if ((i->rt != i->rn && i->rt2 != i->rn) || i->rn == 31 || i->family == NISV_TAGS)
		return NISV_DONE;
	return NISV_UNPREDICTABLE;
}

/* 0 sz 0010000 L 1 Rs o0 11111 Rn Rt */
static int casp(struct nisv_insn *i, uint32_t w)
{
	const unsigned int sz = bit(w, 30), L = bit(w, 22), o0 = bit(w, 15);

	i->op = NISV_CAS;
	i->size = 2 + sz;
	i->width = gpr_width(i->size);
	i->rs = rs(w);
	i->rt = rt(w);
	i->rt2 = i->rt + 1;
	i->flags = order(L, o0);
	return (i->rs | i->rt) & 1 ? NISV_UNALLOCATED : NISV_DONE;
}

/* size 001000 0 L o1 Rs o0 Rt2 Rn Rt: o1 is 1 for the pairs */
static int exclusive(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 31, 30), L = bit(w, 22), o0 = bit(w, 15);
	const bool pair = i->family == NISV_EXCLUSIVE_PAIR;

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size;
	i->width = gpr_width(size);
	i->rt = rt(w);
	if (pair)
		i->rt2 = rt2(w);
	if (!L)
		i->rs = rs(w);
	i->flags = NISV_EXCLUSIVE_ACCESS;
	if (o0)
		i->flags |= L ? NISV_ACQUIRE : NISV_RELEASE;

	if (!pair && rt2(w) != SBO)
		return NISV_UNPREDICTABLE;
	if (L && rs(w) != SBO)
		return NISV_UNPREDICTABLE;
	if (L && pair && i->rt == i->rt2)
		return NISV_UNPREDICTABLE;
	if (!L && (i->rs == i->rt || (pair && i->rs == i->rt2) || (i->rs == i->rn && i->rn != 31)))
		return NISV_UNPREDICTABLE;
	return NISV_DONE;
}

/* size 001000 1 L 0 Rs o0 Rt2 Rn Rt */
static int ordered(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 31, 30), L = bit(w, 22), o0 = bit(w, 15);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size;
	i->width = gpr_width(size);
	i->rt = rt(w);
	i->flags = (L ? NISV_ACQUIRE : NISV_RELEASE) | (o0 ? 0 : NISV_LIMITED);
	return rs(w) == SBO && rt2(w) == SBO ? NISV_DONE : NISV_UNPREDICTABLE;
}

/* size 001000 1 L 1 Rs o0 11111 Rn Rt */
static int compare_swap(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 31, 30), L = bit(w, 22), o0 = bit(w, 15);

	i->op = NISV_CAS;
	i->size = size;
	i->width = gpr_width(size);
	i->rs = rs(w);
	i->rt = rt(w);
	i->flags = order(L, o0);
	return NISV_DONE;
}

/* After a structure: Rn plus Rm, or plus what was accessed */
static void structure_post(struct nisv_insn *i, uint32_t w, unsigned int bytes)
{
	if (i->mode != NISV_POST_INDEX)
		return;
	i->flags |= NISV_WRITEBACK;
	if (rm(w) == 31)
		i->imm = bytes;
	else
		i->rm = rm(w);
}

/* 0 Q 001100 post L 0 Rm opcode size Rn Rt */
static int simd_multiple(struct nisv_insn *i, uint32_t w)
{
	static const struct { uint8_t rpt, selem; } opcodes[16] = {
		[0x0] = { 1, 4 }, [0x2] = { 4, 1 }, [0x4] = { 1, 3 }, [0x6] = { 3, 1 },
		[0x7] = { 1, 1 }, [0x8] = { 1, 2 }, [0xa] = { 2, 1 },
	};
	const unsigned int Q = bit(w, 30), L = bit(w, 22);
	const unsigned int opcode = bits(w, 15, 12), size = bits(w, 11, 10);

	if (!opcodes[opcode].rpt)
		return NISV_UNALLOCATED;
	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = size;
	i->width = 64 << Q;
	i->rt = rt(w);
	i->selem = opcodes[opcode].selem;
	i->nregs = opcodes[opcode].rpt * i->selem;
	i->lanes = (8 << Q) >> size;
	i->stride = 1;
	i->flags = NISV_SIMD | NISV_STRUCTURE;
	structure_post(i, w, i->nregs << (3 + Q));
	return size == 3 && !Q && i->selem != 1 ? NISV_UNALLOCATED : NISV_DONE;
}

/* 0 Q 001101 post L R Rm opcode S size Rn Rt */
static int simd_single(struct nisv_insn *i, uint32_t w)
{
	const unsigned int Q = bit(w, 30), L = bit(w, 22), R = bit(w, 21);
	const unsigned int opcode = bits(w, 15, 13), S = bit(w, 12), size = bits(w, 11, 10);
	unsigned int scale = opcode >> 1;

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->rt = rt(w);
	i->selem = ((opcode & 1) << 1 | R) + 1;
	i->nregs = i->selem;
	i->stride = 1;
	i->width = 128;
	i->flags = NISV_SIMD | NISV_STRUCTURE;

	switch (scale) {
	case 0:
		i->lane = Q << 3 | S << 2 | size;
		break;
	case 1:
		if (size & 1)
			return NISV_UNALLOCATED;
		i->lane = Q << 2 | S << 1 | size >> 1;
		break;
	case 2:
		if (size & 2 || (size & 1 && S))
			return NISV_UNALLOCATED;
		i->lane = Q << 1 | S;
		if (size & 1) {
			i->lane = Q;
			scale = 3;
		}
		break;
	case 3:
		if (!L || S)
			return NISV_UNALLOCATED;
		scale = size;
		i->lanes = (8 << Q) >> scale;
		i->width = 64 << Q;
		i->flags |= NISV_REPLICATE;
		break;
	}
	i->size = scale;
	structure_post(i, w, i->selem << scale);
	return NISV_DONE;
}

/* All but prefetches */
static int accesses(const struct nisv_insn *i)
{
	return i->op == NISV_PREFETCH ? NISV_NO_ACCESS : NISV_DONE;
}

/* opc 011 V 00 imm19 Rt */
static int literal_form(struct nisv_insn *i, uint32_t w)
{
	const unsigned int opc = bits(w, 31, 30), V = bit(w, 26);

	if (V) {
		i->size = 2 + opc;
		i->width = 128;
		i->flags = NISV_SIMD;
		return opc == 3 ? NISV_UNALLOCATED : NISV_DONE;
	}
	if (opc == 3) {
		i->op = NISV_PREFETCH;
		return NISV_DONE;
	}
	i->size = opc == 1 ? 3 : 2;
	i->width = opc == 0 ? 32 : 64;
	i->flags = opc == 2 ? NISV_SIGNED : 0;
	return NISV_DONE;
}

static int literal(struct nisv_insn *i, uint32_t w)
{
	i->rt = rt(w);
	i->rn = NISV_NONE;
	i->imm = sbits(w, 23, 5) * 4;
	return accesses(i);
}

/* opc 101 V type L imm7 Rt2 Rn Rt, type: how the address is made. `imm` is what imm7 counts */
static int pair_form(struct nisv_insn *i, uint32_t w)
{
	const unsigned int opc = bits(w, 31, 30), V = bit(w, 26), L = bit(w, 22);
	const bool no_allocate = i->family == NISV_PAIR_NO_ALLOCATE;

	i->op = L ? NISV_LOAD : NISV_STORE;
	if (opc == 3) {			/* LDTP, STTP, of X or Q registers */
		i->family = NISV_LSUI;
		i->size = 3 + V;
		i->width = 64 << V;
		i->flags = NISV_UNPRIV | (V ? NISV_SIMD : 0);
	} else if (V) {
		i->size = 2 + opc;
		i->width = 128;
		i->flags = NISV_SIMD;
	} else if (opc == 1) {		/* LDPSW; STGP, which stores tags, too */
		if (no_allocate)
			return NISV_UNALLOCATED;
		i->size = L ? 2 : 3;
		i->width = 64;
		if (L)
			i->flags = NISV_SIGNED;
		else
			i->family = NISV_TAGS;
	} else {
		i->size = 2 + (opc >> 1);
		i->width = gpr_width(i->size);
	}
	i->imm = i->family == NISV_TAGS ? 16 : 1 << i->size;
	if (no_allocate)
		i->flags |= NISV_NONTEMPORAL;
	if (i->mode != NISV_OFFSET)
		i->flags |= NISV_WRITEBACK;
	return NISV_DONE;
}

static int pair(struct nisv_insn *i, uint32_t w)
{
	i->rt = rt(w);
	i->rt2 = rt2(w);
	i->imm *= sbits(w, 21, 15);
	return i->rt == i->rt2 && i->op == NISV_LOAD ? NISV_UNPREDICTABLE : NISV_DONE;
}

static int indexed_pair(struct nisv_insn *i, uint32_t w)
{
	const int ret = pair(i, w);

	return ret ? ret : writeback(i);
}

/* What size, V and opc mean for all that access one register */
static int single_form(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 31, 30), V = bit(w, 26), opc = bits(w, 23, 22);

	i->size = size;
	if (V) {
		i->op = opc & 1 ? NISV_LOAD : NISV_STORE;
		i->width = 128;
		i->flags = NISV_SIMD;
		if (opc & 2) {
			i->size = 4;
			return size ? NISV_UNALLOCATED : NISV_DONE;
		}
		return NISV_DONE;
	}
	if (opc < 2) {
		i->op = opc ? NISV_LOAD : NISV_STORE;
		i->width = gpr_width(size);
		return NISV_DONE;
	}
	if (size == 3 && opc == 2) {
		i->op = NISV_PREFETCH;
		return NISV_DONE;
	}
	i->flags = NISV_SIGNED;
	i->width = opc == 2 ? 64 : 32;
	return size >= 2 && opc == 3 ? NISV_UNALLOCATED : NISV_DONE;
}

/* The same without prefetches, which not all tables have */
static int access_form(struct nisv_insn *i, uint32_t w)
{
	const int ret = single_form(i, w);

	return i->op == NISV_PREFETCH ? NISV_UNALLOCATED : ret;
}

/* o3 opc of those that not all atomic operations have; 0: it is none */
static const uint8_t few_ops[16] = {
	[1] = NISV_CLR, [3] = NISV_SET, [8] = NISV_SWP,
};

/* 0 S 011001 A R 1 Rt2 o3 opc 00 Rn Rt: of S, FEAT_THE alone */
static int atomic128(struct nisv_insn *i, uint32_t w)
{
	const unsigned int S = bit(w, 30), A = bit(w, 23), R = bit(w, 22), o3_opc = bits(w, 15, 12);

	if (rs(w) == 31 || rt(w) == 31)
		return NISV_UNALLOCATED;
	if (o3_opc >= 9 && o3_opc <= 11)
		return named(i, NISV_RCW);
	i->op = few_ops[o3_opc];
	i->size = 3;
	i->width = 64;
	i->rt = rt(w);
	i->rt2 = rs(w);
	i->flags = order(A, R);
	if (S || !i->op)
		return NISV_UNALLOCATED;
	return i->rt == i->rt2 ? NISV_UNPREDICTABLE : NISV_DONE;
}

/* 0 sz 011001 A R 1 Rs o3 opc 01 Rn Rt: LDTADD, LDTCLR, LDTSET, SWPT */
static int atomic_unprivileged(struct nisv_insn *i, uint32_t w)
{
	const unsigned int sz = bit(w, 30), A = bit(w, 23), R = bit(w, 22), o3_opc = bits(w, 15, 12);

	i->op = o3_opc ? few_ops[o3_opc] : NISV_ADD;
	i->size = 2 + sz;
	i->width = gpr_width(i->size);
	i->rt = rt(w);
	i->rs = rs(w);
	i->flags = order(A, R) | NISV_UNPRIV;
	return i->op ? NISV_DONE : NISV_UNALLOCATED;
}

/* The same as elsewhere, unprivileged: CASPT, LDTXR and STTXR, CAST */
static int unprivileged_as(struct nisv_insn *i, int ret)
{
	i->flags |= NISV_UNPRIV;
	return ret;
}

static int unprivileged_casp(struct nisv_insn *i, uint32_t w) { return unprivileged_as(i, casp(i, w)); }
static int unprivileged_exclusive(struct nisv_insn *i, uint32_t w) { return unprivileged_as(i, exclusive(i, w)); }
static int unprivileged_swap(struct nisv_insn *i, uint32_t w) { return unprivileged_as(i, compare_swap(i, w)); }

/* A load after which, or a store before which, Rn moves on by what is accessed */
static void move_on(struct nisv_insn *i, unsigned int bytes)
{
	const bool load = i->op == NISV_LOAD;

	i->mode = load ? NISV_POST_INDEX : NISV_PRE_INDEX;
	i->imm = load ? (int32_t)bytes : -(int32_t)bytes;
	i->flags |= NISV_WRITEBACK;
}

/* 1 sz 011001 0 L 0 Rt2 opc2 10 Rn Rt: LDIAPP, STILP, opc2 0 with writeback */
static int ordered_pair(struct nisv_insn *i, uint32_t w)
{
	const unsigned int sz = bit(w, 30), L = bit(w, 22), opc2 = bits(w, 15, 12);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = 2 + sz;
	i->width = gpr_width(i->size);
	i->rt = rt(w);
	i->rt2 = rs(w);
	i->flags = L ? NISV_RCPC : NISV_RELEASE;
	if (!opc2)
		move_on(i, 2 << i->size);
	return L && i->rt == i->rt2 ? NISV_UNPREDICTABLE : writeback(i);
}

/* 1 sz 011001 1 L 000000000010 Rn Rt: LDAPR, STLR with writeback */
static int ordered_writeback(struct nisv_insn *i, uint32_t w)
{
	const unsigned int sz = bit(w, 30), L = bit(w, 22);

	i->op = L ? NISV_LOAD : NISV_STORE;
	i->size = 2 + sz;
	i->width = gpr_width(i->size);
	i->rt = rt(w);
	i->flags = L ? NISV_RCPC : NISV_RELEASE;
	move_on(i, 1 << i->size);
	return writeback(i);
}

/* size 011001 opc 0 imm9 00 Rn Rt */
static int ordered_unscaled_form(struct nisv_insn *i, uint32_t w)
{
	const int ret = access_form(i, w);

	i->flags |= i->op == NISV_LOAD ? NISV_RCPC : NISV_RELEASE;
	return ret;
}

/* 11011001 opc 1 imm9 op2 Rn Rt: STG, STZG, ST2G, STZ2G, and if op2 is 0 others */
static int tags(struct nisv_insn *i, uint32_t w)
{
	static const uint8_t modes[] = { NISV_OFFSET, NISV_POST_INDEX, NISV_OFFSET, NISV_PRE_INDEX };
	const unsigned int opc = bits(w, 23, 22), op2 = bits(w, 11, 10);

	i->imm = sbits(w, 20, 12) * 16;
	if (!op2 && opc != 1)	/* STZGM, STGM and LDGM, which have no offset */
		return i->imm ? NISV_UNALLOCATED : nisv_named(i, w);
	i->op = !op2 ? NISV_LOAD_TAG : opc & 1 ? NISV_ZERO : NISV_STORE_TAG;
	i->rt = rt(w);
	i->width = 64;
	i->size = 4;
	i->nregs = op2 ? 1 + (opc >> 1) : 1;	/* granules */
	i->mode = modes[op2];
	if (op2 & 1)
		i->flags = NISV_WRITEBACK;
	return NISV_DONE;
}

/* size 111 V 00 opc 0 imm9 type Rn Rt */
static int unscaled(struct nisv_insn *i, uint32_t w)
{
	i->rt = rt(w);
	i->imm = sbits(w, 20, 12);
	return accesses(i);
}

static int indexed_form(struct nisv_insn *i, uint32_t w)
{
	const int ret = access_form(i, w);

	i->flags |= NISV_WRITEBACK;
	return ret;
}

static int indexed(struct nisv_insn *i, uint32_t w)
{
	unscaled(i, w);
	return writeback(i);
}

static int unprivileged_form(struct nisv_insn *i, uint32_t w)
{
	const int ret = access_form(i, w);

	if (i->flags & NISV_SIMD)
		return NISV_UNALLOCATED;
	i->flags |= NISV_UNPRIV;
	return ret;
}

/* 11 111000 001 Rs 1 opc 00 Rn Rt: LD64B, ST64B, ST64BV, ST64BV0 */
static int bytes64(struct nisv_insn *i, uint32_t w)
{
	const unsigned int opc = bits(w, 14, 12);

	if (i->rt & 1 || i->rt > 22)
		return NISV_UNALLOCATED;
	i->family = NISV_64_BYTES;
	i->op = opc == 5 ? NISV_LOAD : NISV_STORE;
	i->size = 6;
	i->width = 64;
	if (opc == 1 || opc == 5)
		return rs(w) == SBO ? NISV_DONE : NISV_UNALLOCATED;
	i->rs = rs(w);		/* gets a status */
	if (opc == 2)
		i->flags = NISV_ACCDATA;
	return NISV_DONE;
}

/* size 111100 A R 1 Rs o3 opc 00 Rn Rt: without a result if o3 is 1; size 0 is BFloat16 */
static int atomic_float(struct nisv_insn *i, uint32_t w)
{
	const unsigned int A = bit(w, 23), o3 = bit(w, 15), opc = bits(w, 14, 12);

	if ((opc && opc < 4) || (o3 && (A || rt(w) != 31)))
		return NISV_UNALLOCATED;
	return named(i, NISV_LSFE);
}

/* size 111 V 00 A R 1 Rs o3 opc 00 Rn Rt */
static int atomic(struct nisv_insn *i, uint32_t w)
{
	const unsigned int size = bits(w, 31, 30), V = bit(w, 26), A = bit(w, 23), R = bit(w, 22);
	const unsigned int o3 = bit(w, 15), opc = bits(w, 14, 12);

	if (V)
		return atomic_float(i, w);
	i->rt = rt(w);
	i->size = size;
	i->width = gpr_width(size);
	if (!o3 || opc == 0) {
		i->op = o3 ? NISV_SWP : NISV_ADD + opc;
		i->rs = rs(w);
		i->flags = order(A, R);
		return NISV_DONE;
	}
	if (opc == 4 && A && !R) {	/* LDAPR */
		i->op = NISV_LOAD;
		i->flags = NISV_RCPC;
		return rs(w) == SBO ? NISV_DONE : NISV_UNPREDICTABLE;
	}
	if (size < 2 && opc < 4)	/* RCWCLR, RCWSWP, RCWSET, of doublewords all */
		return named(i, NISV_RCW);
	return size == 3 && !A && !R && opc != 4 && opc < 6 ? bytes64(i, w) : NISV_UNALLOCATED;
}

/* size 111 V 00 opc 1 Rm option S 10 Rn Rt, with option<1> set */
static int register_offset(struct nisv_insn *i, uint32_t w)
{
	static const uint8_t extends[8] = {
		[2] = NISV_UXTW, [3] = NISV_LSL, [6] = NISV_SXTW, [7] = NISV_SXTX,
	};
	const unsigned int option = bits(w, 15, 13), S = bit(w, 12);

	i->rt = rt(w);
	i->rm = rm(w);
	i->extend = extends[option];
	i->shift = S ? i->size : 0;
	return accesses(i);
}

/* 11 111 V 00 M S 1 imm9 W 1 Rn Rt: LDRAA, LDRAB */
static int pac(struct nisv_insn *i, uint32_t w)
{
	const unsigned int M = bit(w, 23), S = bit(w, 22), W = bit(w, 11);

	i->rt = rt(w);
	i->size = 3;
	i->width = 64;
	i->imm = (int32_t)(bits(w, 20, 12) - (S << 9)) * 8;
	i->mode = W ? NISV_PRE_INDEX : NISV_OFFSET;
	i->flags = (M ? NISV_AUTH_B : NISV_AUTH_A) | (W ? NISV_WRITEBACK : 0);
	return writeback(i);
}

/* size 111 V 01 opc imm12 Rn Rt */
static int unsigned_offset(struct nisv_insn *i, uint32_t w)
{
	i->rt = rt(w);
	i->imm = bits(w, 21, 10) << i->size;
	return accesses(i);
}

/* DC ZVA, and with its tags DC GZVA */
static int dc_zva(struct nisv_insn *i, uint32_t w)
{
	i->op = NISV_ZERO;
	i->rn = NISV_NONE;
	i->rt = rt(w);
	i->width = 64;
	return NISV_DONE;
}

static int dc_gva(struct nisv_insn *i, uint32_t w)
{
	const int ret = dc_zva(i, w);

	i->op = NISV_STORE_TAG;
	return ret;
}

/* 1101010100001 op1 0111 CRm op2 Rt, op1 0 or 3: those that go by address */
static int cache(struct nisv_insn *i, uint32_t w)
{
	/* Bits are values of op2. 1 is data, 3 its tags, 5 both */
	static const uint8_t op2s[2][16] = {
		{ [6] = 0x2a, [15] = 0x22 },
		{ [5] = 0x02, [10] = 0x2a, [11] = 0x83, [12] = 0x2a, [13] = 0x2a, [14] = 0x2a, [15] = 0x81 },
	};
	const unsigned int op1 = bits(w, 18, 16), CRm = bits(w, 11, 8), op2 = bits(w, 7, 5);

	i->op = NISV_MAINTAIN;
	i->rn = NISV_NONE;
	i->rt = rt(w);
	i->width = 64;
	return bit(op2s[op1 / 3][CRm], op2) ? NISV_NO_ACCESS : NISV_OTHER;
}

/* 0 Q 0011010 L 000001100001 Rn Rt: LDAP1, STL1 of a doubleword */
static int ordered_lane(struct nisv_insn *i, uint32_t w)
{
	const int ret = simd_single(i, w);

	i->flags |= i->op == NISV_LOAD ? NISV_RCPC : NISV_RELEASE;
	return ret;
}

static const struct row rows[] = {
	ROW(0xbfa07c00, 0x08207c00, CASP, casp),
	ROW(0xbfa00000, 0x88200000, EXCLUSIVE_PAIR, exclusive),
	ROW(0x3fa00000, 0x08000000, EXCLUSIVE, exclusive),
	ROW(0x3fa00000, 0x08800000, ORDERED, ordered),
	ROW(0x3fa07c00, 0x08a07c00, COMPARE_SWAP, compare_swap),

	ROW(0xffa17c01, 0x49807c00, LSUI, unprivileged_casp),
	ROW(0xbfa00000, 0x89000000, LSUI, unprivileged_exclusive),
	ROW(0xffa07c00, 0xc9807c00, LSUI, unprivileged_swap),

	ROW(0xbfbf0000, 0x0c000000, SIMD_MULTIPLE, simd_multiple),
	ROW(0xbfa00000, 0x0c800000, SIMD_MULTIPLE_POST, simd_multiple),

	ROW(0xbf9f0000, 0x0d000000, SIMD_SINGLE, simd_single),
	ROW(0xbfbffc00, 0x0d018400, RCPC3, ordered_lane),
	ROW(0xbf800000, 0x0d800000, SIMD_SINGLE_POST, simd_single),

	FORMED_ROW(0x3b000000, 0x18000000, LITERAL, literal_form, literal),

	ROW(0xbf20fc00, 0x19200800, RCW, nisv_named),		/* RCWCAS */
	ROW(0xbf21fc01, 0x19200c00, RCW, nisv_named),		/* RCWCASP */
	ROW(0xbf200c00, 0x19200000, LSE128, atomic128),
	ROW(0xbf200c00, 0x19200400, LSUI, atomic_unprivileged),
	ROW(0xffffec00, 0xd91f0c00, GCS, nisv_named),
	ROW(0xff200000, 0xd9200000, TAGS, tags),
	ROW(0xbfa0ec00, 0x99000800, RCPC3, ordered_pair),
	ROW(0xffa0fc00, 0xd9005800, RCPC3, nisv_named),		/* FEAT_LSCP: LDAP, STLP */
	ROW(0xffe0fc00, 0xd9407800, RCPC3, nisv_named),		/* LDAPP */
	ROW(0xbfbffc00, 0x99800800, RCPC3, ordered_writeback),
	FORMED_ROW(0x3f200c00, 0x19000000, ORDERED_UNSCALED, ordered_unscaled_form, unscaled),
	FORMED_ROW(0x3fa00c00, 0x1d000800, RCPC3, ordered_unscaled_form, unscaled),	/* B, H, S, D registers */
	FORMED_ROW(0xffa00c00, 0x1d800800, RCPC3, ordered_unscaled_form, unscaled),	/* Q registers */
	ROW(0xfb200c00, 0x19000400, COPY_SET, nisv_decode_mops),
	ROW(0xffff8c00, 0x1ddf0000, COPY_SET, nisv_named),	/* FEAT_MOPS_GO: SETGOP, SETGOM, */
	ROW(0xffffcc00, 0x1ddf8000, COPY_SET, nisv_named),	/* SETGOE, which have tags only */

	FORMED_ROW(0x3b800000, 0x28000000, PAIR_NO_ALLOCATE, pair_form, pair),
	FORMED_ROW(0x3b800000, 0x28800000, PAIR_POST, pair_form, indexed_pair),

	FORMED_ROW(0x3b800000, 0x29000000, PAIR_OFFSET, pair_form, pair),
	FORMED_ROW(0x3b800000, 0x29800000, PAIR_PRE, pair_form, indexed_pair),

	FORMED_ROW(0x3b200c00, 0x38000000, UNSCALED, single_form, unscaled),
	FORMED_ROW(0x3b200c00, 0x38000400, POST, indexed_form, indexed),
	FORMED_ROW(0x3b200c00, 0x38000800, UNPRIVILEGED, unprivileged_form, unscaled),
	FORMED_ROW(0x3b200c00, 0x38000c00, PRE, indexed_form, indexed),
	ROW(0x3b200c00, 0x38200000, ATOMIC, atomic),
	FORMED_ROW(0x3b204c00, 0x38204800, REGISTER_OFFSET, single_form, register_offset),
	ROW(0xff200400, 0xf8200400, PAC, pac),

	FORMED_ROW(0x3b000000, 0x39000000, UNSIGNED, single_form, unsigned_offset),

	/* Elsewhere in the instruction set */
	ROW(0xffffffe0, 0xd50b7420, DC_ZVA, dc_zva),
	ROW(0xffffffe0, 0xd50b7460, TAGS, dc_gva),
	ROW(0xffffffe0, 0xd50b7480, TAGS, dc_zva),			/* DC GZVA */
	ROW(0xffffffe0, 0xd50b74a0, TAGS, nisv_named),		/* DC ZGBVA */
	ROW(0xffffffe0, 0xd50b74e0, TAGS, nisv_named),		/* DC GBVA */
	ROW(0xfffff000, 0xd5087000, CACHE, cache),
	ROW(0xfffff000, 0xd50b7000, CACHE, cache),

	/* LD1, LDNT1, ST1, STNT1 of 2 or 4 vectors, at Rn plus Rm or plus imm4; then ZA and ZT0 */
	ROW(0xffc08000, 0xa0000000, SVE, nisv_named),
	ROW(0xffc08002, 0xa0008000, SVE, nisv_named),
	ROW(0xffd08000, 0xa0400000, SVE, nisv_named),
	ROW(0xffd08002, 0xa0408000, SVE, nisv_named),
	ROW(0xffc08000, 0xa1000000, SME, nisv_named),
	ROW(0xffc08004, 0xa1008000, SME, nisv_named),
	ROW(0xffd08000, 0xa1400000, SME, nisv_named),
	ROW(0xffd08004, 0xa1408000, SME, nisv_named),
	ROW(0xfe000000, 0xe0000000, SME, nisv_named),
};

static const uint8_t modes[NISV_FAMILIES] = {
	[NISV_SIMD_MULTIPLE_POST]	= NISV_POST_INDEX,
	[NISV_SIMD_SINGLE_POST]		= NISV_POST_INDEX,
	[NISV_LITERAL]			= NISV_PC_RELATIVE,
	[NISV_PAIR_POST]		= NISV_POST_INDEX,
	[NISV_PAIR_PRE]			= NISV_PRE_INDEX,
	[NISV_POST]			= NISV_POST_INDEX,
	[NISV_PRE]			= NISV_PRE_INDEX,
};

/* What is of no row */
static int none(struct nisv_insn *i, uint32_t w)
{
	(void)i;
	return (w & 0x0a000000) == 0x08000000 ? NISV_UNALLOCATED : NISV_OTHER;
}

static const struct rows all = ROWS(rows);
static const struct row no_row = ROW(0, 0, NO_FAMILY, none);

/* By the rows, from the first to the last: what the index has to give, and is made from */
static const struct row *row_of(uint32_t w)
{
	const struct row *row = find_row(&all, w);

	if (!row)
		row = find_row(&nisv_sve_rows, w);
	return row ? row : &no_row;
}

/* What the words of a row have in common, if their bits 31 to 21 are the same */
static int begin(struct nisv_insn *i, const struct row *row, uint32_t w)
{
	*i = (struct nisv_insn) { .isa = NISV_A64, .length = 4, NO_REGISTERS };
	i->family = row->family;
	i->mode = modes[row->family];
	return row->form ? row->form(i, w) : NISV_DONE;
}

static int by_rows(struct nisv_insn *i, uint32_t w)
{
	const struct row *row = row_of(w);
	const int ret = begin(i, row, w);

	i->word = w;
	i->rn = rn(w);
	return ret ? ret : row->decode(i, w);
}

/*
 * By an index. For each value of bits 31 to 21 it has the rows that such words may be of,
 * in their order, and with each what begin() makes of them: few words are compared twice,
 * and what is left to do is to read registers and offsets. It is made when the library is
 * loaded, and only read from then on; until then, all words are of the first form.
 */
#define KEY(w)		((w) >> 21)
#define KEYS		(KEY(~0u) + 1)
#define KEY_MASK	(~0u << 21)

struct form {
	_Alignas(64) uint32_t mask;
	uint32_t value;
	int (*decode)(struct nisv_insn *i, uint32_t w);
	uint8_t begun[offsetof(struct nisv_insn, reserved)];
	bool refuses;			/* decode() may */
};

static const struct form by_rows_form = { .decode = by_rows, .refuses = true };
static struct form table[2048];
static const struct form *forms = &by_rows_form;
static uint16_t first_form[KEYS];

static void add_form(struct form *form, const struct row *row, uint32_t w)
{
	struct nisv_insn i;
	const int ret = begin(&i, row, w);

	form->mask = row->mask;
	form->value = row->value;
	form->decode = ret ? none : row->decode;
	form->refuses = ret || !row->form;
	memcpy(form->begun, &i, sizeof(form->begun));
}

/* The rows of a table that @w may be of, by its key. Return: how many there are */
static unsigned int add_forms(struct form *form, const struct rows *rows, uint32_t w)
{
	unsigned int n = 0;

	for (const struct row *row = rows->row; row < rows->row + rows->n; row++)
		if (!((w ^ row->value) & row->mask & KEY_MASK))
			add_form(&form[n++], row, w);
	return n;
}

static void __attribute__((constructor)) make_index(void)
{
	unsigned int n = 1, before = 0, len = 0, last = 0;

	table[0] = by_rows_form;
	forms = table;
	for (uint32_t key = 0; key < KEYS; key++) {
		struct form *form = &table[n];

		if (n + all.n + nisv_sve_rows.n + 1 > ARRAY_SIZE(table))
			return;		/* the rest is by_rows() */
		len = add_forms(form, &all, key << 21);
		len += add_forms(form + len, &nisv_sve_rows, key << 21);
		/* The last is of all words that are left */
		if (!len || form[len - 1].mask & ~KEY_MASK)
			add_form(&form[len++], &no_row, key << 21);
		/* As for the key before, of which bits of an immediate differ? */
		if (len == last && !memcmp(form, &table[before], len * sizeof(*form))) {
			first_form[key] = before;
			continue;
		}
		first_form[key] = before = n;
		last = len;
		n += len;
	}
}

/* On its own, so that for all others decode() is the end */
static __attribute__((noinline)) int checked(struct nisv_insn *i, uint32_t w, const struct form *form)
{
	return nisv_decoded(i, form->decode(i, w));
}

int nisv_decode_a64(struct nisv_insn *i, uint32_t w)
{
	const struct form *form = &forms[first_form[KEY(w)]];

	while ((w & form->mask) != form->value)
		form++;
	memcpy(i, form->begun, sizeof(form->begun));
	memset(i->reserved, 0, sizeof(i->reserved));
	i->word = w;
	i->rn = rn(w);
	return form->refuses ? checked(i, w, form) : form->decode(i, w);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The description of an instruction in words, for logs and for comparison */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

void nisv_add_text(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->len < t->size ? t->buf + t->len : NULL,
		      t->len < t->size ? t->size - t->len : 0, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += n;
}

static void gpr(struct text *t, unsigned int reg, unsigned int width)
{
	if (reg == 31)
		nisv_add_text(t, width == 64 ? "xzr" : "wzr");
	else
		nisv_add_text(t, "%c%u", width == 64 ? 'x' : 'w', reg);
}

/* Rt, and Rt2 of a pair */
static void data_reg(struct text *t, const struct nisv_insn *i, unsigned int reg)
{
	if (i->flags & NISV_SIMD)
		nisv_add_text(t, "%c%u", "bhsdq"[i->size], reg);
	else
		gpr(t, reg, i->width);
}

static const char *size_suffix(unsigned int size)
{
	return size == 0 ? "b" : size == 1 ? "h" : "";
}

static const char *order_suffix(uint32_t flags)
{
	if (flags & NISV_ACQUIRE)
		return flags & NISV_RELEASE ? "al" : "a";
	return flags & NISV_RELEASE ? "l" : "";
}

/* Between "ld" or "st" and "r" or "p" */
static const char *infix(const struct nisv_insn *i)
{
	const bool load = i->op == NISV_LOAD;

	switch (i->family) {
	case NISV_EXCLUSIVE:
	case NISV_EXCLUSIVE_PAIR:
		if (i->flags & (NISV_ACQUIRE | NISV_RELEASE))
			return load ? "ax" : "lx";
		return "x";
	case NISV_ORDERED:
		if (i->flags & NISV_LIMITED)
			return load ? "la" : "ll";
		return load ? "a" : "l";
	case NISV_ORDERED_UNSCALED:
		return load ? "apu" : "lu";
	case NISV_ATOMIC:
		return "ap";
	case NISV_UNSCALED:
		return "u";
	case NISV_UNPRIVILEGED:
		return "t";
	case NISV_PAIR_NO_ALLOCATE:
		return "n";
	default:
		return "";
	}
}

static void address(struct text *t, const struct nisv_insn *i)
{
	static const char * const extends[] = {
		[NISV_LSL] = "lsl", [NISV_UXTW] = "uxtw", [NISV_SXTW] = "sxtw", [NISV_SXTX] = "sxtx",
	};

	if (i->mode == NISV_PC_RELATIVE) {
		nisv_add_text(t, ".%+d", i->imm);
		return;
	}

	nisv_add_text(t, "[");
	if (i->rn == 31)
		nisv_add_text(t, "sp");
	else
		gpr(t, i->rn, 64);

	if (i->mode == NISV_POST_INDEX) {
		nisv_add_text(t, "], ");
		if (i->rm == NISV_NONE)
			nisv_add_text(t, "#%d", i->imm);
		else
			gpr(t, i->rm, 64);
		return;
	}
	if (i->rm != NISV_NONE) {
		const bool scaled = i->shift || bit(i->word, 12);	/* S, also of bytes */

		nisv_add_text(t, ", ");
		gpr(t, i->rm, i->extend == NISV_UXTW || i->extend == NISV_SXTW ? 32 : 64);
		if (i->extend != NISV_LSL || scaled)
			nisv_add_text(t, ", %s", extends[i->extend]);
		if (scaled)
			nisv_add_text(t, " #%u", i->shift);
	} else if (i->imm || (i->mode == NISV_PRE_INDEX && i->family != NISV_PAC)) {
		nisv_add_text(t, ", #%d", i->imm);
	}
	nisv_add_text(t, i->mode == NISV_PRE_INDEX ? "]!" : "]");
}

static void prefetch(struct text *t, const struct nisv_insn *i)
{
	static const char * const types[] = { "pld", "pli", "pst" };
	const unsigned int type = i->rt >> 3, level = i->rt >> 1 & 3;

	nisv_add_text(t, i->family == NISV_UNSCALED ? "prfum " : "prfm ");
	if (type < 3 && level < 3)
		nisv_add_text(t, "%sl%u%s, ", types[type], level + 1, i->rt & 1 ? "strm" : "keep");
	else
		nisv_add_text(t, "#%u, ", i->rt);
	address(t, i);
}

static void structure(struct text *t, const struct nisv_insn *i)
{
	nisv_add_text(t, "%s%u%s {", i->op == NISV_LOAD ? "ld" : "st", i->selem,
	    i->flags & NISV_REPLICATE ? "r" : "");
	for (unsigned int r = 0; r < i->nregs; r++) {
		nisv_add_text(t, "%sv%u.", r ? ", " : "", (i->rt + r) % 32);
		if (i->lane == NISV_NONE)
			nisv_add_text(t, "%u", i->lanes);
		nisv_add_text(t, "%c", "bhsd"[i->size]);
	}
	nisv_add_text(t, "}");
	if (i->lane != NISV_NONE)
		nisv_add_text(t, "[%u]", i->lane);
	nisv_add_text(t, ", ");
	address(t, i);
}

static void read_modify_write(struct text *t, const struct nisv_insn *i)
{
	static const char * const names[] = {
		[NISV_ADD] = "add", [NISV_CLR] = "clr", [NISV_EOR] = "eor", [NISV_SET] = "set",
		[NISV_SMAX] = "smax", [NISV_SMIN] = "smin", [NISV_UMAX] = "umax", [NISV_UMIN] = "umin",
	};
	const char *order = order_suffix(i->flags), *size = size_suffix(i->size);

	if (i->op == NISV_CAS)
		nisv_add_text(t, "cas%s%s%s ", i->rt2 != NISV_NONE ? "p" : "", order, size);
	else if (i->op == NISV_SWP)
		nisv_add_text(t, "swp%s%s ", order, size);
	else	/* without a result it is written as a store */
		nisv_add_text(t, "%s%s%s%s ", i->rt == 31 && !(i->flags & NISV_ACQUIRE) ? "st" : "ld",
		    names[i->op], order, size);

	gpr(t, i->rs, i->width);
	if (i->rt2 != NISV_NONE) {
		nisv_add_text(t, ", ");
		gpr(t, i->rs + 1, i->width);
	}
	if (i->op == NISV_CAS || i->op == NISV_SWP || i->rt != 31 || i->flags & NISV_ACQUIRE) {
		nisv_add_text(t, ", ");
		gpr(t, i->rt, i->width);
	}
	if (i->rt2 != NISV_NONE) {
		nisv_add_text(t, ", ");
		gpr(t, i->rt2, i->width);
	}
	nisv_add_text(t, ", ");
	address(t, i);
}

static void load_store(struct text *t, const struct nisv_insn *i)
{
	nisv_add_text(t, "%s%s", i->op == NISV_LOAD ? "ld" : "st", infix(i));
	if (i->family == NISV_64_BYTES)
		nisv_add_text(t, "64b ");
	else if (i->family == NISV_PAC)
		nisv_add_text(t, i->flags & NISV_AUTH_A ? "raa " : "rab ");
	else
		nisv_add_text(t, "%s%s%s ", i->rt2 != NISV_NONE ? "p" : "r", i->flags & NISV_SIGNED ? "s" : "",
		    i->flags & NISV_SIMD ? "" : i->size == 2 && i->flags & NISV_SIGNED ? "w" :
		    size_suffix(i->size));

	if (i->rs != NISV_NONE) {
		gpr(t, i->rs, 32);
		nisv_add_text(t, ", ");
	}
	data_reg(t, i, i->rt);
	if (i->rt2 != NISV_NONE) {
		nisv_add_text(t, ", ");
		data_reg(t, i, i->rt2);
	}
	nisv_add_text(t, ", ");
	address(t, i);
}

int nisv_text(const struct nisv_insn *i, char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = size };

	if (size)
		buf[0] = 0;
	if (i->op == NISV_NAMED)
		nisv_add_text(&t, ".inst 0x%08x // %s", i->word, nisv_family_name(i->family));
	else if (i->isa != NISV_A64)
		nisv_text_aarch32(&t, i);
	else if (i->op == NISV_PREFETCH)
		prefetch(&t, i);
	else if (i->op == NISV_ZERO) {
		nisv_add_text(&t, "dc zva, ");
		gpr(&t, i->rt, 64);
	} else if (i->flags & NISV_STRUCTURE)
		structure(&t, i);
	else if (i->op == NISV_LOAD || i->op == NISV_STORE)
		load_store(&t, i);
	else
		read_modify_write(&t, i);
	return t.len;
}

const char *nisv_family_name(unsigned int family)
{
	static const char * const names[NISV_FAMILIES] = {
		[NISV_CASP]			= "compare and swap pair",
		[NISV_EXCLUSIVE_PAIR]		= "load/store exclusive pair",
		[NISV_EXCLUSIVE]		= "load/store exclusive register",
		[NISV_ORDERED]			= "load/store ordered",
		[NISV_COMPARE_SWAP]		= "compare and swap",
		[NISV_SIMD_MULTIPLE]		= "Advanced SIMD load/store multiple structures",
		[NISV_SIMD_MULTIPLE_POST]	= "Advanced SIMD load/store multiple structures (post-indexed)",
		[NISV_SIMD_SINGLE]		= "Advanced SIMD load/store single structure",
		[NISV_SIMD_SINGLE_POST]		= "Advanced SIMD load/store single structure (post-indexed)",
		[NISV_LITERAL]			= "load register (literal)",
		[NISV_ORDERED_UNSCALED]		= "LDAPR/STLR (unscaled immediate)",
		[NISV_TAGS]			= "load/store memory tags",
		[NISV_COPY_SET]			= "memory copy and memory set",
		[NISV_PAIR_NO_ALLOCATE]		= "load/store no-allocate pair (offset)",
		[NISV_PAIR_POST]		= "load/store register pair (post-indexed)",
		[NISV_PAIR_OFFSET]		= "load/store register pair (offset)",
		[NISV_PAIR_PRE]			= "load/store register pair (pre-indexed)",
		[NISV_UNSCALED]			= "load/store register (unscaled immediate)",
		[NISV_POST]			= "load/store register (immediate post-indexed)",
		[NISV_UNPRIVILEGED]		= "load/store register (unprivileged)",
		[NISV_PRE]			= "load/store register (immediate pre-indexed)",
		[NISV_ATOMIC]			= "atomic memory operations",
		[NISV_64_BYTES]			= "64-byte load/store",
		[NISV_REGISTER_OFFSET]		= "load/store register (register offset)",
		[NISV_PAC]			= "load/store register (pac)",
		[NISV_UNSIGNED]			= "load/store register (unsigned immediate)",
		[NISV_DC_ZVA]			= "DC ZVA",
		[NISV_SVE]			= "SVE memory",
		[NISV_SME]			= "SME memory",
		[NISV_A32_WORD_BYTE]		= "AArch32 load/store word, unsigned byte",
		[NISV_A32_EXTRA]		= "AArch32 extra load/store",
		[NISV_A32_SYNC]			= "AArch32 synchronization primitives, load-acquire/store-release",
		[NISV_A32_MULTIPLE]		= "AArch32 load/store multiple",
		[NISV_A32_VFP]			= "AArch32 SIMD&FP load/store",
		[NISV_A32_VFP_MULTIPLE]		= "AArch32 SIMD&FP load/store multiple",
		[NISV_A32_SIMD]			= "AArch32 Advanced SIMD element or structure load/store",
		[NISV_A32_PREFETCH]		= "AArch32 preload",
		[NISV_A32_TABLE_BRANCH]		= "AArch32 table branch",
		[NISV_A32_SYSTEM]		= "AArch32 system load/store",
		[NISV_T32_SINGLE]		= "AArch32 load/store single",
	};

	return family < NISV_FAMILIES && names[family] ? names[family] : "?";
}

const char *nisv_strerror(int result)
{
	switch (result) {
	case NISV_DONE:		return "carried out";
	case NISV_AGAIN:	return "not what exited; run the vCPU again";
	case NISV_OTHER:	return "neither a load nor a store";
	case NISV_UNALLOCATED:	return "an unallocated load or store";
	case NISV_UNPREDICTABLE: return "an UNPREDICTABLE load or store";
	case NISV_NO_ACCESS:	return "a prefetch, which accesses nothing";
	case NISV_UNSUPPORTED:	return "an instruction, or a vCPU with an EL2, that is not carried out here";
	case NISV_REGISTER:	return "a register of the vCPU could not be read or written";
	case NISV_FETCH:	return "the instruction is not in the guest's memory";
	case NISV_WALK:		return "the guest's page tables do not map the data";
	case NISV_ALIGNMENT:	return "an exclusive or atomic access that is not aligned";
	case NISV_MISMATCH:	return "the instruction does not access what exited";
	case NISV_LIVELOCK:	return "an exclusive load whose store never comes: the CPU fails it";
	case NISV_NOTHING:	return "there is nothing at this address";
	case NISV_DEVICE:	return "the device refused the access";
	case NISV_PERMISSIONS:	return "whether its second page may be accessed is not known here";
	case NISV_NOT_ATOMIC:	return "it has to be one access, and cannot be: in RAM, or of several devices";
	default:		return "?";
	}
}

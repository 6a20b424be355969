// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The description of an instruction in words, for logs and for comparison */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

struct text {
	char *buf;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *fmt, ...)
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

/* What a table has at @n; "?" if that is nothing, as any bytes may be in a description */
#define NAME(table, n)	((n) < ARRAY_SIZE(table) && (table)[n] ? (table)[n] : "?")

static void gpr(struct text *t, unsigned int reg, unsigned int width)
{
	if (reg == 31)
		add(t, width == 64 ? "xzr" : "wzr");
	else
		add(t, "%c%u", width == 64 ? 'x' : 'w', reg);
}

/* Elements of 1 << @size bytes */
static const char *element(unsigned int size)
{
	static const char * const names[] = { "b", "h", "s", "d", "q" };

	return NAME(names, size);
}

/* Rt, and Rt2 of a pair */
static void data_reg(struct text *t, const struct nisv_insn *i, unsigned int reg)
{
	if (i->flags & NISV_SIMD)
		add(t, "%s%u", element(i->size), reg);
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
	case NISV_RCPC3:
		if (i->rt2 != NISV_NONE)
			return load ? "iap" : "il";
		if (i->mode == NISV_OFFSET)
			return load ? "apu" : "lu";
		return load ? "ap" : "l";
	case NISV_LSUI:
		if (!(i->flags & NISV_EXCLUSIVE_ACCESS))
			return i->flags & NISV_NONTEMPORAL ? "tn" : "t";
		if (i->flags & (NISV_ACQUIRE | NISV_RELEASE))
			return load ? "atx" : "ltx";
		return "tx";
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
		add(t, ".%+d", i->imm);
		return;
	}

	add(t, "[");
	if (i->rn == 31)
		add(t, "sp");
	else
		gpr(t, i->rn, 64);

	if (i->mode == NISV_POST_INDEX) {
		add(t, "], ");
		if (i->rm == NISV_NONE)
			add(t, "#%d", i->imm);
		else
			gpr(t, i->rm, 64);
		return;
	}
	if (i->rm != NISV_NONE) {
		const bool scaled = i->shift || bit(i->word, 12);	/* S, also of bytes */

		add(t, ", ");
		gpr(t, i->rm, i->extend == NISV_UXTW || i->extend == NISV_SXTW ? 32 : 64);
		if (i->extend != NISV_LSL || scaled)
			add(t, ", %s", NAME(extends, i->extend));
		if (scaled)
			add(t, " #%u", i->shift);
	} else if (i->imm || (i->mode == NISV_PRE_INDEX && i->family != NISV_PAC)) {
		add(t, ", #%d", i->imm);
	}
	add(t, i->mode == NISV_PRE_INDEX ? "]!" : "]");
}

static void prefetch(struct text *t, const struct nisv_insn *i)
{
	static const char * const types[] = { "pld", "pli", "pst" };
	const unsigned int type = i->rt >> 3, level = i->rt >> 1 & 3;

	add(t, i->family == NISV_UNSCALED ? "prfum " : "prfm ");
	if (type < 3 && level < 3)
		add(t, "%sl%u%s, ", types[type], level + 1, i->rt & 1 ? "strm" : "keep");
	else
		add(t, "#%u, ", i->rt);
	address(t, i);
}

static void structure(struct text *t, const struct nisv_insn *i)
{
	add(t, "%s%s%u%s {", i->op == NISV_LOAD ? "ld" : "st",
	    i->flags & NISV_RCPC ? "ap" : i->flags & NISV_RELEASE ? "l" : "", i->selem,
	    i->flags & NISV_REPLICATE ? "r" : "");
	for (unsigned int r = 0; r < i->nregs; r++) {
		add(t, "%sv%u.", r ? ", " : "", (i->rt + r) % 32);
		if (i->lane == NISV_NONE)
			add(t, "%u", i->lanes);
		add(t, "%s", element(i->size));
	}
	add(t, "}");
	if (i->lane != NISV_NONE)
		add(t, "[%u]", i->lane);
	add(t, ", ");
	address(t, i);
}

static void read_modify_write(struct text *t, const struct nisv_insn *i)
{
	static const char * const names[] = {
		[NISV_ADD] = "add", [NISV_CLR] = "clr", [NISV_EOR] = "eor", [NISV_SET] = "set",
		[NISV_SMAX] = "smax", [NISV_SMIN] = "smin", [NISV_UMAX] = "umax", [NISV_UMIN] = "umin",
	};
	const char *order = order_suffix(i->flags), *size = size_suffix(i->size);
	const char *pair = i->rt2 != NISV_NONE ? "p" : "", *unprivileged = i->flags & NISV_UNPRIV ? "t" : "";

	if (i->op == NISV_CAS)
		add(t, "cas%s%s%s%s ", pair, order, size, unprivileged);
	else if (i->op == NISV_SWP)
		add(t, "swp%s%s%s%s ", pair, unprivileged, order, size);
	else	/* without a result it is written as a store */
		add(t, "%s%s%s%s%s%s ", i->rt == 31 && !(i->flags & NISV_ACQUIRE) ? "st" : "ld", unprivileged,
		    NAME(names, i->op), pair, order, size);

	if (i->family == NISV_LSE128) {
		gpr(t, i->rt, 64);
		add(t, ", ");
		gpr(t, i->rt2, 64);
		add(t, ", ");
		address(t, i);
		return;
	}
	gpr(t, i->rs, i->width);
	if (i->rt2 != NISV_NONE) {
		add(t, ", ");
		gpr(t, i->rs + 1, i->width);
	}
	if (i->op == NISV_CAS || i->op == NISV_SWP || i->rt != 31 || i->flags & NISV_ACQUIRE) {
		add(t, ", ");
		gpr(t, i->rt, i->width);
	}
	if (i->rt2 != NISV_NONE) {
		add(t, ", ");
		gpr(t, i->rt2, i->width);
	}
	add(t, ", ");
	address(t, i);
}

static void load_store(struct text *t, const struct nisv_insn *i)
{
	add(t, "%s%s", i->op == NISV_LOAD ? "ld" : "st", infix(i));
	if (i->family == NISV_64_BYTES)
		add(t, "64b%s%s ", i->rs != NISV_NONE ? "v" : "", i->flags & NISV_ACCDATA ? "0" : "");
	else if (i->family == NISV_PAC)
		add(t, i->flags & NISV_AUTH_A ? "raa " : "rab ");
	else
		add(t, "%s%s%s ", i->rt2 != NISV_NONE ? "p" : "r", i->flags & NISV_SIGNED ? "s" : "",
		    i->flags & NISV_SIMD ? "" : i->size == 2 && i->flags & NISV_SIGNED ? "w" :
		    size_suffix(i->size));

	if (i->rs != NISV_NONE) {
		gpr(t, i->rs, i->family == NISV_64_BYTES ? 64 : 32);
		add(t, ", ");
	}
	data_reg(t, i, i->rt);
	if (i->rt2 != NISV_NONE) {
		add(t, ", ");
		data_reg(t, i, i->rt2);
	}
	add(t, ", ");
	address(t, i);
}

static void tags(struct text *t, const struct nisv_insn *i)
{
	if (i->rn == NISV_NONE) {
		add(t, "dc %sva, ", i->op == NISV_ZERO ? "gz" : "g");
		gpr(t, i->rt, 64);
		return;
	}
	if (i->op == NISV_STORE) {
		add(t, "stgp ");
		gpr(t, i->rt, 64);
		add(t, ", ");
		gpr(t, i->rt2, 64);
	} else {
		add(t, i->op == NISV_LOAD_TAG ? "ldg " : "st%s%sg ", i->op == NISV_ZERO ? "z" : "", i->nregs > 1 ? "2" : "");
		if (i->rt == 31 && i->op != NISV_LOAD_TAG)
			add(t, "sp");
		else
			gpr(t, i->rt, 64);
	}
	add(t, ", ");
	address(t, i);
}

/* Elements of a Z register */
static const char *sve_element(const struct nisv_insn *i)
{
	return element(i->width == 128 ? 4 : i->width == 64 ? 3 : i->width == 32 ? 2 : i->width == 16);
}

static void sve_address(struct text *t, const struct nisv_insn *i)
{
	const bool vector = i->flags & NISV_VECTOR_OFFSET;

	if (i->flags & NISV_VECTOR_BASE)
		add(t, "[z%u.%s", i->rn, i->width == 32 ? "s" : "d");
	else
		add(t, i->rn == 31 ? "[sp" : "[x%u", i->rn);
	if (i->rm != NISV_NONE) {
		add(t, ", ");
		if (vector)
			add(t, "z%u.%s", i->rm, i->width == 32 ? "s" : "d");
		else
			gpr(t, i->rm, 64);
		if (vector && i->extend != NISV_LSL)
			add(t, i->extend == NISV_SXTW ? ", sxtw" : ", uxtw");
		else if (i->shift)
			add(t, ", lsl");
		if (i->shift)
			add(t, " #%u", i->shift);
	} else if (i->imm) {
		add(t, ", #%d%s", i->imm, i->flags & NISV_MUL_VL ? ", mul vl" : "");
	}
	add(t, "]");
}

static void sve_prefetch(struct text *t, const struct nisv_insn *i)
{
	const unsigned int level = i->rt >> 1 & 3;

	add(t, "prf%s ", i->size == 2 ? "w" : element(i->size));
	if (level < 3)
		add(t, "%sl%u%s, ", i->rt & 8 ? "pst" : "pld", level + 1, i->rt & 1 ? "strm" : "keep");
	else
		add(t, "#%u, ", i->rt);
	add(t, "p%u, ", i->rs);
	sve_address(t, i);
}

/* Between "ld" or "st" and the number of registers */
static const char *sve_infix(uint32_t flags)
{
	if (flags & NISV_NONTEMPORAL)
		return "nt";
	return flags & NISV_FIRST_FAULT ? "ff" : flags & NISV_NON_FAULT ? "nf" : "";
}

static void sve(struct text *t, const struct nisv_insn *i)
{
	const bool load = i->op == NISV_LOAD;

	if (i->op == NISV_PREFETCH) {
		sve_prefetch(t, i);
		return;
	}
	add(t, load ? "ld" : "st");
	if (i->rs == NISV_NONE) {
		add(t, "r %c%u, ", i->flags & NISV_PREDICATE ? 'p' : 'z', i->rt);
		sve_address(t, i);
		return;
	}
	add(t, "%s%u%s%s%s%s {", sve_infix(i->flags), i->nregs, i->flags & NISV_REPLICATE ? "r" : "",
	    i->lanes > 1 ? i->lanes << (i->size & 3) > 16 ? "o" : "q" : "", i->flags & NISV_SIGNED ? "s" : "",
	    i->size == 2 ? "w" : element(i->size));
	/* Three and more as a range, but for one that goes on at 0 */
	for (unsigned int r = 0; r < i->nregs; r++)
		if (!r || r == i->nregs - 1u || i->nregs < 3 || i->rt + i->nregs > 32)
			add(t, "%sz%u.%s", !r ? "" : i->nregs < 3 || i->rt + i->nregs > 32 ? ", " : "-", (i->rt + r) % 32,
			    sve_element(i));
	add(t, "}, p%u%s, ", i->rs, load ? "/z" : "");
	sve_address(t, i);
}

/* CPY and SET, with op2 for options */
static void mops(struct text *t, const struct nisv_insn *i)
{
	static const char * const options[] = {
		"", "wt", "rt", "t", "wn", "wtwn", "rtwn", "twn", "rn", "wtrn", "rtrn", "trn", "n", "wtn", "rtn", "tn",
	};
	static const char * const fills[] = { "", "t", "n", "tn" };
	static const char * const stages[] = { "p", "m", "e" };
	const bool fill = i->op == NISV_FILL || i->op == NISV_FILL_TAGGED;
	const unsigned int op2 = bits(i->word, 15, 12);

	add(t, "%s%s%s [", !fill ? i->op == NISV_COPY ? "cpy" : "cpyf" : i->op == NISV_FILL ? "set" : "setg",
	    NAME(stages, i->stage), fill ? fills[op2 & 3] : options[op2]);
	gpr(t, i->rt, 64);
	add(t, "]!, %s", fill ? "" : "[");
	gpr(t, fill ? i->rn : i->rs, 64);
	add(t, fill ? "!, " : "]!, ");
	gpr(t, fill ? i->rs : i->rn, 64);
	add(t, fill ? "" : "!");
}

/* DC and IC, by CRm and op2 */
static void maintain(struct text *t, const struct nisv_insn *i)
{
	static const char * const names[16][8] = {
		[5] = { [1] = "ic ivau" },
		[6] = { [1] = "dc ivac", [3] = "dc igvac", [5] = "dc igdvac" },
		[10] = { [1] = "dc cvac", [3] = "dc cgvac", [5] = "dc cgdvac" },
		[11] = { [0] = "dc cvaoc", [1] = "dc cvau", [7] = "dc cgdvaoc" },
		[12] = { [1] = "dc cvap", [3] = "dc cgvap", [5] = "dc cgdvap" },
		[13] = { [1] = "dc cvadp", [3] = "dc cgvadp", [5] = "dc cgdvadp" },
		[14] = { [1] = "dc civac", [3] = "dc cigvac", [5] = "dc cigdvac" },
		[15] = { [0] = "dc civaoc", [1] = "dc civaps", [5] = "dc cigdvaps", [7] = "dc cigdvaoc" },
	};

	add(t, "%s, ", NAME(names[bits(i->word, 11, 8)], bits(i->word, 7, 5)));
	gpr(t, i->rt, 64);
}

/* AArch32, with all registers by number */

static void address32(struct text *t, const struct nisv_insn *i)
{
	static const char * const shifts[] = {
		[NISV_LSL] = "lsl", [NISV_LSR] = "lsr", [NISV_ASR] = "asr", [NISV_ROR] = "ror",
	};
	const bool post = i->mode == NISV_POST_INDEX;

	add(t, "[r%u%s", i->rn, post ? "]" : "");
	if (i->rm != NISV_NONE) {
		add(t, ", %sr%u", i->flags & NISV_SUBTRACT ? "-" : "", i->rm);
		if (i->extend == NISV_RRX)
			add(t, ", rrx");
		else if (i->shift)
			add(t, ", %s #%u", NAME(shifts, i->extend), i->shift);
	} else if (i->imm || i->flags & NISV_WRITEBACK) {
		add(t, ", #%d", i->imm);
	}
	add(t, post ? "" : i->mode == NISV_PRE_INDEX ? "]!" : "]");
}

static void list(struct text *t, const struct nisv_insn *i)
{
	const char *separator = "";

	add(t, "r%u%s, {", i->rn, i->flags & NISV_WRITEBACK ? "!" : "");
	for (unsigned int n = 0; n < (i->flags & NISV_SIMD ? i->nregs : 16); n++) {
		if (!(i->flags & NISV_SIMD) && !(i->list >> n & 1))
			continue;
		if (i->flags & NISV_SIMD)
			add(t, "%s%c%u", separator, i->size == 2 ? 's' : 'd', i->rt + n);
		else
			add(t, "%sr%u", separator, n);
		separator = ", ";
	}
	add(t, "}%s", i->flags & NISV_USER_REGS ? "^" : "");
}

static void structure32(struct text *t, const struct nisv_insn *i)
{
	const unsigned int step = i->nregs == i->selem ? i->stride : 1;

	add(t, "v%s%u.%u {", i->op == NISV_LOAD ? "ld" : "st", i->selem, 8 << (i->size & 3));
	for (unsigned int r = 0; r < i->nregs; r++) {
		add(t, "%sd%u", r ? ", " : "", i->rt + r * step);
		if (i->lane != NISV_NONE)
			add(t, "[%u]", i->lane);
		else if (i->flags & NISV_REPLICATE)
			add(t, "[]");
	}
	add(t, "}, [r%u", i->rn);
	if (i->align)
		add(t, ":%u", 8u << (i->align & 7));
	add(t, "]");
	if (i->rm != NISV_NONE)
		add(t, ", r%u", i->rm);
	else if (i->flags & NISV_WRITEBACK)
		add(t, "!");
}

static const char * const conds[] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", "",
};

static void mnemonic32(struct text *t, const struct nisv_insn *i)
{
	const bool load = i->op == NISV_LOAD, simd = i->flags & NISV_SIMD;

	if (i->op == NISV_PREFETCH) {
		add(t, "pld ");
		return;
	}
	if (i->flags & NISV_FLDMX)
		add(t, "f");
	else if (simd)
		add(t, "v");
	add(t, load ? "ld" : "st");
	if (i->flags & NISV_LIST) {
		add(t, "m%s", i->step < 0 ? (i->imm == i->step ? "db" : "da") :
		    i->imm ? "ib" : simd ? "ia" : "");
		add(t, i->flags & NISV_FLDMX ? "x" : "");
	} else {
		if (i->flags & (NISV_ACQUIRE | NISV_RELEASE))
			add(t, load ? "a" : "l");
		if (i->flags & NISV_EXCLUSIVE_ACCESS)
			add(t, i->flags & (NISV_ACQUIRE | NISV_RELEASE) ? "ex" : "rex");
		else if (!(i->flags & (NISV_ACQUIRE | NISV_RELEASE)))
			add(t, "r");
		add(t, "%s%s%s", i->flags & NISV_SIGNED ? "s" : "",
		    i->rt2 != NISV_NONE ? "d" : simd || i->size == 2 ? "" : i->size ? "h" : "b",
		    i->flags & NISV_UNPRIV ? "t" : "");
	}
	add(t, "%s%s ", NAME(conds, i->cond), simd && i->size == 1 ? ".16" : "");
}

static void aarch32(struct text *t, const struct nisv_insn *i)
{
	if (i->op == NISV_MAINTAIN) {
		add(t, "mcr%s p15, #0, r%u, c7, c%u, #1", NAME(conds, i->cond), i->rt, bits(i->word, 3, 0));
		return;
	}
	if (i->flags & NISV_STRUCTURE) {
		structure32(t, i);
		return;
	}
	if (i->family == NISV_A32_TABLE_BRANCH) {
		add(t, "tb%s [r%u, r%u%s]", i->size ? "h" : "b", i->rn, i->rm, i->size ? ", lsl #1" : "");
		return;
	}
	if (i->op == NISV_SWP) {
		add(t, "swp%s%s r%u, r%u, [r%u]", i->size ? "" : "b", NAME(conds, i->cond), i->rt, i->rs, i->rn);
		return;
	}
	mnemonic32(t, i);
	if (i->flags & NISV_LIST) {
		list(t, i);
		return;
	}
	if (i->rs != NISV_NONE)
		add(t, "r%u, ", i->rs);
	if (i->op != NISV_PREFETCH)
		add(t, "%c%u, ", !(i->flags & NISV_SIMD) ? 'r' : i->size == 3 ? 'd' : 's', i->rt);
	if (i->rt2 != NISV_NONE)
		add(t, "r%u, ", i->rt2);
	address32(t, i);
}

int nisv_text(const struct nisv_insn *i, char *buf, size_t size)
{
	struct text t = { .buf = buf, .size = size };

	if (size)
		buf[0] = 0;
	if (i->op == NISV_UNKNOWN || i->op == NISV_NAMED) {
		add(&t, ".inst 0x%0*x", i->length == 2 ? 4 : 8, i->word);
		if (i->op == NISV_NAMED)
			add(&t, " %s %s", i->isa == NISV_A64 ? "//" : "@", nisv_family_name(i->family));
	} else if (i->isa != NISV_A64) {
		aarch32(&t, i);
	} else if (i->family == NISV_SVE) {
		sve(&t, i);
	} else if (i->op == NISV_PREFETCH) {
		prefetch(&t, i);
	} else if (i->op == NISV_MAINTAIN) {
		maintain(&t, i);
	} else if (i->family == NISV_TAGS) {
		tags(&t, i);
	} else if (i->family == NISV_COPY_SET) {
		mops(&t, i);
	} else if (i->op == NISV_ZERO) {
		add(&t, "dc zva, ");
		gpr(&t, i->rt, 64);
	} else if (i->flags & NISV_STRUCTURE) {
		structure(&t, i);
	} else if (i->op == NISV_LOAD || i->op == NISV_STORE) {
		load_store(&t, i);
	} else {
		read_modify_write(&t, i);
	}
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
		[NISV_CACHE]			= "cache maintenance by address",
		[NISV_RCPC3]			= "LDIAPP/STILP, LDAPR/STLR (writeback, SIMD&FP)",
		[NISV_LSE128]			= "128-bit atomic memory operations",
		[NISV_RCW]			= "read-check-write atomic memory operations",
		[NISV_LSUI]			= "unprivileged pairs, exclusives and atomics",
		[NISV_LSFE]			= "floating-point atomic memory operations",
		[NISV_GCS]			= "GCS load/store",
	};

	return family < NISV_FAMILIES && names[family] ? names[family] : "?";
}

const char *nisv_strerror(int result)
{
	switch (result) {
	case NISV_DONE:		return "success";
	case NISV_AGAIN:	return "memory has changed since the exit; run the vCPU again";
	case NISV_OTHER:	return "neither a load nor a store";
	case NISV_UNALLOCATED:	return "an unallocated load or store";
	case NISV_UNPREDICTABLE: return "an UNPREDICTABLE load or store";
	case NISV_NO_ACCESS:	return "a prefetch, cache maintenance or a non-fault load, which never faults";
	case NISV_UNSUPPORTED:	return "an unsupported instruction, or a vCPU with EL2";
	case NISV_REGISTER:	return "a register of the vCPU could not be read or written";
	case NISV_FETCH:	return "the instruction is not in the guest's memory";
	case NISV_WALK:		return "the guest's page tables do not map the data";
	case NISV_ALIGNMENT:	return "a misaligned access that must be aligned";
	case NISV_MISMATCH:	return "the instruction does not make the access that exited";
	case NISV_LIVELOCK:	return "exclusive loads without a store: the CPU fails the store";
	case NISV_NOTHING:	return "there is nothing at this address";
	case NISV_DEVICE:	return "the device refused the access";
	case NISV_PERMISSIONS:	return "it is not known whether the second page may be accessed";
	case NISV_NOT_ATOMIC:	return "it must be a single access, but is in RAM or on several devices";
	default:		return "?";
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * exhaustive [-f] [-j JOBS] [SET]...: compare the decoder with disassemblers
 *
 * Every word, load or store or not, goes through nisv_decode() and nisv_text(), and must
 * come out as binutils' libopcodes and capstone have it, and of A64 LLVM, if its library of
 * that version was there when this was built, to the last operand. Without -f
 * that is each value of bits 31 to 10, with the others at random; with -f all 2^32. Of
 * A32, it is those that are executed always.
 *
 * binutils' library is for one architecture: with -DAARCH32 this is about A32 and T32.
 *
 * Where they disagree, the disagreement is counted by what each of them says; each
 * must be one of `known`, which says who is right and why.
 *
 * First, words that they do not know, and descriptions that no decoder makes.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <capstone/capstone.h>

#include "nisv.h"
#include "opcodes.h"

enum {
	OPCODES, CAPSTONE,
#ifdef LLVM
	LLVM22,
#endif
	REFERENCES
};
static const char * const references[] = { "libopcodes", "capstone", "LLVM 22" };

/* llvm-c/Disassembler.h and Target.h, without which its library does */
#ifdef LLVM
void LLVMInitializeAArch64TargetInfo(void);
void LLVMInitializeAArch64TargetMC(void);
void LLVMInitializeAArch64Disassembler(void);
void *LLVMCreateDisasmCPUFeatures(const char *triple, const char *cpu, const char *features, void *info, int tag,
				  void *get_op_info, void *symbol_lookup);
size_t LLVMDisasmInstruction(void *disasm, uint8_t *bytes, uint64_t size, uint64_t pc, char *text, size_t text_size);

static void *llvm;
#endif

/* Instruction sets: the words are what `value` has where `mask` is set, and all else */
static const struct set {
	const char *name;
	enum nisv_isa isa;
	uint32_t mask, value;
	unsigned int length;
	const char *dis_options;
	int cs_mode;
} sets[] = {
#ifdef AARCH32
	{ "A32", NISV_A32, 0xf0000000, 0xe0000000, 4, "reg-names-raw", CS_MODE_ARM | CS_MODE_V8 },
	{ "A32-unconditional", NISV_A32, 0xf0000000, 0xf0000000, 4, "reg-names-raw", CS_MODE_ARM | CS_MODE_V8 },
	{ "A32-system", NISV_A32, 0xffff0000, 0xee070000, 4, "reg-names-raw", CS_MODE_ARM | CS_MODE_V8 },
	{ "T16", NISV_T32, 0xffff0000, 0x00000000, 2, "reg-names-raw,force-thumb", CS_MODE_THUMB | CS_MODE_V8 },
	{ "T32-E8", NISV_T32, 0xf8000000, 0xe8000000, 4, "reg-names-raw,force-thumb", CS_MODE_THUMB | CS_MODE_V8 },
	{ "T32-F8", NISV_T32, 0xf8000000, 0xf8000000, 4, "reg-names-raw,force-thumb", CS_MODE_THUMB | CS_MODE_V8 },
	{ "T32-system", NISV_T32, 0xffff0000, 0xee070000, 4, "reg-names-raw,force-thumb", CS_MODE_THUMB | CS_MODE_V8 },
#define DIS_ARCH	bfd_arch_arm
#define CS_ARCH		CS_ARCH_ARM
#else
	{ "A64", NISV_A64, 0, 0, 4, NULL, CS_MODE_LITTLE_ENDIAN },
	{ "A64-system", NISV_A64, 0xfff80000, 0xd5080000, 4, NULL, CS_MODE_LITTLE_ENDIAN },
#define DIS_ARCH	bfd_arch_aarch64
#define CS_ARCH		CS_ARCH_ARM64
#endif
};
static const struct set *set;

/* Patterns of fnmatch() on "OURS|THEIRS", see disagree() */
static const struct known {
	int reference;
	const char *pattern;
	const char *why;
} known[] = {
#ifdef AARCH32
#include "aarch32-known.h"
#else
#include "a64-known.h"
#endif
};

static const struct word {
	unsigned int isa;
	uint32_t word;
	int answer;
	unsigned int family;
	const char *text;
} words[] = {
#include "words.h"
};

#define KINDS 4096
struct kind {
	char text[120], example[160];
	uint64_t count;
	int reference;
};

struct job {
	uint64_t words, agree[REFERENCES];
	unsigned int kinds;
	struct kind kind[KINDS];
};

static struct disassemble_info dis;
static disassembler_ftype dis_print;
static csh cs;
static cs_insn *cs_result;
static uint32_t word, in_memory;
static char printed[256];
static size_t printed_len;

static int print_args(const char *fmt, va_list ap)
{
	printed_len += vsnprintf(printed + printed_len, sizeof(printed) - printed_len, fmt, ap);
	va_end(ap);
	return 0;
}

static int print(void *stream, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	return print_args(fmt, ap);
}

static int print_styled(void *stream, enum disassembler_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	return print_args(fmt, ap);
}

static void references_init(void)
{
	dis_print = opcodes_start(&dis, DIS_ARCH, set->length, set->dis_options, print, print_styled);
	dis.buffer = (void *)&in_memory;

	if (cs_open(CS_ARCH, set->cs_mode, &cs)) {
		fprintf(stderr, "exhaustive: capstone has no %s\n", set->name);
		exit(1);
	}
	cs_result = cs_malloc(cs);
#ifdef LLVM
	LLVMInitializeAArch64TargetInfo();
	LLVMInitializeAArch64TargetMC();
	LLVMInitializeAArch64Disassembler();
	llvm = LLVMCreateDisasmCPUFeatures("aarch64", "", "+all", NULL, 0, NULL, NULL);
	if (!llvm) {
		fprintf(stderr, "exhaustive: LLVM has no AArch64\n");
		exit(1);
	}
#endif
}

/* What a reference prints for `word`, or "" if it takes it for unallocated */
static void reference_text(int reference, char *text, size_t size)
{
	text[0] = 0;
	if (reference == OPCODES) {
		printed_len = 0;
		printed[0] = 0;
		dis_print(0, &dis);
		if (!strstr(printed, "undefined") && !strstr(printed, "UNDEFINED") && printed[0] != '.' &&
		    !strstr(printed, "<illegal"))
			snprintf(text, size, "%s", printed);
#ifdef LLVM
	} else if (reference == LLVM22) {
		if (!LLVMDisasmInstruction(llvm, (void *)&in_memory, 4, 0, text, size))
			text[0] = 0;
#endif
	} else {
		const uint8_t *code = (void *)&in_memory;
		size_t len = set->length;
		uint64_t at = 0;

		if (cs_disasm_iter(cs, &code, &len, &at, cs_result))
			snprintf(text, size, "%s %s", cs_result->mnemonic, cs_result->op_str);
	}
}

/*
 * One way of writing: no comments, one space, decimal numbers, lists of registers
 * one by one, and addresses relative to the instruction, which is at 0
 */
static void canonical(const char *in, char *out, size_t size, bool pc_relative)
{
	char *o = out, *end = out + size - 32, *p;
	unsigned int from, to;
	char kind[8];
	int n;

	while (*in && o < end) {
		if (!strncmp(in, "//", 2))
			break;
		if (isspace((unsigned char)*in)) {
			while (isspace((unsigned char)*in))
				in++;
			/* LLVM has one at the beginning, in braces, and in ranges */
			if (*in == '-' && in[1] == ' ')
				in += 2, *o++ = '-';
			else if (o > out && o[-1] != '{' && *in != '}')
				*o++ = ' ';
		} else if (!strncmp(in, "0x", 2)) {
			const uint64_t v = strtoull(in, &p, 16);

			o += sprintf(o, "%lld", (long long)v);
			in = p;
		} else if (sscanf(in, "v%u.%7[0-9bhsdq]-v%u.%*7[0-9bhsdq]%n", &from, kind, &to, &n) == 3) {
			for (;; from = (from + 1) % 32) {
				o += sprintf(o, "v%u.%s", from, kind);
				if (from == to || o >= end)
					break;
				o += sprintf(o, ", ");
			}
			in += n;
		} else {
			*o++ = *in++;
		}
	}
	while (o > out && o[-1] == ' ')
		o--;
	*o = 0;

	if (pc_relative && (p = strrchr(out, ' '))) {
		const long long v = strtoll(p + (p[1] == '#' ? 2 : 1), NULL, 10);

		sprintf(p, " .%+lld", v);
	}
}

/* The text from `at` on, `n` characters of it, becomes `with` */
static void put(char *at, size_t n, const char *with)
{
	memmove(at + strlen(with), at + n, strlen(at + n) + 1);
	memcpy(at, with, strlen(with));
}

/* And of AArch32: registers by number, and no alias for a list on the stack */
static void canonical_aarch32(char *text)
{
	static const char * const regs[][2] = {
		{ "sb", "r9" }, { "sl", "r10" }, { "fp", "r11" }, { "ip", "r12" }, { "sp", "r13" },
		{ "lr", "r14" }, { "pc", "r15" },
	};
	static const char * const aliases[][2] = {
		{ "push ", "stmdb r13!, " }, { "pop ", "ldm r13!, " }, { "vpush ", "vstmdb r13!, " },
		{ "vpop ", "vldmia r13!, " }, { "ldmia ", "ldm " }, { "stmia ", "stm " },
		{ "ldmfd ", "ldm " }, { "stmfd ", "stmdb " },
	};
	unsigned int from, to, rt, crm;
	char c, *p;
	int n;

	/* Cache maintenance, as capstone and GNU as have it */
	if (sscanf(text, "mcr 15, 0, r%u, cr7, cr%u, {1}", &rt, &crm) == 2 && strstr(text, "{1}"))
		sprintf(text, "mcr p15, #0, r%u, c7, c%u, #1", rt, crm);

	/* One register on the stack: what it really is stands in a comment */
	p = strchr(text, '@');
	if (p && (!strncmp(text, "push", 4) || !strncmp(text, "pop", 3)) && p[2] == '(') {
		memmove(text, p + 3, strlen(p + 3) + 1);
		text[strcspn(text, ")")] = 0;
	} else if (p) {
		*p = 0;
	}
	for (n = strlen(text); n && text[n - 1] == ' '; n--)
		text[n - 1] = 0;

	p = text + strcspn(text, " .");
	if (!strncmp(p, ".w", 2) || !strncmp(p, ".n", 2))
		put(p, 2, "");
	for (unsigned int a = 0; a < sizeof(aliases) / sizeof(aliases[0]); a++)
		if (!strncmp(text, aliases[a][0], strlen(aliases[a][0]))) {
			put(text, strlen(aliases[a][0]), aliases[a][1]);
			break;
		}
	for (p = text + strcspn(text, " "); *p; p++) {
		for (unsigned int r = 0; r < sizeof(regs) / sizeof(regs[0]); r++)
			if (!isalnum((unsigned char)p[-1]) && !strncmp(p, regs[r][0], 2) &&
			    !isalnum((unsigned char)p[2]))
				put(p, 2, regs[r][1]);
		if (sscanf(p, "%c%u-%*c%u%n", &c, &from, &to, &n) == 3 && (c == 's' || c == 'd') &&
		    to >= from && to < 64) {
			char list[400] = "";

			for (; from <= to; from++)
				sprintf(list + strlen(list), "%s%c%u", *list ? ", " : "", c, from);
			put(p, n, list);
		}
		if (sscanf(p, "d%u[]-d%u[%n", &from, &to, &n) == 2 && to >= from && to < 64) {
			char list[400] = "";

			for (; from <= to; from++)
				sprintf(list + strlen(list), "%sd%u[]", *list ? ", " : "", from);
			put(p, n + 1, list);
		}
		if (!strncmp(p, ",d", 2))
			put(p, 1, ", ");
		if (!strcmp(p, " ^") || !strncmp(p, " :", 2))
			put(p, 1, "");
		if (!strncmp(p, ", #-0]", 6))
			put(p, 5, p[6] == '!' ? ", #0" : "");
		else if (!strcmp(p, ", #0]"))
			put(p, 4, "");
		else if (!strncmp(p, "#-0", 3) && !p[3])
			put(p, 3, "#0");
	}
}

static bool starts(const char *text, const char * const *with)
{
	for (; *with; with++)
		if (!strncmp(text, *with, strlen(*with)))
			return true;
	return false;
}

/* Is this an instruction that we should have known? */
static bool accesses_memory(const char *text)
{
	static const char * const some[] = {
#ifdef AARCH32
		"ldr", "str", "ldm", "stm", "lda", "stl", "vld", "vst", "fldm", "fstm", "pld", "pli", "push", "pop",
		"vpush", "vpop", "swp", "rfe", "srs", "ldc", "stc", "tbb", "tbh", NULL
#else
		"ld", "st", "cas", "swp", "prf", "cpy", "setp", "setm", "sete", "setgp", "setgm",
		"setge", "dc zva", "dc gva", "dc gzva", "rcw", "gcsst", "dc iv", "dc igv", "dc igdv", "dc cv",
		"dc cgv", "dc cgdv", "dc civ", "dc cigv", "dc cigdv", "ic iv", NULL
#endif
	};
#ifdef AARCH32
	unsigned int crm;

	if (sscanf(text, "mcr p15, #0, r%*u, c7, c%u", &crm) == 1 && strstr(text, ", #1"))
		return crm == 5 || crm == 6 || crm == 10 || crm == 11 || crm == 14;
#endif
	return starts(text, some);
}

static bool same_family(unsigned int family, const char *text)
{
	static const char * const tags[] = { "stg", "stzg", "st2g", "stz2g", "ldg", "dc g", "dc zg", NULL };
	static const char * const fills[] = { "setgo", NULL };
	static const char * const structures[] = { "vld", "vst", NULL };
	static const char * const system[] = { "rfe", "srs", "ldc", "stc", "ldm", "pop", "v", NULL };
	static const char * const swaps[] = { "swp", NULL };
	static const char * const tables[] = { "tb", NULL };
	static const char * const preloads[] = { "pld", "pli", NULL };
	static const char * const rcpc3[] = { "ldap", "stlp", NULL };
	static const char * const lse128[] = { "ldclrp", "ldsetp", "swpp", NULL };
	static const char * const rcw[] = { "rcw", NULL };
	static const char * const lsui[] = { "ldt", "stt", "ldatxr", "stltxr", "cas", "swpt", NULL };
	static const char * const lsfe[] = { "ldf", "ldbf", "stf", "stbf", NULL };
	static const char * const gcs[] = { "gcsst", NULL };

	switch (family) {
	case NISV_A32_SIMD:	return starts(text, structures);
	case NISV_A32_SYNC:	return starts(text, swaps);
	case NISV_A32_SYSTEM:	return starts(text, system);
	case NISV_A32_TABLE_BRANCH: return starts(text, tables);
	case NISV_A32_PREFETCH:	return starts(text, preloads);
	case NISV_TAGS:		return starts(text, tags);
	case NISV_COPY_SET:	return starts(text, fills);
	case NISV_RCPC3:	return starts(text, rcpc3);
	case NISV_LSE128:	return starts(text, lse128);
	case NISV_RCW:		return starts(text, rcw);
	case NISV_LSUI:		return starts(text, lsui);
	case NISV_LSFE:		return starts(text, lsfe);
	case NISV_GCS:		return starts(text, gcs);
	case NISV_SVE:
	case NISV_SME:		return accesses_memory(text);
	default:		return false;
	}
}

static void disagree(struct job *job, int reference, const char *ours, const char *theirs)
{
	char text[sizeof(job->kind->text)];
	struct kind *k;

	snprintf(text, sizeof(text), "%.60s|%.*s", ours, (int)strcspn(theirs, " "), theirs);
	for (k = job->kind; k < job->kind + job->kinds; k++)
		if (k->reference == reference && !strcmp(k->text, text))
			break;
	if (k == job->kind + job->kinds) {
		if (job->kinds == KINDS) {
			fprintf(stderr, "exhaustive: more than %u kinds of disagreements\n", KINDS);
			_exit(1);
		}
		job->kinds++;
		k->reference = reference;
		strcpy(k->text, text);
		snprintf(k->example, sizeof(k->example), "%08x %.60s|%.60s", word, ours, theirs);
	}
	k->count++;
}

static void check(struct job *job)
{
	char *p, ours[600], shorter[600], canon[1200], theirs[256], what[80];
	struct nisv_insn i;
	const int ret = nisv_decode(set->isa, word, &i);
	const bool described = ret == NISV_DONE || ret == NISV_UNPREDICTABLE || ret == NISV_NO_ACCESS;

	job->words++;
	in_memory = set->isa == NISV_T32 && set->length == 4 ? word << 16 | word >> 16 : word;
	ours[0] = 0;
	shorter[0] = 0;
	if (described) {
		nisv_text(&i, ours, sizeof(ours));
		/* Of A32's register pairs, binutils prints the first */
		if (set->isa == NISV_A32 && i.rt2 != NISV_NONE) {
			i.rt2 = NISV_NONE;
			nisv_text(&i, shorter, sizeof(shorter));
			i.rt2 = i.rt + 1;
			put(shorter + strcspn(shorter, " "), 0, "d");
		}
		/* Of T32's writeback of 0 it shows less, or nothing */
		if (set->isa == NISV_T32 && (p = strstr(ours, ", #0]!"))) {
			strcpy(shorter, ours);
			strcpy(shorter + (p - ours), i.rt2 != NISV_NONE ? "]" : "]!");
		}
		/* LLVM leaves out an index of SVE that is zero */
		if (i.family == NISV_SVE && (p = strstr(ours, ", xzr"))) {
			strcpy(shorter, ours);
			strcpy(shorter + (p - ours), "]");
		}
	}
	for (int r = 0; r < REFERENCES; r++) {
		bool same;

		reference_text(r, theirs, sizeof(theirs));
		canonical(theirs, canon, sizeof(canon),
			  set->isa == NISV_A64 && described && i.mode == NISV_PC_RELATIVE);
		if (set->isa != NISV_A64)
			canonical_aarch32(canon);
		if (described && i.family == NISV_A32_PREFETCH)
			same = same_family(i.family, canon);
		else if (described)
			same = !strcmp(ours, canon) || (*shorter && !strcmp(shorter, canon));
		else if (ret == NISV_UNSUPPORTED)
			same = same_family(i.family, canon);
		else if (ret == NISV_UNALLOCATED)
			same = !canon[0];
		else
			same = !accesses_memory(canon);

		if (same) {
			job->agree[r]++;
			continue;
		}
		if (described)
			snprintf(what, sizeof(what), "%s%.*s%s", i.family != NISV_SVE ? "" : i.width == 128 ? "SVE .q " : "SVE ",
				 (int)strcspn(ours, " "), ours,
				 ret == NISV_UNPREDICTABLE ? " unpredictable" : "");
		else
			snprintf(what, sizeof(what), "%s", ret == NISV_UNSUPPORTED ?
				 nisv_family_name(i.family) : nisv_strerror(ret));
		disagree(job, r, what, canon);
	}
}

static void run(struct job *job, unsigned int n, unsigned int jobs, bool full)
{
	const uint32_t free_bits = ~set->mask;
	const bool all = full || free_bits < 1 << 22;
	const uint64_t per = ((uint64_t)free_bits + 1) / (all ? 1 : 1 << 10) / jobs;
	uint64_t seed = n + 1;

	references_init();
	for (uint64_t v = per * n; v < per * (n + 1); v++) {
		if (all) {
			word = v | set->value;
			check(job);
			continue;
		}
		for (int k = 0; k < 2; k++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			word = v << 10 | seed >> 54 | set->value;
			check(job);
		}
	}
}

static int report(struct job *jobs, unsigned int njobs)
{
	static struct kind all[REFERENCES * KINDS];
	unsigned int n = 0, unexplained = 0;
	uint64_t words = 0, agree[REFERENCES] = {}, by_rule[sizeof(known) / sizeof(known[0])] = {};

	for (struct job *j = jobs; j < jobs + njobs; j++) {
		words += j->words;
		for (int r = 0; r < REFERENCES; r++)
			agree[r] += j->agree[r];
		for (unsigned int k = 0; k < j->kinds; k++) {
			unsigned int a;

			for (a = 0; a < n; a++)
				if (all[a].reference == j->kind[k].reference &&
				    !strcmp(all[a].text, j->kind[k].text))
					break;
			if (a == n)
				all[n++] = j->kind[k];
			else
				all[a].count += j->kind[k].count;
		}
	}

	for (int r = 0; r < REFERENCES; r++)
		printf("# %s: %llu of %llu words agree\n", references[r],
		       (unsigned long long)agree[r], (unsigned long long)words);
	for (unsigned int a = 0; a < n; a++) {
		unsigned int k;

		for (k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (known[k].reference == all[a].reference &&
			    !fnmatch(known[k].pattern, all[a].text, 0))
				break;
		if (k < sizeof(known) / sizeof(known[0])) {
			by_rule[k] += all[a].count;
			continue;
		}
		unexplained++;
		printf("# unexplained: %s, %llu words: %s; %s\n", references[all[a].reference],
		       (unsigned long long)all[a].count, all[a].text, all[a].example);
	}
	for (unsigned int k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (by_rule[k])
			printf("# %s, %llu words, %s: %s\n", references[known[k].reference],
			       (unsigned long long)by_rule[k], known[k].pattern, known[k].why);
	return unexplained;
}

static unsigned int check_set(unsigned int njobs, bool full)
{
	unsigned int failed = 0;
	struct job *jobs;
	int status;

	jobs = mmap(NULL, njobs * sizeof(*jobs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (jobs == MAP_FAILED) {
		perror("exhaustive: mmap");
		exit(1);
	}
	fflush(stdout);
	for (unsigned int n = 0; n < njobs; n++)
		if (!fork()) {
			run(&jobs[n], n, njobs, full);
			_exit(0);
		}
	while (wait(&status) > 0)
		failed += status != 0;
	failed += report(jobs, njobs);
	munmap(jobs, njobs * sizeof(*jobs));
	return failed;
}

static bool check_words(void)
{
	static const struct nisv_insn none = {
		.rt = NISV_NONE, .rt2 = NISV_NONE, .rs = NISV_NONE, .rn = NISV_NONE, .rm = NISV_NONE,
		.lane = NISV_NONE,
	};
	bool ok = true;

	for (const struct word *w = words; w < words + sizeof(words) / sizeof(words[0]); w++) {
		const bool named = w->answer == NISV_UNSUPPORTED;
		struct nisv_insn i, rest;
		char text[200], inst[200];
		int answer;

		memset(&i, 0x5a, sizeof(i));
		answer = nisv_decode(w->isa, w->word, &i);
		nisv_text(&i, text, sizeof(text));
		snprintf(inst, sizeof(inst), ".inst 0x%08x%s%s", w->word, named ? " // " : "",
			 named ? nisv_family_name(w->family) : "");
		if (answer != w->answer || i.family != w->family || strcmp(text, w->text ? w->text : inst)) {
			printf("# %u %08x: %d, %s, %s\n", w->isa, w->word, answer, nisv_family_name(i.family), text);
			ok = false;
		}
		if (answer != NISV_OTHER && answer != NISV_UNALLOCATED && !named)
			continue;
		/* Of what is refused there is nothing else */
		rest = none;
		rest.word = w->word;
		rest.isa = w->isa;
		rest.length = w->isa == NISV_T32 && !(w->word >> 16) ? 2 : 4;
		rest.family = w->family;
		rest.op = named ? NISV_NAMED : NISV_UNKNOWN;
		if (memcmp(&i, &rest, offsetof(struct nisv_insn, stage) + 1) ||
		    memcmp(&i.flags, &rest.flags, sizeof(i) - offsetof(struct nisv_insn, flags))) {
			printf("# %u %08x: not blank\n", w->isa, w->word);
			ok = false;
		}
	}
	return ok;
}

/* Any bytes: those of a decoder's description, some changed. It crashes, or it does not */
static bool check_any_text(void)
{
	char text[8192], shorter[40];
	uint64_t seed = 1;

	for (unsigned int n = 0; n < 1000000; n++) {
		struct nisv_insn i;
		int length;

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		nisv_decode(seed >> 34 & 3, seed >> 32, &i);
		for (unsigned int byte = seed & 3; byte < sizeof(i); byte += 1 + (seed >> byte % 32 & 7)) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			((uint8_t *)&i)[byte] = seed >> 56;
		}
		length = nisv_text(&i, text, sizeof(text));
		if (length != (int)strlen(text) || nisv_text(&i, shorter, sizeof(shorter)) != length ||
		    strncmp(shorter, text, sizeof(shorter) - 1)) {
			printf("# %08x: %s, %s\n", i.word, text, shorter);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	const unsigned int nsets = sizeof(sets) / sizeof(sets[0]);
	unsigned int njobs = sysconf(_SC_NPROCESSORS_ONLN), failures = 0, tests = 0, failed;
	bool full = false;
	int opt;

	while ((opt = getopt(argc, argv, "fj:")) != -1) {
		if (opt == 'f') {
			full = true;
		} else if (opt == 'j' && atoi(optarg) > 0) {
			njobs = atoi(optarg);
		} else {
			fprintf(stderr, "usage: exhaustive [-f] [-j JOBS] [SET]\n");
			return 2;
		}
	}
	while (njobs & (njobs - 1))	/* the words divide by powers of two */
		njobs--;

	printf("TAP version 13\n1..%u\n", 2 + (optind < argc ? 1 : nsets));
	failed = !check_words();
	failures += failed;
	printf("%sok %u words that disassemblers do not know, and what is refused\n", failed ? "not " : "", ++tests);
	failed = !check_any_text();
	failures += failed;
	printf("%sok %u any bytes in a description\n", failed ? "not " : "", ++tests);
	for (set = sets; set < sets + nsets; set++) {
		if (optind < argc && strcmp(argv[optind], set->name))
			continue;
		failed = check_set(njobs, full);
		failures += failed;
		printf("%sok %u %s: decoded as the disassemblers do, or else it is known why\n",
		       failed ? "not " : "", ++tests, set->name);
	}
	return failures != 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * bench-decode [-o LIBRARY] [-n WORDS] [ELF]: how fast are A64 words decoded
 *
 * by libnisv, by capstone with its details, which is what has the fields that
 * nisv_decode() gives, and by binutils' libopcodes, which has text only. The words are
 * all kinds of loads and stores, at random; with ELF, its code, as it is there.
 *
 * Prints a line "LIBRARY MILLION-WORDS-A-SECOND RATIO" each, the ratio being libnisv's
 * to it. With -o, that library decodes WORDS words, and nothing is printed: callgrind
 * counts the instructions of profiled(), see bench-decode.sh.
 */
#include <elf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <capstone/capstone.h>

#include "nisv.h"
#include "opcodes.h"

#define WORDS		(1u << 16)
#define SECONDS		1.0		/* that each library has, at least */

static uint32_t *words;
static size_t nwords;

static void die(const char *what)
{
	fprintf(stderr, "bench-decode: %s\n", what);
	exit(1);
}

static void loads_and_stores(void)
{
	struct nisv_insn insn;
	uint64_t seed = 1;

	words = malloc(WORDS * sizeof(*words));
	if (!words)
		die("no memory");
	while (nwords < WORDS) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		words[nwords] = seed >> 32;
		nwords += nisv_decode(NISV_A64, words[nwords], &insn) == NISV_DONE;
	}
}

/* The segment that is executed, of a little-endian arm64 file */
static void code_of(const char *name)
{
	FILE *f = fopen(name, "rb");
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (!f || fread(&header, sizeof(header), 1, f) != 1 || memcmp(header.e_ident, ELFMAG, SELFMAG) ||
	    header.e_machine != EM_AARCH64)
		die("not an ELF file of arm64");
	for (unsigned int n = 0; n < header.e_phnum && !nwords; n++) {
		if (fseek(f, header.e_phoff + n * sizeof(segment), SEEK_SET) ||
		    fread(&segment, sizeof(segment), 1, f) != 1)
			die("no program header");
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		words = malloc(segment.p_filesz);
		if (!words || fseek(f, segment.p_offset, SEEK_SET) || fread(words, segment.p_filesz, 1, f) != 1)
			die("cannot read its code");
		nwords = segment.p_filesz / 4;
	}
	fclose(f);
	if (!nwords)
		die("no code in it");
}

static volatile unsigned int sink;

static void by_libnisv(uint32_t word)
{
	struct nisv_insn insn;

	sink += nisv_decode(NISV_A64, word, &insn) == NISV_DONE ? insn.rt : 0;
}

static csh cs;
static cs_insn *cs_result;

static void by_capstone(uint32_t word)
{
	const uint8_t *code = (void *)&word;
	size_t len = 4;
	uint64_t at = 0;

	sink += cs_disasm_iter(cs, &code, &len, &at, cs_result);
}

static struct disassemble_info dis;
static disassembler_ftype dis_print;

static int print(void *stream, const char *fmt, ...)
{
	(void)stream;
	(void)fmt;
	return 0;
}

static int print_styled(void *stream, enum disassembler_style style, const char *fmt, ...)
{
	(void)stream;
	(void)style;
	(void)fmt;
	return 0;
}

static void by_libopcodes(uint32_t word)
{
	dis.buffer = (void *)&word;
	sink += dis_print(0, &dis);
}

static const struct library {
	const char *name;
	void (*decode)(uint32_t word);
} libraries[] = {
	{ "libnisv", by_libnisv }, { "capstone", by_capstone }, { "libopcodes", by_libopcodes },
};

static void start(void)
{
	dis_print = opcodes_start(&dis, bfd_arch_aarch64, 4, NULL, print, print_styled);
	if (!dis_print || cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &cs) ||
	    cs_option(cs, CS_OPT_DETAIL, CS_OPT_ON))
		die("no disassembler");
	cs_result = cs_malloc(cs);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Million words a second */
static double speed(const struct library *l)
{
	const double start = now();
	double seconds;
	uint64_t n = 0;

	do {
		for (size_t w = 0; w < nwords && w < WORDS; w++)
			l->decode(words[(n + w) % nwords]);
		n += nwords < WORDS ? nwords : WORDS;
		seconds = now() - start;
	} while (seconds < SECONDS);
	return n / seconds / 1e6;
}

static void __attribute__((noinline)) profiled(const struct library *l, unsigned long count)
{
	for (size_t w = 0; w < count; w++)
		l->decode(words[w % nwords]);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	unsigned long count = 0;
	double ours = 0;
	int opt;

	while ((opt = getopt(argc, argv, "o:n:")) != -1) {
		if (opt == 'o') {
			only = optarg;
		} else if (opt == 'n') {
			count = strtoul(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: bench-decode [-o LIBRARY] [-n WORDS] [ELF]\n");
			return 2;
		}
	}
	if (optind < argc)
		code_of(argv[optind]);
	else
		loads_and_stores();
	start();
	for (unsigned int l = 0; l < sizeof(libraries) / sizeof(libraries[0]); l++) {
		double its;

		if (only) {
			if (strcmp(only, libraries[l].name))
				continue;
			profiled(&libraries[l], count);
			continue;
		}
		its = speed(&libraries[l]);
		ours = l ? ours : its;
		printf("%s %.2f %.1f\n", libraries[l].name, its, ours / its);
	}
	return 0;
}

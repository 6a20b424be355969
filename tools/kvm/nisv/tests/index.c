// SPDX-License-Identifier: GPL-2.0
/*
 * index [-f]: does the index that A64 is decoded by give what its rows say?
 *
 * Words are decoded by both: each value of bits 31 to 10, with the others at random, or with
 * -f all 2^32. They differ if a row's form() reads more than bits 31 to 21. Nor may there be
 * more forms than there is room for, as the words of these are slow to decode.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../a64.c"

static int wrong(const char *what, uint32_t w)
{
	fprintf(stderr, "index: %08x: %s\n", w, what);
	return 1;
}

static int check_word(uint32_t w)
{
	struct nisv_insn index, rows = { .word = w, .isa = NISV_A64, .length = 4 };
	const int ret = nisv_decoded(&rows, by_rows(&rows, w));

	memset(&index, 0xa5, sizeof(index));
	if (nisv_decode_a64(&index, w) != ret)
		return wrong("the answer is another than by the rows", w);
	return memcmp(&index, &rows, sizeof(rows)) ? wrong("the description is another than by the rows", w) : 0;
}

static int check(const char *how, bool all_words)
{
	uint64_t seed = 1, words = 0;

	for (uint64_t w = 0; w >> 32 == 0; w += all_words ? 1 : 1 << 10) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		if (check_word(w | (all_words ? 0 : seed >> 54)))
			return 1;
		words++;
	}
	printf("index: %llu words are the same as by the rows, %s\n", (unsigned long long)words, how);
	return 0;
}

int main(int argc, char **argv)
{
	const bool all_words = argc == 2 && !strcmp(argv[1], "-f");

	if (argc > 1 + all_words) {
		fprintf(stderr, "usage: index [-f]\n");
		return 2;
	}
	for (uint32_t key = 0; key < KEYS; key++)
		if (!first_form[key])
			return wrong("no room in table", key << 21);
	if (check("by the index", all_words))
		return 1;
	forms = &by_rows_form;
	memset(first_form, 0, sizeof(first_form));
	return check("before it is made", false);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests use of the kernel's tools/testing/selftests/kselftest.h, to build
 * them where there is no kernel tree, for a kernel that is a file. It prints KTAP.
 */
#ifndef NESTED_KSELFTEST_H
#define NESTED_KSELFTEST_H

#include <stdio.h>
#include <stdlib.h>

#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

static unsigned int ksft_test;

static inline void ksft_print_header(void)
{
	puts("TAP version 13");
}

static inline void ksft_inc_xskip_cnt(void)
{
	ksft_test++;
}

#define ksft_print_msg(...)	(printf("# "), (void)printf(__VA_ARGS__))
#define ksft_test_result(ok, ...) \
	(printf(ok "ok %u ", ++ksft_test), (void)printf(__VA_ARGS__))
#define ksft_test_result_pass(...)	ksft_test_result("", __VA_ARGS__)
#define ksft_test_result_fail(...)	ksft_test_result("not ", __VA_ARGS__)
#define ksft_exit_fail_msg(...)	\
	(printf("Bail out! "), printf(__VA_ARGS__), exit(KSFT_FAIL))

#endif

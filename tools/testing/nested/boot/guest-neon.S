/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 32-bit process of the guest, which copies as musl's memcpy() does: 32 bytes to the
 * device, and back. /dev/mem is file descriptor 3, and stdin has the page's number. Its exit
 * code is 0 if it gets what it has written.
 */
#define SYS_exit	1
#define SYS_read	3
#define SYS_mmap2	192

	.syntax	unified
	.arch	armv8-a
	.fpu	neon-fp-armv8
	.text
	.globl	_start
_start:
	mov	r0, #0
	ldr	r1, =page
	mov	r2, #4
	mov	r7, #SYS_read
	svc	#0

	mov	r0, #0
	mov	r1, #4096
	mov	r2, #3			@ PROT_READ | PROT_WRITE
	mov	r3, #1			@ MAP_SHARED
	mov	r4, #3
	ldr	r5, =page
	ldr	r5, [r5]
	mov	r7, #SYS_mmap2
	svc	#0
	cmn	r0, #4096		@ an error is one of the last 4095 numbers
	movhi	r0, #2
	bhi	end

	add	r1, r0, #0x100
	mov	r10, r1
	vmov.i32 q0, #0x11
	vmov.i32 q1, #0x22
	vst1.32	{d0-d3}, [r1]!
	vld1.32	{d4-d7}, [r10]
	veor	q2, q2, q0
	veor	q3, q3, q1
	vorr	q2, q2, q3
	vorr	d4, d4, d5
	vmov	r0, r1, d4
	orrs	r0, r0, r1
	movne	r0, #1
end:
	mov	r7, #SYS_exit
	svc	#0

	.bss
	.align	2
page:	.space	4

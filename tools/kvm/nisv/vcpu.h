/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* A vCPU of KVM, for what the library has to run itself: KVM_RUN, and registers around it */
#ifndef NISV_VCPU_H
#define NISV_VCPU_H

#include <errno.h>

#include "internal.h"
#include "onereg.h"

struct vcpu {
	int fd;
	struct kvm_run *run;
	uint64_t pc, pstate;
	uint64_t x[31];
};

static inline int get(const struct vcpu *v, uint64_t id, uint64_t *value)
{
	return one_reg(v->fd, KVM_GET_ONE_REG, id, value) ? NISV_REGISTER : NISV_DONE;
}

static inline int set(const struct vcpu *v, uint64_t id, uint64_t value)
{
	return one_reg(v->fd, KVM_SET_ONE_REG, id, &value) ? NISV_REGISTER : NISV_DONE;
}

/*
 * Have KVM do what it has left to do, without the guest. Another thread, or a signal, may
 * set immediate_exit to 1 meanwhile, to be seen by the next KVM_RUN: that stays.
 */
static inline int settle(const struct vcpu *v)
{
	uint8_t mine = 0;
	int ret;

	__atomic_compare_exchange_n(&v->run->immediate_exit, &mine, 2, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	ret = ioctl(v->fd, KVM_RUN, 0);
	/* Before v5.0 KVM says that a debugger's step is done, once the access is */
	if (ret ? errno == EINTR : v->run->exit_reason == EXIT_DEBUG)
		ret = NISV_DONE;
	else
		ret = NISV_REGISTER;
	mine = 2;
	__atomic_compare_exchange_n(&v->run->immediate_exit, &mine, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return ret;
}

#endif /* NISV_VCPU_H */

// SPDX-License-Identifier: GPL-2.0
//
// Take mainline's no-syndrome exit and abort injection out of the C code of
// arch/arm64/kvm. What is not an expression, a statement or a function (case
// labels, comments, headers, documentation) is left to rewind.sh, which also
// proves that nothing is left.

// The exit to userspace
@@
expression vcpu_flags;
@@
-	if (test_bit(KVM_ARCH_FLAG_RETURN_NISV_IO_ABORT_TO_USER, vcpu_flags)) {
-		...
-	}

@@
identifier sanitized = kvm_vcpu_dabt_iss_nisv_sanitized;
type T;
parameter list P;
@@
-	T sanitized(P) { ... }

// The opt-in of a VM
@@
expression flags;
@@
-	set_bit(KVM_ARCH_FLAG_RETURN_NISV_IO_ABORT_TO_USER, flags);

// The injection
@@
identifier pending, events;
@@
-	bool pending = events->exception.ext_dabt_pending;
	<...
-	if (pending)
-		kvm_inject_dabt(...);
	...>

// The later fix: an MMIO access that an exception has overtaken
@@
expression vcpu, other;
@@
-	other || kvm_pending_sync_exception(vcpu)
+	other

@@
identifier f = kvm_pending_sync_exception;
parameter list P;
@@
-	static bool f(P) { ... }

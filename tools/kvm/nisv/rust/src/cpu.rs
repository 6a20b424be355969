// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! A vCPU, and the calls into the library and back

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::os::raw::{c_int, c_uint, c_void};
use std::os::unix::io::RawFd;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::{ptr, slice};

use crate::bindings::{self, kvm_run, nisv_bus, nisv_cpu};
use crate::{outcome, At, Bus, Error, Insn, Monitor, Outcome, Refused};

/// A register that the library asks for.
///
/// Of an AArch32 guest, X0 to X30 are its general-purpose registers of all modes, as the
/// Arm ARM maps them (D1.20.1), and the system registers those of AArch64 that they are
/// mapped to. One that the vCPU does not have reads as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Reg {
    /// X0 to X30
    X(usize),
    SpEl0,
    SpEl1,
    Pc,
    /// As in SPSR_EL2, of AArch64 or AArch32
    Pstate,
    SctlrEl1,
    TcrEl1,
    Ttbr0El1,
    Ttbr1El1,
    /// Of DC ZVA only
    DczidEl0,
    /// Of an access in two pages only, as the next one
    Tcr2El1,
    Dacr32El2,
    /// Of ST64BV0 only
    AccdataEl1,
    /// V0 to V31, two words each, the lower one first. A write makes the rest of Zn zero
    V(usize),
    /// Of SVE only, as the next three: the vector length in bytes, 16 to 256, that the vCPU has at
    /// its EL
    Vl,
    /// The first-fault register, a predicate
    Ffr,
    /// P0 to P15, of as many bits, the lowest word first
    P(usize),
    /// Z0 to Z31, of as many bytes, the lowest word first
    Z(usize),
    /// A number that only a later version of the library asks for: refuse
    Unknown(u32),
}

impl From<u32> for Reg {
    fn from(number: u32) -> Self {
        match number {
            0..=30 => Reg::X(number as usize),
            bindings::NISV_SP_EL0 => Reg::SpEl0,
            bindings::NISV_SP_EL1 => Reg::SpEl1,
            bindings::NISV_PC => Reg::Pc,
            bindings::NISV_PSTATE => Reg::Pstate,
            bindings::NISV_SCTLR_EL1 => Reg::SctlrEl1,
            bindings::NISV_TCR_EL1 => Reg::TcrEl1,
            bindings::NISV_TTBR0_EL1 => Reg::Ttbr0El1,
            bindings::NISV_TTBR1_EL1 => Reg::Ttbr1El1,
            bindings::NISV_DCZID_EL0 => Reg::DczidEl0,
            bindings::NISV_TCR2_EL1 => Reg::Tcr2El1,
            bindings::NISV_DACR32_EL2 => Reg::Dacr32El2,
            bindings::NISV_ACCDATA_EL1 => Reg::AccdataEl1,
            64..=95 => Reg::V((number - bindings::NISV_V0) as usize),
            bindings::NISV_VL => Reg::Vl,
            bindings::NISV_FFR => Reg::Ffr,
            128..=143 => Reg::P((number - bindings::NISV_P0) as usize),
            160..=191 => Reg::Z((number - bindings::NISV_Z0) as usize),
            _ => Reg::Unknown(number),
        }
    }
}

/// The registers of a vCPU, for [`Cpu::access`].
///
/// Nothing is written before all is read. Once a write has succeeded, the next ones have
/// to.
pub trait Registers {
    /// Read a register: 64-bit words, the lowest first, which are zeros.
    fn get(&mut self, reg: Reg, value: &mut [u64]) -> Result<(), Refused>;

    /// Write a register, likewise.
    fn set(&mut self, reg: Reg, value: &[u64]) -> Result<(), Refused>;
}

/// A vCPU whose registers the VMM has. Keep it as long as the vCPU: what the library has seen
/// of the vCPU is in it.
#[derive(Debug)]
pub struct Cpu {
    raw: nisv_cpu,
    insn: Insn,
}

// SAFETY: the library keeps no pointer, and has no state of a thread. `raw.opaque` is a
// pointer only in a call, or else a vCPU's file descriptor.
unsafe impl Send for Cpu {}
// SAFETY: and all that uses it has the Cpu for itself
unsafe impl Sync for Cpu {}

impl Cpu {
    /// `features` are those of `struct kvm_vcpu_init`, the first word: of them,
    /// [`NISV_FEATURE_EL1_32BIT`](bindings::NISV_FEATURE_EL1_32BIT) and its neighbours matter.
    pub fn new(features: u32) -> Self {
        Cpu { raw: nisv_cpu { features, ..Default::default() }, insn: Insn::default() }
    }

    /// Carry out the access that a vCPU exited with: `fault_ipa` and `esr_iss` are as in
    /// `struct kvm_run`, `arm_nisv`. To be called while the vCPU does not run.
    pub fn access<R: Registers + ?Sized, B: Bus + ?Sized>(
        &mut self,
        registers: &mut R,
        bus: &B,
        fault_ipa: u64,
        esr_iss: u64,
    ) -> Result<Outcome, Error> {
        let Cpu { raw, insn: Insn(insn) } = self;
        raw.get = Some(get::<B, R>);
        raw.set = Some(set::<B, R>);
        Call::make(bus, registers, |opaque, bus| {
            raw.opaque = opaque;
            // SAFETY: all of them are good until it returns, and get() and set() find the Call
            let result = unsafe { bindings::nisv_access(raw, bus, fault_ipa, esr_iss, insn) };
            raw.opaque = ptr::null_mut();
            result
        })
    }

    /// The instruction of the last access, for a log. Its `length` is 0 if there was none.
    pub fn insn(&self) -> &Insn {
        &self.insn
    }

    /// Forget what the library has seen of the vCPU: its registers were set to something
    /// else, by a reset or a snapshot.
    pub fn reset(&mut self) {
        // SAFETY: it writes to what it is given
        unsafe { bindings::nisv_reset(&mut self.raw) }
    }
}

/// A vCPU of KVM, whose registers the library gets from KVM. Keep it as long as the vCPU.
#[derive(Debug)]
pub struct KvmCpu(Cpu);

impl KvmCpu {
    /// `features` are those that the vCPU was initialised with: `struct kvm_vcpu_init`,
    /// `features[0]`. If it is initialised with others, make a new one.
    ///
    /// # Safety
    ///
    /// `vcpu_fd` is a vCPU's. It stays the VMM's, and open as long as this is used.
    pub unsafe fn new(vcpu_fd: RawFd, features: u32) -> Self {
        let mut cpu = Cpu::new(0);
        // SAFETY: it writes to what it is given, and only keeps the number
        unsafe { bindings::nisv_kvm_init(&mut cpu.raw, vcpu_fd, features) };
        KvmCpu(cpu)
    }

    /// Carry out the access that a vCPU exited with: `KVM_EXIT_ARM_NISV` (28) or
    /// `KVM_EXIT_ARM_LDST64B` (42). Another exit is [`Error::Mismatch`].
    ///
    /// To be called in the thread that runs the vCPU, or while that does not.
    ///
    /// # Safety
    ///
    /// `run` is this vCPU's `struct kvm_run`, as KVM maps it. It is only read.
    pub unsafe fn exit<B: Bus + ?Sized>(
        &mut self,
        run: *const kvm_run,
        bus: &B,
    ) -> Result<Outcome, Error> {
        let Cpu { raw, insn: Insn(insn) } = &mut self.0;
        Call::make(bus, &mut (), |_, bus| {
            // SAFETY: all of them are good until it returns
            unsafe { bindings::nisv_kvm(raw, run, bus, insn) }
        })
    }

    /// Have the guest take an external data abort for the access that the vCPU exited with:
    /// after [`KvmCpu::exit`] has refused it, or if there is no device after
    /// `KVM_EXIT_MMIO` (6). `can_inject` is what `KVM_CHECK_EXTENSION` says of
    /// `KVM_CAP_ARM_INJECT_EXT_DABT` (178).
    ///
    /// The same on every kernel: no register is loaded, the instruction is not stepped over,
    /// and the abort is in the vCPU's registers when this returns. See nisv.h.
    ///
    /// To be called in the thread that runs the vCPU, or while that does not.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`]: another exit; [`Error::Unsupported`]: the vCPU has an EL2, and KVM
    /// cannot inject. Then nothing was done. [`Error::Register`]: an ioctl failed, so the VM
    /// is protected, or past help.
    ///
    /// # Safety
    ///
    /// `run` is this vCPU's `struct kvm_run`, as KVM maps it. `KVM_RUN` is called, with
    /// `immediate_exit` set, and writes to it.
    pub unsafe fn abort(&mut self, run: *mut kvm_run, can_inject: bool) -> Result<(), Error> {
        // SAFETY: both are good until it returns
        match unsafe { bindings::nisv_abort(&mut self.0.raw, run, can_inject) } {
            bindings::NISV_DONE => Ok(()),
            refused => Err(Error::from_code(refused)),
        }
    }

    /// As [`Cpu::insn`]
    pub fn insn(&self) -> &Insn {
        self.0.insn()
    }

    /// As [`Cpu::reset`]
    pub fn reset(&mut self) {
        self.0.reset()
    }
}

/// One call into the library: what its callbacks find behind `opaque`
struct Call<'a, B: ?Sized, R: ?Sized> {
    bus: &'a B,
    /// Those of a [`Cpu`], which a [`KvmCpu`] has none of
    registers: RefCell<&'a mut R>,
    /// Of a callback. It must not unwind through the library, so it waits here
    panic: Cell<Option<Box<dyn Any + Send>>>,
}

impl<'a, B: Bus + ?Sized, R: ?Sized> Call<'a, B, R> {
    fn make(
        bus: &'a B,
        registers: &'a mut R,
        library: impl FnOnce(*mut c_void, &nisv_bus) -> c_int,
    ) -> Result<Outcome, Error> {
        let monitor = bus.monitor().map_or(ptr::null_mut(), Monitor::as_ptr);
        let call = Call { bus, registers: RefCell::new(registers), panic: Cell::new(None) };
        let opaque = &call as *const Self as *mut c_void;
        let result = library(
            opaque,
            &nisv_bus {
                opaque,
                at: Some(at::<B, R>),
                read: Some(read::<B, R>),
                write: Some(write::<B, R>),
                wrote: Some(wrote::<B, R>),
                monitor,
                write_status: bus.has_status().then_some(write_status::<B, R> as _),
                ..Default::default()
            },
        );
        if let Some(panic) = call.panic.into_inner() {
            resume_unwind(panic);
        }
        outcome(result)
    }

    /// The body of a callback: what `f` answers, or `refused` from the first panic on
    fn guard<T>(&self, refused: T, f: impl FnOnce() -> T) -> T {
        let mut panic = self.panic.take();
        let mut answer = refused;
        if panic.is_none() {
            match catch_unwind(AssertUnwindSafe(f)) {
                Ok(value) => answer = value,
                Err(caught) => panic = Some(caught),
            }
        }
        self.panic.set(panic);
        answer
    }
}

/// As C has it
fn status(result: Result<(), Refused>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(Refused) => -1,
    }
}

// The callbacks. `opaque` is a Call of the same types, which the library gets together with
// these, and which is good until it returns. Pointers and lengths are the library's.

unsafe extern "C" fn at<B: Bus + ?Sized, R: ?Sized>(
    opaque: *mut c_void,
    ipa: u64,
    len: u64,
    write: bool,
    ram: *mut *mut c_void,
) -> u64 {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    call.guard(0, || match call.bus.at(ipa, len, write) {
        At::Nothing => 0,
        At::Device(bytes) => bytes.min(len),
        At::Ram(found) => {
            // SAFETY: see above
            unsafe { *ram = found.ptr.cast() };
            found.len.min(len)
        }
    })
}

unsafe extern "C" fn read<B: Bus + ?Sized, R: ?Sized>(
    opaque: *mut c_void,
    ipa: u64,
    data: *mut c_void,
    len: c_uint,
) -> c_int {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    // SAFETY: see above; it is zeros
    let data = unsafe { slice::from_raw_parts_mut(data.cast(), len as usize) };
    call.guard(-1, || status(call.bus.read(ipa, data)))
}

unsafe extern "C" fn write<B: Bus + ?Sized, R: ?Sized>(
    opaque: *mut c_void,
    ipa: u64,
    data: *const c_void,
    len: c_uint,
) -> c_int {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    // SAFETY: see above
    let data = unsafe { slice::from_raw_parts(data.cast(), len as usize) };
    call.guard(-1, || status(call.bus.write(ipa, data)))
}

unsafe extern "C" fn write_status<B: Bus + ?Sized, R: ?Sized>(
    opaque: *mut c_void,
    ipa: u64,
    data: *const c_void,
    len: c_uint,
    answer: *mut u64,
) -> c_int {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    // SAFETY: see above
    let data = unsafe { slice::from_raw_parts(data.cast(), len as usize) };
    let written = |value| {
        // SAFETY: the library has a word there
        unsafe { *answer = value }
    };
    call.guard(-1, || status(call.bus.write_status(ipa, data).map(written)))
}

unsafe extern "C" fn wrote<B: Bus + ?Sized, R: ?Sized>(opaque: *mut c_void, ipa: u64, len: u64) {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    call.guard((), || call.bus.wrote(ipa, len))
}

unsafe extern "C" fn get<B: Bus + ?Sized, R: Registers + ?Sized>(
    opaque: *mut c_void,
    reg: c_uint,
    value: *mut u64,
    words: c_uint,
) -> c_int {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    // SAFETY: see above. The library does not promise that there are values yet
    let value = unsafe {
        value.write_bytes(0, words as usize);
        slice::from_raw_parts_mut(value, words as usize)
    };
    call.guard(-1, || status(call.registers.borrow_mut().get(reg.into(), value)))
}

unsafe extern "C" fn set<B: Bus + ?Sized, R: Registers + ?Sized>(
    opaque: *mut c_void,
    reg: c_uint,
    value: *const u64,
    words: c_uint,
) -> c_int {
    // SAFETY: see above
    let call: &Call<B, R> = unsafe { &*opaque.cast() };
    // SAFETY: see above
    let value = unsafe { slice::from_raw_parts(value, words as usize) };
    call.guard(-1, || status(call.registers.borrow_mut().set(reg.into(), value)))
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! Carry out, in a VMM, an access that KVM on Arm cannot decode.
//!
//! A guest's load or store that is in no memslot exits as `KVM_EXIT_ARM_NISV` (28) if the
//! CPU does not describe the instruction: a pair, writeback, SIMD, an exclusive. This crate
//! is a safe interface to libnisv, which finds the instruction, and performs it on the
//! VMM's devices, or refuses. Then nothing of the vCPU has changed.
//!
//! - [`KvmCpu`] does all of it, for a VMM that uses KVM's ioctls.
//! - [`Cpu`] does the same on registers that are somewhere else.
//! - [`Bus`] is what the VMM implements: what is at a guest's addresses.
//! - [`Vgic`] is the interrupt controller that KVM emulates, for that.
//! - [`decode`] describes one instruction.
//!
//! The guide for authors of VMMs is `Documentation/virt/kvm/arm/nisv.rst`, the details are
//! in `include/nisv.h`. To build, see `build.rs`: pkg-config has to know libnisv, or
//! `NISV_LIB_DIR` is the folder of `libnisv.a`.
//!
//! # A run loop
//!
//! What a VMM with kvm-ioctls adds. It has enabled `KVM_CAP_ARM_NISV_TO_USER` (177) for
//! the VM. The whole loop is `examples/run_loop.rs`.
//!
//! ```no_run
//! use nisv::{Bus, KvmCpu};
//! # mod kvm_ioctls {
//! #     pub struct VcpuFd;
//! #     pub struct Run;
//! #     pub enum VcpuExit<'a> { MmioWrite(u64, &'a [u8]), Unsupported(u32) }
//! #     impl VcpuFd {
//! #         pub fn run(&mut self) -> Result<VcpuExit<'_>, std::io::Error> { todo!() }
//! #         pub fn get_kvm_run(&mut self) -> &mut Run { todo!() }
//! #     }
//! #     impl std::os::unix::io::AsRawFd for VcpuFd { fn as_raw_fd(&self) -> i32 { -1 } }
//! # }
//! # use kvm_ioctls::{VcpuExit, VcpuFd};
//! # use std::os::unix::io::AsRawFd;
//! # fn run_vcpu(vcpu: &mut VcpuFd, features: u32, can_inject: bool, bus: &dyn Bus) -> Result<(), Box<dyn std::error::Error>> {
//! // SAFETY: it is a vCPU's, with the features that it was initialised with, and stays open
//! let mut cpu = unsafe { KvmCpu::new(vcpu.as_raw_fd(), features) };
//! let mut told = false;
//! loop {
//!     match vcpu.run()? {
//!         // KVM_EXIT_ARM_NISV, KVM_EXIT_ARM_LDST64B
//!         VcpuExit::Unsupported(28 | 42) => {
//!             let run: *mut _ = vcpu.get_kvm_run();
//!             // SAFETY: it is that vCPU's, which does not run
//!             if let Err(error) = unsafe { cpu.exit(run.cast(), bus) } {
//!                 // Once for a vCPU: the guest can do it as often as it likes
//!                 if !told {
//!                     eprintln!("{}: {error}", cpu.insn());
//!                     told = true;
//!                 }
//!                 // SAFETY: the same
//!                 unsafe { cpu.abort(run.cast(), can_inject) }?;
//!             }
//!         }
//!         // ... the exits that it has handled before
//!         # _ => return Ok(()),
//!     }
//! }
//! # }
//! ```
//!
//! # Panics in callbacks
//!
//! A panic of a [`Bus`] or of [`Registers`] does not unwind through C. It is caught, the
//! rest of the access is refused without another call, and once the library has returned,
//! the panic goes on from [`KvmCpu::exit`] or [`Cpu::access`]. What devices were told
//! before, they have been told. With `panic = "abort"` it aborts, as elsewhere.

#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

#[allow(missing_docs, non_camel_case_types, clippy::undocumented_unsafe_blocks)]
pub mod bindings;
mod bus;
mod cpu;
mod vgic;

pub use bindings::kvm_run;
pub use bus::{At, Bus, Monitor, Ram, Refused};
pub use cpu::{Cpu, KvmCpu, Reg, Registers};
pub use vgic::{vgic_code, Vgic, VGIC_CODE};

use std::ffi::CStr;
use std::fmt;
use std::ops::Deref;

/// An instruction set, as PSTATE has it (`M[4]` and `T`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AArch64
    A64,
    /// Arm
    A32,
    /// Thumb
    T32,
}

/// One load or store.
///
/// It dereferences to the C structure, whose fields `nisv.h` describes; only the library
/// fills it. It displays as the assembler would write it, or as `?`, if there was no
/// instruction (`length` is 0).
#[derive(Clone, Copy, Debug, Default)]
pub struct Insn(bindings::nisv_insn);

impl Deref for Insn {
    type Target = bindings::nisv_insn;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Insn {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut text = [0u8; 256];
        if self.length == 0 {
            return f.pad("?");
        }
        // SAFETY: what the library has filled, and a buffer with its length; it ends with 0
        let text = unsafe {
            bindings::nisv_text(&self.0, text.as_mut_ptr().cast(), text.len());
            CStr::from_ptr(text.as_ptr().cast())
        };
        f.pad(&text.to_string_lossy())
    }
}

/// What an instruction word does, and whether it can be carried out.
///
/// Of T32, `word` has the first halfword in the upper 16 bits, or a 16-bit instruction in
/// the lower, with the upper zero. The description is complete with `Ok`, with
/// [`Error::Unpredictable`] and with [`Error::NoAccess`].
///
/// ```
/// let (insn, answer) = nisv::decode(nisv::Isa::A64, 0xb8004548);
/// assert_eq!(answer, Ok(()));
/// assert_eq!(insn.to_string(), "str w8, [x10], #4");
/// assert_eq!((insn.rt, insn.rn, insn.imm), (8, 10, 4));
/// ```
pub fn decode(isa: Isa, word: u32) -> (Insn, Result<(), Error>) {
    let mut insn = Insn::default();
    let isa = match isa {
        Isa::A64 => bindings::NISV_A64,
        Isa::A32 => bindings::NISV_A32,
        Isa::T32 => bindings::NISV_T32,
    };
    // SAFETY: it writes to insn, and depends on nothing else
    let result = unsafe { bindings::nisv_decode(isa, word, &mut insn.0) };
    let answer = if result == bindings::NISV_DONE { Ok(()) } else { Err(Error::from_code(result)) };
    (insn, answer)
}

/// What became of an access that was not refused. Run the vCPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has been carried out.
    Done,
    /// What is there by now is not what exited, or there is RAM, and nothing was done. The
    /// vCPU will do what is there now.
    Again,
}

/// An answer of the library
fn outcome(result: i32) -> Result<Outcome, Error> {
    match result {
        bindings::NISV_DONE => Ok(Outcome::Done),
        bindings::NISV_AGAIN => Ok(Outcome::Again),
        refused => Err(Error::from_code(refused)),
    }
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $code:ident,)*) => {
        /// Why an access is refused, or a word not decoded. It displays as `nisv_strerror()`.
        ///
        /// The vCPU is as it was. The VMM injects an external abort.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $name,)*
            /// An answer that only a later version of the library has
            Unknown(i32),
        }

        impl Error {
            fn from_code(code: i32) -> Self {
                match code {
                    $(bindings::$code => Error::$name,)*
                    code => Error::Unknown(code),
                }
            }

            /// Its number in `nisv.h`
            pub fn code(self) -> i32 {
                match self {
                    $(Error::$name => bindings::$code,)*
                    Error::Unknown(code) => code,
                }
            }
        }
    };
}

errors! {
    /// The word is neither a load nor a store
    Other = NISV_OTHER,
    /// In the space of loads and stores, but none
    Unallocated = NISV_UNALLOCATED,
    /// The architecture does not say what it does
    Unpredictable = NISV_UNPREDICTABLE,
    /// A prefetch, or cache maintenance
    NoAccess = NISV_NO_ACCESS,
    /// Recognised, but not carried out; so, too, all of a vCPU that has an EL2
    Unsupported = NISV_UNSUPPORTED,
    /// A register could not be read or written
    Register = NISV_REGISTER,
    /// The instruction is not in the guest's RAM
    Fetch = NISV_FETCH,
    /// The guest's page tables do not map the data
    Walk = NISV_WALK,
    /// An access that has to be aligned, and is not
    Alignment = NISV_ALIGNMENT,
    /// The instruction does not access what exited, or it was another exit
    Mismatch = NISV_MISMATCH,
    /// 64 exclusive loads, and never a store
    Livelock = NISV_LIVELOCK,
    /// Whether its second page may be accessed is not known
    Permissions = NISV_PERMISSIONS,
    /// Nothing is at an address that is accessed: see [`At::Nothing`]
    Nothing = NISV_NOTHING,
    /// The device refused: see [`Refused`]
    Device = NISV_DEVICE,
    /// It has to be one access, and cannot: on RAM, or of several devices
    NotAtomic = NISV_NOT_ATOMIC,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // SAFETY: the text is the library's, for ever, and never NULL
        let text = unsafe { CStr::from_ptr(bindings::nisv_strerror(self.code())) };
        f.pad(&text.to_string_lossy())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_all_that_the_library_has() {
        for code in -15..0 {
            let error = Error::from_code(code);
            assert_ne!(error, Error::Unknown(code));
            assert_eq!(error.code(), code);
            assert_ne!(error.to_string(), "?", "{error:?}");
        }
        // What a later version has next
        assert_eq!(outcome(-16), Err(Error::Unknown(-16)));
        assert_eq!(outcome(2), Err(Error::Unknown(2)));
        assert_eq!(
            (Error::Unknown(-16).code(), Error::Unknown(-16).to_string()),
            (-16, "?".into())
        );
    }
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
//! What a bus and registers may do, and what comes of it

use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;
use std::thread;

use nisv::{At, Bus, Cpu, Error, Insn, KvmCpu, Monitor, Outcome, Ram, Refused, Reg, Registers};

const RAM: u64 = 0x4000_0000;
/// 16 bytes, the last ones before RAM
const DEVICE: u64 = RAM - 16;
const WRITE: u64 = 0x47;
const READ: u64 = 7;

const LDR: u32 = 0xf940_0022; // ldr x2, [x1]
const LDP: u32 = 0xa8c1_0c22; // ldp x2, x3, [x1], #16
const STP: u32 = 0xa900_0c22; // stp x2, x3, [x1]
const LDXR: u32 = 0xc85f_7c22; // ldxr x2, [x1]
const STXR: u32 = 0xc804_7c22; // stxr w4, x2, [x1]

/// A call, by its name, and what it does
type Failure = (&'static str, fn() -> Refused);

/// A device of bytes, and RAM with the code; each call in the log, by its name
struct Fake {
    ram: Vec<AtomicU8>,
    device: RefCell<[u8; 16]>,
    x: [Cell<u64>; 31],
    pc: Cell<u64>,
    log: RefCell<Vec<&'static str>>,
    silent: bool,
    fails: Option<Failure>,
    monitor: Option<Arc<Monitor>>,
}

impl Fake {
    fn new(word: u32) -> Self {
        let fake = Fake {
            ram: (0..0x1000).map(|_| AtomicU8::new(0)).collect(),
            device: RefCell::new([0xa5; 16]),
            x: Default::default(),
            pc: Cell::new(RAM),
            log: RefCell::default(),
            silent: false,
            fails: None,
            monitor: None,
        };
        fake.put(word);
        fake.x[1].set(DEVICE);
        fake
    }

    fn put(&self, word: u32) {
        for (to, from) in self.ram.iter().zip(word.to_le_bytes()) {
            to.store(from, Ordering::Relaxed);
        }
        self.pc.set(RAM);
    }

    fn note(&self, name: &'static str) -> Result<(), Refused> {
        self.log.borrow_mut().push(name);
        match self.fails {
            Some((which, how)) if which == name => Err(how()),
            _ => Ok(()),
        }
    }

    fn has(&self, name: &str) -> usize {
        self.log.borrow().iter().filter(|noted| **noted == name).count()
    }

    fn access(&self, cpu: &mut Cpu, iss: u64) -> Result<Outcome, Error> {
        cpu.access(&mut Regs(self), self, self.x[1].get() & !7, iss)
    }
}

impl Bus for Fake {
    fn at(&self, ipa: u64, _len: u64, _write: bool) -> At<'_> {
        match ipa {
            _ if self.note("at").is_err() => At::Nothing,
            DEVICE..=0x3fff_ffff => At::Device(RAM - ipa),
            RAM.. => match self.ram.get((ipa - RAM) as usize..) {
                Some(ram) => At::Ram(Ram::from(ram)),
                None => At::Nothing,
            },
            _ => At::Nothing,
        }
    }

    fn read(&self, ipa: u64, data: &mut [u8]) -> Result<(), Refused> {
        self.note("read")?;
        let at = (ipa - DEVICE) as usize;
        if !self.silent {
            data.copy_from_slice(self.device.borrow().get(at..at + data.len()).ok_or(Refused)?);
        }
        Ok(())
    }

    fn write(&self, ipa: u64, data: &[u8]) -> Result<(), Refused> {
        self.note("write")?;
        let at = (ipa - DEVICE) as usize;
        self.device.borrow_mut()[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn wrote(&self, _ipa: u64, _len: u64) {
        let _ = self.note("wrote");
    }

    fn monitor(&self) -> Option<&Monitor> {
        self.monitor.as_deref()
    }
}

struct Regs<'a>(&'a Fake);

impl Registers for Regs<'_> {
    fn get(&mut self, reg: Reg, value: &mut [u64]) -> Result<(), Refused> {
        self.0.note("get")?;
        value[0] = match reg {
            Reg::X(n) => self.0.x[n].get(),
            Reg::Pc => self.0.pc.get(),
            Reg::Pstate => 0x3c5,
            _ => 0,
        };
        Ok(())
    }

    fn set(&mut self, reg: Reg, value: &[u64]) -> Result<(), Refused> {
        self.0.note("set")?;
        match reg {
            Reg::X(n) => self.0.x[n].set(value[0]),
            Reg::Pc => self.0.pc.set(value[0]),
            other => panic!("a write of {other:?}"),
        }
        Ok(())
    }
}

#[test]
fn a_pair_is_loaded() {
    let mut cpu = Cpu::new(0);
    let fake = Fake::new(LDP);
    assert_eq!(fake.access(&mut cpu, READ), Ok(Outcome::Done));
    assert_eq!(cpu.insn().to_string(), "ldp x2, x3, [x1], #16");
    assert_eq!(fake.x[2].get(), 0xa5a5_a5a5_a5a5_a5a5);
    assert_eq!((fake.x[1].get(), fake.pc.get()), (RAM, RAM + 4));
    assert_eq!((fake.has("read"), fake.has("write")), (2, 0));
}

#[test]
fn a_read_that_leaves_the_data_gives_zeros() {
    let fake = Fake { silent: true, ..Fake::new(LDP) };
    fake.x[2].set(1);
    fake.x[3].set(1);
    assert_eq!(fake.access(&mut Cpu::new(0), READ), Ok(Outcome::Done));
    assert_eq!((fake.x[2].get(), fake.x[3].get()), (0, 0));
}

#[test]
fn what_is_refused_changes_nothing() {
    for (name, error) in [
        ("read", Error::Device),
        ("get", Error::Register),
        ("set", Error::Register),
        ("at", Error::Fetch),
    ] {
        let mut cpu = Cpu::new(0);
        let fake = Fake { fails: Some((name, || Refused)), ..Fake::new(LDP) };
        assert_eq!(fake.access(&mut cpu, READ), Err(error), "{name}");
        let is = (fake.x[1].get(), fake.x[2].get(), fake.pc.get());
        assert_eq!(is, (DEVICE, 0, RAM), "{name}");
        let found = !["get", "at"].contains(&name);
        assert_eq!(cpu.insn().to_string(), if found { "ldp x2, x3, [x1], #16" } else { "?" });
    }
    let fake = Fake { fails: Some(("write", || std::fmt::Error.into())), ..Fake::new(STP) };
    assert_eq!(fake.access(&mut Cpu::new(0), WRITE), Err(Error::Device));
    assert_eq!(fake.has("write"), 1);
}

#[test]
fn nothing_is_there() {
    let fake = Fake::new(LDR);
    fake.x[1].set(0x1000);
    let error = fake.access(&mut Cpu::new(0), READ).unwrap_err();
    assert_eq!((error, error.code()), (Error::Nothing, -12));
    assert_eq!(error.to_string(), "there is nothing at this address");
}

#[test]
fn what_belongs_together_may_be_longer_than_what_is_asked_for() {
    // From the device into RAM, of which at() answers 4 KiB
    let fake = Fake::new(STP);
    fake.put(STP);
    fake.x[1].set(RAM - 8);
    fake.x[3].set(0x1122_3344_5566_7788);
    fake.pc.set(RAM + 0x100);
    for (to, from) in fake.ram[0x100..].iter().zip(STP.to_le_bytes()) {
        to.store(from, Ordering::Relaxed);
    }
    assert_eq!(fake.access(&mut Cpu::new(0), WRITE), Ok(Outcome::Done));
    assert_eq!(fake.ram[0].load(Ordering::Relaxed), 0x88);
    assert_eq!(fake.ram[8].load(Ordering::Relaxed), 0);
    assert_eq!((fake.has("write"), fake.has("wrote")), (1, 1));
}

#[test]
fn a_panic_goes_on_after_the_library() {
    for (name, word, iss) in [
        ("at", LDP, READ),
        ("read", LDP, READ),
        ("get", LDP, READ),
        ("set", LDP, READ),
        ("write", STP, WRITE),
        ("wrote", STP, WRITE),
    ] {
        let mut cpu = Cpu::new(0);
        let mut fake = Fake::new(word);
        fake.fails = Some((name, || panic!("ouch")));
        if name == "wrote" {
            fake.x[1].set(RAM - 8);
        }
        let caught = catch_unwind(AssertUnwindSafe(|| fake.access(&mut cpu, iss)));
        let payload = caught.expect_err(name);
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"ouch"), "{name}");
        // No other call after it
        assert_eq!((fake.log.borrow().last(), fake.has(name)), (Some(&name), 1));

        // And the Cpu can go on
        fake.fails = None;
        fake.x[1].set(DEVICE);
        fake.put(word);
        assert_eq!(fake.access(&mut cpu, iss), Ok(Outcome::Done), "{name}");
    }
}

#[test]
fn exclusives_have_the_monitor_of_the_vm() {
    let mut cpu = Cpu::new(0);
    let mut fake = Fake::new(LDXR);
    assert_eq!(fake.access(&mut cpu, READ), Err(Error::Unsupported));

    let monitor = Arc::new(Monitor::new());
    fake.monitor = Some(monitor.clone());
    for stored_by_another in [false, true] {
        fake.put(LDXR);
        assert_eq!(fake.access(&mut cpu, READ), Ok(Outcome::Done));
        if stored_by_another {
            let monitor = monitor.clone();
            thread::spawn(move || monitor.stored()).join().unwrap();
        }
        fake.put(STXR);
        assert_eq!(fake.access(&mut cpu, WRITE), Ok(Outcome::Done));
        assert_eq!(fake.x[4].get(), stored_by_another.into());
    }
    assert_eq!(fake.has("write"), 1);
}

#[test]
fn of_kvm_without_a_vcpu() {
    let fake = Fake::new(LDR);
    // SAFETY: there is no such file
    let mut cpu = unsafe { KvmCpu::new(-1, 0) };
    for (exit, error) in [(28, Error::Register), (42, Error::Register), (6, Error::Mismatch)] {
        let run: [u64; 6] = [0, exit, 0, 0, READ, DEVICE];
        // SAFETY: it is as long as the library reads
        assert_eq!(unsafe { cpu.exit(run.as_ptr().cast(), &fake as &dyn Bus) }, Err(error));
    }
}

#[test]
fn a_vcpu_goes_to_its_thread() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Cpu>();
    send::<KvmCpu>();
    sync::<Cpu>();
    sync::<KvmCpu>();
    sync::<Monitor>();
    send::<Insn>();
    sync::<Insn>();

    let mut cpu = Cpu::new(0);
    thread::spawn(move || {
        let fake = Fake::new(LDR);
        assert_eq!(fake.access(&mut cpu, READ), Ok(Outcome::Done));
    })
    .join()
    .unwrap();
}

#[test]
fn words_are_decoded() {
    use nisv::{bindings, decode, Isa};

    let (insn, answer) = decode(Isa::T32, 0xe8f1_2302); // ldrd r2, r3, [r1], #8
    assert_eq!((insn.to_string().as_str(), answer), ("ldrd r2, r3, [r1], #8", Ok(())));
    assert_eq!(u32::from(insn.isa), bindings::NISV_T32);
    let (insn, answer) = decode(Isa::A32, 0xe8a1_000c);
    assert_eq!((insn.to_string().as_str(), answer), ("stm r1!, {r2, r3}", Ok(())));
    assert_eq!(format!("{insn:>20}"), "   stm r1!, {r2, r3}");
    assert_eq!(decode(Isa::A64, 0xd503_201f).1, Err(Error::Other)); // nop
    let (insn, answer) = decode(Isa::A64, 0xa8c1_0821); // ldp x1, x2, [x1], #16
    assert_eq!((insn.rt2, answer), (2, Err(Error::Unpredictable)));
}

// SPDX-License-Identifier: GPL-2.0
//! The cases of ../tests/vectors, whose form the head of ../tests/vectors.c explains: each by
//! [`Cpu::access`] and by [`KvmCpu::exit`] with an `ioctl()` of this file's. What of them is
//! about the library alone, as how often it asks, is left to vectors.c.

#![deny(unsafe_op_in_unsafe_fn)]

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::raw::{c_int, c_ulong};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicU8, Ordering};

use nisv::{At, Bus, Cpu, Error, Insn, KvmCpu, Monitor, Outcome, Ram, Refused, Reg, Registers};

const RAM: u64 = 0x4000_0000;
const DATA: u64 = RAM + 0x2000;
const TABLES: u64 = RAM + 0x8000;
const RAM_END: u64 = RAM + 0x10000;
const FD: c_int = 100;

/// As in enum nisv_reg: of these the cases have names
const SP_EL0: usize = 31;
const PC: usize = 33;
const PSTATE: usize = 34;
const SCTLR: usize = 35;
const TCR: usize = 36;
const DCZID: usize = 39;
const TCR2: usize = 40;
const NAMES: [&str; 12] =
    ["sp0", "sp", "pc", "ps", "sctlr", "tcr", "ttbr0", "ttbr1", "dczid", "tcr2", "dacr", "accdata"];
const XS: usize = SP_EL0 + NAMES.len();
const V0: usize = 64;
const VL: usize = 96;
const P0: usize = 128;
const FFR: usize = P0 + 16;

#[derive(Clone, PartialEq)]
struct Vcpu {
    x: [u64; XS],
    v: [[u64; 2]; 32],
    /// Of SVE, the vector length, P0 to P15, and FFR. Z registers are V registers, of 16 bytes
    vl: u64,
    p: [u64; 17],
}

impl Vcpu {
    fn words(&mut self, reg: usize) -> &mut [u64] {
        if reg >= P0 {
            &mut self.p[reg - P0..=reg - P0]
        } else if reg == VL {
            std::slice::from_mut(&mut self.vl)
        } else if reg >= V0 {
            &mut self.v[reg - V0]
        } else {
            &mut self.x[reg..=reg]
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ram,
    Device,
    Flash,
    Rom,
}

#[derive(Clone)]
struct Region {
    base: u64,
    kind: Kind,
    bytes: Vec<u8>,
}

/// Two vCPUs, and memory
#[derive(Clone)]
struct State {
    vcpus: [Vcpu; 2],
    regions: Vec<Region>,
}

impl State {
    fn new() -> Self {
        let mut vcpu = Vcpu { x: [0; XS], v: [[0; 2]; 32], vl: 0, p: [0; 17] };
        vcpu.x[PC] = RAM;
        vcpu.x[PSTATE] = 0x3c5;
        let mut state = State { vcpus: [vcpu.clone(), vcpu], regions: Vec::new() };
        state.add(RAM, RAM_END - RAM, Kind::Ram);
        state.add(0x800_0000, 0x1000, Kind::Flash);
        state.add(0x900_0000, 0x2000, Kind::Device);
        state.add(0x900_2000, 0x1000, Kind::Device);
        state
    }

    fn add(&mut self, base: u64, len: u64, kind: Kind) {
        self.regions.push(Region { base, kind, bytes: vec![0; len as usize] });
    }

    fn find(&self, ipa: u64) -> Option<(usize, usize)> {
        self.regions.iter().enumerate().find_map(|(n, r)| {
            let at = ipa.wrapping_sub(r.base);
            (at < r.bytes.len() as u64).then_some((n, at as usize))
        })
    }

    fn byte(&mut self, ipa: u64) -> &mut u8 {
        let (n, at) = self.find(ipa).unwrap_or_else(|| panic!("no memory at {ipa:x}"));
        &mut self.regions[n].bytes[at]
    }

    fn put(&mut self, ipa: u64, value: u64, len: u64, big: bool) {
        for n in 0..len {
            *self.byte(ipa + n) = (value >> (8 * if big { len - 1 - n } else { n })) as u8;
        }
    }

    fn number(&mut self, ipa: u64, len: u64, big: bool) -> u64 {
        let digit = |n| 8 * if big { len - 1 - n } else { n };
        (0..len).map(|n| u64::from(*self.byte(ipa + n)) << digit(n)).sum()
    }
}

/// What a line says
struct Case {
    isa: String,
    features: u64,
    calls: u64,
    fail: u64,
    silent: bool,
    flip: bool,
    exit: u64,
    mon: Option<u64>,
    status: Option<u64>,
    reset: u64,
    no: Option<usize>,
    words: Vec<u64>,
    ipa: Vec<u64>,
    iss: Vec<u64>,
    wr: Vec<u64>,
    cpus: Vec<u64>,
    map: Vec<(u64, u64)>,
    given: [bool; FFR + 1],
    code: u64,
    first: State,
    last: State,
    ret: String,
    log: Option<String>,
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("\"{text}\" is no number"))
}

fn dec(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("\"{text}\" is no number"))
}

fn hexes(text: &str) -> Vec<u64> {
    text.split(',').map(hex).collect()
}

fn nth(list: &[u64], n: u64, otherwise: u64) -> u64 {
    if list.is_empty() {
        otherwise
    } else {
        list[n as usize % list.len()]
    }
}

/// Arm ARM, D1.20.1: which of X0 to X30 is a register of an AArch32 mode
fn banked(pstate: u64, r: usize) -> usize {
    let lr = match pstate & 0x1f {
        0x11 if r >= 8 => return r + 16,
        0x12 => 16,
        0x13 => 18,
        0x17 => 20,
        0x1b => 22,
        _ => return r,
    };
    match r {
        13 => lr + 1,
        14 => lr,
        _ => r,
    }
}

fn reg_of(vcpu: &Vcpu, name: &str) -> Option<usize> {
    if let Some(n) = NAMES.iter().position(|known| *known == name) {
        return Some(SP_EL0 + n);
    }
    if name == "vl" {
        return Some(VL);
    }
    if name == "ffr" {
        return Some(FFR);
    }
    let n: usize = name.get(1..)?.parse().ok()?;
    match name.as_bytes()[0] {
        b'p' if n < 16 => Some(P0 + n),
        b'x' if n < 31 => Some(n),
        b'v' if n < 32 => Some(V0 + n),
        b'r' if n < 15 => Some(banked(vcpu.x[PSTATE], n)),
        _ => None,
    }
}

impl Case {
    fn read(line: &str) -> Option<(String, Case)> {
        let line = line.split(" # ").next()?;
        let mut tokens = line.split_whitespace();
        let name = tokens.next().filter(|name| !name.starts_with('#'))?;
        let mut case = Case {
            isa: "a64".into(),
            features: 0,
            calls: 0,
            fail: 0,
            silent: false,
            flip: false,
            exit: 28,
            mon: None,
            status: None,
            reset: 0,
            no: None,
            words: vec![],
            ipa: vec![],
            iss: vec![],
            wr: vec![],
            cpus: vec![],
            map: vec![],
            given: [false; FFR + 1],
            code: 0,
            first: State::new(),
            last: State::new(),
            ret: String::new(),
            log: None,
        };
        let mut before = true;
        for token in tokens {
            if token == "=>" {
                case.put_code();
                case.put_tables();
                case.last = case.first.clone();
                case.given[PC] = false;
                before = false;
                continue;
            }
            let (key, value) =
                token.split_once('=').unwrap_or_else(|| panic!("\"{token}\" has no ="));
            let known = case.state(before, key, value)
                || if before { case.setting(key, value) } else { case.outcome(key, value) };
            assert!(known, "unknown key \"{key}\"");
        }
        assert!(!before && !case.ret.is_empty(), "no ret=");
        if case.calls == 0 {
            let lists = [&case.words, &case.ipa, &case.iss, &case.wr, &case.cpus];
            case.calls = lists.iter().map(|list| list.len() as u64).max()?;
        }
        Some((name.into(), case))
    }

    fn state(&mut self, before: bool, key: &str, value: &str) -> bool {
        let state = if before { &mut self.first } else { &mut self.last };
        if let Some(ipa) = key.strip_prefix("m:") {
            for n in 0..value.len() / 2 {
                *state.byte(hex(ipa) + n as u64) = hex(&value[2 * n..2 * n + 2]) as u8;
            }
            return true;
        }
        let (second, name) = match key.strip_prefix("1:") {
            Some(name) => (1, name),
            None => (0, key),
        };
        let vcpu = &mut state.vcpus[second];
        let reg = match reg_of(vcpu, name) {
            Some(reg) if before || reg <= PSTATE || reg >= V0 => reg,
            _ => return false,
        };
        let words = vcpu.words(reg);
        for (word, text) in words.iter_mut().zip(value.split(':')) {
            *word = hex(text);
        }
        self.given[reg] |= before || reg == PC;
        if before && second == 0 {
            state.vcpus[1] = state.vcpus[0].clone();
        }
        true
    }

    fn setting(&mut self, key: &str, value: &str) -> bool {
        match key {
            "w" => self.words = hexes(value),
            "ipa" => self.ipa = hexes(value),
            "iss" => self.iss = hexes(value),
            "wr" => self.wr = hexes(value),
            "cpus" => self.cpus = value.split(',').map(dec).collect(),
            "feat" => self.features = hex(value),
            "n" => self.calls = dec(value),
            "fail" => self.fail = dec(value),
            "silent" => self.silent = dec(value) != 0,
            "flip" => self.flip = dec(value) != 0,
            "exit" => self.exit = dec(value),
            "mon" => self.mon = Some(dec(value)),
            "status" => self.status = Some(hex(value)),
            "reset" => self.reset = dec(value),
            "no" => self.no = reg_of(&self.first.vcpus[0], value),
            "isa" => {
                self.isa = value.into();
                self.features = 2;
                for vcpu in self.first.vcpus.iter_mut().filter(|_| !self.given[PSTATE]) {
                    vcpu.x[PSTATE] = if value == "a32" { 0x1d3 } else { 0x1f3 };
                }
            }
            _ => match key.split_once(':') {
                Some(("map", page)) => self.map.push((hex(page), hex(value))),
                Some(("ram", base)) => self.first.add(hex(base), hex(value), Kind::Ram),
                Some(("dev", base)) => self.first.add(hex(base), hex(value), Kind::Device),
                Some(("rom", base)) => self.first.add(hex(base), hex(value), Kind::Rom),
                _ => return false,
            },
        }
        true
    }

    fn outcome(&mut self, key: &str, value: &str) -> bool {
        match key {
            "ret" => self.ret = value.replace('_', ""),
            "log" => self.log = Some(value.into()),
            _ => return false,
        }
        true
    }

    fn length(&self, word: u64) -> u64 {
        if self.isa == "t32" && word <= 0xffff {
            2
        } else {
            4
        }
    }

    /// Which of the words PC is at
    fn word_at(&self, pc: u64) -> Option<u64> {
        let mut p = self.code;
        self.words.iter().copied().find(|word| {
            let at = p;
            p += self.length(*word);
            at == pc
        })
    }

    fn put_code(&mut self) {
        self.code = self.first.vcpus[0].x[PC];
        let mut ipa = RAM + (self.code & 0xfff);
        for word in self.words.clone() {
            let len = self.length(word);
            if self.isa == "t32" && len == 4 {
                self.first.put(ipa, word >> 16, 2, false);
                self.first.put(ipa + 2, word & 0xffff, 2, false);
            } else {
                self.first.put(ipa, word, len, false);
            }
            ipa += len;
        }
    }

    fn put_tables(&mut self) {
        let m = &mut self.first;
        let aarch32 = self.features & 2 != 0;
        let big = m.vcpus[0].x[SCTLR] >> 25 & 1 != 0;
        let short = aarch32 && m.vcpus[0].x[TCR] >> 31 & 1 == 0;
        let mut new = TABLES + if short { 0x4000 } else { 0x2000 };
        // The table that an entry leads to; a new one, if it leads nowhere
        let mut next = |m: &mut State, entry, len, size| {
            if m.number(entry, len, big) == 0 {
                m.put(entry, new | if len == 8 { 3 } else { 1 }, len, big);
                new += size;
            }
            m.number(entry, len, big) & 0xffff_ffff_fc00
        };
        for &(va, desc) in &self.map {
            if short {
                let table = next(m, TABLES + (va >> 20) * 4, 4, 0x400);
                m.put(table + (va >> 12 & 0xff) * 4, desc, 4, big);
                continue;
            }
            let table = TABLES + (va >> 55 & 1) * 0x1000;
            let table = next(m, table + (va >> 30 & 0x1ff) * 8, 8, 0x1000);
            let table = next(m, table + (va >> 21 & 0x1ff) * 8, 8, 0x1000);
            m.put(table + (va >> 12 & 0x1ff) * 8, desc, 8, big);
        }
        if self.map.is_empty() {
            return;
        }
        // RAM is privileged, and has been accessed
        if short {
            m.put(TABLES + (RAM >> 20) * 4, RAM | 0x402, 4, big);
        } else {
            m.put(TABLES + (RAM >> 30) * 8, RAM | 0x701, 8, big);
        }
        let defaults = [
            ("ttbr0", TABLES),
            ("ttbr1", if short { 0 } else { TABLES + 0x1000 }),
            ("tcr", if aarch32 { 0 } else { 25 | 25 << 16 | 2 << 30 }),
            ("dacr", short.into()),
        ];
        for vcpu in &mut m.vcpus {
            vcpu.x[SCTLR] |= 1;
            for (name, value) in defaults {
                let reg = reg_of(vcpu, name).unwrap();
                if value != 0 && !self.given[reg] {
                    vcpu.x[reg] = value;
                }
            }
        }
    }
}

/// One run of a case
struct Machine {
    case: Rc<Case>,
    vcpus: RefCell<[Vcpu; 2]>,
    /// Of each region, and the first of its bytes, which is as aligned as the guest has it
    memory: Vec<(Vec<AtomicU8>, usize)>,
    told: RefCell<Vec<u64>>,
    asked: RefCell<Vec<(u64, u64, bool)>>,
    accesses: Cell<u64>,
    log: RefCell<Vec<String>>,
    monitor: Monitor,
}

impl Machine {
    fn new(case: Rc<Case>) -> Self {
        let memory = case.first.regions.iter().map(|r| {
            let memory: Vec<_> = (0..r.bytes.len() + 128).map(|_| AtomicU8::new(0)).collect();
            let start = memory.as_ptr().align_offset(64) + (r.base & 63) as usize;
            for (to, from) in memory[start..].iter().zip(&r.bytes) {
                to.store(*from, Ordering::Relaxed);
            }
            (memory, start)
        });
        Machine {
            memory: memory.collect(),
            vcpus: RefCell::new(case.first.vcpus.clone()),
            told: RefCell::default(),
            asked: RefCell::default(),
            accesses: Cell::default(),
            log: RefCell::default(),
            monitor: Monitor::new(),
            case,
        }
    }

    /// From there to the end of its region
    fn bytes(&self, ipa: u64) -> Option<(Kind, &[AtomicU8])> {
        let (n, at) = self.case.first.find(ipa)?;
        let region = &self.case.first.regions[n];
        let (memory, start) = &self.memory[n];
        Some((region.kind, &memory[start + at..start + region.bytes.len()]))
    }

    /// The code and the tables are asked about in between
    fn asked_before(&self, ipa: u64, len: u64, write: bool) -> bool {
        if !write && ((RAM..DATA).contains(&ipa) || (TABLES..RAM_END).contains(&ipa)) {
            return false;
        }
        let mut asked = self.asked.borrow_mut();
        let before = asked.iter().any(|a| a.2 == write && ipa < a.0 + a.1 && a.0 < ipa + len);
        asked.push((ipa, len, write));
        before
    }

    fn device(&self, name: char, ipa: u64, len: usize) -> Result<&[AtomicU8], Refused> {
        self.log.borrow_mut().push(format!("{name}{len}@{ipa:x}"));
        self.accesses.set(self.accesses.get() + 1);
        if self.accesses.get() == self.case.fail {
            return Err(Refused);
        }
        match self.bytes(ipa) {
            Some((Kind::Device | Kind::Flash, bytes)) => bytes.get(..len).ok_or(Refused),
            _ => panic!("no device at {ipa:x}"),
        }
    }

    fn transfer(
        &self,
        cpu: usize,
        reg: usize,
        write: bool,
        value: &mut [u64],
    ) -> Result<(), Refused> {
        let mut vcpus = self.vcpus.borrow_mut();
        if self.case.no == Some(reg) || (reg == VL && vcpus[cpu].vl == 0) {
            return Err(Refused);
        }
        let ours = vcpus[cpu].words(reg);
        assert_eq!(ours.len(), value.len(), "words of register {reg}");
        if write {
            ours.copy_from_slice(value);
        } else {
            value.copy_from_slice(ours);
        }
        Ok(())
    }
}

impl Bus for Machine {
    fn at(&self, ipa: u64, len: u64, write: bool) -> At<'_> {
        let (kind, bytes) = match self.bytes(ipa) {
            Some(found) => found,
            None => return At::Nothing,
        };
        let rest = bytes.len() as u64;
        let again = self.asked_before(ipa, len.min(rest), write);
        match kind {
            _ if again && self.case.flip => At::Nothing,
            Kind::Rom if write => At::Nothing,
            Kind::Flash if write => At::Device(rest),
            Kind::Device => At::Device(rest),
            _ => At::Ram(Ram::from(bytes)),
        }
    }

    fn read(&self, ipa: u64, data: &mut [u8]) -> Result<(), Refused> {
        let bytes = self.device('R', ipa, data.len())?;
        if !self.case.silent {
            data.iter_mut().zip(bytes).for_each(|(to, from)| *to = from.load(Ordering::Relaxed));
        }
        Ok(())
    }

    fn write(&self, ipa: u64, data: &[u8]) -> Result<(), Refused> {
        let bytes = self.device('W', ipa, data.len())?;
        data.iter().zip(bytes).for_each(|(from, to)| to.store(*from, Ordering::Relaxed));
        Ok(())
    }

    fn has_status(&self) -> bool {
        self.case.status.is_some()
    }

    fn write_status(&self, ipa: u64, data: &[u8]) -> Result<u64, Refused> {
        self.write(ipa, data)?;
        self.case.status.ok_or(Refused)
    }

    fn wrote(&self, ipa: u64, len: u64) {
        self.told.borrow_mut().extend(ipa..ipa + len);
    }

    fn monitor(&self) -> Option<&Monitor> {
        (self.case.mon != Some(0)).then_some(&self.monitor)
    }
}

struct Regs<'a>(&'a Machine, usize);

impl Regs<'_> {
    fn number(reg: Reg) -> usize {
        match reg {
            Reg::X(n) => n,
            Reg::V(n) | Reg::Z(n) => V0 + n,
            Reg::P(n) => P0 + n,
            Reg::Vl => VL,
            Reg::Ffr => FFR,
            Reg::SpEl0 => SP_EL0,
            Reg::SpEl1 => SP_EL0 + 1,
            Reg::Pc => PC,
            Reg::Pstate => PSTATE,
            Reg::SctlrEl1 => SCTLR,
            Reg::TcrEl1 => TCR,
            Reg::Ttbr0El1 => TCR + 1,
            Reg::Ttbr1El1 => TCR + 2,
            Reg::DczidEl0 => DCZID,
            Reg::Tcr2El1 => TCR2,
            Reg::Dacr32El2 => TCR2 + 1,
            Reg::AccdataEl1 => TCR2 + 2,
            other => panic!("{other:?}"),
        }
    }
}

impl Registers for Regs<'_> {
    fn get(&mut self, reg: Reg, value: &mut [u64]) -> Result<(), Refused> {
        self.0.transfer(self.1, Self::number(reg), false, value)
    }

    fn set(&mut self, reg: Reg, value: &[u64]) -> Result<(), Refused> {
        self.0.transfer(self.1, Self::number(reg), true, &mut value.to_vec())
    }
}

thread_local! {
    /// Whose vCPUs have the file descriptors from FD on
    static NOW: RefCell<Option<Rc<Machine>>> = RefCell::default();
}

#[repr(C)]
pub struct OneReg {
    id: u64,
    addr: *mut u64,
}

extern "C" {
    fn __errno_location() -> *mut c_int;
}

/// Instead of libc's: KVM_GET_ONE_REG and KVM_SET_ONE_REG, and nothing else
///
/// # Safety
///
/// `one` has to be of these.
#[no_mangle]
pub unsafe extern "C" fn ioctl(fd: c_int, request: c_ulong, one: *mut OneReg) -> c_int {
    const CORE: u64 = 0x6030_0000_0010_0000;
    const ENOENT: c_int = 2;
    const EINVAL: c_int = 22;
    let write = match request {
        0x4010_aeab => false,
        0x4010_aeac => true,
        _ => return -1,
    };
    let machine = match NOW.with(|now| now.borrow().clone()) {
        Some(machine) if (FD..FD + 2).contains(&fd) => machine,
        _ => return -1,
    };
    let fail = |errno| unsafe {
        *__errno_location() = errno;
        -1
    };
    let one = unsafe { &*one };
    let sve = machine.case.features & 0x10 != 0;
    let reg = match one.id {
        0x6030_0000_0010_0000..=0x6030_0000_0010_003d => (one.id - CORE) as usize / 2,
        0x6030_0000_0010_003e => SP_EL0,
        0x6030_0000_0010_0040 => PC,
        0x6030_0000_0010_0042 => PSTATE,
        0x6030_0000_0010_0044 => SP_EL0 + 1,
        0x6040_0000_0010_0054..=0x6040_0000_0010_00d0 if !sve => {
            V0 + (one.id - 0x6040_0000_0010_0054) as usize / 4
        }
        0x6080_0000_0015_0000..=0x6080_0000_0015_03e0 if sve => {
            V0 + (one.id - 0x6080_0000_0015_0000) as usize / 32
        }
        0x6050_0000_0015_0400..=0x6050_0000_0015_0600 if sve => {
            P0 + (one.id - 0x6050_0000_0015_0400) as usize / 32
        }
        // The lengths that it may have, of which ZCR_EL1 allows more
        0x6060_0000_0015_ffff | 0x6030_0000_0013_c090 => {
            let vl = machine.vcpus.borrow()[(fd - FD) as usize].vl;
            if vl == 0 {
                return fail(ENOENT);
            }
            let lengths = one.id == 0x6060_0000_0015_ffff;
            unsafe { *one.addr = if lengths { 1 << (vl / 16 - 1) } else { 15 } };
            return 0;
        }
        0x6030_0000_0013_c080 => SCTLR,
        0x6030_0000_0013_c100 => TCR + 1,
        0x6030_0000_0013_c101 => TCR + 2,
        0x6030_0000_0013_c102 => TCR,
        0x6030_0000_0013_c103 if machine.case.given[TCR2] => TCR2,
        0x6030_0000_0013_e180 => TCR2 + 1,
        0x6030_0000_0013_c685 => TCR2 + 2,
        _ => return fail(ENOENT),
    };
    let words = if (V0..VL).contains(&reg) { 2 } else { 1 };
    let value = unsafe { std::slice::from_raw_parts_mut(one.addr, words) };
    match machine.transfer((fd - FD) as usize, reg, write, value) {
        Ok(()) => 0,
        Err(Refused) => fail(EINVAL),
    }
}

enum Either {
    Any(Cpu),
    Kvm(KvmCpu),
}

impl Either {
    fn access(&mut self, m: &Machine, cpu: usize, ipa: u64, iss: u64) -> Result<Outcome, Error> {
        match self {
            Either::Any(any) => any.access(&mut Regs(m, cpu), m, ipa, iss),
            Either::Kvm(kvm) => {
                let run = [0, m.case.exit, 0, 0, iss, ipa];
                unsafe { kvm.exit(run.as_ptr().cast(), m) }
            }
        }
    }

    fn insn(&self) -> &Insn {
        match self {
            Either::Any(any) => any.insn(),
            Either::Kvm(kvm) => kvm.insn(),
        }
    }

    fn reset(&mut self) {
        match self {
            Either::Any(any) => any.reset(),
            Either::Kvm(kvm) => kvm.reset(),
        }
    }
}

/// Return: what is not as expected
fn run(case: &Rc<Case>, kvm: bool) -> Vec<String> {
    let m = Rc::new(Machine::new(case.clone()));
    NOW.with(|now| *now.borrow_mut() = Some(m.clone()));
    let features = case.features as u32;
    let mut cpus = [FD, FD + 1].map(|fd| match kvm {
        true => Either::Kvm(unsafe { KvmCpu::new(fd, features) }),
        false => Either::Any(Cpu::new(features)),
    });
    let mut wrong = Vec::new();
    let mut ret = String::new();
    for n in 0..case.calls {
        let v = nth(&case.cpus, n, 0) as usize;
        let cpu = &mut cpus[v];
        if case.mon == Some(n + 1) {
            m.monitor.stored();
        }
        if case.reset == n + 1 {
            cpu.reset();
        }
        let pc = match m.vcpus.borrow()[v].x[PC] {
            pc if case.word_at(pc).is_some() => pc,
            _ => case.code,
        };
        m.vcpus.borrow_mut()[v].x[PC] = pc;
        let word = case.word_at(pc).unwrap();
        let iss = nth(&case.iss, n, if nth(&case.wr, n, 0) != 0 { 0x47 } else { 7 });
        m.asked.borrow_mut().clear();
        let answer = cpu.access(&m, v, nth(&case.ipa, n, 0x900_0000), iss);
        let insn = cpu.insn();
        if u64::from(insn.word) != word && (insn.length != 0 || answer == Ok(Outcome::Done)) {
            wrong.push(format!("insn is {insn}, {:x}", insn.word));
        }
        let after = pc + if answer == Ok(Outcome::Done) { case.length(word) } else { 0 };
        let is = m.vcpus.borrow()[v].x[PC];
        if !case.given[PC] && is != after {
            wrong.push(format!("pc={is:x}, not {after:x}"));
        }
        // As the names in nisv.h, but for their underscores
        ret = match answer {
            Ok(outcome) => format!("{outcome:?}"),
            Err(error) => format!("{error:?}"),
        };
    }
    NOW.with(|now| *now.borrow_mut() = None);
    if ret.to_uppercase() != case.ret {
        wrong.push(format!("ret={ret}, not {}", case.ret));
    }
    compare(case, &m, &mut wrong);
    wrong
}

fn compare(case: &Case, m: &Machine, wrong: &mut Vec<String>) {
    for (cpu, (is, to_be)) in m.vcpus.borrow().iter().zip(&case.last.vcpus).enumerate() {
        for reg in (0..XS).filter(|reg| is.x[*reg] != to_be.x[*reg]) {
            if reg != PC || case.given[PC] {
                wrong.push(format!("{cpu}:{reg}={:x}, not {:x}", is.x[reg], to_be.x[reg]));
            }
        }
        for v in (0..32).filter(|v| is.v[*v] != to_be.v[*v]) {
            wrong.push(format!("{cpu}:v{v}={:x?}, not {:x?}", is.v[v], to_be.v[v]));
        }
    }
    let mut log = m.log.borrow().clone();
    let told = m.told.borrow();
    for (n, region) in case.last.regions.iter().enumerate() {
        let (memory, start) = &m.memory[n];
        let is: Vec<u8> =
            memory[*start..].iter().map(|byte| byte.load(Ordering::Relaxed)).collect();
        if let Some(at) = (0..region.bytes.len()).find(|at| is[*at] != region.bytes[*at]) {
            let ipa = region.base + at as u64;
            wrong.push(format!("m:{ipa:x}={:02x}, not {:02x}", is[at], region.bytes[at]));
        }
        // What wrote() was told of, in one for each run of bytes
        let mut bytes: Vec<_> = told
            .iter()
            .filter(|ipa| ipa.wrapping_sub(region.base) < region.bytes.len() as u64)
            .collect();
        bytes.sort();
        bytes.dedup();
        while let Some(first) = bytes.first().map(|first| **first) {
            let len = (first..).zip(&bytes).take_while(|(at, told)| at == **told).count();
            log.push(format!("D{len}@{first:x}"));
            bytes.drain(..len);
        }
    }
    let log = if log.is_empty() { "none".into() } else { log.join(",") };
    match &case.log {
        Some(expected) if *expected != log => wrong.push(format!("log={log}, not {expected}")),
        _ => {}
    }
}

#[test]
fn vectors() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut failed = Vec::new();
    let mut runs = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let before = runs;
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let (name, case) = match Case::read(line) {
                Some((name, case)) => (name, Rc::new(case)),
                None => continue,
            };
            // What exit= and dczid= are about, only one of the ways has
            for kvm in [false, true] {
                if if kvm { case.given[DCZID] } else { case.exit != 28 } {
                    continue;
                }
                runs += 1;
                let wrong = run(&case, kvm);
                if !wrong.is_empty() {
                    let way = if kvm { "KvmCpu" } else { "Cpu" };
                    let file = path.file_name().unwrap().to_string_lossy();
                    failed.push(format!(
                        "{file}:{}: {name}: by {way}: {}",
                        number + 1,
                        wrong.join("; ")
                    ));
                }
            }
        }
        assert!(runs > before, "{}: no case", path.display());
    }
    println!("{runs} runs");
    assert!(failed.is_empty(), "{} of {runs} runs failed:\n{}", failed.len(), failed.join("\n"));
}

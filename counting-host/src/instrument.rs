//! Counters in a module: one for each run of instructions that are executed together, or not at
//! all. What a request executed is known exactly by them: how many instructions, and which code.

use std::collections::VecDeque;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, GlobalSection, GlobalType, Instruction,
    ValType,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// Instructions from one place that is jumped to, or falls through, to the next that jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of the module's own functions, from 0.
    pub function: usize,
    /// Blocks and the like, which nothing is executed for, are not counted.
    pub instructions: u64,
    /// In the module.
    pub bytes: u64,
}

/// A module with counters.
#[derive(Clone, Debug)]
pub struct Instrumented {
    pub module: Vec<u8>,
    pub runs: Vec<Run>,
}

/// The export of the counter of a run.
#[must_use]
pub fn counter(run: usize) -> String {
    format!("counting-host run {run}")
}

impl Instrumented {
    /// Puts counters into a module.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(module: &[u8]) -> Result<Self> {
        let mut runs = Vec::new();
        let (mut functions, mut globals) = (0, 0);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports {
                        let is_global = matches!(import?.ty, wasmparser::TypeRef::Global(_));
                        globals += u32::from(is_global);
                    }
                }
                Payload::GlobalSection(section) => globals += section.count(),
                Payload::CodeSectionEntry(body) => {
                    runs_of(functions, &body, &mut runs)?;
                    functions += 1;
                }
                _ => {}
            }
        }
        let mut writer = Writer { first: globals, runs: runs.len(), next: 0 };
        let mut out = wasm_encoder::Module::new();
        writer
            .parse_core_module(&mut out, Parser::new(0), module)
            .map_err(|error| anyhow!("the module cannot be instrumented: {error}"))?;
        Ok(Self { module: out.finish(), runs })
    }

    /// Instructions that these counters stand for.
    #[must_use]
    pub fn instructions(&self, counters: &[u64]) -> u64 {
        self.runs.iter().zip(counters).map(|(run, count)| run.instructions * count).sum()
    }

    /// Bytes of the module's code that were executed, however often.
    #[must_use]
    pub fn bytes(&self, counters: &[u64]) -> u64 {
        let touched = self.runs.iter().zip(counters).filter(|(_, count)| **count > 0);
        touched.map(|(run, _)| run.bytes).sum()
    }

    /// Both by function, from the one with most instructions.
    #[must_use]
    pub fn by_function(&self, counters: &[u64]) -> Vec<Run> {
        let functions = self.runs.last().map_or(0, |run| run.function + 1);
        let none = |function| Run { function, instructions: 0, bytes: 0 };
        let mut sums: Vec<Run> = (0..functions).map(none).collect();
        for (run, count) in self.runs.iter().zip(counters).filter(|(_, count)| **count > 0) {
            if let Some(sum) = sums.get_mut(run.function) {
                sum.instructions += run.instructions * count;
                sum.bytes += run.bytes;
            }
        }
        sums.retain(|sum| sum.bytes > 0);
        sums.sort_by_key(|sum| std::cmp::Reverse(sum.instructions));
        sums
    }

    /// The names of the module's own functions, where it has them.
    ///
    /// # Errors
    /// If the module is none.
    pub fn names(module: &[u8]) -> Result<Vec<Option<String>>> {
        let (mut imported, mut names) = (0, Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports {
                        let is_function = matches!(import?.ty, wasmparser::TypeRef::Func(_));
                        imported += usize::from(is_function);
                    }
                }
                Payload::FunctionSection(section) => {
                    names = vec![None; usize::try_from(section.count())?];
                }
                Payload::CustomSection(section) => {
                    let wasmparser::KnownCustom::Name(section) = section.as_known() else {
                        continue;
                    };
                    for subsection in section {
                        let wasmparser::Name::Function(map) = subsection? else { continue };
                        for naming in map {
                            let naming = naming?;
                            let own = usize::try_from(naming.index)?.checked_sub(imported);
                            if let Some(name) = own.and_then(|own| names.get_mut(own)) {
                                *name = Some(naming.name.to_owned());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

/// What becomes of a run at an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing is executed for it, and whoever gets here goes on.
    Between,
    /// Others may come from elsewhere to what follows, or it may not be reached.
    Edge,
    /// The same, and it is executed itself.
    Jump,
    /// Executed.
    Inside,
}

fn place(operator: &Operator<'_>) -> Place {
    match operator {
        Operator::Block { .. } | Operator::Nop => Place::Between,
        Operator::Loop { .. } | Operator::Else | Operator::End => Place::Edge,
        Operator::If { .. }
        | Operator::Br { .. }
        | Operator::BrIf { .. }
        | Operator::BrTable { .. }
        | Operator::Return
        | Operator::Unreachable => Place::Jump,
        _ => Place::Inside,
    }
}

/// Walks over operators and says before which a run begins.
#[derive(Default)]
struct Cutter {
    is_within: bool,
}

impl Cutter {
    /// Whether a run begins with this operator, and whether it is counted to one.
    fn step(&mut self, operator: &Operator<'_>) -> (bool, bool) {
        let place = place(operator);
        let counts = matches!(place, Place::Jump | Place::Inside);
        let begins = counts && !self.is_within;
        self.is_within = match place {
            Place::Between => self.is_within,
            Place::Edge | Place::Jump => false,
            Place::Inside => true,
        };
        (begins, counts)
    }
}

fn runs_of(function: usize, body: &FunctionBody<'_>, runs: &mut Vec<Run>) -> Result<()> {
    let mut cutter = Cutter::default();
    let mut operators: VecDeque<(Operator<'_>, usize)> =
        body.get_operators_reader()?.into_iter_with_offsets().collect::<Result<_, _>>()?;
    while let Some((operator, offset)) = operators.pop_front() {
        let next = operators.front().map_or(body.range().end, |(_, offset)| *offset);
        let (begins, counts) = cutter.step(&operator);
        if begins {
            runs.push(Run { function, instructions: 0, bytes: 0 });
        }
        if counts {
            let run = runs.last_mut().context("a run has begun")?;
            run.instructions += 1;
            run.bytes += u64::try_from(next - offset)?;
        }
    }
    Ok(())
}

/// Writes a module with counters.
struct Writer {
    /// The index of the first counter.
    first: u32,
    runs: usize,
    /// The next run.
    next: u32,
}

impl Reencode for Writer {
    type Error = std::convert::Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        reencode::utils::parse_global_section(self, globals, section)?;
        let counter = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        for _ in 0..self.runs {
            globals.global(counter, &ConstExpr::i64_const(0));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        reencode::utils::parse_export_section(self, exports, section)?;
        for (run, global) in (0..self.runs).zip(self.first..) {
            exports.export(&counter(run), ExportKind::Global, global);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        let mut cutter = Cutter::default();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if cutter.step(&operator).0 {
                let counter = self.first + self.next;
                self.next += 1;
                function
                    .instruction(&Instruction::GlobalGet(counter))
                    .instruction(&Instruction::I64Const(1))
                    .instruction(&Instruction::I64Add)
                    .instruction(&Instruction::GlobalSet(counter));
            }
            function.instruction(&self.instruction(operator)?);
        }
        code.function(&function);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(func (export "f") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0)
    /// (i32.const 1))))))` with a global of its own.
    const COUNTS_DOWN: &[u8] = &[
        0, 97, 115, 109, 1, 0, 0, 0, // version
        1, 5, 1, 96, 1, 127, 0, // type
        3, 2, 1, 0, // function
        6, 6, 1, 127, 1, 65, 0, 11, // global
        7, 5, 1, 1, 102, 0, 0, // export
        10, 16, 1, 14, 0, 3, 64, 32, 0, 65, 1, 107, 34, 0, 13, 0, 11, 11, // code
    ];

    #[test]
    fn a_loop_is_counted_as_often_as_it_runs() {
        let instrumented = Instrumented::new(COUNTS_DOWN).unwrap();
        let run = Run { function: 0, instructions: 5, bytes: 9 };
        assert_eq!(instrumented.runs, [run]);
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, &instrumented.module).unwrap();
        let mut store = wasmi::Store::new(&engine, ());
        let linker = wasmi::Linker::new(&engine);
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let counts_down = instance.get_typed_func::<i32, ()>(&store, "f").unwrap();
        counts_down.call(&mut store, 7).unwrap();
        let counter = instance.get_global(&store, &counter(0)).unwrap();
        let counters = [counter.get(&store).i64().unwrap().unsigned_abs()];
        assert_eq!(counters, [7]);
        assert_eq!(instrumented.instructions(&counters), 35);
        assert_eq!(instrumented.bytes(&counters), 9);
        assert_eq!(instrumented.by_function(&counters)[0].instructions, 35);
    }
}

//! `cargo bench [-- side-by-side] [miss] [scale] [--quick | --smoke] [--module NAME=FILE]…`

mod cases;
mod cpu;
mod filters;
mod load;
#[allow(dead_code)]
mod report;
mod rig;
mod run;
mod servers;
mod side_by_side;
mod slices;

use anyhow::Result;

fn main() -> Result<()> {
    let mut run = run::Run::start(run::Effort::QUICK, 1)?;
    let mut others = Vec::new();
    if let Some(path) = std::env::var_os("MODULE") {
        others.push(("other".to_owned(), path.into()));
    }
    let field = cases::Field::new(&run.module, &run.noop, &others)?;
    let rows = side_by_side::measure(&mut run, &field)?;
    for row in &rows {
        println!("{}", side_by_side::line(row));
    }
    Ok(())
}

//! `docker-compose.yml`, tried: as a user starts it, with every scenario, and with containers that
//! stop, hang, lose their network, restart and multiply.

mod faults;
mod image;
mod registry;
mod restart;
mod scale;
mod scenarios;
mod stack;
mod target;
mod usergrid;

use std::time::Instant;

use anyhow::Result;

use stack::{Overlay, Stack};

pub struct Part {
    /// What it is called on the command line.
    pub name: &'static str,
    pub about: &'static str,
    /// Whether it is run without being named.
    pub by_default: bool,
    run: fn(&Stack, &Overlay) -> Result<()>,
}

/// All of them. Each brings up what it needs.
pub const PARTS: [Part; 9] = [
    Part {
        name: "usergrid",
        about: "docker-compose.yml as it is, images built: what its user does",
        by_default: true,
        run: usergrid::run,
    },
    Part {
        name: "stock",
        about: "with envoy/stock-usergrid.yml: the filter asks Usergrid itself",
        by_default: true,
        run: usergrid::stock,
    },
    Part {
        name: "shipped",
        about: "Envoy as docker-compose.yml has it, before the servers of scenarios",
        by_default: true,
        run: scenarios::shipped,
    },
    Part {
        name: "prebuilt",
        about: "a module that is there already, mounted",
        by_default: true,
        run: scenarios::prebuilt,
    },
    Part {
        name: "scenarios",
        about: "every scenario, Envoy started anew with the configuration of each",
        by_default: true,
        run: scenarios::all,
    },
    Part {
        name: "faults",
        about: "the verifying server stops, hangs, and is cut off the network",
        by_default: true,
        run: faults::run,
    },
    Part {
        name: "restart",
        about: "Envoy restarts under load",
        by_default: true,
        run: restart::run,
    },
    Part {
        name: "scale",
        about: "three Envoys, each with its own memory, and behind a first tier as one",
        by_default: true,
        run: scale::run,
    },
    Part {
        name: "image",
        about: "the image for Istio and Envoy Gateway, as built, saved and pushed",
        by_default: true,
        run: image::run,
    },
];

/// Runs the parts with these names, or all that run by default, and takes the containers down whatever happens.
///
/// # Errors
/// The first part that is not as it should be; the containers' logs are printed before.
pub fn run(names: &[String]) -> Result<()> {
    let overlay = Overlay::new()?;
    let stack = Stack::new(&format!("usergrid-auth-test-{}", std::process::id()), &overlay)?;
    let result = parts(&stack, &overlay, names);
    if result.is_err() {
        stack.print_logs();
    }
    result
}

fn parts(stack: &Stack, overlay: &Overlay, names: &[String]) -> Result<()> {
    println!("by {}", stack.tool());
    let named = |part: &Part| names.iter().any(|name| name == part.name);
    let chosen = |part: &Part| if names.is_empty() { part.by_default } else { named(part) };
    for part in PARTS.iter().filter(|part| chosen(part)) {
        println!("{}: {}", part.name, part.about);
        let started = Instant::now();
        (part.run)(stack, overlay)?;
        println!("  as it should be, {} s", started.elapsed().as_secs());
    }
    Ok(())
}

#[cfg(test)]
mod tests;

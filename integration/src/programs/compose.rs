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
    run: fn(&Stack, &Overlay) -> Result<()>,
}

/// All of them. Each brings up what it needs.
pub const PARTS: [Part; 8] = [
    Part {
        name: "usergrid",
        about: "docker-compose.yml as it is, images built: what its user does",
        run: usergrid::run,
    },
    Part {
        name: "shipped",
        about: "Envoy as docker-compose.yml has it, before the servers of scenarios",
        run: scenarios::shipped,
    },
    Part {
        name: "prebuilt",
        about: "a module that is there already, mounted",
        run: scenarios::prebuilt,
    },
    Part {
        name: "scenarios",
        about: "every scenario, Envoy started anew with the configuration of each",
        run: scenarios::all,
    },
    Part {
        name: "faults",
        about: "the verifying server stops, hangs, and is cut off the network",
        run: faults::run,
    },
    Part { name: "restart", about: "Envoy restarts under load", run: restart::run },
    Part { name: "scale", about: "three Envoys, each with its own memory", run: scale::run },
    Part {
        name: "image",
        about: "the image for Istio and Envoy Gateway, as built, saved and pushed",
        run: image::run,
    },
];

/// Runs the parts with these names, or all, and takes the containers down whatever happens.
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
    let chosen = |part: &Part| names.is_empty() || names.iter().any(|name| name == part.name);
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

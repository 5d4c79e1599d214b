//! The demo: every documented request, with its answer, what the backend saw, and why.

mod both;
mod curl;
mod others;
mod page;
mod show;
mod step;
mod steps;
mod usergrid;
mod walk;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Result;

use crate::harness::chromium;
use crate::harness::client::Request;
use crate::site::{Setup, Site};
use page::Page;
use page::check::Browser;
use show::Screen;
use walk::{prepare, walk_by};

pub use both::run as run_with_both;
pub use others::run as run_with;
pub use usergrid::run as run_with_usergrid;

/// The requests of the walk that do not have the verifying server fail.
pub fn requests() -> Vec<Request> {
    let steps = steps::all().into_iter().filter(|step| step.status != 503);
    steps.map(|step| step.request).collect()
}

/// What is wanted of the demo beside the walk.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// To stop after it.
    pub once: bool,
    /// To have a browser look at the page.
    pub page_check: bool,
    /// A picture of the page, in this file.
    pub picture: Option<PathBuf>,
}

/// Shows everything; then, unless it is wanted once, serves until interrupted. Whether all was as
/// documented.
///
/// # Errors
/// If the module does not build, or Envoy or a browser that is wanted cannot be had; the message
/// says what to do. If the page does not show what it should.
pub fn run(wanted: &Wanted) -> Result<bool> {
    let screen = Screen::new();
    let looks = wanted.page_check || wanted.picture.is_some();
    if looks {
        chromium::find()?;
    }
    let title = prepare(&screen)?;
    let setup = Setup { name: "demo".into(), ..Setup::default() };
    let mut site = page::site(&setup)?;
    let page = Page::start(&title, &setup, &site)?;
    screen.title(&title);
    screen.page(page.address());
    let mut browser = if looks { Some(Browser::open(&page)?) } else { None };

    let steps = steps::all();
    let failed = walk_by(&screen, site.address(), &steps, 1, |step| page.send(step))?;
    screen.summary(steps.len(), failed);
    if let Some(browser) = &mut browser {
        if wanted.page_check {
            browser.check(steps.len())?;
        }
        if let Some(file) = &wanted.picture {
            browser.picture(file)?;
        }
    }
    drop(browser);
    if !wanted.once {
        serve(&screen, &mut site, &page)?;
    }
    Ok(failed == 0)
}

fn serve(screen: &Screen, site: &mut Site, page: &Page) -> Result<()> {
    let lines = steps::to_paste(site.address());
    let around: [(&str, SocketAddr); 5] = [
        ("page to look at", page.address()),
        ("Envoy", site.address()),
        ("Envoy's admin interface", site.admin().address()),
        ("verifying server", site.introspection.address()),
        ("backend", site.backend.address()),
    ];
    screen.serving(&around, &lines);
    site.envoy.serve()
}

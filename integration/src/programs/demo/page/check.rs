//! The page in a real browser: that it shows what happens, and takes a request.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::Page;
use crate::harness::chromium::Chromium;

/// A path that would take the page over, if it became a part of it.
const HOSTILE: &str = "/acme/sandbox/<svg/onload=document.title='owned'>";
/// The latest request.
const LATEST: &str = "document.querySelector('[data-request]')";
/// Pixels of the picture.
const PICTURE: (u32, u32) = (1200, 780);
/// Of a picture in WebP: its text is as sharp as in PNG, in a third of the bytes.
const QUALITY: u32 = 85;

/// How many requests have ended so, by the page.
fn counter(outcome: &str) -> String {
    let row = format!("[data-counter='requests_total;outcome={outcome}']");
    format!("Number(document.querySelector(\"{row}\")?.lastChild.textContent)")
}

/// A browser that looks at the page.
pub struct Browser(Chromium);

impl Browser {
    /// Opens the page.
    pub fn open(page: &Page) -> Result<Self> {
        let mut browser = Chromium::start()?;
        browser.open(&format!("http://{}/", page.address()))?;
        browser.until("document.body?.dataset.state === 'connected'")?;
        Ok(Self(browser))
    }

    /// Checks the page after a walk of so many requests.
    pub fn check(&mut self, steps: usize) -> Result<()> {
        let Self(browser) = self;
        browser
            .until(&format!("document.querySelectorAll('[data-request]').length === {steps}"))?;
        let agreeing = browser.value("document.querySelectorAll('[data-agrees=true]').length")?;
        ensure!(
            agreeing == steps,
            "{agreeing} of {steps} requests have steps that agree with Envoy"
        );
        let alice = "[...document.querySelectorAll('dd')].some((it) => it.textContent === 'alice')";
        ensure!(browser.value(alice)? == true, "nobody is alice");
        let secret =
            format!("document.body.textContent.includes('{}')", super::super::steps::TOKEN);
        ensure!(browser.value(&secret)? == false, "the page shows a token");
        self.form(steps)?;
        self.hostile(steps)?;
        let disagree = "[...document.querySelectorAll('.verdict.bad')].map((it) => it.textContent)";
        let disagree = self.0.value(disagree)?;
        ensure!(disagree == json!([]), "{disagree}");
        self.narrow()?;
        let complaints: Vec<&str> = self.0.complaints().collect();
        ensure!(complaints.is_empty(), "the browser complains: {}", complaints.join("\n"));
        println!("page: {steps} requests, the form, hostile text and a narrow window in Chromium");
        Ok(())
    }

    /// Sends a request through the form, by the keyboard, and waits for it.
    fn send(&mut self, path: &str, number: usize) -> Result<()> {
        let Self(browser) = self;
        browser.value("document.getElementById('headers').value = ''")?;
        browser.value("document.getElementById('path').select()")?;
        browser.enter(path)?;
        browser.until(&format!("{LATEST}.dataset.request === '{number}'"))
    }

    fn form(&mut self, steps: usize) -> Result<()> {
        let counter = counter("missing");
        // One of the walk's.
        self.0.until(&format!("{counter} === 1"))?;
        self.send("/acme/shop/books", steps + 1)?;
        let Self(browser) = self;
        let status = browser.value(&format!("{LATEST}.dataset.status"))?;
        ensure!(status == "401", "{status} instead of 401");
        for (part, text) in [
            (".steps", "guest: no rule of guest allows it"),
            (".steps", "Outcome: missing"),
            (".envoy", "usergrid_auth_missing"),
            (".verdict", "The steps and Envoy agree."),
        ] {
            let shown = browser.value(&format!("{LATEST}.querySelector('{part}').textContent"))?;
            let shown = shown.as_str().context("no text")?;
            ensure!(shown.contains(text), "no `{text}` in: {shown}");
        }
        browser.until(&format!("{counter} === 2"))
    }

    fn hostile(&mut self, steps: usize) -> Result<()> {
        // Envoy makes another path of it before its filters run, and the steps are of that one.
        self.send("/acme/shop/../sandbox//books", steps + 2)?;
        self.send(HOSTILE, steps + 3)?;
        let shown = format!("{LATEST}.querySelector('.url').textContent");
        let shown = self.0.value(&shown)?;
        ensure!(shown == format!("GET {HOSTILE}"), "{shown}");
        let owned = "document.querySelector('svg') || document.title === 'owned'";
        ensure!(self.0.value(&format!("Boolean({owned})"))? == false, "a path became markup");
        Ok(())
    }

    fn narrow(&mut self) -> Result<()> {
        self.0.size(360, 640)?;
        let width = self.0.value("document.documentElement.scrollWidth")?;
        ensure!(width == 360, "in a narrow window the page is {width} wide");
        Ok(())
    }

    /// Takes the README's picture: the latest request of the form, after those of the walk.
    pub fn picture(&mut self, file: &Path) -> Result<()> {
        let Self(browser) = self;
        browser.size(PICTURE.0, PICTURE.1)?;
        let light = json!({ "features": [{ "name": "prefers-color-scheme", "value": "light" }] });
        browser.command("Emulation.setEmulatedMedia", light)?;
        let number = browser.value("document.querySelectorAll('[data-request]').length + 1")?;
        browser.value("document.getElementById('example').selectedIndex = 1")?;
        browser.value("document.getElementById('example').dispatchEvent(new Event('change'))")?;
        browser.value("document.getElementById('form').requestSubmit()")?;
        browser.until(&format!("{LATEST}.dataset.request === '{number}'"))?;
        // The counters follow within a second; the walk has two tokens that are good.
        browser.until(&format!("{} === 3", counter("token")))?;
        browser.value("document.getAnimations().forEach((it) => it.finish())")?;
        browser.value("document.activeElement.blur()")?;
        let format = if file.extension().is_some_and(|it| it == "webp") { "webp" } else { "png" };
        let how = json!({ "format": format, "quality": QUALITY });
        let taken = browser.command("Page.captureScreenshot", how)?;
        let data = taken["data"].as_str().context("no picture")?;
        let bytes = BASE64_STANDARD.decode(data).ok().context("no base64")?;
        std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        println!("page: a picture of it is in {}", file.display());
        Ok(())
    }
}

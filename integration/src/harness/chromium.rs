//! A headless Chromium, told what to do by its DevTools protocol over a pipe: no port that others
//! could use, and it ends when the pipe closes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::harness::wait;
use crate::harness::workspace::Scratch;

/// What it is called, by distribution.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// It reads commands from descriptor 3 and writes answers to 4; ours are 0 and 1.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;
/// Complaints that are kept.
const MOST_COMPLAINTS: usize = 100;

/// One browser with one page.
#[derive(Debug)]
pub struct Chromium {
    child: Child,
    commands: Option<ChildStdin>,
    answers: Receiver<Value>,
    number: u64,
    session: Option<String>,
    complaints: VecDeque<String>,
    _files: Scratch,
}

/// `$CHROMIUM`, or one on the path.
///
/// # Errors
/// There is none; the message says how to get one.
pub fn find() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CHROMIUM") {
        return Ok(given.into());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let candidates = std::env::split_paths(&paths);
    let mut candidates = candidates.flat_map(|path| NAMES.map(|name| path.join(name)));
    candidates.find(|candidate| candidate.is_file()).context(
        "a page is looked at with Chromium, and there is none: on Debian, `apt-get install chromium`; elsewhere, \
         set CHROMIUM to one",
    )
}

impl Chromium {
    /// Starts one with an empty page.
    ///
    /// # Errors
    /// It cannot be had, or does not answer; the message ends with what it said.
    pub fn start() -> Result<Self> {
        let program = find()?;
        let files = Scratch::new("chromium")?;
        let log = files.path().join("chromium.log");
        let mut command = Command::new("sh");
        command.args(["-c", PIPES]).arg(&program);
        command.arg(format!("--user-data-dir={}", files.path().join("profile").display()));
        command.args(["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"]);
        command.args(["--disable-background-networking", "--disable-component-update"]);
        command.args([
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
        ]);
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            // It refuses to run as root with one; it is shown our own page alone.
            command.arg("--no-sandbox");
        }
        let mut child = command
            .env("HOME", files.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot run sh")?;
        let commands = child.stdin.take();
        let output = child.stdout.take().context("no output")?;
        let (sender, answers) = mpsc::channel();
        std::thread::Builder::new().name("chromium".into()).spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        })?;
        let complaints = VecDeque::new();
        let mut browser =
            Self { child, commands, answers, number: 0, session: None, complaints, _files: files };
        browser.attach().map_err(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            error.context(format!("{} does not start:\n{said}", program.display()))
        })?;
        Ok(browser)
    }

    fn attach(&mut self) -> Result<()> {
        let target = self.command("Target.createTarget", json!({ "url": "about:blank" }))?;
        let what = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.command("Target.attachToTarget", what)?;
        self.session = Some(attached["sessionId"].as_str().context("no session")?.to_owned());
        for domain in ["Page", "Runtime", "Log"] {
            self.command(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(())
    }

    /// Sends a command of the protocol and returns its result.
    ///
    /// # Errors
    /// The browser refuses it, has gone, or does not answer in time.
    pub fn command(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.number += 1;
        let number = self.number;
        let mut message = json!({ "id": number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let pipe = self.commands.as_mut().context("no pipe")?;
        pipe.write_all(format!("{message}\0").as_bytes()).context("the browser has gone")?;
        let started = Instant::now();
        loop {
            let left = wait::DEADLINE.saturating_sub(started.elapsed());
            let mut answer = match self.answers.recv_timeout(left) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout) => bail!("no answer to {method} in time"),
                Err(RecvTimeoutError::Disconnected) => bail!("the browser has gone"),
            };
            if answer["id"] != number {
                self.note(&answer);
            } else if answer["error"].is_null() {
                return Ok(answer["result"].take());
            } else {
                bail!("{method}: {}", answer["error"]["message"]);
            }
        }
    }

    /// Keeps what a page has to complain about.
    fn note(&mut self, event: &Value) {
        let of = &event["params"];
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => of["exceptionDetails"].to_string(),
            Some("Runtime.consoleAPICalled") if of["type"] != "log" => of["args"].to_string(),
            Some("Log.entryAdded") => of["entry"].to_string(),
            _ => return,
        };
        if self.complaints.len() < MOST_COMPLAINTS {
            self.complaints.push_back(complaint);
        }
    }

    /// What the page has had to complain about: exceptions, errors and warnings in the console,
    /// what its policy forbade.
    pub fn complaints(&self) -> impl Iterator<Item = &str> {
        self.complaints.iter().map(String::as_str)
    }

    /// Goes to a page.
    ///
    /// # Errors
    /// See [`Chromium::command`].
    pub fn open(&mut self, url: &str) -> Result<()> {
        let gone = self.command("Page.navigate", json!({ "url": url }))?;
        match gone["errorText"].as_str() {
            Some(error) => bail!("{url}: {error}"),
            None => Ok(()),
        }
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    /// It throws; or see [`Chromium::command`].
    pub fn value(&mut self, expression: &str) -> Result<Value> {
        let what = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut result = self.command("Runtime.evaluate", what)?;
        if !result["exceptionDetails"].is_null() {
            bail!("{expression}: {}", result["exceptionDetails"]["exception"]["description"]);
        }
        Ok(result["result"]["value"].take())
    }

    /// Waits until an expression in the page is true.
    ///
    /// # Errors
    /// It does not become so in time; or see [`Chromium::value`].
    pub fn until(&mut self, expression: &str) -> Result<()> {
        wait::until(expression, || Ok((self.value(expression)? == true).then_some(())))
    }

    /// Types a text, and a key after it, into what has the focus.
    ///
    /// # Errors
    /// See [`Chromium::command`].
    pub fn enter(&mut self, text: &str) -> Result<()> {
        self.command("Input.insertText", json!({ "text": text }))?;
        for kind in ["keyDown", "keyUp"] {
            let key = json!({
                "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13,
            });
            self.command("Input.dispatchKeyEvent", key)?;
        }
        Ok(())
    }

    /// Makes the window so large, in CSS pixels.
    ///
    /// # Errors
    /// See [`Chromium::command`].
    pub fn size(&mut self, width: u32, height: u32) -> Result<()> {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).map(drop)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closes the pipe, by which it ends.
        drop(self.commands.take());
        let ended = wait::until("the browser's end", || Ok(self.child.try_wait()?.map(drop)));
        if ended.is_err() {
            let _killed = self.child.kill();
            let _ended = self.child.wait();
        }
    }
}

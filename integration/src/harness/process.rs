//! A running Envoy that cannot outlive us.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::harness::admin::Admin;
use crate::harness::bootstrap::{Bootstrap, Knobs};
use crate::harness::envoy::Envoy;
use crate::harness::gateway::GATEWAY_SECRET;
use crate::harness::version::Version;
use crate::harness::wait;
use crate::harness::workspace::Scratch;
use crate::servers::usergrid::SALT;

/// Runs `"$@"` and ends it when standard input closes. We hold the other end, so it closes when we
/// stop for whatever reason: return, panic, Ctrl-C or a kill that no handler would see.
pub(crate) const GUARD: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
envoy=$!
echo "$envoy" >"$PID_FILE"
{ cat <&3 >/dev/null 2>&1; kill "$envoy" 2>/dev/null; } >/dev/null 2>&1 &
exec 3<&-
wait "$envoy"
"#;

/// States of sockets in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";
const LISTENING: &str = "0A";

/// An Envoy that serves.
#[derive(Debug)]
pub struct Process {
    guard: Child,
    directory: Scratch,
    listener: SocketAddr,
    admin: Admin,
    version: Option<Version>,
}

impl Process {
    /// Starts an Envoy and waits until it serves.
    ///
    /// # Errors
    /// If it stops or does not become ready; the message ends with its log.
    pub fn start(
        envoy: &Envoy,
        bootstrap: &Bootstrap,
        knobs: &Knobs,
        directory: Scratch,
    ) -> Result<Self> {
        let file = write(bootstrap, directory.path())?;
        let address_file = directory.path().join("admin-address");
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(&envoy.path);
        command.arg("--config-path").arg(&file);
        command.arg("--admin-address-path").arg(&address_file);
        command.args(["--concurrency", &knobs.concurrency.unwrap_or(1).to_string()]);
        if let Some(seconds) = knobs.drain_seconds {
            command.args(["--drain-strategy", "immediate", "--drain-time-s", &seconds.to_string()]);
        }
        command.args(["--disable-hot-restart", "--file-flush-interval-msec", "50"]);
        let (level, of_wasm) = match knobs {
            Knobs { tracing: true, .. } => ("info", "wasm:trace"),
            Knobs { quiet: true, .. } => ("warning", "wasm:warning"),
            _ => ("warning", "wasm:info"),
        };
        command.args(["--log-level", level, "--component-log-level", of_wasm]);
        let guard = command
            .env("INTROSPECTION_SECRET", GATEWAY_SECRET)
            .env("USERGRID_TOKEN_SALT", SALT)
            .env("PID_FILE", directory.path().join("pid"))
            .stdin(Stdio::piped())
            .stdout(File::create(directory.path().join("access.log"))?)
            .stderr(File::create(directory.path().join("envoy.log"))?)
            .spawn()
            .context("cannot run sh")?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let admin = Admin::new(nowhere);
        let version = envoy.version.parse().ok();
        let mut process = Self { guard, directory, listener: nowhere, admin, version };
        process.wait_until_ready(&address_file)?;
        Ok(process)
    }

    #[must_use]
    pub fn listener(&self) -> SocketAddr {
        self.listener
    }

    /// Which Envoy it is, if that can be told.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Waits until it stops, which it does only when somebody else ends it.
    ///
    /// # Errors
    /// Always: it should have served on.
    pub fn serve(&mut self) -> Result<()> {
        // Keeps the pipe open: `Child::wait` would close it, and the guard would end Envoy.
        let pipe = self.guard.stdin.take();
        let status = self.guard.wait()?;
        drop(pipe);
        bail!("Envoy stopped ({status})")
    }

    /// Envoy's own process, not that of its guard.
    ///
    /// # Errors
    /// If the guard has not written it.
    pub fn pid(&self) -> Result<u32> {
        Ok(read(&self.directory.path().join("pid"))?.trim().parse()?)
    }

    /// Its resident memory in bytes, as Linux counts it.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn resident(&self) -> Result<u64> {
        let status = read(&self.proc()?.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kilobytes: u64 = kilobytes.context("no VmRSS")?.trim().parse()?;
        Ok(kilobytes * 1024)
    }

    /// How many file descriptors it has open beside established TCP connections, as Linux counts
    /// them; `None` while a connection is about to go.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn descriptors(&self) -> Result<Option<usize>> {
        let directory = self.proc()?;
        let mut states = HashMap::new();
        for table in ["tcp", "tcp6"] {
            let table = read(&directory.join("net").join(table)).unwrap_or_default();
            for line in table.lines().skip(1) {
                let fields: Vec<&str> = line.split_whitespace().collect();
                if let (Some(state), Some(inode)) = (fields.get(3), fields.get(9)) {
                    states.insert(format!("socket:[{inode}]"), (*state).to_owned());
                }
            }
        }
        let mut count = 0;
        for entry in fs::read_dir(directory.join("fd"))? {
            // One that has been closed since.
            let Ok(link) = fs::read_link(entry?.path()) else { return Ok(None) };
            match states.get(link.to_string_lossy().as_ref()).map(String::as_str) {
                Some(ESTABLISHED) => (),
                None | Some(LISTENING) => count += 1,
                Some(_) => return Ok(None),
            }
        }
        Ok(Some(count))
    }

    /// What the system says about it.
    fn proc(&self) -> Result<PathBuf> {
        Ok(Path::new("/proc").join(self.pid()?.to_string()))
    }

    /// Its log up to now.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn log(&self) -> Result<String> {
        read(&self.directory.path().join("envoy.log"))
    }

    /// Its access log up to now.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn access_log(&self) -> Result<String> {
        read(&self.directory.path().join("access.log"))
    }

    fn wait_until_ready(&mut self, address_file: &Path) -> Result<()> {
        let ready = wait::until("Envoy is ready", || {
            if let Some(status) = self.guard.try_wait()? {
                bail!("Envoy stopped ({status})");
            }
            let Ok(text) = fs::read_to_string(address_file) else { return Ok(None) };
            let Ok(address) = text.trim().parse() else { return Ok(None) };
            self.admin = Admin::new(address);
            Ok(self.admin.is_ready().then_some(()))
        });
        let ready = ready.and_then(|()| {
            self.listener = self.admin.listener("api")?;
            Ok(())
        });
        ready.map_err(|error| {
            let log = self.log().unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n");
            error.context(format!("Envoy does not start; the end of its log:\n{tail}"))
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closes the pipe; the guard ends Envoy and then itself.
        drop(self.guard.stdin.take());
        let _ended = self.guard.wait();
    }
}

/// Runs `envoy --mode validate` and returns whether it is satisfied, with all it said.
///
/// # Errors
/// If it cannot be run.
pub fn validate(envoy: &Envoy, bootstrap: &Bootstrap, directory: &Path) -> Result<(bool, String)> {
    let file = write(bootstrap, directory)?;
    let arguments: [&OsStr; 4] =
        ["--mode".as_ref(), "validate".as_ref(), "--config-path".as_ref(), file.as_ref()];
    let output = Command::new(&envoy.path)
        .args(arguments)
        .env("INTROSPECTION_SECRET", GATEWAY_SECRET)
        .env("USERGRID_TOKEN_SALT", SALT)
        .stdin(Stdio::null())
        .output()
        .context("cannot run Envoy")?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.success(), said))
}

fn write(bootstrap: &Bootstrap, directory: &Path) -> Result<PathBuf> {
    let file = directory.join("envoy.json");
    fs::write(&file, serde_json::to_vec_pretty(bootstrap.json())?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

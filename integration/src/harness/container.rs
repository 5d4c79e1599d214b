//! One container: what Docker can do to it and tell about it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::harness::wait;

/// A container, running or not.
#[derive(Clone, Debug)]
pub struct Container(String);

impl Container {
    /// The one with this id.
    #[must_use]
    pub fn new(id: String) -> Self {
        Self(id)
    }

    #[must_use]
    pub fn id(&self) -> &str {
        &self.0
    }

    /// Runs `docker VERB … ID`.
    ///
    /// # Errors
    /// If Docker refuses.
    pub fn run(&self, verb: &[&str]) -> Result<String> {
        let mut arguments = verb.to_vec();
        arguments.push(&self.0);
        docker(&arguments)
    }

    /// Ends it and starts it again.
    ///
    /// # Errors
    /// If Docker refuses.
    pub fn restart(&self) -> Result<()> {
        self.run(&["restart", "-t", "5"]).map(drop)
    }

    /// Where on this machine a port of the container is. Another one after every start.
    ///
    /// # Errors
    /// If it is not published, or the container does not run.
    pub fn port(&self, port: u16) -> Result<SocketAddr> {
        let all = docker(&["port", &self.0, &format!("{port}/tcp")])?;
        let first = all.lines().next().context("the port is not published")?;
        first.trim().parse().with_context(|| format!("`{first}` is no address"))
    }

    /// Its address on the project's network.
    ///
    /// # Errors
    /// If it has none.
    pub fn address(&self) -> Result<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        Ok(self.run(&["inspect", "--format", format])?.trim().to_owned())
    }

    /// Waits until its health check says so.
    ///
    /// # Errors
    /// If it stops, or does not get healthy in time.
    pub fn wait_until_healthy(&self) -> Result<()> {
        wait::until("the health check", || {
            let state =
                self.run(&["inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}"])?;
            match state.trim() {
                "running healthy" => Ok(Some(())),
                // One that was paused is unhealthy until its next check.
                "running starting" | "running unhealthy" => Ok(None),
                state => bail!("the container is {state}"),
            }
        })
    }

    /// What a script prints inside.
    ///
    /// # Errors
    /// If bash cannot be run there, or the script fails.
    pub fn bash(&self, script: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        let mut command = vec!["exec", &self.0, "bash", "-c", script, "bash"];
        command.extend(arguments);
        output(&command)
    }

    /// Standard output up to now.
    ///
    /// # Errors
    /// If Docker cannot be asked.
    pub fn log(&self) -> Result<String> {
        self.run(&["logs"])
    }

    /// The last lines of standard output and error.
    ///
    /// # Errors
    /// If Docker cannot be asked.
    pub fn logs_both(&self, lines: usize) -> Result<String> {
        let output = Command::new("docker")
            .args(["logs", "--tail", &lines.to_string(), &self.0])
            .stdin(Stdio::null())
            .output()
            .context("cannot run docker")?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok(text)
    }

    /// Copies a file out of it.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn copy(&self, file: &str, to: &Path) -> Result<()> {
        let to = to.to_str().context("the path is not UTF-8")?;
        docker(&["cp", &format!("{}:{file}", self.0), to]).map(drop)
    }
}

/// What `docker` prints.
///
/// # Errors
/// If it cannot be run or fails; the message is its own.
pub fn docker(arguments: &[&str]) -> Result<String> {
    Ok(String::from_utf8_lossy(&output(arguments)?).into_owned())
}

fn output(arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("cannot run docker; Debian has the package docker.io")?;
    ensure!(
        output.status.success(),
        "`docker {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output.stdout)
}

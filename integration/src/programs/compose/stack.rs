//! The containers of one project, which end with the process that started them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::harness::bootstrap::Bootstrap;
use crate::harness::container::{Container, docker};
use crate::harness::process;
use crate::harness::workspace::{self, Scratch};

/// Waits until standard input closes, however that comes about, and takes the project down.
const GUARD: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
"$@" >"$LOG" 2>&1 </dev/null
"#;

/// The servers of scenarios in place of those that users get.
const SERVERS: &str = "integration/compose.yml";

/// The directory that Envoy's container reads its bootstrap from.
pub struct Overlay(Scratch);

/// A project of Compose.
pub struct Stack {
    tool: Vec<&'static str>,
    project: String,
    bootstrap: PathBuf,
    guard: Child,
}

impl Overlay {
    /// With `envoy/envoy.yaml` as it is.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn new() -> Result<Self> {
        let overlay = Self(Scratch::new("compose")?);
        overlay.shipped()?;
        Ok(overlay)
    }

    /// Puts `envoy/envoy.yaml` there as it is.
    ///
    /// # Errors
    /// See [`Overlay::new`].
    pub fn shipped(&self) -> Result<()> {
        let text = fs::read(workspace::root().join("envoy/envoy.yaml"))?;
        Ok(fs::write(self.0.path().join("envoy.yaml"), text)?)
    }

    /// Puts another one there.
    ///
    /// # Errors
    /// See [`Overlay::new`].
    pub fn write(&self, bootstrap: &Bootstrap) -> Result<()> {
        // JSON is YAML.
        let text = serde_json::to_vec_pretty(bootstrap.json())?;
        Ok(fs::write(self.0.path().join("envoy.yaml"), text)?)
    }

    /// An own directory for files beside it.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Stack {
    /// Nothing runs yet.
    ///
    /// # Errors
    /// If there is no Docker or no Compose; the message says what to do.
    pub fn new(project: &str, overlay: &Overlay) -> Result<Self> {
        docker(&["version"]).context(
            "no Docker to talk to: start dockerd (`bash integration/dockerd.sh start` does, as root)",
        )?;
        let tool = find()?;
        let down = compose(
            &tool,
            project,
            &["docker-compose.yml"],
            // `envoy/fleet.yml` has a service that the first file does not know.
            &["down", "--volumes", "--remove-orphans", "--timeout", "1"],
        );
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .args(down)
            .current_dir(workspace::root())
            .env("LOG", overlay.path().join("down.log"))
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot run sh")?;
        let bootstrap = overlay.path().to_owned();
        Ok(Self { tool, project: project.into(), bootstrap, guard })
    }

    /// The command that is Compose here.
    #[must_use]
    pub fn tool(&self) -> String {
        self.tool.join(" ")
    }

    /// Builds the images and brings up `docker-compose.yml` as it is, on a free port.
    ///
    /// # Errors
    /// If Compose fails; the message has all it said.
    pub fn up_shipped(&self) -> Result<()> {
        self.run(&["docker-compose.yml"], &["--build"], &[])
    }

    /// The same with Usergrid in place of an introspection service.
    ///
    /// # Errors
    /// See [`Stack::up_shipped`].
    pub fn up_stock(&self) -> Result<()> {
        self.run(&["docker-compose.yml", "envoy/stock-usergrid.yml"], &["--build"], &[])
    }

    /// [`Stack::up_scripted`] with a module that is mounted.
    ///
    /// # Errors
    /// See [`Stack::up_shipped`].
    pub fn up_prebuilt(&self, module: &Path) -> Result<()> {
        let files = ["docker-compose.yml", SERVERS, "envoy/prebuilt.yml"];
        self.run(&files, &["--build"], &[("MODULE", module.as_os_str())])
    }

    /// Envoy as `docker-compose.yml` has it, before servers that answer as scenarios say.
    ///
    /// # Errors
    /// See [`Stack::up_shipped`].
    pub fn up_scripted(&self) -> Result<()> {
        self.run(&["docker-compose.yml", SERVERS], &["--build"], &[])
    }

    /// Brings up Envoys with so many workers, by the bootstrap of the overlay; the stubs can be
    /// asked.
    ///
    /// # Errors
    /// See [`Stack::up_shipped`].
    pub fn up(&self, envoys: usize, workers: u32) -> Result<()> {
        self.up_with(envoys, workers, &[])
    }

    /// The same with the first tier of `envoy/fleet.yml` before them.
    ///
    /// # Errors
    /// See [`Stack::up_shipped`].
    pub fn up_fleet(&self, envoys: usize, workers: u32) -> Result<()> {
        self.up_with(envoys, workers, &["envoy/fleet.yml"])
    }

    fn up_with(&self, envoys: usize, workers: u32, more: &[&str]) -> Result<()> {
        let files = ["docker-compose.yml", SERVERS, "integration/compose-envoy.yml"];
        let workers = workers.to_string();
        let variables = [
            ("BOOTSTRAP", self.bootstrap.as_os_str()),
            ("ENVOY_CONCURRENCY", workers.as_ref()),
            ("FLEET_PORT", "0".as_ref()),
        ];
        let scale = format!("envoy={envoys}");
        self.run(&[&files, more].concat(), &["--build", "--scale", &scale], &variables)
    }

    fn run(&self, files: &[&str], arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<()> {
        let mut command = compose(&self.tool, &self.project, files, &["up", "--detach"]);
        command.extend(arguments.iter().copied().map(String::from));
        let mut child = Command::new("sh")
            .args(["-c", process::GUARD, "guard"])
            .args(&command)
            .env("PID_FILE", "/dev/null")
            .current_dir(workspace::root())
            .env("ENVOY_PORT", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run sh")?;
        // Waiting would close it, and end Compose.
        let pipe = child.stdin.take();
        let output = child.wait_with_output()?;
        drop(pipe);
        ensure!(
            output.status.success(),
            "`{}` failed:\n{}{}",
            command.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        Ok(())
    }

    /// The containers of a service.
    ///
    /// # Errors
    /// If Docker cannot be asked.
    pub fn containers(&self, service: &str) -> Result<Vec<Container>> {
        let project = format!("label=com.docker.compose.project={}", self.project);
        let service = format!("label=com.docker.compose.service={service}");
        let arguments = ["ps", "--all", "--quiet", "--filter", &project, "--filter", &service];
        let mut ids: Vec<String> = docker(&arguments)?.lines().map(String::from).collect();
        ids.sort();
        Ok(ids.into_iter().map(Container::new).collect())
    }

    /// The only container of a service, once it is healthy.
    ///
    /// # Errors
    /// If there are none or several, or it does not get healthy.
    pub fn healthy(&self, service: &str) -> Result<Container> {
        let mut containers = self.containers(service)?;
        let container = containers.pop().filter(|_| containers.is_empty());
        let container = container.with_context(|| format!("not one container of {service}"))?;
        container.wait_until_healthy().with_context(|| format!("service {service}"))?;
        Ok(container)
    }

    /// The network that all services share.
    #[must_use]
    pub fn network(&self) -> String {
        format!("{}_default", self.project)
    }

    /// The end of all containers' logs, to standard error.
    pub fn print_logs(&self) {
        for service in ["envoy", "introspection", "backend"] {
            for container in self.containers(service).unwrap_or_default() {
                let log = container.logs_both(60).unwrap_or_else(|error| format!("{error:#}"));
                eprintln!("--- the end of the log of {service} ({})\n{log}", container.id());
            }
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ended = self.guard.wait();
    }
}

fn find() -> Result<Vec<&'static str>> {
    for tool in [&["docker", "compose"][..], &["docker-compose"]] {
        let Some((program, arguments)) = tool.split_first() else { continue };
        let asked = Command::new(program).args(arguments).arg("version").output();
        if asked.is_ok_and(|output| output.status.success()) {
            return Ok(tool.to_vec());
        }
    }
    bail!(
        "neither `docker compose` nor `docker-compose` runs; Debian has the package docker-compose"
    )
}

fn compose(tool: &[&str], project: &str, files: &[&str], arguments: &[&str]) -> Vec<String> {
    let mut command: Vec<&str> = tool.to_vec();
    command.extend(["--project-name", project]);
    for file in files {
        command.extend(["--file", file]);
    }
    command.extend(arguments);
    command.into_iter().map(String::from).collect()
}

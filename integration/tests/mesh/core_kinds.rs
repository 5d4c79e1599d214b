//! Kubernetes' own kinds, against its own schemas.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use integration::harness::packages;
use integration::harness::workspace::{self, Scratch};

use crate::manifests;

/// Whether `kubernetes-validate` takes the documents, and what it says.
fn validate(text: &str) -> Result<(bool, String)> {
    let source = workspace::root().join("integration/kubectl");
    let python = packages::python(&source, "kubernetes-validate")?;
    let folder = Scratch::new("core-kinds")?;
    let file = folder.path().join("rendered.yaml");
    std::fs::write(&file, text)?;
    let program = python.with_file_name("kubernetes-validate");
    let mut command = Command::new(program);
    command.args(["--strict", "--kubernetes-version", "1.35"]).arg(file);
    let output = command.output().context("cannot run kubernetes-validate")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn the_gateway_of_istio_keeps_its_form() -> Result<()> {
    let text = manifests::overlay(&[], &["istio/proxy"], "", &[])?;
    let (good, said) = validate(&text)?;
    ensure!(good && said.contains("passed for resource deployment/istio-ingressgateway"), "{said}");
    ensure!(text.contains("USERGRID_TOKEN_SALT") && text.contains("image: auto"), "{text}");
    let (good, said) = validate(&text.replace("secretKeyRef", "secretKeyref"))?;
    ensure!(!good, "a slip is not found: {said}");
    Ok(())
}

//! The bill of materials: every package that is linked into the module, with version and licence, in
//! CycloneDX 1.5.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cargo_metadata::{DependencyKind, Metadata as Workspace, MetadataCommand, Package, PackageId};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::prelude::{Bom, Metadata, NormalizedString, Purl, SpecVersion, Validate};

use crate::files::{TOP, sha256};
use crate::module::Module;

const PACKAGE: &str = "usergrid-auth-filter";

/// Writes it to `directory`; its file's name. It has no serial number and no time, so that one
/// module has one bill.
pub fn write(directory: &Path, module: &Module) -> Result<String> {
    let workspace = MetadataCommand::new()
        .current_dir(TOP)
        .other_options(["--locked", "--filter-platform", "wasm32-wasip1"].map(String::from))
        .exec()
        .context("cargo metadata")?;
    let root = workspace.packages.iter().find(|package| package.name.as_str() == PACKAGE);
    let root = root.context("the module's package is missing")?;
    let linked = linked(&workspace, &root.id)?;
    let mut product = component(root, Classification::Application)?;
    product.hashes = Some(Hashes(vec![Hash {
        alg: HashAlgorithm::SHA_256,
        content: HashValue(sha256(&module.bytes)),
    }]));
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (id, on) in &linked {
        let user = package(&workspace, id)?;
        if *id != root.id {
            components.push(component(user, Classification::Library)?);
        }
        let on: Result<Vec<_>> =
            on.iter().map(|id| Ok(reference(package(&workspace, id)?))).collect();
        dependencies.push(Dependency { dependency_ref: reference(user), dependencies: on? });
    }
    components.sort_by(|one, other| one.bom_ref.cmp(&other.bom_ref));
    dependencies.sort_by(|one, other| one.dependency_ref.cmp(&other.dependency_ref));
    let bill = Bom {
        serial_number: None,
        metadata: Some(Metadata { component: Some(product), ..Metadata::default() }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies)),
        spec_version: SpecVersion::V1_5,
        ..Bom::default()
    };
    let problems = bill.validate_version(SpecVersion::V1_5);
    ensure!(problems.passed(), "the bill of materials is invalid: {problems:?}");
    let name = format!("{}.cdx.json", module.name);
    let mut text = Vec::new();
    bill.output_as_json_v1_5(&mut text)?;
    text.push(b'\n');
    fs::write(directory.join(&name), text)?;
    Ok(name)
}

/// The packages that are linked into `root`, itself included, and what each of them needs. Bounded by
/// the packages there are: each is looked at once.
fn linked(
    workspace: &Workspace,
    root: &PackageId,
) -> Result<BTreeMap<PackageId, BTreeSet<PackageId>>> {
    let nodes = &workspace.resolve.as_ref().context("cargo resolved nothing")?.nodes;
    let mut linked = BTreeMap::new();
    let mut open = vec![root.clone()];
    while let Some(id) = open.pop() {
        if linked.contains_key(&id) {
            continue;
        }
        let node = nodes.iter().find(|node| node.id == id).context("an unknown package")?;
        let needs = node.deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        });
        // Macros run in the compiler.
        let needs: BTreeSet<PackageId> = needs
            .map(|dependency| dependency.pkg.clone())
            .filter(|id| package(workspace, id).is_ok_and(|package| !is_macro(package)))
            .collect();
        open.extend(needs.iter().cloned());
        linked.insert(id, needs);
    }
    Ok(linked)
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(cargo_metadata::Target::is_proc_macro)
}

fn package<'w>(workspace: &'w Workspace, id: &PackageId) -> Result<&'w Package> {
    workspace.packages.iter().find(|package| package.id == *id).context("an unknown package")
}

/// What other entries call it by.
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(package: &Package, class: Classification) -> Result<Component> {
    let version = package.version.to_string();
    let mut component = Component::new(class, &package.name, &version, Some(reference(package)));
    component.purl = Some(Purl::new("cargo", &package.name, &version)?);
    component.description = package.description.as_deref().map(NormalizedString::new);
    let license = package.license.as_deref().context("a package without a licence")?;
    component.licenses =
        Some(Licenses(vec![LicenseChoice::expression(&license.replace('/', " OR "))]));
    Ok(component)
}

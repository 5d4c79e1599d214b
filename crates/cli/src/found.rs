//! The filter's configurations in a file, whatever carries them: bare JSON, an Envoy bootstrap, a
//! listener or an extension configuration, and the resources of Istio and Envoy Gateway.

use std::collections::BTreeMap;

use crate::node::{Kind, Node, Style};
use crate::{json, yaml};

/// A configuration as the filter would get it.
#[derive(Clone, Debug)]
pub struct Found {
    /// What carries it, for people.
    pub carrier: String,
    /// Where it begins.
    pub line: usize,
    /// The JSON that the filter gets.
    pub text: String,
    /// The same with its lines; `None` where the text is not JSON.
    pub tree: Option<Node>,
    /// Whether lines in messages about the text are lines of the file after [`Self::line`].
    pub is_literal: bool,
    /// What is wrong with the carrier itself, and where.
    pub misplaced: Option<(usize, String)>,
    /// The variables that the VM gets; `None` where nothing says so.
    pub variables: Option<Variables>,
}

/// The variables that a VM gets: with a value written there, or from the proxy's own environment.
pub type Variables = BTreeMap<String, Option<String>>;

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Configurations of this filter.
    pub found: Vec<Found>,
    /// Other wasm filters, by line and name.
    pub others: Vec<(usize, String)>,
}

/// Why nothing can be found in a file.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The line, if one is to blame.
    pub line: usize,
    /// Why.
    pub message: String,
}

/// Finds all configurations in the text of a file.
///
/// # Errors
/// It is neither JSON nor YAML.
pub fn find(text: &str) -> Result<Contents, Unreadable> {
    let mut contents = Contents::default();
    if text.trim_start().starts_with('{') {
        // An Envoy bootstrap may be JSON as well.
        let tree = json::parse(text, 1, true);
        if let Some(tree) = &tree {
            search(tree, &mut contents);
        }
        if contents.found.is_empty() && contents.others.is_empty() {
            contents.found.push(bare(text.to_owned(), tree));
        }
        return Ok(contents);
    }
    let documents = yaml::documents(text)
        .map_err(|error| Unreadable { line: error.line, message: error.message })?;
    for document in documents {
        let before = contents.found.len() + contents.others.len();
        search(&document, &mut contents);
        let is_bare = document.get("introspection").is_some();
        if is_bare && before == contents.found.len() + contents.others.len() {
            contents.found.push(bare(document.to_json(), Some(document)));
        }
    }
    Ok(contents)
}

fn bare(text: String, tree: Option<Node>) -> Found {
    Found {
        carrier: "configuration".to_owned(),
        line: 1,
        text,
        tree,
        is_literal: true,
        misplaced: None,
        variables: None,
    }
}

/// Looks through everything below `node`.
fn search(node: &Node, contents: &mut Contents) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or_default();
    let name = node.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default();
    let spec = node.get("spec");
    match (kind, spec) {
        ("WasmPlugin", Some(spec)) => istio(kind, name, spec, contents),
        ("TrafficExtension", Some(spec)) => {
            if let Some(wasm) = spec.get("wasm") {
                istio(kind, name, wasm, contents);
            }
        }
        ("EnvoyExtensionPolicy", Some(spec)) => {
            for wasm in spec.get("wasm").map(Node::items).unwrap_or_default() {
                gateway(kind, name, wasm, contents);
            }
        }
        _ => {
            if node.either(["vm_config", "vmConfig"]).is_some() {
                envoy(node, contents);
            }
            for inside in node.items().iter().chain(node.members().iter().map(|(_, it)| it)) {
                search(inside, contents);
            }
        }
    }
}

/// The plugin of a `WasmPlugin` or `TrafficExtension`: its configuration is an object, and Istio
/// hands it over as JSON.
fn istio(kind: &str, name: &str, plugin: &Node, contents: &mut Contents) {
    let mut variables = Variables::new();
    for entry in plugin.at(&["vmConfig", "env"]).map(Node::items).unwrap_or_default() {
        if let Some(variable) = entry.get("name").and_then(Node::text) {
            let from_host = entry.get("valueFrom").and_then(Node::text) == Some("HOST");
            let value = entry.get("value").and_then(Node::text).filter(|_| !from_host);
            let value = if from_host { None } else { Some(value.unwrap_or_default().to_owned()) };
            variables.insert(variable.to_owned(), value);
        }
    }
    let names = [Some(name), text_of(plugin, "pluginName"), text_of(plugin, "url")];
    let carrier = format!("{kind} {name}");
    object(carrier, &names, plugin, plugin.get("pluginConfig"), variables, contents);
}

/// One entry of an `EnvoyExtensionPolicy`.
fn gateway(kind: &str, name: &str, plugin: &Node, contents: &mut Contents) {
    let keys = plugin.at(&["env", "hostKeys"]).map(Node::items).unwrap_or_default();
    let variables = keys.iter().filter_map(|key| Some((key.text()?.to_owned(), None))).collect();
    let image = plugin.at(&["code", "image", "url"]).and_then(Node::text);
    let file = plugin.at(&["code", "http", "url"]).and_then(Node::text);
    // The policy's own name says nothing of its plugins, of which there may be several.
    let names = [text_of(plugin, "name"), text_of(plugin, "rootID"), image, file];
    let own = text_of(plugin, "name").filter(|own| *own != name);
    let carrier =
        own.map_or(format!("{kind} {name}"), |own| format!("{kind} {name}, plugin {own}"));
    object(carrier, &names, plugin, plugin.get("config"), variables, contents);
}

fn text_of<'n>(node: &'n Node, member: &str) -> Option<&'n str> {
    node.get(member).and_then(Node::text)
}

fn object(
    carrier: String,
    names: &[Option<&str>],
    plugin: &Node,
    config: Option<&Node>,
    variables: Variables,
    contents: &mut Contents,
) {
    if !is_ours(names, config.is_some_and(|config| config.get("introspection").is_some())) {
        contents.others.push((plugin.line, carrier));
        return;
    }
    contents.found.push(Found {
        carrier,
        line: config.map_or(plugin.line, |config| config.line),
        text: config.map_or_else(|| "{}".to_owned(), Node::to_json),
        tree: config.cloned(),
        is_literal: false,
        misplaced: None,
        variables: Some(variables),
    });
}

/// Envoy's `PluginConfig`, wherever it stands: the filter in a bootstrap or listener, an extension
/// configuration, a patch of an `EnvoyFilter`.
fn envoy(plugin: &Node, contents: &mut Contents) {
    let vm = plugin.either(["vm_config", "vmConfig"]);
    let names = [
        text_of(plugin, "name"),
        plugin.either(["root_id", "rootId"]).and_then(Node::text),
        vm.and_then(|vm| vm.either(["vm_id", "vmId"])).and_then(Node::text),
        vm.and_then(|vm| vm.at(&["code", "local", "filename"])).and_then(Node::text),
        vm.and_then(|vm| vm.at(&["code", "remote", "http_uri", "uri"])).and_then(Node::text),
        vm.and_then(|vm| vm.at(&["code", "remote", "httpUri", "uri"])).and_then(Node::text),
    ];
    let name = names.iter().flatten().next();
    let carrier = format!("wasm filter {}", name.unwrap_or(&"without a name"));
    let configuration = plugin.get("configuration");
    let value = configuration.and_then(|it| it.get("value")).unwrap_or(plugin);
    let (text, tree, is_literal) = match &value.kind {
        Kind::Scalar(scalar) => {
            let is_literal = scalar.style == Style::Literal;
            let line = if is_literal { value.line + 1 } else { value.line };
            (scalar.text.clone(), json::parse(&scalar.text, line, is_literal), is_literal)
        }
        _ => (configuration.map(Node::to_json).unwrap_or_default(), configuration.cloned(), false),
    };
    let has_our_key = tree.as_ref().is_some_and(|tree| tree.get("introspection").is_some())
        || text.contains("\"introspection\"");
    if !is_ours(&names, has_our_key) {
        contents.others.push((plugin.line, carrier));
        return;
    }
    let kind = configuration.and_then(|it| it.get("@type")).and_then(Node::text);
    let misplaced = match (configuration, kind) {
        (None, _) => Some((plugin.line, "it has no `configuration`".to_owned())),
        (Some(it), Some(kind)) if kind.ends_with("google.protobuf.StringValue") => {
            let is_text = it.get("value").is_some_and(|value| value.text().is_some());
            let message = "`value` is not a string: write the JSON below `value: |`";
            (!is_text).then(|| (it.line, message.to_owned()))
        }
        (Some(it), _) => Some((
            it.line,
            "it is not passed as `google.protobuf.StringValue`: other types reach the filter in \
             another form, and it refuses them"
                .to_owned(),
        )),
    };
    contents.found.push(Found {
        carrier,
        line: if is_literal { value.line + 1 } else { value.line },
        text,
        tree,
        is_literal,
        misplaced,
        variables: Some(variables(vm)),
    });
}

/// Envoy's `EnvironmentVariables`.
fn variables(vm: Option<&Node>) -> Variables {
    let given = vm.and_then(|vm| vm.either(["environment_variables", "environmentVariables"]));
    let keys = given.and_then(|it| it.either(["host_env_keys", "hostEnvKeys"]));
    let values = given.and_then(|it| it.either(["key_values", "keyValues"]));
    let of_host = keys.map(Node::items).unwrap_or_default().iter();
    let written = values.map(Node::members).unwrap_or_default().iter();
    of_host
        .filter_map(|key| Some((key.text()?.to_owned(), None)))
        .chain(
            written
                .filter_map(|(name, value)| Some((name.clone(), Some(value.text()?.to_owned())))),
        )
        .collect()
}

/// By a name of the plugin, its VM or its module, or by the one key that every configuration has.
fn is_ours(names: &[Option<&str>], has_our_key: bool) -> bool {
    let is_named = |name: &&str| name.contains("usergrid-auth") || name.contains("usergrid_auth");
    has_our_key || names.iter().flatten().any(is_named)
}

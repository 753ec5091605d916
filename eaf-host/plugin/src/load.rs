//! Load of a package: creates a plugin from the bytes of a package file, after a proof of what its
//! components can reach. The domain component imports nothing, the workflow component imports only
//! interfaces that the package requests, and the requests are within the ceiling.
//! [`granting`](super::granting) checks a tenant's grants.

use super::Plugin;
use super::domain::{self, WasmDomain};
use super::engine::{self, Wasm};
use super::manifest::{self, Manifest, Request};
use super::package::{self, Package};
use super::workflow::component::{self, WorkflowComponent};
use eaf_capability::Interface;
use eaf_capability::text::mails::{self, Templates};
use eaf_capability::text::{self, Locales};
use eaf_core::contract::Description;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// Interface that every workflow component may import without a request, because it reaches only
/// the workflow's own run.
const FLOW: &str = "eaf:workflow/flow";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Package(#[from] package::Error),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error("describe.json of {plugin} is not a description")]
    Description {
        plugin: String,
        #[source]
        cause: serde_json::Error,
    },
    #[error("the texts of {plugin} cannot be used")]
    Texts {
        plugin: String,
        #[source]
        cause: text::Error,
    },
    #[error("the mails of {plugin} cannot be used")]
    Mails {
        plugin: String,
        #[source]
        cause: Box<mails::Error>,
    },
    #[error("{path} of {plugin} is not UTF-8")]
    Text { plugin: String, path: String },
    #[error("{part}.wasm of {plugin} cannot be loaded")]
    Component {
        plugin: String,
        part: &'static str,
        #[source]
        cause: engine::Error,
    },
    #[error("plugin {plugin} is refused:\n{}", .report.join("\n"))]
    Refused { plugin: String, report: Vec<String> },
    #[error("domain.wasm of {plugin} cannot be used")]
    Domain {
        plugin: String,
        #[source]
        cause: domain::Error,
    },
    #[error("workflow.wasm of {plugin} cannot be used")]
    Workflow {
        plugin: String,
        #[source]
        cause: component::Error,
    },
}

/// Ceiling of the deployment: the interfaces of capabilities that a package may request, such as
/// `eaf:vsphere/inventory`, each with its functions.
#[derive(Debug, Clone)]
pub struct Ceiling(BTreeMap<String, Vec<&'static str>>);

impl Default for Ceiling {
    /// Creates the highest ceiling: all interfaces of the capabilities in this binary.
    fn default() -> Self {
        Ceiling::of(&eaf_capability::interfaces())
    }
}

impl Ceiling {
    pub fn of(interfaces: &[(&str, Interface)]) -> Self {
        let named = |(capability, interface): &(&str, Interface)| {
            (format!("eaf:{capability}/{}", interface.name), interface.functions.to_vec())
        };
        Ceiling(interfaces.iter().map(named).collect())
    }

    /// Lowers the ceiling to the interfaces `names`. Fails with the first name that is not in this
    /// ceiling.
    pub fn lowered_to(&self, names: &[String]) -> Result<Ceiling, String> {
        let permitted = names.iter().map(|name| match self.0.get(name) {
            Some(functions) => Ok((name.clone(), functions.clone())),
            None => Err(name.clone()),
        });
        Ok(Ceiling(permitted.collect::<Result<_, _>>()?))
    }

    /// Names of all interfaces in the ceiling, separated by commas.
    pub fn list(&self) -> String {
        self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Loads a package file. `generation` is the number under which the package is active.
pub fn load(wasm: &Wasm, file: &[u8], generation: i64, ceiling: &Ceiling) -> Result<Plugin, Error> {
    let package = package::read(file)?;
    let manifest = manifest::parse(package.require("plugin.toml")?)?;
    let plugin = manifest.plugin.id.clone();
    let description: Description = serde_json::from_slice(package.require("describe.json")?)
        .map_err(|cause| Error::Description { plugin: plugin.clone(), cause })?;
    let compile = |part: &'static str, bytes: &[u8]| {
        wasm.compile(bytes).map_err(|cause| Error::Component { plugin: plugin.clone(), part, cause })
    };
    let domain = compile("domain", package.require("domain.wasm")?)?;
    let workflow = package.get("workflow.wasm").map(|bytes| compile("workflow", bytes)).transpose()?;

    let imports = Imports::of(wasm, &domain, workflow.as_ref());
    check_imports(&manifest, &imports, ceiling)?;

    let identity = domain::Identity {
        plugin: plugin.clone(),
        digest: package.digest().to_owned(),
        generation,
        description: description.clone(),
    };
    let domain = WasmDomain::new(wasm.clone(), &domain, identity)
        .map_err(|cause| Error::Domain { plugin: plugin.clone(), cause })?;
    let workflow = workflow
        .map(|workflow| WorkflowComponent::new(wasm.clone(), &workflow))
        .transpose()
        .map_err(|cause| Error::Workflow { plugin: plugin.clone(), cause })?;
    let texts = Arc::new(locales(&plugin, &package)?);
    let mails = mails(&manifest, &package, texts.clone())?;
    Ok(Plugin {
        digest: package.digest().to_owned(),
        generation,
        texts,
        mails: Arc::new(mails),
        manifest,
        imports,
        description,
        domain: Arc::new(domain),
        workflow,
    })
}

/// Refuses a package that imports or requests more than the ceiling permits.
fn check_imports(manifest: &Manifest, imports: &Imports, ceiling: &Ceiling) -> Result<(), Error> {
    let mut report = refused_domain_imports(&imports.domain);
    report.extend(refused_workflow_imports(&imports.workflow, &manifest.requests, ceiling));
    report.extend(refused_functions(&imports.workflow, ceiling));
    report.extend(refused_requests(&manifest.requests, ceiling));
    if report.is_empty() { Ok(()) } else { Err(Error::Refused { plugin: manifest.plugin.id.clone(), report }) }
}

fn mails(manifest: &Manifest, package: &Package, locales: Arc<Locales>) -> Result<Templates, Error> {
    let plugin = &manifest.plugin.id;
    let mails = Templates::load(&texts(plugin, package, "mails")?, locales)
        .map_err(|cause| Error::Mails { plugin: plugin.clone(), cause: Box::new(cause) })?;
    Ok(mails.of(&manifest.plugin.name))
}

/// Interface that a component imports, with the functions of the interface that the component uses.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Import {
    /// Name of the imported interface with its version, such as `eaf:vsphere/inventory@1.0.0`.
    pub interface: String,
    pub functions: Vec<String>,
}

/// Interfaces that a package's components import, read from the components and not from the
/// manifest.
#[derive(Debug, Clone, Default)]
pub struct Imports {
    pub domain: Vec<Import>,
    pub workflow: Vec<Import>,
}

impl Imports {
    fn of(wasm: &Wasm, domain: &Component, workflow: Option<&Component>) -> Imports {
        Imports {
            domain: imports(wasm, domain),
            workflow: workflow.map(|workflow| imports(wasm, workflow)).unwrap_or_default(),
        }
    }
}

impl Import {
    fn without_version(&self) -> &str {
        self.interface.split_once('@').map_or(&self.interface, |(name, _)| name)
    }

    /// Names of capability and interface, such as (`vsphere`, `inventory`) for
    /// `eaf:vsphere/inventory@1.0.0`. `None` if the import's name has another form.
    fn capability(&self) -> Option<(&str, &str)> {
        self.without_version().strip_prefix("eaf:")?.split_once('/')
    }
}

/// Lists the interfaces that a component imports, read from the compiled component's type.
pub fn imports(wasm: &Wasm, component: &Component) -> Vec<Import> {
    let ty = component.component_type();
    ty.imports(wasm.engine())
        .map(|(name, item)| {
            let mut functions = Vec::new();
            if let ComponentItem::ComponentInstance(instance) = item.ty {
                for (function, item) in instance.exports(wasm.engine()) {
                    if matches!(item.ty, ComponentItem::ComponentFunc(_)) {
                        functions.push(function.to_owned());
                    }
                }
            }
            Import { interface: name.to_owned(), functions }
        })
        .collect()
}

fn refused_domain_imports(imports: &[Import]) -> Vec<String> {
    imports
        .iter()
        .map(|import| {
            format!(
                "  domain.wasm imports {}{}. A domain component may import nothing.\n    Time, randomness and identity \
                 come in the context; whatever reaches outside belongs into a workflow.",
                import.interface,
                used(import),
            )
        })
        .collect()
}

fn refused_workflow_imports(imports: &[Import], requests: &[Request], ceiling: &Ceiling) -> Vec<String> {
    let refused = |import: &&Import| import.without_version() != FLOW && !is_requested(import, requests);
    imports
        .iter()
        .filter(refused)
        .map(|import| {
            let fix = match import.capability() {
                Some((capability, interface)) if ceiling.0.contains_key(import.without_version()) => format!(
                    "Add to plugin.toml: [[requests]] capability = \"{capability}\", grant = \"…\", interfaces = \
                     [\"{interface}\"]."
                ),
                _ => "Remove the import: this deployment does not permit it.".to_owned(),
            };
            format!(
                "  workflow.wasm imports {}{}, which plugin.toml does not request.\n    This host offers: {}, {}.\n    {fix}",
                import.interface,
                used(import),
                FLOW,
                ceiling.list(),
            )
        })
        .collect()
}

/// Lists the imported functions that this host's interfaces do not have. A package for a newer host
/// may import such functions.
fn refused_functions(imports: &[Import], ceiling: &Ceiling) -> Vec<String> {
    let unknown = |import: &Import| {
        let known = ceiling.0.get(import.without_version())?;
        let is_known = |name: &str| {
            let method = name.split_once('.').map_or(name, |(_, method)| method);
            name == "open" || known.contains(&method)
        };
        let functions = import.functions.iter().map(String::as_str);
        let unknown: Vec<&str> = functions.filter(|name| !is_known(name)).collect();
        (!unknown.is_empty()).then(|| {
            format!(
                "  workflow.wasm imports {} of {}, which this host does not have.\n    It has: {}.\n    Build the package \
                 for this version of the host, or update the host.",
                unknown.join(", "),
                import.interface,
                known.join(", "),
            )
        })
    };
    imports.iter().filter_map(unknown).collect()
}

fn refused_requests(requests: &[Request], ceiling: &Ceiling) -> Vec<String> {
    let mut report = Vec::new();
    for request in requests {
        let prefix = format!("eaf:{}/", request.capability);
        let names = request.interfaces.iter().map(|interface| format!("{prefix}{interface}"));
        let refused: Vec<String> = names.filter(|name| !ceiling.0.contains_key(name)).collect();
        let nothing_of_it = !ceiling.0.keys().any(|name| name.starts_with(&prefix));
        if refused.is_empty() && !nothing_of_it {
            continue;
        }
        let what = if refused.is_empty() { prefix.trim_end_matches('/').to_owned() } else { refused.join(", ") };
        report.push(format!(
            "  plugin.toml requests {what}, which this deployment does not permit.\n    It permits: {}.\n    An operator \
             can raise the ceiling in the host's configuration.",
            ceiling.list(),
        ));
    }
    report
}

fn is_requested(import: &Import, requests: &[Request]) -> bool {
    let Some((capability, interface)) = import.capability() else { return false };
    requests.iter().any(|request| {
        request.capability == capability
            && (request.interfaces.is_empty() || request.interfaces.iter().any(|name| name == interface))
    })
}

fn used(import: &Import) -> String {
    if import.functions.is_empty() { String::new() } else { format!(" ({})", import.functions.join(", ")) }
}

fn locales(plugin: &str, package: &Package) -> Result<Locales, Error> {
    let mut found = texts(plugin, package, "locales")?;
    let [de, en] = ["de.toml", "en.toml"].map(|file| found.remove(file).unwrap_or_default());
    Locales::load(&de, &en).map_err(|cause| Error::Texts { plugin: plugin.to_owned(), cause })
}

fn texts(plugin: &str, package: &Package, folder: &str) -> Result<BTreeMap<String, String>, Error> {
    package
        .below(folder)
        .map(|(path, bytes)| match std::str::from_utf8(bytes) {
            Ok(text) => Ok((path.to_owned(), text.to_owned())),
            Err(_) => Err(Error::Text { plugin: plugin.to_owned(), path: format!("{folder}/{path}") }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{DURABLE, HOSTILE, MANIFEST, ceiling, component, package, plugin, wasm};
    use super::*;
    use eaf_core::actor::Locale;

    fn refused(file: &[u8], ceiling: &Ceiling) -> String {
        match load(&wasm(), file, 1, ceiling) {
            Err(error @ Error::Refused { .. }) => error.to_string(),
            Err(error) => panic!("another error: {error}"),
            Ok(_) => panic!("not refused"),
        }
    }

    fn importing(interface: &str) -> Vec<u8> {
        let text = format!(r#"(component (import "{interface}" (instance (export "get" (func (result u64))))))"#);
        wat::parse_str(text).unwrap()
    }

    fn with_workflow(manifest: &str, workflow: Vec<u8>) -> Vec<u8> {
        package(manifest, component("domain", HOSTILE), Some(workflow))
    }

    #[tokio::test]
    async fn a_package_that_requests_its_imports_is_loaded_with_its_texts() {
        let plugin = plugin();
        assert_eq!(plugin.id(), "fixture");
        assert_eq!(plugin.texts.find("rejections.no", &Default::default(), Locale::De).as_deref(), Some("Nein"));
        assert_eq!(plugin.mails.names().collect::<Vec<_>>(), ["hello"]);
        assert_eq!(plugin.domain.digest(), plugin.digest);
    }

    #[tokio::test]
    async fn a_domain_that_imports_anything_is_refused() {
        let report = refused(&package(MANIFEST, importing("wasi:clocks/wall-clock@0.2.0"), None), &ceiling());
        assert!(report.contains("domain.wasm imports wasi:clocks/wall-clock@0.2.0 (get)"), "{report}");
    }

    #[tokio::test]
    async fn an_unrequested_import_is_reported_with_the_offers_and_a_fix() {
        let requests_nothing = MANIFEST.split("[[requests]]").next().unwrap();
        let file = with_workflow(requests_nothing, component("workflow", DURABLE));
        let report = refused(&file, &ceiling());
        assert!(report.contains("workflow.wasm imports eaf:vsphere/lifecycle@1.0.0"), "{report}");
        assert!(report.contains("power-on") && report.contains("eaf:mail/outbox"), "{report}");
        assert!(report.contains("interfaces = [\"lifecycle\"]"), "{report}");
        assert!(!report.contains("eaf:workflow/flow@1.0.0"), "flow is always offered: {report}");
    }

    #[tokio::test]
    async fn an_interface_beside_the_requested_one_is_refused() {
        let reading = MANIFEST.replace("lifecycle", "inventory");
        let report = refused(&with_workflow(&reading, component("workflow", DURABLE)), &ceiling());
        assert!(report.contains("imports eaf:vsphere/lifecycle@1.0.0"), "{report}");
    }

    #[tokio::test]
    async fn nothing_outside_the_contract_can_be_granted() {
        let report = refused(&with_workflow(MANIFEST, importing("wasi:sockets/tcp@0.2.0")), &ceiling());
        assert!(report.contains("Remove the import: this deployment does not permit it."), "{report}");
    }

    #[tokio::test]
    async fn a_request_above_the_ceiling_is_refused() {
        let lower = ceiling().lowered_to(&["eaf:vsphere/inventory".into(), "eaf:mail/outbox".into()]).unwrap();
        let report = refused(&with_workflow(MANIFEST, component("workflow", DURABLE)), &lower);
        assert!(report.contains("requests eaf:vsphere/lifecycle, which this deployment does not permit"), "{report}");
    }

    #[tokio::test]
    async fn a_function_that_the_hosts_interface_lacks_is_refused() {
        let older = Ceiling::of(&[("vsphere", Interface { name: "lifecycle", functions: &["clone"] })]);
        let report = refused(&with_workflow(MANIFEST, component("workflow", DURABLE)), &older);
        assert!(report.contains("imports [method]writer.power-on of eaf:vsphere/lifecycle@1.0.0"), "{report}");
        assert!(report.contains("It has: clone."), "{report}");
    }

    #[tokio::test]
    async fn a_truncated_package_is_refused_with_the_missing_part() {
        let file = with_workflow(MANIFEST, component("workflow", DURABLE));
        let error = load(&wasm(), &file[..file.len() / 2], 1, &ceiling()).err().expect("refused").to_string();
        assert!(error.starts_with("the package is truncated: "), "{error}");
    }
}

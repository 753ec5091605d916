//! Forbidden imports of a WebAssembly module: imports that are not in the WIT contract. They come
//! from a dependency that expects a browser or WASI. The report shows the chain of calls to each
//! import, so that the author finds the dependency.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wasmparser::{
    BinaryReaderError, ExportSectionReader, ExternalKind, FunctionBody, ImportSectionReader, KnownCustom, Name,
    NameSectionReader, Operator, Parser, Payload, TypeRef,
};

/// Prefix of the interfaces in the WIT contract. Every import without this prefix is forbidden.
const OURS: &str = "eaf:";
/// Maximum number of functions in a reported chain of calls. A longer chain is cut in the middle.
const CHAIN_MAX: usize = 12;

/// Reports the forbidden imports of a WebAssembly module, each with advice and the chain of calls
/// to it.
pub fn forbidden(module: &[u8]) -> Result<Vec<String>, BinaryReaderError> {
    let module = read(module)?;
    let mut report = Vec::new();
    for import in &module.forbidden {
        report.push(format!("  {} from {}: {}", import.name, import.module, advice(&import.module)));
        if let Some(chain) = import.function.and_then(|function| module.chain_to(function)) {
            report.push(format!("    called by {}", chain.join(" → ")));
        }
    }
    Ok(report)
}

#[derive(Default)]
struct Module {
    forbidden: Vec<Import>,
    /// Number of imported functions. WebAssembly numbers them before the module's own functions.
    imported: u32,
    /// Numbers of the functions that call each function, by the number of the called function.
    callers: BTreeMap<u32, BTreeSet<u32>>,
    names: BTreeMap<u32, String>,
    exports: BTreeMap<u32, String>,
}

struct Import {
    module: String,
    name: String,
    /// Number of the imported function; `None` if the import is a memory, a table or a global.
    function: Option<u32>,
}

fn read(bytes: &[u8]) -> Result<Module, BinaryReaderError> {
    let mut module = Module::default();
    let mut defined = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ImportSection(section) => module.read_imports(section)?,
            Payload::ExportSection(section) => module.read_exports(section)?,
            Payload::CodeSectionEntry(body) => {
                module.read_calls(module.imported + defined, &body)?;
                defined += 1;
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    module.read_names(names)?;
                }
            }
            _ => {}
        }
    }
    Ok(module)
}

impl Module {
    fn read_imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for import in section.into_imports() {
            let import = import?;
            let is_function = matches!(import.ty, TypeRef::Func(_));
            if !import.module.starts_with(OURS) && !import.module.starts_with("[export]") {
                self.forbidden.push(Import {
                    module: import.module.to_owned(),
                    name: import.name.to_owned(),
                    function: is_function.then_some(self.imported),
                });
            }
            self.imported += u32::from(is_function);
        }
        Ok(())
    }

    fn read_exports(&mut self, section: ExportSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for export in section {
            let export = export?;
            if export.kind == ExternalKind::Func {
                self.exports.insert(export.index, export.name.to_owned());
            }
        }
        Ok(())
    }

    /// Reads which functions the function `caller` calls.
    fn read_calls(&mut self, caller: u32, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        for operator in body.get_operators_reader()? {
            if let Operator::Call { function_index } | Operator::ReturnCall { function_index } = operator? {
                self.callers.entry(function_index).or_default().insert(caller);
            }
        }
        Ok(())
    }

    /// Reads the names of functions, which a module has for debugging.
    fn read_names(&mut self, names: NameSectionReader<'_>) -> Result<(), BinaryReaderError> {
        for subsection in names {
            let Name::Function(functions) = subsection? else { continue };
            for naming in functions {
                let naming = naming?;
                self.names.insert(naming.index, format!("{:#}", rustc_demangle::demangle(naming.name)));
            }
        }
        Ok(())
    }

    /// Shortest chain of calls from an exported function to this function; `None` if no function
    /// calls it. If no export leads to it, the chain begins with a function that is called only
    /// through a table.
    fn chain_to(&self, function: u32) -> Option<Vec<String>> {
        let mut calls: BTreeMap<u32, u32> = BTreeMap::new();
        let mut queue = VecDeque::from([function]);
        let mut outermost = None;
        while let Some(callee) = queue.pop_front() {
            if self.exports.contains_key(&callee) {
                outermost = Some(callee);
                break;
            }
            let callers = self.callers.get(&callee).into_iter().flatten();
            for caller in callers.filter(|caller| **caller != function) {
                if !calls.contains_key(caller) {
                    calls.insert(*caller, callee);
                    outermost = outermost.or(Some(*caller));
                    queue.push_back(*caller);
                }
            }
        }
        let mut chain = Vec::new();
        let mut at = outermost?;
        while at != function {
            chain.push(self.name(at));
            at = *calls.get(&at)?;
        }
        if chain.len() > CHAIN_MAX {
            let skipped = chain.len() - CHAIN_MAX;
            chain.splice(CHAIN_MAX / 2..CHAIN_MAX / 2 + skipped, [format!("({skipped} more)")]);
        }
        (!chain.is_empty()).then_some(chain)
    }

    fn name(&self, function: u32) -> String {
        let known = self.exports.get(&function).or_else(|| self.names.get(&function));
        known.cloned().unwrap_or_else(|| format!("function {function}"))
    }
}

fn advice(module: &str) -> &'static str {
    match module {
        module if module.contains("wbindgen") => {
            "a dependency expects a browser, usually for clock or randomness (chrono's `clock`, uuid's `v4`, getrandom's \
             `js`). Switch that feature off; time and seed come in the context."
        }
        module if module.starts_with("wasi") => {
            "a dependency expects WASI. Build for wasm32-unknown-unknown without it."
        }
        "env" => "a function was declared `extern` and never defined, or a C library is missing.",
        _ => "not part of the contract in sdk/wit.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_import_is_reported_with_its_callers_and_a_fix() {
        let module = wat::parse_str(
            r#"(module
                (import "eaf:workflow/flow@1.0.0" "now" (func (result i64)))
                (import "__wbindgen_placeholder__" "__wbindgen_describe" (func $describe (param i32)))
                (func $_ZN6chrono3Utc3now17h0123456789abcdefE (call $describe (i32.const 0)))
                (func $price (call $_ZN6chrono3Utc3now17h0123456789abcdefE))
                (func $unrelated (nop))
                (func (export "eaf:domain/decide@1.0.0#decide") (call $unrelated) (call $price)))"#,
        )
        .unwrap();
        let report = forbidden(&module).unwrap().join("\n");
        assert!(report.contains("__wbindgen_describe from __wbindgen_placeholder__"), "{report}");
        assert!(report.contains("time and seed come in the context"), "{report}");
        let chain = "called by eaf:domain/decide@1.0.0#decide → price → chrono::Utc::now";
        assert!(report.ends_with(chain), "{report}");
    }

    #[test]
    fn functions_that_call_each_other_in_a_circle_end_the_search() {
        let module = wat::parse_str(
            r#"(module
                (import "env" "getpid" (func $getpid))
                (func $a (call $b) (call $getpid))
                (func $b (call $a)))"#,
        )
        .unwrap();
        let report = forbidden(&module).unwrap();
        assert_eq!(report.len(), 2, "{report:?}");
    }

    #[test]
    fn a_module_of_the_contract_has_nothing_to_report() {
        let module =
            wat::parse_str(r#"(module (import "eaf:workflow/flow@1.0.0" "now" (func (result i64))))"#).unwrap();
        assert!(forbidden(&module).unwrap().is_empty());
    }
}

//! References in the source of a package that its description does not contain: codes of
//! rejections, waiting messages and failures, states of rows, mails and permissions.
//!
//! They are read from literals and constants in the modules of the component. Values that are
//! composed at run time cannot be read; only the product's own tests cover them.

mod expression;
mod modules;

pub use modules::Error;

use expression::{Constants, literals};
use modules::Module;
use std::path::Path;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, Expr, ExprCall, ExprMethodCall, ExprStruct, Macro, Member, Pat, Token};

/// Reference in a package's source to a text, a mail or a permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceReference {
    pub referent: Referent,
    /// Whether the expression is certainly a call of the SDK. If so, a finding about the reference
    /// refuses the package. If only the name of the method is equal, the finding is a warning.
    pub is_certain: bool,
    /// Source file and line of the reference, such as `src/request/approve.rs, line 31`.
    pub place: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Referent {
    /// Text in the locales, by its key, such as `rejections.own-request`.
    Text(String),
    /// Mail template, by the name of its folder below `mails/`.
    Mail(String),
    Permission(String),
}

/// References in the source of a package, and errors for the files that could not be read.
#[derive(Debug, Default)]
pub struct SourceReferences {
    pub references: Vec<SourceReference>,
    pub unread: Vec<Error>,
}

/// Reads the source of crates and returns its references. `roots` are the root files of the crates.
/// Locations in the result are relative to `home`.
pub fn references(roots: &[impl AsRef<Path>], home: &Path) -> SourceReferences {
    let (mut modules, mut unread) = (Vec::new(), Vec::new());
    for root in roots {
        modules.extend(modules::of_crate(root.as_ref(), &mut unread));
    }
    let constants = Constants::of(modules.iter().map(|module| &module.file));
    let mut found = Vec::new();
    for Module { path, file } in &modules {
        let place = path.strip_prefix(home).unwrap_or(path).display().to_string();
        let mut reader = Reader { place, constants: &constants, found: &mut found };
        reader.visit_file(file);
    }
    SourceReferences { references: found, unread }
}

struct Reader<'a> {
    place: String,
    constants: &'a Constants,
    found: &'a mut Vec<SourceReference>,
}

impl Reader<'_> {
    fn texts(&mut self, is_certain: bool, section: &str, said: Option<&Expr>, endings: &[&str]) {
        let texts = |code: &str| endings.iter().map(|end| Referent::Text(format!("{section}.{code}{end}"))).collect();
        self.each(is_certain, said, texts);
    }

    fn each(&mut self, is_certain: bool, said: Option<&Expr>, what: impl Fn(&str) -> Vec<Referent>) {
        let Some(said) = said else { return };
        let place = format!("{}, line {}", self.place, said.span().start().line);
        // An empty code is a placeholder, so it refers to no text.
        for word in literals(said, self.constants).into_iter().filter(|word| !word.is_empty()) {
            self.found.extend(what(&word).into_iter().map(|referent| SourceReference {
                referent,
                is_certain,
                place: place.clone(),
            }));
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let named = expression::last_two(&call.func);
        let argument = |index: usize| call.args.get(index);
        match named.as_ref().map(|(of, name)| (of.as_str(), name.as_str())) {
            Some(("Rejection", "invalid" | "conflict" | "forbidden" | "not_found")) => {
                self.texts(true, "rejections", argument(0), &[""]);
            }
            Some(("FieldError", "new")) => self.texts(true, "rejections", argument(1), &[""]),
            Some(("Message", "new")) => self.texts(true, "waiting", argument(0), &[""]),
            Some(("Failure", "permanent")) => self.texts(true, "failures", argument(0), &[""]),
            Some(("People", "who_may")) => self.each(true, argument(0), |name| vec![Referent::Permission(name.into())]),
            _ => {}
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let argument = |index: usize| call.args.get(index);
        // Other types have methods with these names too. The name of the receiver distinguishes
        // them.
        let is_called = |part: &str| expression::name(&call.receiver).is_some_and(|name| name.contains(part));
        match (call.method.to_string().as_str(), call.args.len()) {
            ("within", 4) => self.texts(is_called("field"), "rejections", argument(1), &[""]),
            ("length", 4) => self.texts(is_called("field"), "rejections", argument(1), &["-too-short", "-too-long"]),
            ("into_result", 1) => self.texts(is_called("field"), "rejections", argument(0), &[""]),
            ("must_hold", 1) => self.each(true, argument(0), |name| vec![Referent::Permission(name.into())]),
            ("send", 3) | ("send_while", 4) => {
                self.each(is_called("mail"), argument(0), |name| vec![Referent::Mail(name.into())]);
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_struct(&mut self, made: &'ast ExprStruct) {
        let of = |name: &str| made.path.segments.iter().any(|segment| segment.ident == name);
        for field in &made.fields {
            let Member::Named(name) = &field.member else { continue };
            if name == "status" {
                self.texts(false, "status", Some(&field.expr), &[""]);
            } else if name == "permission" && of("Recipient") {
                self.each(true, Some(&field.expr), |name| vec![Referent::Permission(name.into())]);
            }
        }
        visit::visit_expr_struct(self, made);
    }

    /// Reads the state of a row from a match arm such as `Status::Pending => "pending"`.
    fn visit_arm(&mut self, arm: &'ast Arm) {
        if let Pat::Path(path) = &arm.pat
            && path.path.segments.len() > 1
            && path.path.segments.iter().rev().nth(1).is_some_and(|segment| segment.ident == "Status")
        {
            self.texts(false, "status", Some(&arm.body), &[""]);
        }
        visit::visit_arm(self, arm);
    }

    /// Reads the expressions inside `vec![…]` and similar macros. A macro whose content is no list
    /// of expressions is skipped.
    fn visit_macro(&mut self, called: &'ast Macro) {
        let Ok(inside) = called.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) else { return };
        // These expressions live only during this call, so a reader with a shorter lifetime is
        // necessary.
        let mut reader = Reader { place: self.place.clone(), constants: self.constants, found: &mut *self.found };
        inside.iter().for_each(|inner| reader.visit_expr(inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn of(source: &str) -> Vec<String> {
        let home = std::env::temp_dir().join(format!("eaf-source-{}-{}", std::process::id(), source.len()));
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("lib.rs"), source).unwrap();
        let found = references(&[home.join("lib.rs")], &home);
        fs::remove_dir_all(&home).unwrap();
        let unread = found.unread.iter().map(ToString::to_string);
        let shown = |SourceReference { referent, is_certain, place }: &SourceReference| {
            format!("{referent:?} {place}{}", if *is_certain { "" } else { " perhaps" })
        };
        found.references.iter().map(shown).chain(unread).collect()
    }

    #[test]
    fn references_are_found_with_their_place() {
        let found =
            of("const TAKEN: &str = \"taken\";\nfn a() {\n  if x { return Err(Rejection::conflict(TAKEN)); }\n  \
                        fields.length(\"/n\", \"note\", n, 1..=2);\n  mailer.send(\"lent\", to, &facts)?;\n}");
        let expected = [
            "Text(\"rejections.taken\") lib.rs, line 3",
            "Text(\"rejections.note-too-short\") lib.rs, line 4",
            "Text(\"rejections.note-too-long\") lib.rs, line 4",
            "Mail(\"lent\") lib.rs, line 5",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn states_of_rows_are_found_in_structs_and_in_matches() {
        let found = of("fn a() { Row { status: if out { \"away\" } else { \"here\" }.into() }; }\n\
                        fn b(s: Status) -> &str { match s { Status::Lost => \"lost\" } }");
        let texts: Vec<&str> = found.iter().map(|said| said.split(' ').next().unwrap()).collect();
        assert_eq!(texts, ["Text(\"status.away\")", "Text(\"status.here\")", "Text(\"status.lost\")"]);
    }

    #[test]
    fn uncertain_references_and_unreadable_files_are_only_reported() {
        let found = of("fn a() { channel.send(\"wake\", 1, 2); Job { status: \"queued\" }; }");
        assert_eq!(found, ["Mail(\"wake\") lib.rs, line 1 perhaps", "Text(\"status.queued\") lib.rs, line 1 perhaps"]);
        let found = of("fn a() { let = soon; }");
        assert!(found.len() == 1 && found[0].contains("cannot be parsed as Rust"), "{found:?}");
        let found = of("#[cfg(not(target_arch = \"wasm32\"))] fn a() { Rejection::invalid(\"elsewhere\"); }\n\
                        #[cfg(all(test, unix))] fn b() { Rejection::invalid(\"tested\"); }\n\
                        #[cfg(any(test, target_family = \"wasm\"))] fn c() { Rejection::invalid(\"here\"); }");
        assert_eq!(found, ["Text(\"rejections.here\") lib.rs, line 3"]);
    }

    #[test]
    fn references_of_tests_and_composed_texts_are_skipped() {
        let found = of("#[cfg(test)] mod tests { fn a() { Rejection::invalid(\"tested\"); } }\n\
                        #[test] fn t() { Rejection::invalid(\"tested\"); }\n\
                        fn b(code: &str) { Rejection::invalid(code); Rejection::invalid(&format!(\"a-{code}\")); }");
        assert!(found.is_empty(), "{found:?}");
    }
}

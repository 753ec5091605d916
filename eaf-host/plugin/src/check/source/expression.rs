//! String literals that a Rust expression can evaluate to. They are found in the syntax tree,
//! without evaluation.

use std::collections::BTreeMap;
use syn::visit::{self, Visit};
use syn::{Block, Expr, File, ItemConst, Lit, Member, Stmt};

/// Values of string constants, by name. The value is `None` if several constants with this name
/// have different values.
pub struct Constants(BTreeMap<String, Option<String>>);

impl Constants {
    pub fn of<'a>(files: impl Iterator<Item = &'a File>) -> Self {
        let mut constants = Constants(BTreeMap::new());
        files.for_each(|file| constants.visit_file(file));
        constants
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }
}

impl<'ast> Visit<'ast> for Constants {
    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        if let Expr::Lit(literal) = &*item.expr
            && let Lit::Str(text) = &literal.lit
        {
            let value = Some(text.value());
            let known = self.0.entry(item.ident.to_string()).or_insert_with(|| value.clone());
            if *known != value {
                *known = None;
            }
        }
        visit::visit_item_const(self, item);
    }
}

/// Last two segments of a function's path, such as (`Rejection`, `invalid`) for
/// `Rejection::invalid`; `None` if the path has fewer segments.
pub fn last_two(function: &Expr) -> Option<(String, String)> {
    let Expr::Path(path) = function else { return None };
    let mut names = path.path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let name = names.next()?;
    Some((names.next()?, name))
}

/// Name of the receiver of a method call: `mailer` for both `self.mailer` and `mailer()`. `None` if
/// the receiver has no name.
pub fn name(receiver: &Expr) -> Option<String> {
    match receiver {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        },
        Expr::Call(call) => name(&call.func),
        Expr::MethodCall(call) => Some(call.method.to_string()),
        Expr::Try(inner) => name(&inner.expr),
        Expr::Reference(inner) => name(&inner.expr),
        Expr::Paren(inner) => name(&inner.expr),
        _ => None,
    }
}

pub fn literals(said: &Expr, constants: &Constants) -> Vec<String> {
    match said {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => vec![text.value()],
            _ => Vec::new(),
        },
        Expr::Path(path) => {
            let name = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            constants.get(&name).map(str::to_owned).into_iter().collect()
        }
        Expr::Reference(inner) => literals(&inner.expr, constants),
        Expr::Paren(inner) => literals(&inner.expr, constants),
        Expr::Group(inner) => literals(&inner.expr, constants),
        // A conversion such as `"away".into()`.
        Expr::MethodCall(call) if call.args.is_empty() => literals(&call.receiver, constants),
        Expr::If(choice) => {
            let mut found = last(&choice.then_branch, constants);
            let other = choice.else_branch.iter().flat_map(|(_, other)| literals(other, constants));
            found.extend(other);
            found
        }
        Expr::Match(choice) => choice.arms.iter().flat_map(|arm| literals(&arm.body, constants)).collect(),
        Expr::Block(inner) => last(&inner.block, constants),
        _ => Vec::new(),
    }
}

fn last(block: &Block, constants: &Constants) -> Vec<String> {
    match block.stmts.last() {
        Some(Stmt::Expr(value, None)) => literals(value, constants),
        _ => Vec::new(),
    }
}

//! Conditions of a policy: an expression tree over the facts of a change, without scripting.
//!
//! ```json
//! {"all": [{"fact": "monthly_cents", "is": "gt", "value": 50000},
//!          {"not": {"fact": "requester_groups", "is": "contains", "value": "platform"}}]}
//! ```
//!
//! Evaluation ends for every input and says which comparisons decided the condition, so that a plan
//! explains itself: “because 612 € > 500 €”.

use super::fact::{Fact, FactType, FactValue, Facts, Kind};
use crate::input::Node;
use eaf_sdk::Fields;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum depth of a condition's tree.
pub const DEPTH_MAX: usize = 8;
/// Maximum number of comparisons and connectives in a condition's tree.
pub const NODES_MAX: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    All { all: Vec<Condition> },
    Any { any: Vec<Condition> },
    Not { not: Box<Condition> },
    Comparison(Comparison),
}

/// Comparison of one fact with a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    pub fact: Fact,
    pub is: Operator,
    pub value: Operand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Gt,
    Ge,
    Lt,
    Le,
    Eq,
    Ne,
    /// The fact has one of the listed values.
    In,
    /// The fact is a set that contains the value.
    Contains,
}

impl Operator {
    fn from_name(name: &str) -> Option<Operator> {
        Some(match name {
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "in" => Operator::In,
            "contains" => Operator::Contains,
            _ => return None,
        })
    }

    fn fits(self, fact: FactType) -> bool {
        match fact {
            FactType::Number => self != Operator::Contains,
            FactType::Text => matches!(self, Operator::Eq | Operator::Ne | Operator::In),
            FactType::Set => self == Operator::Contains,
        }
    }
}

/// Value with which a fact is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Operand {
    Number(i64),
    Text(String),
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

/// Result of a condition, with the comparisons that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub holds: bool,
    pub because: Vec<Reason>,
}

/// Comparison that decided a condition, with the fact's value at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    pub fact: Fact,
    pub actual: FactValue,
    pub is: Operator,
    pub bound: Operand,
    /// Whether the comparison holds. A comparison that does not hold can also decide a condition,
    /// for example below `not`.
    pub holds: bool,
}

impl Condition {
    /// Evaluates the condition, and names the comparisons that decided it. If `all` holds, or `any`
    /// does not hold, all members of the list decided. Otherwise those members decided that have
    /// the result of the list.
    pub fn explain(&self, facts: &Facts) -> Explanation {
        match self {
            Condition::All { all } => decided(all, facts, false),
            Condition::Any { any } => decided(any, facts, true),
            Condition::Not { not } => {
                let inner = not.explain(facts);
                Explanation { holds: !inner.holds, because: inner.because }
            }
            Condition::Comparison(comparison) => comparison.explain(facts),
        }
    }

    /// Number of comparisons in the condition. Of several policies that apply, the one with the
    /// most comparisons is the most specific.
    pub fn comparisons(&self) -> usize {
        match self {
            Condition::All { all: inner } | Condition::Any { any: inner } => {
                inner.iter().map(Condition::comparisons).sum()
            }
            Condition::Not { not } => not.comparisons(),
            Condition::Comparison(_) => 1,
        }
    }

    /// Reads a condition from a document and reports each error: unknown facts and operators,
    /// values of a wrong type, empty lists, trees that are too deep or too large.
    pub fn read(node: &Node, fields: &mut Fields) -> Option<Condition> {
        let mut reader = Reader { nodes: 0, fields };
        let condition = reader.condition(node, 1);
        if reader.nodes <= NODES_MAX {
            return condition;
        }
        fields.push(node.error("condition-too-large").param("max", NODES_MAX));
        None
    }
}

/// Evaluates the list of `all` or `any`. The list has the result `decisive` if one of its
/// conditions has that result, and otherwise the opposite result.
fn decided(conditions: &[Condition], facts: &Facts, decisive: bool) -> Explanation {
    let inner: Vec<Explanation> = conditions.iter().map(|condition| condition.explain(facts)).collect();
    let holds = if inner.iter().any(|one| one.holds == decisive) { decisive } else { !decisive };
    let because = inner.into_iter().filter(|one| one.holds == holds).flat_map(|one| one.because).collect();
    Explanation { holds, because }
}

impl Comparison {
    fn explain(&self, facts: &Facts) -> Explanation {
        let actual = facts.value(self.fact);
        let holds = holds(&actual, self.is, &self.value);
        let reason = Reason { fact: self.fact, actual, is: self.is, bound: self.value.clone(), holds };
        Explanation { holds, because: vec![reason] }
    }
}

/// Whether a comparison of a fact's value with `bound` holds. A comparison of types that do not fit
/// never holds; [`Condition::read`] refuses such a comparison.
fn holds(actual: &FactValue, is: Operator, bound: &Operand) -> bool {
    match (actual, bound) {
        (FactValue::Number(actual), Operand::Number(bound)) => match is {
            Operator::Gt => actual > bound,
            Operator::Ge => actual >= bound,
            Operator::Lt => actual < bound,
            Operator::Le => actual <= bound,
            Operator::Eq => actual == bound,
            Operator::Ne => actual != bound,
            Operator::In | Operator::Contains => false,
        },
        (FactValue::Number(actual), Operand::Numbers(bound)) => is == Operator::In && bound.contains(actual),
        (FactValue::Text(actual), Operand::Text(bound)) => match is {
            Operator::Eq => actual == bound,
            Operator::Ne => actual != bound,
            _ => false,
        },
        (FactValue::Text(actual), Operand::Texts(bound)) => is == Operator::In && bound.contains(actual),
        (FactValue::Set(actual), Operand::Text(bound)) => is == Operator::Contains && actual.contains(bound),
        _ => false,
    }
}

struct Reader<'f> {
    /// Number of comparisons and connectives of the condition's tree that were read so far.
    nodes: usize,
    fields: &'f mut Fields,
}

impl Reader<'_> {
    fn condition(&mut self, node: &Node, depth: usize) -> Option<Condition> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return None;
        }
        if depth > DEPTH_MAX {
            self.fields.push(node.error("condition-too-deep").param("max", DEPTH_MAX));
            return None;
        }
        let has = |name: &str| node.value.get(name).is_some();
        if has("all") {
            return Some(Condition::All { all: self.list(node, "all", depth)? });
        }
        if has("any") {
            return Some(Condition::Any { any: self.list(node, "any", depth)? });
        }
        if has("not") {
            let inner = node.object(&["not"], self.fields)?.required("not", self.fields)?;
            return Some(Condition::Not { not: Box::new(self.condition(&inner, depth + 1)?) });
        }
        self.comparison(node).map(Condition::Comparison)
    }

    fn list(&mut self, node: &Node, name: &str, depth: usize) -> Option<Vec<Condition>> {
        let list = node.object(&[name], self.fields)?.required(name, self.fields)?;
        let items = list.list_of(NODES_MAX, self.fields)?;
        // Each item is read before the first error ends the list, so that all errors are found.
        let read: Vec<_> = items.iter().map(|item| self.condition(item, depth + 1)).collect();
        read.into_iter().collect()
    }

    fn comparison(&mut self, node: &Node) -> Option<Comparison> {
        let members = node.object(&["fact", "is", "value"], self.fields)?;
        let fact = members.required("fact", self.fields).and_then(|node| self.fact(&node));
        let is = members.required("is", self.fields).and_then(|node| self.operator(&node, fact));
        let value = members.required("value", self.fields);
        let (fact, is, value) = (fact?, is?, value?);
        Some(Comparison { fact, is, value: self.operand(&value, fact, is)? })
    }

    fn fact(&mut self, node: &Node) -> Option<Fact> {
        let name = node.text(self.fields)?;
        let fact = Fact::from_name(name);
        if fact.is_none() {
            self.fields.push(node.error("fact-unknown").param("fact", name));
        }
        fact
    }

    fn operator(&mut self, node: &Node, fact: Option<Fact>) -> Option<Operator> {
        let name = node.text(self.fields)?;
        let Some(operator) = Operator::from_name(name) else {
            self.fields.push(node.error("operator-unknown").param("operator", name));
            return None;
        };
        if let Some(fact) = fact.filter(|fact| !operator.fits(fact.fact_type())) {
            self.fields.push(node.error("operator-mismatch").param("operator", name).param("fact", fact.as_str()));
            return None;
        }
        Some(operator)
    }

    fn operand(&mut self, node: &Node, fact: Fact, is: Operator) -> Option<Operand> {
        let number = fact.fact_type() == FactType::Number;
        if is != Operator::In {
            return if number {
                self.number(node, fact).map(Operand::Number)
            } else {
                self.text(node, fact).map(Operand::Text)
            };
        }
        let items = node.list_of(NODES_MAX, self.fields)?;
        if number {
            let read: Vec<_> = items.iter().map(|item| self.number(item, fact)).collect();
            return read.into_iter().collect::<Option<_>>().map(Operand::Numbers);
        }
        let read: Vec<_> = items.iter().map(|item| self.text(item, fact)).collect();
        read.into_iter().collect::<Option<_>>().map(Operand::Texts)
    }

    /// Reads the number with which a fact is compared. A weekday outside 1 to 7, or an hour outside
    /// 0 to 23, is an error, because no change has such a fact.
    fn number(&mut self, node: &Node, fact: Fact) -> Option<i64> {
        let number = node.number(self.fields)?;
        let range = match fact {
            Fact::Weekday => 1..=7,
            Fact::Hour => 0..=23,
            _ => return Some(number),
        };
        self.fields.within(&node.pointer, "value-out-of-range", number, range.clone());
        range.contains(&number).then_some(number)
    }

    fn text(&mut self, node: &Node, fact: Fact) -> Option<String> {
        let text = node.text(self.fields)?;
        if fact == Fact::Kind && Kind::from_name(text).is_none() {
            self.fields.push(node.error("kind-unknown").param("kind", text));
            return None;
        }
        Some(text.into())
    }
}

#[cfg(test)]
mod tests;

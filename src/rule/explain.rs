//! How close a rule came: what it found, what was missing, what excluded.

use super::compile::Compiled;
use super::plan::Leaf;
use super::scan::Scan;
use super::verdict;
use crate::model::Mention;
use crate::model::Reason;
use crate::model::RuleName;

/// How one rule was decided in one article.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleAccount {
    /// The rule.
    pub rule: RuleName,
    /// Yes or no.
    pub matched: bool,
    /// Why.
    pub reason: Reason,
    /// What speaks for it, in people's words: `"torture"`, `@court ("ICC")`.
    pub found: Vec<String>,
    /// What it excludes and is there all the same, in people's words.
    pub excluded: Vec<String>,
    /// The places of what speaks for it.
    pub mentions: Vec<Mention>,
    /// The places of what it excludes.
    pub against: Vec<Mention>,
}

impl RuleAccount {
    /// Whether it did not match though something of what it asks for is there.
    pub fn is_near(&self) -> bool {
        !self.matched && matches!(self.reason, Reason::NotEnough { .. } | Reason::Excluded { .. })
    }
}

/// The account of the rule at `index`.
pub fn of(compiled: &Compiled, index: usize, scan: &Scan<'_>) -> RuleAccount {
    let (rule, plan) = (&compiled.rules[index], &compiled.rule_plans[index]);
    let finding = plan.judge(scan);
    let (matched, reason, _) = verdict::of(compiled, plan, rule.min_score, scan);
    let said = |leaves: &[&Leaf]| {
        let mut said: Vec<String> = leaves.iter().map(|leaf| verdict::evidence(compiled, leaf, scan)).collect();
        said.dedup();
        said
    };
    RuleAccount {
        rule: rule.name.clone(),
        matched,
        reason,
        found: said(&finding.evidence),
        excluded: said(&finding.excluded),
        mentions: verdict::mentions(compiled, &finding.evidence, scan),
        against: verdict::mentions(compiled, &finding.excluded, scan),
    }
}

//! (plan, what was found) → the verdict: yes or no, why, and what the yes rests on.

use super::compile::Compiled;
use super::operators::boost;
use super::plan::Finding;
use super::plan::Leaf;
use super::plan::Plan;
use super::plan::list;
use super::scan::Scan;
use super::sought::Sought;
use super::sought::Spot;
use crate::model::Mention;
use crate::model::Reason;

/// How many places of one word or entity a verdict names; more prove nothing more.
const MOST_MENTIONS: usize = 100;

/// Judges a plan; `min_score` is what a match must weigh besides.
pub fn of(compiled: &Compiled, plan: &Plan, min_score: Option<f64>, scan: &Scan<'_>) -> (bool, Reason, Vec<Mention>) {
    let finding = plan.judge(scan);
    if finding.holds {
        if let Some(wanted) = min_score {
            let score = boost::score(&finding.evidence, scan);
            if score < wanted {
                let missing = format!("a score of {wanted}; it is {score}");
                return (false, Reason::NotEnough { missing }, Vec::new());
            }
        }
        let because = list(finding.evidence.iter().map(|leaf| evidence(compiled, leaf, scan)), "and");
        return (true, Reason::Matched { because }, mentions(compiled, &finding.evidence, scan));
    }
    (false, reason_of_no(compiled, &finding, scan), Vec::new())
}

fn reason_of_no(compiled: &Compiled, finding: &Finding<'_>, scan: &Scan<'_>) -> Reason {
    if finding.would_hold {
        let mut by: Vec<String> = finding.excluded.iter().map(|leaf| evidence(compiled, leaf, scan)).collect();
        by.dedup();
        return Reason::Excluded { by: list(by.into_iter(), "and") };
    }
    let about_the_text = |leaf: &&Leaf| !matches!(leaf.sought, Sought::Language(_));
    if !finding.evidence.iter().any(about_the_text) && finding.partly.is_empty() {
        return Reason::NothingFound;
    }
    Reason::NotEnough { missing: missing(finding) }
}

/// What is missing, in people's words. Alternatives beside something else stand in brackets, so that it is clear what
/// belongs together.
pub fn missing(finding: &Finding<'_>) -> String {
    let several = finding.missing.len() > 1;
    let parts = finding.missing.iter().map(|part| match part {
        Plan::Any(..) if several => format!("({})", part.describe()),
        _ => part.describe(),
    });
    list(parts, "and")
}

/// The places of several parts, in the order of the article, each once.
pub fn mentions(compiled: &Compiled, leaves: &[&Leaf], scan: &Scan<'_>) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    for leaf in leaves {
        let spots = leaf.sought.spots(leaf.scope, scan);
        mentions.extend(spots.iter().take(MOST_MENTIONS).flat_map(|spot| marks(compiled, spot, scan)));
    }
    mentions.sort_by(|one, other| {
        (one.field, one.start, one.end, &one.entity).cmp(&(other.field, other.start, other.end, &other.entity))
    });
    mentions.dedup();
    mentions
}

fn marks(compiled: &Compiled, spot: &Spot, scan: &Scan<'_>) -> Vec<Mention> {
    let mention = |&(entity, hit): &(Option<usize>, _)| {
        let name = entity.map(|entity: usize| &compiled.entity_plans[entity].name);
        scan.mention(name, &hit)
    };
    spot.marks.iter().filter_map(mention).collect()
}

/// A part that occurs, in people's words with the form found: `@court ("ICC")`, `"torture"`.
pub fn evidence(compiled: &Compiled, leaf: &Leaf, scan: &Scan<'_>) -> String {
    let place = leaf.place();
    let spots = leaf.sought.spots(leaf.scope, scan);
    let Some(spot) = spots.first() else { return leaf.describe() };
    let forms: Vec<String> = spot
        .marks
        .iter()
        .map(|(entity, hit)| {
            let form = match scan.mention(None, hit) {
                Some(mention) => mention.text.split_whitespace().collect::<Vec<_>>().join(" "),
                None => scan.written(hit),
            };
            match entity {
                Some(entity) => format!("@{} (\"{form}\")", compiled.entity_plans[*entity].name),
                None => format!("\"{form}\""),
            }
        })
        .collect();
    let times = if leaf.least > 1 { format!(" {} times", spots.len()) } else { String::new() };
    format!("{}{times}{place}", forms.join(" … "))
}

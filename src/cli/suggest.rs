//! `atalaya suggest`: feedback and the archive → words that might make a rule better, each with what it would do. Nothing is
//! changed.

use super::Exit;
use super::account::Format;
use super::account::with_store;
use super::output::Output;
use super::search::Bound;
use super::search::moment;
use super::setup;
use crate::backtest::Archived;
use crate::backtest::Difference;
use crate::backtest::Standing;
use crate::backtest::Turn;
use crate::backtest::odds;
use crate::backtest::odds::Counts;
use crate::backtest::suggest;
use crate::backtest::suggest::Evidence;
use crate::backtest::suggest::Proposal;
use crate::backtest::suggest::Remedy;
use crate::clock;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::daemon::replaying;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::Verdict;
use crate::rule::RuleSet;
use crate::rule::RuleSpec;
use crate::store::FeedbackRow;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Articles whose words are the background: more change no figure that is shown.
const BACKGROUND: u64 = 5_000;

/// `atalaya suggest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya suggest\n  atalaya suggest torture --since 90d")]
pub struct Arguments {
    /// Only for this rule; by default for all of which people said anything
    rule: Option<String>,
    /// From when on the archive is read
    #[arg(long, value_name = "WHEN", default_value = "365d")]
    since: String,
    #[command(flatten)]
    format: Format,
}

/// Proposes. Exits with 1 when there is nothing to propose, for whatever reason; the reason is said.
///
/// # Errors
/// When the store cannot be read.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let now = clock::now();
    let since = match moment(&arguments.since, now, Bound::Since) {
        Ok(since) => since,
        Err(message) => {
            output.complain(&message);
            return Ok(Exit::Usage);
        }
    };
    let config = match config::load(&setup::file(named), &Environment::looking_only()) {
        Ok(loaded) => loaded.config,
        Err(diagnostics) => {
            output.complain_text(&diagnostics.render(output.colour_of_complaints));
            return Ok(Exit::Config);
        }
    };
    with_store(&arguments.format, named, output, async |store, output| {
        let said = judged(&store.feedback(usize::MAX).await?);
        let wanted = |rule: &RuleName| arguments.rule.as_deref().is_none_or(|wanted| wanted == rule.as_str());
        let rules: Vec<&RuleSpec> = config
            .rules
            .iter()
            .filter(|rule| wanted(&rule.name) && (arguments.rule.is_some() || said.contains_key(&rule.name)))
            .collect();
        if rules.is_empty() {
            output.complain(match arguments.rule {
                Some(_) => "the configuration has no rule of that name",
                None => "nobody has said anything of an alert yet: see `atalaya feedback --help`",
            });
            return Ok(Exit::Finding);
        }
        let mut found = false;
        for rule in rules {
            let nothing = BTreeMap::new();
            let said = said.get(&rule.name).unwrap_or(&nothing);
            found |= propose(store, &config, rule, said, (since, now), &arguments.format, output).await?;
        }
        Ok(if found { Exit::Success } else { Exit::Finding })
    })
}

/// By rule and item whether it was relevant. Items of which people say both are left out.
fn judged(rows: &[FeedbackRow]) -> BTreeMap<RuleName, BTreeMap<ItemId, bool>> {
    let mut votes: BTreeMap<(&RuleName, ItemId), i64> = BTreeMap::new();
    for row in rows {
        *votes.entry((&row.rule, row.item)).or_default() += if row.relevant { 1 } else { -1 };
    }
    let mut judged: BTreeMap<RuleName, BTreeMap<ItemId, bool>> = BTreeMap::new();
    for ((rule, item), votes) in votes.into_iter().filter(|(_, votes)| *votes != 0) {
        judged.entry(rule.clone()).or_default().insert(item, votes > 0);
    }
    judged
}

/// What a proposal would do to the alerts of its rule.
#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    gained: usize,
    lost: usize,
    lost_relevant: usize,
    lost_irrelevant: usize,
}

/// Returns whether anything was proposed.
async fn propose(
    store: &SqliteStore,
    config: &Config,
    rule: &RuleSpec,
    said: &BTreeMap<ItemId, bool>,
    (since, now): (Timestamp, Timestamp),
    format: &Format,
    output: &mut Output,
) -> anyhow::Result<bool> {
    let standing = |entities, rule: RuleSpec| Arc::new(Standing::with(config, RuleSet::compile(entities, vec![rule])));
    let base = standing(config.entities.clone(), rule.clone());
    let (mut evidence, mut background) = (Evidence::default(), Counts::default());
    let size = store.archive_size(since, now).await?;
    let (step, mut number) = (size.div_ceil(BACKGROUND).max(1), 0_u64);
    let take = |article: &Archived, verdicts: &[Vec<Verdict>]| {
        let judged = verdicts[0].first().zip(said.get(&article.item.id));
        if let Some((verdict, relevant)) = judged {
            evidence.add(rule, &config.entities, article, verdict, *relevant);
        }
        if judged.is_some() || number.is_multiple_of(step) {
            let mut words = odds::words(&article.article.title, None);
            words.extend(odds::words(&article.article.text, None));
            background.add(&words);
        }
        number += 1;
    };
    replaying::replay(store, since, now, &[Arc::clone(&base)], take, |_| {}).await?;
    let (relevant, irrelevant) = evidence.articles();
    if !evidence.is_enough() {
        output.complain(&format!(
            "{}: too little is known: of its articles {relevant} were called relevant and {irrelevant} not; it takes {} in \
             all and {} of either",
            rule.name,
            suggest::FEWEST,
            suggest::FEWEST_OF_A_SIDE
        ));
        return Ok(false);
    }
    let variants: Vec<(Proposal, Arc<Standing>)> = evidence
        .proposals(&config.entities, &background)
        .into_iter()
        .filter_map(|proposal| {
            let (entities, rule) = suggest::applied(&config.entities, rule, &proposal)?;
            Some((proposal, standing(entities, rule)))
        })
        .collect();
    let effects = effects(store, &base, &variants, said, (since, now)).await?;
    let mut found = false;
    if !format.json() {
        output.line(format!("{}: {relevant} articles were called relevant, {irrelevant} not", rule.name))?;
    }
    for ((proposal, _), effect) in variants.iter().zip(effects) {
        if effect.gained + effect.lost == 0 {
            continue;
        }
        found = true;
        if format.json() {
            output.json(&Line::of(rule, proposal, effect))?;
        } else {
            let term = &proposal.term;
            output.line(format!("  {proposal}"))?;
            output.line(format!(
                "      in {} of {relevant} relevant articles and {} of {irrelevant} others (z {:+.1})",
                term.relevant, term.irrelevant, term.z
            ))?;
            output.line(format!(
                "      alerts: {} lost, of them {} called relevant and {} not; {} gained",
                effect.lost, effect.lost_relevant, effect.lost_irrelevant, effect.gained
            ))?;
        }
    }
    if !found {
        output.complain(&format!("{}: no word tells its relevant articles from the others", rule.name));
    }
    Ok(found)
}

/// Replays all proposals at once.
async fn effects(
    store: &SqliteStore,
    base: &Arc<Standing>,
    variants: &[(Proposal, Arc<Standing>)],
    said: &BTreeMap<ItemId, bool>,
    (since, now): (Timestamp, Timestamp),
) -> anyhow::Result<Vec<Effect>> {
    let mut differences: Vec<Difference> =
        variants.iter().map(|(_, standing)| Difference::new(Arc::clone(base), Arc::clone(standing), since)).collect();
    let mut effects = vec![Effect::default(); variants.len()];
    let standings: Vec<Arc<Standing>> =
        std::iter::once(base).chain(variants.iter().map(|(_, standing)| standing)).cloned().collect();
    let take = |article: &Archived, verdicts: &[Vec<Verdict>]| {
        for ((difference, effect), after) in differences.iter_mut().zip(&mut effects).zip(&verdicts[1..]) {
            for change in difference.take(article, &verdicts[0], after) {
                match change.turn {
                    Turn::Gained => effect.gained += 1,
                    Turn::Lost => {
                        effect.lost += 1;
                        effect.lost_relevant += usize::from(said.get(&change.item) == Some(&true));
                        effect.lost_irrelevant += usize::from(said.get(&change.item) == Some(&false));
                    }
                    Turn::MatchGained | Turn::MatchLost => {}
                }
            }
        }
    };
    replaying::replay(store, since, now, &standings, take, |_| {}).await?;
    Ok(effects)
}

/// One proposal of `suggest --json`: a contract.
#[derive(Serialize)]
struct Line<'a> {
    rule: &'a RuleName,
    remedy: &'static str,
    entity: Option<String>,
    word: &'a str,
    relevant: u32,
    irrelevant: u32,
    z: f64,
    gained: usize,
    lost: usize,
    lost_relevant: usize,
    lost_irrelevant: usize,
}

impl<'a> Line<'a> {
    fn of(rule: &'a RuleSpec, proposal: &'a Proposal, effect: Effect) -> Self {
        let (remedy, entity) = match &proposal.remedy {
            Remedy::Near(entity) => ("near", Some(entity.to_string())),
            Remedy::Against(entity) => ("against", Some(entity.to_string())),
            Remedy::Not => ("not", None),
        };
        Self {
            rule: &rule.name,
            remedy,
            entity,
            word: &proposal.term.word,
            relevant: proposal.term.relevant,
            irrelevant: proposal.term.irrelevant,
            z: (proposal.term.z * 100.0).round() / 100.0,
            gained: effect.gained,
            lost: effect.lost,
            lost_relevant: effect.lost_relevant,
            lost_irrelevant: effect.lost_irrelevant,
        }
    }
}

//! `atalaya try route`: a file, a stored item or rules → who would hear of it, when and why.

use super::super::Exit;
use super::super::account::Format;
use super::super::account::with_store;
use super::super::output::Output;
use super::super::silence::configured;
use super::rules;
use crate::clock;
use crate::config::Config;
use crate::model::Language;
use crate::model::Level;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Verdict;
use crate::read;
use crate::route;
use crate::route::Silence;
use crate::route::When;
use crate::rule::RuleSet;
use crate::store::Store;
use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// `atalaya try route`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya try route --rule court                  who hears of that rule\n  \
                        atalaya try route page.html --source herald     what the rules find there, and who hears of it\n  \
                        atalaya try route --item https://paper.example/a")]
pub struct Arguments {
    /// A file (a page, or plain text) or an address to judge
    #[arg(value_name = "URL|FILE", conflicts_with_all = ["rules", "item"])]
    subject: Option<String>,
    /// A rule, as if it had matched; may be given several times
    #[arg(long = "rule", value_name = "NAME", conflicts_with = "item")]
    rules: Vec<String>,
    /// The address of an item that was judged
    #[arg(long, value_name = "URL")]
    item: Option<String>,
    /// The source that lists it
    #[arg(long, value_name = "NAME", default_value = "")]
    source: String,
    /// Its language
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// The time at which it is told [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    format: Format,
}

/// What is routed.
struct Found {
    source: SourceName,
    language: Option<Language>,
    verdicts: Vec<Verdict>,
    story: String,
}

/// What is answered.
#[derive(Serialize)]
struct Answer {
    rules: Vec<RuleName>,
    /// Each rule that a silence mutes.
    muted: Vec<Muted>,
    told: Vec<Told>,
    /// Rules of which nobody hears.
    nobody: Vec<RuleName>,
}

#[derive(Serialize)]
struct Muted {
    rule: RuleName,
    reason: Reason,
}

#[derive(Serialize)]
struct Told {
    channel: String,
    receiver: String,
    person: Option<String>,
    rules: Vec<RuleName>,
    subscriptions: Vec<String>,
    level: Level,
    /// None for now.
    later: Option<Later>,
}

#[derive(Serialize)]
struct Later {
    due: Timestamp,
    code: &'static str,
    why: String,
}

/// Shows who would hear. Exits with 1 when nobody would.
///
/// # Errors
/// When the subject or the store cannot be read, or the answer cannot be written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let Some(config) = configured(named, output) else { return Ok(Exit::Config) };
    for name in &arguments.rules {
        if !config.rules.iter().any(|rule| rule.name.as_str() == name) {
            output.complain(&format!("there is no rule `{name}`"));
            return Ok(Exit::Usage);
        }
    }
    let now = arguments.at.unwrap_or_else(clock::now);
    if let Some(item) = &arguments.item {
        return with_store(&arguments.format, named, output, async |store, output| {
            let key = crate::story::address::canonical(item).unwrap_or_else(|| item.clone());
            let ways = store.ways(item, &key).await?;
            let way = ways.into_iter().find(|way| way.article.is_some());
            let way = way.ok_or_else(|| anyhow!("{item} was never judged"))?;
            let article = way.article.as_ref();
            let found = Found {
                source: way.item.source.clone(),
                language: article.and_then(|it| it.article.language.clone()),
                story: article.map(|it| it.story_key.clone()).unwrap_or_default(),
                verdicts: way.verdicts,
            };
            let mut silences = config.silences.clone();
            silences.extend(store.silences(now).await?);
            tell(&config, &silences, &found, now, arguments.format.json(), output)
        });
    }
    let found = match &arguments.subject {
        Some(subject) => judged(subject, arguments, &config, output)?,
        None if arguments.rules.is_empty() => {
            output.complain("name a file, `--rule` or `--item`");
            return Ok(Exit::Usage);
        }
        None => Found {
            source: SourceName::new(arguments.source.as_str()),
            language: arguments.language.as_deref().and_then(Language::parse),
            verdicts: arguments.rules.iter().map(|name| matched(name)).collect(),
            story: String::new(),
        },
    };
    // Without a store there are no silences but those of the configuration.
    tell(&config, &config.silences, &found, now, arguments.format.json(), output)
}

fn matched(rule: &str) -> Verdict {
    let reason = Reason::Matched { because: "as asked".into() };
    Verdict { rule: RuleName::new(rule), matched: true, reason, mentions: Vec::new() }
}

fn judged(subject: &str, arguments: &Arguments, config: &Config, output: &mut Output) -> anyhow::Result<Found> {
    let set = RuleSet::compile(config.entities.clone(), config.rules.clone());
    let judgement = rules::judged(subject, &arguments.source, config, &set, output)?;
    Ok(Found {
        source: SourceName::new(arguments.source.as_str()),
        language: arguments.language.as_deref().and_then(Language::parse).or(judgement.language),
        verdicts: judgement.verdicts,
        story: String::new(),
    })
}

fn tell(
    config: &Config,
    silences: &[Silence],
    found: &Found,
    now: Timestamp,
    json: bool,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let matched = found.verdicts.iter().filter(|verdict| verdict.matched).map(|verdict| verdict.rule.clone());
    let rules: Vec<RuleName> = matched.collect();
    let muted = read::muted(silences, &found.verdicts, &rules, &found.source, &found.story, now);
    let heard: Vec<RuleName> = rules.iter().filter(|rule| !muted.contains_key(*rule)).cloned().collect();
    let subject = route::Subject { rules: &heard, source: &found.source, language: found.language.as_ref() };
    let routes = read::routes(&subject, &config.subscriptions, &config.people, &config.channels, now);
    let nobody = heard.iter().filter(|rule| !routes.iter().any(|route| route.rules.contains(rule))).cloned().collect();
    let told: Vec<Told> = routes
        .into_iter()
        .map(|route| Told {
            channel: route.channel.to_string(),
            receiver: route.receiver,
            person: route.person.map(|name| name.to_string()),
            rules: route.rules,
            subscriptions: route.subscriptions.iter().map(ToString::to_string).collect(),
            level: route.level,
            later: match route.when {
                When::Now => None,
                When::Later { due, why, .. } => Some(Later { due, code: why.code(), why: why.to_string() }),
            },
        })
        .collect();
    let muted = muted.into_iter().map(|(rule, reason)| Muted { rule, reason }).collect();
    let answer = Answer { rules, muted, told, nobody };
    let exit = if answer.told.is_empty() { Exit::Finding } else { Exit::Success };
    if json {
        output.json(&answer)?;
    } else {
        show(&answer, output)?;
    }
    Ok(exit)
}

fn show(answer: &Answer, output: &mut Output) -> anyhow::Result<()> {
    let names = |rules: &[RuleName]| rules.iter().map(RuleName::as_str).collect::<Vec<_>>().join(", ");
    if answer.rules.is_empty() {
        output.line("no rule matches")?;
    }
    for Told { channel, receiver, person, rules, subscriptions, level, later } in &answer.told {
        let who =
            person.as_ref().map_or_else(|| format!("{channel} to {receiver}"), |name| format!("{name} ({receiver})"));
        let when = later.as_ref().map_or("now".to_owned(), |later| format!("{:.0}: {}", later.due, later.why));
        output.line(format!("{who}  {when}"))?;
        output.line(format!("  {}, {} by {}", names(rules), level.as_str(), subscriptions.join(", ")))?;
    }
    for Muted { rule, reason } in &answer.muted {
        output.line(format!("nobody of {rule}: {reason}"))?;
    }
    if !answer.nobody.is_empty() {
        output.line(format!("nobody of {}: no subscription takes it", names(&answer.nobody)))?;
    }
    Ok(())
}

//! `atalaya feedback`: whether an alert was relevant → the store; or what was said so far.

use super::Exit;
use super::account;
use super::account::Format;
use super::account::with_store;
use super::account::with_store_to_write;
use super::output::Output;
use crate::clock;
use crate::model::AlertId;
use crate::model::RuleName;
use crate::render::line::clean;
use crate::store::Said;
use crate::store::Store;
use clap::Args;
use clap::ValueEnum;
use std::path::Path;

/// `atalaya feedback`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  atalaya feedback                     what was said, the newest first\n  \
                        atalaya feedback 12 no --note 'the building firm'\n  \
                        atalaya feedback 12 yes --rule torture")]
pub struct Arguments {
    /// The alert's number, as `atalaya evidence list` shows it; without one, what was said is listed
    #[arg(requires = "answer")]
    alert: Option<i64>,
    /// Whether it was relevant
    #[arg(requires = "alert")]
    answer: Option<Answer>,
    /// Only for this rule; by default for all of the alert's
    #[arg(long, value_name = "NAME", requires = "alert")]
    rule: Vec<String>,
    /// Why, in words
    #[arg(long, value_name = "TEXT", requires = "alert")]
    note: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator")]
    by: String,
    /// At most this many are listed
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    format: Format,
}

/// Whether an alert was relevant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Answer {
    /// It was
    Yes,
    /// It was not
    No,
}

/// Records, or lists. Exits with 1 when there is no such alert, or the alert has no such rule.
///
/// # Errors
/// When the store cannot be read or written.
pub fn run(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let (Some(alert), Some(answer)) = (arguments.alert, arguments.answer) else {
        return list(arguments, named, output);
    };
    with_store_to_write(&arguments.format, named, output, async |store, output| {
        let Some(rules) = store.rules_of(AlertId(alert)).await? else {
            output.complain(&format!("there is no alert {alert}; see `atalaya evidence list`"));
            return Ok(Exit::Finding);
        };
        let asked: Vec<RuleName> = arguments.rule.iter().map(RuleName::new).collect();
        if let Some(unknown) = asked.iter().find(|rule| !rules.contains(rule)) {
            let names: Vec<&str> = rules.iter().map(RuleName::as_str).collect();
            output.complain(&format!("alert {alert} was not told for {unknown}, but for {}", names.join(", ")));
            return Ok(Exit::Finding);
        }
        let said = Said {
            alert: AlertId(alert),
            rules: if asked.is_empty() { rules } else { asked },
            relevant: answer == Answer::Yes,
            by: arguments.by.clone(),
            at: clock::now(),
            note: arguments.note.clone(),
        };
        let count = store.give_feedback(&said).await?;
        if !arguments.format.json() {
            let verdict = if said.relevant { "relevant" } else { "not relevant" };
            output.line(format!("alert {alert} is noted as {verdict} for {count} rules"))?;
        }
        Ok(Exit::Success)
    })
}

fn list(arguments: &Arguments, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    with_store(&arguments.format, named, output, async |store, output| {
        let rows = store.feedback(arguments.limit).await?;
        for row in &rows {
            if arguments.format.json() {
                output.json(row)?;
                continue;
            }
            let verdict = if row.relevant { "relevant" } else { "not relevant" };
            let title = clean(&row.title, 100);
            output.line(format!("{:>6}  {}  {}: {verdict}  {title}", row.alert, account::time(row.at), row.rule))?;
            let note = row.note.as_deref().map(|note| format!(": {}", clean(note, 400))).unwrap_or_default();
            output.line(format!("        said {}{note}", clean(&row.by, 100)))?;
        }
        if rows.is_empty() && !arguments.format.json() {
            output.line("nobody has said anything of an alert yet")?;
        }
        Ok(Exit::Success)
    })
}

//! `atalaya preview digest`: the next digest as it would be if it were due now. Nothing is sent, nothing is settled.

use super::Exit;
use super::account::Format;
use super::account::with_store;
use super::output::Output;
use super::silence::configured;
use crate::clock;
use crate::model::Bulletin;
use crate::model::ChannelName;
use crate::render::digest;
use crate::route;
use crate::route::Rhythm;
use crate::route::gather;
use crate::route::gather::Lane;
use crate::route::gather::Seen;
use crate::route::rhythm::next_digest;
use crate::store::Store;
use clap::Args;
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// `atalaya preview`.
#[derive(Debug, Subcommand)]
pub enum PreviewCommand {
    /// Show the next digest of a subscription
    Digest(DigestArguments),
}

/// `atalaya preview digest`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  atalaya preview digest morning\n  atalaya preview digest morning --for ana --html morning.html"
)]
pub struct DigestArguments {
    /// The subscription
    #[arg(value_name = "NAME")]
    subscription: String,
    /// Only for this person, or this receiver of a channel
    #[arg(long = "for", value_name = "WHO")]
    receiver: Option<String>,
    /// Write the HTML part of the first one into this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// A digest to come.
#[derive(Serialize)]
struct Preview<'a> {
    channel: &'a ChannelName,
    receiver: &'a str,
    /// When it is due.
    due_at: Option<Timestamp>,
    digest: &'a Bulletin,
}

/// Shows the next digests.
///
/// # Errors
/// When the store cannot be read, or the answer cannot be written.
pub fn run(command: &PreviewCommand, named: Option<&Path>, output: &mut Output) -> anyhow::Result<Exit> {
    let PreviewCommand::Digest(arguments) = command;
    let Some(config) = configured(named, output) else { return Ok(Exit::Config) };
    let Some(subscription) = config.subscriptions.iter().find(|it| it.name.as_str() == arguments.subscription) else {
        output.complain(&format!("there is no subscription `{}`", arguments.subscription));
        return Ok(Exit::Usage);
    };
    let Rhythm::Digest { cron, zone } = &subscription.rhythm else {
        output.complain(&format!("the subscription `{}` has no `digest`", subscription.name));
        return Ok(Exit::Usage);
    };
    let receivers = |name: &ChannelName| {
        let plan = config.channels.iter().find(|plan| plan.name == *name);
        plan.map(|plan| plan.channel.receivers()).unwrap_or_default()
    };
    let wanted = |channel: &ChannelName, receiver: &str| {
        arguments.receiver.as_deref().is_none_or(|who| {
            who == receiver || config.people.reached(channel).is_some_and(|person| person.name.as_str() == who)
        })
    };
    let places: Vec<(ChannelName, String)> = route::recipients(subscription, &config.people, receivers)
        .into_iter()
        .filter(|(channel, receiver)| wanted(channel, receiver))
        .collect();
    if places.is_empty() {
        output.complain("nobody of that name gets it");
        return Ok(Exit::Finding);
    }
    with_store(&arguments.format, named, output, async |store, output| {
        let now = clock::now();
        for (index, (channel, receiver)) in places.iter().enumerate() {
            let zone = config.people.reached(channel).map_or(zone, |person| &person.zone);
            let known = store.lane(channel, receiver, Some(&subscription.name)).await?;
            let due_at = next_digest(cron, zone, now);
            let lane = known.unwrap_or_else(|| Lane {
                id: 0,
                channel: channel.clone(),
                receiver: receiver.clone(),
                subscription: Some(subscription.name.clone()),
                since: now,
                flushed_at: None,
                due_at: due_at.unwrap_or(now),
                sent: Vec::new(),
                seen: Seen { outcomes: i64::MAX, tries: i64::MAX },
            });
            let (waiting, account) = store.material(&lane, Some(subscription), now).await?;
            let policy = gather::policy(&lane, &config.subscriptions, &config.people);
            let decision = gather::decide(&lane, &policy, &waiting, account, now);
            let Some(new) = decision.bulletin else { continue };
            if arguments.format.json() {
                output.json(&Preview { channel, receiver, due_at, digest: &new.bulletin })?;
                continue;
            }
            let paper = digest::paper(&new.bulletin, receiver, None)?;
            if let Some(file) = arguments.html.as_deref().filter(|_| index == 0) {
                fs::write(file, &paper.letter.html)?;
            }
            let due = due_at.map(|at| format!(", due {at:.0}")).unwrap_or_default();
            output.line(format!("{channel} to {receiver}{due}"))?;
            output.line(format!("Subject: {}", paper.letter.subject))?;
            output.line("")?;
            output.line(paper.letter.text)?;
        }
        Ok(Exit::Success)
    })
}

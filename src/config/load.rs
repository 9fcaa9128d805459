//! A file → [`Loaded`], or everything that is wrong with it. Every table is read even when an earlier one is wrong.

use super::Config;
use super::cases;
use super::channels;
use super::definitions::Definition;
use super::definitions::named;
use super::diagnostic::Diagnostic;
use super::diagnostic::Diagnostics;
use super::diagnostic::Report;
use super::diagnostic::Severity;
use super::entities;
use super::environment::Environment;
use super::files;
use super::files::Document;
use super::keys;
use super::mail;
use super::operators;
use super::people;
use super::rendering;
use super::rules;
use super::settings;
use super::silences;
use super::sites;
use super::sources;
use super::subscriptions;
use super::volume;
use crate::channel;
use crate::channel::Letterhead;
use crate::source;
use std::path::Path;
use std::path::PathBuf;

/// A configuration that can be used.
#[derive(Clone)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// What is allowed but odd.
    pub warnings: Vec<Diagnostic>,
    /// Every file that was read, the main one first; shipped packs are not among them.
    pub files: Vec<PathBuf>,
}

/// Reads the configuration that begins in `file`, with everything that it includes.
///
/// # Errors
/// Everything that is wrong with it, and its warnings, in the order of the files and lines.
pub fn load(file: &Path, environment: &Environment) -> Result<Loaded, Diagnostics> {
    load_with(file, environment, source::KINDS, channel::KINDS)
}

/// The directory of the database, by the `state` of the configuration alone: reports are given even while the rest of it
/// has errors, or names credentials that only the service can read.
///
/// # Errors
/// When the file cannot be read, or its `state` is wrong.
pub fn state(file: &Path, environment: &Environment) -> Result<PathBuf, Diagnostics> {
    let read = Report::default();
    let documents = files::read(file, &keys::secret_keys(source::KINDS, channel::KINDS), &read);
    let report = Report::default();
    let state = settings::state(&documents, file, environment, &report);
    let names: Vec<String> = documents.iter().map(|document| document.file.name.clone()).collect();
    let found = if documents.is_empty() { read.into_diagnostics(&names) } else { report.into_diagnostics(&names) };
    if found.iter().any(Diagnostic::is_error) { Err(Diagnostics(found)) } else { Ok(state) }
}

/// [`load`] with these kinds of sources and channels.
pub(super) fn load_with(
    file: &Path,
    environment: &Environment,
    sources: &[&source::Kind],
    channels: &[&channel::Kind],
) -> Result<Loaded, Diagnostics> {
    let report = Report::default();
    let secret_keys = keys::secret_keys(sources, channels);
    let documents = files::read(file, &secret_keys, &report);
    let config = (!documents.is_empty()).then(|| config(file, &documents, environment, sources, channels, &report));
    let names: Vec<String> = documents.iter().map(|document| document.file.name.clone()).collect();
    let files = documents.iter().filter_map(|document| document.file.path.clone()).collect();
    let found = report.into_diagnostics(&names);
    match config {
        Some(config) if !found.iter().any(Diagnostic::is_error) => Ok(Loaded { config, warnings: found, files }),
        _ => Err(Diagnostics(found)),
    }
}

fn config(
    file: &Path,
    documents: &[Document],
    environment: &Environment,
    source_kinds: &[&source::Kind],
    channel_kinds: &[&channel::Kind],
    report: &Report,
) -> Config {
    for document in documents.iter().filter(|document| !document.pack) {
        document.table(&document.start(), report).refuse_unknown(&keys::TOP.names());
    }
    let egress = settings::egress(documents, environment, report);
    let polling = settings::polling(documents, report);
    let reading = settings::reading(documents, report);
    let rendering = rendering::rendering(documents, environment, report);
    let mail = mail::mail(documents, environment, report);
    let has_mail = documents.iter().any(|document| document.entries.iter().any(|entry| entry.key == "mail"));
    let has_web = documents.iter().any(|document| document.entries.iter().any(|entry| entry.key == "web"));
    let errors_before = report.errors();
    let all_sources = named(documents, "source", report);
    let all_entities = named(documents, "entity", report);
    let all_rules = named(documents, "rule", report);
    let all_channels = named(documents, "channel", report);
    let all_subscriptions = named(documents, "subscription", report);
    let entity_names = names(&all_entities);

    let entities: Vec<_> = all_entities.iter().map(|entity| entities::entity(entity, &entity_names, report)).collect();
    let rules: Vec<_> = all_rules.iter().filter_map(|rule| rules::rule(rule, &entity_names, report)).collect();
    let lookbacks = all_rules.iter().filter_map(|definition| rules::lookback(definition, &rules, report)).collect();
    // With a faulty entity or rule the texts would fail for that reason, and say nothing new.
    if report.errors() == errors_before {
        cases::check(&entities, &rules, &all_entities, &all_rules, report);
    }
    let sources = all_sources
        .iter()
        .filter_map(|source| {
            sources::source(source, source_kinds, &egress, &polling, &reading, rendering.is_some(), environment, report)
        })
        .collect();
    let mut channels: Vec<_> = all_channels
        .iter()
        .filter_map(|channel| channels::channel(channel, channel_kinds, has_mail, has_web, environment, report))
        .collect();
    let (rule_names, channel_names) = (names(&all_rules), names(&all_channels));
    let errors_before = report.errors();
    let grades: Vec<_> = all_rules.iter().map(|rule| rules::grade(rule, report)).collect();
    let (all_people, all_groups) = (named(documents, "person", report), named(documents, "group", report));
    let (persons, channels_of_persons) = people::persons(&all_people, has_mail, report);
    let groups = people::groups(&all_groups, &all_people, report);
    let source_names = names(&all_sources);
    let known = subscriptions::Known {
        rules: &rule_names,
        channels: &channel_names,
        sources: &source_names,
        groups: &groups,
        persons: &names(&all_people),
        grades: &grades,
    };
    let subscriptions: Vec<_> =
        all_subscriptions.iter().map(|definition| subscriptions::subscription(definition, &known, report)).collect();
    let silences = named(documents, "silence", report)
        .iter()
        .filter_map(|silence| silences::silence(silence, &rule_names, &entity_names, &source_names, report))
        .collect();
    channels.extend(channels_of_persons);
    let operators = operators::operators(documents, &channel_names, report);
    if report.errors() == errors_before {
        let told: Vec<_> = operators.iter().flat_map(|it| it.channels.iter().chain(&it.fallback)).cloned().collect();
        subscriptions::uncovered(&subscriptions, &told, &all_rules, &all_channels, &all_people, report);
    }
    if operators.is_none() && !all_sources.is_empty() && !all_channels.is_empty() && report.errors() == 0 {
        operators::unwatched(documents, report);
    }
    if all_sources.is_empty() && report.errors() == 0 {
        let help = "add `[source.NAME]` with `feed = \"https://…\"`";
        report.about_file(Severity::Warning, &documents[0].file.name, "nothing is watched".into(), help.into());
    }

    let (mail, letterhead) = match mail {
        Some((relay, letterhead)) => (Some(relay), letterhead),
        None => (None, Letterhead::default()),
    };
    Config {
        file: file.to_owned(),
        state: settings::state(documents, file, environment, report),
        contact: settings::contact(documents, report),
        lease: settings::lease(documents, report),
        egress,
        politeness: settings::politeness(documents, report),
        polling,
        reading,
        evidence: settings::evidence(documents, report),
        rendering,
        sites: named(documents, "site", report).iter().map(|site| sites::site(site, report)).collect(),
        stories: settings::stories(documents, report),
        web: settings::web(documents, report),
        mail,
        letterhead,
        sources,
        entities,
        rules,
        channels,
        subscriptions,
        people: people::people(persons, grades),
        silences,
        lookbacks,
        volume: volume::volume(documents, report),
        operators,
    }
}

fn names<'a>(definitions: &[Definition<'a>]) -> Vec<&'a str> {
    definitions.iter().map(|definition| definition.name).collect()
}

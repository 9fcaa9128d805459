//! bulletin → the mail and the JSON that one message for many alerts becomes. HTML and text hold the same items, in the
//! receiver's language; what does not fit into them is complete in a text that goes along.

use super::frame;
use super::line::Piece;
use super::line::clean;
use super::line::pieces;
use super::mail::HTML_LIMIT;
use super::mail::Letter;
use super::mail::LetterError;
use super::mail::SUBJECT_LIMIT;
use super::words as english;
use crate::model::Bulletin;
use crate::model::Level;
use crate::model::bulletin::Line;
use crate::model::bulletin::Listening;
use crate::model::bulletin::Occasion;
use crate::model::bulletin::StoryTold;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Value;
use minijinja::context;
use std::fmt::Write;

pub mod payload;
mod words;

use words::Words;

/// Longest name, label or host in characters.
const NAME: usize = 100;

/// Longest headline in characters.
const TITLE: usize = 240;

/// A rendered bulletin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Subject, text and HTML.
    pub letter: Letter,
    /// Everything, one article after the other, when the letter had no room for it: its file name and the text.
    pub rest: Option<(String, String)>,
}

/// How much of each list is shown in the letter.
struct Sizes {
    stories: usize,
    carried: usize,
    lines: usize,
    excerpt: usize,
}

static SIZES: &[Sizes] = &[
    Sizes { stories: 120, carried: 8, lines: 40, excerpt: 400 },
    Sizes { stories: 60, carried: 6, lines: 20, excerpt: 300 },
    Sizes { stories: 30, carried: 4, lines: 10, excerpt: 200 },
    Sizes { stories: 12, carried: 2, lines: 5, excerpt: 140 },
];

/// One line in English that names the occasion and how much it tells: for lists.
pub fn title(bulletin: &Bulletin) -> String {
    headline(&words::ENGLISH, bulletin)
}

/// Renders a bulletin for a `receiver`. `prefix` stands before the subject.
///
/// # Errors
/// When a template fails.
pub fn paper(bulletin: &Bulletin, receiver: &str, prefix: Option<&str>) -> Result<Paper, LetterError> {
    let words = words::of(bulletin.tongue);
    let subject = subject(words, bulletin, prefix);
    let templates = frame::templates()?;
    let mut shown = None;
    for sizes in SIZES {
        let (context, whole) = context(words, bulletin, receiver, &subject, sizes);
        let html = templates.get_template("digest.html")?.render(&context)?;
        let fits = html.len() < HTML_LIMIT;
        shown = Some((context, whole, html));
        if fits {
            break;
        }
    }
    let (context, whole, html) = shown.expect("SIZES is not empty");
    let text = templates.get_template("digest.txt")?.render(&context)?;
    let rest = (!whole).then(|| (format!("{}.txt", words.file), rest(words, bulletin)));
    Ok(Paper { letter: Letter { subject, text, html }, rest })
}

fn subject(words: &Words, bulletin: &Bulletin, prefix: Option<&str>) -> String {
    let urgent = bulletin.stories.iter().any(|story| story.level == Level::Urgent);
    let urgent = if urgent { format!("{} ", words.urgent_mark) } else { String::new() };
    let subject = format!("{urgent}{}", headline(words, bulletin));
    match prefix {
        Some(prefix) => clean(&format!("{prefix} {subject}"), SUBJECT_LIMIT),
        None => clean(&subject, SUBJECT_LIMIT),
    }
}

fn headline(words: &Words, bulletin: &Bulletin) -> String {
    let day = local(bulletin, bulletin.until).map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string());
    let name = bulletin.subscription.as_ref().map(|name| clean(name.as_str(), NAME));
    let stories = counted(bulletin.stories.len(), words.story, words.stories);
    match (bulletin.occasion, name) {
        (Occasion::Digest, Some(name)) if bulletin.stories.is_empty() => {
            format!("{} {name}, {day}: {}", words.digest, words.nothing)
        }
        (Occasion::Digest, Some(name)) => format!("{} {name}, {day}: {stories}", words.digest),
        (Occasion::Quiet, _) => format!("{stories}: {}", words.after_quiet),
        (Occasion::Cap, _) => format!("{stories}: {}", words.in_one),
        (_, Some(name)) => format!("{name}: {stories}"),
        (_, None) => stories,
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn local(bulletin: &Bulletin, at: Timestamp) -> Option<jiff::Zoned> {
    Some(at.to_zoned(TimeZone::get(&bulletin.zone).ok()?))
}

/// A time by the receiver's clock; in UTC where this machine does not know the zone.
fn time(bulletin: &Bulletin, at: Timestamp) -> String {
    match local(bulletin, at) {
        Some(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        None => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    }
}

/// The template's values, and whether nothing was left out of them.
fn context(words: &Words, bulletin: &Bulletin, receiver: &str, subject: &str, sizes: &Sizes) -> (Value, bool) {
    let mut whole = bulletin.stories.len() <= sizes.stories;
    let stories: Vec<Value> = bulletin
        .stories
        .iter()
        .take(sizes.stories)
        .map(|told| {
            whole &= told.carried.len() <= sizes.carried;
            story(words, bulletin, told, sizes)
        })
        .collect();
    let lists: Vec<Value> =
        [(words.elsewhere, &bulletin.elsewhere), (words.folded, &bulletin.folded), (words.muted, &bulletin.muted)]
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(head, lines)| {
                whole &= lines.len() <= sizes.lines;
                list(words, head, lines, sizes)
            })
            .collect();
    let listening = bulletin.listening.as_ref().map(|heard| {
        whole &= heard.unread.len() <= sizes.lines
            && heard.not_heard.len() <= sizes.lines
            && heard.silent_rules.len() <= sizes.lines
            && heard.heard.len() <= SOURCES;
        listening(words, bulletin, heard, sizes)
    });
    let more = bulletin.stories.len().saturating_sub(sizes.stories);
    let context = context! {
        subject,
        tongue => bulletin.tongue.code(),
        head => headline(words, bulletin),
        preview => preview(bulletin),
        period => format!("{} {} {} {}", words.from, time(bulletin, bulletin.since), words.to, time(bulletin, bulletin.until)),
        zone => bulletin.zone.as_str(),
        stories,
        more_stories => (more > 0).then(|| format!("{} {}", counted(more, words.more_story, words.more_stories), words.attached)),
        nothing => bulletin.stories.is_empty().then_some(words.nothing_found),
        lists,
        listening,
        attached => (!whole).then_some(words.all_attached),
        foot => format!("{} {receiver}{}", words.sent_to, bulletin.subscription.as_ref().map(|it| format!(" ({it})")).unwrap_or_default()),
        change => words.change,
    };
    (context, whole)
}

fn preview(bulletin: &Bulletin) -> String {
    let titles: Vec<String> = bulletin.stories.iter().take(3).map(|story| clean(&story.title, 60)).collect();
    titles.join(" · ")
}

fn story(words: &Words, bulletin: &Bulletin, story: &StoryTold, sizes: &Sizes) -> Value {
    let title = clean(&story.title, TITLE);
    let pieces: Vec<Piece> = story.excerpt.as_ref().map(|it| pieces(it, sizes.excerpt)).unwrap_or_default();
    let rules: Vec<String> = story.rules.iter().take(12).map(|rule| clean(&rule.label, NAME)).collect();
    let why: Vec<String> =
        story.rules.iter().take(3).map(|rule| clean(&words::reason(words, &rule.reason), 200)).collect();
    let carried: Vec<Value> = story.carried.iter().take(sizes.carried).map(|it| line(words, it)).collect();
    context! {
        title => if title.is_empty() { words.untitled.to_owned() } else { title },
        link => link(&story.url),
        address => clean(&story.url, 500),
        site => site(story),
        language => story.language.as_ref().map(|it| words::language(words, it)),
        code => story.language.as_ref().map(|language| language.as_str()),
        direction => story.language.as_ref().map_or("auto", |language| english::direction(language)),
        published => story.published.map(|at| time(bulletin, at)),
        urgent => (story.level == Level::Urgent).then_some(words.urgent),
        update => story.update.map(|kind| words::update(words, kind)),
        unread => story.unread.as_ref().map(|_| words.from_feed),
        pieces => pieces.iter().map(|it| context! { text => it.text.as_str(), marked => it.marked }).collect::<Vec<_>>(),
        rules => rules.join(", "),
        why => why.join(" · "),
        because => words.because,
        carried_head => words.carried,
        more => more(words, story.carried.len(), sizes.carried),
        carried,
    }
}

fn site(story: &StoryTold) -> String {
    let name = story.site_name.as_deref().map(|name| clean(name, NAME)).unwrap_or_default();
    if name.is_empty() { clean(story.source.as_str(), NAME) } else { name }
}

fn more(words: &Words, all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("{} {}", all - shown, words.more))
}

fn list(words: &Words, head: &str, lines: &[Line], sizes: &Sizes) -> Value {
    context! {
        head => format!("{head}: {}", lines.len()),
        lines => lines.iter().take(sizes.lines).map(|it| line(words, it)).collect::<Vec<_>>(),
        more => more(words, lines.len(), sizes.lines),
    }
}

fn line(words: &Words, line: &Line) -> Value {
    let title = clean(&line.title, TITLE);
    context! {
        title => if title.is_empty() { words.untitled.to_owned() } else { title },
        link => line.url.as_deref().and_then(link),
        address => line.url.as_deref().map(|url| clean(url, 500)),
        source => clean(line.source.as_str(), NAME),
        reason => line.reason.as_ref().and_then(|it| words::said(words, it)).map(|it| clean(&it, 200)),
    }
}

/// An address that a mail may link to.
fn link(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 2000).then(|| url.to_string())
}

/// The most names of sources in one sentence.
const SOURCES: usize = 60;

fn listening(words: &Words, bulletin: &Bulletin, heard: &Listening, sizes: &Sizes) -> Value {
    let names: Vec<String> = heard
        .heard
        .iter()
        .take(SOURCES)
        .map(|(source, items)| format!("{} ({items})", clean(source.as_str(), NAME)))
        .collect();
    let not_heard: Vec<String> = heard
        .not_heard
        .iter()
        .take(sizes.lines)
        .map(|it| {
            let since =
                it.since.map_or(words.never_heard.to_owned(), |at| format!("{} {}", words.since, time(bulletin, at)));
            let reason = it.reason.as_ref().map(|it| words::reason(words, it)).unwrap_or_default();
            clean(&format!("{}: {since}{}{reason}", it.source, if reason.is_empty() { "" } else { ", " }), 300)
        })
        .collect();
    let silent: Vec<String> = heard
        .silent_rules
        .iter()
        .take(sizes.lines)
        .map(|it| {
            let usual = words::length(words, it.usual);
            format!(
                "{}: {} {}, {} {usual}",
                clean(it.rule.as_str(), NAME),
                words.since,
                time(bulletin, it.since),
                words.usually_every
            )
        })
        .collect();
    context! {
        head => words.listening,
        read => format!("{}: {}", words.items_read, heard.read),
        heard => format!("{}: {}", words.heard, heard.heard.len()),
        names => names.join(", "),
        more_names => more(words, heard.heard.len(), SOURCES),
        resting => (heard.resting > 0).then(|| format!("{}: {}", words.resting, heard.resting)),
        not_heard_head => format!("{}: {}", words.not_heard, heard.not_heard.len()),
        more_not_heard => more(words, heard.not_heard.len(), sizes.lines),
        not_heard,
        unread => list(words, words.unread, &heard.unread, sizes),
        silent_head => format!("{}: {}", words.silent_rules, heard.silent_rules.len()),
        more_silent => more(words, heard.silent_rules.len(), sizes.lines),
        silent,
    }
}

/// Everything, in plain text.
fn rest(words: &Words, bulletin: &Bulletin) -> String {
    let mut text = format!("{}\n", headline(words, bulletin));
    for story in &bulletin.stories {
        let rules: Vec<String> = story.rules.iter().map(|rule| clean(&rule.label, NAME)).collect();
        // Writing into a string cannot fail.
        let _written =
            write!(text, "\n{}\n{}\n{} · {}\n", clean(&story.title, TITLE), story.url, site(story), rules.join(", "));
        for line in &story.carried {
            plain(words, &mut text, line, "  ");
        }
    }
    let empty = Vec::new();
    let unread = bulletin.listening.as_ref().map_or(&empty, |it| &it.unread);
    for (head, lines) in [
        (words.elsewhere, &bulletin.elsewhere),
        (words.folded, &bulletin.folded),
        (words.muted, &bulletin.muted),
        (words.unread, unread),
    ] {
        if !lines.is_empty() {
            let _written = write!(text, "\n{head}: {}\n", lines.len());
            for line in lines {
                plain(words, &mut text, line, "");
            }
        }
    }
    if let Some(heard) = &bulletin.listening {
        let _written = write!(text, "\n{}: {}\n", words.heard, heard.heard.len());
        for (source, items) in &heard.heard {
            let _written = writeln!(text, "{source} ({items})");
        }
        let _written = write!(text, "\n{}: {}\n", words.not_heard, heard.not_heard.len());
        for it in &heard.not_heard {
            let _written =
                writeln!(text, "{} {}", it.source, it.since.map(|at| time(bulletin, at)).unwrap_or_default());
        }
        let _written = write!(text, "\n{}: {}\n", words.silent_rules, heard.silent_rules.len());
        for it in &heard.silent_rules {
            let _written = writeln!(text, "{} {}", it.rule, time(bulletin, it.since));
        }
    }
    text
}

fn plain(words: &Words, text: &mut String, line: &Line, indent: &str) {
    let title = clean(&line.title, TITLE);
    let title = if title.is_empty() { words.untitled } else { &title };
    let reason = line.reason.as_ref().and_then(|it| words::said(words, it)).map(|it| format!(" ({})", clean(&it, 200)));
    let (url, reason) = (line.url.as_deref().unwrap_or_default(), reason.unwrap_or_default());
    let _written = writeln!(text, "{indent}{title}, {}{reason}\n{indent}{}", line.source, clean(url, 2000));
}

#[cfg(test)]
mod tests;

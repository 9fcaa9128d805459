//! Why. Every yes and no of every decision carries one of these; the same value serves log, metric, page, mail and test.

use super::Basis;
use super::ItemId;
use super::UpdateKind;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::fmt;

/// The reason of a decision. `code()` is stable and goes into logs and JSON; `Display` is for people: a lower-case
/// fragment without a full stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    // ── a poll ──
    /// The source listed entries that were never seen.
    NewEntries {
        /// How many.
        count: usize,
    },
    /// The source answered, and all it listed was known.
    NothingNew,
    /// The server said that nothing changed.
    NotModified,
    /// The answer was read, but holds no entry.
    NoEntries,
    // ── an entry ──
    /// The entry was in the source before it was watched.
    BeforeWatching,
    /// The entry was older than the first poll looks back.
    OlderThanFirstPoll {
        /// Its age in hours.
        hours: i64,
    },
    /// The entry stands on an older page that was read after a gap, but is from before the gap.
    BeforeGap,
    /// The entry has no address whose page could be read.
    NoAddress,
    // ── asking the world ──
    /// The address guard refused.
    AddressRefused {
        /// Which address and rule.
        detail: String,
    },
    /// No answer in time.
    TimedOut {
        /// During what.
        detail: String,
    },
    /// The connection failed: name, route, TLS.
    ConnectionFailed {
        /// What the network said.
        detail: String,
    },
    /// The server's certificate is not one to trust: expired, for another name, by an unknown authority.
    Certificate {
        /// What is wrong with it.
        detail: String,
    },
    /// The server answered with a status that is no success.
    Status {
        /// The HTTP status code.
        status: u16,
    },
    /// The answer was longer than the limit.
    TooLarge {
        /// The limit in bytes, after decompression.
        limit: u64,
    },
    /// The site asks robots to keep away from the address (RFC 9309), or what it asks cannot be known at present.
    RobotsRefused {
        /// Which rule, or why it is not known.
        detail: String,
    },
    /// Too many redirects, a loop, or a step down from https to http.
    BadRedirect {
        /// What was wrong.
        detail: String,
    },
    /// The answer is no feed, or is too broken to be read as one.
    NotAFeed {
        /// What the reader found.
        detail: String,
    },
    /// The answer is a web page where a feed was expected.
    HtmlPage {
        /// Its title.
        title: String,
    },
    // ── a source's health ──
    /// Fewer entries than usual.
    Shrunk {
        /// How many.
        entries: usize,
        /// How many are usual.
        usual: usize,
    },
    /// Nothing new for longer than its history allows.
    Silent {
        /// How long, in hours.
        hours: i64,
        /// The usual pause between two entries, in minutes.
        usual_minutes: i64,
    },
    /// None of the entries was ever listed before.
    NothingInCommon {
        /// How many.
        entries: usize,
        /// How far older pages were read back, and why no further: a fragment.
        #[serde(default)]
        back: String,
    },
    /// A permanent redirect.
    MovedForGood {
        /// The host that it leads to.
        to: String,
    },
    /// It answers as it should.
    AllRight {
        /// Entries that were new in the answer that ended the trouble.
        new: usize,
    },
    /// A selector of a watched page, or a pointer into a watched document, chose nothing.
    SelectorEmpty {
        /// The selector with its key, as it is configured.
        selector: String,
    },
    /// The page is built by scripts, which do not run here.
    NeedsScripts {
        /// What was seen of it.
        detail: String,
    },
    /// The page was to be rendered, and the rendering service gave none.
    NotRendered {
        /// What became of it.
        detail: String,
    },
    // ── reading an article ──
    /// The page holds no readable text.
    EmptyPage,
    /// The page asks for consent, a login or a proof of being human instead of showing the article.
    Wall {
        /// The words by which it was recognised.
        detail: String,
    },
    /// The page asks for a proof of being human, or blocks programs.
    BotWall {
        /// The words by which it was recognised.
        detail: String,
    },
    /// The page asks for consent to cookies and the like.
    ConsentWall {
        /// The words by which it was recognised.
        detail: String,
    },
    /// The page asks for a login.
    LoginWall {
        /// The words by which it was recognised.
        detail: String,
    },
    /// The page asks for a subscription.
    Paywall {
        /// By what it was recognised.
        detail: String,
    },
    /// The page shows the beginning of the article only.
    TeaserOnly {
        /// By what it was recognised.
        detail: String,
    },
    /// The page says that something is wrong, under a status of success.
    ErrorPage {
        /// The words by which it was recognised.
        detail: String,
    },
    /// The page is another one than the article: a front page, a section, a list.
    NotAnArticle {
        /// By what it was recognised.
        detail: String,
    },
    /// The page shows what other entries of its source show, too.
    RepeatedText {
        /// How many others.
        items: usize,
    },
    /// The answer is a PDF file whose text could not be had.
    PdfUnreadable {
        /// Why.
        detail: String,
    },
    /// What was asked instead of the page gave no article either.
    InItsPlace {
        /// What it was: `amp`, `print`, `alternate`, `mirror`, `rendering`.
        way: Basis,
        /// Its address.
        url: String,
        /// Why it gave none.
        last: Box<Reason>,
    },
    /// The answer is not a page (an image, a film, an archive).
    NotAPage {
        /// Its media type.
        media_type: String,
    },
    /// All tries are used up.
    GaveUp {
        /// How many tries.
        attempts: u32,
        /// The reason of the last one.
        last: Box<Reason>,
    },
    // ── a verdict ──
    /// The query holds.
    Matched {
        /// What made it hold, such as `@court (ICC) and "torture"`.
        because: String,
    },
    /// No term or entity of the query occurs.
    NothingFound,
    /// Some of it occurs, but the query does not hold.
    NotEnough {
        /// What is missing, such as `"torture"`.
        missing: String,
    },
    /// The query would hold but for something that it excludes.
    Excluded {
        /// What it excludes.
        by: String,
    },
    /// The rule does not apply to this language.
    OtherLanguage {
        /// The article's.
        language: String,
    },
    // ── a story ──
    /// The first telling that was seen.
    FirstTelling,
    /// The same address as another item.
    SameAddress {
        /// That item.
        item: ItemId,
    },
    /// The same text, word for word, as another item.
    SameText {
        /// That item.
        item: ItemId,
    },
    /// Nearly the same as another item of the story.
    MuchTheSame {
        /// That item.
        item: ItemId,
        /// What they have in common, in words.
        account: String,
    },
    // ── an outcome of a match ──
    /// Told in an alert.
    Told,
    /// This story was told for this rule already.
    AlreadyTold,
    /// No subscription covers the rule.
    NobodySubscribed,
    /// Everybody who is told of it gets a digest.
    WaitsForDigest {
        /// When the next one is due.
        until: Timestamp,
    },
    /// It is told together with what comes soon after it.
    WaitsForGroup {
        /// When the group is told at the latest, unless the last one was too short a time ago.
        until: Timestamp,
    },
    /// The person does not want to be told at this hour.
    QuietHours {
        /// When they are over.
        until: Timestamp,
    },
    /// A person is told no more than so much; it passes the cap at once, or waits for room and is told with the others.
    Capped {
        /// The cap, in words.
        cap: String,
    },
    /// Somebody silenced it. It is in the digest as such, and nobody is told otherwise.
    Silenced {
        /// The silence's name.
        silence: String,
        /// Who did it.
        by: String,
        /// Why.
        because: String,
        /// When the silence ends.
        until: Timestamp,
    },
    // ── a page that was told, looked at again ──
    /// It says what it said.
    Unchanged,
    /// Words changed, and nothing that was told of it.
    NoFactChanged,
    /// Only its beginning is shown, as behind a paywall: no telling what the rest says.
    OnlyTheBeginning,
    /// It is still gone.
    StillGone,
    /// It seems to be gone or another; another look is to show that before it is told.
    Doubtful {
        /// What was seen.
        detail: String,
    },
    /// The configuration wants no page looked at again.
    SwitchedOff,
    /// It is told as an update.
    Updated {
        /// What happened.
        kind: UpdateKind,
        /// The facts, in words.
        facts: String,
    },
    /// It would be told as an update, but no subscription covers the rules any more.
    NobodyToUpdate {
        /// What happened.
        kind: UpdateKind,
    },
    // ── a delivery ──
    /// The receiver took it.
    Accepted {
        /// Its answer.
        answer: String,
    },
    /// The receiver refused.
    Rejected {
        /// Its answer.
        answer: String,
    },
    /// The message could not be handed over.
    NotHandedOver {
        /// What happened.
        detail: String,
    },
    /// The source is no longer in the configuration, so that nobody says by which way its pages may be asked.
    SourceGone,
    /// The channel is no longer in the configuration.
    ChannelGone,
    /// Found by a rule that looked back over what was read before; told in one list.
    LookedBack,
    /// Somebody asked for another try.
    AskedAgain,
    /// The endpoint is switched off: it wanted no more, or failed for days.
    EndpointOff,
}

impl Reason {
    /// Whether the site asks for something first, of a person or of a program.
    pub fn is_wall(&self) -> bool {
        matches!(
            self,
            Self::Wall { .. }
                | Self::BotWall { .. }
                | Self::ConsentWall { .. }
                | Self::LoginWall { .. }
                | Self::Paywall { .. }
        )
    }

    /// The stable name of the kind, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewEntries { .. } => "new_entries",
            Self::NothingNew => "nothing_new",
            Self::NotModified => "not_modified",
            Self::NoEntries => "no_entries",
            Self::BeforeWatching => "before_watching",
            Self::OlderThanFirstPoll { .. } => "older_than_first_poll",
            Self::BeforeGap => "before_gap",
            Self::NoAddress => "no_address",
            Self::AddressRefused { .. } => "address_refused",
            Self::TimedOut { .. } => "timed_out",
            Self::ConnectionFailed { .. } => "connection_failed",
            Self::Certificate { .. } => "certificate",
            Self::Status { .. } => "status",
            Self::TooLarge { .. } => "too_large",
            Self::RobotsRefused { .. } => "robots_refused",
            Self::BadRedirect { .. } => "bad_redirect",
            Self::NotAFeed { .. } => "not_a_feed",
            Self::HtmlPage { .. } => "html_page",
            Self::Shrunk { .. } => "shrunk",
            Self::Silent { .. } => "silent",
            Self::NothingInCommon { .. } => "nothing_in_common",
            Self::MovedForGood { .. } => "moved_for_good",
            Self::AllRight { .. } => "all_right",
            Self::SelectorEmpty { .. } => "selector_empty",
            Self::NeedsScripts { .. } => "needs_scripts",
            Self::NotRendered { .. } => "not_rendered",
            Self::EmptyPage => "empty_page",
            Self::Wall { .. } => "wall",
            Self::BotWall { .. } => "bot_wall",
            Self::ConsentWall { .. } => "consent_wall",
            Self::LoginWall { .. } => "login_wall",
            Self::Paywall { .. } => "paywall",
            Self::TeaserOnly { .. } => "teaser_only",
            Self::ErrorPage { .. } => "error_page",
            Self::NotAnArticle { .. } => "not_an_article",
            Self::RepeatedText { .. } => "repeated_text",
            Self::PdfUnreadable { .. } => "pdf_unreadable",
            Self::InItsPlace { .. } => "in_its_place",
            Self::NotAPage { .. } => "not_a_page",
            Self::GaveUp { .. } => "gave_up",
            Self::Matched { .. } => "matched",
            Self::NothingFound => "nothing_found",
            Self::NotEnough { .. } => "not_enough",
            Self::Excluded { .. } => "excluded",
            Self::OtherLanguage { .. } => "other_language",
            Self::FirstTelling => "first_telling",
            Self::SameAddress { .. } => "same_address",
            Self::SameText { .. } => "same_text",
            Self::MuchTheSame { .. } => "much_the_same",
            Self::Told => "told",
            Self::AlreadyTold => "already_told",
            Self::NobodySubscribed => "nobody_subscribed",
            Self::WaitsForDigest { .. } => "waits_for_digest",
            Self::WaitsForGroup { .. } => "waits_for_group",
            Self::QuietHours { .. } => "quiet_hours",
            Self::Capped { .. } => "capped",
            Self::Silenced { .. } => "silenced",
            Self::Unchanged => "unchanged",
            Self::NoFactChanged => "no_fact_changed",
            Self::OnlyTheBeginning => "only_the_beginning",
            Self::StillGone => "still_gone",
            Self::Doubtful { .. } => "doubtful",
            Self::SwitchedOff => "switched_off",
            Self::Updated { .. } => "updated",
            Self::NobodyToUpdate { .. } => "nobody_to_update",
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::NotHandedOver { .. } => "not_handed_over",
            Self::SourceGone => "source_gone",
            Self::ChannelGone => "channel_gone",
            Self::LookedBack => "looked_back",
            Self::AskedAgain => "asked_again",
            Self::EndpointOff => "endpoint_off",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewEntries { count: 1 } => formatter.write_str("1 new entry"),
            Self::NewEntries { count } => write!(formatter, "{count} new entries"),
            Self::NothingNew => formatter.write_str("nothing new"),
            Self::NotModified => formatter.write_str("not modified since the last poll"),
            Self::NoEntries => formatter.write_str("the answer was read but lists nothing"),
            Self::BeforeWatching => formatter.write_str("was there before the source was watched"),
            Self::OlderThanFirstPoll { hours } => {
                write!(formatter, "{hours} hours old when its source was first polled")
            }
            Self::BeforeGap => formatter.write_str("stands on an older page, from before the poll that missed entries"),
            Self::NoAddress => formatter.write_str("has no address to read"),
            Self::AddressRefused { detail } => write!(formatter, "address refused: {detail}"),
            Self::TimedOut { detail } => write!(formatter, "timed out: {detail}"),
            Self::ConnectionFailed { detail } => write!(formatter, "connection failed: {detail}"),
            Self::Certificate { detail } => write!(formatter, "certificate: {detail}"),
            Self::Status { status } => write!(formatter, "the server answered {status}"),
            Self::TooLarge { limit } => write!(formatter, "the answer is longer than {limit} bytes"),
            Self::RobotsRefused { detail } => write!(formatter, "robots.txt: {detail}"),
            Self::BadRedirect { detail } => write!(formatter, "redirect not followed: {detail}"),
            Self::NotAFeed { detail } => write!(formatter, "not a feed: {detail}"),
            Self::HtmlPage { title } if title.is_empty() => formatter.write_str("a web page instead of a feed"),
            Self::HtmlPage { title } => write!(formatter, "a web page instead of a feed: {title}"),
            Self::Shrunk { entries, usual } => write!(formatter, "{entries} entries, usually about {usual}"),
            Self::Silent { hours, usual_minutes } => {
                let usual = match usual_minutes {
                    0..=119 => format!("{usual_minutes} min"),
                    120..=2879 => format!("{} h", usual_minutes / 60),
                    _ => format!("{} days", usual_minutes / 1440),
                };
                match hours {
                    0..=47 => write!(formatter, "nothing new for {hours} h, usually something every {usual}"),
                    _ => write!(formatter, "nothing new for {} days, usually something every {usual}", hours / 24),
                }
            }
            Self::NothingInCommon { entries, back } => {
                write!(
                    formatter,
                    "none of its {entries} entries was listed before, so that some may have been missed"
                )?;
                if back.is_empty() { Ok(()) } else { write!(formatter, ": {back}") }
            }
            Self::MovedForGood { to } => write!(formatter, "a permanent redirect to {to}"),
            Self::AllRight { new: 0 } => formatter.write_str("it answers as it should, without news"),
            Self::AllRight { new: 1 } => formatter.write_str("it answers as it should, with 1 new entry"),
            Self::AllRight { new } => write!(formatter, "it answers as it should, with {new} new entries"),
            Self::SelectorEmpty { selector } => write!(formatter, "the selector `{selector}` chooses nothing"),
            Self::NeedsScripts { detail } => write!(formatter, "scripts are to build the page: {detail}"),
            Self::NotRendered { detail } => write!(formatter, "not rendered: {detail}"),
            Self::EmptyPage => formatter.write_str("the page holds no readable text"),
            Self::Wall { detail } => write!(formatter, "a wall instead of what was asked for: {detail}"),
            Self::BotWall { detail } => write!(formatter, "a test for robots instead of the article: {detail}"),
            Self::ConsentWall { detail } => write!(formatter, "a consent form instead of the article: {detail}"),
            Self::LoginWall { detail } => write!(formatter, "a login instead of the article: {detail}"),
            Self::Paywall { detail } => write!(formatter, "a subscription offer instead of the article: {detail}"),
            Self::TeaserOnly { detail } => write!(formatter, "only the beginning of the article: {detail}"),
            Self::ErrorPage { detail } => write!(formatter, "an error page under a status of success: {detail}"),
            Self::NotAnArticle { detail } => write!(formatter, "another page than the article: {detail}"),
            Self::RepeatedText { items } => {
                write!(formatter, "the same text as {items} other entries of its source, which is no article's")
            }
            Self::PdfUnreadable { detail } => write!(formatter, "a PDF file without text that can be read: {detail}"),
            Self::InItsPlace { way, url, last } => write!(formatter, "nor by {} ({url}): {last}", way.as_str()),
            Self::NotAPage { media_type } => write!(formatter, "not a page but {media_type}"),
            Self::GaveUp { attempts, last } => write!(formatter, "given up after {attempts} tries: {last}"),
            Self::Matched { because } => formatter.write_str(because),
            Self::NothingFound => formatter.write_str("nothing that the rule asks for occurs"),
            Self::NotEnough { missing } => write!(formatter, "missing: {missing}"),
            Self::Excluded { by } => write!(formatter, "excluded by {by}"),
            Self::OtherLanguage { language } => write!(formatter, "the rule is not for language {language}"),
            Self::FirstTelling => formatter.write_str("the first telling of its story"),
            Self::SameAddress { item } => write!(formatter, "the same address as item {item}"),
            Self::SameText { item } => write!(formatter, "the same text as item {item}"),
            Self::MuchTheSame { item, account } => write!(formatter, "a copy of item {item}: {account}"),
            Self::Told => formatter.write_str("told"),
            Self::AlreadyTold => formatter.write_str("its story was told for this rule already"),
            Self::NobodySubscribed => formatter.write_str("no subscription covers the rule"),
            Self::WaitsForDigest { until } => write!(formatter, "waits for the digest of {until:.0}"),
            Self::WaitsForGroup { until } => {
                write!(formatter, "waits for others until {until:.0}, to be told together")
            }
            Self::QuietHours { until } => write!(formatter, "quiet hours until {until:.0}"),
            Self::Capped { cap } => write!(formatter, "at most {cap} to one person"),
            Self::Silenced { silence, by, because, until } => {
                write!(formatter, "silence `{silence}` of {by} until {until:.0}: {because}")
            }
            Self::Unchanged => formatter.write_str("it says what it said"),
            Self::NoFactChanged => formatter.write_str("some words are others, nothing that was told of it"),
            Self::OnlyTheBeginning => formatter.write_str("only its beginning is shown, unchanged"),
            Self::StillGone => formatter.write_str("it is still gone"),
            Self::Doubtful { detail } => write!(formatter, "another look is to show whether {detail}"),
            Self::SwitchedOff => formatter.write_str("no page is looked at again by the configuration in force"),
            Self::Updated { kind, facts } => write!(formatter, "told as {}: {facts}", kind.as_str()),
            Self::NobodyToUpdate { kind } => {
                write!(formatter, "{}, and no subscription covers the rules it was told for", kind.as_str())
            }
            Self::Accepted { answer } => write!(formatter, "accepted: {answer}"),
            Self::Rejected { answer } => write!(formatter, "rejected: {answer}"),
            Self::NotHandedOver { detail } => write!(formatter, "not handed over: {detail}"),
            Self::SourceGone => formatter.write_str("the source is no longer configured"),
            Self::ChannelGone => formatter.write_str("the channel is no longer configured"),
            Self::LookedBack => formatter.write_str("found by looking back, and told in one list"),
            Self::AskedAgain => formatter.write_str("tried again on request"),
            Self::EndpointOff => formatter.write_str("the endpoint is switched off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn the_code_is_the_tag_in_json() {
        for reason in [
            Reason::NewEntries { count: 2 },
            Reason::OlderThanFirstPoll { hours: 30 },
            Reason::GaveUp { attempts: 6, last: Box::new(Reason::EmptyPage) },
            Reason::NobodySubscribed,
        ] {
            let json = serde_json::to_value(&reason).expect("a reason is JSON");
            assert_eq!(json["code"], reason.code());
        }
    }
}

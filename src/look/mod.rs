//! The fourth decision: (what was told, reply, rules, now) → the page says what it said, it is looked at again, or an
//! update of the story with its deliveries. Pure.
//!
//! What could not be seen is never told: a wall, an outage or robots.txt only means another look. What would alarm people
//! for nothing (a page that seems to be gone, a text that is suddenly another) is told when a second look shows it too.

use crate::channel::ChannelPlan;
use crate::evidence::Capture;
use crate::evidence::Keep;
use crate::evidence::Kept;
use crate::evidence::Kind;
use crate::evidence::Record;
use crate::evidence::pack::pack;
use crate::model::Alert;
use crate::model::AlertId;
use crate::model::Article;
use crate::model::Digest;
use crate::model::Fault;
use crate::model::Item;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::Update;
use crate::model::UpdateKind;
use crate::model::Verdict;
use crate::model::alert::RuleTold;
use crate::model::update::FirstTelling;
use crate::poll::Validators;
use crate::read;
use crate::read::NewAlert;
use crate::route;
use crate::route::People;
use crate::route::Silence;
use crate::route::Subscription;
use crate::rule::RuleSet;
use crate::text::language;
use jiff::SignedDuration;
use jiff::Timestamp;

mod correction;
mod diff;
mod facts;
mod removal;
mod share;
#[cfg(test)]
mod tests;

/// How long after the first look that finds a page gone the second follows, at most; a sixth of the first look's time
/// where that is less.
const CONFIRM: SignedDuration = SignedDuration::from_mins(10);

/// Longest text that is compared, in bytes.
const LONGEST: usize = 300_000;

/// With a smaller share of the told text on the page it is another text, and that is told only when it is seen twice.
const REWRITTEN: f64 = 0.5;

/// A page that was told, to be looked at again.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The item.
    pub item: Item,
    /// The alert that was told last.
    pub alert: AlertId,
    /// What it says.
    pub told: Alert,
    /// The text that this rests on.
    pub article: Article,
    /// The address that answered when it was judged.
    pub final_url: String,
    /// When `article` was read.
    pub read_at: Timestamp,
    /// The highest revision that its story was told in.
    pub revision: u32,
    /// What receivers were sent first.
    pub first: Vec<FirstTelling>,
    /// When it was told first: looks are counted from there.
    pub began_at: Timestamp,
    /// Which of the looks this is, from 0.
    pub step: usize,
    /// Tries of this look that failed.
    pub attempts: u32,
    /// It was told that the page is gone.
    pub gone: bool,
    /// What the look before made doubtful.
    pub suspected: Option<Reason>,
    /// Of the answer that `article` was read from, where it had any.
    pub validators: Validators,
}

impl Look {
    /// With what the page is asked whether it has changed, so that it need not be sent. The last of `steps` looks asks
    /// for the whole page, and so does whoever was told that it is gone: some servers say "not modified" for good.
    pub fn condition(&self, steps: usize) -> Option<&Validators> {
        let asks = !self.gone && self.step + 1 < steps && self.validators != Validators::default();
        asks.then_some(&self.validators)
    }

    /// The same with the told text as `article` has it, read from the kept bytes by the extractor of now: else a newer
    /// Atalaya would take its own progress for an edit.
    #[must_use]
    pub fn reread(self, article: Article) -> Self {
        if article.text.trim().is_empty() {
            return self;
        }
        Self { article: completed(article, &self), ..self }
    }
}

/// What the world answered to a look.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// A page came.
    Page {
        /// What could be read of it.
        article: Box<Article>,
        /// The address that answered, after redirects.
        url: String,
        /// Why it is not taken for the article, if it is not.
        refused: Option<Reason>,
        /// Byte for byte.
        capture: Capture,
        /// What it can be asked with, the next time; none for what scripts made of it.
        validators: Validators,
    },
    /// 304: it is what it was when it was read last.
    NotModified,
    /// 404 or 410.
    Gone {
        /// The status code.
        status: u16,
        /// Byte for byte.
        capture: Capture,
    },
    /// No answer that says anything of the page.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// What the configuration in force says about looks.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// Who is told.
    pub subscriptions: &'a [Subscription],
    /// Who they are.
    pub people: &'a People,
    /// What is muted.
    pub silences: &'a [Silence],
    /// By which channels.
    pub channels: &'a [ChannelPlan],
    /// How long after the alert each look comes, ascending.
    pub steps: &'a [SignedDuration],
    /// The pause before each further try of a look that failed.
    pub retry: &'a [SignedDuration],
    /// Which looks are kept.
    pub keep: Keep,
}

/// All that one look changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What was found.
    pub reason: Reason,
    /// What comes next.
    pub after: After,
    /// Whether people know, or need not be told any more, that the page is gone.
    pub gone: bool,
    /// What the next look is to confirm.
    pub suspected: Option<Reason>,
    /// The text that later looks are compared with, where it is a new one.
    pub article: Option<Article>,
    /// What is told.
    pub alert: Option<NewAlert>,
    /// What is kept of the look.
    pub evidence: Option<Kept>,
    /// Those of the text that later looks are compared with; `None` leaves them as they are.
    pub validators: Option<Validators>,
}

/// When a page is looked at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// Which look that is.
    pub step: usize,
    /// Tries of it that failed.
    pub attempts: u32,
    /// When; `None` when no look is left.
    pub at: Option<Timestamp>,
}

/// Decides what one look changes.
pub fn decide(standing: &Standing<'_>, look: &Look, reply: Reply, now: Timestamp) -> Decision {
    match removal::see(look, reply) {
        Seen::Failed { fault, reason } => again(standing, look, fault, reason, now),
        Seen::Gone { .. } if look.gone => {
            Decision { gone: true, ..nothing(Reason::StillGone, after(standing, look, now)) }
        }
        Seen::Gone { detail, capture } => {
            let evidence = kept(standing, look, None, capture, now);
            if look.suspected.is_none() {
                return doubtful(standing, look, detail, evidence, now);
            }
            let update = update(look, UpdateKind::Removed, vec![detail]);
            Decision { gone: true, evidence, ..tell(standing, look, update, None, &[], now) }
        }
        Seen::Page { article, capture, validators } => {
            let decision = present(standing, look, completed(*article, look), capture, now);
            // Of what is in doubt, or only the beginning, "not modified" would say nothing.
            let is_known = decision.suspected.is_none() && decision.reason != Reason::OnlyTheBeginning;
            Decision { validators: is_known.then_some(validators), ..decision }
        }
        Seen::Unchanged => nothing(Reason::Unchanged, after(standing, look, now)),
    }
}

/// As much of a text as is compared: no article is longer, and what a hostile page sends takes no time.
fn compared(article: &Article) -> Article {
    let text = &article.text[..article.text.floor_char_boundary(LONGEST)];
    Article { text: text.to_owned(), ..article.clone() }
}

/// What a reply shows.
enum Seen {
    /// The page, as it is now.
    Page { article: Box<Article>, capture: Capture, validators: Validators },
    /// That it says what it said.
    Unchanged,
    /// It is gone: in words.
    Gone { detail: String, capture: Capture },
    /// Nothing.
    Failed { fault: Fault, reason: Reason },
}

/// The page is there.
fn present(standing: &Standing<'_>, look: &Look, article: Article, capture: Capture, now: Timestamp) -> Decision {
    let (old, new) = (compared(&look.article), compared(&article));
    let same = share::letters(&article.text) == share::letters(&look.article.text);
    let found = facts::compare(standing.rules, look, &old, &new);
    let correction = correction::find(&old.text, &new.text);
    let evidence = |article: &Article| kept(standing, look, Some(article), capture, now);
    let kind = match (look.gone, &correction) {
        (true, _) => UpdateKind::Restored,
        (false, Some(_)) => UpdateKind::Corrected,
        (false, None) => UpdateKind::Edited,
    };
    let mut told = Vec::new();
    if look.gone {
        told.push("the page is there again".to_owned());
    }
    told.extend(correction.map(|notice| format!("a notice of correction: “{notice}”")));
    if !same && told.is_empty() && share::is_beginning(&old.text, &new.text) {
        return Decision {
            evidence: evidence(&article),
            ..nothing(Reason::OnlyTheBeginning, after(standing, look, now))
        };
    }
    told.extend(found.facts);
    if told.is_empty() {
        let reason = if same { Reason::Unchanged } else { Reason::NoFactChanged };
        let evidence = if same { None } else { evidence(&article) };
        return Decision { evidence, ..nothing(reason, after(standing, look, now)) };
    }
    let share = share::share(&old.text, &new.text);
    if kind == UpdateKind::Edited && share < REWRITTEN && look.suspected.is_none() {
        let detail = format!("most of its text is another: {}", told.join("; "));
        return doubtful(standing, look, detail, evidence(&article), now);
    }
    let (diff, more) = diff::diff(&old, &new);
    let evidence = evidence(&article);
    let update = Update { diff, more, ..update(look, kind, told) };
    Decision { evidence, ..tell(standing, look, update, Some(article), &found.matched, now) }
}

/// Nobody is told anything.
fn nothing(reason: Reason, after: After) -> Decision {
    Decision {
        reason,
        after,
        gone: false,
        suspected: None,
        article: None,
        alert: None,
        evidence: None,
        validators: None,
    }
}

/// Nobody knows: another try, or the next look.
fn again(standing: &Standing<'_>, look: &Look, fault: Fault, reason: Reason, now: Timestamp) -> Decision {
    let next = after(standing, look, now);
    let pause = standing.retry.get(look.attempts as usize).filter(|_| fault != Fault::Permanent);
    let retried = pause.map(|pause| {
        let regular = now.saturating_add(*pause).unwrap_or(Timestamp::MAX);
        match fault {
            Fault::Throttled { until: Some(until) } => regular.max(until),
            _ => regular,
        }
    });
    let after = match (retried, next.at) {
        (Some(at), Some(regular)) if at >= regular => next,
        (Some(at), _) => After { step: look.step, attempts: look.attempts + 1, at: Some(at) },
        (None, _) => next,
    };
    Decision { gone: look.gone, suspected: look.suspected.clone(), ..nothing(reason, after) }
}

/// The same look once more, soon.
fn doubtful(standing: &Standing<'_>, look: &Look, detail: String, evidence: Option<Kept>, now: Timestamp) -> Decision {
    let first = standing.steps.first().copied().unwrap_or(CONFIRM);
    let pause = (first / 6).min(CONFIRM);
    let at = Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX));
    let reason = Reason::Doubtful { detail };
    let after = After { step: look.step, attempts: 0, at };
    Decision { gone: look.gone, suspected: Some(reason.clone()), evidence, ..nothing(reason, after) }
}

/// The next look that is not over already: a tower that slept for a week does not look three times in a row.
fn after(standing: &Standing<'_>, look: &Look, now: Timestamp) -> After {
    let due = |step: usize| look.began_at.saturating_add(standing.steps[step]).unwrap_or(Timestamp::MAX);
    let step = (look.step + 1..standing.steps.len()).find(|step| due(*step) > now);
    After { step: step.unwrap_or(standing.steps.len()), attempts: 0, at: step.map(due) }
}

fn update(look: &Look, kind: UpdateKind, facts: Vec<String>) -> Update {
    Update { kind, before: look.read_at, facts, diff: Vec::new(), more: 0, first: look.first.clone() }
}

/// Makes the alert and its deliveries: to whoever a subscription covers now, for the rules that were told and those that
/// match since.
fn tell(
    standing: &Standing<'_>,
    look: &Look,
    update: Update,
    article: Option<Article>,
    matched: &[Verdict],
    now: Timestamp,
) -> Decision {
    let (kind, facts) = (update.kind, update.facts.join("; "));
    let after = after(standing, look, now);
    let mut rules = look.told.rules.clone();
    for verdict in matched {
        match rules.iter_mut().find(|rule| rule.name == verdict.rule) {
            Some(rule) => rule.reason = verdict.reason.clone(),
            None => rules.push(RuleTold {
                name: verdict.rule.clone(),
                label: standing.rules.label_of_rule(&verdict.rule).to_owned(),
                reason: verdict.reason.clone(),
            }),
        }
    }
    let mut names: Vec<RuleName> = rules.iter().map(|rule| rule.name.clone()).collect();
    let (source, story) = (&look.item.source, &look.told.story_key);
    let muted = read::muted(standing.silences, matched, &names, source, story, now);
    names.retain(|rule| !muted.contains_key(rule));
    let subject = route::Subject { rules: &names, source, language: look.told.language.as_ref() };
    let routes = read::routes(&subject, standing.subscriptions, standing.people, standing.channels, now);
    if routes.is_empty() {
        return Decision { article, ..nothing(Reason::NobodyToUpdate { kind }, after) };
    }
    let told = &look.told;
    let mut alert = Alert {
        revision: look.revision + 1,
        rules,
        judged_at: now,
        basis: article.as_ref().map_or(told.basis, |article| article.basis),
        unread: None,
        copy_of: None,
        update: Some(update),
        ..told.clone()
    };
    if let Some(article) = &article {
        let judgement = standing.rules.judge(&read::judged(&look.item, article, &look.final_url));
        alert.excerpts = standing.rules.excerpts(&article.title, &article.text, matched);
        alert.entities = read::entities_told(standing.rules, &judgement);
        alert.title.clone_from(&article.title);
        alert.byline = article.byline.clone().or(alert.byline);
    }
    let (deliveries, held) = read::addressed(&alert, routes);
    let alert = Some(NewAlert { alert, deliveries, held, look_at: None });
    Decision { article, alert, ..nothing(Reason::Updated { kind, facts }, after) }
}

/// A look that shows something is kept like a reading; one that shows what was kept already is a line in the database.
fn kept(
    standing: &Standing<'_>,
    look: &Look,
    article: Option<&Article>,
    capture: Capture,
    now: Timestamp,
) -> Option<Kept> {
    if !standing.keep.holds(true) {
        return None;
    }
    let Item { id, source, entry, listed_at, .. } = look.item.clone();
    let record = Record {
        kind: Kind::Look,
        item: id,
        source,
        entry,
        listed_at,
        taken_at: now,
        method: article.map_or_else(|| "none".to_owned(), |article| article.method.clone()),
        text: Digest::of(article.map_or("", |article| &article.text).as_bytes()),
        exchanges: capture.exchanges,
        read_for: None,
    };
    Some(Kept { record, bodies: capture.bodies.iter().map(|body| pack(body)).collect() })
}

/// The article with what the page does not say of itself: the told headline, and the language of its text.
fn completed(mut article: Article, look: &Look) -> Article {
    if article.title.trim().is_empty() {
        article.title.clone_from(&look.article.title);
    }
    article.language = language::detect(&article.title, &article.text, article.language.as_ref());
    article
}

//! The second decision: (item, reply, rules, subscriptions, look-alikes, now) → article, verdicts, story, alerts and
//! deliveries, or another try, or an honest "could not read". Pure.

use crate::article;
use crate::channel::ChannelPlan;
use crate::evidence::Capture;
use crate::evidence::Keep;
use crate::evidence::Kept;
use crate::evidence::Kind;
use crate::evidence::Record;
use crate::evidence::pack::pack;
use crate::model::Alert;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Digest;
use crate::model::EntityName;
use crate::model::Fault;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::Judgement;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::Verdict;
use crate::model::alert::EntityTold;
use crate::model::alert::RuleTold;
use crate::route;
use crate::route::Subscription;
use crate::rule;
use crate::rule::RuleSet;
use crate::story;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use crate::story::Relation;
use crate::text::language;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the world answered to the reading of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The page was read.
    Article {
        /// What it says.
        article: Box<Article>,
        /// The address that answered, after redirects.
        url: String,
        /// What was asked and answered, byte for byte.
        proof: Proof,
    },
    /// It was not.
    Failed {
        /// What helps.
        fault: Fault,
        /// What happened.
        reason: Reason,
    },
}

/// Where the bytes are that a text was read from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proof {
    /// There are none: the text is the entry's own.
    #[default]
    Entry,
    /// Here.
    Capture(Arc<Capture>),
    /// The page had been read for this item a moment before, and was not asked again.
    ReadFor(ItemId),
}

/// All that one reading changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The item was judged.
    Judged(Box<Judged>),
    /// The page is asked for again later.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed this time.
        reason: Reason,
    },
    /// All tries are used up. If the feed's own text satisfies a rule, people are told all the same: `judged` then
    /// holds that text as the article, and only its positive verdicts.
    Unreadable {
        /// Why.
        reason: Reason,
        /// What the feed's own text was enough for.
        judged: Option<Box<Judged>>,
    },
}

/// An article with everything that follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What was read.
    pub article: Article,
    /// The address that answered, after redirects.
    pub final_url: String,
    /// How later copies find it.
    pub fingerprint: Fingerprint,
    /// The story that it belongs to.
    pub relation: Relation,
    /// One verdict per rule.
    pub judgement: Judgement,
    /// One per rule that matched.
    pub outcomes: Vec<Outcome>,
    /// At most one at present: all rules of the item that are told now.
    pub alert: Option<NewAlert>,
    /// What is kept of the reading, if anything is.
    pub evidence: Option<Kept>,
}

/// An alert to be written together with its deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAlert {
    /// What is told.
    pub alert: Alert,
    /// Who is told.
    pub deliveries: Vec<NewDelivery>,
}

/// One alert to one receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// Its identity, made by `route::delivery_id`.
    pub id: DeliveryId,
    /// The channel.
    pub channel: ChannelName,
    /// The receiver, one of the channel's.
    pub receiver: String,
    /// The rules that this receiver subscribed to.
    pub rules: Vec<RuleName>,
}

/// What the configuration in force says about reading.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// Who is told.
    pub subscriptions: &'a [Subscription],
    /// By which channels.
    pub channels: &'a [ChannelPlan],
    /// The pause before each further try.
    pub retry: &'a [SignedDuration],
    /// Which readings are kept.
    pub keep: Keep,
}

/// What an item can be judged on.
#[derive(Clone, Debug, PartialEq)]
pub enum Ground {
    /// On this text.
    Text(Box<Text>),
    /// On nothing yet: the page is asked for again.
    Again {
        /// When.
        at: Timestamp,
        /// Why it failed this time.
        reason: Reason,
    },
}

/// A text to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The article.
    pub article: Article,
    /// The address that answered.
    pub final_url: String,
    /// How its copies are found.
    pub fingerprint: Fingerprint,
    /// Set when the page could not be read and this is only the feed's own text.
    pub unread: Option<Reason>,
    /// Where its bytes are.
    pub proof: Proof,
}

/// What an item brings along: the whole text, where no page stands behind its entry. Nothing is asked for then.
pub fn brought(item: &Item) -> Option<Ground> {
    let place = item.entry.place.as_ref().filter(|_| item.entry.link.is_none())?;
    let article = Article { method: "listing".into(), ..from_entry(item) };
    // The place is the page's, and would make all that the page lists one story.
    let fingerprint = Fingerprint { addresses: Vec::new(), text: story::text_hash(&article.text) };
    Some(Ground::Text(Box::new(Text {
        article,
        final_url: place.clone(),
        fingerprint,
        unread: None,
        proof: Proof::Entry,
    })))
}

/// Settles what an item is judged on. A page that could not be read is asked for again until the tries are used up;
/// then the feed's own text is all there is.
pub fn ground(item: &Item, reply: Reply, retry: &[SignedDuration], now: Timestamp) -> Ground {
    let listed = item.entry.link.as_deref();
    let (fault, reason) = match reply {
        Reply::Article { article, url, proof } => {
            let article = completed(*article, item);
            let fingerprint = story::fingerprint(listed, &url, article.canonical_url.as_deref(), &article.text);
            return Ground::Text(Box::new(Text { article, final_url: url, fingerprint, unread: None, proof }));
        }
        Reply::Failed { fault, reason } => (fault, reason),
    };
    if let (Fault::Transient | Fault::Throttled { .. }, Some(pause)) = (fault, retry.get(item.attempts as usize)) {
        let regular = now.saturating_add(*pause).unwrap_or(Timestamp::MAX);
        let at = match fault {
            Fault::Throttled { until: Some(until) } => regular.max(until),
            _ => regular,
        };
        return Ground::Again { at, reason };
    }
    let reason = Reason::GaveUp { attempts: item.attempts + 1, last: Box::new(reason) };
    let article = from_entry(item);
    let final_url = listed.unwrap_or_default().to_owned();
    // The teaser of a page that nobody read must not make a page that somebody reads later a copy of it by its words.
    let fingerprint = Fingerprint { text: None, ..story::fingerprint(listed, &final_url, None, "") };
    Ground::Text(Box::new(Text { article, final_url, fingerprint, unread: Some(reason), proof: Proof::Entry }))
}

/// Decides what one text changes: verdicts, story, outcomes, alert and deliveries.
pub fn decide(standing: &Standing<'_>, item: &Item, text: Text, lookalikes: &[Lookalike], now: Timestamp) -> Decision {
    let Text { article, final_url, fingerprint, unread, proof } = text;
    let mut judgement = standing.rules.judge(&judged(item, &article, &final_url));
    if unread.is_some() {
        // Undecided is not unmatched: without the body only a yes is certain.
        judgement.verdicts.retain(|verdict| verdict.matched);
    }
    let matched: Vec<RuleName> =
        judgement.verdicts.iter().filter(|verdict| verdict.matched).map(|verdict| verdict.rule.clone()).collect();
    let relation = story::relate(&fingerprint, lookalikes, story::key(&item.source, &item.entry));
    let told_before: &[RuleName] = match &relation {
        Relation::New { .. } => &[],
        Relation::Copy { told, .. } => told,
    };
    let untold: Vec<RuleName> = matched.iter().filter(|rule| !told_before.contains(rule)).cloned().collect();
    let receivers = route::route(&untold, standing.subscriptions, |name| {
        standing
            .channels
            .iter()
            .find(|plan| plan.name == *name)
            .map(|plan| plan.channel.receivers())
            .unwrap_or_default()
    });
    let outcomes: Vec<Outcome> = matched
        .iter()
        .map(|rule| {
            let (kind, reason) = if told_before.contains(rule) {
                (OutcomeKind::Merged, Reason::AlreadyTold)
            } else if receivers.values().any(|rules| rules.contains(rule)) {
                (OutcomeKind::Alerted, Reason::Told)
            } else {
                (OutcomeKind::Held, Reason::NobodySubscribed)
            };
            Outcome { rule: rule.clone(), kind, reason }
        })
        .collect();
    let told: Vec<RuleName> =
        outcomes.iter().filter(|it| it.kind == OutcomeKind::Alerted).map(|it| it.rule.clone()).collect();
    let alert = (!told.is_empty()).then(|| {
        let alert = alert(standing.rules, item, &article, &judgement, &told, &relation, unread.clone(), now);
        let deliveries = receivers
            .into_iter()
            .map(|((channel, receiver), rules)| NewDelivery {
                id: route::delivery_id(&rules, &alert.story_key, alert.revision, &channel, &receiver),
                channel,
                receiver,
                rules,
            })
            .collect();
        NewAlert { alert, deliveries }
    });
    let evidence = standing.keep.holds(!matched.is_empty()).then(|| kept(item, &article, &proof, now));
    let judged = Box::new(Judged { article, final_url, fingerprint, relation, judgement, outcomes, alert, evidence });
    match unread {
        None => Decision::Judged(judged),
        Some(reason) => Decision::Unreadable { reason, judged: (!matched.is_empty()).then_some(judged) },
    }
}

/// What the rules see of an item: its article, and what its entry adds.
fn judged<'a>(item: &'a Item, article: &'a Article, final_url: &'a str) -> rule::Text<'a> {
    rule::Text {
        title: &article.title,
        body: &article.text,
        authors: if item.entry.authors.is_empty() { article.byline.as_slice() } else { &item.entry.authors },
        tags: &item.entry.tags,
        url: final_url,
        source: item.source.as_str(),
        language: article.language.as_ref(),
    }
}

/// What is kept of a reading.
fn kept(item: &Item, article: &Article, proof: &Proof, now: Timestamp) -> Kept {
    let (exchanges, bodies, read_for) = match proof {
        Proof::Entry => (Vec::new(), Vec::new(), None),
        Proof::ReadFor(twin) => (Vec::new(), Vec::new(), Some(*twin)),
        Proof::Capture(capture) => {
            (capture.exchanges.clone(), capture.bodies.iter().map(|body| pack(body)).collect(), None)
        }
    };
    let record = Record {
        kind: Kind::Reading,
        item: item.id,
        source: item.source.clone(),
        entry: item.entry.clone(),
        listed_at: item.listed_at,
        taken_at: now,
        method: article.method.clone(),
        text: Digest::of(article.text.as_bytes()),
        exchanges,
        read_for,
    };
    Kept { record, bodies }
}

/// Everything that a message is made of, for the rules that are told.
#[expect(clippy::too_many_arguments, reason = "an alert is made of all of this, in one place only")]
fn alert(
    rules: &RuleSet,
    item: &Item,
    article: &Article,
    judgement: &Judgement,
    told: &[RuleName],
    relation: &Relation,
    unread: Option<Reason>,
    now: Timestamp,
) -> Alert {
    let (story_key, copy_of) = match relation {
        Relation::New { key } => (key.clone(), None),
        Relation::Copy { key, title, .. } => (key.clone(), Some(title.clone())),
    };
    let verdicts: Vec<&Verdict> = judgement.verdicts.iter().filter(|verdict| told.contains(&verdict.rule)).collect();
    Alert {
        story_key,
        revision: 1,
        rules: verdicts
            .iter()
            .map(|verdict| RuleTold {
                name: verdict.rule.clone(),
                label: rules.label_of_rule(&verdict.rule).to_owned(),
                reason: verdict.reason.clone(),
            })
            .collect(),
        entities: entities_told(rules, judgement),
        excerpts: rules.excerpts(&article.title, &article.text, verdicts.iter().copied()),
        title: article.title.clone(),
        url: item.entry.link.clone().or_else(|| item.entry.place.clone()).unwrap_or_default(),
        source: item.source.clone(),
        site_name: article.site_name.clone(),
        byline: article.byline.clone(),
        language: judgement.language.clone().or_else(|| article.language.clone()),
        published: article.published.or(item.entry.published),
        listed_at: item.listed_at,
        judged_at: now,
        unread,
        copy_of,
    }
}

/// The entities that the article mentions, most mentioned first, each with the forms that it has there.
fn entities_told(rules: &RuleSet, judgement: &Judgement) -> Vec<EntityTold> {
    let mut entities: BTreeMap<&EntityName, EntityTold> = BTreeMap::new();
    for mention in &judgement.mentions {
        let Some(name) = &mention.entity else { continue };
        let told = entities.entry(name).or_insert_with(|| EntityTold {
            name: name.clone(),
            label: rules.label_of_entity(name).to_owned(),
            forms: Vec::new(),
            mentions: 0,
        });
        told.mentions += 1;
        if !told.forms.contains(&mention.text) {
            told.forms.push(mention.text.clone());
        }
    }
    let mut entities: Vec<EntityTold> = entities.into_values().collect();
    entities.sort_by(|left, right| right.mentions.cmp(&left.mentions).then_with(|| left.name.cmp(&right.name)));
    entities
}

/// The article with what the page did not tell taken from the feed, and its language found in the text.
fn completed(mut article: Article, item: &Item) -> Article {
    if article.title.trim().is_empty() {
        article.title.clone_from(&item.entry.title);
    }
    article.published = article.published.or(item.entry.published);
    article.modified = article.modified.or(item.entry.updated);
    article.language = language::detect(&article.title, &article.text, article.language.as_ref());
    article
}

/// What the feed itself says, as an article.
fn from_entry(item: &Item) -> Article {
    let entry = &item.entry;
    let html = entry.content.as_deref().or(entry.summary.as_deref()).unwrap_or_default();
    let text = article::plain_text(html);
    Article {
        language: language::detect(&entry.title, &text, None),
        title: entry.title.clone(),
        byline: entry.authors.first().cloned(),
        published: entry.published,
        modified: entry.updated,
        text,
        method: "feed".into(),
        ..Article::default()
    }
}

//! The second decision: (item, reply, rules, subscriptions, look-alikes, now) → article, verdicts, story, alerts and
//! deliveries, or another try, or an honest "could not read". Pure. [`ground`](mod@ground) settles on which text, this file what
//! follows from it.

use crate::channel::ChannelPlan;
use crate::evidence::Keep;
use crate::evidence::Kept;
use crate::evidence::Kind;
use crate::evidence::Record;
use crate::evidence::pack::pack;
use crate::model::Alert;
use crate::model::Alternate;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::DeliveryId;
use crate::model::Digest;
use crate::model::EntityName;
use crate::model::Item;
use crate::model::Judgement;
use crate::model::Level;
use crate::model::Outcome;
use crate::model::OutcomeKind;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::SubscriptionName;
use crate::model::Verdict;
use crate::model::alert::EntityTold;
use crate::model::alert::RuleTold;
use crate::route;
use crate::route::Match;
use crate::route::People;
use crate::route::Route;
use crate::route::Silence;
use crate::route::Subscription;
use crate::route::When;
use crate::rule;
use crate::rule::RuleSet;
use crate::story;
use crate::story::Fingerprint;
use crate::story::Lookalike;
use crate::story::Relation;
use crate::story::Resemblance;
use crate::story::Sketch;
use crate::story::Thresholds;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub mod ground;

pub use ground::FROM_FEED;
pub use ground::Ground;
pub use ground::Proof;
pub use ground::Reply;
pub use ground::Text;
pub use ground::Trying;
pub use ground::brought;
pub use ground::ground;
pub use ground::is_whole_in_feed;
pub use ground::may_ask_elsewhere;
pub use ground::text_of_entry;
pub use ground::turns_elsewhere;

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
    /// What was read besides and not judged, unless the entry itself holds it.
    pub alternate: Option<Alternate>,
    /// How later copies find it.
    pub fingerprint: Fingerprint,
    /// How copies with other words around them find it (`story::Sketch::to_bytes`).
    pub sketch: Option<Vec<u8>>,
    /// Whether it was compared with all that was told of late.
    pub weighed: bool,
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
    /// Who is told now.
    pub deliveries: Vec<NewDelivery>,
    /// Who is told later.
    pub held: Vec<NewHeld>,
    /// When the page is first looked at again, if it is.
    pub look_at: Option<Timestamp>,
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

/// One alert that is held for one receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct NewHeld {
    /// The channel.
    pub channel: ChannelName,
    /// The receiver, one of the channel's.
    pub receiver: String,
    /// With what else it is told (`route::When::Later`).
    pub lane: Option<SubscriptionName>,
    /// The rules that this receiver subscribed to.
    pub rules: Vec<RuleName>,
    /// How pressing it is.
    pub level: Level,
    /// Until when.
    pub due_at: Timestamp,
    /// Why.
    pub why: Reason,
}

/// What the configuration in force says about reading.
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
    /// The pause before each further try.
    pub retry: &'a [SignedDuration],
    /// Which readings are kept.
    pub keep: Keep,
    /// From where on articles are alike.
    pub stories: &'a Thresholds,
    /// How long after the alert its page is looked at again.
    pub look_again: &'a [SignedDuration],
}

/// Decides what one text changes: verdicts, story, outcomes, alert and deliveries.
pub fn decide(standing: &Standing<'_>, item: &Item, text: Text, lookalikes: &[Lookalike], now: Timestamp) -> Decision {
    let Text { article, final_url, alternate, fingerprint, unread, proof, weighed } = text;
    let mut judgement = standing.rules.judge(&judged(item, &article, &final_url));
    if unread.is_some() {
        // Undecided is not unmatched: without the body only a yes is certain.
        judgement.verdicts.retain(|verdict| verdict.matched);
    }
    let matched: Vec<RuleName> =
        judgement.verdicts.iter().filter(|verdict| verdict.matched).map(|verdict| verdict.rule.clone()).collect();
    // A teaser is no copy of what it is the beginning of, and a block of a watched page is too short to be one.
    let sketch =
        (unread.is_none() && !fingerprint.addresses.is_empty()).then(|| Sketch::of(&article.title, &article.text));
    // What is weighed would be told: what it would say is looked for in what was said.
    let said =
        if weighed { standing.rules.excerpts(&article.title, &article.text, &judgement.verdicts) } else { Vec::new() };
    let resemblance = sketch.as_ref().map(|sketch| Resemblance {
        sketch,
        language: judgement.language.as_ref(),
        source: &item.source,
        now,
        thresholds: standing.stories,
        said: &said,
    });
    let relation = story::relate(&fingerprint, resemblance, lookalikes, story::key(&item.source, &item.entry));
    let told_before: &[RuleName] = match &relation {
        Relation::New { .. } => &[],
        Relation::Copy { told, .. } => told,
    };
    let mut untold: Vec<RuleName> = matched.iter().filter(|rule| !told_before.contains(rule)).cloned().collect();
    let story_key = match &relation {
        Relation::New { key } | Relation::Copy { key, .. } => key,
    };
    let muted = muted(standing.silences, &judgement.verdicts, &untold, &item.source, story_key, now);
    untold.retain(|rule| !muted.contains_key(rule));
    let language = judgement.language.as_ref().or(article.language.as_ref());
    let subject = route::Subject { rules: &untold, source: &item.source, language };
    let routes = routes(&subject, standing.subscriptions, standing.people, standing.channels, now);
    let outcomes: Vec<Outcome> = matched
        .iter()
        .map(|rule| {
            let (kind, reason) = match muted.get(rule) {
                _ if told_before.contains(rule) => (OutcomeKind::Merged, Reason::AlreadyTold),
                Some(reason) => (OutcomeKind::Muted, reason.clone()),
                None => what_becomes(rule, &routes),
            };
            Outcome { rule: rule.clone(), kind, reason }
        })
        .collect();
    // What is muted is in the alert, too, so that a digest can name it; no delivery carries it.
    let told: Vec<RuleName> = outcomes.iter().filter(|it| it.is_in_alert()).map(|it| it.rule.clone()).collect();
    let alert = (!told.is_empty()).then(|| {
        let alert = alert(standing.rules, item, &article, &judgement, &told, &relation, unread.clone(), now);
        let (deliveries, held) = addressed(&alert, routes);
        let heard = !deliveries.is_empty() || !held.is_empty();
        let look_at = first_look(item, &alert, standing.look_again, now).filter(|_| heard);
        NewAlert { alert, deliveries, held, look_at }
    });
    let evidence = standing.keep.holds(!matched.is_empty()).then(|| kept(item, &article, &proof, now));
    let sketch = sketch.map(|sketch| sketch.to_bytes());
    let judged = Box::new(Judged {
        article,
        final_url,
        alternate,
        fingerprint,
        sketch,
        weighed,
        relation,
        judgement,
        outcomes,
        alert,
        evidence,
    });
    match unread {
        None => Decision::Judged(judged),
        Some(reason) => Decision::Unreadable { reason, judged: (!matched.is_empty()).then_some(judged) },
    }
}

/// What the rules see of an item: its article, and what its entry adds.
pub(crate) fn judged<'a>(item: &'a Item, article: &'a Article, final_url: &'a str) -> rule::Text<'a> {
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
        basis: article.basis,
        unread,
        copy_of,
        update: None,
        earlier: None,
    }
}

/// When the page is looked at again for the first time. Never, when no page of its own stands behind what is told: a
/// listing's text, or the feed's text of a page that could not be read.
fn first_look(item: &Item, alert: &Alert, steps: &[SignedDuration], now: Timestamp) -> Option<Timestamp> {
    let page = item.entry.link.is_some() && alert.unread.is_none();
    steps.first().filter(|_| page).map(|step| now.saturating_add(*step).unwrap_or(Timestamp::MAX))
}

/// The entities that the article mentions, most mentioned first, each with the forms that it has there.
pub(crate) fn entities_told(rules: &RuleSet, judgement: &Judgement) -> Vec<EntityTold> {
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

/// The rules that a silence covers, each with the reason.
pub(crate) fn muted(
    silences: &[Silence],
    verdicts: &[Verdict],
    rules: &[RuleName],
    source: &SourceName,
    story: &str,
    now: Timestamp,
) -> BTreeMap<RuleName, Reason> {
    if silences.is_empty() {
        return BTreeMap::new();
    }
    let reason = |rule: &RuleName| {
        let verdict = verdicts.iter().find(|verdict| verdict.rule == *rule);
        let entities: Vec<EntityName> =
            verdict.iter().flat_map(|verdict| &verdict.mentions).filter_map(|mention| mention.entity.clone()).collect();
        let found = Match { rule, entities: &entities, source, story };
        Some((rule.clone(), route::muted(silences, &found, now)?))
    };
    rules.iter().filter_map(reason).collect()
}

/// What becomes of a match that is not muted and was not told before.
pub(crate) fn what_becomes(rule: &RuleName, routes: &[Route]) -> (OutcomeKind, Reason) {
    let mut first: Option<(Timestamp, &Reason)> = None;
    for route in routes.iter().filter(|route| route.rules.contains(rule)) {
        match &route.when {
            When::Now => return (OutcomeKind::Alerted, Reason::Told),
            When::Later { due, why, .. } if first.is_none_or(|(at, _)| *due < at) => first = Some((*due, why)),
            When::Later { .. } => {}
        }
    }
    (OutcomeKind::Held, first.map_or(Reason::NobodySubscribed, |(_, why)| why.clone()))
}

/// Who is told, and when.
pub(crate) fn routes(
    subject: &route::Subject<'_>,
    subscriptions: &[Subscription],
    people: &People,
    channels: &[ChannelPlan],
    now: Timestamp,
) -> Vec<Route> {
    let receivers = |name: &ChannelName| {
        let plan = channels.iter().find(|plan| plan.name == *name);
        plan.map(|plan| plan.channel.receivers()).unwrap_or_default()
    };
    route::route(subject, subscriptions, people, receivers, now)
}

/// One delivery of an alert to each who is told now, and what is held for the others.
pub(crate) fn addressed(alert: &Alert, routes: Vec<Route>) -> (Vec<NewDelivery>, Vec<NewHeld>) {
    let (mut deliveries, mut held) = (Vec::new(), Vec::new());
    for Route { channel, receiver, rules, level, when, .. } in routes {
        match when {
            When::Now => deliveries.push(NewDelivery {
                id: route::delivery_id(&rules, &alert.story_key, alert.revision, &channel, &receiver),
                channel,
                receiver,
                rules,
            }),
            When::Later { lane, due, why } => {
                held.push(NewHeld { channel, receiver, lane, rules, level, due_at: due, why });
            }
        }
    }
    (deliveries, held)
}

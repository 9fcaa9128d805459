//! (what rules found by looking back, subscriptions) → the one alert that tells all of it: a list, never an alert each.

use crate::backtest::Archived;
use crate::channel::ChannelPlan;
use crate::model::Alert;
use crate::model::ChannelName;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::alert::Earlier;
use crate::model::alert::EarlierArticle;
use crate::model::alert::RuleTold;
use crate::read;
use crate::read::NewAlert;
use crate::route;
use crate::route::People;
use crate::route::Route;
use crate::route::Subscription;
use crate::route::When;
use crate::rule::RuleSet;
use crate::story::hexadecimal;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Articles that the alert names; how many more there are is told.
const MOST: usize = 1_000;

/// The alert with a delivery to each receiver; `None` when nothing was found, or nobody is told of it. `identity` makes the
/// deliveries' ids: the same for the same telling. It is told at once, whatever the rhythm of a subscription: somebody has
/// just written the rule.
pub fn summary(
    rules: &RuleSet,
    subscriptions: &[Subscription],
    people: &People,
    channels: &[ChannelPlan],
    found: &[(Archived, Vec<RuleName>)],
    identity: &str,
    now: Timestamp,
) -> Option<NewAlert> {
    let mut routes: BTreeMap<(ChannelName, String), Route> = BTreeMap::new();
    for (article, rules) in found {
        let language = article.article.language.as_ref();
        let subject = route::Subject { rules, source: &article.item.source, language };
        for mut found in read::routes(&subject, subscriptions, people, channels, now) {
            found.when = When::Now;
            let known = routes.entry((found.channel.clone(), found.receiver.clone())).or_insert_with(|| found.clone());
            known.rules.append(&mut found.rules);
        }
    }
    let mut routes: Vec<Route> = routes.into_values().collect();
    for route in &mut routes {
        route.rules.sort();
        route.rules.dedup();
    }
    let mut names: Vec<RuleName> = routes.iter().flat_map(|route| route.rules.iter().cloned()).collect();
    names.sort();
    names.dedup();
    let told: Vec<&(Archived, Vec<RuleName>)> =
        found.iter().filter(|(_, rules)| rules.iter().any(|rule| names.contains(rule))).collect();
    let (newest, _) = told.first()?;
    let articles = told.iter().take(MOST).map(|(article, rules)| EarlierArticle {
        title: article.article.title.clone(),
        url: article.url().to_owned(),
        source: article.item.source.clone(),
        date: article.article.published.or(article.item.entry.published).unwrap_or(article.item.listed_at),
        rules: rules.iter().filter(|rule| names.contains(rule)).cloned().collect(),
    });
    let count =
        if told.len() == 1 { "1 earlier article".to_owned() } else { format!("{} earlier articles", told.len()) };
    let labels: Vec<&str> = names.iter().map(|name| rules.label_of_rule(name)).collect();
    let alert = Alert {
        story_key: format!("lookback:{}", hexadecimal(identity.as_bytes(), 16)),
        revision: 1,
        rules: names
            .iter()
            .map(|name| RuleTold {
                name: name.clone(),
                label: rules.label_of_rule(name).to_owned(),
                reason: Reason::LookedBack,
            })
            .collect(),
        entities: Vec::new(),
        excerpts: Vec::new(),
        title: format!("{count}: {}", labels.join(", ")),
        url: newest.url().to_owned(),
        source: newest.item.source.clone(),
        site_name: None,
        byline: None,
        language: None,
        published: None,
        listed_at: newest.item.listed_at,
        judged_at: now,
        basis: newest.article.basis,
        unread: None,
        copy_of: None,
        update: None,
        earlier: Some(Earlier { articles: articles.collect(), more: told.len().saturating_sub(MOST) }),
    };
    let (deliveries, held) = read::addressed(&alert, routes);
    Some(NewAlert { alert, deliveries, held, look_at: None })
}

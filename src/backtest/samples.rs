//! Invented articles and configurations for the tests of this folder.

use super::Archived;
use super::Standing;
use crate::model::Article;
use crate::model::ChannelName;
use crate::model::Entry;
use crate::model::Item;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::StoryId;
use crate::model::SubscriptionName;
use crate::route::Covers;
use crate::route::People;
use crate::route::Subscription;
use crate::rule;
use crate::rule::RuleSet;
use crate::rule::RuleSpec;
use crate::story::Thresholds;
use jiff::SignedDuration;
use jiff::Timestamp;

/// Noon of a day of March 2025, the first being 0.
pub fn day(number: i64) -> Timestamp {
    Timestamp::from_second(1_740_830_400 + number * 86_400).expect("a time")
}

/// A standing with these rules, of which Ana gets some by mail.
pub fn standing(rules: &[(&str, &str)], told: &[&str]) -> Standing {
    let rules: Vec<RuleSpec> = rules
        .iter()
        .map(|(name, query)| RuleSpec {
            name: RuleName::new(*name),
            label: None,
            query: rule::parse(query).expect("a query"),
            languages: Vec::new(),
            min_score: None,
            hit: Vec::new(),
            miss: Vec::new(),
        })
        .collect();
    let mut rules = rules;
    rules.sort_by(|one, other| one.name.cmp(&other.name));
    let desk = ChannelName::new("desk");
    Standing {
        places: rules.iter().enumerate().map(|(place, rule)| (rule.name.clone(), place)).collect(),
        rules: RuleSet::compile(Vec::new(), rules),
        subscriptions: vec![Subscription::new(
            SubscriptionName::new("desk"),
            Covers::Rules(told.iter().map(|rule| RuleName::new(*rule)).collect()),
            vec![desk.clone()],
        )],
        people: People::default(),
        receivers: [(desk.clone(), vec!["ana@example.org".to_owned()])].into(),
        by_mail: vec![desk],
        stories: Thresholds::default(),
        copies_within: SignedDuration::from_hours(72),
    }
}

/// An article without a sketch.
pub fn archived(number: i64, story: i64, on: i64, text: &str) -> Archived {
    Archived {
        item: Item {
            id: ItemId(number),
            source: SourceName::new("paper"),
            entry: Entry { id: number.to_string(), ..Entry::default() },
            listed_at: day(on),
            attempts: 0,
        },
        unread: false,
        article: Article { title: format!("Article {number}"), text: text.to_owned(), ..Article::default() },
        final_url: format!("https://paper.example/{number}"),
        story: StoryId(story),
        copy_of: None,
        judged_at: day(on),
        sketch: None,
    }
}

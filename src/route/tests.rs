use super::*;
use crate::model::Tongue;
use jiff::SignedDuration;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn subscription(name: &str, rules: Covers, channels: &[&str]) -> Subscription {
    let channels = channels.iter().map(|channel| ChannelName::new(*channel)).collect();
    Subscription::new(SubscriptionName::new(name), rules, channels)
}

fn rules(names: &[&str]) -> Vec<RuleName> {
    names.iter().map(|name| RuleName::new(*name)).collect()
}

fn ana(quiet: &[&str], minute: Option<u32>) -> Person {
    Person {
        name: PersonName::new("ana"),
        channel: ChannelName::new("person.ana"),
        receiver: "ana@example.org".into(),
        tongue: Tongue::Spanish,
        zone: Zone::new("America/Caracas").expect("a zone"),
        plain: false,
        quiet: quiet.iter().map(|text| Quiet::parse(text).expect("quiet hours")).collect(),
        caps: Caps { minute, hour: None },
    }
}

fn people(person: Person, levels: &[(&str, Level)]) -> People {
    let levels = levels.iter().map(|(rule, level)| (RuleName::new(*rule), *level)).collect();
    People { persons: vec![person], levels }
}

fn for_ana(name: &str, covered: &[&str], rhythm: Rhythm) -> Subscription {
    let who = vec![PersonName::new("ana")];
    Subscription { who, rhythm, ..subscription(name, Covers::Rules(rules(covered)), &[]) }
}

fn daily() -> Rhythm {
    Rhythm::Digest { cron: "0 8 * * *".into(), zone: Zone::default() }
}

fn routed(names: &[&str], subscriptions: &[Subscription], people: &People, now: &str) -> Vec<Route> {
    let source = SourceName::new("herald");
    let language = Language::parse("es");
    let subject = Subject { rules: &rules(names), source: &source, language: language.as_ref() };
    let receivers = |channel: &ChannelName| match channel.as_str() {
        "mail" => vec!["ana@example.org".into(), "luis@example.org".into()],
        _ => vec!["https://hook.example".into()],
    };
    route(&subject, subscriptions, people, receivers, at(now))
}

const NOON: &str = "2026-11-24T16:00:00Z";
const NIGHT: &str = "2026-11-24T05:00:00Z";

#[test]
fn every_matching_subscription_is_served_and_each_receiver_told_once() {
    let subscriptions = [
        subscription("desk", Covers::Rules(rules(&["torture"])), &["mail"]),
        subscription("all", Covers::All, &["mail", "hook"]),
        subscription("press", Covers::Rules(rules(&["press"])), &["mail"]),
    ];
    let told = routed(&["torture", "court"], &subscriptions, &People::default(), NOON);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|told| told.rules == rules(&["court", "torture"]) && told.when == When::Now));
}

#[test]
fn nobody_is_told_of_a_rule_that_no_subscription_covers() {
    let subscriptions = [subscription("desk", Covers::Rules(rules(&["torture"])), &["mail"])];
    assert!(routed(&["court"], &subscriptions, &People::default(), NOON).is_empty());
}

#[test]
fn sources_and_languages_are_filters() {
    let desk = subscription("desk", Covers::All, &["hook"]);
    let people = People::default();
    let count = |subscription: Subscription| routed(&["court"], &[subscription], &people, NOON).len();
    assert_eq!(count(Subscription { sources: vec![SourceName::new("herald")], ..desk.clone() }), 1);
    assert_eq!(count(Subscription { sources: vec![SourceName::new("other")], ..desk.clone() }), 0);
    assert_eq!(count(Subscription { languages: Language::parse("es").into_iter().collect(), ..desk.clone() }), 1);
    assert_eq!(count(Subscription { languages: Language::parse("pt").into_iter().collect(), ..desk }), 0);
}

#[test]
fn an_item_of_several_rules_is_told_once_by_whichever_subscription_tells_first() {
    let wait = Rhythm::Grouped { wait: SignedDuration::from_secs(30), every: SignedDuration::from_mins(15) };
    let daily = for_ana("daily", &["court"], daily());
    let soon = for_ana("soon", &["press"], wait);
    let now = for_ana("now", &["torture"], Rhythm::AtOnce);
    let all = [daily.clone(), soon.clone(), now];
    let people = people(ana(&[], None), &[]);
    let told = routed(&["court", "press", "torture"], &all, &people, NOON);
    assert_eq!(told.len(), 1, "one person, told once");
    assert_eq!((&told[0].rules, &told[0].when), (&rules(&["court", "press", "torture"]), &When::Now));
    let lane = |routes: &[Route]| match &routes[0].when {
        When::Later { lane: Some(lane), due, .. } => (lane.to_string(), *due),
        other => panic!("{other:?}"),
    };
    assert_eq!(lane(&routed(&["court", "press"], &all, &people, NOON)), ("soon".into(), at("2026-11-24T16:00:30Z")));
    // Eight o'clock in Caracas, not in UTC.
    assert_eq!(lane(&routed(&["court"], &all, &people, NOON)), ("daily".into(), at("2026-11-25T12:00:00Z")));
}

#[test]
fn what_is_urgent_passes_quiet_hours_and_digests() {
    let levels = [("torture", Level::Urgent)];
    let people = people(ana(&["22:00-07:00"], None), &levels);
    let at_once = [for_ana("now", &["court", "torture"], Rhythm::AtOnce)];
    let until = at("2026-11-24T11:00:00Z");
    let held = When::Later { lane: None, due: until, why: Reason::QuietHours { until } };
    assert_eq!(routed(&["court"], &at_once, &people, NIGHT)[0].when, held);
    assert_eq!(routed(&["court"], &at_once, &people, NOON)[0].when, When::Now);
    assert_eq!(routed(&["torture"], &at_once, &people, NIGHT)[0].when, When::Now);
    let digest = [for_ana("daily", &["court", "torture"], daily())];
    assert_eq!(routed(&["court", "torture"], &digest, &people, NIGHT)[0].when, When::Now);
    assert_ne!(routed(&["court"], &digest, &people, NIGHT)[0].when, When::Now);
}

#[test]
fn who_has_a_cap_is_told_by_way_of_it() {
    let people = people(ana(&[], Some(10)), &[("torture", Level::Urgent)]);
    let at_once = [for_ana("now", &["court", "torture"], Rhythm::AtOnce)];
    let held = When::Later { lane: None, due: at(NOON), why: Reason::Capped { cap: "10 a minute".into() } };
    assert_eq!(routed(&["court"], &at_once, &people, NOON)[0].when, held);
    assert_eq!(routed(&["torture"], &at_once, &people, NOON)[0].when, held);
}

#[test]
fn the_id_depends_on_the_set_of_rules_and_not_on_their_order() {
    let id = |names: &[&str], receiver: &str, revision| {
        delivery_id(&rules(names), "https://a.example/1", revision, &ChannelName::new("mail"), receiver)
    };
    let first = id(&["a", "b"], "ana@example.org", 1);
    assert_eq!(first, id(&["b", "a"], "ana@example.org", 1));
    assert_eq!(first.as_str().len(), 32);
    for other in
        [id(&["a"], "ana@example.org", 1), id(&["a", "b"], "eva@example.org", 1), id(&["a", "b"], "ana@example.org", 2)]
    {
        assert_ne!(first, other);
    }
}

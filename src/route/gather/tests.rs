use super::*;
use crate::model::PersonName;
use crate::model::SourceName;
use crate::model::alert::RuleTold;
use crate::route::Covers;
use crate::route::Quiet;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start.saturating_add(SignedDuration::from_secs(seconds)).expect("a time")
}

const NOON: &str = "2026-11-24T16:00:00Z";
const NIGHT: &str = "2026-11-24T05:00:00Z";

fn alert(number: i64, story: &str) -> Alert {
    Alert {
        story_key: story.into(),
        revision: 1,
        rules: ["court", "press"]
            .map(|name| RuleTold {
                name: RuleName::new(name),
                label: format!("The {name}"),
                reason: Reason::Matched { because: name.into() },
            })
            .into(),
        entities: Vec::new(),
        excerpts: Vec::new(),
        title: format!("Headline {number}"),
        url: format!("https://herald.example/{number}"),
        source: SourceName::new("herald"),
        site_name: None,
        byline: None,
        language: None,
        published: None,
        listed_at: at(NIGHT),
        judged_at: at(NIGHT),
        unread: None,
        copy_of: None,
        update: None,
        earlier: None,
        basis: crate::model::Basis::Page,
    }
}

fn waiting(number: i64, held_at: Timestamp, due_at: Timestamp, why: Reason) -> Waiting {
    Waiting {
        id: number,
        alert_id: AlertId(number),
        alert: alert(number, &format!("story {number}")),
        rules: vec![RuleName::new("court")],
        level: Level::Normal,
        held_at,
        due_at,
        why,
    }
}

fn capped() -> Reason {
    Reason::Capped { cap: "10 a minute".into() }
}

fn lane(subscription: Option<&str>, due_at: Timestamp) -> Lane {
    Lane {
        id: 1,
        channel: ChannelName::new("person.ana"),
        receiver: "ana@example.org".into(),
        subscription: subscription.map(SubscriptionName::new),
        since: at("2026-11-23T12:00:00Z"),
        flushed_at: None,
        due_at,
        sent: Vec::new(),
        seen: Seen::default(),
    }
}

fn ana(minute: Option<u32>) -> Person {
    Person {
        name: PersonName::new("ana"),
        channel: ChannelName::new("person.ana"),
        receiver: "ana@example.org".into(),
        tongue: Tongue::Spanish,
        zone: Zone::new("America/Caracas").expect("a zone"),
        plain: false,
        quiet: vec![Quiet::parse("22:00-07:00").expect("quiet hours")],
        caps: Caps { minute, hour: None },
    }
}

fn subscription(rhythm: Rhythm) -> Subscription {
    Subscription { rhythm, ..Subscription::new(SubscriptionName::new("desk"), Covers::All, Vec::new()) }
}

#[test]
fn five_thousand_in_a_minute_are_ten_messages_and_one_that_tells_the_rest() {
    let person = ana(Some(10));
    let policy = Policy { subscription: None, person: Some(&person) };
    let start = at(NOON);
    let mut lane = lane(None, start);
    let mut held: Vec<Waiting> = Vec::new();
    let (mut alone, mut bulletins, mut accounted) = (0, Vec::new(), 0);
    let mut wakes: Vec<Timestamp> = Vec::new();
    // A hundred come every second for 50 seconds; the lane is looked at whenever something is due.
    for second in 0..200 {
        let now = after(start, second);
        if second < 50 {
            let new = (0..100).map(|number| waiting(second * 100 + number, now, now, capped()));
            held.extend(new);
        }
        if !held.iter().any(|it| it.due_at <= now) {
            continue;
        }
        let decision = decide(&lane, &policy, &held, Account::default(), now);
        for (id, until, why) in &decision.postponed {
            let it = held.iter_mut().find(|it| it.id == *id).expect("it waits");
            (it.due_at, it.why) = (*until, why.clone());
            assert!(*until > now, "what is postponed is not due at once");
        }
        held.retain(|it| !decision.alone.iter().any(|alone| alone.held == it.id));
        alone += decision.alone.len();
        accounted += decision.alone.len();
        if let Some(new) = decision.bulletin {
            held.retain(|it| !new.held.contains(&it.id));
            accounted += new.bulletin.alerts();
            assert_eq!(new.bulletin.stories.len(), new.held.len());
            bulletins.push((second, new.bulletin.occasion));
            wakes.push(now);
        }
        lane.sent = decision.sent;
    }
    assert_eq!((alone, bulletins, accounted, held.len()), (10, vec![(60, Occasion::Cap)], 5000, 0));
}

#[test]
fn quiet_hours_hold_and_then_flush_once_and_what_is_urgent_passes_them() {
    let person = ana(None);
    let policy = Policy { subscription: None, person: Some(&person) };
    let morning = at("2026-11-24T11:00:00Z");
    let quiet = |number| waiting(number, at(NIGHT), morning, Reason::QuietHours { until: morning });
    let urgent = Waiting { level: Level::Urgent, due_at: at(NIGHT), ..quiet(3) };
    let all = [quiet(1), quiet(2), urgent];
    let decision = decide(&lane(None, at(NIGHT)), &policy, &all, Account::default(), at(NIGHT));
    assert_eq!(decision.alone.iter().map(|it| it.held).collect::<Vec<_>>(), [3]);
    assert!(decision.postponed.iter().all(|(_, until, _)| *until == morning) && decision.postponed.len() == 2);

    let decision = decide(&lane(None, morning), &policy, &all[..2], Account::default(), morning);
    let new = decision.bulletin.expect("one message");
    assert_eq!((new.bulletin.occasion, new.held, decision.alone.len()), (Occasion::Quiet, vec![1, 2], 0));

    let decision = decide(&lane(None, morning), &policy, &all[..1], Account::default(), morning);
    assert_eq!((decision.alone.len(), decision.bulletin), (1, None), "a single one is told as what it is");
}

#[test]
fn a_group_waits_for_the_first_interval_and_a_second_group_for_the_longer_one() {
    let rhythm = Rhythm::Grouped { wait: SignedDuration::from_secs(30), every: SignedDuration::from_mins(15) };
    let subscription = subscription(rhythm);
    let policy = Policy { subscription: Some(&subscription), person: None };
    let (start, due) = (at(NOON), after(at(NOON), 30));
    let why = Reason::WaitsForGroup { until: due };
    let all = [waiting(1, start, due, why.clone()), waiting(2, after(start, 20), after(start, 50), why)];
    let decision = decide(&lane(Some("desk"), due), &policy, &all, Account::default(), due);
    let new = decision.bulletin.expect("one message for both");
    assert_eq!((new.bulletin.occasion, new.held, new.bulletin.tongue), (Occasion::Group, vec![1, 2], Tongue::English));

    let flushed = Lane { flushed_at: Some(due), ..lane(Some("desk"), after(due, 60)) };
    let decision = decide(&flushed, &policy, &all, Account::default(), after(due, 60));
    assert_eq!(decision.bulletin, None);
    assert!(decision.postponed.iter().all(|(_, until, _)| *until == after(due, 900)) && decision.postponed.len() == 2);
    let decision = decide(&flushed, &policy, &all, Account::default(), after(due, 900));
    assert!(decision.bulletin.is_some());
}

#[test]
fn a_digest_is_made_even_when_nothing_waits_and_its_id_is_that_of_its_time() {
    let rhythm = Rhythm::Digest { cron: "0 8 * * *".into(), zone: Zone::default() };
    let (subscription, person) = (subscription(rhythm), ana(None));
    let policy = Policy { subscription: Some(&subscription), person: Some(&person) };
    let due = at("2026-11-24T12:00:00Z");
    let seen = Seen { outcomes: 7, tries: 9 };
    let made = |lane: &Lane, now| decide(lane, &policy, &[], Account { seen, ..Account::default() }, now);
    let decision = made(&lane(Some("desk"), due), after(due, 2));
    let new = decision.bulletin.expect("an empty digest");
    assert_eq!((new.bulletin.alerts(), decision.next_at), (0, Some(at("2026-11-25T12:00:00Z"))));
    assert_eq!(decision.seen, Some(seen));
    assert_eq!((new.bulletin.tongue, new.bulletin.zone.as_str()), (Tongue::Spanish, "America/Caracas"));
    // A restored backup makes it again, later, under the same id.
    assert_eq!(made(&lane(Some("desk"), due), after(due, 900)).bulletin.expect("again").id, new.id);
    assert_ne!(made(&lane(Some("desk"), after(due, 86_400)), after(due, 86_400)).bulletin.expect("next").id, new.id);
}

#[test]
fn alerts_of_one_story_stand_together_with_whoever_else_carries_it() {
    let subscription = subscription(Rhythm::Digest { cron: "0 8 * * *".into(), zone: Zone::default() });
    let policy = Policy { subscription: Some(&subscription), person: None };
    let due = at("2026-11-24T12:00:00Z");
    let why = || Reason::WaitsForDigest { until: due };
    let first = waiting(1, at(NIGHT), due, why());
    let other = Waiting { level: Level::Urgent, ..waiting(2, at(NIGHT), due, why()) };
    let mut again = waiting(3, at(NIGHT), due, why());
    again.alert = alert(3, "story 1");
    again.rules = vec![RuleName::new("press")];
    let copy = Line {
        title: "Copied".into(),
        url: Some("https://copy.example/1".into()),
        source: SourceName::new("copy"),
        reason: None,
    };
    let itself = Line { url: Some("https://herald.example/3".into()), ..copy.clone() };
    let carried = BTreeMap::from([("story 1".to_owned(), vec![copy.clone(), itself])]);
    let account = Account { carried, ..Account::default() };
    let bulletin = decide(&lane(Some("desk"), due), &policy, &[first, other, again], account, due).bulletin;
    let stories = bulletin.expect("a digest").bulletin.stories;
    assert_eq!(stories.iter().map(|story| story.title.as_str()).collect::<Vec<_>>(), ["Headline 2", "Headline 3"]);
    let (urls, rules): (Vec<_>, Vec<_>) = (
        stories[1].carried.iter().map(|line| line.url.clone().unwrap_or_default()).collect(),
        stories[1].rules.iter().map(|rule| rule.name.to_string()).collect(),
    );
    assert_eq!(urls, ["https://herald.example/1", "https://copy.example/1"]);
    assert_eq!((stories[1].alerts, rules), (2, vec!["press".to_owned(), "court".to_owned()]));
}

#[test]
fn what_waits_for_whoever_is_no_longer_configured_is_told_all_the_same() {
    let due = at(NOON);
    let all = [waiting(1, at(NIGHT), due, capped()), waiting(2, at(NIGHT), due, capped())];
    let gone = Policy { subscription: None, person: None };
    let decision = decide(&lane(Some("desk"), due), &gone, &all, Account::default(), due);
    assert_eq!(decision.bulletin.expect("one message").held, [1, 2]);
}

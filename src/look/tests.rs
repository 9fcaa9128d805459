use super::*;
use crate::model::Entry;
use crate::model::ItemId;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::render::sample;
use crate::route;
use crate::route::Covers;
use crate::rule::RuleSpec;
use crate::rule::parse;

const NOW: &str = "2026-11-24T13:00:00Z";
const TOLD_AT: &str = "2026-11-24T12:00:00Z";
const TITLE: &str = "Twelve men held in Puerto Claro";
const TEXT: &str = "Twelve men suffered torture at the port on Monday, their lawyer said.\n\n\
    The district court heard the families and two doctors, and set no date for the next hearing. The minister answered \
    none of the questions that were sent to the press office of the ministry.";

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

fn rules() -> RuleSet {
    let rule = |name: &str, query: &str| RuleSpec {
        name: RuleName::new(name),
        label: None,
        query: parse(query).expect("a query"),
        languages: Vec::new(),
        min_score: None,
        hit: Vec::new(),
        miss: Vec::new(),
    };
    RuleSet::compile(Vec::new(), vec![rule("torture", "torture"), rule("strike", "strike")])
}

fn page(text: &str) -> Article {
    Article { title: TITLE.into(), text: text.into(), method: "test".into(), ..Article::default() }
}

fn look() -> Look {
    let mut told = sample::alert();
    told.rules[0].name = RuleName::new("torture");
    let url = "https://faro.example/pais/2026/detenidos";
    Look {
        item: Item {
            id: ItemId(7),
            source: SourceName::new("faro"),
            entry: Entry { link: Some(url.into()), ..Entry::default() },
            listed_at: at(TOLD_AT),
            attempts: 0,
        },
        alert: crate::model::AlertId(1),
        told,
        article: page(TEXT),
        final_url: url.into(),
        read_at: at(TOLD_AT),
        revision: 1,
        first: Vec::new(),
        began_at: at(TOLD_AT),
        step: 0,
        attempts: 0,
        gone: false,
        suspected: None,
        validators: Validators::default(),
    }
}

fn validators() -> Validators {
    Validators { etag: Some("\"one\"".into()), last_modified: None }
}

fn reply(text: &str) -> Reply {
    reply_from("https://faro.example/pais/2026/detenidos", TITLE, text, None)
}

fn reply_from(url: &str, title: &str, text: &str, refused: Option<Reason>) -> Reply {
    let article = Box::new(Article { title: title.into(), ..page(text) });
    Reply::Page { article, url: url.into(), refused, capture: Capture::default(), validators: validators() }
}

fn gone() -> Reply {
    Reply::Gone { status: 404, capture: Capture::default() }
}

fn failed() -> Reply {
    Reply::Failed { fault: Fault::Transient, reason: Reason::Status { status: 503 } }
}

/// Decides for one reader who is told of everything by one address.
fn decided(look: &Look, reply: Reply, now: &str) -> Decision {
    struct Desk;
    impl crate::channel::Channel for Desk {
        fn receivers(&self) -> Vec<String> {
            vec!["ana@example.org".into()]
        }
        fn message(&self, _: &crate::channel::Telling<'_>) -> Result<crate::channel::Frozen, String> {
            Err("none".into())
        }
        fn notice(&self, _: &crate::channel::Announcement<'_>) -> Result<crate::channel::Frozen, String> {
            Err("none".into())
        }
        fn wire(
            &self,
            receiver: &str,
            _: &crate::channel::Frozen,
            _: &crate::channel::Letterhead,
            _: Timestamp,
        ) -> crate::channel::Wire {
            crate::channel::Wire::Mail { from: String::new(), to: receiver.into() }
        }
        fn answer(&self, _: &crate::channel::HttpAnswer, _: Timestamp) -> crate::channel::Answer {
            crate::channel::Answer::Accepted { text: String::new() }
        }
    }
    let desk = crate::model::ChannelName::new("desk");
    let channel = ChannelPlan { name: desk.clone(), kind: "email", channel: std::sync::Arc::new(Desk) };
    let all = Subscription::new(crate::model::SubscriptionName::new("all"), Covers::All, vec![desk]);
    let hours = [1, 24, 7 * 24].map(SignedDuration::from_hours);
    let minutes = [1, 5].map(SignedDuration::from_mins);
    let standing = Standing {
        rules: &rules(),
        subscriptions: &[all],
        people: &crate::route::People::default(),
        silences: &[],
        channels: &[channel],
        steps: &hours,
        retry: &minutes,
        keep: Keep::Matched,
    };
    decide(&standing, look, reply, at(now))
}

fn kind(decision: &Decision) -> Option<UpdateKind> {
    decision.alert.as_ref()?.alert.update.as_ref().map(|update| update.kind)
}

#[test]
fn a_changed_fact_is_told_to_whoever_is_subscribed_under_the_next_revision() {
    let decision = decided(&look(), reply(&TEXT.replace("Twelve", "Fourteen")), NOW);
    assert_eq!(kind(&decision), Some(UpdateKind::Edited), "{:?}", decision.reason);
    let alert = decision.alert.expect("an alert");
    assert_eq!((alert.alert.revision, alert.deliveries.len()), (2, 1));
    assert_eq!(alert.alert.story_key, look().told.story_key);
    let first = route::delivery_id(
        &alert.deliveries[0].rules,
        &alert.alert.story_key,
        1,
        &alert.deliveries[0].channel,
        &alert.deliveries[0].receiver,
    );
    assert_ne!(alert.deliveries[0].id, first);
    assert!(decision.evidence.is_some_and(|kept| kept.record.kind == Kind::Look));
    assert_eq!(decision.article.map(|article| article.text), Some(TEXT.replace("Twelve", "Fourteen")));
    assert_eq!((decision.after.step, decision.after.at), (1, Some(at("2026-11-25T12:00:00Z"))));
}

#[test]
fn a_rule_that_matches_no_longer_or_matches_now_is_a_fact() {
    for (text, says) in [
        (TEXT.replace("suffered torture", "were held"), "“torture” matches no longer"),
        (format!("{TEXT}\n\nThe families began a hunger strike."), "“strike” matches now"),
    ] {
        let decision = decided(&look(), reply(&text), NOW);
        assert!(decision.reason.to_string().contains(says), "{}", decision.reason);
    }
    let linked = format!("{TEXT}\n\nRead also: the strike at the harbour");
    assert_eq!(decided(&look(), reply(&linked), NOW).reason, Reason::NoFactChanged, "a link is no article");
}

#[test]
fn what_changes_no_fact_is_told_to_nobody() {
    for (text, reason) in [
        (TEXT.to_owned(), Reason::Unchanged),
        (TEXT.to_uppercase().replace(',', " –"), Reason::Unchanged),
        (format!("{TEXT}\n\nThe hearing was public."), Reason::NoFactChanged),
        (TEXT.replace("answered none of", "did not answer"), Reason::NoFactChanged),
    ] {
        let decision = decided(&look(), reply(&text), NOW);
        assert_eq!((&decision.reason, kind(&decision)), (&reason, None));
        assert_eq!(decision.evidence.is_some(), reason == Reason::NoFactChanged, "kept when it is another text");
    }
}

#[test]
fn a_page_that_is_gone_is_told_at_the_second_sight_and_once() {
    let home = || reply_from("https://faro.example/", "El Faro", "Noticias de hoy en la costa.", None);
    let missing = || reply_from(&look().final_url, "Página no encontrada", "", Some(Reason::EmptyPage));
    for reply in [&gone as &dyn Fn() -> Reply, &home, &missing] {
        let mut look = look();
        let first = decided(&look, reply(), NOW);
        assert!(matches!(first.reason, Reason::Doubtful { .. }), "{}", first.reason);
        assert_eq!((first.after.step, first.after.at, first.gone), (0, Some(at("2026-11-24T13:10:00Z")), false));
        look.suspected = first.suspected;
        let second = decided(&look, reply(), NOW);
        assert_eq!(kind(&second), Some(UpdateKind::Removed), "{}", second.reason);
        assert!(second.gone && second.suspected.is_none());
        look.gone = true;
        look.suspected = None;
        assert_eq!(decided(&look, reply(), NOW).reason, Reason::StillGone);
        assert_eq!(kind(&decided(&look, self::reply(TEXT), NOW)), Some(UpdateKind::Restored));
    }
}

#[test]
fn what_could_not_be_seen_is_tried_again_and_then_left_to_the_next_look() {
    let mut look = look();
    let wall = || reply_from("https://faro.example/", "Just a moment", "", Some(Reason::Wall { detail: "x".into() }));
    let login = || reply_from("https://id.faro.example/login?next=/pais", "El Faro", "Entre con su cuenta.", None);
    for reply in [failed(), wall(), login()] {
        let decision = decided(&look, reply, NOW);
        assert_eq!((kind(&decision), decision.suspected), (None, None));
        assert_eq!(decision.after, After { step: 0, attempts: 1, at: Some(at("2026-11-24T13:01:00Z")) });
    }
    look.attempts = 2;
    let decision = decided(&look, failed(), NOW);
    assert_eq!(decision.after, After { step: 1, attempts: 0, at: Some(at("2026-11-25T12:00:00Z")) });
    look.suspected = Some(Reason::Doubtful { detail: "gone".into() });
    assert!(decided(&look, failed(), NOW).suspected.is_some(), "an outage confirms nothing and clears nothing");
}

#[test]
fn a_long_stop_is_made_up_for_by_one_look_and_the_last_one_is_the_last() {
    let late = decided(&look(), reply(TEXT), "2026-11-27T12:00:00Z");
    assert_eq!(late.after, After { step: 2, attempts: 0, at: Some(at("2026-12-01T12:00:00Z")) });
    let last = Look { step: 2, ..look() };
    assert_eq!(decided(&last, reply(TEXT), "2026-12-01T12:00:00Z").after.at, None);
}

#[test]
fn another_text_at_the_same_address_is_told_when_it_is_seen_twice() {
    let other = "The price of bread rose again in the markets of the coast, the chamber of commerce said in its weekly note, \
        while fishermen complained of the fuel that the port sells.";
    let mut look = look();
    let first = decided(&look, reply(other), NOW);
    assert!(matches!(first.reason, Reason::Doubtful { .. }), "{}", first.reason);
    look.suspected = first.suspected;
    assert_eq!(kind(&decided(&look, reply(other), NOW)), Some(UpdateKind::Edited));
    assert_eq!(decided(&look, reply(TEXT), NOW).suspected, None, "the first sight was a mistake");
}

#[test]
fn the_beginning_alone_is_no_edit() {
    let mut long = look();
    let sentences = (0..30).map(|n| format!("Sentence {n} of the report says what no other one says, {}.", n * 7));
    long.article.text = format!("{}\n\nThe men spoke of torture.", sentences.collect::<Vec<_>>().join(" "));
    let cut = long.article.text[..long.article.text.len() / 3].to_owned();
    assert_eq!(decided(&long, reply(&cut), NOW).reason, Reason::OnlyTheBeginning);
}

#[test]
fn a_hostile_text_is_compared_in_bounded_time() {
    let began = std::time::Instant::now();
    let mut long = look();
    long.article.text = "Twelve spoke of torture 1.\n\n".repeat(40_000);
    let other: String = (0..60_000).map(|n| format!("Correction: torture {n}! ")).collect();
    let decision = decided(&long, reply(&other), NOW);
    assert!(!matches!(decision.reason, Reason::Unchanged), "{}", decision.reason);
    assert!(began.elapsed().as_secs() < 20, "{:?} even in a build without optimisation", began.elapsed());
}

#[test]
fn not_modified_is_unchanged_and_what_is_in_doubt_or_last_is_asked_for_whole() {
    let look = Look { validators: validators(), ..look() };
    assert_eq!(look.condition(3), Some(&validators()));
    assert_eq!(look.condition(1), None, "the last look");
    assert_eq!(Look { gone: true, ..look.clone() }.condition(3), None);
    assert_eq!(Look { validators: Validators::default(), ..look.clone() }.condition(3), None);
    let same = decided(&look, Reply::NotModified, NOW);
    assert_eq!((same.reason, same.validators, same.evidence), (Reason::Unchanged, None, None));
    let page = decided(&look, reply(TEXT), NOW);
    assert_eq!(page.validators, Some(validators()));
    let gone = decided(&look, gone(), NOW);
    assert_eq!(gone.validators, None, "what later looks are compared with is still the old page");
    assert_eq!(decided(&look, failed(), NOW).validators, None);
}

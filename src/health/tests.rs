use super::*;

struct Source {
    name: SourceName,
    health: Health,
    policy: Policy,
    now: Timestamp,
    known: HashSet<String>,
    listed: Vec<Entry>,
}

/// The kinds, events and dues of what a step wants told.
type Told = Vec<(NoticeEvent, TroubleKind, Timestamp)>;

impl Source {
    fn new() -> Self {
        Self {
            name: SourceName::new("paper"),
            health: Health::default(),
            policy: Policy::default(),
            now: at("2026-11-02T08:00:00Z"),
            known: HashSet::new(),
            listed: Vec::new(),
        }
    }

    fn wait(&mut self, pause: SignedDuration) -> &mut Self {
        self.now += pause;
        self
    }

    fn step(&mut self, seen: Observation<'_>) -> Told {
        let subject = Subject { source: &self.name, label: None, host: "paper.example" };
        let found = decide(&self.health, subject, seen, Some(&self.policy), self.now);
        self.health = found.health;
        found.remarks.iter().map(|(remark, due)| (remark.event, remark.kind, due.at)).collect()
    }

    fn fails(&mut self, reason: Reason) -> Told {
        self.step(Observation::Failed { reason: &reason })
    }

    /// Publishes an entry now, and is asked.
    fn publishes(&mut self, id: &str) -> Told {
        self.listed.insert(0, entry(id, self.now));
        self.listed.truncate(20);
        self.answers()
    }

    fn answers(&mut self) -> Told {
        let (entries, known) = (self.listed.clone(), self.known.clone());
        let first = known.is_empty();
        self.known.extend(entries.iter().map(|entry| entry.id.clone()));
        self.step(Observation::Listed {
            entries: &entries,
            known: &known,
            first,
            partial: false,
            back: None,
            moved: None,
        })
    }

    fn kinds(&self) -> Vec<TroubleKind> {
        self.health.troubles().iter().map(|trouble| trouble.kind).collect()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn entry(id: &str, published: Timestamp) -> Entry {
    Entry { id: id.into(), published: Some(published), ..Entry::default() }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn status(status: u16) -> Reason {
    Reason::Status { status }
}

#[test]
fn a_failure_is_due_after_a_day_and_a_gone_source_at_once() {
    let mut source = Source::new();
    let began = source.now;
    assert_eq!(source.fails(status(500)), [(NoticeEvent::Failing, TroubleKind::Failing, began + hours(24))]);
    source.wait(hours(2));
    // Another failure of the same kind is the same trouble.
    assert_eq!(
        source.fails(Reason::TimedOut { detail: "slow".into() }),
        [(NoticeEvent::Failing, TroubleKind::Failing, began + hours(24))]
    );
    source.wait(hours(1));
    assert_eq!(source.fails(status(410)), [(NoticeEvent::Failing, TroubleKind::Gone, began)]);
}

#[test]
fn the_end_of_a_trouble_says_what_it_was_and_since_when() {
    let mut source = Source::new();
    source.publishes("a");
    source.wait(hours(1));
    source.fails(status(500));
    source.wait(hours(30));
    let began = source.now - hours(30);
    let subject = Subject { source: &source.name, label: None, host: "paper.example" };
    let (known, entries) = (source.known.clone(), [entry("a", began), entry("b", source.now)]);
    let seen =
        Observation::Listed { entries: &entries, known: &known, first: false, partial: false, back: None, moved: None };
    let found = decide(&source.health, subject, seen, Some(&source.policy), source.now);
    let [(remark, due)] = found.remarks.as_slice() else { panic!("{:?}", found.remarks) };
    assert_eq!((remark.event, remark.kind), (NoticeEvent::Recovered, TroubleKind::Failing));
    assert_eq!((remark.since, remark.until), (began, Some(source.now)));
    assert_eq!(remark.reason, Reason::AllRight { new: 1 });
    assert_eq!((due.at, due.alone_at), (source.now, source.now + SignedDuration::from_mins(10)));
    assert!(found.health.troubles().is_empty());
}

#[test]
fn every_failure_has_its_kind() {
    let failed = |detail: &str| Reason::ConnectionFailed { detail: detail.into() };
    for (reason, kind) in [
        (status(410), TroubleKind::Gone),
        (status(404), TroubleKind::Failing),
        (Reason::Certificate { detail: "expired".into() }, TroubleKind::Certificate),
        (failed("a.example: a server that speaks of a peer certificate"), TroubleKind::Failing),
        (failed("install the ca-certificates package"), TroubleKind::Failing),
        (Reason::Wall { detail: "cf-mitigated".into() }, TroubleKind::Wall),
        (Reason::HtmlPage { title: String::new() }, TroubleKind::Html),
        (Reason::SelectorEmpty { selector: "item".into() }, TroubleKind::Empty),
        (Reason::NotAFeed { detail: "broken".into() }, TroubleKind::Failing),
    ] {
        assert_eq!(kind_of(&reason), kind, "{reason}");
    }
}

#[test]
fn a_source_that_publishes_daily_and_stops_is_noticed_after_five_days() {
    let mut source = Source::new();
    for day in 0..12 {
        assert_eq!(source.publishes(&day.to_string()), [], "day {day}");
        source.wait(hours(24));
    }
    let last = source.now - hours(24);
    let mut noticed = None;
    for _ in 0..24 * 10 {
        source.wait(hours(1));
        let told = source.step(Observation::Unchanged { moved: None });
        if let [(NoticeEvent::Failing, TroubleKind::Quiet, due)] = told.as_slice() {
            noticed = noticed.or(Some((source.now.duration_since(last), *due)));
        }
    }
    assert_eq!(noticed, Some((hours(5 * 24 + 1), last)));
    // It speaks again.
    assert_eq!(source.publishes("again")[0].0, NoticeEvent::Recovered);
    assert_eq!(source.kinds(), []);
}

#[test]
fn a_weekend_is_not_a_silence_and_a_holiday_week_is_one() {
    let mut source = Source::new();
    // From a Monday on: ten entries a day, none on Saturdays and Sundays.
    for day in 0..35 {
        for hour in 0..24 {
            let told = if day % 7 < 5 && (8..18).contains(&hour) {
                source.publishes(&format!("{day}-{hour}"))
            } else {
                source.answers()
            };
            // The first weekends are all that it has ever seen.
            assert!(day < 14 || told.is_empty(), "day {day}: {told:?}");
            source.wait(hours(1));
        }
    }
    source.wait(hours(24 * 4));
    source.answers();
    assert_eq!(source.kinds(), [TroubleKind::Quiet], "{:?} at {}", source.health, source.now);
}

#[test]
fn a_source_with_little_history_may_be_silent() {
    let mut source = Source::new();
    for id in 0..20 {
        source.publishes(&id.to_string());
        source.wait(SignedDuration::from_mins(10));
    }
    source.wait(hours(24 * 60));
    assert_eq!(source.answers(), []);
}

#[test]
fn the_dates_of_a_first_answer_are_history() {
    let mut source = Source::new();
    source.listed = (0..20).map(|day| entry(&day.to_string(), source.now - hours(24 * (day + 8)))).collect();
    // Already silent when the watch begins: eight days, where one is usual.
    source.answers();
    assert_eq!(source.kinds(), [TroubleKind::Quiet]);
}

#[test]
fn an_empty_answer_and_a_shrunken_one_are_trouble() {
    let mut source = Source::new();
    source.listed = (0..50).map(|id| entry(&id.to_string(), source.now)).collect();
    source.answers();
    let whole = std::mem::take(&mut source.listed);
    source.wait(hours(1));
    source.answers();
    assert_eq!(source.health.troubles()[0].reason, Reason::NoEntries);
    // A 304 for the empty copy does not make it whole.
    source.wait(hours(1)).step(Observation::Unchanged { moved: None });
    assert_eq!(source.kinds(), [TroubleKind::Empty]);
    source.listed = whole[..4].to_vec();
    source.wait(hours(1)).answers();
    assert_eq!(source.health.troubles()[0].reason, Reason::Shrunk { entries: 4, usual: 50 });
    source.listed = whole[..20].to_vec();
    source.wait(hours(1)).answers();
    assert_eq!(source.kinds(), []);
}

#[test]
fn two_polls_without_a_common_entry_are_a_gap_and_ask_for_half_the_window() {
    let mut source = Source::new();
    let listing = |from: i64, now: Timestamp| -> Vec<Entry> {
        (0..10).map(|n| entry(&(from + n).to_string(), now - SignedDuration::from_mins(n * 4))).collect()
    };
    source.listed = listing(0, source.now);
    source.answers();
    source.wait(hours(2));
    source.listed = listing(100, source.now);
    let began = source.now;
    assert_eq!(source.answers(), [(NoticeEvent::Failing, TroubleKind::Gap, began)]);
    assert_eq!(source.health.ask_within(), Some(SignedDuration::from_mins(18)));
    // Polls that meet again are no end of it until a day went by.
    source.wait(hours(1));
    assert_eq!(source.answers(), [(NoticeEvent::Failing, TroubleKind::Gap, began)]);
    source.wait(hours(24));
    assert_eq!(source.answers()[0].0, NoticeEvent::Recovered);
    assert_eq!(source.health.ask_within(), None);
}

/// Ten entries of ten minutes each, then what `back` says of the pages behind ten others.
fn after_a_gap(back: Option<&gap::ReadBack>) -> (Told, Source) {
    let mut source = Source::new();
    source.listed = (0..10).map(|n| entry(&n.to_string(), source.now - SignedDuration::from_mins(n * 10))).collect();
    source.answers();
    source.wait(hours(2));
    let mut entries: Vec<Entry> =
        (10..20).map(|n| entry(&n.to_string(), source.now - SignedDuration::from_mins((n - 10) * 4))).collect();
    entries.extend(back.map(|_| entry("of an older page", source.now - hours(1))));
    let known = source.known.clone();
    let told = source.step(Observation::Listed {
        entries: &entries,
        known: &known,
        first: false,
        partial: false,
        back,
        moved: None,
    });
    (told, source)
}

fn read_back(end: gap::End) -> gap::ReadBack {
    gap::ReadBack { own: 10, pages: 1, added: 1, before: HashSet::new(), end }
}

#[test]
fn a_gap_that_older_pages_filled_is_no_trouble_and_asks_for_half_the_window_all_the_same() {
    let (told, mut source) = after_a_gap(Some(&read_back(gap::End::Met)));
    assert_eq!(told, []);
    assert_eq!(source.health.ask_within(), Some(SignedDuration::from_mins(18)), "of the newest page alone");
    // Quiet polls end it, too.
    source.wait(hours(23)).step(Observation::Unchanged { moved: None });
    assert!(source.health.ask_within().is_some());
    source.wait(hours(1)).step(Observation::Unchanged { moved: None });
    assert_eq!(source.health.ask_within(), None);
}

#[test]
fn a_gap_that_stays_open_says_how_far_older_pages_were_read() {
    for (back, expected) in [
        (None, "no older pages are offered"),
        (Some(read_back(gap::End::Limit)), "1 older page with 1 new entry was read; more are not read at once"),
    ] {
        let (told, source) = after_a_gap(back.as_ref());
        assert_eq!(told[0].1, TroubleKind::Gap);
        let reason = &source.health.troubles()[0].reason;
        assert_eq!(*reason, Reason::NothingInCommon { entries: 10, back: expected.into() });
        assert!(reason.to_string().ends_with(expected), "{reason}");
    }
}

#[test]
fn a_move_is_told_beside_other_trouble() {
    let mut source = Source::new();
    source.publishes("a");
    source.wait(hours(1)).step(Observation::Unchanged { moved: Some("new.example") });
    source.wait(hours(1)).fails(status(503));
    assert_eq!(source.kinds(), [TroubleKind::Failing, TroubleKind::Moved]);
    source.wait(hours(1));
    let told = source.step(Observation::Unchanged { moved: None });
    assert_eq!(told.iter().map(|(event, ..)| *event).collect::<Vec<_>>(), [NoticeEvent::Recovered; 2]);
}

#[test]
fn reminders_come_only_when_they_are_asked_for() {
    let mut source = Source::new();
    source.fails(status(500));
    source.wait(hours(24 * 30));
    assert_eq!(source.fails(status(500)).len(), 1);
    source.policy.remind = Some(hours(24 * 7));
    assert_eq!(source.fails(status(500)).len(), 2);
}

#[test]
fn without_operators_trouble_is_kept_and_nobody_is_told() {
    let mut source = Source::new();
    let reason = status(500);
    let subject = Subject { source: &source.name, label: None, host: "paper.example" };
    let found = decide(&source.health, subject, Observation::Failed { reason: &reason }, None, source.now);
    assert_eq!(found.remarks, []);
    source.health = found.health;
    assert_eq!(source.kinds(), [TroubleKind::Failing]);
}

#[test]
fn what_is_remembered_survives_the_store() {
    let mut source = Source::new();
    source.publishes("a");
    source.wait(hours(1)).fails(status(500));
    let json = serde_json::to_string(&source.health).expect("JSON");
    assert_eq!(serde_json::from_str::<Health>(&json).expect("it reads back"), source.health);
    assert_eq!(serde_json::from_str::<Health>("{}").expect("what an older version kept"), Health::default());
}

#[test]
fn a_hundred_sources_are_one_notice() {
    let remark = |name: String| Remark {
        source: SourceName::new(name),
        label: None,
        host: "paper.example".into(),
        event: NoticeEvent::Failing,
        kind: TroubleKind::Failing,
        since: at("2026-11-02T08:00:00Z"),
        reason: status(500),
        reminder: 0,
        until: None,
    };
    let notices = fold((0..100).rev().map(|n| remark(format!("s{n:02}"))).collect(), at("2026-11-03T08:00:00Z"));
    let [notice] = notices.as_slice() else { panic!("{} notices", notices.len()) };
    assert_eq!(notice.remarks.len(), 100);
    assert_eq!(notice.remarks[0].source.as_str(), "s00");
    assert_eq!(notice.title(), "100 sources are in trouble");
}

#[test]
fn a_partial_answer_is_neither_empty_nor_a_gap() {
    let mut source = Source::new();
    source.listed = (0..50).map(|id| entry(&id.to_string(), source.now)).collect();
    source.answers();
    source.wait(hours(1));
    let known = source.known.clone();
    let new: Vec<Entry> = (50..55).map(|id| entry(&id.to_string(), source.now)).collect();
    for entries in [new.as_slice(), &[]] {
        source.step(Observation::Listed {
            entries,
            known: &known,
            first: false,
            partial: true,
            back: None,
            moved: None,
        });
    }
    assert_eq!(source.kinds(), []);
}

//! The full-text index: what is found, in which order, and that no committed article is ever missed.

use super::Place;
use super::words::*;
use atalaya::model::Language;
use atalaya::model::RuleName;
use atalaya::search;
use atalaya::search::Search;
use atalaya::store::Finds;
use atalaya::store::Inquiry;
use atalaya::store::Order;
use atalaya::store::Store;
use jiff::Timestamp;

fn compiled(query: &str) -> Search {
    let query = search::parse(query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
    Search::compile(&query, &[]).expect("a search without entities")
}

fn inquiry(search: &Search) -> Inquiry<'_> {
    Inquiry { search, since: None, until: None, order: Order::Newest, limit: 100 }
}

async fn found(store: &dyn Store, query: &str) -> Finds {
    store.search(&inquiry(&compiled(query))).await.unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The headlines that a query finds, joined.
async fn titles(store: &dyn Store, query: &str) -> String {
    let finds = found(store, query).await.finds;
    finds.iter().map(|find| find.article.title.as_str()).collect::<Vec<_>>().join(", ")
}

/// Judges one article for each (title, text, language, published).
async fn articles(store: &dyn Store, articles: &[(&str, &str, &str, Option<Timestamp>)]) {
    let ids: Vec<String> = (0..articles.len()).map(|number| format!("a{number}")).collect();
    let leases = all_reading(store, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (lease, (title, text, language, published)) in leases.into_iter().zip(articles) {
        let mut judged = article(lease.job());
        judged.article.title = (*title).into();
        judged.article.text = (*text).into();
        judged.article.language = Language::parse(language);
        judged.article.published = *published;
        judge(store, lease, judged, 1000).await;
    }
}

/// Every question is asked before anything is indexed, with half in the index, and with all of it there.
async fn same_in_every_state(store: &dyn Store, expected: &[(&str, &str)]) {
    for step in [0, 3, 100] {
        store.index(step).await.unwrap();
        for (query, titles_expected) in expected {
            assert_eq!(titles(store, query).await, *titles_expected, "{query}, after {step}");
        }
    }
    assert_eq!(found(store, expected[0].0).await.unindexed, 0);
}

pub async fn words_phrases_beginnings_and_fields_are_found_in_the_index_and_before(place: &dyn Place) {
    let store = place.open().await;
    articles(
        &*store,
        &[
            ("Uno", "Un niño fue trasladado a una PRISIÓN militar.", "es", Some(at(50))),
            ("Dos", "Presos políticos: torturados en prisión. Straße, O.E.A.", "es", Some(at(40))),
            ("Tres", "The prison held political prisoners.", "en", Some(at(30))),
            ("Prisión cuatro", "北京大学の学生 pro-government.", "ja", Some(at(20))),
            ("Organizaci&oacute;n cinco", "Nada más.", "es", Some(at(10))),
        ],
    )
    .await;
    same_in_every_state(
        &*store,
        &[
            ("prision", "Uno, Dos, Prisión cuatro"),
            ("PRISIÓN -torturados", "Uno, Prisión cuatro"),
            ("nino", "Uno"),
            ("ñino", "Uno"),
            ("\"presos politicos\"", "Dos"),
            ("\"politicos presos\"", ""),
            ("tortur*", "Dos"),
            ("pris*", "Uno, Dos, Tres, Prisión cuatro"),
            ("title:prisión", "Prisión cuatro"),
            ("body:prisión", "Uno, Dos"),
            ("title:(uno OR dos) prision", "Uno, Dos"),
            ("prision AND (torturados OR NOT militar)", "Dos, Prisión cuatro"),
            ("oea strasse", "Dos"),
            ("organizacion", "Organizaci&oacute;n cinco"),
            ("北京", "Prisión cuatro"),
            ("京北", ""),
            ("\"pro government\"", "Prisión cuatro"),
            ("lang:es", "Uno, Dos, Organizaci&oacute;n cinco"),
            ("lang:es NOT prision", "Organizaci&oacute;n cinco"),
            ("source:herald lang:en", "Tres"),
            ("source:other", ""),
            ("source:herald-2 OR tres", "Tres"),
            // Terms under which the index keeps source and language are no words of an article.
            ("l6573 OR les", ""),
        ],
    )
    .await;
}

pub async fn what_is_found_is_in_order_within_its_days_and_limited(place: &dyn Place) {
    let store = place.open().await;
    articles(
        &*store,
        &[
            ("first", "hall", "en", Some(at(-86_400))),
            ("future", "hall hall hall hall", "en", Some(at(99_999))),
            ("old", "hall", "en", Some(at(-900_000))),
            ("hall", "hall", "en", None),
        ],
    )
    .await;
    same_in_every_state(&*store, &[("hall", "hall, future, first, old")]).await;
    let hall = compiled("hall");
    let all = inquiry(&hall);
    let titles = async |inquiry: Inquiry<'_>| {
        let found = store.search(&inquiry).await.unwrap();
        (found.finds.iter().map(|find| find.article.title.clone()).collect::<Vec<_>>().join(", "), found.more)
    };
    // Listed at 0: a date to come is not believed, and one that is missing is replaced.
    assert_eq!(titles(Inquiry { since: Some(at(0)), ..all.clone() }).await.0, "hall, future");
    assert_eq!(titles(Inquiry { since: Some(at(-86_400)), ..all.clone() }).await.0, "hall, future, first");
    assert_eq!(titles(Inquiry { until: Some(at(-86_400)), ..all.clone() }).await.0, "old");
    assert_eq!(titles(Inquiry { since: Some(at(-900_000)), until: Some(at(0)), ..all.clone() }).await.0, "first, old");
    assert_eq!(titles(Inquiry { limit: 2, ..all.clone() }).await, ("hall, future".into(), true));
    assert!(!titles(Inquiry { limit: 4, ..all.clone() }).await.1);
    let ranked = titles(Inquiry { order: Order::Rank, ..all.clone() }).await.0;
    assert!(ranked.starts_with("hall, future"), "a headline counts more: {ranked}");
}

pub async fn an_article_is_found_as_soon_as_it_is_committed(place: &dyn Place) {
    let store = place.open().await;
    let lease = reading(&*store, "one", "a").await;
    let judged = told(lease.job(), &["courts"], &["ana@paper.example"]);
    assert!(found(&*store, "hall").await.finds.is_empty());
    judge(&*store, lease, judged, 1).await;
    let before = found(&*store, "hall").await;
    assert_eq!(before.unindexed, 1);
    // The process dies here; the next one has nothing to make up for.
    drop(store);
    let store = place.open().await;
    assert_eq!(found(&*store, "hall").await, before);
    assert_eq!(store.index(10).await.unwrap(), 1);
    assert_eq!(store.index(10).await.unwrap(), 0);
    let find = only(found(&*store, "hall").await.finds);
    assert_eq!(find, before.finds[0], "the same, from the index");
    assert_eq!(find.rules, [RuleName::new("courts")]);
    assert_eq!((find.url.as_str(), find.date), ("https://herald.example/one", at(0)));
    sums_hold(&*store).await;
}

pub async fn two_that_index_at_once_index_everything_once(place: &dyn Place) {
    let (store, other) = (place.open().await, place.open().await);
    let texts: Vec<String> = (0..60).map(|number| format!("hall number{number}")).collect();
    let rows: Vec<_> = texts.iter().map(|text| ("one", text.as_str(), "en", None)).collect();
    articles(&*store, &rows).await;
    let drain = async |store: &dyn Store| while store.index(7).await.unwrap() > 0 {};
    tokio::join!(drain(&*store), drain(&*other));
    let found = found(&*store, "hall").await;
    assert_eq!((found.finds.len(), found.unindexed), (60, 0));
    for number in [0, 17, 59] {
        assert_eq!(titles(&*store, &format!("number{number}")).await, "one");
    }
}

pub async fn what_is_removed_or_changed_is_found_no_more(place: &dyn Place) {
    let store = place.open().await;
    let rows: Vec<_> = ["one", "two", "three", "four"].iter().map(|title| (*title, "hall", "en", None)).collect();
    articles(&*store, &rows).await;
    store.index(2).await.unwrap();
    // Items 1 and 2 are in the index, 3 and 4 wait.
    place.sql("DELETE FROM article WHERE item_id IN (1, 3)").await;
    let both = |found: Finds| {
        let mut items: Vec<i64> = found.finds.iter().map(|find| find.item.0).collect();
        items.sort_unstable();
        items
    };
    assert_eq!(both(found(&*store, "hall").await), [2, 4]);
    place.sql("UPDATE article SET text = 'another room'").await;
    assert!(found(&*store, "hall").await.finds.is_empty());
    assert_eq!(both(found(&*store, "room").await), [2, 4]);
    while store.index(1).await.unwrap() > 0 {}
    assert!(found(&*store, "hall").await.finds.is_empty());
    let all = found(&*store, "room").await;
    assert_eq!((all.unindexed, both(all)), (0, vec![2, 4]));
}

pub async fn no_query_breaks_out_of_its_quotes(place: &dyn Place) {
    let store = place.open().await;
    articles(&*store, &[("one", "hall", "en", None), ("NEAR", "about rowid", "en", None)]).await;
    store.index(1).await.unwrap();
    let many = (0..4096).map(|number| format!("w{number}")).collect::<Vec<_>>();
    for query in [
        "hall' OR 1=1; DROP TABLE article; --",
        "\"hall\"\"",
        "hall} : x",
        "{title",
        "rowid:1",
        "near",
        "\"x\" OR \"NEAR(a b, 3)\"",
        "a^b",
        "hall*",
        "-hall* near",
        "\u{0}hall",
        "hall\u{0}*",
        "“hall” OR 'hall'",
        "title:near OR body:\"about: rowid\"",
        "source:';DROP source:\"",
        "source:' hall",
        "\u{301}\u{301}",
        "ﷺ",
        &many.join(" OR "),
        &many.join(" "),
        &format!("hall {}", many[1..].join(" -")),
        &format!("{}hall{}", "(x OR NOT (".repeat(15), "))".repeat(15)),
        &format!("hall {}x", "NOT ".repeat(31)),
        &format!("{}hall OR x{}", "(y AND (z OR ".repeat(15), "))".repeat(15)),
    ] {
        let Ok(query) = search::parse(query).and_then(|query| Search::compile(&query, &[])) else { continue };
        let found = store.search(&inquiry(&query)).await;
        assert!(found.is_ok(), "{}: {:?}", query.expression().get(..200).unwrap_or_default(), found.err());
    }
    assert_eq!(titles(&*store, "near").await, "NEAR");
    assert_eq!(titles(&*store, "hall'").await, "one");
    sums_hold(&*store).await;
}

/// More articles of one second than a second has numbers cannot be made here in good time; that they share a second is
/// enough to see that no two get one number.
pub async fn articles_of_one_second_are_told_apart(place: &dyn Place) {
    let store = place.open().await;
    let rows: Vec<_> = ["one", "two", "three"].iter().map(|title| (*title, "hall", "en", Some(at(5)))).collect();
    articles(&*store, &rows).await;
    store.index(1).await.unwrap();
    store.index(5).await.unwrap();
    place.sql("UPDATE article SET text = 'hall again' WHERE item_id = 2").await;
    store.index(5).await.unwrap();
    assert_eq!(found(&*store, "hall").await.finds.len(), 3);
    assert_eq!(titles(&*store, "again").await, "two");
}

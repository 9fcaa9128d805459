//! A news sitemap is watched like a feed, and of an index the newest parts are asked for in the same poll.

use crate::world::Page;
use crate::world::World;

fn urlset(pages: &[(&str, String)]) -> String {
    let urls: String = pages
        .iter()
        .map(|(title, link)| {
            format!(
                "<url><loc>{link}</loc><news:news><news:publication_date>2025-11-24T08:00:00Z</news:publication_date>\
                 <news:title>{title}</news:title></news:news></url>"
            )
        })
        .collect();
    format!("<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">{urls}</urlset>")
}

fn watching(path: &str) -> World {
    let mut world = World::new();
    let feed = format!("feed = \"{}\"", world.site.url("/feed.xml"));
    let sitemap = format!("sitemap = \"{}\"", world.site.url(path));
    let configuration = world.configuration().replace(&feed, &sitemap);
    assert!(configuration.contains(&sitemap), "the source is replaced");
    world.configure(&configuration);
    world
}

#[test]
fn the_pages_of_an_index_are_told_and_a_part_that_fails_costs_no_other() {
    let mut world = watching("/sitemap.xml");
    let one = world.site.article("/1", "First", "A page about torture, and how it was heard of.");
    let two = world.site.article("/2", "Second", "Another page that speaks of torture, in other words.");
    let parts = ["/old.xml", "/gone.xml", "/day-1.xml", "/day-2.xml", "/pages.xml", "/day-3.xml"];
    let index: String = (10..)
        .zip(parts)
        .map(|(day, path)| {
            format!("<sitemap><loc>{}</loc><lastmod>2025-11-{day}</lastmod></sitemap>", world.site.url(path))
        })
        .collect();
    world.site.serve("/sitemap.xml", Page::xml(format!("<sitemapindex>{index}</sitemapindex>")));
    world.site.serve("/day-1.xml", Page::xml(urlset(&[("First", one)])));
    world.site.serve("/day-2.xml", Page::xml(urlset(&[("Second", two)])));
    world.site.serve("/day-3.xml", Page::xml(urlset(&[])));
    world.site.serve("/gone.xml", Page::status(404));
    world.site.serve("/pages.xml", Page::xml("<urlset><url><loc>/about</loc></url></urlset>"));
    world.start();
    world.until("both pages are told", |world| world.mails.len() == 2);
    world.until_asked("/day-1.xml", 2);
    world.stop();
    assert!(!world.asked.iter().any(|path| path == "/old.xml"), "only five parts are asked for: {:?}", world.asked);
    let ledger = world.ledger_adds_up();
    assert_eq!(ledger["states"]["judged"], 2, "{ledger}");
    let log = world.log();
    assert!(log.contains("/gone.xml") && log.contains("without any news: element"), "{log}");
}

#[test]
fn a_sitemap_without_news_is_a_failed_poll_and_no_empty_success() {
    let mut world = watching("/pages.xml");
    world.site.serve("/pages.xml", Page::xml("<urlset><url><loc>/about</loc></url></urlset>"));
    world.start();
    world.until_asked("/pages.xml", 1);
    world.stop();
    assert!(world.log().contains("a sitemap of 1 pages without any news: element"), "{}", world.log());
}

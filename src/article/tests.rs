use super::STACK_BYTES;
use super::extract;
use crate::model::Article;
use crate::model::Document;
use url::Url;

fn page(html: &str) -> Article {
    let html = html.as_bytes().to_vec();
    let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let url = Url::parse("https://news.example.org/2025/a").expect("an address");
        extract(&Document { url: &url, content_type: Some("text/html"), bytes: &html })
    });
    reader.expect("a thread").join().expect("no panic")
}

#[test]
fn hostile_pages_end_soon_and_do_not_abort() {
    let deep = |tag: &str| format!("<{tag}>").repeat(30_000);
    let attributes: String = (0..50_000).map(|number| format!(" a{number}=1")).collect();
    let forms = [
        deep("div"),
        deep("b"),
        deep("span"),
        deep("svg"),
        deep("table"),
        deep("table><tr><td"),
        deep("ul><li"),
        deep("font"),
        deep("a href=x"),
        deep("p"),
        deep("h1"),
        format!("<p{attributes}>x</p>"),
        "<".repeat(4_000_000),
        "<br>&nbsp;".repeat(500_000),
        "<img src=x>".repeat(30_000),
        "<p><b id=x>".repeat(50_000),
        "<div style=\"display:none\">x</div>".repeat(50_000),
        format!("<p>{}</p>", "a".repeat(9_000_000)),
        "<!--".repeat(500_000),
        "<script>".repeat(200_000),
        "<a b=\"".repeat(200_000),
        "</div>".repeat(500_000),
        "&".repeat(1_000_000),
        "&amp;".repeat(200_000),
        "\0".repeat(1_000_000),
    ];
    for form in forms {
        let started = std::time::Instant::now();
        page(&format!("<html><body>{form}<p>Ende"));
        let name: String = form.chars().take(20).collect();
        println!("{name} {:?}", started.elapsed());
        assert!(started.elapsed().as_secs() < 20, "{name}");
    }
}

//! (paper, the other papers' addresses, seconds since the opening) → the bytes of its feed, in its dialect and with its
//! faults. Pure.

use super::page;
use super::papers;
use super::papers::Article;
use super::papers::Dialect;
use super::papers::Fault;
use super::papers::Paper;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use std::fmt::Write as _;

/// The newsstand at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Every paper.
    pub papers: &'a [Paper],
    /// Their addresses, without a slash at the end, in the same order.
    pub bases: &'a [String],
    /// When the newsstand opened.
    pub opened: Timestamp,
    /// Seconds since then.
    pub elapsed: i64,
}

/// An article at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    /// The headline.
    pub title: String,
    /// The paragraphs, HTML, links filled in.
    pub paragraphs: Vec<String>,
    /// When it was published.
    pub published: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// An entry of a feed.
struct Line {
    id: String,
    link: String,
    title: String,
    teaser: String,
    content: Option<String>,
    byline: String,
    published: Timestamp,
    updated: Timestamp,
}

impl Moment<'_> {
    /// The address of a paper, without a slash at the end.
    pub fn base(&self, paper: &Paper) -> &str {
        let place = self.papers.iter().position(|candidate| candidate.name == paper.name);
        place.and_then(|place| self.bases.get(place)).map_or("", String::as_str)
    }

    /// The address of the article that `paper/slug` names.
    pub fn address(&self, name: &str) -> Option<String> {
        let (paper, article) = papers::find(self.papers, name)?;
        Some(format!("{}{}", self.base(paper), article.path))
    }

    /// The articles of a paper that have appeared.
    pub fn visible<'p>(&self, paper: &'p Paper) -> impl Iterator<Item = &'p Article> + use<'p> {
        let elapsed = self.elapsed;
        paper.articles.iter().filter(move |article| article.after <= elapsed)
    }

    /// The article as it stands now.
    pub fn print(&self, article: &Article) -> Print {
        let published = self.before_opening(article.minutes_ago * 60 - article.after);
        let mut print = Print {
            title: article.title.clone(),
            paragraphs: article.body.split("\n\n").map(|text| self.fill(text.trim())).collect(),
            published,
            updated: published,
        };
        if let Some(edit) = article.edit.as_ref().filter(|edit| edit.after <= self.elapsed) {
            print.title.clone_from(&edit.title);
            print.paragraphs.insert(0, self.fill(edit.body.trim()));
            print.updated = self.before_opening(-edit.after);
        }
        print
    }

    fn before_opening(&self, seconds: i64) -> Timestamp {
        self.opened.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(self.opened)
    }

    /// Puts addresses where `{{paper/slug}}` stands.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{{") {
            let Some((name, after)) = behind.split_once("}}") else { break };
            filled.push_str(before);
            filled.push_str(&self.address(name).unwrap_or_default());
            rest = after;
        }
        filled.push_str(rest);
        filled.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn lines(&self, paper: &Paper) -> Vec<Line> {
        let mut lines = Vec::new();
        for article in self.visible(paper) {
            let print = self.print(article);
            let target = article.elsewhere.as_ref().and_then(|name| self.address(name));
            let address = target.clone().unwrap_or_else(|| match paper.has(Fault::RelativeLinks) {
                true => article.path.clone(),
                false => format!("{}{}", self.base(paper), article.path),
            });
            let tracking = format!("utm_source={}&utm_medium=feed&utm_campaign=portada", paper.name);
            let link = if paper.has(Fault::Tracking) { format!("{address}?{tracking}") } else { address.clone() };
            let line = |id: String, link: String| Line {
                id,
                link,
                title: print.title.clone(),
                teaser: article.teaser.clone(),
                content: (paper.has(Fault::FullText) && target.is_none()).then(|| paragraphs(&print.paragraphs)),
                byline: article.byline.clone(),
                published: print.published,
                updated: print.updated,
            };
            let id = format!("tag:{}.example,2025:{}", paper.name, article.slug);
            if let Some(query) = &article.again {
                lines.push(line(format!("{id}/again"), format!("{address}?{query}")));
            }
            lines.push(line(id, link));
        }
        lines
    }
}

/// The bytes of a paper's feed, or of the page that lists its articles.
pub fn edition(moment: &Moment<'_>, paper: &Paper) -> Vec<u8> {
    let lines = moment.lines(paper);
    let text = match paper.dialect {
        Dialect::Rss2 => rss2(moment, paper, &lines),
        Dialect::Rdf => rdf(moment, paper, &lines),
        Dialect::Atom => atom(moment, paper, &lines),
        Dialect::Json => json_feed(moment, paper, &lines),
        Dialect::Page => page::home(moment, paper),
    };
    encode(paper, text)
}

/// The bytes of a text in the paper's encoding.
pub fn encode(paper: &Paper, text: String) -> Vec<u8> {
    match paper.has(Fault::Windows1252) {
        true => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        false => text.into_bytes(),
    }
}

/// The Content-Type of a paper's feed.
pub fn media_type(paper: &Paper) -> &'static str {
    match paper.dialect {
        Dialect::Rss2 | Dialect::Rdf if paper.has(Fault::Windows1252) => "text/xml",
        Dialect::Rss2 => "application/rss+xml; charset=utf-8",
        Dialect::Rdf => "application/rdf+xml; charset=utf-8",
        Dialect::Atom => "application/atom+xml; charset=utf-8",
        Dialect::Json => "application/feed+json",
        Dialect::Page => "text/html; charset=utf-8",
    }
}

/// Text for an XML or HTML document.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn paragraphs(paragraphs: &[String]) -> String {
    paragraphs.iter().fold(String::new(), |mut html, text| {
        let _ = writeln!(html, "<p>{text}</p>");
        html
    })
}

fn declaration(paper: &Paper) -> String {
    let encoding = if paper.has(Fault::Windows1252) { "windows-1252" } else { "UTF-8" };
    let junk = if paper.has(Fault::LeadingJunk) { "\u{feff}\n" } else { "" };
    format!("{junk}<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n")
}

/// Text for the feed: escaped, and with `&nbsp;` where the paper's system puts it.
fn feed_text(paper: &Paper, text: &str) -> String {
    let text = escape(text);
    match paper.has(Fault::NamedEntities) {
        true => text.replace(" de ", " de&nbsp;").replace(" a ", " a&nbsp;"),
        false => text,
    }
}

fn mail_date(time: Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&time.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

fn rss2(moment: &Moment<'_>, paper: &Paper, lines: &[Line]) -> String {
    let base = moment.base(paper);
    let mut xml = declaration(paper);
    let _ = write!(
        xml,
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n\
         <title>{}</title>\n<link>{base}/</link>\n<description>{}</description>\n<language>{}</language>\n\
         <atom:link href=\"{base}{}\" rel=\"self\" type=\"application/rss+xml\"/>\n",
        feed_text(paper, &paper.title),
        feed_text(paper, &paper.about),
        paper.language,
        paper.path
    );
    for line in lines {
        let _ = write!(
            xml,
            "<item>\n<title>{}</title>\n<link>{}</link>\n<description>{}</description>\n<pubDate>{}</pubDate>\n",
            feed_text(paper, &line.title),
            escape(&line.link),
            feed_text(paper, &line.teaser),
            mail_date(line.published)
        );
        if !paper.has(Fault::NoGuid) {
            let _ = writeln!(xml, "<guid isPermaLink=\"false\">{}</guid>", line.id);
        }
        if !line.byline.is_empty() {
            let _ = writeln!(xml, "<dc:creator>{}</dc:creator>", escape(&line.byline));
        }
        if let Some(content) = &line.content {
            let _ = writeln!(xml, "<content:encoded><![CDATA[{content}]]></content:encoded>");
        }
        xml.push_str("</item>\n");
    }
    xml.push_str("</channel>\n</rss>\n");
    xml
}

fn rdf(moment: &Moment<'_>, paper: &Paper, lines: &[Line]) -> String {
    let base = moment.base(paper);
    let mut xml = declaration(paper);
    let _ = write!(
        xml,
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel rdf:about=\"{base}{}\">\n<title>{}</title>\n\
         <link>{base}/</link>\n<description>{}</description>\n<items><rdf:Seq>\n",
        paper.path,
        escape(&paper.title),
        escape(&paper.about)
    );
    for line in lines {
        let _ = writeln!(xml, "<rdf:li rdf:resource=\"{}\"/>", escape(&line.link));
    }
    xml.push_str("</rdf:Seq></items>\n</channel>\n");
    for line in lines {
        let _ = write!(
            xml,
            "<item rdf:about=\"{0}\">\n<title>{1}</title>\n<link>{0}</link>\n<description>{2}</description>\n\
             <dc:date>{3}</dc:date>\n<dc:creator>{4}</dc:creator>\n</item>\n",
            escape(&line.link),
            escape(&line.title),
            escape(&line.teaser),
            line.published,
            escape(&line.byline)
        );
    }
    xml.push_str("</rdf:RDF>\n");
    xml
}

fn atom(moment: &Moment<'_>, paper: &Paper, lines: &[Line]) -> String {
    let base = moment.base(paper);
    let updated = lines.iter().map(|line| line.updated).max().unwrap_or(moment.opened);
    let mut xml = declaration(paper);
    let _ = write!(
        xml,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<id>tag:{}.example,2025:feed</id>\n\
         <title>{}</title>\n<subtitle>{}</subtitle>\n<updated>{updated}</updated>\n<link rel=\"alternate\" href=\"{base}/\"/>\n\
         <link rel=\"self\" href=\"{base}{}\"/>\n",
        paper.language,
        paper.name,
        escape(&paper.title),
        escape(&paper.about),
        paper.path
    );
    for line in lines {
        let _ = write!(
            xml,
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
             <published>{}</published>\n<updated>{}</updated>\n<author><name>{}</name></author>\n\
             <summary type=\"text\">{}</summary>\n",
            line.id,
            escape(&line.title),
            escape(&line.link),
            line.published,
            line.updated,
            escape(&line.byline),
            escape(&line.teaser)
        );
        if let Some(content) = &line.content {
            let _ = writeln!(xml, "<content type=\"html\">{}</content>", escape(content));
        }
        xml.push_str("</entry>\n");
    }
    xml.push_str("</feed>\n");
    xml
}

fn json_feed(moment: &Moment<'_>, paper: &Paper, lines: &[Line]) -> String {
    let base = moment.base(paper);
    let items: Vec<_> = lines
        .iter()
        .map(|line| {
            let mut item = json!({
                "id": line.id,
                "url": line.link,
                "title": line.title,
                "summary": line.teaser,
                "date_published": line.published.to_string(),
                "date_modified": line.updated.to_string(),
                "authors": [{"name": line.byline}],
            });
            if let Some(content) = &line.content {
                item["content_html"] = json!(content);
            } else {
                item["content_text"] = json!(line.teaser);
            }
            item
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": paper.title,
        "description": paper.about,
        "language": paper.language,
        "home_page_url": format!("{base}/"),
        "feed_url": format!("{base}{}", paper.path),
        "items": items,
    });
    format!("{feed:#}\n")
}

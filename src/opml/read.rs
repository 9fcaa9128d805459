//! OPML → feeds, or the place where it stops being OPML.

use super::List;
use super::Outline;
use super::Remark;
use crate::discover;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;
use url::Url;

/// Folders deeper than this are somebody's joke.
const DEEPEST: usize = 64;

/// Reads a list.
///
/// # Errors
/// Why it is none, with the place: no XML, another document, an element without an end.
pub fn read(text: &str) -> Result<List, Remark> {
    // The reader would take it off by itself, and count from behind it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading { text, list: List::default(), open: Vec::new(), folder: Vec::new() };
    let mut reader = Reader::from_str(text);
    let mut root = false;
    let mut body = false;
    loop {
        let at = position(reader.buffer_position());
        match reader.read_event() {
            Err(error) => return Err(reading.remark(position(reader.error_position()), no_xml(&error.to_string()))),
            Ok(Event::Start(tag)) => {
                root = reading.root(root, &tag, at)?;
                let name = name(&tag);
                body |= name == "body";
                let folder = (name == "outline").then(|| reading.outline(&tag, at, false)).flatten();
                if reading.open.len() >= DEEPEST {
                    return Err(reading.remark(at, format!("nested deeper than {DEEPEST} elements")));
                }
                reading.open.push((name, at, folder.is_some()));
                reading.folder.extend(folder);
            }
            Ok(Event::Empty(tag)) => {
                root = reading.root(root, &tag, at)?;
                let name = name(&tag);
                body |= name == "body";
                if name == "outline" {
                    reading.outline(&tag, at, true);
                }
            }
            Ok(Event::End(_)) => {
                if let Some((_, _, true)) = reading.open.pop() {
                    reading.folder.pop();
                }
            }
            Ok(Event::Text(between)) if !root => {
                let between = String::from_utf8_lossy(&between).into_owned();
                let words = between.trim_start();
                if !words.is_empty() {
                    let before = between.len() - words.len();
                    return Err(reading.remark(at + before, "no XML: text before the first element"));
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
        }
    }
    if let Some((name, at, _)) = reading.open.last().cloned() {
        return Err(reading.remark(at, format!("<{name}> has no end")));
    }
    if !root {
        return Err(reading.remark(0, "no OPML: the file holds no element"));
    }
    if !body {
        return Err(reading.remark(0, "no OPML: <body> is missing"));
    }
    Ok(reading.list)
}

struct Reading<'a> {
    text: &'a str,
    list: List,
    /// Name, place, and whether it is a folder.
    open: Vec<(String, usize, bool)>,
    folder: Vec<String>,
}

impl Reading<'_> {
    /// The first element must be the list.
    fn root(&self, root: bool, tag: &BytesStart<'_>, at: usize) -> Result<bool, Remark> {
        let name = name(tag);
        match (root, self.open.is_empty()) {
            (false, _) if name != "opml" => {
                Err(self.remark(at, format!("no OPML: the first element is <{name}>, not <opml>")))
            }
            (true, true) => Err(self.remark(at, format!("<{name}> stands behind the end of <opml>"))),
            _ => Ok(true),
        }
    }

    /// Takes a feed into the list; gives the folder's title when it is one.
    fn outline(&mut self, tag: &BytesStart<'_>, at: usize, empty: bool) -> Option<String> {
        let attribute = |wanted: &str| {
            let found = tag
                .attributes()
                .flatten()
                .find(|attribute| attribute.key.as_ref().eq_ignore_ascii_case(wanted.as_bytes()))?;
            // An ampersand that is not escaped is the commonest fault of such lists, and means itself.
            let value = found.normalized_value(XmlVersion::Implicit1_0).map(|value| value.into_owned());
            let value = value.unwrap_or_else(|_| String::from_utf8_lossy(&found.value).into_owned());
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        if let Some(Err(error)) = tag.attributes().find(Result::is_err) {
            self.note(at, format!("an attribute cannot be read: {error}"));
        }
        let (title, text) = (attribute("title"), attribute("text"));
        let name = attribute("atalaya:name");
        let Some(address) = attribute("xmlUrl") else {
            let feed =
                attribute("type").is_some_and(|kind| matches!(kind.to_ascii_lowercase().as_str(), "rss" | "atom"));
            if feed {
                let title = text.or(title).unwrap_or_default();
                self.note(at, format!("“{title}” is a feed without an address (`xmlUrl`): left out"));
            }
            return (!empty && !feed).then(|| attribute("text").or_else(|| attribute("title")).unwrap_or_default());
        };
        let Some(url) = web_address(&address) else {
            self.note(at, format!("`{address}` is no http or https address: left out"));
            return None;
        };
        // Lists of ours have a title only where the source has a label.
        let label = if name.is_some() { title } else { title.or(text) };
        let folder = self.folder.iter().filter(|title| !title.is_empty()).cloned().collect();
        self.add(Outline { name, url, label: label.map(|label| discover::one_line(&label)), folder }, at);
        None
    }

    fn add(&mut self, feed: Outline, at: usize) {
        let key = discover::key(&feed.url);
        let Some(twin) = self.list.feeds.iter_mut().find(|twin| discover::key(&twin.url) == key) else {
            return self.list.feeds.push(feed);
        };
        if feed.url.scheme() == "https" && twin.url.scheme() == "http" {
            twin.url = feed.url;
        }
        twin.label = twin.label.take().or(feed.label);
        let message = format!("{} stands in the list before: one source for both", twin.url);
        self.note(at, message);
    }

    fn note(&mut self, at: usize, message: String) {
        // Words of the list stand in it, and go to a terminal.
        let remark = self.remark(at, discover::one_line(&message));
        self.list.remarks.push(remark);
    }

    fn remark(&self, at: usize, message: impl Into<String>) -> Remark {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line = before.rsplit('\n').next().unwrap_or_default();
        Remark { line: before.matches('\n').count() + 1, column: line.chars().count() + 1, message: message.into() }
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn name(tag: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(tag.name().as_ref()).to_ascii_lowercase()
}

/// A lower-case fragment without a full stop.
fn no_xml(error: &str) -> String {
    format!("no XML: {}", error.trim_end_matches('.'))
}

/// `feed:` is how some readers write an address.
fn web_address(address: &str) -> Option<Url> {
    let lower = address.to_ascii_lowercase();
    let address = match lower.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("https:{}", &address["feed:".len()..]),
        Some(_) => address["feed:".len()..].to_owned(),
        None => address.to_owned(),
    };
    let url = Url::parse(&address).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_list_with_folders_twins_and_faults_is_read_whole() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<!-- exported -->\n<opml version=\"1.1\"><head><title>x</title></head><body>\n\
            <outline text=\"Prensa\"><outline title=\"Local\">\n\
            <outline type=\"rss\" text=\"Faro\" title=\"El &quot;Faro&quot;\" xmlUrl=\"http://faro.example/rss\" htmlUrl=\"http://faro.example\"/>\n\
            </outline><outline text=\"Gaceta\" XMLURL=\"https://gaceta.example/?a=1&b=2\"></outline></outline>\n\
            <outline text=\"Otra vez\" xmlUrl=\"https://faro.example/rss/\"/>\n\
            <outline type=\"rss\" text=\"Sin\"/><outline text=\"Archivo\" xmlUrl=\"file:///etc/passwd\"/>\n\
            <outline text=\"Faro 2\" xmlUrl=\"feed://faro2.example/rss\"/></body></opml>";
        let list = read(text).expect("a list");
        let feeds: Vec<_> = list
            .feeds
            .iter()
            .map(|feed| (feed.url.as_str(), feed.label.as_deref().unwrap_or_default(), feed.folder.join(" / ")))
            .collect();
        assert_eq!(
            feeds,
            [
                ("https://faro.example/rss/", "El \"Faro\"", "Prensa / Local".to_owned()),
                ("https://gaceta.example/?a=1&b=2", "Gaceta", "Prensa".to_owned()),
                ("https://faro2.example/rss", "Faro 2", String::new()),
            ]
        );
        let remarks: Vec<String> = list.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(
            remarks,
            [
                "7:1: https://faro.example/rss/ stands in the list before: one source for both",
                "8:1: “Sin” is a feed without an address (`xmlUrl`): left out",
                "8:33: `file:///etc/passwd` is no http or https address: left out",
            ]
        );
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_place() {
        for (fault, text, said) in [
            ("nothing", "", "1:1: no OPML: the file holds no element"),
            ("text", "\n  feeds", "2:3: no XML: text before the first element"),
            (
                "another document",
                "<?xml version=\"1.0\"?>\n<rss/>",
                "2:1: no OPML: the first element is <rss>, not <opml>",
            ),
            ("no body", "<opml/>", "1:1: no OPML: <body> is missing"),
            ("an element without end", "<opml>\n <body>\n  <outline text=\"é\"/>", "2:2: <body> has no end"),
            ("a second root", "<opml><body/></opml>\n<opml/>", "2:1: <opml> stands behind the end of <opml>"),
        ] {
            assert_eq!(read(text).expect_err(fault).to_string(), said, "{fault}");
        }
        let crossed = read("<opml>\n<body>\n <outline></body></opml>").expect_err("crossed elements");
        assert_eq!(crossed.line, 3, "{crossed}");
        assert!(crossed.message.starts_with("no XML: "), "{crossed}");
        let cut = read("<opml>\n<body><outline text=\"a").expect_err("cut");
        assert_eq!(cut.line, 2, "{cut}");
    }
}

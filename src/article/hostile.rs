//! Pages that take a parser or an extractor minutes, gigabytes or its stack when they come unchanged. The tests read
//! each of them small, `bench/articles --hostile` in full.

/// One way to be hostile.
pub struct Form {
    /// What is wrong.
    pub name: &'static str,
    /// What the server declares.
    pub content_type: Option<&'static str>,
    /// The page, about so many bytes of it.
    pub page: fn(bytes: usize) -> Vec<u8>,
    /// How long it is in full.
    pub bytes: usize,
}

const MEGABYTE: usize = 1_000_000;

const fn form(name: &'static str, bytes: usize, page: fn(usize) -> Vec<u8>) -> Form {
    Form { name, content_type: Some("text/html"), page, bytes }
}

fn repeated(unit: &str, bytes: usize) -> Vec<u8> {
    format!("<html><head><title>T</title></head><body>{}<p>Fin", unit.repeat(bytes / unit.len())).into_bytes()
}

fn nested(open: &str, close: &str, bytes: usize) -> Vec<u8> {
    let times = bytes / (open.len() + close.len());
    format!("<body>{}deep{}<p>Fin", open.repeat(times), close.repeat(times)).into_bytes()
}

fn numbered(before: &str, bytes: usize, unit: fn(usize) -> String, behind: &str) -> Vec<u8> {
    let length = unit(100_000).len();
    let units: String = (0..bytes / length).map(unit).collect();
    format!("{before}{units}{behind}").into_bytes()
}

/// All of them.
pub const FORMS: &[Form] = &[
    form("1 M nested div", 11 * MEGABYTE, |bytes| nested("<div>", "</div>", bytes)),
    form("1 M open div", 5 * MEGABYTE, |bytes| repeated("<div>", bytes)),
    form("50,000 nested lists", MEGABYTE, |bytes| nested("<ul><li>", "</li></ul>", bytes)),
    form("nested b", 3 * MEGABYTE, |bytes| repeated("<b>", bytes)),
    form("nested span", 6 * MEGABYTE, |bytes| nested("<span>", "</span>", bytes)),
    form("nested svg", 5 * MEGABYTE, |bytes| repeated("<svg>", bytes)),
    form("nested math", 5 * MEGABYTE, |bytes| repeated("<math><mi>", bytes)),
    form("nested table", 7 * MEGABYTE, |bytes| repeated("<table>", bytes)),
    form("nested cells", 7 * MEGABYTE, |bytes| repeated("<table><tr><td>", bytes)),
    form("foster-parented tables", 7 * MEGABYTE, |bytes| repeated("<table>x<b>", bytes)),
    form("nested links", 9 * MEGABYTE, |bytes| repeated("<a href=x>", bytes)),
    form("formatting that is never closed", 9 * MEGABYTE, |bytes| repeated("<p><b id=x>x", bytes)),
    form("nested blockquotes", 12 * MEGABYTE, |bytes| repeated("<blockquote>", bytes)),
    form("nested forms and buttons", 9 * MEGABYTE, |bytes| repeated("<form><button>", bytes)),
    form("nested templates", 10 * MEGABYTE, |bytes| repeated("<template>", bytes)),
    form("2 M line breaks with NBSP", 20 * MEGABYTE, |bytes| repeated("<br>&nbsp;", bytes)),
    form("2 M line breaks", 8 * MEGABYTE, |bytes| repeated("<br>", bytes)),
    form("10 MB of <", 10 * MEGABYTE, |bytes| repeated("<", bytes)),
    form("200,000 headings", 4 * MEGABYTE, |bytes| repeated("<h2>Heading</h2>", bytes)),
    form("200,000 images", 4 * MEGABYTE, |bytes| repeated("<img src=x.png>", bytes)),
    form("200,000 hidden elements", 6 * MEGABYTE, |bytes| repeated("<div hidden>hidden</div>", bytes)),
    form("500,000 open p", 4 * MEGABYTE, |bytes| repeated("<p>text", bytes)),
    form("500,000 paragraphs of prose", 20 * MEGABYTE, |bytes| {
        repeated("<p>The court heard the neighbours, all of them.</p>", bytes)
    }),
    form("200,000 links", 10 * MEGABYTE, |bytes| repeated("<p><a href=\"/one/two\">A link to another page</a>", bytes)),
    form("options of a select", 6 * MEGABYTE, |bytes| repeated("<select><option>x", bytes)),
    form("1 M attributes on one element", 11 * MEGABYTE, |bytes| {
        numbered("<p", bytes, |number| format!(" a{number}=1"), ">x")
    }),
    form("1 M attributes on many elements", 11 * MEGABYTE, |bytes| {
        numbered("<body>", bytes, |number| format!("<p {}>x", format!(" a{number}=1").repeat(20)), "")
    }),
    form("one attribute of 20 MB", 20 * MEGABYTE, |bytes| {
        format!("<p class=\"{}\">x", "related ".repeat(bytes / 8)).into_bytes()
    }),
    form("a class for each element", 10 * MEGABYTE, |bytes| {
        numbered("<body>", bytes, |number| format!("<p class=\"c{number} body\">text of it</p>"), "")
    }),
    form("20 MB of one word", 20 * MEGABYTE, |bytes| repeated("a", bytes)),
    form("20 MB of one paragraph", 20 * MEGABYTE, |bytes| repeated("word, and another. ", bytes)),
    form("20 MB without blanks", 20 * MEGABYTE, |bytes| repeated("港の裁判所は、", bytes)),
    form("combining marks", 10 * MEGABYTE, |bytes| repeated("e\u{301}\u{300}\u{302}", bytes)),
    form("right-to-left emoji", 10 * MEGABYTE, |bytes| repeated("\u{202e}😀\u{200d}👩 ", bytes)),
    form("comments that do not end", 10 * MEGABYTE, |bytes| repeated("<!--", bytes)),
    form("scripts that do not end", 10 * MEGABYTE, |bytes| repeated("<script>", bytes)),
    form("JSON-LD that does not end", 10 * MEGABYTE, |bytes| {
        format!("<script type=\"application/ld+json\">{}", "[".repeat(bytes)).into_bytes()
    }),
    form("JSON-LD of 10 MB", 10 * MEGABYTE, |bytes| {
        let graph = "{\"@type\":\"Thing\",\"name\":\"x\"},".repeat(bytes / 30);
        format!("<script type=\"application/ld+json\">[{graph}1]</script><p>Fin").into_bytes()
    }),
    form("20,000 blocks of JSON-LD", 2 * MEGABYTE, |bytes| {
        repeated("<script type=\"application/ld+json\">{\"@type\":\"Thing\"}</script>", bytes)
    }),
    form("quotes that do not end", 5 * MEGABYTE, |bytes| repeated("<a b=\"", bytes)),
    form("2 M end tags of nothing", 12 * MEGABYTE, |bytes| repeated("</div>", bytes)),
    form("4 M references", 20 * MEGABYTE, |bytes| repeated("&amp;", bytes)),
    form("numbered references", 20 * MEGABYTE, |bytes| repeated("&#1083;", bytes)),
    form("20 MB of NUL", 20 * MEGABYTE, |bytes| vec![0; bytes]),
    form("20 MB of noise", 20 * MEGABYTE, |bytes| {
        let mut state = 1u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        noise.take(bytes).collect()
    }),
    Form {
        name: "Latin letters declared as UTF-16",
        content_type: Some("text/html; charset=utf-16"),
        page: |bytes| repeated("<p>palabra y otra palabra</p>", bytes),
        bytes: 20 * MEGABYTE,
    },
    Form {
        name: "Windows-1252 declared as UTF-8",
        content_type: Some("text/html; charset=utf-8"),
        page: |bytes| [b"<p>".as_slice(), &b"a\xf1o \x93s\xed\x94. ".repeat(bytes / 11)].concat(),
        bytes: 20 * MEGABYTE,
    },
    Form {
        name: "UTF-8 declared as Shift_JIS",
        content_type: Some("text/html; charset=shift_jis"),
        page: |bytes| repeated("<p>año y señal, niño</p>", bytes),
        bytes: 20 * MEGABYTE,
    },
];

//! A PDF file → its text as an article. The library reads hostile files with bounds on what it unpacks; what is left (a
//! panic, an endless loop) is the guard's: pages are read one by one until [`Bounds::expired`] says to stop, a panic is
//! caught, and the caller gives the thread, with [`STACK_BYTES`](super::STACK_BYTES), and its own deadline.

use crate::feed::plain;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use lopdf::LoadOptions;
use std::io::Read as _;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

/// Longer files are not read.
pub const BYTES: usize = 16 * 1024 * 1024;
/// Pages behind this many are not read.
pub const PAGES: usize = 200;
/// What one stream may unpack to.
const UNPACKED: usize = 16 * 1024 * 1024;
/// Objects of a file, counted before it is parsed: each costs a hundred times its bytes.
const OBJECTS: usize = 100_000;
/// What all of its streams may unpack to, pictures aside. As objects they take some thirty times as much.
const IN_ALL: usize = 16 * 1024 * 1024;
/// Letters of the text; no more is read.
const LETTERS: usize = 2 * 1024 * 1024;

/// When reading stops early.
#[derive(Clone, Copy)]
pub struct Bounds<'a> {
    /// Asked between two pages.
    pub expired: &'a dyn Fn() -> bool,
}

/// Whether an answer is a PDF file: by its first bytes, whatever the server calls it.
pub fn is_pdf(document: &Document<'_>) -> bool {
    document.bytes[..document.bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-")
        && !document.bytes.trim_ascii_start().starts_with(b"<")
}

/// The text of a PDF file. Its title is the one of its own description, if that has one that says something.
///
/// # Errors
/// [`Reason::PdfUnreadable`] with what is wrong: encrypted, broken, too large, without text.
pub fn read(document: &Document<'_>, bounds: Bounds<'_>) -> Result<Article, Reason> {
    let fault = |detail: &str| Reason::PdfUnreadable { detail: detail.to_owned() };
    harmless(document.bytes).map_err(fault)?;
    catch_unwind(AssertUnwindSafe(|| text(document.bytes, bounds)))
        .unwrap_or(Err("its reader broke down over it".to_owned()))
        .map_err(|detail| Reason::PdfUnreadable { detail })
}

fn text(bytes: &[u8], bounds: Bounds<'_>) -> Result<Article, String> {
    let options = LoadOptions { max_decompressed_size: Some(UNPACKED), ..LoadOptions::default() };
    let file = lopdf::Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword | lopdf::Error::Unimplemented(_) => "it is encrypted".to_owned(),
        lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_) => "it is encrypted".to_owned(),
        error => error.to_string(),
    })?;
    if file.is_encrypted() {
        return Err("it is encrypted".into());
    }
    let mut article = Article { title: title(&file), method: "pdf".into(), ..Article::default() };
    let (mut pages, mut unread) = (0, 0);
    for (number, _) in (1..).zip(file.page_iter().take(PAGES + 1)) {
        if (bounds.expired)() {
            return Err("it took too long".into());
        }
        pages += 1;
        if pages > PAGES || article.text.len() > LETTERS {
            article.warnings.push(format!("cut behind page {}", pages - 1));
            break;
        }
        match file.extract_text_with_limit(&[number], UNPACKED) {
            Ok(text) => append(&mut article.text, &text),
            Err(_) => unread += 1,
        }
    }
    if unread > 0 {
        article.warnings.push(format!("{unread} of {pages} pages could not be read"));
    }
    match (article.text.is_empty(), unread) {
        (false, _) => Ok(article),
        (true, _) if pages == 0 => Err("it has no pages".into()),
        (true, 0) => Err(format!("{pages} pages hold no text, such as pictures of text")),
        (true, _) => Err(format!("none of its {pages} pages could be read")),
    }
}

/// Lines become one paragraph, words that a line's end broke become whole.
fn append(text: &mut String, page: &str) {
    let mut folded = plain::fold(page);
    for (ligature, letters) in [("ﬀ", "ff"), ("ﬁ", "fi"), ("ﬂ", "fl"), ("ﬃ", "ffi"), ("ﬄ", "ffl"), ("\u{ad}", "")]
    {
        if folded.contains(ligature) {
            folded = folded.replace(ligature, letters);
        }
    }
    let whole = unbroken(&folded);
    if whole.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&whole);
}

/// `man- agement` is how a word comes out that a line's end broke.
fn unbroken(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("- ") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let broken = before.ends_with(char::is_lowercase) && after.starts_with(char::is_lowercase);
        let joins = ["and ", "or ", "to ", "y ", "e ", "o ", "u ", "ou ", "und ", "et "];
        whole.push_str(before);
        if !broken || joins.iter().any(|word| after.starts_with(word)) {
            whole.push_str("- ");
        }
        rest = after;
    }
    whole.push_str(rest);
    whole
}

/// Of the file's description; names of files and of programs say nothing.
fn title(file: &lopdf::Document) -> String {
    let described = || {
        let info = file.trailer.get(b"Info").ok()?;
        let (_, info) = file.dereference(info).ok()?;
        let title = info.as_dict().ok()?.get(b"Title").ok()?;
        let (_, title) = file.dereference(title).ok()?;
        lopdf::decode_text_string(title).ok()
    };
    let title = plain::fold(&described().unwrap_or_default());
    let says_nothing = title.split_whitespace().count() < 2
        || title.len() > 500
        || title.starts_with("Microsoft ")
        || title.to_lowercase().starts_with("untitled");
    if says_nothing { String::new() } else { title }
}

/// One pass over the bytes, before the parser: what would fill the memory is refused. How deep things are nested the
/// parser bounds itself, and what one stream unpacks to; not what all of them do.
fn harmless(bytes: &[u8]) -> Result<(), &'static str> {
    if bytes.len() > BYTES {
        return Err("it is too large");
    }
    if memchr::memmem::find_iter(bytes, b" obj").count() > OBJECTS {
        return Err("it has too many objects");
    }
    let (mut left, mut ended) = (IN_ALL, 0);
    for at in memchr::memmem::find_iter(bytes, b"stream") {
        if bytes[..at].ends_with(b"end") {
            ended = at;
            continue;
        }
        // Pictures are not unpacked here. A name may be written with escapes, so with any it counts as the worst.
        let about = &bytes[ended.max(at.saturating_sub(64 * 1024))..at];
        let has = |name: &[u8]| memchr::memmem::find(about, name).is_some();
        if has(b"/Image") && !has(b"ObjStm") && !has(b"#") {
            continue;
        }
        let packed = bytes[at + "stream".len()..].trim_ascii_start();
        left = left.checked_sub(unpacked(packed, left)).filter(|left| *left > 0).ok_or("it unpacks to too much")?;
    }
    Ok(())
}

/// How many bytes a stream unpacks to, counted up to `most`; 0 when it is not packed so.
fn unpacked(packed: &[u8], most: usize) -> usize {
    let (mut stream, mut buffer) = (flate2::read::ZlibDecoder::new(packed), [0; 16 * 1024]);
    let mut count = 0;
    while count < most {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => count += length,
        }
    }
    count.min(most)
}

#[cfg(test)]
mod tests;

//! Is the answer a page? By its declared type where that is certain, else by its first bytes.

use crate::model::Document;
use crate::model::Reason;

/// First bytes of what is certainly no page.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "application/ogg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"{\\rtf", "application/rtf"),
    (b"wOF", "font/woff"),
];

/// Answers "yes" for HTML, XHTML and plain text, and where the server says nothing of use.
///
/// # Errors
/// [`Reason::NotAPage`] with the media type.
pub fn is_page(document: &Document<'_>) -> Result<(), Reason> {
    if let Some(found) = signature(document.bytes) {
        return Err(Reason::NotAPage { media_type: found.into() });
    }
    let declared = document.content_type.unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let family = media_type.split('/').next().unwrap_or_default();
    let certain = matches!(family, "image" | "video" | "audio" | "font" | "model")
        || matches!(
            media_type.as_str(),
            "application/pdf" | "application/zip" | "application/msword" | "application/json" | "application/epub+zip"
        )
        || media_type.starts_with("application/vnd.openxmlformats");
    // Some servers call every page application/octet-stream or text/xml; and some call a page an image.
    if certain && !looks_like_html(document.bytes) {
        return Err(Reason::NotAPage { media_type });
    }
    Ok(())
}

fn signature(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some("video/mp4");
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("image/webp");
    }
    SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, media_type)| *media_type)
}

fn looks_like_html(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|start| head.contains(start))
}

#[cfg(test)]
mod tests {
    use super::is_page;
    use crate::model::Document;
    use url::Url;

    #[test]
    fn pages_are_told_from_files() {
        let url = Url::parse("https://example.org/a").expect("an address");
        let cases: [(Option<&str>, &[u8], Option<&str>); 8] = [
            (Some("text/html; charset=utf-8"), b"<p>x", None),
            (None, b"<p>x", None),
            (Some("text/plain"), b"words", None),
            (Some("application/octet-stream"), b"<p>x", None),
            (Some("text/html"), b"%PDF-1.7", Some("application/pdf")),
            (Some("Image/PNG"), b"", Some("image/png")),
            (Some("video/mp4"), b"\0\0\0\x18ftypmp42", Some("video/mp4")),
            (Some("image/gif"), b"<!doctype html><p>", None),
        ];
        for (content_type, bytes, expected) in cases {
            let answer = is_page(&Document { url: &url, content_type, bytes });
            let media_type =
                answer.err().map(|reason| serde_json::to_value(reason).expect("JSON")["media_type"].clone());
            assert_eq!(media_type.as_ref().and_then(|value| value.as_str()), expected, "{content_type:?}");
        }
    }
}

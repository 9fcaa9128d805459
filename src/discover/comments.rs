//! A candidate → is it a feed of comments? A comments feed is among the links of 18 to 60 % of the pages that have any.

use super::Candidate;
use url::Url;

/// Words in the titles of comment feeds. Compared in lower case.
const WORDS: &[&str] = &[
    "comment feed",
    "comments feed",
    "comments on",
    "comments for",
    "comments -",
    "all comments",
    "recent comments",
    "feed de los comentarios",
    "feed de comentarios",
    "comentarios en",
    "comentarios de",
    "comentarios sobre",
    "comentários em",
    "comentários sobre",
    "feed dos comentários",
    "feed de comentários",
    "flux des commentaires",
    "commentaires sur",
    "commentaires pour",
    "kommentar-feed",
    "kommentare zu",
    "kommentare für",
    "feed dei commenti",
    "commenti a",
    "commenti su",
    "лента комментариев",
    "комментарии к",
    "комментарии на",
    "reacties op",
    "reactiefeed",
    "yorumlar",
    "komentarze do",
];

/// Whether a feed's title says that it lists comments.
pub fn is_title_of_comments(title: &str) -> bool {
    let title = title.to_lowercase();
    WORDS.iter().any(|words| title.contains(words))
}

/// Whether its title or its address says so.
pub fn is_of_comments(candidate: &Candidate) -> bool {
    candidate.title.as_deref().is_some_and(is_title_of_comments) || is_address_of_comments(&candidate.url)
}

fn is_address_of_comments(url: &Url) -> bool {
    let path = url.path().to_ascii_lowercase();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let said = segments.iter().any(|segment| {
        matches!(
            *segment,
            "comments" | "comentarios" | "commentaires" | "kommentare" | "comment-feed" | "comments-feed"
        ) || segment.starts_with("comments.")
    });
    // WordPress: `?feed=comments-rss2`.
    said || url.query_pairs().any(|(name, value)| name == "feed" && value.starts_with("comments"))
}

#[cfg(test)]
mod tests {
    use super::is_address_of_comments;
    use super::is_title_of_comments;
    use url::Url;

    #[test]
    fn comment_feeds_are_told_from_feeds_that_speak_of_comments() {
        for (address, comments) in [
            ("https://example.org/comments/feed/", true),
            ("https://example.org/?feed=comments-rss2", true),
            ("https://example.org/feeds/123/comments/default", true),
            ("https://example.org/comments.rss", true),
            ("https://example.org/feed/", false),
            ("https://example.org/commentary/rss.xml", false),
        ] {
            assert_eq!(is_address_of_comments(&Url::parse(address).expect("an address")), comments, "{address}");
        }
        assert!(is_title_of_comments("Comentarios en: La nota"));
        assert!(!is_title_of_comments("Comentario político"));
    }
}

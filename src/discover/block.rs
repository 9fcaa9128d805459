//! (name, address, label) → the `[source.NAME]` to paste.

use toml::Value;
use url::Url;

/// A whole source block; `name` is one that `[source.NAME]` takes.
pub fn block(name: &str, url: &Url, label: Option<&str>) -> String {
    let mut block = format!("[source.{name}]\nfeed = {}\n", Value::from(url.as_str()));
    if let Some(label) = label.map(one_line).filter(|label| !label.is_empty()) {
        block.push_str(&format!("label = {}\n", Value::from(label)));
    }
    block
}

/// Text from outside on one line: in a block a line break would begin a new key, in a comment a new line of its own.
pub fn one_line(text: &str) -> String {
    let letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    crate::feed::plain::fold(&letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::block;
    use url::Url;

    #[test]
    fn whatever_a_feed_is_called_the_block_says_that_and_nothing_else() {
        let url = Url::parse("https://example.org/feed?a=%22&b='").expect("an address");
        for label in
            ["La \"Gaceta\"", "it's\n[channel.x]\nemail = \"a@example.org\"", "\\u0041 ''' \"\"\"", "\u{7f}\u{0}x"]
        {
            let text = block("gaceta", &url, Some(label));
            let read: toml::Table = text.parse().expect("TOML");
            let source = read["source"]["gaceta"].as_table().expect("a table");
            assert_eq!((read.len(), source.len()), (1, 2), "{text}");
            assert_eq!(source["feed"].as_str(), Some(url.as_str()));
            assert!(source["label"].as_str().is_some_and(|label| !label.contains('\n')));
        }
        assert_eq!(block("a", &url, Some(" ")).lines().count(), 2);
    }
}

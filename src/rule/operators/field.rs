//! `title:` and the like: the part behind holds in that field.

use super::Example;
use super::Operator;

/// A field.
pub struct InField;

impl Operator for InField {
    const NAME: &str = "title: body: author: tag: url: source:";
    const DOC: &str = "What stands directly behind it, a word, a phrase, an entity or brackets, occurs in that field: the \
                       headline, the text, an author's name, one of the feed's categories, the address, the name of the \
                       source. The last four are read as words too: `url:paper.example` finds every address of that host.";
    const EXAMPLES: &[Example] = &[
        Example::yes("title:torture", "Torture in prison\nA report was published."),
        Example::no("title:torture", "A report\nIt speaks of torture."),
        Example::yes("title:(report OR study) torture", "A report\nIt speaks of torture."),
        Example::no("body:@court", "Court of Appeal\nNothing was decided."),
        Example::yes("author:\"ana paz\" torture", "It speaks of torture, and is by Ana Paz"),
        Example::no("tag:sport torture", "Sport, and torture"),
        Example::yes("url:paper.example -url:sport torture", "Torture"),
        Example::yes("source:the-paper torture", "Torture"),
    ];
}

//! A weighed name → the same in people's words.

use super::entity::Finding;
use super::entity::NameAccount;
use super::entity::PartSource;
use super::entity::Void;
use super::entity::Weighed;
use super::trie::Hit;

/// The account of one name; `slice` gives the offset and the text of a place.
pub fn of<'a>(name: &Weighed, spelling: &[String], slice: impl Fn(&Hit) -> (usize, &'a str)) -> NameAccount {
    let (start, text) = slice(&name.hit);
    let because = match &name.finding {
        Finding::Strong => vec!["a strong name".to_owned()],
        Finding::Void(Void::Veto(veto)) => vec![format!("void inside the veto phrase \"{}\"", slice(veto).1)],
        Finding::Void(Void::OtherGivenName(index)) => {
            let before = Hit { first: *index, behind: index + 1, ..name.hit };
            vec![format!("void behind the given name \"{}\"", slice(&before).1)]
        }
        Finding::Void(Void::Small) => vec!["void because it is written small".to_owned()],
        Finding::Weak(parts) if parts.is_empty() => vec!["a weak name with nothing near".to_owned()],
        Finding::Weak(parts) => {
            parts.iter().map(|part| format!("{} {:+}", source(part.source, spelling), part.amount)).collect()
        }
    };
    NameAccount {
        text: text.to_owned(),
        field: name.hit.field,
        start,
        accepted: name.accepted,
        score: matches!(name.finding, Finding::Weak(_)).then_some(name.score),
        because,
    }
}

fn source(source: PartSource, spelling: &[String]) -> String {
    let word = |pattern: u32| spelling.get(pattern as usize).map_or("", String::as_str);
    match source {
        PartSource::Near(pattern) => format!("near \"{}\"", word(pattern)),
        PartSource::Elsewhere(count) => format!("{count} of its words elsewhere"),
        PartSource::Against(pattern) => format!("against \"{}\"", word(pattern)),
        PartSource::AgainstElsewhere(count) => format!("{count} words against it elsewhere"),
        PartSource::Language => "language".to_owned(),
        PartSource::With(count) => format!("{count} entities of `with`"),
        PartSource::StrongName => "a strong name in the same article".to_owned(),
        PartSource::NoCase => "a text that lost its case".to_owned(),
        PartSource::VoidName => "a void name in the same article".to_owned(),
    }
}

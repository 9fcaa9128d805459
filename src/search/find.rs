//! ([`Search`], article) → whether it answers, and where: for articles that are not in the index yet, and for the marks in
//! excerpts.

use super::Part;
use super::Row;
use super::Search;
use super::terms::Terms;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Language;
use crate::model::Mention;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Verdict;
use crate::rule::excerpt;

/// How many places of one part are marked at most.
const MOST_MENTIONS: usize = 100;

/// What a search is asked of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The headline.
    pub title: &'a str,
    /// The text.
    pub body: &'a str,
    /// The source that listed it.
    pub source: &'a SourceName,
    /// Its language, if it is known.
    pub language: Option<&'a Language>,
}

impl Search {
    /// Whether the article answers the search; says what the index says of it.
    pub fn accepts(&self, subject: &Subject<'_>) -> bool {
        let texts = Texts { title: Terms::of(subject.title), body: Terms::of(subject.body) };
        holds(&self.root, subject, &texts)
    }

    /// The sentences in which the words that were looked for stand, marked; none when only a source or a language was.
    pub fn excerpts(&self, title: &str, body: &str) -> Vec<Excerpt> {
        let texts = Texts { title: Terms::of(title), body: Terms::of(body) };
        let mut mentions = Vec::new();
        wanted(&self.root, false, &mut |row| {
            for (field, terms, text) in [(Field::Title, &texts.title, title), (Field::Body, &texts.body, body)] {
                if row.field.is_some_and(|only| only != field) {
                    continue;
                }
                mentions.extend(places(row, terms).take(MOST_MENTIONS).map(|first| {
                    let place = terms.original(first..first + row.terms.len());
                    let text = text[place.clone()].to_owned();
                    Mention { entity: None, field, start: place.start, end: place.end, text }
                }));
            }
        });
        // The sentences are chosen as those of a rule that matched are.
        let reason = Reason::NothingFound;
        let verdict = Verdict { rule: RuleName::new("search"), matched: true, reason, mentions };
        excerpt::excerpts(title, body, [&verdict])
    }
}

struct Texts {
    title: Terms,
    body: Terms,
}

fn holds(part: &Part, subject: &Subject<'_>, texts: &Texts) -> bool {
    match part {
        Part::Row(row) => {
            let in_title = row.field != Some(Field::Body) && places(row, &texts.title).next().is_some();
            in_title || row.field != Some(Field::Title) && places(row, &texts.body).next().is_some()
        }
        Part::Source(name) => subject.source == name,
        Part::Language(name) => subject.language == Some(name),
        Part::Not(inner) => !holds(inner, subject, texts),
        Part::And(sides) => sides.iter().all(|side| holds(side, subject, texts)),
        Part::Or(sides) => sides.iter().any(|side| holds(side, subject, texts)),
    }
}

/// Shows `see` every row that must or may occur, and none that must not.
fn wanted<'a>(part: &'a Part, negated: bool, see: &mut impl FnMut(&'a Row)) {
    match part {
        Part::Row(row) if !negated => see(row),
        Part::Row(_) | Part::Source(_) | Part::Language(_) => {}
        Part::Not(inner) => wanted(inner, !negated, see),
        Part::And(sides) | Part::Or(sides) => sides.iter().for_each(|side| wanted(side, negated, see)),
    }
}

/// The numbers of the terms with which the row begins.
fn places<'a>(row: &'a Row, terms: &'a Terms) -> impl Iterator<Item = usize> + 'a {
    let last = row.terms.len() - 1;
    (0..terms.len().saturating_sub(last)).filter(move |first| {
        row.terms.iter().enumerate().all(|(index, wanted)| match terms.get(first + index) {
            Some(found) if index == last && row.begins => found.starts_with(wanted.as_str()),
            Some(found) => found == wanted,
            None => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::model::EntityName;
    use crate::model::Language;
    use crate::model::SourceName;
    use crate::rule::EntitySpec;
    use crate::search::Search;
    use crate::search::parse;

    fn search(text: &str) -> Search {
        let court = EntitySpec {
            name: Some(EntityName::new("court")),
            strong: vec!["Corte Penal".to_owned()],
            weak: vec!["CPI".to_owned(), "...".to_owned()],
            ..EntitySpec::default()
        };
        let query = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        Search::compile(&query, &[court]).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
    }

    fn errors(text: &str) -> Vec<String> {
        let errors = parse(text).and_then(|query| Search::compile(&query, &[])).expect_err(text);
        errors.into_iter().map(|error| format!("{}|{}", &text[error.span], error.message)).collect()
    }

    #[test]
    fn an_article_answers_or_does_not() {
        let (source, language) = (SourceName::new("el-faro"), Language::parse("es"));
        let subject = Subject {
            title: "La CPI y la Prisión",
            body: "Torturados en la O.E.A.\n\nUn (niño) pro-gobierno en 北京大学.",
            source: &source,
            language: language.as_ref(),
        };
        for (text, expected) in [
            ("prision", true),
            ("PRISIÓN nino", true),
            ("prisi", false),
            ("tortur*", true),
            ("title:tortur*", false),
            ("body:tortur* -title:corte", true),
            ("oea", true),
            ("\"nino pro gobierno\"", true),
            ("\"gobierno nino\"", false),
            ("gobiern*", true),
            ("北京", true),
            ("京北", false),
            ("大学 OR nada", true),
            ("@court", true),
            ("title:@court", true),
            ("body:@court", false),
            ("source:el-faro", true),
            ("source:otro OR lang:es", true),
            ("lang:en", false),
            ("prision NOT lang:es", false),
            ("prision (nada OR NOT cosa)", true),
            ("prision (nada OR NOT cpi)", false),
            ("les", false),
        ] {
            assert_eq!(search(text).accepts(&subject), expected, "{text}");
        }
    }

    #[test]
    fn what_a_search_has_not_is_refused_with_its_place() {
        for (text, expected) in [
            ("a NEAR/3 b", "a NEAR/3 b|a search has no NEAR, ONEAR, NOTNEAR, SENT and PARA"),
            ("NOT a", "NOT a|the query says only what must not occur"),
            ("*", "*|`*` begins with `*`"),
            ("pr*", "pr*|`pr*` would be found nearly everywhere"),
            ("pro-go*", "pro-go*|`pro-go*` is more than one word"),
            ("a*b", "a*|`a*` would be found nearly everywhere"),
            ("\"a b\"*", "*|`*` stands behind no word"),
            ("source:", "source:|the field has nothing to look for"),
            ("Source:a", "Source:a|`Source:` is not a field"),
            ("title:source:a", "source:a|`source:` stands inside `title:`"),
            ("lang:klingon", "klingon|`klingon` is not a language"),
            ("a @nobody", "@nobody|there is no entity `nobody`"),
            ("author:x", "author:x|a search has no `author:`"),
            ("a) b", ")|`)` closes nothing"),
        ] {
            assert_eq!(errors(text), [expected], "{text}");
        }
    }

    #[test]
    fn the_sentence_is_shown_with_what_was_looked_for_marked() {
        let body = "Nada aquí. Los niños torturados hablan. Y en 北京大学 también.";
        let marked = |query: &str| -> Vec<String> {
            let mut found = search(query).excerpts("Un título", body);
            found
                .iter_mut()
                .map(|excerpt| {
                    for &(start, end) in excerpt.marks.iter().rev() {
                        excerpt.text.insert(end, ']');
                        excerpt.text.insert(start, '[');
                    }
                    excerpt.text.clone()
                })
                .collect()
        };
        assert_eq!(marked("tortur* NOT nada"), ["Los niños [torturados] hablan."]);
        assert_eq!(marked("京大"), ["Y en 北[京大]学 también."]);
        assert_eq!(marked("title:titulo"), ["Un [título]"]);
        assert!(marked("source:x OR lang:es").is_empty());
    }
}

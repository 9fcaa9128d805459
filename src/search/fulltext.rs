//! [`Search`] → an expression of SQLite's FTS5 (<https://sqlite.org/fts5.html#full_text_query_syntax>), and an article →
//! the columns that it is asked of. Every term stands in quotes and every row names its columns, so that nothing of a
//! query is read as syntax.

use super::Part;
use super::Row;
use super::Search;
use super::Subject;
use super::terms::Terms;
use crate::model::Field;
use crate::model::Language;
use crate::model::SourceName;
use std::fmt::Write as _;

/// An article's columns in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The terms of the headline.
    pub title: String,
    /// The terms of the text.
    pub body: String,
    /// One term for the source and one for the language.
    pub about: String,
}

impl Columns {
    /// What the index has of an article.
    pub fn of(subject: &Subject<'_>) -> Self {
        let mut about = source(subject.source);
        if let Some(known) = subject.language {
            about.push(' ');
            about.push_str(&language(known));
        }
        Self { title: Terms::of(subject.title).spaced(), body: Terms::of(subject.body).spaced(), about }
    }
}

impl Search {
    /// What stands to the right of MATCH.
    pub fn expression(&self) -> String {
        match sided(&self.root) {
            Sided::Holds(expression) | Sided::Lacks(expression) => expression,
        }
    }
}

/// FTS5 has NOT only between two sides, so a part is written as what holds, or as what must not hold. A whole search
/// never comes out as the latter: the parser refuses a query that says only what must not occur.
enum Sided {
    Holds(String),
    Lacks(String),
}

fn sided(part: &Part) -> Sided {
    match part {
        Part::Row(row) => Sided::Holds(written(row)),
        Part::Source(name) => Sided::Holds(format!("{{about}} : \"{}\"", source(name))),
        Part::Language(name) => Sided::Holds(format!("{{about}} : \"{}\"", language(name))),
        Part::Not(inner) => match sided(inner) {
            Sided::Holds(expression) => Sided::Lacks(expression),
            Sided::Lacks(expression) => Sided::Holds(expression),
        },
        Part::And(sides) => {
            let (holds, lacks) = sides_of(sides);
            match (holds.is_empty(), lacks.is_empty()) {
                (_, true) => Sided::Holds(joined(&holds, " AND ")),
                (true, false) => Sided::Lacks(joined(&lacks, " OR ")),
                (false, false) => Sided::Holds(format!("({} NOT {})", joined(&holds, " AND "), joined(&lacks, " OR "))),
            }
        }
        Part::Or(sides) => {
            let (holds, lacks) = sides_of(sides);
            match (holds.is_empty(), lacks.is_empty()) {
                (_, true) => Sided::Holds(joined(&holds, " OR ")),
                (true, false) => Sided::Lacks(joined(&lacks, " AND ")),
                // a OR NOT b = NOT (b AND NOT a)
                (false, false) => Sided::Lacks(format!("({} NOT {})", joined(&lacks, " AND "), joined(&holds, " OR "))),
            }
        }
    }
}

fn sides_of(sides: &[Part]) -> (Vec<String>, Vec<String>) {
    let (mut holds, mut lacks) = (Vec::new(), Vec::new());
    for side in sides {
        match sided(side) {
            Sided::Holds(expression) => holds.push(expression),
            Sided::Lacks(expression) => lacks.push(expression),
        }
    }
    (holds, lacks)
}

fn joined(sides: &[String], between: &str) -> String {
    match sides {
        [one] => one.clone(),
        _ => format!("({})", sides.join(between)),
    }
}

fn written(row: &Row) -> String {
    let columns = match row.field {
        Some(Field::Title) => "title",
        Some(Field::Body) => "body",
        None => "title body",
    };
    // No term has a quote; were there one, it would be doubled.
    let terms = row.terms.join(" ").replace('"', "\"\"");
    format!("{{{columns}}} : \"{terms}\"{}", if row.begins { " *" } else { "" })
}

/// The term of a source: letters and digits whatever its name is.
fn source(name: &SourceName) -> String {
    coded('s', name.as_str())
}

/// The term of a language.
fn language(name: &Language) -> String {
    coded('l', name.as_str())
}

fn coded(kind: char, name: &str) -> String {
    let mut term = String::from(kind);
    for byte in name.bytes() {
        write!(term, "{byte:02x}").expect("a String takes everything");
    }
    term
}

#[cfg(test)]
mod tests {
    use crate::search::Search;
    use crate::search::parse;

    fn expression(text: &str) -> String {
        let query = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        Search::compile(&query, &[]).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).expression()
    }

    #[test]
    fn every_part_is_quoted_and_names_its_columns() {
        let ab = "{title body} : \"a\"";
        for (text, expected) in [
            ("Prisión", "{title body} : \"prision\"".to_owned()),
            ("title:\"presos políticos\"", "{title} : \"presos politicos\"".to_owned()),
            ("body:tortur*", "{body} : \"tortur\" *".to_owned()),
            ("a -\"b\"", format!("({ab} NOT {{title body}} : \"b\")")),
            ("source:a.b lang:ES-ve", "({about} : \"s612e62\" AND {about} : \"l6573\")".to_owned()),
            ("a (b OR NOT c)", format!("({ab} NOT ({{title body}} : \"c\" NOT {{title body}} : \"b\"))")),
            ("a NOT (b OR c)", format!("({ab} NOT ({{title body}} : \"b\" OR {{title body}} : \"c\"))")),
            ("a NOT (NOT b)", format!("({ab} AND {{title body}} : \"b\")")),
        ] {
            assert_eq!(expression(text), expected, "{text}");
        }
    }
}

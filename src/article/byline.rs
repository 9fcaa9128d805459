//! Who wrote a page, as it says in several places → one byline: names, separated by commas. A person is taken before
//! the paper itself, which some templates name everywhere.

use crate::feed::plain;
use serde_json::Value;

/// Where a byline may stand.
pub struct Told<'a> {
    /// `author` in JSON-LD.
    pub data: Option<&'a Value>,
    /// The contents of the `<meta>` of one name.
    pub tags: Option<Vec<&'a str>>,
    /// Texts of elements that are marked as an author.
    pub shown: &'a [String],
    /// The site's own name.
    pub site: Option<&'a str>,
}

/// The byline.
pub fn choose(told: &Told<'_>) -> Option<String> {
    let data = told.data.map(names_in).unwrap_or_default();
    let tags = told.tags.iter().flatten().filter_map(|name| name_in(name)).collect::<Vec<_>>();
    let shown = told.shown.iter().filter_map(|text| shown(text)).next();
    let others = |names: Vec<String>| -> Vec<String> {
        let of_site = |name: &String| told.site.is_some_and(|site| is_same(name, site));
        names.into_iter().filter(|name| !of_site(name)).collect()
    };
    let paper = data.first().or(tags.first()).cloned();
    let found = [others(data), others(tags), shown.into_iter().collect()].into_iter().find(|names| !names.is_empty());
    found.map(|names| once_each(names).join(", ")).or(paper)
}

/// Whether an element says by a mark that it names an author; `attribute` gives its attributes.
pub fn is_mark<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> bool {
    attribute("rel") == Some("author")
        || attribute("itemprop").is_some_and(|name| name == "author")
        || attribute("class").is_some_and(|class| class.split_ascii_whitespace().any(|word| CLASSES.contains(&word)))
}

/// Classes of nothing but a name.
const CLASSES: &[&str] = &[
    "byline",
    "author",
    "author-name",
    "author_name",
    "authorname",
    "article-author",
    "article__author",
    "article-byline",
    "article__byline",
    "byline-name",
    "byline__name",
    "byline-author",
    "entry-author",
    "post-author",
    "story-author",
    "autor",
    "p-author",
];

fn names_in(value: &Value) -> Vec<String> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let mut names = Vec::new();
    for value in values.iter().take(20) {
        match value {
            Value::String(name) => names.extend(name_in(name)),
            Value::Array(_) => names.extend(names_in(value)),
            _ => match value.get("name") {
                Some(Value::Array(several)) => {
                    names.extend(several.iter().filter_map(Value::as_str).filter_map(name_in));
                }
                Some(Value::String(name)) => names.extend(name_in(name)),
                _ => {}
            },
        }
    }
    names
}

/// One name or several, without what stands around it.
fn name_in(text: &str) -> Option<String> {
    let text = plain::title(text);
    // Some give the address of a profile.
    if text.is_empty() || text.len() > 500 || text.contains("://") {
        return None;
    }
    let name = without_prefix(&text);
    let name = without_address(name);
    let name = without_sign(&name);
    let name = separated(name);
    (!name.is_empty()).then_some(name)
}

/// What a reader is shown: `By Ana Paz`; a text of many words is no name.
fn shown(text: &str) -> Option<String> {
    let name = name_in(text)?;
    (name.split(' ').count() <= 8 && !name.contains(|letter: char| letter.is_ascii_digit())).then_some(name)
}

const PREFIXES: &[&str] = &[
    "by",
    "por",
    "von",
    "par",
    "di",
    "door",
    "av",
    "af",
    "written by",
    "escrito por",
    "texto:",
    "texto",
    "text:",
    "author:",
    "autor:",
    "autora:",
    "auteur:",
    "autore:",
    "yazan:",
    "penulis:",
    "reporter:",
];

fn without_prefix(text: &str) -> &str {
    // `Di` and `Von` are names, too, so a preposition counts only where more than one word follows.
    let after = |prefix: &&str| {
        let rest = text.get(prefix.len()..).filter(|_| text[..prefix.len()].eq_ignore_ascii_case(prefix))?;
        let name = rest.strip_prefix([' ', ':'])?.trim_start_matches([' ', ':']);
        let is_small = text.starts_with(char::is_lowercase);
        (prefix.ends_with(':') || *prefix == "by" || is_small || name.contains(' ')).then_some(name)
    };
    let by_length = |prefix: &&&str| prefix.len() <= text.len() && text.is_char_boundary(prefix.len());
    PREFIXES.iter().filter(by_length).filter_map(after).min_by_key(|name| name.len()).unwrap_or(text)
}

/// Without an address for mail, and what brackets it.
fn without_address(name: &str) -> String {
    if !name.contains('@') {
        return name.to_owned();
    }
    let words = name.split(' ').filter(|word| !word.contains('@'));
    words.collect::<Vec<_>>().join(" ").trim_matches([' ', ',', '(', ')', '<', '>', '|', '-', '–', '/']).to_owned()
}

/// Without a sign in brackets: `Ana Paz (apa)`.
fn without_sign(name: &str) -> &str {
    match name.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((before, sign)) if sign.len() <= 6 && !sign.contains(' ') => before.trim_end(),
        _ => name,
    }
}

/// `Ana Paz og Luz Mar` → `Ana Paz, Luz Mar`, where both sides have a first and a last name.
fn separated(name: &str) -> String {
    for word in [" and ", " und ", " og ", " och ", " et ", " en ", " y ", " e ", " ve ", " dan ", " & "] {
        if let Some((one, other)) = name.split_once(word)
            && is_whole(one)
            && is_whole(other)
        {
            return format!("{}, {}", one.trim_end_matches(','), separated(other));
        }
    }
    name.trim_end_matches([',', ';', '|', ' ']).to_owned()
}

fn is_whole(name: &str) -> bool {
    let mut words = name.rsplit([',', ';']).next().unwrap_or(name).split_whitespace();
    let begins_large = |word: Option<&str>| word.is_some_and(|word| word.starts_with(char::is_uppercase));
    begins_large(words.next()) && words.next_back().is_some_and(|word| word.starts_with(char::is_uppercase))
}

fn is_same(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

fn once_each(names: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Told;
    use super::choose;
    use serde_json::json;

    #[test]
    fn a_person_is_named_before_the_paper() {
        let (ana, paper) = (json!({"@type": "Person", "name": "Ana Paz"}), json!({"name": "The Paper"}));
        for (name, data, tags, shown, wanted) in [
            ("a person", Some(ana.clone()), vec![], "", Some("Ana Paz")),
            (
                "several",
                Some(json!([ana, {"name": ["Luz Mar"]}, "Bo Ek"])),
                vec![],
                "",
                Some("Ana Paz, Luz Mar, Bo Ek"),
            ),
            ("the same twice", Some(json!([ana, ana])), vec![], "", Some("Ana Paz")),
            ("the paper and a tag", Some(paper.clone()), vec!["By Ana Paz"], "", Some("Ana Paz")),
            ("the paper and a line", Some(paper.clone()), vec![], "Von Ana Paz", Some("Ana Paz")),
            ("only the paper", Some(paper), vec!["The Paper"], "", Some("The Paper")),
            ("the paper and a person in tags", None, vec!["The Paper", "Ana Paz"], "", Some("Ana Paz")),
            ("an address", None, vec!["https://paper.example/ana"], "", None),
            ("mail", None, vec!["Ana Paz (ana@paper.example)"], "", Some("Ana Paz")),
            ("a sign", None, vec!["Ana Paz (apa)"], "", Some("Ana Paz")),
            ("two in one", None, vec!["Ana Paz og Luz Mar"], "", Some("Ana Paz, Luz Mar")),
            ("an office", None, vec!["Health and Safety desk"], "", Some("Health and Safety desk")),
            ("an agency", None, vec!["von APA"], "", Some("APA")),
            ("a name that is a preposition", None, vec!["Di Paz"], "", Some("Di Paz")),
            ("a sentence is no name", None, vec![], "Ana Paz has written of harbours since she was a pilot", None),
        ] {
            let tags = if tags.is_empty() { None } else { Some(tags) };
            let shown = [shown.to_owned()];
            let told = Told { data: data.as_ref(), tags, shown: &shown, site: Some("The Paper") };
            assert_eq!(choose(&told).as_deref(), wanted, "{name}");
        }
    }
}

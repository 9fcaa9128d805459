//! What a page calls itself, in several places → its headline: what machines are told, then what is made for sharing,
//! then the `<h1>` that the `<title>` begins with, then the `<title>`; without the site's name. Measured: readers'
//! `<h1>`, OpenGraph's title and their majority agree less often with a page's true headline than JSON-LD does.

use crate::feed::plain;

/// Where a headline may stand.
pub struct Candidates<'a> {
    /// In JSON-LD.
    pub told: Option<String>,
    /// In OpenGraph and its like, or the heading that is marked as the headline.
    pub shared: Option<String>,
    /// The `<title>`.
    pub page: &'a str,
    /// The `<h1>`.
    pub headings: &'a [String],
}

/// The headline. `site` is the name of the site.
pub fn choose(candidates: &Candidates<'_>, site: Option<&str>) -> Option<String> {
    let page = without_site(candidates.page, site);
    [&candidates.told, &candidates.shared]
        .into_iter()
        .flatten()
        .map(|title| without_site(title, site))
        .find(|title| !title.is_empty())
        .or_else(|| heading(candidates, &page))
        .or_else(|| Some(without_section(&page)).filter(|title| !title.is_empty()))
}

/// The `<h1>` that the page's title begins with.
fn heading(candidates: &Candidates<'_>, page: &str) -> Option<String> {
    let title = letters(page);
    let mut headings = candidates.headings.iter();
    let is_title = |heading: &&String| heading.chars().count() >= 10 && title.starts_with(&letters(heading));
    headings.find(is_title).cloned()
}

/// Letters and digits in lower case: what headlines are compared by.
fn letters(title: &str) -> String {
    title.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

const SEPARATORS: [char; 12] = ['-', '|', '–', '—', '·', ':', '•', '»', '«', '/', 'ㅣ', '｜'];

/// `Headline - The Paper` → `Headline`, when the paper's name is known.
fn without_site(title: &str, site: Option<&str>) -> String {
    let title = plain::title(title);
    let Some(site) = site.filter(|site| !site.is_empty()) else { return title };
    let Some(rest) = strip_end(&title, site) else { return title };
    match rest.trim_end().strip_suffix(SEPARATORS) {
        Some(headline) if !headline.trim().is_empty() => headline.trim_end().to_owned(),
        _ => title,
    }
}

fn strip_end<'a>(title: &'a str, site: &str) -> Option<&'a str> {
    let start = title.len().checked_sub(site.len())?;
    title.get(start..)?.eq_ignore_ascii_case(site).then(|| &title[..start])
}

/// A page's title without what follows its last separator, where what is left is a headline: at least four words, or
/// ten letters of a script that puts no blanks.
fn without_section(title: &str) -> String {
    let spaced = [" - ", " | ", " – ", " — ", " · ", " « ", " » ", " : ", "｜"];
    let last = spaced.iter().filter_map(|separator| title.rfind(separator)).max();
    match last.map(|at| title[..at].trim_end()) {
        Some(headline) if headline.split(' ').count() >= 4 => headline.to_owned(),
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Candidates;
    use super::choose;

    fn chosen(told: &str, shared: &str, page: &str, headings: &[&str]) -> String {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        let candidates = Candidates { told: given(told), shared: given(shared), page, headings: &headings };
        choose(&candidates, Some("The Paper")).unwrap_or_default()
    }

    #[test]
    fn the_headline_is_what_machines_are_told_without_the_paper() {
        let new = "Harbour strike ends after nine days";
        for (name, told, shared, page, headings, wanted) in [
            ("told", new, "You will not believe it", "Strike", vec!["Strike"], new),
            ("shared", "", "Harbour strike ends after nine days | The Paper", "Strike", vec!["Strike"], new),
            ("the paper in other letters", "", "Harbour strike ends after nine days – THE PAPER", "", vec![], new),
            ("a heading", "", "", "Harbour strike ends after nine days - Quay", vec!["The Paper", new], new),
            ("a title alone", "", "", "Harbour strike ends after nine days - Quay", vec![], new),
            ("a title with the paper", "", "", "Harbour strike ends after nine days - The Paper", vec![], new),
            ("a short title stays", "", "", "Strike - Quay", vec![], "Strike - Quay"),
            ("nothing", "", "", "", vec![], ""),
        ] {
            assert_eq!(chosen(told, shared, page, &headings), wanted, "{name}");
        }
    }
}

//! Papers → what must come of each article. A test judges every text by the shipped rules and compares.
//!
//! The facts stand beside the texts, in `papers/*.toml`: `expect` names the rule families that must match, `silent`
//! those that must not although the text invites it, `trap` says why. Families are words of this newsstand, not names
//! of rules: `torture`, `icc`, `oas`, `faes`, `colectivos`, `ohchr`, `iachr`, `sebin`, `dgcim`, `foro_penal`,
//! `political_prisoners`. In the shipped pack `torture` is the rule of that name, `political_prisoners` the rule
//! `arbitrary_detention`, and the others are entities: `icc_court`, `oas_org`, `faes_ve_police`,
//! `colectivos_ve_armed`, and `ohchr`, `iachr`, `sebin`, `dgcim`, `foro_penal` by the same name.
//!
//! A family that is in neither list may do as it likes; an article with a `trap` and no `expect` must stay silent in
//! every family.

use super::papers;
use super::papers::Answers;

/// Every rule family that papers may name.
pub const FAMILIES: [&str; 11] = [
    "torture",
    "icc",
    "oas",
    "faes",
    "colectivos",
    "ohchr",
    "iachr",
    "sebin",
    "dgcim",
    "foro_penal",
    "political_prisoners",
];

/// What must come of one article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// `paper/slug`.
    pub article: String,
    /// The paper's language tag.
    pub language: String,
    /// The headline, plain text.
    pub title: String,
    /// The body, plain text, paragraphs separated by a blank line.
    pub text: String,
    /// Families that must match.
    pub expect: Vec<String>,
    /// Families that must not.
    pub silent: Vec<String>,
    /// What makes it a trap.
    pub trap: Option<String>,
    /// What becomes of the item.
    pub fate: Fate,
}

/// What becomes of the item that lists an article, when the demo has run long enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Read, judged, and told if a family matches.
    Judged,
    /// Judged as a copy: the same text or address as this `paper/slug`. Whichever of the two is read first is told.
    Copy(String),
    /// Never read: a wall, or gone. It must be listed as such, and not as unmatched.
    Unreadable,
    /// Listed, but older than `first_poll = "24h"` looks back.
    TooOld,
}

/// One for each article of the newsstand, in its order.
///
/// # Errors
/// As [`papers::all`].
pub fn expectations() -> Result<Vec<Expectation>, String> {
    let papers = papers::all()?;
    let mut expectations = Vec::new();
    for paper in &papers {
        for article in &paper.articles {
            let original = article.elsewhere.as_deref().and_then(|name| papers::find(&papers, name));
            let shown = original.map_or(article, |(_, original)| original);
            let copy_of = article.elsewhere.as_ref().or(article.text_of.as_ref());
            let fate = match (article.answers, copy_of) {
                (Answers::Wall | Answers::Gone, _) => Fate::Unreadable,
                _ if article.minutes_ago > 24 * 60 && paper.dialect != papers::Dialect::Page => Fate::TooOld,
                (_, Some(original)) => Fate::Copy(original.clone()),
                (_, None) => Fate::Judged,
            };
            let everything = || FAMILIES.iter().map(|family| (*family).to_owned()).collect();
            let silent = match article.trap.is_some() && article.expect.is_empty() {
                true => everything(),
                false => article.silent.clone(),
            };
            expectations.push(Expectation {
                article: format!("{}/{}", paper.name, article.slug),
                language: original.map_or(paper, |(paper, _)| paper).language.clone(),
                title: shown.title.clone(),
                text: plain(&shown.body),
                expect: article.expect.clone(),
                silent,
                trap: article.trap.clone(),
                fate,
            });
        }
    }
    Ok(expectations)
}

/// The text of a body: tags gone, white space folded inside paragraphs.
fn plain(body: &str) -> String {
    let paragraphs = body.split("\n\n").map(|paragraph| {
        let words = scraper::Html::parse_fragment(paragraph).root_element().text().collect::<String>();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::FAMILIES;
    use super::Fate;
    use super::expectations;
    use super::papers;
    use super::papers::Fault;

    #[test]
    fn only_known_families_are_named_and_none_is_both_wanted_and_forbidden() {
        for expectation in expectations().expect("the papers are part of the program") {
            for family in expectation.expect.iter().chain(&expectation.silent) {
                assert!(FAMILIES.contains(&family.as_str()), "{}: {family}", expectation.article);
            }
            assert!(!expectation.expect.iter().any(|family| expectation.silent.contains(family)));
        }
    }

    #[test]
    fn every_family_has_a_true_article_and_every_acronym_a_trap() {
        let expectations = expectations().expect("the papers are part of the program");
        for family in FAMILIES {
            assert!(expectations.iter().any(|e| e.expect.iter().any(|f| f == family)), "{family}");
        }
        let traps = expectations.iter().filter(|expectation| expectation.trap.is_some()).count();
        assert!(traps >= 15, "{traps} traps");
    }

    #[test]
    fn copies_and_unreadable_items_are_known_as_such() {
        let expectations = expectations().expect("the papers are part of the program");
        let fate = |article: &str| {
            let found = expectations.iter().find(|expectation| expectation.article == article);
            found.map(|expectation| expectation.fate.clone())
        };
        assert_eq!(fate("piedra-azul/mision-en-camino"), Some(Fate::Copy("correo-del-avila/fiscalia-visita".into())));
        assert_eq!(fate("andes-briefing/what-the-panel-found"), Some(Fate::Unreadable));
        assert_eq!(fate("gaceta-del-llano/nota-retirada"), Some(Fate::Unreadable));
        assert_eq!(fate("nordeste-hoje/tpi-semana-passada"), Some(Fate::TooOld));
        assert_eq!(fate("freedom-relay/families-of-detainees"), Some(Fate::Judged));
    }

    /// Words of each family, true and ambiguous ones alike.
    fn forms(family: &str) -> &'static [&'static str] {
        match family {
            "torture" => &["tortur"],
            "icc" => &["ICC", "CPI", "TPI", "Penal Internacional", "Criminal Court"],
            "oas" => &["OAS", "OEA", "Estados Americanos", "American States"],
            "faes" => &["FAES", "Faes"],
            "colectivos" => &["olectivo", "oletivo", "ollective"],
            "ohchr" => &["OHCHR", "ACNUDH"],
            "iachr" => &["CIDH"],
            "sebin" => &["Sebin", "SEBIN"],
            "dgcim" => &["DGCIM"],
            "foro_penal" => &["Foro Penal"],
            "political_prisoners" => &["presos políticos"],
            _ => &[],
        }
    }

    fn holds(text: &str, family: &str) -> bool {
        forms(family).iter().any(|form| text.contains(form))
    }

    #[test]
    fn true_articles_and_traps_hold_the_words_that_make_them_so() {
        for paper in papers::all().expect("the papers are part of the program") {
            for article in paper.articles.iter().filter(|article| article.elsewhere.is_none()) {
                let text = format!("{} {}", article.title, article.body);
                for family in &article.expect {
                    assert!(holds(&text, family), "{}: {family}", article.slug);
                }
                if article.trap.is_some() {
                    assert!(article.silent.iter().any(|family| holds(&text, family)), "{} is no trap", article.slug);
                }
            }
        }
    }

    #[test]
    fn many_true_articles_are_found_only_by_reading_their_page() {
        let papers = papers::all().expect("the papers are part of the program");
        let articles = papers.iter().filter(|paper| !paper.has(Fault::FullText)).flat_map(|paper| &paper.articles);
        let told = |article: &papers::Article| {
            let listed = format!("{} {}", article.title, article.teaser);
            article.expect.iter().any(|family| holds(&listed, family))
        };
        let hidden = articles.filter(|article| !article.expect.is_empty() && !told(article)).count();
        assert!(hidden >= 12, "{hidden}");
    }
}

//! `papers/*.toml` → papers and their articles, as they were written. What a visitor sees of them is `edition`'s and
//! `page`'s work.

use serde::Deserialize;

/// The papers, in the order in which the newsstand shows them. To add one, add a file and a line.
const FILES: &[(&str, &str)] = &[
    ("correo-del-avila", include_str!("papers/correo-del-avila.toml")),
    ("piedra-azul", include_str!("papers/piedra-azul.toml")),
    ("tribuna-austral", include_str!("papers/tribuna-austral.toml")),
    ("mirador-peninsular", include_str!("papers/mirador-peninsular.toml")),
    ("folha-do-mangue", include_str!("papers/folha-do-mangue.toml")),
    ("jornal-da-fronteira", include_str!("papers/jornal-da-fronteira.toml")),
    ("nordeste-hoje", include_str!("papers/nordeste-hoje.toml")),
    ("harbour-courier", include_str!("papers/harbour-courier.toml")),
    ("meridian-post", include_str!("papers/meridian-post.toml")),
    ("andes-briefing", include_str!("papers/andes-briefing.toml")),
    ("gaceta-del-llano", include_str!("papers/gaceta-del-llano.toml")),
    ("freedom-relay", include_str!("papers/freedom-relay.toml")),
    ("sin-rejas", include_str!("papers/sin-rejas.toml")),
    ("hemisphere-digest", include_str!("papers/hemisphere-digest.toml")),
];

/// One invented paper.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Short name, the name of its file: letters, digits and hyphens.
    #[serde(skip)]
    pub name: String,
    /// The name that it gives itself.
    pub title: String,
    /// One line about itself.
    pub about: String,
    /// A language tag such as `es-VE`.
    pub language: String,
    /// How it lists its articles.
    pub dialect: Dialect,
    /// The path of its feed, or of the page that lists its articles.
    pub path: String,
    /// How its pages are built.
    pub layout: Layout,
    /// What is unusual about its feed.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// In the order in which the feed lists them, newest first.
    #[serde(rename = "article")]
    pub articles: Vec<Article>,
}

/// How a paper lists its articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// RSS 2.0.
    Rss2,
    /// RSS 1.0, which is RDF.
    Rdf,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
    /// No feed: a page with a list, to be watched with selectors.
    Page,
}

/// How a paper's pages are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `<article>`, canonical link, JSON-LD.
    Broadsheet,
    /// Nested `<div>`s, canonical link, OpenGraph.
    Portal,
    /// Little markup, no metadata but a title.
    Blog,
}

/// What is unusual about a feed; each was seen in real ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A byte order mark, then a blank line, before the XML declaration.
    LeadingJunk,
    /// No guid.
    NoGuid,
    /// Links without scheme and host.
    RelativeLinks,
    /// Feed and pages are encoded in windows-1252.
    Windows1252,
    /// `&nbsp;` in XML, which does not know it.
    NamedEntities,
    /// Links carry `utm_…` parameters.
    Tracking,
    /// The feed holds the whole text.
    FullText,
    /// Every third request for the feed is answered with 503.
    Sometimes503,
    /// Neither ETag nor Last-Modified.
    NoValidators,
}

/// One article, as it was written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// Its name inside the paper.
    pub slug: String,
    /// The path of its page; empty for an entry that leads to another paper.
    #[serde(default)]
    pub path: String,
    /// The headline.
    pub title: String,
    /// What the feed says of it.
    pub teaser: String,
    /// Who wrote it.
    #[serde(default)]
    pub byline: String,
    /// Paragraphs, separated by a blank line, as HTML without block elements. `{{paper/slug}}` stands for the
    /// address of another article.
    #[serde(default)]
    pub body: String,
    /// The text is that of this `paper/slug`, word for word.
    pub text_of: Option<String>,
    /// The entry leads to the page of this `paper/slug`.
    pub elsewhere: Option<String>,
    /// Published so many minutes before the newsstand opened.
    pub minutes_ago: i64,
    /// Appears so many seconds after the newsstand opened.
    #[serde(default)]
    pub after: i64,
    /// Listed a second time, under an address with this query.
    pub again: Option<String>,
    /// A later version.
    pub edit: Option<Edit>,
    /// How the page answers.
    #[serde(default)]
    pub answers: Answers,
    /// Rule families that must match (see `expected`).
    #[serde(default)]
    pub expect: Vec<String>,
    /// Rule families that must not match although the text invites it.
    #[serde(default)]
    pub silent: Vec<String>,
    /// What makes it a trap, for people.
    pub trap: Option<String>,
}

/// A later version of an article.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Seconds after the newsstand opened.
    pub after: i64,
    /// The new headline.
    pub title: String,
    /// A paragraph that is put before the others.
    pub body: String,
}

/// How a page answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// With the article.
    #[default]
    Page,
    /// With 403 the first time, then with the article.
    RefusedFirst,
    /// With a consent wall, always.
    Wall,
    /// With 404, always.
    Gone,
}

impl Paper {
    /// Whether its feed has that fault.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// All papers, with copied texts filled in.
///
/// # Errors
/// A paper that cannot be read, or that names an article that does not exist. The texts are part of the program, so a
/// test keeps this from happening.
pub fn all() -> Result<Vec<Paper>, String> {
    let mut papers = Vec::with_capacity(FILES.len());
    for (name, text) in FILES {
        let mut paper: Paper = toml::from_str(text).map_err(|error| format!("papers/{name}.toml: {error}"))?;
        paper.name = (*name).to_owned();
        papers.push(paper);
    }
    let written = papers.clone();
    for article in papers.iter_mut().flat_map(|paper| &mut paper.articles) {
        for (target, is_text) in [(&article.text_of, true), (&article.elsewhere, false)] {
            let Some(target) = target else { continue };
            let (_, original) = find(&written, target)
                .ok_or_else(|| format!("{} names {target}, which is no article", article.slug))?;
            if is_text {
                article.body.clone_from(&original.body);
            }
        }
    }
    Ok(papers)
}

/// The article that `paper/slug` names.
pub fn find<'a>(papers: &'a [Paper], name: &str) -> Option<(&'a Paper, &'a Article)> {
    let (paper, slug) = name.split_once('/')?;
    let paper = papers.iter().find(|candidate| candidate.name == paper)?;
    Some((paper, paper.articles.iter().find(|article| article.slug == slug)?))
}

#[cfg(test)]
mod tests {
    use super::Answers;
    use super::all;
    use std::collections::BTreeSet;

    #[test]
    fn every_paper_can_be_read_and_no_two_articles_share_a_name_or_a_path() {
        let papers = all().expect("the papers are part of the program");
        assert!((12..=14).contains(&papers.len()));
        let articles = papers.iter().flat_map(|paper| &paper.articles).filter(|article| article.elsewhere.is_none());
        let pages: Vec<_> = articles.map(|article| &article.path).collect();
        // All papers share one address and differ by port only, so a path must be enough to tell pages apart.
        assert_eq!(pages.iter().collect::<BTreeSet<_>>().len(), pages.len());
        for paper in &papers {
            let slugs: BTreeSet<_> = paper.articles.iter().map(|article| &article.slug).collect();
            assert_eq!(slugs.len(), paper.articles.len(), "{}", paper.name);
            let own = paper.articles.iter().filter(|article| article.elsewhere.is_none());
            assert!(own.map(|article| &article.path).all(|path| path.starts_with('/')), "{}", paper.name);
        }
    }

    #[test]
    fn the_newsstand_is_large_enough_to_be_believed() {
        let papers = all().expect("the papers are part of the program");
        let articles: Vec<_> = papers.iter().flat_map(|paper| &paper.articles).collect();
        assert!((35..=50).contains(&articles.len()), "{} articles", articles.len());
        for answers in [Answers::Page, Answers::RefusedFirst, Answers::Wall, Answers::Gone] {
            assert!(articles.iter().any(|article| article.answers == answers), "{answers:?}");
        }
        let later = articles.iter().filter(|article| article.after > 0).count();
        assert!((4..=12).contains(&later), "{later} articles appear later");
        assert!(articles.iter().all(|article| article.after <= 15));
        for article in articles.iter().filter(|article| article.elsewhere.is_none()) {
            let words = article.body.split_whitespace().count();
            assert!(words >= 80 || article.answers == Answers::Gone, "{} has {words} words", article.slug);
        }
    }
}

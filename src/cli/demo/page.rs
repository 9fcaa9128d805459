//! (paper, article at one moment) → HTML as papers have it: header, navigation, the article, other headlines, footer,
//! and walls. Pure.

use super::edition::Moment;
use super::edition::escape;
use super::papers::Article;
use super::papers::Fault;
use super::papers::Layout;
use super::papers::Paper;
use serde_json::json;
use std::fmt::Write as _;

/// The selector of one article in the list of [`home`].
pub const ITEM: &str = "ul.novedades > li";
/// The selector of its link, inside the item.
pub const LINK: &str = "h2 a";
/// The selector of its headline, inside the item.
pub const TITLE: &str = "h2 a";

/// The words of a paper's furniture.
struct Words {
    sections: [&'static str; 5],
    more: &'static str,
    by: &'static str,
    share: &'static str,
    rights: &'static str,
    newsletter: &'static str,
}

fn words(paper: &Paper) -> Words {
    match paper.language.get(..2) {
        Some("es") => Words {
            sections: ["Portada", "Nacionales", "Mundo", "Economía", "Deportes"],
            more: "Más noticias",
            by: "Por",
            share: "Compartir en redes",
            rights: "Todos los derechos reservados. Diario inventado para una demostración.",
            newsletter: "Reciba nuestro boletín cada mañana",
        },
        Some("pt") => Words {
            sections: ["Capa", "Brasil", "Mundo", "Economia", "Esportes"],
            more: "Leia também",
            by: "Por",
            share: "Compartilhe",
            rights: "Todos os direitos reservados. Jornal inventado para uma demonstração.",
            newsletter: "Receba nosso boletim toda manhã",
        },
        _ => Words {
            sections: ["Home", "World", "Business", "Sport", "Opinion"],
            more: "More stories",
            by: "By",
            share: "Share this story",
            rights: "All rights reserved. A paper invented for a demonstration.",
            newsletter: "Get our morning briefing by email",
        },
    }
}

/// The page of an article.
pub fn article(moment: &Moment<'_>, paper: &Paper, article: &Article) -> String {
    let print = moment.print(article);
    let words = words(paper);
    let title = escape(&print.title);
    let address = format!("{}{}", moment.base(paper), article.path);
    let paragraphs: String = print.paragraphs.iter().fold(String::new(), |mut html, text| {
        let _ = writeln!(html, "<p>{text}</p>");
        html
    });
    let byline = escape(&article.byline);
    let published = print.published;
    let by = words.by;
    let (metadata, story) = match paper.layout {
        Layout::Broadsheet => {
            let data = json!({
                "@context": "https://schema.org",
                "@type": "NewsArticle",
                "headline": print.title,
                "inLanguage": paper.language,
                "datePublished": published.to_string(),
                "dateModified": print.updated.to_string(),
                "author": {"@type": "Person", "name": article.byline},
                "publisher": {"@type": "NewsMediaOrganization", "name": paper.title},
                "mainEntityOfPage": address,
            });
            (
                format!(
                    "<link rel=\"canonical\" href=\"{address}\">\n<script type=\"application/ld+json\">{}</script>\n",
                    data.to_string().replace('<', "\\u003c")
                ),
                format!(
                    "<main>\n<header class=\"headline\"><h1>{title}</h1>\n<p class=\"byline\">{by} {byline} · \
                     <time datetime=\"{published}\">{published:.0}</time></p></header>\n<article class=\"article-body\">\n\
                     {paragraphs}</article>\n</main>\n"
                ),
            )
        }
        Layout::Portal => (
            format!(
                "<link rel=\"canonical\" href=\"{address}\">\n<meta property=\"og:type\" content=\"article\">\n\
                 <meta property=\"og:title\" content=\"{title}\">\n<meta property=\"og:url\" content=\"{address}\">\n\
                 <meta property=\"og:site_name\" content=\"{}\">\n\
                 <meta property=\"article:published_time\" content=\"{published}\">\n\
                 <meta name=\"author\" content=\"{byline}\">\n",
                escape(&paper.title)
            ),
            format!(
                "<div id=\"page\" class=\"wrapper\"><div class=\"title-block\"><h1 class=\"entry-title\">{title}</h1>\n\
                 <div class=\"meta\"><span class=\"author\">{byline}</span></div></div>\n\
                 <div class=\"entry-content\">\n{paragraphs}</div></div>\n"
            ),
        ),
        Layout::Blog => (
            String::new(),
            format!(
                "<div class=\"post\"><h2 class=\"post-title\">{title}</h2>\n<div class=\"post-body\">\n{paragraphs}</div></div>\n"
            ),
        ),
    };
    let share = format!(
        "<div class=\"share social\"><span>{}</span> <a href=\"/compartir/a\">A</a> <a href=\"/compartir/b\">B</a></div>\n",
        words.share
    );
    shell(moment, paper, &words, &title, &metadata, &format!("{story}{share}"), Some(article))
}

/// The front page: a list of what has appeared. For a paper without a feed it is what is watched.
pub fn home(moment: &Moment<'_>, paper: &Paper) -> String {
    let mut list = String::from("<ul class=\"novedades\">\n");
    for article in moment.visible(paper).filter(|article| article.elsewhere.is_none()) {
        let print = moment.print(article);
        let _ = writeln!(
            list,
            "<li><h2><a href=\"{}\">{}</a></h2><time datetime=\"{}\"></time><p>{}</p></li>",
            escape(&article.path),
            escape(&print.title),
            print.published,
            escape(&article.teaser)
        );
    }
    list.push_str("</ul>\n");
    let feed = match paper.dialect {
        super::papers::Dialect::Page => String::new(),
        _ => format!("<link rel=\"alternate\" href=\"{}\" title=\"{}\">\n", paper.path, escape(&paper.title)),
    };
    shell(moment, paper, &words(paper), &escape(&paper.title), &feed, &list, None)
}

/// A page that asks for consent and shows nothing else.
pub fn wall(paper: &Paper) -> String {
    let (title, text, accept, manage) = match paper.language.get(..2) {
        Some("es") => (
            "Antes de continuar",
            "Valoramos su privacidad. Nosotros y nuestros socios usamos cookies para guardar información en su dispositivo.",
            "Aceptar todo",
            "Gestionar preferencias",
        ),
        Some("pt") => (
            "Antes de continuar",
            "Valorizamos a sua privacidade. Nós e nossos parceiros usamos cookies para guardar informações no seu dispositivo.",
            "Aceitar tudo",
            "Gerir preferências",
        ),
        _ => (
            "Before you continue",
            "We value your privacy. We and our partners use cookies to store and access information on your device.",
            "Accept all",
            "Manage preferences",
        ),
    };
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n\
         <div id=\"consent-wall\" role=\"dialog\"><h1>{title}</h1>\n<p>{text}</p>\n<form method=\"post\" action=\"/consent\">\
         <button>{accept}</button> <button>{manage}</button></form></div>\n</body>\n</html>\n",
        paper.language
    )
}

/// What stands around an article or a list.
fn shell(
    moment: &Moment<'_>,
    paper: &Paper,
    words: &Words,
    title: &str,
    metadata: &str,
    content: &str,
    shown: Option<&Article>,
) -> String {
    let charset = if paper.has(Fault::Windows1252) { "windows-1252" } else { "utf-8" };
    let name = escape(&paper.title);
    let mut navigation = String::new();
    for (number, section) in words.sections.iter().enumerate() {
        let _ = write!(navigation, "<li><a href=\"/seccion/{number}\">{section}</a></li>");
    }
    let mut aside = String::new();
    if let Some(shown) = shown {
        let _ = write!(aside, "<aside class=\"sidebar related\"><h3>{}</h3><ul>", words.more);
        for other in moment.visible(paper).filter(|other| other.slug != shown.slug && other.elsewhere.is_none()) {
            let _ = write!(aside, "<li><a href=\"{}\">{}</a></li>", escape(&other.path), escape(&other.title));
        }
        aside.push_str("</ul></aside>\n");
    }
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"{charset}\">\n<title>{title} | {name}</title>\n\
         {metadata}</head>\n<body>\n<header class=\"site-header\"><a href=\"/\">{name}</a><p class=\"tagline\">{}</p></header>\n\
         <nav class=\"menu\"><ul>{navigation}</ul></nav>\n{content}{aside}\
         <footer class=\"site-footer\"><p>{}</p><form action=\"/boletin\"><label>{}</label><input name=\"mail\"></form></footer>\n\
         </body>\n</html>\n",
        paper.language,
        escape(&paper.about),
        words.rights,
        words.newsletter
    )
}

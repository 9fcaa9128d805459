//! An error that the server calls a success.

use super::Detector;
use super::signs::LONG;
use super::signs::SHORT;
use super::signs::Signs;
use super::signs::bare;
use crate::model::Reason;

/// "Not found" and "out of order" with status 200.
pub static DETECTOR: Detector = Detector { name: "error_page", phrases: PHRASES, examine };

/// Titles, or what stands before the site's name in them.
const TITLES: &[&str] = &[
    "404",
    "error 404",
    "404 error",
    "404 not found",
    "not found",
    "page not found",
    "page not found (404)",
    "404 - page not found",
    "this page could not be found",
    "page unavailable",
    "page no longer available",
    "410 gone",
    "error",
    "error 500",
    "500 internal server error",
    "internal server error",
    "502 bad gateway",
    "bad gateway",
    "503 service unavailable",
    "service unavailable",
    "service temporarily unavailable",
    "504 gateway time-out",
    "gateway timeout",
    "something went wrong",
    "site under maintenance",
    "under maintenance",
    "maintenance mode",
    "account suspended",
    "database error",
    "página no encontrada",
    "página no disponible",
    "no encontrado",
    "no encontrada",
    "error del servidor",
    "servicio no disponible",
    "contenido no disponible",
    "sitio en mantenimiento",
    "en mantenimiento",
    "algo salió mal",
    "página não encontrada",
    "página indisponível",
    "não encontrado",
    "não encontrada",
    "erro 404",
    "erro",
    "erro interno do servidor",
    "serviço indisponível",
    "conteúdo indisponível",
    "em manutenção",
    "algo deu errado",
];

const PHRASES: &[&str] = &[
    "the page you are looking for",
    "the page you're looking for",
    "the page you requested",
    "the requested url was not found",
    "page could not be found",
    "page does not exist",
    "page no longer exists",
    "this page isn't available",
    "an error occurred while processing",
    "application error",
    "error establishing a database connection",
    "please try again later",
    "something went wrong",
    "we'll be back soon",
    "down for maintenance",
    "la página que buscas",
    "la página que busca",
    "la página que estás buscando",
    "la página que está buscando",
    "la página solicitada",
    "esta página no existe",
    "no hemos encontrado la página",
    "no pudimos encontrar la página",
    "este contenido ya no está disponible",
    "ha ocurrido un error",
    "ocurrió un error",
    "vuelva a intentarlo más tarde",
    "inténtalo de nuevo más tarde",
    "estamos en mantenimiento",
    "a página que você procura",
    "a página que você está procurando",
    "a página que procura",
    "a página solicitada",
    "esta página não existe",
    "não encontramos a página",
    "este conteúdo não está mais disponível",
    "ocorreu um erro",
    "tente novamente mais tarde",
    "estamos em manutenção",
];

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    if signs.words >= LONG {
        return None;
    }
    let page = |detail: &str| Some(Reason::ErrorPage { detail: detail.to_owned() });
    let listed = signs.listed_title();
    let titles = signs.titles();
    let known = |title: &&str| TITLES.contains(title) && (listed.is_empty() || !listed.contains(title));
    if let Some(title) = titles.iter().flat_map(|title| parts(title)).find(known) {
        return page(title);
    }
    // An outage is also what articles are about: then they say more, and carry the title of their feed.
    let text = if signs.words < SHORT && !signs.is_flash() { signs.around() } else { &signs.text };
    let said = PHRASES.iter().find(|phrase| text.contains(**phrase))?;
    let short = signs.words < SHORT || signs.words_besides(&[PHRASES]) < SHORT;
    if short && signs.title_found() != Some(true) { page(said) } else { None }
}

/// The whole, and what stands on both sides of what separates a headline from its site.
fn parts(title: &str) -> Vec<&str> {
    let mut parts = vec![bare(title)];
    for separator in [" - ", " | ", " – ", " — ", " · ", " :: ", " » "] {
        parts.extend(title.split(separator).map(|part| bare(part.trim())));
    }
    parts
}

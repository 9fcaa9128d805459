use super::DETECTORS;
use super::Listed;
use super::Quality;
use super::Reading;
use super::is_better;
use super::is_whole;
use super::judge;
use super::judge_stand_in;
use crate::model::Article;
use crate::model::Reason;
use url::Url;

/// Some forty words of an invented report.
const REPORT: &str = "La fiscal Marina Ocampo presentó ayer ante el tribunal de Puerto Claro las pruebas contra dos \
    agentes acusados de maltratar a un detenido.\n\nLa audiencia continuará el lunes con la declaración de los vecinos, \
    según informó la oficina de prensa del juzgado.";

const TITLE: &str = "La fiscal presenta las pruebas contra dos agentes";

fn article(title: &str, text: &str) -> Article {
    Article { title: title.into(), text: text.into(), ..Article::default() }
}

fn page(title: &str, text: &str) -> String {
    format!("<title>{title}</title><p>{}</p>", text.replace("\n\n", "</p><p>"))
}

/// The class of a page with this title and text, for an entry with [`TITLE`].
fn class(title: &str, text: &str) -> Option<&'static str> {
    let html = page(title, text);
    of(&article(title, text), &html, Listed { title: TITLE, ..Listed::default() }, 0)
}

fn of(article: &Article, html: &str, listed: Listed<'_>, repeated: usize) -> Option<&'static str> {
    judge(&Reading { article, html, url: None, listed, repeated }).refused().map(|reason| reason.code())
}

#[test]
fn every_class_is_told_by_its_own_code_in_three_languages() {
    for (expected, title, text) in [
        ("bot_wall", "Just a moment...", "Enable JavaScript and cookies to continue"),
        ("bot_wall", "faro.example", "Por favor, verifica que no eres un robot para ver esta página."),
        ("bot_wall", "vale.example", "Estamos verificando seu navegador. Confirme que você é humano."),
        (
            "consent_wall",
            "The Harbour Post",
            "We value your privacy. You have the right to opt-out of the sale of your data under the CCPA.\n\nDo Not Sell \
             My Personal Information\n\nIf you have a legally-recognized browser-based opt out preference signal turned \
             on, we honour it: global privacy control.",
        ),
        (
            "consent_wall",
            "El Faro",
            "Valoramos tu privacidad. Nosotros y nuestros socios almacenamos información en un dispositivo, como las \
             cookies, y tratamos datos personales.",
        ),
        (
            "consent_wall",
            "Gazeta do Vale",
            "Nós e nossos parceiros usamos os cookies para personalizar anúncios.\n\nAceitar todos os cookies",
        ),
        ("login_wall", "The Harbour Post", "Please log in to read on. Forgot your password? Don't have an account?"),
        ("login_wall", "El Faro", "Inicia sesión para leer. ¿Olvidaste tu contraseña? ¿No tienes cuenta?"),
        ("login_wall", "Gazeta do Vale", "Faça login para continuar. Esqueceu a senha? Não tem uma conta?"),
        ("paywall", "The Harbour Post", "Subscribe to continue reading. Already a subscriber? Cancel anytime."),
        ("paywall", "El Faro", "Contenido exclusivo para suscriptores. ¿Ya eres suscriptor? Inicia sesión para leer."),
        ("paywall", "Gazeta do Vale", "Conteúdo exclusivo para assinantes. Já é assinante? Faça login para ler."),
        ("error_page", "Page not found - The Harbour Post", "The page you are looking for has been moved."),
        ("error_page", "El Faro | Página no encontrada", "Prueba con el buscador o vuelve al inicio."),
        ("error_page", "Erro 404", "A página que você procura não existe."),
        ("error_page", "El Faro", "Ha ocurrido un error. Vuelva a intentarlo más tarde."),
        ("teaser_only", TITLE, &format!("{REPORT}\n\nSeguir leyendo")),
        ("teaser_only", TITLE, &format!("{REPORT} Los vecinos […]")),
        ("teaser_only", TITLE, &format!("{REPORT}\n\nContinue reading")),
        ("teaser_only", TITLE, &format!("{REPORT}\n\nLeia mais »")),
        ("empty_page", TITLE, "Publicidad"),
        ("empty_page", TITLE, "Advertisement"),
        ("empty_page", TITLE, "Publicidade"),
    ] {
        assert_eq!(class(title, text), Some(expected), "{title}: {text}");
    }
}

#[test]
fn an_article_about_walls_errors_and_cookies_is_one() {
    let about = [
        (
            "Fine for a banner",
            "The data protection office of Northmarch fined the retailer Halden yesterday because its banner, which \
             said only that “we use cookies to” improve the service, gave visitors no way to refuse.\n\nThe company has \
             thirty days to appeal against the decision, a spokesman said on Monday in the capital.",
        ),
        (
            "Bank website down: “please try again later”",
            "Customers of the Halden bank saw the words “something went wrong” for most of Tuesday when they opened its \
             site.\n\nThe bank said that a disk had failed in its data centre in Northmarch and that no money was lost, \
             and that it would pay for any fees that its customers had because of the failure.",
        ),
        (
            "Multa por um aviso de cookies",
            "A autoridade de proteção de dados de Vale Norte multou ontem a loja Halden porque o seu aviso, que só dizia \
             “usamos cookies para melhorar o serviço”, não deixava ninguém recusar.\n\nA empresa tem trinta dias para \
             recorrer da decisão, disse um porta-voz na segunda-feira na capital.",
        ),
        ("Access denied", REPORT),
        ("Error", REPORT),
    ];
    for (title, text) in about {
        let listed = Listed { title, ..Listed::default() };
        assert_eq!(of(&article(title, text), &page(title, text), listed, 0), None, "{title}");
    }
    let with_notice = format!("{REPORT}\n\nPara seguir leyendo, suscríbete.");
    assert_eq!(class(TITLE, &with_notice), None);
}

#[test]
fn a_long_notice_is_no_article_and_a_long_article_about_notices_is() {
    let notice =
        "We and our partners store and/or access information on a device. You can withdraw your consent at any \
        time, and object where legitimate interest is used.\n\nUnder the California Consumer Privacy Act you have the \
        right to opt-out of the sale of your personal information. Do not sell or share my personal information.\n\n"
            .repeat(4);
    assert_eq!(class("The Harbour Post", &notice), Some("consent_wall"));
    let listed = Listed { title: "Harbour: what consent notices leave out", ..Listed::default() };
    let title = "What consent notices leave out";
    assert_eq!(of(&article(title, &notice), &page(title, &notice), listed, 0), None);
}

#[test]
fn a_text_that_the_feed_exceeds_is_a_teaser() {
    let long = REPORT.repeat(3);
    let listed = Listed { title: TITLE, text: &long, ..Listed::default() };
    assert_eq!(of(&article(TITLE, REPORT), &page(TITLE, REPORT), listed, 0), Some("teaser_only"));
    let listed = Listed { title: TITLE, text: REPORT, ..Listed::default() };
    assert_eq!(of(&article(TITLE, REPORT), &page(TITLE, REPORT), listed, 0), None);
}

#[test]
fn a_redirect_to_the_front_page_and_a_list_of_links_are_no_article() {
    let home = Url::parse("https://faro.example/").expect("an address");
    let listed = Listed { title: TITLE, link: Some("https://faro.example/2026/a"), text: "" };
    let text =
        "Sube el precio del pan en toda la región.\n\nEl puerto abre un muelle nuevo para los pescadores.".repeat(3);
    let front = article("El Faro", &text);
    let html = page("El Faro", &text);
    let reading = Reading { article: &front, html: &html, url: Some(&home), listed, repeated: 0 };
    assert_eq!(judge(&reading).refused().map(|reason| reason.code()), Some("not_an_article"));
    for (section, head, of_the_harbour) in [
        ("Sección", "Noticia número", "de la región del puerto"),
        ("Section", "News number", "of the region around the harbour"),
        ("Seção", "Notícia número", "da região do porto"),
    ] {
        let heads: Vec<String> = (0..9).map(|n| format!("{head} {n} {of_the_harbour}")).collect();
        let links: String = heads.iter().map(|head| format!("<p><a href=/n>{head}</a></p>")).collect();
        let html = format!("<title>{section}</title>{links}");
        assert_eq!(of(&article(section, &heads.join("\n\n")), &html, listed, 0), Some("not_an_article"));
        let unlinked = page(section, &heads.join("\n\n"));
        assert_eq!(of(&article(section, &heads.join("\n\n")), &unlinked, listed, 0), None);
    }
}

#[test]
fn what_a_source_shows_for_many_entries_is_none_of_them() {
    let listed = Listed { title: TITLE, ..Listed::default() };
    let html = page(TITLE, REPORT);
    // Told again under a new headline.
    assert_eq!(of(&article(TITLE, REPORT), &html, listed, 1), None);
    assert_eq!(of(&article(TITLE, REPORT), &html, listed, 2), Some("repeated_text"));
    let other = Listed { title: "Sube mucho el precio del pan integral", ..Listed::default() };
    assert_eq!(of(&article(TITLE, REPORT), &html, other, 1), Some("repeated_text"));
}

#[test]
fn what_stands_in_for_a_page_is_known_by_the_feed_s_title() {
    let text = REPORT.repeat(3);
    let html = page("Archive", &text);
    let read = article("Archive", &text);
    let judged = |title| {
        let listed = Listed { title, ..Listed::default() };
        judge_stand_in(&Reading { article: &read, html: &html, url: None, listed, repeated: 0 })
    };
    assert_eq!(judged(TITLE), Quality::Good);
    assert!(matches!(judged("Sube mucho el precio del pan"), Quality::Refused(Reason::NotAnArticle { .. })));
}

#[test]
fn a_paid_page_is_known_by_what_it_tells_machines() {
    let offer = "<aside>Suscríbete para leer</aside>";
    for (flag, refused) in [
        (r#"<script type="application/ld+json">{"isAccessibleForFree" : "False"}</script>"#, true),
        (r#"<script type="application/ld+json">{"isAccessibleForFree":false}</script>"#, true),
        (r#"<meta itemprop="isAccessibleForFree" content="false">"#, true),
        (r#"<script type="application/ld+json">{"isAccessibleForFree":true}</script>"#, false),
        ("", false),
    ] {
        let html = format!("{flag}{offer}{}", page(TITLE, REPORT));
        let listed = Listed { title: TITLE, ..Listed::default() };
        let class = of(&article(TITLE, REPORT), &html, listed, 0);
        assert_eq!(class, refused.then_some("paywall"), "{flag}");
    }
}

#[test]
fn a_feed_s_text_is_whole_when_it_is_long_and_does_not_trail_off() {
    let long = REPORT.repeat(6);
    let cut = format!("{long} Seguir leyendo");
    let dots = format!("{long}…");
    for (whole, content, summary, beginning) in [
        (true, Some(long.as_str()), Some(REPORT), None),
        (true, Some(&*long), None, None),
        (true, None, Some(&*long), None),
        (false, Some(REPORT), None, None),
        (false, None, Some(REPORT), None),
        (false, Some(&*cut), None, None),
        (false, Some(&*dots), None, None),
        (false, None, None, None),
        // A paid page shows as much: the same beginning.
        (false, Some(&*long), None, Some(long.as_str())),
        (true, Some(&*long), None, Some(REPORT)),
    ] {
        assert_eq!(is_whole(content, summary, beginning), whole, "{content:?} {summary:?} {beginning:?}");
    }
    assert!(is_better(&long, REPORT) && !is_better(REPORT, &long) && !is_better(&long, &long));
}

#[test]
fn detectors_have_names_of_their_own() {
    let mut names: Vec<&str> = DETECTORS.iter().map(|detector| detector.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DETECTORS.len());
}

//! (what a page shows, page, title) → is it a wall? For those who look for no article: a watched page is a list, and
//! may be short. The phrases are those of [`quality`](super::quality).

use super::quality::DETECTORS;
use super::quality::Listed;
use super::quality::Reading;
use super::quality::signs::Signs;
use crate::model::Article;
use crate::model::Reason;

/// Whether what was read is what was asked for. `html` is the page as text, `listed_title` the title in the feed.
///
/// # Errors
/// [`Reason::Wall`] with the words by which it was recognised, or [`Reason::EmptyPage`].
pub fn judge(article: &Article, html: &str, listed_title: &str) -> Result<(), Reason> {
    let listed = Listed { title: listed_title, ..Listed::default() };
    let signs = Signs::of(&Reading { article, html, url: None, listed, repeated: 0 });
    let found = DETECTORS.iter().filter_map(|detector| (detector.examine)(&signs));
    match found.into_iter().find(|reason| reason.is_wall() || *reason == Reason::EmptyPage) {
        None => Ok(()),
        Some(
            Reason::BotWall { detail }
            | Reason::ConsentWall { detail }
            | Reason::LoginWall { detail }
            | Reason::Paywall { detail },
        ) => Err(Reason::Wall { detail }),
        Some(reason) => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::model::Article;
    use crate::model::Reason;

    fn article(title: &str, text: &str) -> Article {
        Article { title: title.into(), text: text.into(), ..Article::default() }
    }

    /// Some forty words of an invented report.
    const REPORT: &str = "La fiscal Marina Ocampo presentó ayer ante el tribunal de Puerto Claro las pruebas contra dos \
        agentes acusados de maltratar a un detenido.\n\nLa audiencia continuará el lunes con la declaración de los vecinos, \
        según informó la oficina de prensa del juzgado.";

    #[test]
    fn walls_are_told_by_what_they_say() {
        let cases = [
            ("Just a moment...", "Enable JavaScript and cookies to continue"),
            (
                "El Faro de Puerto Claro",
                "Valoramos tu privacidad. Nosotros y nuestros socios almacenamos información en un dispositivo, como las cookies, y tratamos datos personales para ofrecer anuncios y contenido personalizado.",
            ),
            (
                "Gazeta do Vale",
                "Conteúdo exclusivo para assinantes. Já é assinante? Faça login para continuar. Assine por apenas um real no primeiro mês e leia sem limites todo o nosso jornal, todos os dias, em todos os aparelhos.",
            ),
            (
                "The Harbour Post",
                "Subscribe to continue reading. Already a subscriber? Log in. Get unlimited access to all our reporting, newsletters and the weekend magazine for only one pound a week, cancel at any time.",
            ),
            ("example.test", "Please verify you are human by completing the action below."),
        ];
        for (title, text) in cases {
            let answer = judge(&article(title, text), &format!("<title>{title}</title><p>{text}</p>"), "Otra cosa");
            assert!(matches!(answer, Err(Reason::Wall { .. })), "{title}: {answer:?}");
        }
    }

    #[test]
    fn a_real_article_is_never_called_a_wall() {
        let about_cookies = "The data protection office of Northmarch fined the retailer Halden yesterday because its banner, \
            which said only that “we use cookies to” improve the service, gave visitors no way to refuse.\n\nThe company has \
            thirty days to appeal against the decision, a spokesman said on Monday in the capital.";
        let with_teaser = format!("{REPORT}\n\nPara seguir leyendo, suscríbete.");
        for (title, text, listed) in [
            ("Avanza el juicio", REPORT, "Avanza el juicio"),
            ("Fine for a banner", about_cookies, "Fine for a banner"),
            ("Avanza el juicio", with_teaser.as_str(), "Avanza el juicio"),
            ("Access denied", REPORT, "Access denied"),
        ] {
            assert_eq!(
                judge(&article(title, text), &format!("<title>{title}</title><p>{text}</p>"), listed),
                Ok(()),
                "{title}"
            );
        }
    }

    #[test]
    fn a_news_flash_is_an_article_and_an_empty_shell_is_not() {
        let mut flash =
            article("Sismo en Puerto Claro", "Un sismo de magnitud 5,1 sacudió esta mañana la costa de Puerto Claro.");
        flash.published = "2025-11-04T10:00:00Z".parse().ok();
        assert_eq!(judge(&flash, "<p>Un sismo de magnitud 5,1</p>", "Sismo"), Ok(()));
        let shell = "<title>App</title><div id=root></div><script src=app.js></script>";
        assert_eq!(judge(&article("App", ""), shell, "x"), Err(Reason::EmptyPage));
    }

    #[test]
    fn a_text_without_blanks_is_not_empty() {
        let text = "港の裁判所は昨日、二人の警察官に対する証拠を検察が提出したと発表した。審理は月曜日に続き、住民の証言が予定されている。";
        assert_eq!(judge(&article("裁判", text), text, "裁判"), Ok(()));
    }

    #[test]
    fn the_beginning_of_a_paid_article_is_not_taken_for_all_of_it() {
        let flag = r#"<script type="application/ld+json">{"isAccessibleForFree" : "False"}</script>"#;
        let offer = "<aside>Contenido exclusivo para suscriptores</aside>";
        for (around, wall) in [(format!("{flag}{offer}"), true), (flag.to_owned(), false), (offer.to_owned(), false)] {
            let answer = judge(&article("T", REPORT), &format!("<title>T</title>{around}<p>{REPORT}</p>"), "T");
            assert_eq!(answer.is_err(), wall, "{around}");
        }
        // A long text is all there whatever the flag says.
        let long = REPORT.repeat(8);
        assert_eq!(judge(&article("T", &long), &format!("{flag}{offer}<p>{long}</p>"), "T"), Ok(()));
    }

    #[test]
    fn a_consent_form_outside_the_extracted_text_is_seen() {
        let html = "<title>Diario</title><form><p>Utilizamos cookies propias</p><button>Aceptar todas las cookies</button></form>";
        assert!(matches!(judge(&article("Diario", ""), html, "x"), Err(Reason::Wall { .. })));
    }
}

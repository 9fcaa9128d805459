//! (article, page, title of the entry) → is it the article? A wall is what a server shows instead: a consent form, a
//! login, a proof of being human, a subscription offer. On the careful side: a short article that speaks of cookies or
//! subscriptions is an article. So a phrase counts only where the page has next to no text besides it.

use crate::feed::plain;
use crate::model::Article;
use crate::model::Reason;

/// A text of this many words is an article whatever stands in it, unless the page's very title is a challenge's.
const LONG: usize = 150;
/// Below this many words there is nothing to judge.
const SHORT: usize = 25;

/// Titles that only challenges and error pages have. Compared whole, folded to lower case.
const TITLES: &[&str] = &[
    "just a moment",
    "attention required! | cloudflare",
    "un momento",
    "espere un momento",
    "um momento",
    "access denied",
    "acceso denegado",
    "acesso negado",
    "403 forbidden",
    "forbidden",
    "are you a robot?",
    "robot check",
    "human verification",
    "security check",
    "ddos-guard",
    "please wait",
    "verifying your browser",
    "checking your browser",
    "pardon our interruption",
    "you have been blocked",
    "vercel security checkpoint",
    "bot verification",
    "before you continue",
    "antes de continuar",
    "request rejected",
    "captcha",
];

/// What challenges say, and no article does.
const CHALLENGES: &[&str] = &[
    "checking your browser before accessing",
    "checking if the site connection is secure",
    "verify you are human",
    "verify that you are not a robot",
    "enable javascript and cookies to continue",
    "needs to review the security of your connection",
    "please complete the security check",
    "performing security verification",
    "ddos protection by",
    "press & hold to confirm you are",
    "you have been blocked",
    "unusual traffic from your computer",
    "confirm you are not a robot",
    "verifique que es un ser humano",
    "verificar que eres humano",
    "verifica que no eres un robot",
    "habilite javascript y las cookies para continuar",
    "comprobando su navegador",
    "confirme que você é humano",
    "verifique se você é humano",
    "ative o javascript e os cookies para continuar",
    "verificando seu navegador",
    "please enable js and disable any ad blocker",
    "pardon our interruption",
];

/// What consent forms say.
const CONSENT: &[&str] = &[
    "we value your privacy",
    "we and our partners store and/or access",
    "before you continue to",
    "accept all cookies",
    "manage your privacy settings",
    "we and our partners use cookies",
    "your privacy choices",
    "we use cookies to",
    "this website uses cookies",
    "valoramos tu privacidad",
    "valoramos su privacidad",
    "nosotros y nuestros socios",
    "antes de continuar a",
    "aceptar todas las cookies",
    "aceptar y continuar",
    "utilizamos cookies",
    "usamos cookies",
    "respetamos tu privacidad",
    "tu privacidad es importante",
    "este sitio utiliza cookies",
    "valorizamos a sua privacidade",
    "valorizamos sua privacidade",
    "nós e os nossos parceiros",
    "nós e nossos parceiros",
    "aceitar todos os cookies",
    "aceitar e continuar",
    "utilizamos cookies para",
    "este site usa cookies",
    "este site utiliza cookies",
];

/// What logins and subscription offers say.
const SUBSCRIPTION: &[&str] = &[
    "subscribe to continue reading",
    "subscribe to read",
    "subscribe now to continue",
    "to continue reading",
    "to keep reading",
    "this content is for subscribers",
    "this article is for subscribers",
    "this article is exclusive to subscribers",
    "already a subscriber?",
    "log in to continue",
    "sign in to continue",
    "sign in to read",
    "log in to read",
    "you have reached your limit of free articles",
    "create a free account to",
    "register to continue",
    "unlock this article",
    "suscríbete para seguir leyendo",
    "suscríbete para continuar",
    "suscríbase para seguir leyendo",
    "para seguir leyendo",
    "para continuar leyendo",
    "contenido exclusivo para suscriptores",
    "este contenido es exclusivo para",
    "¿ya eres suscriptor?",
    "¿ya estás suscrito?",
    "inicia sesión para continuar",
    "inicia sesión para leer",
    "regístrate para seguir",
    "assine para continuar lendo",
    "assine para ler",
    "para continuar lendo",
    "conteúdo exclusivo para assinantes",
    "já é assinante?",
    "faça login para continuar",
    "faça login para ler",
    "cadastre-se para continuar",
];

/// Whether what was read is the article. `html` is the page as text, `listed_title` the title in the feed.
///
/// # Errors
/// [`Reason::Wall`] with the words by which it was recognised, or [`Reason::EmptyPage`].
pub fn judge(article: &Article, html: &str, listed_title: &str) -> Result<(), Reason> {
    let words = count_words(&article.text);
    let page_title = page_title(html);
    let names = [article.title.as_str(), page_title.as_str()];
    // An article may be called "Access denied": then its feed calls it so too.
    let listed = fold(listed_title);
    if words < LONG
        && let Some(title) = names.iter().map(|title| fold(title)).find(|title| is_challenge_title(title, &listed))
    {
        return Err(Reason::Wall { detail: title });
    }
    if words >= LONG {
        return Ok(());
    }
    let text = fold(&article.text);
    if let Some(phrase) = CHALLENGES.iter().find(|phrase| text.contains(**phrase)) {
        return Err(Reason::Wall { detail: (*phrase).to_owned() });
    }
    let around = if words < SHORT { fold(&visible(html)) } else { String::new() };
    if words < SHORT
        && let Some(phrase) = CHALLENGES.iter().find(|phrase| around.contains(**phrase))
    {
        return Err(Reason::Wall { detail: (*phrase).to_owned() });
    }
    for phrases in [CONSENT, SUBSCRIPTION] {
        let said: Vec<&str> = phrases.iter().copied().filter(|phrase| text.contains(phrase)).collect();
        // One phrase may be a quotation, and paragraphs without any speak for an article that only carries a notice.
        if (said.len() > 1 || (said.len() == 1 && words < SHORT)) && words_besides(&article.text, phrases) < SHORT {
            return Err(Reason::Wall { detail: said[0].to_owned() });
        }
    }
    if words >= SHORT {
        return Ok(());
    }
    // Hardly any text was found. If the page asks for something, that is why.
    if let Some(phrase) = CONSENT.iter().chain(SUBSCRIPTION).find(|phrase| around.contains(**phrase)) {
        return Err(Reason::Wall { detail: (*phrase).to_owned() });
    }
    if words > 0 && is_flash(article, &around, words) {
        return Ok(());
    }
    Err(Reason::EmptyPage)
}

fn is_challenge_title(title: &str, listed: &str) -> bool {
    let title = title.trim_end_matches(['.', '…', '!']).trim_end();
    let title = title.trim_end_matches("...");
    let listed = listed.trim_end_matches(['.', '…', '!']);
    title != listed && TITLES.contains(&title)
}

/// A news flash: the page says by itself that it is an article (a headline and a time), and its whole readable text is
/// short, so nothing was overlooked.
fn is_flash(article: &Article, around: &str, words: usize) -> bool {
    let stamped = article.published.is_some() && !article.title.is_empty();
    stamped && words >= 8 && around.split_whitespace().count() < 400
}

fn words_besides(text: &str, phrases: &[&str]) -> usize {
    text.split("\n\n")
        .filter(|paragraph| {
            let paragraph = fold(paragraph);
            !phrases.iter().any(|phrase| paragraph.contains(phrase))
        })
        .map(count_words)
        .sum()
}

/// Words between white space; scripts that put none count one for every two letters.
fn count_words(text: &str) -> usize {
    let unspaced = |letter: &char| matches!(*letter, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
    text.split_whitespace().count() + text.chars().filter(unspaced).count() / 2
}

fn fold(text: &str) -> String {
    plain::fold(&text.replace('’', "'")).to_lowercase()
}

fn page_title(html: &str) -> String {
    let head = &html[..html.floor_char_boundary(256 * 1024)];
    let lower = head.to_ascii_lowercase();
    let title = || {
        let start = lower.find("<title")?;
        let open = start + lower[start..].find('>')? + 1;
        let close = open + lower[open..].find("</title")?;
        Some(plain::title(&head[open..close]))
    };
    title().unwrap_or_default()
}

/// All that the page shows, tags dropped; only the first part of a long page.
fn visible(html: &str) -> String {
    let (html, _) = super::scan::defuse(&html[..html.floor_char_boundary(512 * 1024)]);
    let mut text = String::with_capacity(html.len() / 4);
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => {
                inside = true;
                text.push(' ');
            }
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    plain::decode_entities(&text).into_owned()
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
    fn a_consent_form_outside_the_extracted_text_is_seen() {
        let html = "<title>Diario</title><form><p>Utilizamos cookies propias</p><button>Aceptar todas las cookies</button></form>";
        assert!(matches!(judge(&article("Diario", ""), html, "x"), Err(Reason::Wall { .. })));
    }
}

//! A test for robots, or their dismissal.

use super::Detector;
use super::signs::LONG;
use super::signs::SHORT;
use super::signs::Signs;
use super::signs::bare;
use crate::model::Reason;

/// Proofs of being human, and blocks.
pub static DETECTOR: Detector = Detector { name: "bot_wall", phrases: PHRASES, examine };

/// Titles that only challenges and refusals have. Compared whole, folded to lower case.
const TITLES: &[&str] = &[
    "just a moment",
    "attention required! | cloudflare",
    "un momento",
    "espere un momento",
    "um momento",
    "access denied",
    "acceso denegado",
    "acesso negado",
    "access to this page has been denied",
    "403 forbidden",
    "forbidden",
    "are you a robot?",
    "¿eres un robot?",
    "você é um robô?",
    "robot check",
    "human verification",
    "verificación humana",
    "security check",
    "ddos-guard",
    "please wait",
    "one moment, please",
    "verifying your browser",
    "checking your browser",
    "pardon our interruption",
    "you have been blocked",
    "vercel security checkpoint",
    "bot verification",
    "request rejected",
    "captcha",
];

/// What challenges say, and no article does.
const PHRASES: &[&str] = &[
    "checking your browser before accessing",
    "checking if the site connection is secure",
    "verify you are human",
    "verify that you are not a robot",
    "verifying you are human",
    "enable javascript and cookies to continue",
    "needs to review the security of your connection",
    "please complete the security check",
    "performing security verification",
    "ddos protection by",
    "press & hold to confirm you are",
    "you have been blocked",
    "unusual traffic from your computer",
    "detected unusual traffic",
    "confirm you are not a robot",
    "prove you are human",
    "access to this page has been denied",
    "complete the captcha",
    "verifique que es un ser humano",
    "verificar que eres humano",
    "verifica que eres humano",
    "verifica que no eres un robot",
    "confirma que no eres un robot",
    "demuestra que no eres un robot",
    "hemos detectado tráfico inusual",
    "habilite javascript y las cookies para continuar",
    "comprobando su navegador",
    "comprobando si la conexión del sitio es segura",
    "confirme que você é humano",
    "verifique se você é humano",
    "confirme que não é um robô",
    "ative o javascript e os cookies para continuar",
    "verificando seu navegador",
    "verificando se a conexão do site é segura",
    "please enable js and disable any ad blocker",
    "pardon our interruption",
];

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    if signs.words >= LONG {
        return None;
    }
    let wall = |detail: &str| Some(Reason::BotWall { detail: detail.to_owned() });
    // An article may be called "Access denied": then its feed calls it so too.
    let listed = bare(signs.listed_title());
    if let Some(title) =
        signs.titles().iter().map(|title| bare(title)).find(|title| *title != listed && is_known(title))
    {
        return wall(title);
    }
    if let Some(phrase) = PHRASES.iter().find(|phrase| signs.text.contains(**phrase)) {
        return wall(phrase);
    }
    if signs.words < SHORT { signs.said_around(PHRASES).and_then(wall) } else { None }
}

fn is_known(title: &str) -> bool {
    TITLES.contains(&title)
}

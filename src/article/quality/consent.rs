//! A form that asks for consent to cookies and to the use of data.

use super::Detector;
use super::signs::LONG;
use super::signs::SHORT;
use super::signs::Signs;
use super::signs::bare;
use crate::model::Reason;

/// Consent forms and notices of privacy laws.
pub static DETECTOR: Detector = Detector { name: "consent_wall", phrases: PHRASES, examine };

const TITLES: &[&str] =
    &["before you continue", "antes de continuar", "avant de continuer", "bevor sie fortfahren", "consent required"];

const PHRASES: &[&str] = &[
    "we value your privacy",
    "we care about your privacy",
    "we respect your privacy",
    "your privacy is important to us",
    "we and our partners",
    "we and our third-party partners",
    "store and/or access information on a device",
    "store and access information on your device",
    "before you continue to",
    "accept all cookies",
    "accept & continue",
    "reject all cookies",
    "manage your privacy settings",
    "manage preferences",
    "manage cookies",
    "cookie settings",
    "cookie preferences",
    "your privacy choices",
    "we use cookies",
    "uses cookies to",
    "this website uses cookies",
    "this site uses cookies",
    "strictly necessary cookies",
    "withdraw your consent",
    "legitimate interest",
    "consent or pay",
    // The notices of California's law, which many sites show instead of a page to visitors from elsewhere.
    "do not sell or share my personal information",
    "do not sell my personal information",
    "do not sell my info",
    "right to opt-out",
    "right to opt out",
    "opt-out of the sale",
    "opt out of the sale",
    "california consumer privacy act",
    "ccpa",
    "global privacy control",
    "targeted advertising",
    "not available in your region due to",
    "unavailable in most european countries",
    "general data protection regulation",
    "valoramos tu privacidad",
    "valoramos su privacidad",
    "nos importa tu privacidad",
    "nosotros y nuestros socios",
    "nosotros y nuestros proveedores",
    "almacenar y/o acceder a información en un dispositivo",
    "almacenar o acceder a información en un dispositivo",
    "antes de continuar a",
    "aceptar todas las cookies",
    "rechazar todas las cookies",
    "aceptar y continuar",
    "configurar cookies",
    "gestionar cookies",
    "configuración de cookies",
    "utilizamos cookies",
    "usamos cookies",
    "utiliza cookies",
    "cookies propias y de terceros",
    "respetamos tu privacidad",
    "tu privacidad es importante",
    "interés legítimo",
    "retirar tu consentimiento",
    "retirar su consentimiento",
    "aceptar o pagar",
    "no vender mi información personal",
    "no vendan mi información personal",
    "valorizamos a sua privacidade",
    "valorizamos sua privacidade",
    "a sua privacidade é importante",
    "sua privacidade é importante",
    "nós e os nossos parceiros",
    "nós e nossos parceiros",
    "armazenar e/ou acessar informações em um dispositivo",
    "armazenar e/ou aceder a informações num dispositivo",
    "aceitar todos os cookies",
    "rejeitar todos os cookies",
    "recusar todos os cookies",
    "aceitar e continuar",
    "gerenciar cookies",
    "gerir cookies",
    "configurações de cookies",
    "definições de cookies",
    "usa cookies",
    "usamos os cookies",
    "legítimo interesse",
    "interesse legítimo",
    "retirar o seu consentimento",
    "não vender minhas informações pessoais",
    "lei geral de proteção de dados",
];

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let wall = |detail: &str| Some(Reason::ConsentWall { detail: detail.to_owned() });
    let listed = bare(signs.listed_title());
    if signs.words < LONG
        && let Some(title) =
            signs.titles().iter().map(|title| bare(title)).find(|title| *title != listed && TITLES.contains(title))
    {
        return wall(title);
    }
    if let Some(phrase) = signs.asks(PHRASES) {
        return wall(phrase);
    }
    // Hardly any text was found. If the page asks for something, that is why; but footers speak of cookies too, so a
    // flash that the page shows in full stays one.
    if signs.words < SHORT && !signs.is_flash() { signs.said_around(FORMS).and_then(wall) } else { None }
}

/// What stands in forms and hardly in footers.
const FORMS: &[&str] = &[
    "we value your privacy",
    "we care about your privacy",
    "we and our partners",
    "before you continue to",
    "accept all cookies",
    "reject all cookies",
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
    "este sitio utiliza cookies",
    "valorizamos a sua privacidade",
    "valorizamos sua privacidade",
    "nós e os nossos parceiros",
    "nós e nossos parceiros",
    "aceitar todos os cookies",
    "aceitar e continuar",
    "este site usa cookies",
    "este site utiliza cookies",
    "unavailable in most european countries",
    "right to opt-out",
    "opt-out of the sale",
    "opt out of the sale",
];

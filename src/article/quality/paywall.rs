//! A subscription offer, alone or behind the beginning of an article.

use super::Detector;
use super::login;
use super::signs::LONG;
use super::signs::SHORT;
use super::signs::Signs;
use crate::model::Reason;

/// Pages that want to be paid.
pub static DETECTOR: Detector = Detector { name: "paywall", phrases: PHRASES, examine };

const PHRASES: &[&str] = &[
    "subscribe to continue",
    "subscribe to read",
    "subscribe to keep reading",
    "subscribe now to",
    "subscribe to unlock",
    "to continue reading",
    "to keep reading",
    "keep reading for",
    "this content is for subscribers",
    "this article is for subscribers",
    "this story is for subscribers",
    "this article is exclusive to subscribers",
    "exclusive to subscribers",
    "subscriber-only",
    "for subscribers only",
    "already a subscriber?",
    "already a member?",
    "already have a subscription?",
    "you have reached your limit of free articles",
    "you've reached your limit of free articles",
    "free articles remaining",
    "unlock this article",
    "start your free trial",
    "get unlimited access",
    "cancel anytime",
    "suscríbete para",
    "suscríbase para",
    "suscríbete y",
    "para seguir leyendo",
    "para continuar leyendo",
    "contenido exclusivo para suscriptores",
    "exclusivo para suscriptores",
    "solo para suscriptores",
    "sólo para suscriptores",
    "este contenido es exclusivo para",
    "este artículo es exclusivo para",
    "¿ya eres suscriptor?",
    "¿ya estás suscrito?",
    "¿ya es suscriptor?",
    "ya soy suscriptor",
    "has alcanzado el límite de artículos",
    "ha alcanzado el límite de artículos",
    "acceso ilimitado",
    "hazte socio para",
    "cancela cuando quieras",
    "assine para",
    "assine agora",
    "assine e",
    "para continuar lendo",
    "para continuar a ler",
    "conteúdo exclusivo para assinantes",
    "exclusivo para assinantes",
    "apenas para assinantes",
    "já é assinante?",
    "já sou assinante",
    "acesso ilimitado",
    "atingiu o limite de",
    "cancele quando quiser",
];

/// What stands before an article and not above every page of a site.
const OFFERS: &[&str] = &[
    "subscribe to continue",
    "subscribe to read",
    "subscribe to keep reading",
    "to continue reading",
    "to keep reading",
    "this content is for subscribers",
    "this article is for subscribers",
    "exclusive to subscribers",
    "unlock this article",
    "para seguir leyendo",
    "para continuar leyendo",
    "exclusivo para suscriptores",
    "este contenido es exclusivo para",
    "para continuar lendo",
    "exclusivo para assinantes",
    "assine para ler",
];

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let wall = |detail: String| Some(Reason::Paywall { detail });
    let said = signs.said(PHRASES);
    // A login beside an offer belongs to it.
    let also = if said.is_empty() { 0 } else { signs.said(login::PHRASES).len() };
    let enough = if signs.words < SHORT { 1 } else { 2 };
    if signs.words < LONG
        && !said.is_empty()
        && said.len() + also >= enough
        && signs.words_besides(&[PHRASES, login::PHRASES]) < SHORT
    {
        return wall(said[0].to_owned());
    }
    // A text that is not long, on a page that says to machines "not free" and to people "subscribe": a beginning.
    if signs.words < 2 * LONG
        && signs.says_not_free()
        && let Some(phrase) = signs.said_around(PHRASES)
    {
        return wall(format!("not free to read, “{phrase}”"));
    }
    if signs.words < SHORT && !signs.is_flash() {
        return signs.said_around(OFFERS).and_then(|phrase| wall(phrase.to_owned()));
    }
    None
}

//! Our own words in a digest, in the three languages that people may choose.

use crate::model::Language;
use crate::model::Reason;
use crate::model::Tongue;
use crate::model::UpdateKind;
use jiff::SignedDuration;

/// One language's words. Each language has all of them, so that none is left in another.
pub(super) struct Words {
    tongue: Tongue,
    pub digest: &'static str,
    pub file: &'static str,
    pub story: &'static str,
    pub stories: &'static str,
    pub more_story: &'static str,
    pub more_stories: &'static str,
    pub more: &'static str,
    pub attached: &'static str,
    pub all_attached: &'static str,
    pub nothing: &'static str,
    pub nothing_found: &'static str,
    pub after_quiet: &'static str,
    pub in_one: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub since: &'static str,
    pub untitled: &'static str,
    pub urgent: &'static str,
    pub urgent_mark: &'static str,
    pub because: &'static str,
    pub carried: &'static str,
    pub from_feed: &'static str,
    pub elsewhere: &'static str,
    pub folded: &'static str,
    pub muted: &'static str,
    pub listening: &'static str,
    pub items_read: &'static str,
    pub heard: &'static str,
    pub resting: &'static str,
    pub not_heard: &'static str,
    pub never_heard: &'static str,
    pub unread: &'static str,
    pub silent_rules: &'static str,
    pub usually_every: &'static str,
    pub sent_to: &'static str,
    pub change: &'static str,
}

pub(super) fn of(tongue: Tongue) -> &'static Words {
    match tongue {
        Tongue::English => &ENGLISH,
        Tongue::Spanish => &SPANISH,
        Tongue::Portuguese => &PORTUGUESE,
    }
}

pub(super) static ENGLISH: Words = Words {
    tongue: Tongue::English,
    digest: "Digest",
    file: "everything",
    story: "story",
    stories: "stories",
    more_story: "more story",
    more_stories: "more stories",
    more: "more",
    attached: "in the attached list",
    all_attached: "The attached list holds everything, with links.",
    nothing: "nothing found",
    nothing_found: "Nothing was found in this time. What was heard stands below.",
    after_quiet: "during your quiet hours",
    in_one: "too many to tell one by one",
    from: "From",
    to: "to",
    since: "since",
    untitled: "No headline",
    urgent: "Urgent",
    urgent_mark: "[urgent]",
    because: "Why",
    carried: "Also carried by",
    from_feed: "The page could not be read; this rests on the text in the feed.",
    elsewhere: "Told in other messages",
    folded: "Copies of stories that were told before",
    muted: "Muted by a silence",
    listening: "What was heard",
    items_read: "Articles read",
    heard: "Sources heard",
    resting: "Sources that were not due",
    not_heard: "Sources not heard",
    never_heard: "never heard",
    unread: "Pages that could not be read",
    silent_rules: "Rules that are silent for longer than usual",
    usually_every: "usually every",
    sent_to: "Sent by Atalaya to",
    change: "To change what you get, ask whoever runs this Atalaya.",
};

static SPANISH: Words = Words {
    tongue: Tongue::Spanish,
    digest: "Resumen",
    file: "todo",
    story: "historia",
    stories: "historias",
    more_story: "historia más",
    more_stories: "historias más",
    more: "más",
    attached: "en la lista adjunta",
    all_attached: "La lista adjunta lo contiene todo, con enlaces.",
    nothing: "nada encontrado",
    nothing_found: "No se encontró nada en este tiempo. Abajo consta lo que se escuchó.",
    after_quiet: "durante sus horas de silencio",
    in_one: "demasiadas para avisar de una en una",
    from: "Del",
    to: "al",
    since: "desde el",
    untitled: "Sin titular",
    urgent: "Urgente",
    urgent_mark: "[urgente]",
    because: "Por qué",
    carried: "También en",
    from_feed: "No se pudo leer la página; esto se basa en el texto del canal.",
    elsewhere: "Avisadas en otros mensajes",
    folded: "Copias de historias ya avisadas",
    muted: "Silenciadas",
    listening: "Lo que se escuchó",
    items_read: "Artículos leídos",
    heard: "Fuentes escuchadas",
    resting: "Fuentes a las que no les tocaba",
    not_heard: "Fuentes no escuchadas",
    never_heard: "nunca escuchada",
    unread: "Páginas que no se pudieron leer",
    silent_rules: "Reglas en silencio por más tiempo de lo normal",
    usually_every: "normalmente cada",
    sent_to: "Enviado por Atalaya a",
    change: "Para cambiar lo que recibe, hable con quien administra esta Atalaya.",
};

static PORTUGUESE: Words = Words {
    tongue: Tongue::Portuguese,
    digest: "Resumo",
    file: "tudo",
    story: "história",
    stories: "histórias",
    more_story: "outra história",
    more_stories: "outras histórias",
    more: "mais",
    attached: "na lista anexa",
    all_attached: "A lista anexa contém tudo, com links.",
    nothing: "nada encontrado",
    nothing_found: "Nada foi encontrado neste período. Abaixo consta o que se ouviu.",
    after_quiet: "durante as suas horas de silêncio",
    in_one: "demais para avisar uma a uma",
    from: "De",
    to: "a",
    since: "desde",
    untitled: "Sem título",
    urgent: "Urgente",
    urgent_mark: "[urgente]",
    because: "Por quê",
    carried: "Também em",
    from_feed: "Não foi possível ler a página; isto se baseia no texto do feed.",
    elsewhere: "Avisadas em outras mensagens",
    folded: "Cópias de histórias já avisadas",
    muted: "Silenciadas",
    listening: "O que se ouviu",
    items_read: "Artigos lidos",
    heard: "Fontes ouvidas",
    resting: "Fontes fora da vez",
    not_heard: "Fontes não ouvidas",
    never_heard: "nunca ouvida",
    unread: "Páginas que não puderam ser lidas",
    silent_rules: "Regras em silêncio por mais tempo que o normal",
    usually_every: "normalmente a cada",
    sent_to: "Enviado pela Atalaya para",
    change: "Para mudar o que recebe, fale com quem administra esta Atalaya.",
};

/// A length of time in one unit.
pub(super) fn length(words: &Words, length: SignedDuration) -> String {
    let (day, hour) = match words.tongue {
        Tongue::English => ("days", "h"),
        Tongue::Spanish => ("días", "h"),
        Tongue::Portuguese => ("dias", "h"),
    };
    match length.as_hours() {
        0 => format!("{} min", length.as_mins().max(1)),
        hours @ 1..=47 => format!("{hours} {hour}"),
        hours => format!("{} {day}", hours / 24),
    }
}

/// What became of a page that was told before.
pub(super) fn update(words: &Words, kind: UpdateKind) -> &'static str {
    match (words.tongue, kind) {
        (Tongue::English, kind) => crate::render::words::update(kind),
        (Tongue::Spanish, UpdateKind::Edited) => "Actualizada",
        (Tongue::Spanish, UpdateKind::Corrected) => "Corregida",
        (Tongue::Spanish, UpdateKind::Removed) => "Retirada",
        (Tongue::Spanish, UpdateKind::Restored) => "De nuevo en línea",
        (Tongue::Portuguese, UpdateKind::Edited) => "Atualizada",
        (Tongue::Portuguese, UpdateKind::Corrected) => "Corrigida",
        (Tongue::Portuguese, UpdateKind::Removed) => "Retirada",
        (Tongue::Portuguese, UpdateKind::Restored) => "De volta ao ar",
    }
}

/// A language's name; its code where we have no name in this tongue.
pub(super) fn language(words: &Words, language: &Language) -> String {
    let names: &[(&str, &str)] = match words.tongue {
        Tongue::English => return crate::render::words::language(language),
        Tongue::Spanish => &[
            ("en", "inglés"),
            ("es", "español"),
            ("pt", "portugués"),
            ("fr", "francés"),
            ("it", "italiano"),
            ("de", "alemán"),
        ],
        Tongue::Portuguese => &[
            ("en", "inglês"),
            ("es", "espanhol"),
            ("pt", "português"),
            ("fr", "francês"),
            ("it", "italiano"),
            ("de", "alemão"),
        ],
    };
    let code = language.as_str();
    names.iter().find(|(known, _)| *known == code).map_or_else(|| code.to_uppercase(), |(_, name)| (*name).to_owned())
}

/// A reason where a line has one that says more than its heading.
pub(super) fn said(words: &Words, reason: &Reason) -> Option<String> {
    match reason {
        Reason::Told | Reason::AlreadyTold | Reason::FirstTelling => None,
        Reason::WaitsForDigest { .. } | Reason::WaitsForGroup { .. } | Reason::Capped { .. } => None,
        Reason::QuietHours { .. } => None,
        Reason::Silenced { by, because, .. } => Some(match words.tongue {
            Tongue::English => format!("by {by}: {because}"),
            Tongue::Spanish | Tongue::Portuguese => format!("por {by}: {because}"),
        }),
        Reason::SameAddress { .. } | Reason::SameText { .. } | Reason::MuchTheSame { .. }
            if words.tongue != Tongue::English =>
        {
            None
        }
        other => Some(self::reason(words, other)),
    }
}

/// A reason in the reader's language. What a rule found is in the article's language already; of what failed, Spanish and
/// Portuguese name the class, and the operator's tools the detail.
pub(super) fn reason(words: &Words, reason: &Reason) -> String {
    let (spanish, portuguese) = match reason {
        Reason::Matched { because } => return because.clone(),
        Reason::GaveUp { last, .. } if words.tongue != Tongue::English => return self::reason(words, last),
        Reason::InItsPlace { last, .. } if words.tongue != Tongue::English => return self::reason(words, last),
        Reason::Status { status } if words.tongue == Tongue::Spanish => {
            return format!("el servidor respondió {status}");
        }
        Reason::Status { status } if words.tongue == Tongue::Portuguese => {
            return format!("o servidor respondeu {status}");
        }
        Reason::TimedOut { .. } => ("no respondió a tiempo", "não respondeu a tempo"),
        Reason::ConnectionFailed { .. } => ("no se pudo conectar", "não foi possível conectar"),
        Reason::Certificate { .. } => ("su certificado no es válido", "o certificado não é válido"),
        Reason::RobotsRefused { .. } => ("el sitio no permite robots", "o site não permite robôs"),
        Reason::Wall { .. } | Reason::BotWall { .. } => ("una prueba contra robots", "um teste contra robôs"),
        Reason::ConsentWall { .. } => ("un aviso de consentimiento", "um aviso de consentimento"),
        Reason::LoginWall { .. } => ("pide iniciar sesión", "pede login"),
        Reason::Paywall { .. } => ("solo para suscriptores", "só para assinantes"),
        Reason::TeaserOnly { .. } => ("solo el comienzo del artículo", "só o começo do artigo"),
        Reason::EmptyPage => ("página sin texto", "página sem texto"),
        Reason::ErrorPage { .. } => ("una página de error", "uma página de erro"),
        _ => ("no se pudo leer", "não pôde ser lida"),
    };
    match words.tongue {
        Tongue::English => reason.to_string(),
        Tongue::Spanish => spanish.to_owned(),
        Tongue::Portuguese => portuguese.to_owned(),
    }
}

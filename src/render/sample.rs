//! An invented alert, for the tests of everything that is made of one.

use crate::model::Alert;
use crate::model::Basis;
use crate::model::DeliveryId;
use crate::model::EntityName;
use crate::model::Excerpt;
use crate::model::Field;
use crate::model::Language;
use crate::model::Reason;
use crate::model::RuleName;
use crate::model::SourceName;
use crate::model::Update;
use crate::model::UpdateKind;
use crate::model::alert::EntityTold;
use crate::model::alert::RuleTold;
use crate::model::update::Change;
use crate::model::update::DiffLine;
use crate::model::update::DiffPiece;
use crate::model::update::FirstTelling;

/// A Spanish article that matched the rule `detention`.
pub fn alert() -> Alert {
    let time = |text: &str| text.parse().expect("a time");
    Alert {
        story_key: "https://faro.example.org/2026/11/22/relatores-puerto-claro".into(),
        revision: 1,
        rules: vec![RuleTold {
            name: RuleName::new("detention"),
            label: "Detained and disappeared".into(),
            reason: Reason::Matched { because: "@detainees (privados de libertad) and @court (CPI)".into() },
        }],
        entities: vec![
            EntityTold {
                name: EntityName::new("detainees"),
                label: "Detainees".into(),
                forms: vec!["privados de libertad".into(), "detenidos".into()],
                mentions: 7,
            },
            EntityTold {
                name: EntityName::new("court"),
                label: "International Court".into(),
                forms: vec!["CPI".into(), "Corte Penal Internacional".into()],
                mentions: 3,
            },
        ],
        excerpts: vec![
            marked(
                "Los relatores pidieron ver a todos los «privados de libertad», incluso a los que no figuran en las listas.",
                &["privados de libertad"],
            ),
            marked(
                "El informe se entregará a la CPI antes de fin de mes, dijo Tomás Arrieta, del Observatorio de Puerto Claro.",
                &["CPI"],
            ),
        ],
        title: "Relatores de la ONU visitan tres centros de detención en Puerto Claro".into(),
        url: "https://faro.example.org/2026/11/22/relatores-puerto-claro?seccion=pais".into(),
        source: SourceName::new("el-faro"),
        site_name: Some("El Faro de Prueba".into()),
        byline: Some("Lucía Prado".into()),
        language: Language::parse("es"),
        published: Some(time("2026-11-22T21:15:00Z")),
        listed_at: time("2026-11-22T21:31:07Z"),
        judged_at: time("2026-11-22T21:31:44Z"),
        unread: None,
        basis: Basis::Page,
        copy_of: None,
        update: None,
        earlier: None,
    }
}

/// What an edit made of it.
pub fn update() -> Update {
    let piece = |change, text: &str| DiffPiece { change, text: text.into() };
    Update {
        kind: UpdateKind::Edited,
        before: "2026-11-22T21:31:44Z".parse().expect("a time"),
        facts: vec!["“tres” became “cinco” in a sentence that matched: “Visitaron cinco centros.”".into()],
        diff: vec![DiffLine {
            headline: false,
            pieces: vec![
                piece(Change::Kept, "Visitaron"),
                piece(Change::Removed, "tres"),
                piece(Change::Added, "cinco"),
                piece(Change::Kept, "centros."),
            ],
        }],
        more: 2,
        first: vec![FirstTelling { receiver: "ana@example.org".into(), delivery: DeliveryId("ab12".into()) }],
    }
}

fn marked(text: &str, words: &[&str]) -> Excerpt {
    let marks = words
        .iter()
        .map(|word| {
            let start = text.find(word).expect("the sentence has it");
            (start, start + word.len())
        })
        .collect();
    Excerpt { field: Field::Body, text: text.into(), marks, rules: vec![RuleName::new("detention")] }
}

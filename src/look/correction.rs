//! Two texts → the notice of correction that only the new one has. English, Spanish and Portuguese.

use super::share::letters;
use crate::text::Normal;
use crate::text::fold;
use crate::text::sentence;

/// What begins a notice, folded.
const BEGINNINGS: &[&str] = &[
    "correction:",
    "corrections:",
    "correction -",
    "corrected:",
    "clarification:",
    "erratum:",
    "errata:",
    "retraction:",
    "correccion:",
    "correccion -",
    "fe de errata",
    "fe de erratas",
    "aclaracion:",
    "rectificacion:",
    "nota de correccion",
    "correcao:",
    "correcao -",
    "errata -",
    "erramos:",
    "retificacao:",
];

/// What a notice says, folded.
const WORDS: &[&str] = &[
    "this article has been corrected",
    "this article was corrected",
    "this story has been corrected",
    "this story was corrected",
    "this post has been corrected",
    "this report has been corrected",
    "has been updated to correct",
    "was updated to correct",
    "has been amended to correct",
    "this article was amended",
    "an earlier version of this",
    "a previous version of this",
    "esta nota fue corregida",
    "esta nota ha sido corregida",
    "este articulo fue corregido",
    "este articulo ha sido corregido",
    "esta noticia fue corregida",
    "esta noticia ha sido corregida",
    "este texto fue corregido",
    "una version anterior de est",
    "una version previa de est",
    "este texto foi corrigido",
    "este artigo foi corrigido",
    "esta materia foi corrigida",
    "esta reportagem foi corrigida",
    "esta noticia foi corrigida",
    "uma versao anterior dest",
    "versao anterior deste texto",
];

/// Notices that are looked at. One article has one or two.
const MOST: usize = 20;

/// Longest notice that is told, in characters.
const LONGEST: usize = 300;

/// The first sentence that is a notice of correction, from there to the end of its paragraph.
pub(super) fn find(old: &str, new: &str) -> Option<String> {
    let known = letters(old);
    let notices = new.split("\n\n").filter_map(|paragraph| {
        let bounds = sentence::sentences(paragraph);
        let at = bounds.iter().find(|range| is_notice(&paragraph[(*range).clone()]))?;
        Some((paragraph[at.start..].trim(), &paragraph[at.clone()]))
    });
    let (notice, _) = notices.take(MOST).find(|(_, sentence)| !known.contains(&letters(sentence)))?;
    let mut shown: String = notice.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    Some(shown)
}

fn is_notice(sentence: &str) -> bool {
    let folded = fold(Normal::of(sentence).text());
    let begins = folded.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    BEGINNINGS.iter().any(|beginning| begins.starts_with(beginning)) || WORDS.iter().any(|words| folded.contains(words))
}

#[cfg(test)]
mod tests {
    use super::find;

    const OLD: &str = "Doce hombres fueron detenidos.\n\nLa audiencia sigue el lunes.";

    #[test]
    fn a_notice_in_three_languages_is_found() {
        for notice in [
            "Correction: Twelve men were arrested, not two.",
            "*Corrección: fueron doce y no dos los detenidos.",
            "FE DE ERRATAS. Fueron doce los detenidos.",
            "Correção: o nome do juiz estava errado.",
            "Este texto foi corrigido às 10h.",
            "Nota del editor: una versión anterior de esta nota decía que eran dos.",
            "An earlier version of this article misstated the number of men.",
        ] {
            assert_eq!(find(OLD, &format!("{OLD}\n\n{notice}")).as_deref(), Some(notice));
        }
    }

    #[test]
    fn what_was_there_already_or_only_speaks_of_corrections_is_none() {
        let noticed = format!("{OLD}\n\nCorrección: fueron doce.");
        assert_eq!(find(&noticed, &noticed), None);
        assert_eq!(find(OLD, &format!("{OLD}\n\nEl ministro pidió una corrección: nadie lo escuchó.")), None);
        assert_eq!(find(OLD, &format!("{OLD}\n\nThe department of correction answered nothing.")), None);
    }
}

//! (a sketch, the sketches that resemble it) → how it is told: not again, in a line under the first, in the same story, or
//! as news, and why in words. Rules and evidence: docs/stories.md. Only passages ever silence an article; names, numbers and words
//! fold and group.

use super::overlap::Background;
use super::overlap::Overlap;
use super::overlap::overlap;
use super::overlap::share;
use super::sketch::Sketch;
use crate::model::Language;
use jiff::SignedDuration;
use std::cmp::Ordering;

/// How an article relates to one before it, from the loosest to the closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Nothing like it is known.
    New,
    /// It belongs to the same story, and is told as any other article.
    Story,
    /// It tells little new: a line under the first telling.
    Fold,
    /// It is a copy: listed, and not told again.
    Suppress,
}

impl Likeness {
    /// As `--json` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Story => "story",
            Self::Fold => "fold",
            Self::Suppress => "suppress",
        }
    }
}

/// `[stories]`: from where on articles are alike. The defaults are measured (docs/stories.md). Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Articles further apart are never folded: reports that return with other figures look like copies.
    pub within: SignedDuration,
    /// A passage that more stories have is a phrase of the trade or of the page, and is left out.
    pub common_passage: u32,
    /// The share of passages from which an article is a copy wherever they stand.
    pub copy: f32,
    /// The share of the opening from which half of the passages make a copy.
    pub copy_opening: f32,
    /// The share of passages from which an article is folded.
    pub excerpt: f32,
    /// Passages in one run from which an article is folded, whatever else is in it.
    pub quoted_run: u32,
    /// The share of the opening from which an article is folded.
    pub excerpt_opening: f32,
    /// How alike names, numbers and words must be to fold an article in the same language.
    pub reworded: f32,
    /// How much of the shorter one's names, numbers and words the other must have, in another language, to fold.
    pub translated: f32,
    /// The same, for belonging to one story.
    pub translated_story: f32,
    /// How alike names, numbers and words must be for one story in the same language.
    pub story: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            within: SignedDuration::from_hours(72),
            common_passage: 5,
            copy: 0.85,
            copy_opening: 0.7,
            excerpt: 0.33,
            quoted_run: 9,
            excerpt_opening: 0.5,
            reworded: 0.73,
            translated: 0.34,
            translated_story: 0.22,
            story: 0.32,
        }
    }
}

/// An article that was there before.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// Its sketch.
    pub sketch: &'a Sketch,
    /// Its language, if it is known.
    pub language: Option<&'a Language>,
    /// The time between the two.
    pub apart: SignedDuration,
    /// Whether the same source has both.
    pub same_source: bool,
}

/// What an article is, and after which of the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// How it relates.
    pub likeness: Likeness,
    /// To which of the earlier articles, counted from 0; `None` when it is new.
    pub of: Option<usize>,
    /// Why.
    pub account: Account,
}

/// Why an article relates to another as it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Account {
    /// The same text, letter by letter.
    SameText,
    /// The same text, too long after to be a copy.
    Repeats {
        /// Hours between the two.
        hours: i64,
    },
    /// Passages in common.
    Passages {
        /// So many.
        shared: u32,
        /// Of so many of the shorter one.
        of: u32,
        /// What keeps it from being closer.
        but: Option<Reservation>,
    },
    /// The openings agree.
    Opening {
        /// The share of the opening, in per cent.
        percent: u32,
    },
    /// The same numbers and names, maybe in another language.
    Facts {
        /// Numbers in common.
        numbers: u32,
        /// Names and places in common.
        names: u32,
        /// Whether the languages differ.
        translated: bool,
    },
    /// Nothing.
    Nothing,
}

/// What keeps an article with common passages from being told less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// Numbers or names differ, as in reports that are written to a pattern.
    FactsDiffer,
    /// The same source begins it in another way.
    NewOpening,
    /// Words differ throughout.
    Reworded,
}

impl Account {
    /// In words; `title` and `language` are the earlier article's.
    pub fn in_words(&self, title: &str, language: Option<&Language>) -> String {
        let title = if title.is_empty() { "an article without a title".to_owned() } else { format!("“{title}”") };
        match *self {
            Self::SameText => format!("the same text as {title}"),
            Self::Repeats { hours } => format!("repeats {title}, {hours} hours later"),
            Self::Passages { shared, of, but } => {
                let but = match but {
                    None => "",
                    Some(Reservation::FactsDiffer) => ", with other numbers or names",
                    Some(Reservation::NewOpening) => ", with a new opening by the same source",
                    Some(Reservation::Reworded) => ", reworded throughout",
                };
                format!("{shared} of {of} passages in common with {title}{but}")
            }
            Self::Opening { percent } => format!("{percent} % of the opening in common with {title}"),
            Self::Facts { numbers, names, translated } => {
                let language = match language.filter(|_| translated) {
                    Some(language) => format!(", in another language ({language})"),
                    None if translated => ", in another language".to_owned(),
                    None => String::new(),
                };
                format!("the same {} and {} as {title}{language}", counted(numbers, "number"), counted(names, "name"))
            }
            Self::Nothing => "nothing like it is known".to_owned(),
        }
    }
}

fn counted(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// How an article relates to those before it: to the one that it is closest to.
pub fn relate<'a>(
    sketch: &Sketch,
    language: Option<&Language>,
    earlier: impl IntoIterator<Item = Earlier<'a>>,
    background: &dyn Background,
    thresholds: &Thresholds,
) -> Verdict {
    let mut best = (Verdict { likeness: Likeness::New, of: None, account: Account::Nothing }, 0.0);
    for (index, earlier) in earlier.into_iter().enumerate() {
        let common = overlap(sketch, earlier.sketch, background, thresholds.common_passage);
        let other_language = language.zip(earlier.language).is_some_and(|(one, other)| one != other);
        let (likeness, account) = likeness(&common, other_language, &earlier, thresholds);
        let score = common.containment() + common.alike;
        let closer = likeness.cmp(&best.0.likeness).then(score.total_cmp(&best.1)) == Ordering::Greater;
        if likeness > Likeness::New && closer {
            best = (Verdict { likeness, of: Some(index), account }, score);
        }
    }
    best.0
}

fn likeness(common: &Overlap, other_language: bool, earlier: &Earlier<'_>, limits: &Thresholds) -> (Likeness, Account) {
    let by_passages = by_passages(common, earlier, limits);
    if earlier.apart.abs() > limits.within {
        // The words of two weeks ago are news if they are said again, and so are last week's with other figures.
        let hours = earlier.apart.abs().as_hours();
        return match by_passages {
            (Likeness::Suppress, _) => (Likeness::Story, Account::Repeats { hours }),
            _ => (Likeness::New, Account::Nothing),
        };
    }
    if by_passages.0 >= Likeness::Fold {
        return by_passages;
    }
    let by_facts = if other_language { translated(common, limits) } else { reworded(common, limits) };
    let account = Account::Facts { numbers: common.numbers, names: common.names, translated: other_language };
    match by_facts.cmp(&by_passages.0) {
        Ordering::Less => by_passages,
        _ if by_facts == Likeness::New => (Likeness::New, Account::Nothing),
        Ordering::Equal if common.passages > 0 => by_passages,
        _ => (by_facts, account),
    }
}

/// Passages that must be in common for any share to count.
const FEWEST: u32 = 6;

/// The share of numbers or names below which articles speak of other things.
const AGREE: f32 = 0.5;

fn by_passages(common: &Overlap, earlier: &Earlier<'_>, limits: &Thresholds) -> (Likeness, Account) {
    let account = |but| Account::Passages { shared: common.passages, of: common.of_passages, but };
    let containment = common.containment();
    let numbers_agree = common.of_numbers < 2 || share(common.numbers, common.of_numbers) >= AGREE;
    let names_agree = common.of_names < 2 || share(common.names, common.of_names) >= AGREE;
    if common.exact {
        return (Likeness::Suppress, Account::SameText);
    }
    let run = common.passages as f32 / common.runs.max(1) as f32;
    // Nearly all of one is in the other; a follow-up that repeats an older article keeps neither opening.
    let whole = containment >= 0.95 && common.passages >= 12;
    let copied = whole || containment >= limits.copy && common.passages >= 4 && common.opening >= 0.3;
    let taken_over = containment >= 0.5 && common.opening >= limits.copy_opening && common.passages >= 3;
    // Whole paragraphs were left out or added.
    let edited = containment >= limits.copy - 0.15 && common.opening >= 0.4 && common.passages >= 20 && run >= 10.0;
    if copied || taken_over || edited {
        if !numbers_agree || !(names_agree || copied) {
            let likeness = if common.passages >= FEWEST { Likeness::Fold } else { Likeness::Story };
            return (likeness, account(Some(Reservation::FactsDiffer)));
        }
        if earlier.same_source && common.own_opening < 0.3 {
            return (Likeness::Fold, account(Some(Reservation::NewOpening)));
        }
        // An edited copy keeps whole paragraphs; a text whose words were changed everywhere may say something else.
        if common.runs >= 4 && run < 10.0 && containment < 0.88 {
            return (Likeness::Fold, account(Some(Reservation::Reworded)));
        }
        return (Likeness::Suppress, account(None));
    }
    let excerpt = containment >= limits.excerpt && common.passages >= FEWEST;
    let embedded = containment >= limits.excerpt * 0.6 && common.passages > FEWEST;
    if (excerpt || embedded) && numbers_agree || common.run >= limits.quoted_run {
        return (Likeness::Fold, account(None));
    }
    if common.opening >= limits.excerpt_opening && common.passages >= 2 && numbers_agree && names_agree {
        return (Likeness::Fold, Account::Opening { percent: (common.opening * 100.0).round() as u32 });
    }
    let pattern = containment >= limits.excerpt && common.passages >= 3 && names_agree;
    if pattern { (Likeness::Story, account(Some(Reservation::FactsDiffer))) } else { (Likeness::New, Account::Nothing) }
}

/// A copy that went through other words of the same language, such as a machine's of a machine's.
fn reworded(common: &Overlap, limits: &Thresholds) -> Likeness {
    let numbers = if common.of_numbers == 0 { 1.0 } else { share(common.numbers, common.of_numbers) };
    let names = if common.of_names == 0 { 1.0 } else { share(common.names, common.of_names) };
    let figures = share(common.figures, common.of_figures);
    let enough = common.features >= 8;
    let same_facts = common.alike >= limits.reworded && numbers >= 0.8 && names >= 0.85 && common.features >= 20;
    let very_alike = common.alike >= limits.reworded + 0.05 && numbers >= 0.7 && names >= 0.7 && enough;
    let within = common.contained >= 0.85 && numbers >= 0.8 && names >= 0.85 && enough;
    let same_figures = common.of_figures >= 7 && figures > 0.76 && common.alike >= limits.reworded - 0.12;
    if same_facts || very_alike || within || same_figures {
        return Likeness::Fold;
    }
    let known = common.names + common.figures >= 2 || common.alike >= limits.story * 1.5 && names >= AGREE;
    if common.alike >= limits.story && known { Likeness::Story } else { Likeness::New }
}

fn translated(common: &Overlap, limits: &Thresholds) -> Likeness {
    let names = common.named_contained;
    let words = common.words_contained;
    // Articles about the same people share their names and little else; a translation shares both.
    let by_both = common.contained >= limits.translated && words >= 0.15 && names >= 0.62;
    let by_words = common.contained >= limits.translated + 0.05 && words >= 0.34 && names >= 0.35;
    if by_both || by_words {
        return Likeness::Fold;
    }
    let nameless = common.of_names <= 2 && words >= 0.16 && common.contained >= limits.translated_story * 0.85;
    if common.contained >= limits.translated_story || nameless { Likeness::Story } else { Likeness::New }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Alone;
    use crate::story::Index;
    use crate::story::Known;
    use crate::story::samples;

    fn judge(first: (&str, &str), second: (&str, &str), hours: i64, same_source: bool) -> (Likeness, String) {
        let sketch = |text: &str| Sketch::of("", text);
        let language = |code: &str| Language::parse(code);
        let (before, after) = (sketch(first.1), sketch(second.1));
        let (before_language, after_language) = (language(first.0), language(second.0));
        let earlier = Earlier {
            sketch: &before,
            language: before_language.as_ref(),
            apart: SignedDuration::from_hours(hours),
            same_source,
        };
        let verdict = relate(&after, after_language.as_ref(), [earlier], &Alone, &Thresholds::default());
        (verdict.likeness, verdict.account.in_words("Naufragio", before_language.as_ref()))
    }

    #[test]
    fn a_copy_is_not_told_again_and_says_why() {
        let copy = format!("Compartir en redes\n\n{}\n\nSuscríbase a nuestro boletín.", samples::SPANISH);
        let (likeness, why) = judge(("es", samples::SPANISH), ("es", &copy), 3, false);
        assert_eq!(likeness, Likeness::Suppress);
        assert!(why.contains("passages in common with “Naufragio”"), "{why}");
        let (likeness, why) = judge(("es", samples::SPANISH), ("es", &samples::SPANISH.to_uppercase()), 3, false);
        assert_eq!((likeness, why.as_str()), (Likeness::Suppress, "the same text as “Naufragio”"));
    }

    #[test]
    fn the_same_words_on_another_day_are_told() {
        let (likeness, why) = judge(("es", samples::SPANISH), ("es", samples::SPANISH), 80, false);
        assert_eq!((likeness, why.as_str()), (Likeness::Story, "repeats “Naufragio”, 80 hours later"));
    }

    #[test]
    fn the_opening_with_a_link_is_folded_at_least() {
        let lede: String = samples::SPANISH.chars().take(240).collect();
        let repost = format!("Vía El Faro de Prueba\n\n{lede}… Seguir leyendo AQUÍ");
        assert!(judge(("es", samples::SPANISH), ("es", &repost), 1, false).0 >= Likeness::Fold);
    }

    #[test]
    fn a_passage_in_another_article_is_folded() {
        let passage = samples::SPANISH.split("\n\n").next().expect("a paragraph");
        let around = format!("{}\n\n{passage}\n\n{}", samples::OTHER, samples::weather("Lisboa", [31, 14, 55, 20, 3]));
        assert!(judge(("es", samples::SPANISH), ("es", &around), 1, false).0 >= Likeness::Fold);
    }

    #[test]
    fn a_translation_is_folded_and_so_is_its_beginning() {
        let (likeness, why) = judge(("en", samples::ENGLISH), ("es", samples::SPANISH), 5, false);
        assert_eq!(likeness, Likeness::Fold);
        assert!(why.contains("numbers and") && why.contains("in another language (en)"), "{why}");
        let (likeness, why) = judge(("en", samples::ENGLISH), ("pt", samples::PORTUGUESE_LEDE), 5, false);
        assert_eq!(likeness, Likeness::Fold, "{why}");
        assert_eq!(judge(("en", samples::ENGLISH), ("es", samples::OTHER), 5, false).0, Likeness::New);
    }

    #[test]
    fn reports_that_follow_a_pattern_are_not_folded() {
        let monday = samples::weather("Puerto Claro", [31, 19, 45, 20, 12]);
        for other in [
            samples::weather("Villa Serena", [24, 11, 70, 85, 31]),
            samples::weather("Puerto Claro", [28, 17, 30, 60, 13]),
        ] {
            let (likeness, why) = judge(("es", &monday), ("es", &other), 24, false);
            assert!(likeness <= Likeness::Story, "{likeness:?} {why}");
        }
    }

    #[test]
    fn a_new_opening_by_the_same_source_is_never_silenced() {
        let news = "El barco fue encontrado esta mañana por dos buzos de la armada a ochenta metros de profundidad, con la \
            puerta del puente cerrada por fuera, y los investigadores no descartan ya que alguien quisiera impedir la salida de \
            la tripulación, dijo un portavoz que pidió no ser nombrado porque el caso está bajo secreto de sumario hasta que \
            termine la autopsia de los cuerpos hallados.";
        let update = format!("{news}\n\n{}", samples::SPANISH);
        let (likeness, why) = judge(("es", samples::SPANISH), ("es", &update), 5, true);
        assert_eq!(likeness, Likeness::Fold, "{why}");
        assert!(why.contains("new opening"), "{why}");
    }

    #[test]
    fn what_many_stories_share_makes_no_copy() {
        let boilerplate = "Recuerde que puede recibir nuestros titulares cada mañana en su correo si acepta las condiciones del \
            servicio y confirma su dirección en el mensaje que le enviaremos, y que puede darse de baja en cualquier momento \
            desde la página de su cuenta sin más trámite que escribir su nombre y la fecha en que se registró por primera vez.";
        let mut index = Index::default();
        for story in 0..8 {
            let text = format!("{boilerplate} {}", samples::weather("X", [story, story + 1, 2, 3, 4]));
            index.insert(Known { item: story.into(), story: story.into() }, 1, &Sketch::of("", &text));
        }
        let (one, other) = (format!("{boilerplate} {}", samples::SPANISH), format!("{boilerplate} {}", samples::OTHER));
        let (one, other) = (Sketch::of("", &one), Sketch::of("", &other));
        let earlier = Earlier { sketch: &one, language: None, apart: SignedDuration::ZERO, same_source: false };
        let likeness =
            |background: &dyn Background| relate(&other, None, [earlier], background, &Thresholds::default()).likeness;
        assert!(likeness(&Alone) >= Likeness::Fold, "this is what it guards against");
        assert!(likeness(&index) <= Likeness::Story);
    }

    #[test]
    fn the_closest_of_several_is_named() {
        let (spanish, other, english) =
            (Sketch::of("", samples::SPANISH), Sketch::of("", samples::OTHER), Sketch::of("", samples::ENGLISH));
        let earlier = |sketch, language| Earlier { sketch, language, apart: SignedDuration::ZERO, same_source: false };
        let (es, en) = (Language::parse("es"), Language::parse("en"));
        let known = [earlier(&other, es.as_ref()), earlier(&english, en.as_ref()), earlier(&spanish, es.as_ref())];
        let verdict = relate(&spanish, es.as_ref(), known, &Alone, &Thresholds::default());
        assert_eq!((verdict.likeness, verdict.of), (Likeness::Suppress, Some(2)));
    }
}

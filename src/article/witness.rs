//! Blocks → which of them stand in the part of the page that holds the article: after Mozilla's Readability, on the
//! frames that were read already, so without a second look at the page. Paragraphs give points to what is around them, the
//! frame with most points is the article, its likes beside it belong to it, and parts of it that are mostly links go.
//! One witness among many: the judge of blocks decides.

use super::blocks::Block;
use super::blocks::Blocks;
use super::traits;
use super::traits::Traits;

/// For each block, whether it is in the part that holds the article.
pub fn found(page: &Blocks) -> Vec<bool> {
    let mut longest = (0, vec![false; page.blocks.len()]);
    for care in CARE {
        let found = Attempt::of(page, care).found();
        let letters = page.blocks.iter().zip(&found).filter(|(_, found)| **found).map(|(block, _)| block.letters).sum();
        if letters > longest.0 {
            longest = (letters, found);
        }
        if letters >= ENOUGH {
            break;
        }
    }
    longest.1
}

/// With fewer letters than that something was thrown away that should not have been.
const ENOUGH: usize = 420;

/// What an attempt believes; each one believes less than the one before it.
struct Care {
    /// Parts whose names speak against them are left out.
    unlikely: bool,
    /// Names count.
    named: bool,
    /// Parts of the article that are mostly links go.
    clean: bool,
}

const CARE: &[Care] = &[
    Care { unlikely: true, named: true, clean: true },
    Care { unlikely: false, named: true, clean: true },
    Care { unlikely: false, named: false, clean: true },
    Care { unlikely: false, named: false, clean: false },
];

/// What one frame holds, with all frames in it, but those that are left out.
#[derive(Clone, Copy, Default)]
struct Sum {
    letters: usize,
    linked: usize,
    commas: usize,
    blocks: usize,
    paragraphs: usize,
    entries: usize,
    frames: usize,
    own: usize,
}

struct Attempt<'a> {
    page: &'a Blocks,
    care: &'a Care,
    /// Left out, with all that is in it.
    out: Vec<bool>,
    sums: Vec<Sum>,
    points: Vec<f32>,
}

impl<'a> Attempt<'a> {
    fn of(page: &'a Blocks, care: &'a Care) -> Self {
        let mut out = vec![false; page.frames.len()];
        for (place, frame) in page.frames.iter().enumerate().skip(1) {
            let named = care.unlikely
                && frame.traits & traits::UNLIKELY != 0
                && frame.traits & traits::LIKELY == 0
                && !matches!(&*frame.name, "body" | "article" | "main");
            out[place] = out[frame.parent] || named || frame.traits & traits::HIDDEN != 0;
        }
        let mut attempt = Self { page, care, out, sums: vec![Sum::default(); page.frames.len()], points: Vec::new() };
        attempt.sum_up();
        attempt.score();
        attempt
    }

    fn sum_up(&mut self) {
        for block in self.page.blocks.iter().filter(|block| !self.out[block.frame]) {
            let frame = &self.page.frames[block.frame];
            let sum = &mut self.sums[block.frame];
            sum.letters += block.letters;
            sum.linked += block.linked;
            sum.commas += block.commas;
            sum.blocks += 1;
            sum.own += 1;
            sum.entries += usize::from(frame.name == "li");
            sum.paragraphs += usize::from(frame.name == "p" || block.after_break);
        }
        for place in (1..self.sums.len()).rev() {
            let sum = self.sums[place];
            let parent = &mut self.sums[self.page.frames[place].parent];
            parent.letters += sum.letters;
            parent.linked += sum.linked;
            parent.commas += sum.commas;
            parent.blocks += sum.blocks;
            parent.entries += sum.entries;
            parent.paragraphs += sum.paragraphs;
            parent.frames += usize::from(sum.blocks > 0);
        }
    }

    fn score(&mut self) {
        let frames = &self.page.frames;
        let mut points: Vec<Option<f32>> = vec![None; frames.len()];
        for block in &self.page.blocks {
            if self.out[block.frame] || block.letters < 22 || !is_scored(&frames[block.frame].name) {
                continue;
            }
            let given = 2.0 + block.commas as f32 + (block.letters / 85).min(3) as f32;
            // Lines that only breaks part stand in the frame itself.
            let alone = self.sums[block.frame].own == 1 && self.sums[block.frame].frames == 0;
            let mut frame = if alone { frames[block.frame].parent } else { block.frame };
            for level in 0..5 {
                if frame == 0 {
                    break;
                }
                let share = match level {
                    0 => 1.0,
                    1 => 2.0,
                    level => level as f32 * 3.0,
                };
                *points[frame].get_or_insert_with(|| self.at_first(frame)) += given / share;
                if frames[frame].name == "body" {
                    break;
                }
                frame = frames[frame].parent;
            }
        }
        let scaled = points.iter().enumerate().map(|(place, points)| match points {
            Some(points) if *points > 5.0 => points * (1.0 - self.link_share(place)),
            Some(points) => *points,
            None => 0.0,
        });
        self.points = scaled.collect();
    }

    fn at_first(&self, frame: usize) -> f32 {
        let by_name = match &*self.page.frames[frame].name {
            "div" => 5.0,
            "pre" | "td" | "blockquote" => 3.0,
            "address" | "ol" | "ul" | "dl" | "dd" | "dt" | "li" | "form" => -3.0,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "th" => -5.0,
            _ => 0.0,
        };
        by_name + self.weight(frame)
    }

    /// What the frame's class and id say.
    fn weight(&self, frame: usize) -> f32 {
        if !self.care.named {
            return 0.0;
        }
        let has = |traits: Traits| self.page.frames[frame].traits & traits != 0;
        f32::from(u8::from(has(traits::LIKELY))) * 25.0 - f32::from(u8::from(has(traits::DOUBTED))) * 25.0
    }

    fn link_share(&self, frame: usize) -> f32 {
        self.sums[frame].linked as f32 / self.sums[frame].letters.max(1) as f32
    }

    fn found(&self) -> Vec<bool> {
        let frames = &self.page.frames;
        let chosen = self.chosen();
        let mut inside = vec![false; frames.len()];
        for frame in chosen {
            inside[frame] = true;
        }
        let mut of_frame = vec![false; frames.len()];
        for (place, frame) in frames.iter().enumerate() {
            of_frame[place] = (inside[place] || of_frame[frame.parent])
                && !self.out[place]
                && (inside[place] || !self.is_dropped(place));
        }
        let is_found = |block: &Block| of_frame[block.frame];
        self.page.blocks.iter().map(is_found).collect()
    }

    /// The frame with most points, and those beside it that are like it.
    fn chosen(&self) -> Vec<usize> {
        let frames = &self.page.frames;
        let best = self.best();
        let parent = frames[best].parent;
        if best == 0 || frames[best].name == "body" {
            return vec![best];
        }
        let least = (self.points[best] * 0.2).max(10.0);
        let beside = (0..frames.len()).filter(|place| *place != best && *place != 0 && frames[*place].parent == parent);
        let joins = |place: &usize| {
            let frame = &frames[*place];
            let bonus = if frame.kind == frames[best].kind { self.points[best] * 0.2 } else { 0.0 };
            if self.points[*place] > 0.0 {
                return self.points[*place] + bonus >= least;
            }
            let sum = &self.sums[*place];
            frame.name == "p"
                && (sum.letters > 70 && sum.linked * 4 < sum.letters
                    || sum.letters > 0 && sum.linked == 0 && sum.letters > 20)
        };
        let mut chosen: Vec<usize> = beside.filter(joins).collect();
        chosen.push(best);
        chosen
    }

    fn best(&self) -> usize {
        let frames = &self.page.frames;
        let mut order: Vec<usize> = (1..frames.len()).filter(|place| self.points[*place] > 0.0).collect();
        order.sort_by(|one, other| self.points[*other].total_cmp(&self.points[*one]).then(one.cmp(other)));
        let Some(&first) = order.first() else { return 0 };
        let mut best = first;
        // Where some others have nearly as many points, what holds them all is the article.
        let rivals: Vec<usize> = order[1..order.len().min(5)]
            .iter()
            .copied()
            .filter(|place| self.points[*place] >= 0.75 * self.points[best])
            .collect();
        if rivals.len() >= 3 {
            let mut around = frames[best].parent;
            while around != 0 && frames[around].name != "body" {
                let held = rivals.iter().filter(|rival| self.is_within(**rival, around)).count();
                if held >= 3 {
                    best = around;
                    break;
                }
                around = frames[around].parent;
            }
        }
        // What is around it may have more points as other parts gave it theirs.
        let mut last = self.points[best];
        let least = last / 3.0;
        let mut around = frames[best].parent;
        while around != 0 && frames[around].name != "body" {
            let points = self.points[around];
            if points > 0.0 {
                if points < least {
                    break;
                }
                if points > last {
                    best = around;
                    break;
                }
                last = points;
            }
            around = frames[around].parent;
        }
        // An only child is as good as what holds it, and that has others beside it.
        while frames[best].parent != 0 && frames[frames[best].parent].name != "body" {
            let parent = self.sums[frames[best].parent];
            if parent.frames != 1 || parent.own > 0 {
                break;
            }
            best = frames[best].parent;
        }
        best
    }

    fn is_within(&self, mut frame: usize, around: usize) -> bool {
        while frame > around {
            frame = self.page.frames[frame].parent;
        }
        frame == around
    }

    /// Whether a part of the article is none of it.
    fn is_dropped(&self, place: usize) -> bool {
        let frame = &self.page.frames[place];
        let sum = &self.sums[place];
        let weight = self.weight(place);
        match &*frame.name {
            "form" | "fieldset" | "footer" | "aside" | "object" | "nav" => true,
            "h1" | "h2" => weight < 0.0 && self.care.clean,
            "div" | "ul" | "ol" | "table" | "section" | "header" | "dl" if self.care.clean => {
                if weight < 0.0 {
                    return true;
                }
                if sum.commas >= 10 {
                    return false;
                }
                let links = self.link_share(place);
                let is_list = matches!(&*frame.name, "ul" | "ol" | "dl") || sum.entries * 10 > sum.blocks * 9;
                let mostly = if weight < 25.0 { 0.2 } else { 0.5 };
                !is_list && sum.entries > sum.paragraphs + 5
                    || links > mostly && !(is_list && links < 0.4)
                    || sum.letters < 22 && !is_list
            }
            _ => false,
        }
    }
}

fn is_scored(name: &str) -> bool {
    !matches!(name, "li" | "h1" | "figcaption" | "dd" | "dt" | "th" | "a" | "label" | "address")
}

#[cfg(test)]
mod tests {
    use super::super::blocks;
    use super::found;
    use dom_query::Document;

    const PROSE: &str = "The harbour court heard the pilots on Monday, the third day, and will decide in spring.";

    /// The first words of what is found.
    fn kept(html: &str) -> Vec<String> {
        let page = blocks::of(&Document::from(html));
        let found = found(&page);
        let kept = page.blocks.iter().zip(found).filter(|(_, found)| *found);
        kept.map(|(block, _)| block.text.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn the_part_with_most_prose_is_found_whatever_it_is_built_of() {
        let paragraphs =
            |mark: &str| (1..=6).map(|number| format!("<p>{mark}{number} {PROSE}</p>")).collect::<String>();
        let lines = |mark: &str| (1..=6).map(|number| format!("{mark}{number} {PROSE}<br><br>")).collect::<String>();
        let links = "<ul class=menu><li><a href=a>Home</a><li><a href=b>Sport</a><li><a href=c>Weather</a></ul>";
        let comments = format!("<div class=comments>{}</div>", paragraphs("comment"));
        let teasers = "<div class=related><h3>Also</h3><a href=d>A storm is near, say pilots of the harbour</a></div>";
        let wanted: Vec<String> = (1..=6).map(|number| format!("a{number}")).collect();
        for (name, html) in [
            ("article", format!("<body>{links}<article>{}{teasers}</article>{comments}</body>", paragraphs("a"))),
            (
                "divisions",
                format!("<body>{links}<div><div id=x1>{}</div>{teasers}</div>{comments}</body>", paragraphs("a")),
            ),
            ("broken lines", format!("<body>{links}<div id=x1>{}</div>{teasers}{comments}</body>", lines("a"))),
            (
                "a table for layout",
                format!(
                    "<body><table><tr><td>{links}<td><font>{}</font><td>{teasers}</table>{comments}</body>",
                    lines("a")
                ),
            ),
            (
                "a class that speaks against it",
                format!("<body>{links}<div class=sidebar>{}</div></body>", paragraphs("a")),
            ),
        ] {
            assert_eq!(kept(&html), wanted, "{name}");
        }
    }

    #[test]
    fn a_page_without_prose_has_no_such_part() {
        assert!(kept("").is_empty());
        assert!(kept("<body><ul><li><a href=a>Home</a></ul></body>").iter().all(|word| word == "Home"));
    }
}

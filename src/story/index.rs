//! sketches of the last days → which articles share passages, or rare names and numbers, with one. In memory and pure:
//! the store fills it at start from the sketches in its rows, a day at a time, and drops days that are out of the window.

use super::feature::Feature;
use super::overlap::Background;
use super::sketch::Sketch;
use super::tokens::mixed;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Of names and numbers, so many of an article are indexed, the heaviest.
const LANDMARKS: usize = 10;

/// What so many articles of one day share is common, and further ones are not noted.
const COMMON: usize = 48;

/// The most articles that are answered.
const MOST_ANSWERS: usize = 24;

/// An article that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Known {
    /// Its item.
    pub item: i64,
    /// Its story.
    pub story: i64,
}

/// Which articles have which passages, names and numbers.
#[derive(Debug, Default)]
pub struct Index {
    /// The oldest first.
    days: VecDeque<Day>,
}

#[derive(Debug)]
struct Day {
    number: i32,
    articles: Vec<Known>,
    table: Table,
}

impl Index {
    /// Notes an article of a day, counted from any fixed one.
    pub fn insert(&mut self, known: Known, day: i32, sketch: &Sketch) {
        let day = self.day(day);
        let article = day.number_of(known);
        for key in keys(sketch) {
            day.table.insert(key, article);
        }
    }

    /// Notes the articles of one day at once; many times as fast as one after the other.
    pub fn insert_day<'a>(&mut self, day: i32, articles: impl IntoIterator<Item = (Known, &'a Sketch)>) {
        let day = self.day(day);
        let mut entries = Vec::new();
        for (known, sketch) in articles {
            let article = day.number_of(known);
            entries.extend(keys(sketch).map(|key| entry(key, article)));
        }
        day.table.insert_all(entries);
    }

    /// Forgets the days before one.
    pub fn forget_before(&mut self, day: i32) {
        while self.days.front().is_some_and(|oldest| oldest.number < day) {
            self.days.pop_front();
        }
    }

    /// Articles that are worth comparing, those that share most first: with any passage in common, or with two
    /// names or numbers that few have.
    pub fn resembling(&self, sketch: &Sketch) -> Vec<Known> {
        let mut found: HashMap<Known, (u32, u32)> = HashMap::new();
        for day in &self.days {
            for key in sketch.passages.iter().copied().map(passage_key) {
                for article in day.table.get(key) {
                    found.entry(day.articles[article as usize]).or_default().0 += 1;
                }
            }
            for key in landmark_keys(sketch) {
                for article in day.table.get(key) {
                    found.entry(day.articles[article as usize]).or_default().1 += 1;
                }
            }
        }
        let mut found: Vec<(u32, Known)> = found
            .into_iter()
            .filter(|(_, (passages, landmarks))| *passages > 0 || *landmarks > 1)
            .map(|(known, (passages, landmarks))| (passages * 2 + landmarks * 3, known))
            .collect();
        // Of equals, the oldest item.
        found.sort_unstable_by_key(|(score, known)| (std::cmp::Reverse(*score), known.item));
        found.into_iter().take(MOST_ANSWERS).map(|(_, known)| known).collect()
    }

    /// How many articles are known.
    pub fn len(&self) -> usize {
        self.days.iter().map(|day| day.articles.len()).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        self.days.iter().map(|day| day.table.slots.capacity() * 8 + day.articles.capacity() * size_of::<Known>()).sum()
    }

    fn day(&mut self, number: i32) -> &mut Day {
        let at = self.days.partition_point(|day| day.number < number);
        if self.days.get(at).is_none_or(|day| day.number != number) {
            self.days.insert(at, Day { number, articles: Vec::new(), table: Table::default() });
        }
        &mut self.days[at]
    }
}

impl Background for Index {
    /// Other stories, not other articles: what ten outlets take over from one agency is no phrase of the trade.
    fn stories_with_passage(&self, passage: u64) -> u32 {
        let key = passage_key(passage);
        let mut stories: Vec<i64> = Vec::new();
        for day in &self.days {
            for article in day.table.get(key) {
                let story = day.articles[article as usize].story;
                if !stories.contains(&story) {
                    stories.push(story);
                }
            }
        }
        u32::try_from(stories.len()).unwrap_or(u32::MAX)
    }
}

impl Day {
    fn number_of(&mut self, known: Known) -> u32 {
        self.articles.push(known);
        u32::try_from(self.articles.len() - 1).expect("a day has fewer than four thousand million articles")
    }
}

fn keys(sketch: &Sketch) -> impl Iterator<Item = u32> {
    sketch.passages.iter().copied().map(passage_key).chain(landmark_keys(sketch))
}

/// Winnowing keeps the smallest hashes: they are spread again.
fn passage_key(passage: u64) -> u32 {
    (mixed(passage) >> 32) as u32
}

fn landmark_keys(sketch: &Sketch) -> impl Iterator<Item = u32> {
    let landmarks = sketch.features.iter().filter(|feature| feature.is_landmark()).take(LANDMARKS);
    landmarks.map(|feature: &Feature| (mixed(u64::from(feature.key()) ^ 0x1a2d_3a4c) >> 32) as u32)
}

/// A hash table of (key, article) with open addresses. A key's home grows with the key, so that entries in the order
/// of their keys are written from the first slot to the last.
#[derive(Debug, Default)]
struct Table {
    /// The key above, the article + 1 below; 0 is empty.
    slots: Vec<u64>,
    used: usize,
}

fn entry(key: u32, article: u32) -> u64 {
    u64::from(key) << 32 | u64::from(article + 1)
}

impl Table {
    fn get(&self, key: u32) -> impl Iterator<Item = u32> {
        let cluster = (!self.slots.is_empty()).then(|| self.home(key)).into_iter().flat_map(|home| {
            let (before, behind) = self.slots.split_at(home);
            behind.iter().chain(before).copied().take_while(|&slot| slot != 0)
        });
        cluster.filter(move |&slot| (slot >> 32) as u32 == key).map(|slot| slot as u32 - 1)
    }

    fn insert(&mut self, key: u32, article: u32) {
        if (self.used + 1) * 8 > self.slots.len() * 7 {
            self.grow((self.slots.len() * 3 / 2).max(1024));
        }
        self.place(entry(key, article));
    }

    /// Builds the whole table anew, part by part, so that what is written stays in the processor's cache.
    fn insert_all(&mut self, mut entries: Vec<u64>) {
        entries.extend(std::mem::take(&mut self.slots).into_iter().filter(|&slot| slot != 0));
        self.used = 0;
        self.slots = vec![0; entries.len() * 8 / 7 + 1024];
        for part in parts(entries) {
            for entry in part {
                self.place(entry);
            }
        }
    }

    fn grow(&mut self, slots: usize) {
        let before = std::mem::replace(&mut self.slots, vec![0; slots]);
        self.used = 0;
        for slot in before.into_iter().filter(|&slot| slot != 0) {
            self.place(slot);
        }
    }

    fn place(&mut self, entry: u64) {
        let mut at = self.home((entry >> 32) as u32);
        let mut same = 0;
        while self.slots[at] != 0 {
            same += usize::from(self.slots[at] >> 32 == entry >> 32);
            if same == COMMON {
                return;
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        self.slots[at] = entry;
        self.used += 1;
    }

    fn home(&self, key: u32) -> usize {
        (u64::from(key) * self.slots.len() as u64 >> 32) as usize
    }
}

/// The entries by the first bits of their keys.
fn parts(entries: Vec<u64>) -> Vec<Vec<u64>> {
    const PARTS: usize = 1024;
    let part = |entry: u64| (entry >> 54) as usize;
    let mut sizes = vec![0_usize; PARTS];
    for &entry in &entries {
        sizes[part(entry)] += 1;
    }
    let mut parts: Vec<Vec<u64>> = sizes.into_iter().map(Vec::with_capacity).collect();
    for entry in entries {
        parts[part(entry)].push(entry);
    }
    parts
}

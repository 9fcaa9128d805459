//! sketches of the last days → which articles share passages, or rare names and numbers, with one. In memory and pure:
//! the store fills it at start from the sketches in its rows, a day at a time, and drops days that are out of the window.

use super::overlap::Background;
use super::sketch::Sketch;
use super::sketch::Stored;
use super::tokens::mixed;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::ops::Range;

/// What more articles of one day have is looked up in vain.
const RARE: usize = 24;

/// What so many articles of one day share is common, and further ones are not noted.
const COMMON: usize = RARE + 1;

/// The most articles that are answered.
const MOST_ANSWERS: usize = 24;

/// About so many passages, names and numbers of an article are noted.
const USUAL_KEYS: usize = 48;

/// One passage is enough to be worth comparing, a name or number is not.
const PASSAGE_SCORE: u32 = 4;
const LANDMARK_SCORE: u32 = 3;

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
    /// What the store had.
    shelf: Shelf,
    /// What came since.
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

    /// Notes the stored sketches of one day at once, many times as fast as one after the other. What is no sketch of this
    /// version is passed over; the answer is how many were noted.
    pub fn insert_stored<'a>(&mut self, day: i32, articles: impl IntoIterator<Item = (Known, &'a [u8])>) -> usize {
        let day = self.day(day);
        let before = day.articles.len();
        let articles = articles.into_iter();
        day.articles.reserve(articles.size_hint().0);
        let mut entries = Vec::with_capacity(articles.size_hint().0 * USUAL_KEYS);
        for (known, bytes) in articles {
            let Some(stored) = Stored::of(bytes) else { continue };
            let article = day.number_of(known);
            entries.extend(stored.indexed().map(|passage| entry(passage_key(passage), article)));
            entries.extend(stored.landmarks().map(|landmark| entry(landmark_key(landmark), article)));
        }
        day.shelf.add(entries);
        day.articles.len() - before
    }

    /// Forgets the days before one.
    pub fn forget_before(&mut self, day: i32) {
        while self.days.front().is_some_and(|oldest| oldest.number < day) {
            self.days.pop_front();
        }
    }

    /// Articles of a day or later that are worth comparing, those that share most first: with any passage in common, or
    /// with two names or numbers that few have.
    pub fn resembling(&self, sketch: &Sketch, since: i32) -> Vec<Known> {
        let mut answers: Vec<(u32, Known)> = Vec::new();
        let mut shared: Vec<(u32, u32)> = Vec::new();
        for day in self.days.iter().filter(|day| day.number >= since) {
            shared.clear();
            for key in sketch.indexed().map(passage_key) {
                shared.extend(day.get(key).map(|article| (article, PASSAGE_SCORE)));
            }
            for key in sketch.landmarks().map(landmark_key) {
                let before = shared.len();
                shared.extend(day.get(key).take(RARE + 1).map(|article| (article, LANDMARK_SCORE)));
                // A name that is in everyone's mouth leads nowhere.
                if shared.len() - before > RARE {
                    shared.truncate(before);
                }
            }
            shared.sort_unstable();
            let together = shared.chunk_by(|one, other| one.0 == other.0);
            answers.extend(together.filter_map(|of_one| {
                let score = of_one.iter().map(|(_, score)| score).sum();
                (score > LANDMARK_SCORE).then(|| (score, day.articles[of_one[0].0 as usize]))
            }));
        }
        // Of equals, the oldest item.
        answers.sort_unstable_by_key(|(score, known)| (Reverse(*score), known.item));
        answers.truncate(MOST_ANSWERS);
        answers.into_iter().map(|(_, known)| known).collect()
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
        let of = |day: &Day| {
            let entries = day.table.slots.capacity() + day.shelf.entries.capacity();
            entries * 8 + day.shelf.starts.capacity() * 4 + day.articles.capacity() * size_of::<Known>()
        };
        self.days.iter().map(of).sum()
    }

    fn day(&mut self, number: i32) -> &mut Day {
        let at = self.days.partition_point(|day| day.number < number);
        if self.days.get(at).is_none_or(|day| day.number != number) {
            self.days
                .insert(at, Day { number, articles: Vec::new(), shelf: Shelf::default(), table: Table::default() });
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
            for article in day.get(key) {
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

    /// The numbers of the articles that have a key.
    fn get(&self, key: u32) -> impl Iterator<Item = u32> {
        self.shelf.get(key).chain(self.table.get(key))
    }
}

fn keys(sketch: &Sketch) -> impl Iterator<Item = u32> {
    sketch.indexed().map(passage_key).chain(sketch.landmarks().map(landmark_key))
}

/// Winnowing keeps the smallest hashes: they are spread again.
fn passage_key(passage: u64) -> u32 {
    (mixed(passage) >> 32) as u32
}

fn landmark_key(landmark: u32) -> u32 {
    (mixed(u64::from(landmark) ^ 0x1a2d_3a4c) >> 32) as u32
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
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow((self.slots.len() * 3 / 2).max(1024));
        }
        self.place(entry(key, article));
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
        ((u64::from(key) * self.slots.len() as u64) >> 32) as usize
    }
}

/// The same without room for more: entries in buckets by the first bits of their keys. It is written from its first byte
/// to its last, a part that fits into the processor's cache at a time.
#[derive(Debug, Default)]
struct Shelf {
    /// Where each bucket begins, and behind the last one its end.
    starts: Vec<u32>,
    entries: Vec<u64>,
    /// So many first bits of a key are its bucket's number.
    bits: u32,
}

impl Shelf {
    fn get(&self, key: u32) -> impl Iterator<Item = u32> {
        let bucket = ((u64::from(key) << self.bits) >> 32) as usize;
        let bounds = self.starts.get(bucket).copied().zip(self.starts.get(bucket + 1).copied());
        let bucket = bounds.map_or(&[][..], |(start, end)| &self.entries[start as usize..end as usize]);
        bucket.iter().filter(move |&&entry| (entry >> 32) as u32 == key).map(|&entry| entry as u32 - 1)
    }

    /// Adds entries, and builds it anew.
    fn add(&mut self, mut entries: Vec<u64>) {
        const COARSE: u32 = 10;
        entries.append(&mut self.entries);
        let fine = (entries.len() / 8).max(1).ilog2().saturating_sub(COARSE);
        self.bits = COARSE + fine;
        self.starts.clear();
        self.starts.reserve_exact((1 << self.bits) + 1);
        let mut parts = vec![0; entries.len()];
        let mut ends_of_parts = vec![0; 1 << COARSE];
        count_out(&entries, &mut parts, 64 - COARSE, &mut ends_of_parts);
        let mut ends = vec![0; 1 << fine];
        let (mut start, mut written) = (0, 0);
        for end in ends_of_parts {
            count_out(&parts[start..end], &mut entries[start..end], 64 - self.bits, &mut ends);
            let mut from = start;
            for to in ends.iter().map(|end| start + end) {
                self.starts.push(u32::try_from(written).unwrap_or(u32::MAX));
                written = compact(&mut entries, from..to, written);
                from = to;
            }
            start = end;
        }
        self.starts.push(u32::try_from(written).unwrap_or(u32::MAX));
        entries.truncate(written);
        self.entries = entries;
    }
}

/// Moves a bucket down to where writing stands, without the entries of a key that are too many; returns where writing
/// stands then.
fn compact(entries: &mut [u64], bucket: Range<usize>, written: usize) -> usize {
    if bucket.len() <= COMMON {
        entries.copy_within(bucket.clone(), written);
        return written + bucket.len();
    }
    entries[bucket.clone()].sort_unstable();
    let mut written = written;
    let (mut key, mut of_key) = (None, 0);
    for at in bucket {
        let entry = entries[at];
        of_key = if key == Some(entry >> 32) { of_key + 1 } else { 1 };
        key = Some(entry >> 32);
        if of_key <= COMMON {
            entries[written] = entry;
            written += 1;
        }
    }
    written
}

/// Writes entries in the order of some of their bits, and where each value of these ends: one pass of a counting sort.
fn count_out(entries: &[u64], sorted: &mut [u64], shift: u32, next: &mut [usize]) {
    let mask = next.len() - 1;
    let value = |entry: u64| ((entry >> shift) as usize) & mask;
    next.fill(0);
    for &entry in entries {
        next[value(entry)] += 1;
    }
    let mut begin = 0;
    for size in next.iter_mut() {
        (*size, begin) = (begin, begin + *size);
    }
    for &entry in entries {
        let place = &mut next[value(entry)];
        sorted[*place] = entry;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::samples;

    fn known(item: i64) -> Known {
        Known { item, story: item }
    }

    #[test]
    fn who_shares_passages_or_rare_names_is_found() {
        let mut index = Index::default();
        index.insert(known(1), 1, &Sketch::of("", samples::SPANISH));
        index.insert(known(2), 1, &Sketch::of("", samples::OTHER));
        let excerpt: String = samples::SPANISH.chars().take(300).collect();
        assert_eq!(index.resembling(&Sketch::of("", &excerpt), 0), [known(1)]);
        assert_eq!(index.resembling(&Sketch::of("", samples::ENGLISH), 0), [known(1)]);
        assert_eq!(index.resembling(&Sketch::of("", "Nada que ver con nadie de aquí."), 0), []);
    }

    #[test]
    fn a_day_out_of_the_window_is_forgotten() {
        let mut index = Index::default();
        let sketch = Sketch::of("", samples::SPANISH);
        for (item, day) in [(2, 8), (1, 5), (3, 9)] {
            index.insert(known(item), day, &sketch);
        }
        assert_eq!(index.resembling(&sketch, 0), [known(1), known(2), known(3)]);
        assert_eq!(index.resembling(&sketch, 8), [known(2), known(3)]);
        index.forget_before(8);
        assert_eq!((index.len(), index.resembling(&sketch, 0)), (2, vec![known(2), known(3)]));
    }

    #[test]
    fn what_is_filled_from_the_store_answers_the_same() {
        let sketches: Vec<Sketch> = (0..400_u64)
            .map(|number| {
                let words = (0..60).map(|word| format!("Palabra{} ", mixed(number * 31 + word) % 900));
                Sketch::of("", &words.collect::<String>())
            })
            .collect();
        let stored: Vec<Vec<u8>> = sketches.iter().map(Sketch::to_bytes).collect();
        let (mut one, mut other) = (Index::default(), Index::default());
        for (number, sketch) in sketches.iter().enumerate() {
            one.insert(known(number as i64), 7, sketch);
        }
        let damaged = [(known(-1), &b"no sketch"[..])];
        let numbered = stored.iter().enumerate().map(|(number, bytes)| (known(number as i64), bytes.as_slice()));
        assert_eq!(other.insert_stored(7, numbered.chain(damaged)), 400);
        for sketch in &sketches {
            assert_eq!(one.resembling(sketch, 0).first(), other.resembling(sketch, 0).first());
            assert!(!one.resembling(sketch, 0).is_empty());
        }
    }

    #[test]
    fn ten_copies_of_one_story_do_not_make_a_passage_common() {
        let mut index = Index::default();
        let sketch = Sketch::of("", samples::SPANISH);
        for item in 0..10 {
            index.insert(Known { item, story: 3 }, 1, &sketch);
        }
        assert_eq!(index.stories_with_passage(sketch.passages[0]), 1);
        index.insert(known(11), 2, &sketch);
        assert_eq!(index.stories_with_passage(sketch.passages[0]), 2);
        assert_eq!(index.stories_with_passage(1), 0);
    }
}

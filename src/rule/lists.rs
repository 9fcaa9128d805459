//! (key, item) pairs → each key's items in one flat list: four bytes an item where a list of its own would take forty, and
//! a bit for a key that has none.

use super::bits::Bits;

/// For each key from 0 on the items that were given with it, in their order.
#[derive(Debug)]
pub struct Lists<T> {
    /// Which keys have items.
    keys: Bits,
    /// By the key's rank in `keys`: where its items begin; one more than there are such keys.
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy> Lists<T> {
    /// Of `keys` keys; pairs with another key are left out.
    pub fn of(keys: usize, mut pairs: Vec<(u32, T)>) -> Self {
        pairs.retain(|&(key, _)| (key as usize) < keys);
        pairs.sort_by_key(|&(key, _)| key);
        let mut lists = Self { keys: Bits::with_room(keys), starts: vec![0], items: Vec::with_capacity(pairs.len()) };
        for group in pairs.chunk_by(|one, other| one.0 == other.0) {
            lists.keys.insert(group[0].0);
            lists.items.extend(group.iter().map(|&(_, item)| item));
            lists.starts.push(lists.items.len() as u32);
        }
        lists.keys.freeze();
        lists.starts.shrink_to_fit();
        lists
    }

    /// The items of a key.
    pub fn get(&self, key: u32) -> &[T] {
        let Some(rank) = self.keys.rank(key) else { return &[] };
        &self.items[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }
}

/// A number with two marks beside it, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marked(u32);

impl Marked {
    /// A number below 2³⁰, of which no rule set has so many patterns or entities, and marks from 0 to 3.
    pub fn new(number: u32, marks: u32) -> Self {
        debug_assert!(number < 1 << 30 && marks < 4);
        Self(number << 2 | marks)
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0 >> 2
    }

    /// The marks.
    pub fn marks(self) -> u32 {
        self.0 & 3
    }
}

#[cfg(test)]
mod tests {
    use super::Lists;
    use super::Marked;

    #[test]
    fn each_key_has_its_items_in_their_order() {
        let lists = Lists::of(3, vec![(2, 'a'), (0, 'b'), (2, 'c'), (7, 'x')]);
        assert_eq!([lists.get(0), lists.get(1), lists.get(2), lists.get(3)], [&['b'][..], &[], &['a', 'c'], &[]]);
    }

    #[test]
    fn a_number_and_its_marks_do_not_touch_each_other() {
        for (number, marks) in [(0, 0), (0, 3), (1, 2), ((1 << 30) - 1, 1), ((1 << 30) - 1, 3)] {
            let marked = Marked::new(number, marks);
            assert_eq!((marked.number(), marked.marks()), (number, marks));
        }
    }
}

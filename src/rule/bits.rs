//! Numbers → a set of them, a bit each, that also says how many of its numbers are smaller than one.

/// A set of numbers.
#[derive(Debug, Default)]
pub struct Bits {
    words: Vec<u64>,
    /// By word: how many numbers the words before it hold. Empty until [`Bits::freeze`].
    before: Vec<u32>,
}

impl Bits {
    /// A set with room for the numbers below `room`.
    pub fn with_room(room: usize) -> Self {
        Self { words: vec![0; room.div_ceil(64)], before: Vec::new() }
    }

    /// Whether the number is in the set.
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds a number.
    pub fn insert(&mut self, number: u32) {
        let word = number as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (number % 64);
    }

    /// Counts, so that [`Bits::rank`] can answer. Nothing is added afterwards.
    pub fn freeze(&mut self) {
        self.words.shrink_to_fit();
        let mut count = 0;
        let before = self.words.iter().map(|word| {
            count += word.count_ones();
            count - word.count_ones()
        });
        self.before = before.collect();
    }

    /// The number's place among the set's numbers, from 0; `None` when it is not in the set or the set is not frozen.
    pub fn rank(&self, number: u32) -> Option<usize> {
        let place = number as usize / 64;
        let word = self.words.get(place)?;
        if word >> (number % 64) & 1 == 0 {
            return None;
        }
        let smaller = word & ((1 << (number % 64)) - 1);
        Some((self.before.get(place)? + smaller.count_ones()) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn each_number_of_a_set_has_its_place_and_no_other_has_one() {
        let numbers = [0, 1, 63, 64, 65, 200, 4000];
        let mut bits = Bits::with_room(10);
        numbers.iter().for_each(|&number| bits.insert(number));
        assert_eq!(bits.rank(63), None, "nothing is counted yet");
        bits.freeze();
        for (place, &number) in numbers.iter().enumerate() {
            assert_eq!(bits.rank(number), Some(place));
        }
        for number in [2, 62, 66, 199, 201, 3999, 4001, u32::MAX] {
            assert!(!bits.contains(number));
            assert_eq!(bits.rank(number), None);
        }
    }
}

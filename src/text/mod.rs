//! Normalising, words, languages; offsets back to the original.

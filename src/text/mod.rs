//! text → normal form, words, sentences, language; every place maps back to bytes of the original.

pub mod html_entity;
pub mod language;
pub mod normal;
pub mod sentence;
pub mod words;

pub use normal::Normal;
pub use normal::fold;
pub use words::Shape;
pub use words::Word;
pub use words::Words;

//! Atalaya watches feeds and pages, reads every article, decides which ones speak of the things its users care about,
//! folds copies of one story together, and tells people by mail and programs by webhook.
//!
//! The tree is the data flow and imports point up this list only. Words: [`model`]. Pure stages: [`text`], [`feed`],
//! [`article`], [`rule`], [`story`], [`evidence`], [`route`], [`render`], [`schedule`], [`push`], [`health`],
//! [`discover`], [`opml`], [`search`].
//! Kinds: [`source`], [`channel`]. What the operator writes: [`config`]. Decisions, one per step and all pure: [`poll`],
//! [`read`], [`send`], [`look`]; [`backtest`] takes them again. Adapters: [`net`], [`store`], [`deliver`], [`clock`], [`telemetry`]. The loops that claim,
//! ask, decide and commit: [`daemon`]; what hubs are answered: [`web`]. Commands: [`cli`].

pub mod article;
pub mod backtest;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod discover;
pub mod evidence;
pub mod feed;
pub mod health;
pub mod look;
pub mod model;
pub mod net;
pub mod opml;
pub mod poll;
pub mod push;
pub mod read;
pub mod render;
pub mod route;
pub mod rule;
pub mod schedule;
pub mod search;
pub mod send;
pub mod source;
pub mod store;
pub mod story;
pub mod telemetry;
pub mod text;
pub mod web;

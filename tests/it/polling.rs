//! The checklist of a polite and patient poller: each of its lines as a test, and the table of docs/polling.md that
//! links them. What needs days is tested with stepped time beside the decisions in `src/poll`; what needs a server is
//! tested here, through the real daemon.

mod entries;
mod gaps;
mod manners;
mod moves;
mod pace;
mod pauses;
mod restarts;
mod stage;
mod table;
mod validators;

//! `Egress` and a request → an answer that was safe to ask for. The only way out of the house for feeds and pages, and
//! under `deliver::http` for webhooks: every address is judged before a connection is made to it.

mod body;
pub mod client;
pub mod failure;
pub mod gate;
pub mod guard;
pub mod redirect;
pub mod render;
pub mod resolve;
pub mod robots;
mod tls;
pub mod transport;

pub use client::Client;
pub use client::Door;
pub use client::Fetched;
pub use client::Request;
pub use failure::FetchError;
pub use gate::Gates;
pub use gate::Pass;
pub use guard::Guard;
pub use guard::Refusal;
pub use render::RenderError;
pub use render::Renderer;
pub use robots::Robots;
pub use transport::ClientError;

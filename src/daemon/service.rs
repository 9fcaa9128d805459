//! What the service manager is told (sd_notify(3)). Without one, nothing is said.

use sd_notify::NotifyState;
use std::time::Duration;
use tracing::debug;

/// The service manager, if there is one and this process is its main process.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    talks: bool,
}

impl Service {
    /// Talks to the service manager that started this process, if one did.
    pub fn from_environment() -> Self {
        Self { talks: true }
    }

    /// Talks to nobody: for the demo and for tests in one process.
    pub fn none() -> Self {
        Self { talks: false }
    }

    /// The tower stands and attends.
    pub fn ready(&self, status: &str) {
        self.say(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// A new configuration is being put into force. The time goes into the same call: systemd 253 and later ask for it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(time) => self.say(&[NotifyState::Reloading, time]),
            Err(error) => debug!(%error, "no monotonic clock"),
        }
    }

    /// A stop was asked for.
    pub fn stopping(&self) {
        self.say(&[NotifyState::Stopping]);
    }

    /// All is well: feeds the watchdog.
    pub fn alive(&self, status: &str) {
        self.say(&[NotifyState::Watchdog, NotifyState::Status(status)]);
    }

    /// How often the watchdog wants to be fed: half of its patience.
    pub fn watchdog_interval(&self) -> Option<Duration> {
        self.talks.then(sd_notify::watchdog_enabled).flatten().map(|patience| patience / 2)
    }

    fn say(&self, state: &[NotifyState<'_>]) {
        if self.talks
            && let Err(error) = sd_notify::notify(state)
        {
            debug!(%error, "the service manager could not be told");
        }
    }
}

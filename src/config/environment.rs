//! What is read from outside of the files, handed in so that tests need no process-wide state.

use std::path::PathBuf;
use std::sync::Arc;

/// Gives the environment variable of a name.
pub type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What is read from outside of the files.
#[derive(Clone)]
pub struct Environment {
    /// The environment variable of a name.
    pub variable: Arc<Variables>,
    /// The service manager's `STATE_DIRECTORY`.
    pub state_directory: Option<PathBuf>,
    /// The service manager's `CREDENTIALS_DIRECTORY`.
    pub credentials_directory: Option<PathBuf>,
    /// Nothing is to be sent: a credential that only the service can read is a warning, not an error.
    pub looking_only: bool,
}

impl Environment {
    /// That of this process.
    pub fn process() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        Self {
            // With several state directories systemd separates them by colons; ours is the first.
            state_directory: variable("STATE_DIRECTORY")
                .and_then(|paths| paths.split(':').next().map(PathBuf::from))
                .filter(|path| !path.as_os_str().is_empty()),
            credentials_directory: variable("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            variable: Arc::new(variable),
            looking_only: false,
        }
    }

    /// That of this process, for commands that send nothing: they run in an operator's shell, where the service's
    /// credentials are not.
    pub fn looking_only() -> Self {
        Self { looking_only: true, ..Self::process() }
    }

    /// One in which nothing is set.
    pub fn empty() -> Self {
        Self { variable: Arc::new(|_| None), state_directory: None, credentials_directory: None, looking_only: false }
    }
}

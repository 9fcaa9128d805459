//! The three loops, reload, shutdown and the service manager.

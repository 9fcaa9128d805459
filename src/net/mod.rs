//! The polite client, the address guard, the gates of the hosts.

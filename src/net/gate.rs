//! Who is asked at present, and who wants a pause: one gate per host, in memory, `now` handed in.
//!
//! A claim leaves out the hosts that are [`Gates::busy`]; [`Gates::enter`] holds the limit where two claims raced.

use crate::config::Politeness;
use crate::poll::service;
use arc_swap::ArcSwap;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// Pauses and wishes that are remembered at once. Beyond it the one that ends first is forgotten: a flood of invented hosts must
/// not fill the memory.
const MOST_PAUSES: usize = 4096;

/// The gates of all hosts. Cheap to clone; all clones are the same gates.
#[derive(Clone, Debug)]
pub struct Gates {
    politeness: Arc<ArcSwap<Politeness>>,
    hosts: Arc<Mutex<HashMap<String, Gate>>>,
}

#[derive(Clone, Copy, Debug)]
struct Gate {
    /// Passes that are out.
    inside: usize,
    /// Not to be asked before: the gap, or a pause that the host asked for.
    closed_until: Timestamp,
    /// The gap that the host wishes, and until when it is remembered.
    wish: Option<(SignedDuration, Timestamp)>,
}

/// The right to ask one host. Spent with [`Pass::leave`]; one that is dropped (the request was cancelled) frees its
/// place, too, with the gap counted from its beginning, since nobody said when it ended.
#[derive(Debug)]
#[must_use = "a dropped pass leaves at once"]
pub struct Pass {
    gates: Gates,
    host: String,
    entered: Timestamp,
    left: bool,
}

impl Gates {
    /// All gates open, each with this gap and this many connections.
    pub fn new(politeness: Politeness) -> Self {
        Self { politeness: Arc::new(ArcSwap::from_pointee(politeness)), hosts: Arc::default() }
    }

    /// Treats all hosts like this from now on; who is inside stays inside.
    pub fn treat(&self, politeness: Politeness) {
        self.politeness.store(Arc::new(politeness));
    }

    /// The hosts that must not be asked now: at their limit, within the gap after a request, or pausing. Hosts that are
    /// free are forgotten.
    pub fn busy(&self, now: Timestamp) -> Vec<String> {
        let mut hosts = self.lock();
        hosts.retain(|_, gate| !gate.is_idle(now));
        let full = |gate: &Gate| self.is_full(gate) || now < gate.closed_until;
        hosts.iter().filter(|(_, gate)| full(gate)).map(|(host, _)| host.clone()).collect()
    }

    /// Goes in to ask a host (its `source::host_key`); `None` when it is busy, or its domain pauses.
    pub fn enter(&self, host: &str, now: Timestamp) -> Option<Pass> {
        let mut hosts = self.lock();
        let pauses = |key: &String| hosts.get(key).is_some_and(|gate| now < gate.closed_until);
        if service::keys_of(host).any(|key| pauses(&key)) {
            return None;
        }
        let gate = hosts.entry(host.to_owned()).or_insert(Gate::open());
        if self.is_full(gate) || now < gate.closed_until {
            return None;
        }
        gate.inside += 1;
        Some(Pass { gates: self.clone(), host: host.to_owned(), entered: now, left: false })
    }

    /// Asks nothing more of a host until then, or of a domain and all hosts below it when the key begins with a dot; a
    /// longer pause that it already has stays.
    pub fn pause(&self, host: &str, until: Timestamp) {
        let mut hosts = self.lock();
        make_room(&mut hosts, host);
        let gate = hosts.entry(host.to_owned()).or_insert(Gate::open());
        gate.closed_until = gate.closed_until.max(until);
    }

    /// Keeps at least this gap after each request to a host, until then.
    pub fn slow(&self, host: &str, gap: SignedDuration, until: Timestamp) {
        let mut hosts = self.lock();
        make_room(&mut hosts, host);
        hosts.entry(host.to_owned()).or_insert(Gate::open()).wish = Some((gap, until));
    }

    /// When the next host becomes free by the passing of time alone; one at its limit becomes free when a pass leaves.
    pub fn next_free(&self, now: Timestamp) -> Option<Timestamp> {
        let hosts = self.lock();
        hosts.values().filter(|gate| !self.is_full(gate)).map(|gate| gate.closed_until).filter(|time| *time > now).min()
    }

    /// When nothing but its limit keeps a host from being asked: the end of its gap and of its pauses, or `now`.
    pub fn opens(&self, host: &str, now: Timestamp) -> Timestamp {
        let hosts = self.lock();
        service::keys_of(host).filter_map(|key| hosts.get(&key)).map(|gate| gate.closed_until).fold(now, Timestamp::max)
    }

    fn is_full(&self, gate: &Gate) -> bool {
        gate.inside >= self.politeness.load().connections
    }

    fn leave(&self, host: &str, gap_from: Timestamp) {
        let mut hosts = self.lock();
        if let Some(gate) = hosts.get_mut(host) {
            gate.inside = gate.inside.saturating_sub(1);
            let wished = gate.wish.filter(|(_, until)| gap_from < *until).map_or(SignedDuration::ZERO, |(gap, _)| gap);
            let gap = self.politeness.load().gap.max(wished);
            let open = gap_from.saturating_add(gap).unwrap_or(Timestamp::MAX);
            gate.closed_until = gate.closed_until.max(open);
        }
    }

    /// A thread that died inside left no half-written gate: every change is one assignment.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Gate>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flood of invented hosts pushes out what ends first, and never who is inside.
fn make_room(hosts: &mut HashMap<String, Gate>, host: &str) {
    if hosts.len() < MOST_PAUSES || hosts.contains_key(host) {
        return;
    }
    let first = hosts.iter().filter(|(_, gate)| gate.inside == 0).min_by_key(|(_, gate)| gate.closed_until);
    if let Some(name) = first.map(|(name, _)| name.clone()) {
        hosts.remove(&name);
    }
}

impl Gate {
    const fn open() -> Self {
        Self { inside: 0, closed_until: Timestamp::MIN, wish: None }
    }

    fn is_idle(&self, now: Timestamp) -> bool {
        self.inside == 0 && self.closed_until <= now && self.wish.is_none_or(|(_, until)| until <= now)
    }
}

impl Pass {
    /// The host's key.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The request has ended: the gap begins.
    pub fn leave(mut self, now: Timestamp) {
        self.left = true;
        self.gates.leave(&self.host, now);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.left {
            self.gates.leave(&self.host, self.entered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gates;
    use super::MOST_PAUSES;
    use crate::config::Politeness;
    use jiff::SignedDuration;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("a time")
    }

    fn gates(gap: i64, connections: usize) -> Gates {
        Gates::new(Politeness { gap: SignedDuration::from_secs(gap), connections })
    }

    #[test]
    fn a_host_is_asked_by_no_more_than_its_limit_at_once() {
        let gates = gates(0, 2);
        let first = gates.enter("paper.example", at(0)).expect("free");
        assert!(gates.busy(at(0)).is_empty());
        let second = gates.enter("paper.example", at(0)).expect("a second place");
        assert_eq!(gates.busy(at(0)), ["paper.example"]);
        assert!(gates.enter("paper.example", at(100)).is_none());
        assert!(gates.enter("other.example", at(0)).is_some(), "a full host blocks no other");
        first.leave(at(1));
        assert!(gates.enter("paper.example", at(1)).is_some());
        second.leave(at(1));
    }

    #[test]
    fn the_gap_runs_from_the_end_of_a_request_to_the_next_beginning() {
        let gates = gates(2, 1);
        gates.enter("paper.example", at(0)).expect("free").leave(at(10));
        assert_eq!(gates.busy(at(11)), ["paper.example"]);
        assert!(gates.enter("paper.example", at(11)).is_none());
        assert_eq!(gates.next_free(at(11)), Some(at(12)));
        assert!(gates.busy(at(12)).is_empty());
        assert!(gates.enter("paper.example", at(12)).is_some());
    }

    #[test]
    fn a_pause_outlasts_gap_and_shorter_pauses() {
        let gates = gates(1, 1);
        let pass = gates.enter("paper.example", at(0)).expect("free");
        gates.pause("paper.example", at(600));
        gates.pause("paper.example", at(60));
        pass.leave(at(5));
        assert_eq!(gates.busy(at(599)), ["paper.example"]);
        assert_eq!(gates.next_free(at(0)), Some(at(600)));
        assert!(gates.enter("paper.example", at(599)).is_none());
        assert!(gates.enter("paper.example", at(600)).is_some());
    }

    #[test]
    fn line_19_a_pause_of_a_domain_holds_for_every_host_below_it() {
        let gates = gates(0, 1);
        gates.pause(".blogs.example", at(60));
        assert_eq!(gates.busy(at(0)), [".blogs.example"]);
        for host in ["blogs.example", "ana.blogs.example", "a.b.blogs.example"] {
            assert!(gates.enter(host, at(59)).is_none(), "{host}");
            assert_eq!(gates.opens(host, at(59)), at(60), "{host}");
            assert!(gates.enter(host, at(60)).is_some(), "{host}");
        }
        assert!(gates.enter("otherblogs.example", at(0)).is_some());
    }

    #[test]
    fn a_full_host_has_no_time_at_which_it_becomes_free() {
        let gates = gates(2, 1);
        let pass = gates.enter("paper.example", at(0)).expect("free");
        gates.pause("paper.example", at(60));
        assert_eq!(gates.next_free(at(0)), None);
        pass.leave(at(1));
        assert_eq!(gates.next_free(at(1)), Some(at(60)));
    }

    #[test]
    fn a_host_that_wishes_it_slower_gets_it_slower_until_the_wish_is_forgotten() {
        let gates = gates(2, 1);
        gates.slow("paper.example", SignedDuration::from_secs(30), at(100));
        gates.slow("other.example", SignedDuration::from_secs(1), at(100));
        gates.enter("paper.example", at(0)).expect("free").leave(at(10));
        gates.enter("other.example", at(0)).expect("free").leave(at(10));
        assert!(gates.enter("other.example", at(12)).is_some(), "a wish for less than our own gap changes nothing");
        assert!(gates.enter("paper.example", at(39)).is_none());
        assert!(gates.busy(at(40)).is_empty(), "its time has come");
        gates.enter("paper.example", at(40)).expect("free").leave(at(50));
        assert!(gates.enter("paper.example", at(79)).is_none());
        gates.enter("paper.example", at(99)).expect("free").leave(at(100));
        assert!(gates.enter("paper.example", at(102)).is_some());
    }

    #[test]
    fn a_cancelled_request_does_not_keep_its_place() {
        let gates = gates(2, 1);
        drop(gates.enter("paper.example", at(0)).expect("free"));
        assert!(gates.enter("paper.example", at(2)).is_some());
    }

    #[test]
    fn free_hosts_and_floods_of_pauses_are_forgotten() {
        let gates = gates(1, 1);
        for number in 0..1000 {
            gates.enter(&format!("{number}.example"), at(0)).expect("free").leave(at(1));
        }
        assert!(gates.busy(at(2)).is_empty());
        assert_eq!(gates.lock().len(), 0);
        for number in 0..(2 * MOST_PAUSES as i64) {
            gates.pause(&format!("{number}.example"), at(100 + number));
        }
        assert_eq!(gates.lock().len(), MOST_PAUSES);
        let last = format!("{}.example", 2 * MOST_PAUSES - 1);
        assert!(gates.enter(&last, at(100)).is_none(), "the longest pauses stay");
    }
}

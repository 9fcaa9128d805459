//! Commits that end at one moment → one transaction and one sync for all of them.
//!
//! Whoever comes first writes for all who have come by then, or come within [`Job::PATIENCE`]. A commit returns when it is on
//! the disk, as it would alone. What fails together is tried once more one by one: another's row may be the cause.

use super::SqliteStore;
use crate::store::StoreError;
use std::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::sync::oneshot;

/// Jobs of one batch at most: a burst shall not keep other writers waiting.
const MOST: usize = 256;

/// What is committed together with its like.
pub(super) trait Job: Sized + Send + Sync {
    /// What became of one of them.
    type Answer: Send;

    /// How long the first waits for others to come.
    const PATIENCE: Duration = Duration::ZERO;

    /// Writes a batch, and answers each in the same order.
    fn write(
        store: &SqliteStore,
        batch: &[Arc<Self>],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// A job, and who waits for its answer.
type Waiting<J> = (Arc<J>, oneshot::Sender<<J as Job>::Answer>);

/// Jobs that wait to be written, with those who wait for that.
pub(super) struct Queue<J: Job> {
    waiting: Mutex<Vec<Waiting<J>>>,
    writing: tokio::sync::Mutex<()>,
}

impl<J: Job> Default for Queue<J> {
    fn default() -> Self {
        Self { waiting: Mutex::new(Vec::new()), writing: tokio::sync::Mutex::new(()) }
    }
}

impl<J: Job> std::fmt::Debug for Queue<J> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Queue")
    }
}

impl<J: Job> Queue<J> {
    /// Writes one job, with all that wait at the same moment.
    pub(super) async fn write(&self, store: &SqliteStore, job: J) -> Result<J::Answer, StoreError> {
        let job = Arc::new(job);
        let (sender, mut written) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((Arc::clone(&job), sender));
        loop {
            tokio::select! {
                biased;
                answer = &mut written => return match answer {
                    Ok(answer) => Ok(answer),
                    // The batch failed, or whoever wrote it was stopped.
                    Err(_) => Ok(J::write(store, &[job]).await?.remove(0)),
                },
                _writing = self.writing.lock() => {
                    if !J::PATIENCE.is_zero() && !self.is_empty() {
                        tokio::time::sleep(J::PATIENCE).await;
                    }
                    let batch = self.next_batch();
                    if batch.is_empty() {
                        continue;
                    }
                    let (jobs, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                    // An error is everybody's: whose senders are dropped tries alone and gets an error of its own.
                    let Ok(answers) = J::write(store, &jobs).await else { continue };
                    for (answer, sender) in answers.into_iter().zip(senders) {
                        // Whoever was cancelled meanwhile does not hear it.
                        let _unheard = sender.send(answer);
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn next_batch(&self) -> Vec<Waiting<J>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = MOST.min(waiting.len());
        let rest = waiting.split_off(count);
        mem::replace(&mut *waiting, rest)
    }
}

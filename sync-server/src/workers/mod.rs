//! Worker processes: nothing that a device sends reaches Automerge in the process that holds the store. Automerge is not safe on
//! hostile bytes; a worker that dies of them costs its batch a refusal, and the device a strike.

mod frame;
mod inside;
mod limits;
mod process;

use std::collections::VecDeque;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minicbor::{Decode, Encode};

pub(crate) use inside::work;
use limits::{MAX_WORKERS, MIN_WORKERS, wall};
use process::Worker;

use crate::admission::{AtWork, Done, Job};

/// What a worker answers.
#[derive(Encode, Decode)]
enum Answer {
    /// What became of the changes.
    #[n(0)]
    Done(#[n(0)] Done),
    /// The job can not be done, whatever was pushed.
    #[n(1)]
    Failed(#[n(0)] String),
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    /// The worker died of it.
    #[error("the worker process died: {0}")]
    Died(String),
    /// The job can not be done, whatever was pushed.
    #[error("{0}")]
    Failed(String),
    /// No worker can be started.
    #[error("no worker process can be started: {0}")]
    NotStarted(#[from] std::io::Error),
}

/// The workers of a server. They are started when they are first needed, and again when they died.
pub(crate) struct Workers {
    state: Mutex<State>,
    /// Whose changes are being judged: one exchange of a device at a time.
    pub(crate) at_work: AtWork,
}

/// Those that are free, and who waits for one.
struct State {
    /// `None`: a place for a worker that has not been started.
    free: Vec<Option<Worker>>,
    /// First come, first served: a device has one job at a time, so none can hold up the others by many.
    line: VecDeque<Sender<Option<Worker>>>,
}

impl Default for Workers {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let free = (0..processors.clamp(MIN_WORKERS, MAX_WORKERS)).map(|_| None).collect();
        Self { state: Mutex::new(State { free, line: VecDeque::new() }), at_work: AtWork::default() }
    }
}

impl Workers {
    /// Has a job done. `pack` is asked for the text of the document's pack if the worker does not have it.
    pub(crate) fn judge(
        &self,
        job: &mut Job,
        pack: impl FnOnce() -> Result<String, WorkError>,
    ) -> Result<Done, WorkError> {
        let mut place = self.take();
        if place.worker.is_none() {
            place.worker = Some(Worker::start()?);
        }
        let Some(worker) = &mut place.worker else { return Err(WorkError::Died(String::new())) };
        job.pack_source = if worker.packs.contains(&job.pack.0) { None } else { Some(pack()?) };
        let message = minicbor::to_vec(&*job).map_err(|error| WorkError::Failed(error.to_string()))?;
        let answer = match worker.ask(&message, wall(message.len())) {
            Ok(answer) => answer,
            Err(death) => {
                tracing::warn!(%death, "a worker process died");
                metrics::counter!("jobsheet_worker_deaths_total").increment(1);
                place.worker = None;
                return Err(WorkError::Died(death.to_string()));
            }
        };
        let answer = minicbor::decode(&answer).map_err(|error| WorkError::Failed(error.to_string()));
        if answer.is_ok() {
            worker.packs.insert(job.pack.0);
        }
        match answer? {
            Answer::Done(done) => Ok(done),
            Answer::Failed(reason) => Err(WorkError::Failed(reason)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a free worker.
    fn take(&self) -> Place<'_> {
        let turn = {
            let mut state = self.lock();
            if let Some(worker) = state.free.pop() {
                return Place { workers: self, worker };
            }
            let (send, turn) = channel();
            state.line.push_back(send);
            turn
        };
        // Whoever gives a worker back hands it to the first in line, and the line lives as long as this.
        Place { workers: self, worker: turn.recv().unwrap_or(None) }
    }
}

/// A place among the workers. Dropped, it is the next one's.
struct Place<'w> {
    workers: &'w Workers,
    worker: Option<Worker>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.workers.lock();
        let mut worker = self.worker.take();
        while let Some(next) = state.line.pop_front() {
            match next.send(worker) {
                Ok(()) => return,
                Err(gone) => worker = gone.0,
            }
        }
        state.free.push(worker);
    }
}

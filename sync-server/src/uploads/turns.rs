//! Whose turn it is: one request at a time sends to an upload, and only so many of one device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::error::UploadError;
use super::limits::{MAX_HANDOVER, MAX_PARALLEL_OF_DEVICE};

/// Uploads to which requests send now.
#[derive(Clone)]
pub(super) struct Turns {
    held: Arc<Mutex<HashMap<Uuid, Holder>>>,
    /// Told whenever a turn ends.
    ended: Arc<Notify>,
    slots: Arc<Semaphore>,
}

struct Holder {
    device: Uuid,
    sends: bool,
    /// Told when somebody else wants the turn.
    wanted: Arc<Notify>,
}

/// The right to change an upload. Dropped, it is the next one's.
pub(super) struct Turn {
    turns: Turns,
    upload: Uuid,
    wanted: Arc<Notify>,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// `parallel`: requests that send bytes at the same time.
    pub(super) fn new(parallel: usize) -> Self {
        Self {
            held: Arc::default(),
            ended: Arc::new(Notify::new()),
            slots: Arc::new(Semaphore::new(parallel)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Holder>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn of a request that sends bytes.
    pub(super) fn to_send(&self, device: Uuid, upload: Uuid) -> Result<Turn, UploadError> {
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| UploadError::Busy)?;
        let mut held = self.lock();
        if held.contains_key(&upload) {
            return Err(UploadError::Locked);
        }
        if held.values().filter(|holder| holder.sends && holder.device == device).count()
            >= MAX_PARALLEL_OF_DEVICE
        {
            return Err(UploadError::Busy);
        }
        Ok(self.begin(&mut held, device, upload, Some(slot)))
    }

    /// The turn of whoever asks where an upload stands, ends it or removes it: a request that still sends is told to stop. Its
    /// connection may have died without anybody noticing.
    pub(super) async fn taken_over(&self, device: Uuid, upload: Uuid) -> Result<Turn, UploadError> {
        let take_over = async {
            loop {
                let ended = self.ended.notified();
                tokio::pin!(ended);
                // Listens before it looks: a turn that ends in between is not missed.
                ended.as_mut().enable();
                {
                    let mut held = self.lock();
                    match held.get(&upload) {
                        None => return self.begin(&mut held, device, upload, None),
                        Some(holder) => holder.wanted.notify_one(),
                    }
                }
                ended.await;
            }
        };
        tokio::time::timeout(MAX_HANDOVER, take_over).await.map_err(|_| UploadError::Locked)
    }

    /// The turn if nobody has it.
    pub(super) fn if_free(&self, upload: Uuid) -> Option<Turn> {
        let mut held = self.lock();
        (!held.contains_key(&upload)).then(|| self.begin(&mut held, Uuid::nil(), upload, None))
    }

    fn begin(
        &self,
        held: &mut HashMap<Uuid, Holder>,
        device: Uuid,
        upload: Uuid,
        slot: Option<OwnedSemaphorePermit>,
    ) -> Turn {
        let wanted = Arc::new(Notify::new());
        held.insert(upload, Holder { device, sends: slot.is_some(), wanted: wanted.clone() });
        Turn { turns: self.clone(), upload, wanted, _slot: slot }
    }
}

impl Turn {
    /// Ends when somebody else wants the turn.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.upload);
        self.turns.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[tokio::test]
    async fn one_sends_to_an_upload_and_only_so_many_of_a_device() {
        let turns = Turns::new(MAX_PARALLEL_OF_DEVICE + 1);
        let mut held: Vec<Turn> = (0..MAX_PARALLEL_OF_DEVICE as u128)
            .map(|n| turns.to_send(id(1), id(n)).unwrap_or_else(|_| panic!()))
            .collect();
        assert!(matches!(turns.to_send(id(2), id(0)), Err(UploadError::Locked)));
        assert!(matches!(turns.to_send(id(1), id(50)), Err(UploadError::Busy)));
        let other = turns.to_send(id(2), id(51));
        assert!(other.is_ok(), "another device is not held up");
        assert!(matches!(turns.to_send(id(3), id(52)), Err(UploadError::Busy)), "all slots are taken");
        held.pop();
        assert!(turns.to_send(id(1), id(50)).is_ok());
    }

    #[tokio::test]
    async fn who_asks_where_an_upload_stands_ends_the_request_that_sends() {
        let turns = Turns::new(2);
        let Ok(first) = turns.to_send(id(1), id(7)) else { panic!() };
        let sender = tokio::spawn(async move {
            first.wanted().await;
            drop(first);
        });
        assert!(turns.taken_over(id(1), id(7)).await.is_ok());
        sender.await.unwrap();
        assert!(turns.if_free(id(7)).is_some());
    }
}

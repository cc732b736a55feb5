//! How much of what devices send and get is in memory at once: so much, however many devices ask at the same time. Who finds no room
//! waits for it, first come, first served.

use std::sync::Arc;

use jobsheet_wire::{MAX_INFLATED_BYTES, PULL_PAGE_BYTES, inflated_bound};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// All messages of exchanges together, as they are in memory, in MiB.
const ROOM_MIB: u32 = 48;
/// A message is in memory as it was inflated, and again as its changes are rebuilt.
const COPIES: usize = 2;

/// Room for messages.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_MIB as usize)))
    }
}

impl Room {
    /// Room for a message that has come, by what its frame says of its size.
    pub(super) async fn for_message(&self, body: &[u8]) -> Result<OwnedSemaphorePermit, Problem> {
        self.take(inflated_bound(body).unwrap_or(MAX_INFLATED_BYTES).min(MAX_INFLATED_BYTES)).await
    }

    /// Room for a page of news.
    pub(super) async fn for_page(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.take(PULL_PAGE_BYTES).await
    }

    async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let mib = u32::try_from((bytes * COPIES).div_ceil(1 << 20)).unwrap_or(ROOM_MIB).clamp(1, ROOM_MIB);
        self.0.clone().acquire_many_owned(mib).await.map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jobsheet_wire::{Exchange, encode_exchange};

    #[tokio::test]
    async fn small_messages_go_together_and_large_ones_one_after_the_other() {
        let room = Room::default();
        let small = encode_exchange(&Exchange::default()).unwrap();
        let mut held = Vec::new();
        for _ in 0..ROOM_MIB {
            held.push(room.for_message(&small).await.unwrap());
        }
        assert_eq!(room.0.available_permits(), 0);
        held.clear();
        // What says nothing of its size, or too much, is taken to be the largest.
        let unknown = room.for_message(&[1, 2, 3]).await.unwrap();
        assert_eq!(room.0.available_permits(), ROOM_MIB as usize - 32);
        let waits = tokio::time::timeout(std::time::Duration::from_millis(20), room.for_message(b"")).await;
        assert!(waits.is_err(), "there is no room for a second one");
        drop(unknown);
        assert!(room.for_page().await.is_ok());
    }
}

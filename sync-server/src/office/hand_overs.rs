//! Hand-overs of visits between technicians that somebody at the office must decide on.

use jobsheet_core::{hex, unhex};

use super::{By, OfficeError};
use crate::admission::share;
use crate::store::{HandOverRow, HandOverState, Writing};

/// Takes a hand-over that waits, or refuses it. Taken, the next exchange of the device that brought it brings the work in.
pub(crate) fn decide_hand_over(
    tx: &Writing<'_>,
    id: &str,
    taken: bool,
    by: &By,
) -> Result<HandOverRow, OfficeError> {
    let unknown = || OfficeError::Unknown { what: "waiting hand-over", id: id.chars().take(80).collect() };
    let hash = unhex(id).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).ok_or_else(unknown)?;
    let mut row =
        tx.hand_over(&hash)?.filter(|row| row.state == HandOverState::Waiting).ok_or_else(unknown)?;
    row.state = if taken { HandOverState::Taken } else { HandOverState::Refused };
    tx.decide_hand_over(&hash, row.state)?;
    if taken {
        share(tx, &row)?;
    }
    let action = if taken { "hand-over-admit" } else { "hand-over-refuse" };
    tx.audit(by.now, &by.person, action, &row.visit.to_string(), &hex(&hash))?;
    Ok(row)
}

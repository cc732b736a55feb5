//! Letting people and devices in, and shutting them out.

use jiff::{SignedDuration, Timestamp};
use jobsheet_core::key::{Certificate, CertificateFacts, DeviceKey, PublicKey};
use jobsheet_core::{Moment, hex};
use serde::Serialize;
use uuid::Uuid;

use super::{By, OfficeError, Roles, check_id, check_name};
use crate::secret::{self, Token};
use crate::store::Writing;

/// How long an enrolment code holds.
pub(super) const CODE_MINUTES: i64 = 15;

/// Makes an office token. The text is shown once; only its hash is kept.
pub(crate) fn create_token(
    tx: &Writing<'_>,
    name: &str,
    roles: &Roles,
    by: &By,
) -> Result<Token, OfficeError> {
    check_id("name", name)?;
    if ["server", "console"].contains(&name) {
        return Err(OfficeError::Invalid {
            field: "name",
            reason: format!("`{name}` is the server's own name"),
        });
    }
    let token = Token::make(hex(&secret::random::<4>()?))?;
    let names = roles.names();
    tx.add_token(&token.id, name, &names, &token.hash(), by.now)?;
    tx.audit(by.now, &by.person, "token-create", &token.id, &names.join(" "))?;
    Ok(token)
}

/// Revokes an office token.
pub(crate) fn revoke_token(tx: &Writing<'_>, id: &str, by: &By) -> Result<(), OfficeError> {
    if !tx.revoke_token(id, by.now)? {
        return Err(OfficeError::Unknown { what: "valid token", id: id.chars().take(80).collect() });
    }
    tx.audit(by.now, &by.person, "token-revoke", id, "")?;
    Ok(())
}

/// Adds a technician.
pub(crate) fn add_technician(tx: &Writing<'_>, id: &str, name: &str, by: &By) -> Result<(), OfficeError> {
    check_id("id", id)?;
    check_name("name", name)?;
    if !tx.add_technician(id, name, by.now)? {
        return Err(OfficeError::Taken { what: "technician", id: id.to_owned() });
    }
    tx.audit(by.now, &by.person, "technician-add", id, "")?;
    Ok(())
}

/// A code by which one device enrols.
#[derive(Debug, Serialize)]
pub(crate) struct EnrolmentCode {
    /// The code.
    pub(crate) code: String,
    /// Until when it holds.
    pub(crate) expires_at: Timestamp,
}

/// Issues an enrolment code for a technician. It is shown once; only its hash is kept.
pub(crate) fn issue_code(tx: &Writing<'_>, technician: &str, by: &By) -> Result<EnrolmentCode, OfficeError> {
    if tx.technician(technician)?.is_none() {
        return Err(OfficeError::Unknown { what: "technician", id: technician.chars().take(80).collect() });
    }
    let code = secret::enrolment_code()?;
    let expires_at = by.now.checked_add(SignedDuration::from_mins(CODE_MINUTES)).unwrap_or(Timestamp::MAX);
    tx.add_enrolment(&secret::hash(&code), technician, expires_at)?;
    tx.audit(by.now, &by.person, "enrolment-issue", technician, "")?;
    Ok(EnrolmentCode { code, expires_at })
}

/// What a device gets when it enrols.
#[derive(Debug, Serialize)]
pub(crate) struct Enrolled {
    /// Id of the device.
    device: Uuid,
    /// Whose it is.
    technician: String,
    /// The technician's name.
    technician_name: String,
    /// Whose device has which key, signed by the organisation.
    certificate: Certificate,
    /// The organisation's public key, by which the device knows the certificates of others and names this server.
    organisation: PublicKey,
    /// The tenant.
    tenant: String,
    /// The server's clock.
    server_time: Timestamp,
}

/// Enrols a device by a code, which is used up.
pub(crate) fn enrol(
    tx: &Writing<'_>,
    code: &str,
    device_name: &str,
    public_key: PublicKey,
    now: Timestamp,
) -> Result<Enrolled, OfficeError> {
    check_name("device_name", device_name)?;
    let code = secret::hash(&code.trim().to_ascii_lowercase());
    let technician = tx.use_enrolment(&code, now)?.ok_or(OfficeError::CodeNotValid)?;
    let technician = tx.technician(&technician)?.ok_or(OfficeError::CodeNotValid)?;
    let device = secret::random_uuid()?;
    tx.add_device(&device, &technician.id, device_name, public_key, now)?;
    let organisation = tx.organisation_key()?;
    let says = CertificateFacts {
        tenant: tx.tenant().to_owned(),
        device: device.to_string(),
        person: technician.id.clone(),
        key: public_key,
        issued_at: Moment::utc(now),
    };
    let certificate = Certificate::issue(says, &organisation)?;
    tx.audit(now, &technician.id, "enrol", &device.to_string(), "")?;
    Ok(Enrolled {
        device,
        technician: technician.id,
        technician_name: technician.name,
        certificate,
        organisation: organisation.public_key()?,
        tenant: tx.tenant().to_owned(),
        server_time: now,
    })
}

/// Revokes a device: it is out at once, whatever token it holds.
pub(crate) fn revoke_device(tx: &Writing<'_>, id: &Uuid, by: &By) -> Result<(), OfficeError> {
    if !tx.revoke_device(id, by.now)? {
        return Err(OfficeError::Unknown { what: "valid device", id: id.to_string() });
    }
    tx.audit(by.now, &by.person, "device-revoke", &id.to_string(), "")?;
    Ok(())
}

/// Shuts a device out until further notice, at once, or lets it in again.
pub(crate) fn suspend_device(
    tx: &Writing<'_>,
    id: &Uuid,
    suspended: bool,
    by: &By,
) -> Result<(), OfficeError> {
    if !tx.suspend_device(id, suspended.then_some(by.now))? {
        return Err(OfficeError::Unknown { what: "valid device", id: id.to_string() });
    }
    let action = if suspended { "device-suspend" } else { "device-readmit" };
    tx.audit(by.now, &by.person, action, &id.to_string(), "")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_code_holds_for_one_device_and_fifteen_minutes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let by = By::itself("office", now);
        let issue = || {
            store.write(|tx| {
                if tx.technician("lee")?.is_none() {
                    add_technician(tx, "lee", "Lee", &by)?;
                }
                issue_code(tx, "lee", &by)
            })
        };
        let key = jobsheet_core::key::SecretKey::from_bytes(&[7; 32]).unwrap().public_key().unwrap();
        let take = |code: &str, at: Timestamp| store.write(|tx| enrol(tx, code, "phone", key, at));
        let code = issue().unwrap();
        assert!(code.code.len() * 4 >= 128, "at least 128 bits");
        let enrolled = take(&code.code, now).unwrap();
        assert_eq!(enrolled.technician, "lee");
        assert!(matches!(take(&code.code, now), Err(OfficeError::CodeNotValid)), "used");
        assert!(matches!(take("0000", now), Err(OfficeError::CodeNotValid)), "unknown");
        let late = issue().unwrap();
        assert!(matches!(take(&late.code, late.expires_at), Err(OfficeError::CodeNotValid)), "expired");
    }
}

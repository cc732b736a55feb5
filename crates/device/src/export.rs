//! A record as one signed file, and the verification of such a file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use jobsheet_core::record::{Document, DocumentId};
use jobsheet_core::seal::Trust;
use jobsheet_core::seal::file::{self, Attached, ExportError, Exporter, FileVerification, Manifest};

use crate::StoreError;
use crate::store::{Store, Vouched};

/// Bytes that are written at a time.
const BUFFER_BYTES: usize = 256 << 10;

impl Store {
    /// Exports a record with its signatures, seal, standard and attachments as one file, signed with the device's key. The
    /// form is that of [`jobsheet_core::seal::file`]. The file is complete on the disk when this returns, or it is not there.
    ///
    /// # Errors
    /// [`StoreError::File`] if it can not be written, [`StoreError::Export`] if an attachment is damaged, [`StoreError::Key`].
    pub fn export(&self, visit: DocumentId, file: &Path) -> Result<Manifest, StoreError> {
        let (document, standard) =
            self.read(visit, |warm, _, _| Ok((warm.visit.clone(), warm.standard.clone())))?;
        let (vouched, now) = {
            let mut reader = self.inner.connections.read()?;
            let tx = reader.begin()?;
            (Vouched::read(&tx)?, self.now(crate::store::Identity::read(&tx)?.skew_ms))
        };
        let key = self.device_key()?;
        let public = key.public_key()?;
        let certificate = vouched.certificate.filter(|certificate| certificate.says.key == public);
        let attachments = attached(self, &document)?;
        let exporter = Exporter { key: &*key, certificate, at: now };
        write_file(file, |out| file::write(out, &document, &standard, attachments, &exporter))
    }

    /// Verifies an exported file. It believes the organisation in which this device is enrolled, and those given.
    ///
    /// # Errors
    /// [`StoreError::File`] if the file can not be read; whatever stands in it is no error but a finding.
    pub fn verify_file(&self, file: &Path, also: &Trust) -> Result<FileVerification, StoreError> {
        let mut trust = self.trust()?;
        trust.organisations.extend(&also.organisations);
        verify_file(file, &trust)
    }
}

/// Verifies an exported file, without a store and without a server.
///
/// # Errors
/// [`StoreError::File`] if the file can not be read; whatever stands in it is no error but a finding.
pub fn verify_file(file: &Path, trust: &Trust) -> Result<FileVerification, StoreError> {
    let failed = |source| StoreError::file("the file could not be read", file, source);
    let opened = File::open(file).map_err(failed)?;
    file::verify(&mut BufReader::with_capacity(BUFFER_BYTES, opened), trust).map_err(failed)
}

/// The attachments that a record names and that are on this device.
pub(crate) fn attached<'a>(store: &Store, document: &Document) -> Result<Vec<Attached<'a>>, StoreError> {
    let mut attachments = Vec::new();
    for sha256 in document.record().file_hashes() {
        let Some(path) = store.attachment(sha256) else { continue };
        let failed = |error| StoreError::file("an attachment could not be read", path.clone(), error);
        let opened = File::open(&path).map_err(failed)?;
        let size = opened.metadata().map_err(failed)?.len();
        let bytes = Box::new(BufReader::new(opened));
        attachments.push(Attached { sha256: sha256.to_owned(), size, bytes });
    }
    Ok(attachments)
}

/// Writes a file that is complete on the disk when this returns, or is not there.
pub(crate) fn write_file(
    file: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<Manifest, ExportError>,
) -> Result<Manifest, StoreError> {
    let failed = |source| StoreError::file("the record could not be exported", file, source);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let part = folder.join(format!(".{}.part", crate::random::uuid()?));
    let manifest = match write(&part, fill) {
        Ok(manifest) => manifest,
        Err(error) => {
            // Of no use, and perhaps what filled the disk.
            let _ = std::fs::remove_file(&part);
            return Err(match error {
                ExportError::Io(source) => failed(source),
                ExportError::Key(error) => StoreError::Key(error),
                damaged @ ExportError::Damaged { .. } => StoreError::Export(damaged.to_string()),
            });
        }
    };
    std::fs::rename(&part, file).map_err(failed)?;
    Ok(manifest)
}

fn write(
    file: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<Manifest, ExportError>,
) -> Result<Manifest, ExportError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    // The file holds customers' data.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, options.open(file)?);
    let manifest = fill(&mut out)?;
    out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(manifest)
}

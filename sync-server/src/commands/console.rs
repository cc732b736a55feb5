//! Commands on a data directory.

use std::path::Path;

use jobsheet_core::standard::Diagnostic;
use qrcode::QrCode;
use qrcode::render::unicode;
use serde_json::json;

use super::{CommandError, say};
use crate::app::App;
use crate::clock::Clock;
use crate::intake::{self, IntakeError, Mapping};
use crate::office::{self, OfficeError, Role, Roles};

/// Person id of whoever works at the server's command line.
pub(super) const CONSOLE: &str = "console";

/// Reads a CSV file. Rows that can not be taken are listed, and make the command fail after the others were stored.
pub(super) fn import(
    folder: &Path,
    mapping: &Path,
    csv: &Path,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| CommandError::File { path, source }
    };
    let mapping_text = std::fs::read_to_string(mapping).map_err(failed(mapping))?;
    let mapping = Mapping::parse(&mapping_text).map_err(IntakeError::from)?;
    let bytes = std::fs::read(csv).map_err(failed(csv))?;
    let rows = intake::read(&bytes, &mapping)?;
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let summary = app.store.write(|tx| intake::store(tx, rows, &by))?;
    if as_json {
        say(json!(summary));
    } else {
        for note in &summary.notes {
            say(format_args!("note: {note}"));
        }
        for problem in &summary.problems {
            say(format_args!("refused: {problem}"));
        }
        say(&summary);
    }
    if summary.refused == 0 { Ok(()) } else { Err(CommandError::RowsRefused(summary.refused)) }
}

/// Makes an office token.
pub(super) fn create_token(
    folder: &Path,
    name: &str,
    roles: &[Role],
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let roles = Roles::of(roles).ok_or(CommandError::Roles)?;
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let token = app.store.write(|tx| office::create_token(tx, name, &roles, &by))?;
    if as_json {
        say(json!({"id": token.id, "name": name, "roles": roles.names(), "token": token.reveal()}));
    } else {
        say(format_args!("office token: {}", token.reveal()));
    }
    Ok(())
}

/// Lists the office tokens.
pub(super) fn list_tokens(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let tokens = app.store.read(|tx| tx.tokens())?;
    if as_json {
        say(json!(tokens));
        return Ok(());
    }
    for token in tokens {
        let revoked = token.revoked_at.map(|at| format!("  revoked {at}")).unwrap_or_default();
        let roles = token.roles.join(", ");
        say(format_args!("{}  {}  {roles}  made {}{revoked}", token.id, token.name, token.created_at));
    }
    Ok(())
}

/// Revokes an office token.
pub(super) fn revoke_token(folder: &Path, id: &str, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    app.store.write(|tx| office::revoke_token(tx, id, &by))?;
    say(format_args!("token {id} revoked"));
    Ok(())
}

/// Adds a technician.
pub(super) fn add_technician(folder: &Path, id: &str, name: &str, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    app.store.write(|tx| office::add_technician(tx, id, name, &by))?;
    say(format_args!("technician {id} added"));
    Ok(())
}

/// Lists the technicians.
pub(super) fn list_technicians(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let technicians = app.store.read(|tx| tx.technicians())?;
    if as_json {
        say(json!(technicians));
        return Ok(());
    }
    for technician in technicians {
        say(format_args!("{}  {}", technician.id, technician.name));
    }
    Ok(())
}

/// Issues an enrolment code and draws it for a phone's camera.
pub(super) fn enrol(
    folder: &Path,
    technician: &str,
    server: &str,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    let issued = app.store.write(|tx| office::issue_code(tx, technician, &by))?;
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("server", server)
        .append_pair("code", &issued.code)
        .finish();
    let link = format!("jobsheet://enrol?{query}");
    if as_json {
        say(json!({"code": issued.code, "expires_at": issued.expires_at, "link": link}));
        return Ok(());
    }
    if let Ok(code) = QrCode::new(&link) {
        // Light on dark: most terminals are dark, and cameras need the quiet zone light.
        let mut drawing = code.render::<unicode::Dense1x2>();
        say(drawing.dark_color(unicode::Dense1x2::Light).light_color(unicode::Dense1x2::Dark).build());
    }
    say(&link);
    say(format_args!("code: {}", issued.code));
    say(format_args!("holds until {} and for one device", issued.expires_at));
    Ok(())
}

/// Archives what is idle, and says what a document takes.
pub(super) fn archive(
    folder: &Path,
    idle: office::Idle,
    shrink: bool,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let report = office::archive_idle(&app.store, &app.standards, idle, &app.itself(CONSOLE), || true)?;
    if shrink {
        app.store.shrink()?;
    }
    let size = app.store.size()?;
    let (archived, active) = app.store.read(|tx| tx.archive_counts())?;
    let each = size / (archived + active).max(1);
    if as_json {
        let counts =
            json!({"archived": archived, "active": active, "database_bytes": size, "bytes_each": each});
        say(json!({"report": report, "store": counts}));
        return Ok(());
    }
    say(&report);
    say(format_args!("{archived} archived and {active} others take {size} bytes, {each} each"));
    Ok(())
}

/// Gives the data a new epoch.
pub(super) fn restored(folder: &Path, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let by = app.itself(CONSOLE);
    app.store.write(|tx| {
        tx.renew_epoch()?;
        tx.audit(by.now, &by.person, "restored", "main", "")
    })?;
    say("devices will fetch everything anew");
    Ok(())
}

/// Adds a pack of the company. What is wrong with it is listed, with its line.
pub(super) fn add_standard(
    folder: &Path,
    file: &Path,
    as_json: bool,
    clock: Clock,
) -> Result<(), CommandError> {
    let failed = |source| CommandError::File { path: file.to_path_buf(), source };
    let source = std::fs::read_to_string(file).map_err(failed)?;
    let app = App::open(folder, clock)?;
    let place = |diagnostic: &Diagnostic| {
        let Diagnostic { line, column, code, message, help, .. } = diagnostic;
        let help = if help.en.is_empty() { String::new() } else { format!("; {}", help.en) };
        format!("{}:{line}:{column}: {code}: {}{help}", file.display(), message.en)
    };
    let published = match office::publish(&app.store, &app.standards, &source, &app.itself(CONSOLE)) {
        Ok(published) => published,
        Err(OfficeError::Pack(diagnostics)) => {
            if as_json {
                say(json!({"diagnostics": diagnostics}));
            } else {
                for diagnostic in &diagnostics {
                    say(place(diagnostic));
                }
            }
            return Err(CommandError::Pack(diagnostics.len()));
        }
        Err(error) => return Err(error.into()),
    };
    if as_json {
        say(json!(published));
        return Ok(());
    }
    for warning in &published.warnings {
        say(format_args!("warning: {}", place(warning)));
    }
    let done = if published.new { "added" } else { "stored already" };
    say(format_args!("standard {} {} {done}: {}", published.id, published.version, published.sha256));
    Ok(())
}

/// Lists the standards.
pub(super) fn list_standards(folder: &Path, as_json: bool, clock: Clock) -> Result<(), CommandError> {
    let app = App::open(folder, clock)?;
    let standards = app.store.read(|tx| office::list_standards(tx, &app.standards))?;
    if as_json {
        say(json!(standards));
        return Ok(());
    }
    for standard in standards {
        let used = if standard.current { "" } else { "  not used for new documents" };
        say(format_args!(
            "{}  {}  {}  {}{used}",
            standard.id, standard.version, standard.origin, standard.title.en
        ));
    }
    Ok(())
}

//! What `jobsheet-server` does from the command line. Everything but `serve` works on the data directory, whether the server
//! runs or not.

mod console;
mod hand_overs;
mod late;
mod parts;
mod serve;

use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{
    DEFAULT_LIFETIME, ENROLMENTS_PER_MINUTE, ForwardedHeader, MAX_LIFETIME, MIN_LIFETIME,
    REQUESTS_PER_MINUTE, UNKNOWN_PER_MINUTE,
};
use crate::clock::Clock;
use crate::intake::IntakeError;
use crate::office::{self, OfficeError, Role};
use crate::pokes::MAX_LISTENERS;
use crate::store::{EntryKind, StoreError};
use crate::uploads::{
    DEVICE_BYTES, EXPIRY_SECONDS, FILE_BYTES, OPEN_UPLOADS, PARALLEL, RESERVE_BYTES, UploadLimits,
};

/// Days after which what is finished is archived, unless somebody says otherwise.
const ARCHIVE_AFTER_DAYS: u32 = 30;

/// Sync server and back office of Jobsheet.
#[derive(Debug, Parser)]
#[command(name = "jobsheet-server", version, about)]
pub(crate) struct Cli {
    /// Show this time now and run on from there: for replaying past data and for demonstrations.
    #[arg(long, global = true, value_name = "RFC3339", env = "JOBSHEET_CLOCK")]
    clock: Option<Timestamp>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct DataDir {
    /// Where the data lie [default: $XDG_DATA_HOME/jobsheet-server or ~/.local/share/jobsheet-server]
    #[arg(long, value_name = "DIR", env = "JOBSHEET_SERVER_DATA")]
    data: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How callers reach the server, and how often.
#[derive(Debug, clap::Args)]
struct Network {
    /// Certificate with its chain (PEM): the server speaks TLS. Read again when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy in front of the server, whose word is taken for the address of a caller; give it once for each network
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<ipnet::IpNet>,
    /// In which header the proxies name the caller
    #[arg(long, value_enum, default_value = "x-forwarded-for")]
    forwarded_header: ForwardedHeader,
    /// Listen on other than this machine without TLS, though no trusted proxy is in front: tokens travel in the open
    #[arg(long)]
    allow_plain_http: bool,
    /// Most tries to enrol of one address in a minute; more are answered 429 with Retry-After, as with the two below
    #[arg(long, default_value_t = ENROLMENTS_PER_MINUTE, value_name = "N")]
    enrolments_per_minute: NonZeroU32,
    /// Most nonces, proofs and wrong tokens of one address in a minute
    #[arg(long, default_value_t = UNKNOWN_PER_MINUTE, value_name = "N")]
    unknown_per_minute: NonZeroU32,
    /// Most requests of one device in a minute
    #[arg(long, default_value_t = REQUESTS_PER_MINUTE, value_name = "N")]
    requests_per_minute: NonZeroU32,
}

/// How much devices may send in files.
#[derive(Debug, clap::Args)]
struct Files {
    /// Largest file that a device may send, in bytes
    #[arg(long, default_value_t = FILE_BYTES, value_name = "BYTES")]
    max_file_bytes: u64,
    /// Bytes of files that one device may store, open uploads included
    #[arg(long, default_value_t = DEVICE_BYTES, value_name = "BYTES")]
    device_file_bytes: u64,
    /// Uploads that one device may have open
    #[arg(long, default_value_t = OPEN_UPLOADS, value_name = "N")]
    device_open_uploads: u64,
    /// Most uploads that send at once; more are answered 503 with Retry-After
    #[arg(long, default_value_t = PARALLEL, value_name = "N")]
    max_uploads: usize,
    /// Seconds after which an upload with which nobody goes on is thrown away
    #[arg(long, default_value_t = EXPIRY_SECONDS, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..))]
    upload_expiry: u64,
    /// Space in bytes that uploads leave free on the disk
    #[arg(long, default_value_t = RESERVE_BYTES, value_name = "BYTES")]
    reserve_bytes: u64,
}

impl From<Files> for UploadLimits {
    fn from(files: Files) -> Self {
        Self {
            file_bytes: files.max_file_bytes,
            device_bytes: files.device_file_bytes,
            open_uploads: files.device_open_uploads,
            parallel: files.max_uploads,
            expiry: Duration::from_secs(files.upload_expiry),
            reserve_bytes: files.reserve_bytes,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve {
        #[command(flatten)]
        data: DataDir,
        /// Address to listen on; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
        listen: String,
        /// How the log is written to standard error
        #[arg(long, value_enum, default_value = "text")]
        log_format: LogFormat,
        /// Most requests at once; more are answered 503 with Retry-After
        #[arg(long, default_value_t = 64, value_name = "N")]
        max_requests: usize,
        /// Most devices that stay connected to be told of news; more are answered 503 with Retry-After
        #[arg(long, default_value_t = MAX_LISTENERS, value_name = "N")]
        max_listeners: usize,
        /// Longest time a request may take, in seconds
        #[arg(long, default_value_t = 60, value_name = "SECONDS")]
        request_timeout: u64,
        /// Days after which what is finished is kept in less space; 0: never
        #[arg(long, default_value_t = ARCHIVE_AFTER_DAYS, value_name = "N")]
        archive_after: u32,
        /// How long the access token of a device holds, in seconds
        #[arg(long, default_value_t = DEFAULT_LIFETIME.as_secs(), value_name = "SECONDS",
              value_parser = clap::value_parser!(u64).range(MIN_LIFETIME.as_secs()..=MAX_LIFETIME.as_secs()))]
        token_lifetime: u64,
        #[command(flatten)]
        network: Network,
        #[command(flatten)]
        files: Files,
    },
    /// Read service requests from a CSV file
    Import {
        #[command(flatten)]
        data: DataDir,
        /// What the columns mean: a mapping file
        #[arg(long, value_name = "FILE")]
        mapping: PathBuf,
        /// The CSV file
        csv: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Tokens of the back office
    #[command(subcommand)]
    Token(TokenCommand),
    /// Technicians
    #[command(subcommand)]
    Technician(TechnicianCommand),
    /// Standards: those that come with the server and the company's own
    #[command(subcommand)]
    Standard(StandardCommand),
    /// What lies in the vans of technicians
    #[command(subcommand)]
    Stock(StockCommand),
    /// Tariffs: what the company asks for parts, labour and flat fees
    #[command(subcommand)]
    Tariff(TariffCommand),
    /// Work that devices sent after they were revoked, and what was refused
    #[command(subcommand)]
    Late(late::LateCommand),
    /// Visits that technicians handed over to others
    #[command(subcommand)]
    HandOvers(hand_overs::HandOversCommand),
    /// Show which visits may hold work on a device that the server has not seen
    Unsent {
        #[command(flatten)]
        data: DataDir,
        /// Id of the device
        device: Uuid,
    },
    /// Issue a code by which one device of a technician enrols
    Enrol {
        #[command(flatten)]
        data: DataDir,
        /// Id of the technician
        technician: String,
        /// Address under which devices reach this server
        #[arg(long, default_value = "http://127.0.0.1:8470", value_name = "URL")]
        server: String,
        #[command(flatten)]
        output: Output,
    },
    /// Keep finished visits, cases and shifts in less space, and print what each takes. Nothing is lost, and seals still hold
    Archive {
        #[command(flatten)]
        data: DataDir,
        /// Only those for which nothing came for so many days
        #[arg(long, default_value_t = ARCHIVE_AFTER_DAYS, value_name = "N")]
        idle_days: u32,
        /// Also those that are not finished, or owe something
        #[arg(long)]
        any_state: bool,
        /// Give the space back to the disk: rewrites the whole database, and nobody else may use it meanwhile
        #[arg(long)]
        shrink: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Judge what devices send: what the server starts for itself
    #[command(hide = true)]
    Worker,
    /// After the data directory was restored from a backup: makes devices fetch everything anew
    Restored {
        #[command(flatten)]
        data: DataDir,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once
    Create {
        #[command(flatten)]
        data: DataDir,
        /// Whose token it is: the person id of what is done with it
        #[arg(long)]
        name: String,
        /// What its holder does; give it once for each role
        #[arg(long = "role", value_enum, default_value = "dispatcher", value_name = "ROLE")]
        roles: Vec<Role>,
        #[command(flatten)]
        output: Output,
    },
    /// List the tokens
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
    /// Revoke a token, at once
    Revoke {
        #[command(flatten)]
        data: DataDir,
        /// Id of the token, as listed
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum TechnicianCommand {
    /// Add a technician
    Add {
        #[command(flatten)]
        data: DataDir,
        /// Person id
        id: String,
        /// Name
        name: String,
    },
    /// List the technicians
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Subcommand)]
enum StandardCommand {
    /// Add a pack of the company, whole or as what differs from another
    Add {
        #[command(flatten)]
        data: DataDir,
        /// The pack file
        file: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// List the standards
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Subcommand)]
enum StockCommand {
    /// Set the pieces of each part number of a CSV file as they were counted in a van
    ///
    /// Columns: `part_number`, quantity and, where known, name, serials (separated by blanks), tracked (yes or no). Have the
    /// technician's phones synced before the count: what arrives after it is taken from what was counted.
    Count {
        #[command(flatten)]
        data: DataDir,
        /// Id of the technician
        technician: String,
        /// The CSV file
        csv: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Put the parts of a CSV file into a van
    Receive {
        #[command(flatten)]
        data: DataDir,
        /// Id of the technician
        technician: String,
        /// The CSV file
        csv: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Show what lies in a van
    Show {
        #[command(flatten)]
        data: DataDir,
        /// Id of the technician
        technician: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Subcommand)]
enum TariffCommand {
    /// Store a version of a tariff from a CSV file
    ///
    /// Columns: kind, code, price, per. kind is part, labour or fee; price is in whole minor units of the currency (fen,
    /// cents); per is the unit of labour, such as PT30M.
    Set {
        #[command(flatten)]
        data: DataDir,
        /// Id of the tariff, as packs name it
        id: String,
        /// First day on which it holds
        #[arg(long, value_name = "DATE")]
        valid_from: jiff::civil::Date,
        /// ISO 4217 code, such as CNY
        #[arg(long)]
        currency: String,
        /// The CSV file
        csv: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// List the tariffs
    List {
        #[command(flatten)]
        data: DataDir,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// Neither `--data` nor a home directory.
    #[error("there is no home directory to put the data in; name a directory with --data")]
    NoDataDir,
    /// A file can not be read.
    #[error("{path} can not be read: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The address can not be listened on.
    #[error("the server can not listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Anybody on the network could read tokens.
    #[error(
        "the server does not listen on {address} without TLS: give --tls-cert and --tls-key, or --trusted-proxy with the \
         network of a proxy that speaks TLS, or --allow-plain-http"
    )]
    PlainHttp {
        /// The address.
        address: String,
    },
    /// Certificate and key can not be used.
    #[error(transparent)]
    Tls(#[from] crate::http::TlsError),
    /// Rows of an import were not taken.
    #[error("{0} rows were not taken; they are listed above")]
    RowsRefused(usize),
    /// Roles that do not go together.
    #[error("admin and auditor stand alone; give no other role with them")]
    Roles,
    /// A pack has errors.
    #[error("errors in the pack: {0}, listed above; nothing was stored")]
    Pack(usize),
    /// The runtime can not be started.
    #[error("the server can not be started: {0}")]
    Runtime(std::io::Error),
    /// The CSV file or its mapping can not be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The office refuses.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server failed.
    #[error(transparent)]
    Serve(#[from] crate::http::ServeError),
}

impl DataDir {
    fn folder(self) -> Result<PathBuf, CommandError> {
        let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let chosen = self.data.or_else(|| {
            let data_home = from("XDG_DATA_HOME").filter(|path| path.is_absolute());
            let data_home = data_home.or_else(|| from("HOME").map(|home| home.join(".local/share")));
            data_home.map(|folder| folder.join("jobsheet-server"))
        });
        chosen.ok_or(CommandError::NoDataDir)
    }
}

/// Carries out what was asked on the command line.
pub(crate) fn run(cli: Cli) -> Result<(), CommandError> {
    let clock = match cli.clock {
        None => Clock::system(),
        Some(instant) => {
            let _ = writeln!(
                std::io::stderr(),
                "warning: the clock is set to {instant}; recorded times are not the real ones"
            );
            Clock::starting_at(instant)
        }
    };
    match cli.command {
        Command::Serve {
            data,
            listen,
            log_format,
            max_requests,
            max_listeners,
            request_timeout,
            archive_after,
            token_lifetime,
            network,
            files,
        } => {
            let settings = serve::Settings {
                folder: data.folder()?,
                listen,
                log_format,
                max_requests,
                max_listeners,
                request_timeout: Duration::from_secs(request_timeout),
                archive_after: (archive_after > 0).then(|| days(archive_after)),
                token_lifetime: Duration::from_secs(token_lifetime),
                network,
                uploads: files.into(),
            };
            serve::serve(&settings, clock)
        }
        Command::Import { data, mapping, csv, output } => {
            console::import(&data.folder()?, &mapping, &csv, output.json, clock)
        }
        Command::Token(TokenCommand::Create { data, name, roles, output }) => {
            console::create_token(&data.folder()?, &name, &roles, output.json, clock)
        }
        Command::Token(TokenCommand::List { data, output }) => {
            console::list_tokens(&data.folder()?, output.json, clock)
        }
        Command::Token(TokenCommand::Revoke { data, id }) => {
            console::revoke_token(&data.folder()?, &id, clock)
        }
        Command::Technician(TechnicianCommand::Add { data, id, name }) => {
            console::add_technician(&data.folder()?, &id, &name, clock)
        }
        Command::Technician(TechnicianCommand::List { data, output }) => {
            console::list_technicians(&data.folder()?, output.json, clock)
        }
        Command::Standard(StandardCommand::Add { data, file, output }) => {
            console::add_standard(&data.folder()?, &file, output.json, clock)
        }
        Command::Standard(StandardCommand::List { data, output }) => {
            console::list_standards(&data.folder()?, output.json, clock)
        }
        Command::Stock(StockCommand::Count { data, technician, csv, output }) => {
            parts::stock(&data.folder()?, &technician, &csv, EntryKind::Count, output.json, clock)
        }
        Command::Stock(StockCommand::Receive { data, technician, csv, output }) => {
            parts::stock(&data.folder()?, &technician, &csv, EntryKind::Receipt, output.json, clock)
        }
        Command::Stock(StockCommand::Show { data, technician, output }) => {
            parts::van(&data.folder()?, &technician, output.json, clock)
        }
        Command::Tariff(TariffCommand::Set { data, id, valid_from, currency, csv, output }) => {
            parts::set_tariff(&data.folder()?, (&id, valid_from, &currency), &csv, output.json, clock)
        }
        Command::Tariff(TariffCommand::List { data, output }) => {
            parts::tariffs(&data.folder()?, output.json, clock)
        }
        Command::Enrol { data, technician, server, output } => {
            console::enrol(&data.folder()?, &technician, &server, output.json, clock)
        }
        Command::Late(command) => late::carry_out(command, clock),
        Command::HandOvers(command) => hand_overs::carry_out(command, clock),
        Command::Unsent { data, device } => late::unsent(&data.folder()?, &device, clock),
        Command::Archive { data, idle_days, any_state, shrink, output } => {
            let idle = office::Idle { idle: days(idle_days), any_state };
            console::archive(&data.folder()?, idle, shrink, output.json, clock)
        }
        Command::Worker => crate::workers::work().map_err(CommandError::Runtime),
        Command::Restored { data } => console::restored(&data.folder()?, clock),
    }
}

/// Days as a duration.
fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// Prints a line. A reader that has gone away is no error.
fn say(line: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

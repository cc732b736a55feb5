//! The command line.

use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jobsheet_core::Lang;
use jobsheet_core::key::PublicKey;
use jobsheet_core::report::Audience;
use jobsheet_core::standard::Kind;

use crate::act::Act;
use crate::attachments::AttachmentsVerb;
use crate::failure::Failure;
use crate::incidents::AlertArgs;
use crate::standards::StandardsVerb;

const EPILOGUE: &str = "\
VISIT is the id of a visit or a shift, or its order number. Rules and items may be named without the prefix of their pack.

Exit codes:
  0  done
  1  internal error
  2  usage, or a value that can not be right
  3  refused: a rule, the state of the record or a value stands against it; nothing was written
  4  not found
  5  network, or the server failed
  6  not enrolled, or the server does not accept this device
  7  the store is busy, damaged, full, or of a newer version

With --json, results and errors alike are JSON on standard output. A refusal names its rules and clauses:
  {\"error\": {\"kind\": \"refused\", \"code\": \"not-yet\", \"message\": \"…\", \"rules\": [{\"rule\": …, \"clause\": …, \"text\": …}]}}

Environment: JOBSHEET_STORE, JOBSHEET_KEY_FILE, JOBSHEET_LANG, and JOBSHEET_CLOCK (an RFC 3339 time at which this process begins).";

/// Work service visits and shifts offline: what is still to do, and under which clause.
#[derive(Debug, Parser)]
#[command(name = "jobsheet", version, after_help = EPILOGUE, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// Folder of the store [default: `$XDG_DATA_HOME/jobsheet`]
    #[arg(long, global = true, value_name = "DIR", env = "JOBSHEET_STORE")]
    pub(crate) store: Option<PathBuf>,
    /// File with the key of an encrypted store: 32 bytes, or 64 hexadecimal digits
    #[arg(long, global = true, value_name = "FILE", env = "JOBSHEET_KEY_FILE", hide_short_help = true)]
    pub(crate) key_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of rules and reports: en or zh
    #[arg(long, global = true, default_value = "en", env = "JOBSHEET_LANG")]
    pub(crate) lang: Lang,
    /// Certificates (PEM) to trust beside the public ones
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub(crate) ca: Option<PathBuf>,
    /// Allow http:// to other machines: the device's access token then travels in the open
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) plain_http: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Enrol this device with a one-time code from the office
    Enrol {
        /// Address of the server, such as `https://jobs.example.org`
        #[arg(long)]
        server: String,
        /// The code
        #[arg(long)]
        code: String,
        /// What the office calls this device [default: the machine's name]
        #[arg(long)]
        name: Option<String>,
    },
    /// Exchange work with the server
    Sync {
        /// Stay connected: send what is done at once, and fetch what is new as soon as the server says so; until interrupted
        #[arg(long)]
        follow: bool,
    },
    /// List visits and shifts by planned start
    Visits(VisitsArgs),
    /// Show one visit or shift: what is done, owed and late, points and warranties
    Show {
        /// Id or order number
        visit: String,
    },
    /// What to do now, in order, and why
    Next {
        /// Id or order number
        visit: String,
        /// Only what this role may do: an id of the pack or its name
        #[arg(long)]
        role: Option<String>,
    },
    /// Special situations that have been reported: what is still to do, and who is to be told
    Incidents {
        /// Id or order number
        visit: String,
    },
    /// One special situation: what to bear in mind and say, what to do in order, who is told by when
    ///
    /// Shown whether or not it has been reported. It is reported with `report-event`, or with `alert` if somebody is in
    /// danger.
    Incident {
        /// Id or order number
        visit: String,
        /// The situation, an id of the pack
        situation: String,
    },
    /// Call the office for help; tries again until the server has it
    ///
    /// The alert is kept on the device before anything is tried, goes before all other work, and nothing in the record stops
    /// it. Ending the program ends the tries, not the alert: the next sync sends it first.
    Alert(AlertArgs),
    /// Hold tests: how long they have run, what is missing, what was read
    Holds {
        /// Id or order number
        visit: String,
    },
    /// What was done at earlier visits of the same asset
    Earlier {
        /// Id or order number
        visit: String,
    },
    /// Who changed what, when and where, and what stood there before
    History {
        /// Id or order number
        visit: String,
        /// One field alone: a rule, a note, an order field, assignment, survey, a phase, or a path
        #[arg(long, value_name = "ITEM")]
        field: Option<String>,
    },
    /// What two people wrote differently and nobody has settled yet
    Conflicts {
        /// Id or order number [default: all visits and shifts]
        visit: Option<String>,
    },
    /// Say why a command would be refused, without carrying it out
    Preview {
        /// Id or order number
        visit: String,
        /// The command as JSON, such as '{"do": "finish"}'
        #[arg(value_name = "JSON")]
        command: String,
    },
    /// Carry out commands from standard input, one JSON object a line
    ///
    /// Each line is a command with its visit: {"visit": "…", "do": "accept"}. Each is answered by one JSON line as soon as
    /// it is durable: {"ok": true, "receipt": …} or {"ok": false, "error": …}. A refusal does not end the run, and the exit
    /// code is 0 when the input ends. A photo, a
    /// document or the strokes of a signature may be given by a file: {"do": "add-photo", "file": "…"}.
    Run {
        /// The visit or shift of lines that name none
        visit: Option<String>,
    },
    /// Parts: what lies in the van, old parts to hand in, parts asked for
    #[command(subcommand)]
    Parts(PartsVerb),
    /// What a visit costs and whom, by the warranty and the company's tariffs
    Charge {
        /// Id or order number
        visit: String,
    },
    /// Work that the server does not have yet
    Outbox,
    /// Changes that were refused and are kept: list, show, repair, export, discard
    Quarantine {
        #[command(subcommand)]
        verb: Option<QuarantineVerb>,
    },
    /// Set a damaged store aside and save the work that it holds into a file
    ///
    /// The files of the store are moved into a folder `damaged-…` inside the store's and never deleted. Afterwards enrol
    /// anew, sync, and give the file to `restore`, or hand it to the office.
    Salvage {
        /// The new file; none is written over
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Read a store that has been set aside before, and leave the present one alone
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
    /// Take saved work from a file of `salvage` into this store; the next sync sends it
    Restore {
        /// The file
        file: PathBuf,
        /// Take what was refused too, as `quarantine export` writes it
        #[arg(long)]
        refused: bool,
    },
    /// What is missing for the next days without a network; exit code 3 if something stands in the way
    Ready {
        /// Days to look ahead
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=366))]
        days: u32,
        /// Fetch from the server what is missing first
        #[arg(long)]
        sync: bool,
    },
    /// Render the service report as HTML
    Report {
        /// Id or order number
        visit: String,
        /// Write to a file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Who reads it: crew, office, customer or third-party
        #[arg(long, default_value = "crew")]
        audience: Audience,
        /// Show small pictures of the photos, without what the camera wrote into them
        #[arg(long)]
        photos: bool,
    },
    /// Files that records name: list, check, show, give out, sweep
    #[command(subcommand)]
    Attachments(AttachmentsVerb),
    /// Seal a record that all have signed: `sign` does so by itself, this is for jobs in which nobody signs
    Seal {
        /// Id or order number
        visit: String,
    },
    /// Export a record with its signatures, seal, standard and attachments as one signed file
    Export {
        /// Id or order number
        visit: String,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Pass a visit on to another technician by a file, without a network
    ///
    /// The file holds the visit with everything that was done on this device and goes to whom it names alone; on his device
    /// `take-over` reads it. The server takes the work of both as what it is, in whatever order the devices sync.
    PassOn {
        /// Id or order number
        visit: String,
        /// Person id of the technician
        #[arg(long, value_name = "PERSON")]
        to: String,
        /// The new file; none is written over
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// How many bytes of attachments go with it, the smallest first
        #[arg(long, value_name = "BYTES", default_value_t = jobsheet::HAND_OVER_ATTACHMENT_BYTES)]
        attachments: u64,
    },
    /// Take a visit over from a file of `pass-on`: it can be worked on at once, also without a network
    TakeOver {
        /// The file
        file: PathBuf,
    },
    /// Verify a record on this device or an exported file, without a server
    ///
    /// Exit code 0: sealed and as it was signed, or amended and signed again. 3: anything else.
    Verify {
        /// Id or order number, or a file
        what: String,
        /// Believe this organisation too: its public key, 66 hexadecimal digits, as the office gives it
        #[arg(long, value_name = "KEY")]
        trust: Vec<PublicKey>,
    },
    /// Standards that come with this program, and the format of packs
    #[command(subcommand)]
    Standards(StandardsVerb),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    #[command(flatten)]
    Act(Act),
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum PartsVerb {
    /// What lies in the van now
    Stock,
    /// Old parts that the store has not received yet
    Returns,
    /// Parts that were asked for, and what has become of them
    Requests,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineVerb {
    /// List them; this is what `quarantine` alone does
    List,
    /// What one of them would have written
    Show {
        /// Its hash, as listed
        change: String,
    },
    /// Write those of a visit anew where what stood against them has gone; the next sync sends them
    ///
    /// What the server would refuse again stays, with the reason. Exit code 3 if nothing could be written.
    Repair {
        /// Id or order number
        visit: String,
        /// Say what would be written, and write nothing
        #[arg(long)]
        preview: bool,
    },
    /// Write them into a file: for the office, or for `restore --refused` on another device
    Export {
        /// Of this visit alone: id or order number
        visit: Option<String>,
        /// The new file; none is written over
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Throw one away for good
    Discard {
        /// Its hash, as listed
        change: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct VisitsArgs {
    /// Words that occur in the number, the place or the fault
    #[arg(long, default_value = "")]
    pub(crate) query: String,
    /// Visits or shifts alone [default: both]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<ListedKind>,
    /// States to show; may be given more than once
    #[arg(long)]
    pub(crate) state: Vec<String>,
    /// Leave out what is over
    #[arg(long)]
    pub(crate) open: bool,
    /// Page, from 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) page: u32,
    /// Rows per page, 1 to 200
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) size: u32,
}

/// A kind of document that a device holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ListedKind {
    /// One attendance at a customer
    Visit,
    /// A person's time on duty
    Shift,
}

impl ListedKind {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Visit => Kind::Visit,
            Self::Shift => Kind::Shift,
        }
    }
}

/// Prints a completion script.
pub(crate) fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut Args::command(), "jobsheet", &mut std::io::stdout());
}

/// The folder of the store: as asked for, or where the system keeps data of programs.
pub(crate) fn store_folder(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked
        .or_else(|| given("XDG_DATA_HOME").map(|data| data.join("jobsheet")))
        .or_else(|| given("HOME").map(|home| home.join(".local/share/jobsheet")))
        .or_else(|| given("LOCALAPPDATA").map(|data| data.join("jobsheet")))
        .ok_or_else(|| Failure::input("--store", "no home folder is known; name a folder"))
}

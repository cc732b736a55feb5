//! `jobsheet-server serve`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{CommandError, LogFormat, Network, say};
use crate::access::{Proxies, RateLimits, Rates};
use crate::app::App;
use crate::clock::Clock;
use crate::documents;
use crate::http::{self, Limits, Tls, Waits};
use crate::office::{ArchiveReport, Idle, OfficeError, Roles, archive_idle, create_token};
use crate::pokes::News;
use crate::store::StoreError;
use crate::uploads::{Swept, UploadLimits, Uploads, sweep};

/// How often it is looked for deadlines that have passed.
const DEADLINE_INTERVAL: Duration = Duration::from_secs(5);
/// How often it is looked for listeners that another process has shut out, such as the command line.
const LISTENERS_INTERVAL: Duration = Duration::from_secs(5);
/// How often uploads that have expired are thrown away.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// How often it is looked for what can be archived: that looks at every document, so not when the server starts,
const ARCHIVE_INTERVAL: Duration = Duration::from_hours(1);
/// and how long that may go on: others want the processors too.
const ARCHIVE_TURN: Duration = Duration::from_secs(30);

/// How the server is run.
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) listen: String,
    pub(super) log_format: LogFormat,
    pub(super) max_requests: usize,
    pub(super) max_listeners: usize,
    pub(super) request_timeout: Duration,
    /// None: nothing is archived.
    pub(super) archive_after: Option<SignedDuration>,
    pub(super) token_lifetime: Duration,
    pub(super) network: Network,
    pub(super) uploads: UploadLimits,
}

/// Runs the server until it is told to stop.
pub(super) fn serve(settings: &Settings, clock: Clock) -> Result<(), CommandError> {
    start_log(settings.log_format);
    log_panics();
    let mut app = App::open(&settings.folder, clock)?;
    app.access.lifetime = settings.token_lifetime;
    let network = &settings.network;
    app.rates = Rates::new(RateLimits {
        enrolments: network.enrolments_per_minute,
        unknown: network.unknown_per_minute,
        requests: network.requests_per_minute,
    });
    app.proxies = Proxies { trusted: network.trusted_proxies.clone(), header: network.forwarded_header };
    app.uploads = Uploads::new(&app.store, settings.uploads.clone());
    app.store.pokes().limit(settings.max_listeners);
    let tls = match (&network.tls_cert, &network.tls_key) {
        (Some(cert), Some(key)) => Some(Arc::new(Tls::load(cert, key)?)),
        _ => None,
    };
    let app = Arc::new(app);
    say(format_args!("data in {}", settings.folder.display()));
    if let Some(token) = first_token(&app)? {
        say(format_args!("office token: {token}"));
        say("keep it: it is shown this once. `jobsheet-server token create` makes more");
    }
    let runtime = tokio::runtime::Runtime::new().map_err(CommandError::Runtime)?;
    runtime.block_on(run(app.clone(), tls, settings))?;
    // Work on the store that a request began goes on to its end before the log is moved into the database.
    drop(runtime);
    app.store.checkpoint()?;
    tracing::info!("stopped");
    Ok(())
}

async fn run(app: Arc<App>, tls: Option<Arc<Tls>>, settings: &Settings) -> Result<(), CommandError> {
    let failed = |source| CommandError::Listen { address: settings.listen.clone(), source };
    let listener = TcpListener::bind(&settings.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let open = settings.network.allow_plain_http || !settings.network.trusted_proxies.is_empty();
    if tls.is_none() && !open && !address.ip().is_loopback() {
        return Err(CommandError::PlainHttp { address: settings.listen.clone() });
    }
    let limits = Limits::new(settings.max_requests, settings.request_timeout);
    let router = http::router(app.clone(), limits);
    let stopped = http::stopped()?;
    let pokes = app.store.pokes().clone();
    let stopped = async move {
        stopped.await;
        // They would never end, and stopping waits for every request.
        pokes.close();
    };
    let watch = tokio::spawn(watch_deadlines(app.clone()));
    let listening = tokio::spawn(end_listeners(app.clone()));
    let (sweeping, keeper) = (tokio::spawn(sweep_uploads(app.clone())), app);
    let stopping = Arc::new(AtomicBool::new(false));
    let archiving = settings.archive_after.map(|idle| tokio::spawn(archive(keeper, idle, stopping.clone())));
    let certificate = tls.clone().map(|tls| tokio::spawn(tls.watch()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    crate::failpoint::arm();
    say(format_args!("listening on {scheme}://{address}"));
    http::serve(listener, router, tls, Waits::default(), stopped).await;
    if let Some(certificate) = certificate {
        certificate.abort();
    }
    stopping.store(true, Ordering::Relaxed);
    if let Some(archiving) = archiving {
        archiving.abort();
    }
    watch.abort();
    listening.abort();
    sweeping.abort();
    Ok(())
}

/// Judges visits anew whose deadline has passed, so that lists show it without anybody touching the visit.
async fn watch_deadlines(app: Arc<App>) {
    let mut tick = tokio::time::interval(DEADLINE_INTERVAL);
    loop {
        tick.tick().await;
        let app = app.clone();
        let judged = tokio::task::spawn_blocking(move || {
            let now = app.clock.now();
            if app.store.read(|tx| tx.visits_overdue(now, 1))?.is_empty() {
                return Ok(());
            }
            app.store.write(|tx| documents::judge_overdue(tx, &app.standards, now))
        });
        match judged.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "deadlines could not be judged"),
            Err(error) => tracing::error!(%error, "deadlines could not be judged"),
        }
    }
}

/// Ends the streams of devices that were shut out by another process. Those that this process shuts out end at once.
async fn end_listeners(app: Arc<App>) {
    let mut tick = tokio::time::interval(LISTENERS_INTERVAL);
    loop {
        tick.tick().await;
        if app.store.pokes().count() == 0 {
            continue;
        }
        let app = app.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let out = app.store.read(|tx| tx.devices_out())?;
            app.store.pokes().tell(&News { out, ..News::default() });
            Ok::<_, StoreError>(())
        });
        match looked.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "listeners could not be looked at"),
            Err(error) => tracing::error!(%error, "listeners could not be looked at"),
        }
    }
}

/// Throws away at the start, and from time to time, what is left of uploads that nobody will finish.
async fn sweep_uploads(app: Arc<App>) {
    let interval = SWEEP_INTERVAL.min(app.uploads.limits.expiry).max(Duration::from_secs(1));
    let mut tick = tokio::time::interval(interval);
    loop {
        tick.tick().await;
        let app = app.clone();
        match tokio::task::spawn_blocking(move || sweep(&app)).await {
            Ok(Ok(swept)) if swept == Swept::default() => {}
            Ok(Ok(swept)) => tracing::info!(?swept, "uploads swept"),
            Ok(Err(error)) => tracing::error!(%error, "uploads could not be swept"),
            Err(error) => tracing::error!(%error, "uploads could not be swept"),
        }
    }
}

/// Keeps what is finished and idle in less space, a while at a time.
async fn archive(app: Arc<App>, idle: SignedDuration, stopping: Arc<AtomicBool>) {
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + ARCHIVE_INTERVAL, ARCHIVE_INTERVAL);
    loop {
        tick.tick().await;
        let (app, stopping) = (app.clone(), stopping.clone());
        let archived = tokio::task::spawn_blocking(move || {
            let until = Instant::now() + ARCHIVE_TURN;
            let go_on = || Instant::now() < until && !stopping.load(Ordering::Relaxed);
            let idle = Idle { idle, any_state: false };
            archive_idle(&app.store, &app.standards, idle, &app.itself("server"), go_on)
        });
        match archived.await {
            Ok(Ok(report)) if report == ArchiveReport::default() => {}
            Ok(Ok(report)) => tracing::info!(%report, "archived"),
            Ok(Err(error)) => tracing::error!(%error, "nothing could be archived"),
            Err(error) => tracing::error!(%error, "nothing could be archived"),
        }
    }
}

/// The token of a server that has none yet.
fn first_token(app: &App) -> Result<Option<String>, OfficeError> {
    app.store.write(|tx| {
        if !tx.tokens()?.is_empty() {
            return Ok(None);
        }
        let token = create_token(tx, "office", &Roles::admin(), &app.itself("server"))?;
        Ok(Some(token.reveal()))
    })
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// A panic is logged by its place alone: its message may hold bytes that a device sent.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

//! Limits on requests: how many at once, and how long each may take.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::problem::Problem;

/// Limits that hold for all requests together.
#[derive(Clone)]
pub(crate) struct Limits {
    slots: Arc<Semaphore>,
    timeout: Duration,
}

impl Limits {
    /// At most `requests` at once, each for at most `timeout`.
    pub(crate) fn new(requests: usize, timeout: Duration) -> Self {
        Self { slots: Arc::new(Semaphore::new(requests)), timeout }
    }
}

/// Lets a request in if there is room and ends it when its time is over. Work on the store that has begun goes on to its
/// end; repeating the request is safe.
pub(super) async fn guard(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(_slot) = limits.slots.try_acquire() else {
        return Problem::busy("the server has as many requests as it takes at once; try again")
            .into_response();
    };
    tokio::time::timeout(limits.timeout, next.run(request)).await.unwrap_or_else(|_| {
        let detail = format!("the request took longer than {} s", limits.timeout.as_secs());
        Problem::new(408, "timeout", detail).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    async fn ask(router: &Router) -> Response {
        let service = TowerToHyperService::new(router.clone());
        service.call(Request::new(Body::empty())).await.unwrap_or_else(|never| match never {})
    }

    #[tokio::test]
    async fn one_request_too_many_is_told_when_to_come_back() {
        let limits = Limits::new(0, Duration::from_secs(1));
        let router = Router::new().route("/", get(|| async { "" })).layer(from_fn_with_state(limits, guard));
        let response = ask(&router).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended() {
        let limits = Limits::new(1, Duration::from_millis(10));
        let slow = || async { tokio::time::sleep(Duration::from_mins(1)).await };
        let router = Router::new().route("/", get(slow)).layer(from_fn_with_state(limits, guard));
        assert_eq!(ask(&router).await.status(), StatusCode::REQUEST_TIMEOUT);
    }
}

//! What this program does as a child of its own: it is the ceiling, or the service without its loops. Each ends when
//! its standard input does.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use wecom_bridge::app::{App as Service, Loops};
use wecom_bridge::clock::Clock;
use wecom_bridge::config::Config;
use wecom_bridge::model::ids::CorpId;
use wecom_bridge::store::Store;
use wecom_bridge::telemetry::{self, Format};

/// actix-web as the service sets it up, which reads a body and answers.
pub(crate) fn ceiling(listen: SocketAddr) -> anyhow::Result<()> {
    let stop = stop_with_input();
    tokio::runtime::Runtime::new()?.block_on(async {
        let server = HttpServer::new(|| App::new().default_service(web::to(drop_body)))
            .keep_alive(Duration::from_secs(75))
            .client_request_timeout(Duration::from_secs(10))
            .disable_signals()
            .bind(listen)?
            .run();
        let handle = server.handle();
        tokio::spawn(async move {
            stop.cancelled().await;
            handle.stop(false).await;
        });
        Ok(server.await?)
    })
}

/// The whole service; what was settled is forgotten after seconds instead of after an hour or more.
pub(crate) fn forgetful(config: &Path) -> anyhow::Result<()> {
    let stop = stop_with_input();
    let config = Config::load(Some(config), std::iter::empty())?;
    let _flush = telemetry::start(Format::Human, &config.log_level, None)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = Service::build(&config, Clock::system()).await?;
        let corps = config.corps.iter().map(|corp| corp.id.clone()).collect();
        let forgetting = tokio::spawn(forget(Arc::clone(app.store()), corps, stop.clone()));
        app.run(Loops::Running, stop).await?;
        let forgotten = forgetting.await??;
        eprintln!("{FORGOTTEN}{forgotten}");
        Ok(())
    })
}

/// What the line begins with that tells, at the end, how many items were forgotten.
pub(crate) const FORGOTTEN: &str = "forgotten: ";

/// How long settled items are kept, and how often it is looked for them.
const KEEP_FOR: Duration = Duration::from_secs(2);

/// As many as the service forgets in one step.
const STEP: usize = 500;

async fn forget(
    store: Arc<Store>,
    corps: Vec<CorpId>,
    stop: CancellationToken,
) -> anyhow::Result<usize> {
    let mut forgotten = 0;
    while !stop.is_cancelled() {
        tokio::time::sleep(KEEP_FOR).await;
        let before = Clock::system().now().minus(KEEP_FOR);
        for corp in &corps {
            loop {
                let count = store.trim(corp, before, STEP).await?;
                forgotten += count;
                if count < STEP {
                    break;
                }
            }
        }
    }
    Ok(forgotten)
}

/// The service; what it accepts stays where it is.
pub(crate) fn door_only(config: &Path) -> anyhow::Result<()> {
    let stop = stop_with_input();
    let config = Config::load(Some(config), std::iter::empty())?;
    let _flush = telemetry::start(Format::Human, &config.log_level, None)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let app = Service::build(&config, Clock::system()).await?;
        Ok(app.run(Loops::SteppedByHand, stop).await?)
    })
}

async fn drop_body(mut body: web::Payload) -> HttpResponse {
    while let Some(part) = body.next().await {
        if part.is_err() {
            return HttpResponse::BadRequest().finish();
        }
    }
    HttpResponse::Ok().finish()
}

fn stop_with_input() -> CancellationToken {
    let stop = CancellationToken::new();
    let twin = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        twin.cancel();
    });
    stop
}

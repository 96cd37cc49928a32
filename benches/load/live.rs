//! Many subscribers to one board.

use std::time::{Duration, Instant};

use super::client::{HttpConnection, quantile};
use super::report::{ReportLine, Target};
use super::site::ServiceProcess;
use super::subscribers::Subscribers;
use super::writes::Cards;
use super::{Bench, millis};

/// The number of moves that they receive.
const MOVES: usize = 50;

/// The time between two moves.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the service idles before its memory is measured.
const REST: Duration = Duration::from_secs(1);

/// What many subscribers saw and cost.
struct DeliveryStats {
    /// The time from the request of a move until a subscriber received it, shortest first.
    times: Vec<Duration>,
    /// The number of events that did not arrive.
    lost: usize,
    /// KiB for each subscriber.
    memory: f64,
    /// Processor time for each event that a subscriber received, in milliseconds.
    used: f64,
}

/// Lets a thousand and five thousand subscribers follow the board while cards move.
pub(crate) async fn measure(bench: &mut Bench, service: ServiceProcess) -> anyhow::Result<()> {
    drop(service);
    for count in [1_000, 5_000] {
        if bench.wants("live") {
            println!("Telling {count} subscribers ...");
            let seen = follow(bench, count).await?;
            note(bench, count, &seen);
        }
    }
    Ok(())
}

fn note(bench: &mut Bench, count: usize, seen: &DeliveryStats) {
    let DeliveryStats { times, lost, memory, used } = seen;
    let is_small = count <= 1_000;
    let at_most = |most| if is_small { Target::AtMost(most) } else { Target::None };
    let time = |share| millis(quantile(times, share));
    let what = |of: &str| format!("{count} subscribers: {of}");
    let line = |what: String, measured: String, figure, digits, target| ReportLine {
        what,
        measured,
        limit: String::new(),
        figure,
        digits,
        target,
    };
    let others = format!("p50 {:.1} ms, last {:.1} ms", time(0.5), time(1.0));
    bench.note(line(
        what("from asking for a move until heard, p99 in ms"),
        others,
        time(0.99),
        1,
        at_most(80.0),
    ));
    let moves = format!("of {MOVES} moves sent to each");
    bench.note(line(what("lost"), moves, *lost as f64, 0, Target::AtMost(0.0)));
    bench.note(line(what("memory for each, in KiB"), String::new(), *memory, 1, at_most(15.0)));
    let included = "the move itself included".to_owned();
    bench.note(line(
        what("processor time for each event received, in ms"),
        included,
        *used,
        4,
        at_most(0.05),
    ));
}

async fn follow(bench: &Bench, count: usize) -> anyhow::Result<DeliveryStats> {
    let service = bench.start_service()?;
    let mut cards = Cards::all(bench).await?;
    let mut mover = HttpConnection::open(&service.host)?;
    mover.ask(&cards.next())?;
    tokio::time::sleep(REST).await;
    let memory = service.memory()?;
    let subscribers = Subscribers::connect(&service.host, count).await?;
    tokio::time::sleep(REST).await;
    let used = service.processor_time()?;
    let mut asked = Vec::new();
    for _ in 0..MOVES {
        asked.push(Instant::now());
        tokio::task::block_in_place(|| mover.ask(&cards.next()).map(drop))?;
        tokio::time::sleep(PAUSE).await;
    }
    let heard = subscribers.heard(MOVES).await?;
    let told: usize = heard.iter().map(Vec::len).sum();
    let used = service.processor_time()? - used;
    let memory = service.memory()?.saturating_sub(memory);
    // Events arrive in order, so the n-th event belongs to the n-th request.
    let times = heard.iter().flat_map(|heard| heard.iter().zip(&asked));
    let mut times: Vec<Duration> = times.map(|(heard, asked)| *heard - *asked).collect();
    times.sort_unstable();
    Ok(DeliveryStats {
        times,
        lost: count * MOVES - told,
        memory: memory as f64 / count as f64,
        used: millis(used) / told as f64,
    })
}

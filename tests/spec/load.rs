//! Two hundred webhooks at once: none fails, and the functions do not grow. `scripts/load` makes it last a minute.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sandbox::{Heard, World, say};

use crate::{BUSY, CALLER, COMPANY_NUMBER, MOBILE, a_world_with_ada};

/// How many webhooks are under way at once.
const AT_ONCE: usize = 200;

/// How many processes each function may have.
const PROCESSES: usize = 20;

/// How much more memory a process may have used in the end than when it had dealt with the first webhooks: what an
/// allocator is free to do.
const SLACK: u64 = 2 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_webhooks_at_once_are_all_answered_and_no_function_grows() {
    let _busy = BUSY.lock().await;
    let world = a_world_with_ada().await;
    world.scales_to(PROCESSES);
    let (mut calls, mut texts) = round(&world, 0).await;
    let before = usage(&world).await;
    let (began, lasts) = (Instant::now(), lasts());
    for number in 1.. {
        let more = round(&world, number).await;
        (calls, texts) = (calls + more.0, texts + more.1);
        if began.elapsed() >= lasts {
            break;
        }
    }
    let after = usage(&world).await;
    say(&format!(
        "{calls} calls and {texts} texts in {:?}; memory {before:?}, then {after:?}",
        began.elapsed()
    ));
    assert_eq!(world.twilio.inbox(MOBILE).len(), texts);
    assert_eq!((world.late.waiting(), world.late.dead().len()), (0, 0));
    for (before, after) in before.into_iter().zip(after) {
        assert!(after <= before + SLACK, "{before} bytes have become {after}");
    }
}

/// One round is enough to see that all is answered; a minute, that it goes on.
#[expect(clippy::disallowed_methods, reason = "a script says how long")]
fn lasts() -> Duration {
    let seconds =
        std::env::var("TWILIFY_LOAD_SECONDS").map_or(2, |it| it.parse().expect("a number of seconds"));
    Duration::from_secs(seconds)
}

/// Half of them are calls, and half are texts, no two the same.
async fn round(world: &World, number: usize) -> (usize, usize) {
    let calls = join_all((0..AT_ONCE / 2).map(|_| world.call(CALLER, COMPANY_NUMBER)));
    let texts = join_all((0..AT_ONCE / 2).map(async |index| {
        let answer = world.text(CALLER, COMPANY_NUMBER, &format!("text {index} of {number}")).await;
        assert_eq!(answer.status, 200);
    }));
    let (calls, texts) = tokio::join!(calls, texts);
    for call in &calls {
        assert!(
            call.script.iter().any(|it| matches!(it, Heard::Rings { number, .. } if number == MOBILE)),
            "{call}"
        );
    }
    (calls.len(), texts.len())
}

/// The most memory that the process of each function has used, where the system tells.
async fn usage(world: &World) -> Vec<u64> {
    let mut all = Vec::new();
    for function in ["call-forward", "sms-forward"] {
        all.extend(world.usage(function).await.map(|it| it.peak_memory));
    }
    all
}

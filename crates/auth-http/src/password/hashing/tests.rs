//! The limits under load, and the cost of a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auth_core::Argon2idParams;

use super::*;

fn queue(permits: usize, queue: usize, queue_timeout: Duration) -> HashingQueue {
    HashingQueue::new(HashingLimits { permits, queue, queue_timeout })
}

fn hashing(hasher: Hasher, rehash_on_sign_in: bool) -> Hashing {
    Hashing {
        queue: queue(1, 100, Duration::from_secs(30)),
        hasher,
        rehash_on_sign_in,
        learning: Arc::default(),
        seen: Arc::new(SeenSchemes::new(hasher.scheme())),
    }
}

fn weak() -> Hasher {
    Hasher::argon2id(Argon2idParams::new(64, 1, 1).unwrap())
}

/// Work that holds its permit until the test releases it.
struct Held {
    gate: Arc<Barrier>,
    task: tokio::task::JoinHandle<Result<(), HashingError>>,
}

async fn hold(queue: &HashingQueue) -> Held {
    let gate = Arc::new(Barrier::new(2));
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (inner, queue) = (Arc::clone(&gate), queue.clone());
    let task = tokio::spawn(async move {
        let work = move || {
            begun.send(()).unwrap();
            inner.wait();
        };
        queue.run(work).await
    });
    has_begun.await.unwrap();
    Held { gate, task }
}

impl Held {
    async fn release(self) {
        let gate = self.gate;
        tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_043_no_more_run_at_once_than_there_are_permits() {
    let queue = queue(3, 100, Duration::from_secs(30));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..60)
        .map(|_| {
            let (queue, running, most) = (queue.clone(), Arc::clone(&running), Arc::clone(&most));
            tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                queue.run(work).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(queue.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn r_099_a_full_queue_sheds_and_says_when_to_come_back() {
    let queue = queue(1, 2, Duration::from_secs(30));
    let held = hold(&queue).await;
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.run(|| ()).await })
        })
        .collect();
    while queue.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    for refused in [queue.run(|| ()).await, queue.admit().await] {
        match refused {
            Err(HashingError::Overloaded { retry_after }) => assert!(retry_after >= Duration::from_secs(1)),
            Ok(()) => panic!("a full queue took more"),
            Err(other) => panic!("{other:?}"),
        }
    }
    held.release().await;
    for task in waiting {
        task.await.unwrap().unwrap();
    }
    queue.admit().await.unwrap();
    queue.run(|| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r_099_nobody_waits_longer_than_the_limit() {
    let queue = queue(1, 2, Duration::from_millis(20));
    let held = hold(&queue).await;
    let outcome = queue.run(|| ()).await;
    assert!(matches!(outcome, Err(HashingError::Overloaded { .. })), "{outcome:?}");
    assert_eq!(queue.waiting(), 0);
    held.release().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_100_work_of_a_client_that_left_is_never_started() {
    let queue = queue(1, 400, Duration::from_secs(30));
    let held = hold(&queue).await;
    let started = Arc::new(AtomicUsize::new(0));
    let waiting: Vec<_> = (0..300)
        .map(|_| {
            let (queue, started) = (queue.clone(), Arc::clone(&started));
            tokio::spawn(async move { queue.run(move || started.fetch_add(1, Ordering::SeqCst)).await })
        })
        .collect();
    while queue.waiting() < 300 {
        tokio::task::yield_now().await;
    }
    for task in &waiting {
        task.abort();
    }
    for task in waiting {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    assert_eq!(queue.waiting(), 0);
    held.release().await;
    queue.run(|| ()).await.unwrap();
    assert_eq!(started.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_costs_one_hash_and_gives_its_permit_back() {
    let queue = queue(1, 1, Duration::from_secs(30));
    let failed = queue.run(|| panic!("a test's own panic")).await;
    assert!(matches!(failed, Err(HashingError::Failed(_))), "{failed:?}");
    assert_eq!(queue.run(|| 7).await.unwrap(), 7);
}

#[tokio::test]
async fn hashes_of_every_scheme_verify_and_move_only_where_told() {
    let cases = [(Hasher::better_auth_scrypt(), true), (weak(), false)];
    for (writer, moves) in cases {
        let stored = writer.hash(&Password::new("correct horse"), &mut rand::rng()).unwrap();
        for rehash in [false, true] {
            let hashing = hashing(weak(), rehash);
            let wrong =
                hashing.verify(Password::new("wrong horse"), Some(stored.clone()), None).await.unwrap();
            assert!(matches!(wrong, Verified::Wrong));
            match hashing.verify(Password::new("correct horse"), Some(stored.clone()), None).await.unwrap() {
                Verified::Right { rehashed: Some(new) } => {
                    assert!(rehash && moves);
                    assert_eq!(new.scheme(), Some(weak().scheme()));
                }
                Verified::Right { rehashed: None } => assert!(!(rehash && moves)),
                Verified::Wrong => panic!("the right password was refused"),
            }
        }
    }
}

#[tokio::test]
async fn r_039_a_malformed_hash_is_a_failed_sign_in() {
    let hashing = hashing(weak(), true);
    for text in
        ["", "x", "$argon2id$", "$2b$99$", "00:zz", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA"]
    {
        let outcome =
            hashing.verify(Password::new("anything"), Some(StoredHash::from_stored(text)), None).await;
        assert!(matches!(outcome.unwrap(), Verified::Wrong), "{text}");
    }
}

#[test]
fn r_055_every_failure_costs_one_hash_of_every_scheme_met() {
    let hash = |hasher: Hasher| hasher.hash(&Password::new("correct horse"), &mut rand::rng()).unwrap();
    let (ours, nodes) = (hash(weak()), hash(Hasher::better_auth_scrypt()));
    let seen = SeenSchemes::new(weak().scheme());
    // The first sign-in with Node's hash makes its scheme known.
    seen.meet(nodes.scheme());
    let expected = {
        let mut all = vec![weak().scheme(), Hasher::better_auth_scrypt().scheme()];
        all.sort();
        all
    };
    for stored in [None, Some(ours), Some(nodes), Some(StoredHash::from_stored("malformed"))] {
        let own = stored.as_ref().and_then(StoredHash::scheme);
        // The hash that is verified and the decoys together are the same work for every reason.
        let mut work: Vec<_> = own.into_iter().chain(decoys(seen.meet(own), own)).collect();
        work.sort();
        assert_eq!(work, expected, "{own:?}");
    }
}

#[tokio::test]
async fn r_055_schemes_met_by_sign_ins_are_paid_for_from_then_on() {
    let hashing = hashing(weak(), false);
    assert_eq!(hashing.seen.meet(None).len(), 1);
    let nodes = Hasher::better_auth_scrypt().hash(&Password::new("correct horse"), &mut rand::rng()).unwrap();
    hashing.verify(Password::new("correct horse"), Some(nodes), None).await.unwrap();
    assert_eq!(hashing.seen.meet(None).len(), 2);
}

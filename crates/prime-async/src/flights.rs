//! One test for all that ask for the same number at the same time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prime::Verdict;
use tokio::select;
use tokio::sync::watch;

type Flight = Arc<watch::Sender<Option<Verdict>>>;

/// The numbers that are in work, each with those that wait for it.
#[derive(Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<u64, Flight>>>);

impl Flights {
    /// The verdict on a number: what others wait for already, or what comes of this work. The work is a task of its own: it
    /// goes on while somebody waits, whoever has begun it.
    ///
    /// # Errors
    /// The work has failed.
    pub(crate) async fn share(
        &self,
        number: u64,
        work: impl Future<Output = io::Result<Verdict>> + Send + 'static,
    ) -> io::Result<Verdict> {
        let mut verdict = match lock(&self.0).entry(number) {
            Entry::Occupied(flight) => flight.get().subscribe(),
            Entry::Vacant(place) => {
                let (flight, verdict) = watch::channel(None);
                let flight = Arc::clone(place.insert(Arc::new(flight)));
                tokio::spawn(fly(Entered { flights: Arc::clone(&self.0), number, flight }, work));
                verdict
            }
        };
        let found = verdict.wait_for(Option::is_some).await.ok().and_then(|found| *found);
        found.ok_or_else(|| io::Error::other("the work on its number failed"))
    }
}

/// Works until there is a verdict, or nobody waits for it.
async fn fly(entered: Entered, work: impl Future<Output = io::Result<Verdict>>) {
    let mut work = pin!(work);
    loop {
        select! {
            found = &mut work => {
                // Whoever comes from now on begins anew.
                entered.remove();
                if let Ok(found) = found {
                    entered.flight.send_replace(Some(found));
                }
                return;
            }
            () = entered.flight.closed() => if entered.is_left() {
                return;
            }
        }
    }
}

/// What stands in the table while its number is in work. It goes even if the work fails or panics: then those that wait are told.
struct Entered {
    flights: Arc<Mutex<HashMap<u64, Flight>>>,
    number: u64,
    flight: Flight,
}

impl Entered {
    /// Removes it if nobody waits. Somebody may have come since the last one left.
    fn is_left(&self) -> bool {
        let mut flights = lock(&self.flights);
        let is_left = self.flight.receiver_count() == 0;
        if is_left {
            flights.remove(&self.number);
        }
        is_left
    }

    /// Removes it, and no later one for the same number.
    fn remove(&self) {
        let mut flights = lock(&self.flights);
        if flights.get(&self.number).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            flights.remove(&self.number);
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A panic elsewhere leaves the table whole.
fn lock(flights: &Mutex<HashMap<u64, Flight>>) -> MutexGuard<'_, HashMap<u64, Flight>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    use tokio::sync::{Semaphore, oneshot};
    use tokio::task::yield_now;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Dropped with the work that holds it.
    struct Guard(Option<oneshot::Sender<()>>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.take().map(|dropped| dropped.send(()));
        }
    }

    #[tokio::test]
    async fn many_that_ask_at_the_same_time_get_the_verdict_of_one_test_and_later_ones_of_another() {
        let (flights, begun, may_end) =
            (Arc::new(Flights::default()), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = || {
            let (flights, begun, may_end) = (Arc::clone(&flights), Arc::clone(&begun), Arc::clone(&may_end));
            let work = async move {
                begun.fetch_add(1, SeqCst);
                let _ended = may_end.acquire().await;
                Ok(Verdict::Prime)
            };
            tokio::spawn(async move { flights.share(7, work).await.unwrap() })
        };
        let asked: Vec<_> = (0..50).map(|_| ask()).collect();
        let all_wait = async {
            while lock(&flights.0).get(&7).is_none_or(|flight| flight.receiver_count() < 50) {
                yield_now().await;
            }
        };
        timeout(PATIENCE, all_wait).await.expect("all wait for one test");
        may_end.add_permits(9);
        for one in asked {
            assert_eq!(timeout(PATIENCE, one).await.unwrap().unwrap(), Verdict::Prime);
        }
        assert_eq!(begun.load(SeqCst), 1);
        ask().await.unwrap();
        assert_eq!(begun.load(SeqCst), 2);
        assert!(lock(&flights.0).is_empty());
    }

    #[tokio::test]
    async fn the_work_goes_on_until_its_last_waiter_has_left() {
        let flights = Flights::default();
        let (dropped, mut is_dropped) = oneshot::channel();
        let guard = Guard(Some(dropped));
        let mut first = Box::pin(flights.share(7, async move {
            let _guard = guard;
            pending().await
        }));
        assert!(timeout(Duration::from_millis(10), &mut first).await.is_err());
        let mut second = Box::pin(flights.share(7, pending()));
        assert!(timeout(Duration::from_millis(10), &mut second).await.is_err());
        drop(first);
        assert!(timeout(Duration::from_millis(50), &mut is_dropped).await.is_err(), "one still waits");
        drop(second);
        timeout(PATIENCE, is_dropped).await.unwrap().unwrap();
        assert!(lock(&flights.0).is_empty());
    }

    #[tokio::test]
    async fn work_that_fails_or_panics_is_told_to_all_that_wait_and_the_next_one_begins_anew() {
        let flights = Flights::default();
        let failing = async { Err(io::Error::other("failed")) };
        assert!(timeout(PATIENCE, flights.share(7, failing)).await.unwrap().is_err());
        let panicking = async { std::panic::resume_unwind(Box::new("on purpose")) };
        assert!(timeout(PATIENCE, flights.share(7, panicking)).await.unwrap().is_err());
        let next = timeout(PATIENCE, flights.share(7, async { Ok(Verdict::Prime) })).await;
        assert_eq!(next.unwrap().unwrap(), Verdict::Prime);
    }
}

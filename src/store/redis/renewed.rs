//! A connection that is made when it is needed, by one for all who wait for it, and made anew after it has failed.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use redis::RedisError;

type Make<L> = dyn Fn() -> BoxFuture<'static, Result<L, RedisError>> + Send + Sync;

/// One attempt at making a connection, and the connection that came of it.
pub(in crate::store::redis) type Making<L> = Shared<BoxFuture<'static, Result<L, RedisError>>>;

/// A connection of type `L`. Clones share it.
pub(in crate::store::redis) struct Renewed<L> {
    make: Arc<Make<L>>,
    current: Arc<Mutex<Making<L>>>,
}

impl<L: Clone + Send + 'static> Renewed<L> {
    /// `make` connects; nothing is done before the first [`get`](Self::get).
    pub(in crate::store::redis) fn new<F, A>(make: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<L, RedisError>> + Send + 'static,
    {
        Self::over(Arc::new(move || make().boxed()))
    }

    /// Another connection of the same make.
    pub(in crate::store::redis) fn another(&self) -> Self {
        Self::over(Arc::clone(&self.make))
    }

    fn over(make: Arc<Make<L>>) -> Self {
        let current = Arc::new(Mutex::new(make().shared()));
        Self { make, current }
    }

    /// The connection, and what to name it by when it turns out to be dead.
    ///
    /// # Errors
    /// What connecting said. The next one who asks makes another attempt.
    pub(in crate::store::redis) async fn get(&self) -> Result<(Making<L>, L), RedisError> {
        let making = self.lock().clone();
        match making.clone().await {
            Ok(connection) => Ok((making, connection)),
            Err(problem) => {
                self.renew(&making);
                Err(problem)
            }
        }
    }

    /// Forgets the connection, unless somebody else did meanwhile.
    pub(in crate::store::redis) fn renew(&self, used: &Making<L>) {
        let mut current = self.lock();
        if current.ptr_eq(used) {
            *current = (self.make)().shared();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Making<L>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> Clone for Renewed<L> {
    fn clone(&self) -> Self {
        Self {
            make: Arc::clone(&self.make),
            current: Arc::clone(&self.current),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use redis::ErrorKind;

    use super::*;

    /// The first attempt fails, later ones give their number.
    fn counted() -> Renewed<u32> {
        let attempts = Arc::new(AtomicU32::new(0));
        Renewed::new(move || {
            let attempts = Arc::clone(&attempts);
            async move {
                // Long enough for all who ask at once to be there; each of them looks once.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                match attempts.fetch_add(1, Ordering::Relaxed) {
                    0 => Err((ErrorKind::Io, "refused").into()),
                    attempt => Ok(attempt),
                }
            }
        })
    }

    #[tokio::test]
    async fn all_who_wait_share_an_attempt() {
        let renewed = counted();
        let first = join_all((0..9).map(|_| renewed.get())).await;
        assert!(first.iter().all(Result::is_err));
        let second = join_all((0..9).map(|_| renewed.get())).await;
        assert!(second.iter().all(|it| matches!(it, Ok((_, 1)))));
    }

    #[tokio::test]
    async fn a_dead_connection_is_forgotten_once() {
        let renewed = counted();
        assert!(renewed.get().await.is_err());
        let (dead, _) = renewed.get().await.unwrap();
        renewed.renew(&dead);
        assert_eq!(renewed.get().await.unwrap().1, 2);
        renewed.renew(&dead);
        assert_eq!(
            renewed.get().await.unwrap().1,
            2,
            "it is another one by now"
        );
        assert_eq!(renewed.another().get().await.unwrap().1, 3);
    }
}

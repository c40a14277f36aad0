//! The line in front of the store: requests that arrive while a call is on its way go together in the next one.
//!
//! ```text
//! requests ──► line (bounded) ──► carry(batch): one call ──► each request gets its own answer
//! ```
//!
//! Nothing is held back to make a batch grow: when no call is on its way, a request leaves at once and alone. One call
//! is on its way at a time; under load the next batch gathers meanwhile. When a call fails, the requests in it fail and
//! no others. When the line is full, a request is refused at once instead of waiting beyond its sender's patience. One
//! whose sender has left before its turn is not carried: after a call that hung, the line is short again.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use crate::store::error::StoreError;

/// How many requests may wait. At 10,000 a second this is the work of 400 ms.
const WAITING_MAX: usize = 4096;

/// How many go together. More would not be faster and would make the first ones wait.
const BATCH_MAX: usize = 64;

/// One line; requests of type `T` get answers of type `R`.
#[derive(Debug)]
pub(in crate::store) struct Line<T, R> {
    entrance: mpsc::Sender<Waiting<T, R>>,
}

#[derive(Debug)]
struct Waiting<T, R> {
    request: T,
    answer: oneshot::Sender<Result<R, StoreError>>,
}

impl<T, R> Line<T, R>
where
    T: Send + 'static,
    R: Send + 'static,
{
    /// Opens a line in front of `carry`, which answers the requests of a batch in their order. It ends when the line
    /// is dropped and empty.
    pub(in crate::store) fn open<F, A>(carry: F) -> Self
    where
        F: Fn(Vec<T>) -> A + Send + 'static,
        A: Future<Output = Result<Vec<R>, StoreError>> + Send,
    {
        let (entrance, mut exit) = mpsc::channel::<Waiting<T, R>>(WAITING_MAX);
        tokio::spawn(async move {
            let mut waiting = Vec::with_capacity(BATCH_MAX);
            while exit.recv_many(&mut waiting, BATCH_MAX).await > 0 {
                waiting.retain(|waiting| !waiting.answer.is_closed());
                if waiting.is_empty() {
                    continue;
                }
                let (requests, answers): (Vec<T>, Vec<_>) =
                    waiting.drain(..).map(|w| (w.request, w.answer)).unzip();
                let count = answers.len();
                match carry(requests).await {
                    Ok(results) if results.len() == count => {
                        for (answer, result) in answers.into_iter().zip(results) {
                            // A sender that has left does not need its answer.
                            let _ = answer.send(Ok(result));
                        }
                    }
                    Ok(_) => refuse(answers, &StoreError::Corrupt("answers are missing".into())),
                    Err(problem) => refuse(answers, &problem),
                }
            }
        });
        Self { entrance }
    }

    /// Joins the line and waits for the answer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the line is full or closed; else what the call said.
    pub(in crate::store) async fn send(&self, request: T) -> Result<R, StoreError> {
        let (answer, result) = oneshot::channel();
        self.entrance
            .try_send(Waiting { request, answer })
            .map_err(|_| StoreError::Unavailable("too many requests are waiting".into()))?;
        result
            .await
            .map_err(|_| StoreError::Unavailable("the store is closing".into()))?
    }
}

fn refuse<R>(answers: Vec<oneshot::Sender<Result<R, StoreError>>>, problem: &StoreError) {
    for answer in answers {
        let _ = answer.send(Err(problem.clone()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn requests_that_wait_go_together_and_get_their_own_answers() {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&batches);
        let line = Line::open(move |batch: Vec<u32>| {
            seen.lock().unwrap().push(batch.len());
            async move { Ok(batch.into_iter().map(|n| n * 2).collect()) }
        });
        let answers = futures_util::future::join_all((0..10).map(|n| line.send(n))).await;
        let doubled: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(doubled, (0..10).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(*batches.lock().unwrap(), [10]);
    }

    #[tokio::test]
    async fn a_failing_call_fails_only_its_own_requests() {
        let line = Line::open(|batch: Vec<u32>| async move {
            if batch.contains(&13) {
                return Err(StoreError::Unavailable("cut".into()));
            }
            Ok(batch)
        });
        let (first, bad) = tokio::join!(line.send(1), line.send(13));
        let cut = Err(StoreError::Unavailable("cut".into()));
        assert_eq!((first, bad), (cut.clone(), cut), "they went together");
        assert_eq!(line.send(2).await, Ok(2));
    }

    #[tokio::test]
    async fn too_few_answers_are_nobodys() {
        let line = Line::open(|mut batch: Vec<u32>| async move {
            batch.pop();
            Ok(batch)
        });
        let answers = tokio::join!(line.send(1), line.send(2));
        let missing = Err(StoreError::Corrupt("answers are missing".into()));
        assert_eq!(answers, (missing.clone(), missing));
    }

    #[tokio::test]
    async fn requests_of_senders_that_left_are_not_carried() {
        let (open, gate) = tokio::sync::watch::channel(false);
        let line = Line::open(move |batch: Vec<u32>| {
            let mut gate = gate.clone();
            async move {
                let opened = gate.wait_for(|open| *open).await;
                opened.map_err(|_| StoreError::Unavailable("closed".into()))?;
                Ok(vec![batch.clone(); batch.len()])
            }
        });
        let mut sent: Vec<_> = (0..4).map(|n| Box::pin(line.send(n))).collect();
        for request in &mut sent {
            assert!(
                futures_util::future::poll_immediate(request)
                    .await
                    .is_none()
            );
            // The first one is on its way before the others join the line.
            tokio::task::yield_now().await;
        }
        drop(sent.remove(2));
        open.send(true).unwrap();
        let answers = futures_util::future::join_all(sent).await;
        let batches: Vec<Vec<u32>> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(batches, [vec![0], vec![1, 3], vec![1, 3]]);
    }

    #[tokio::test]
    async fn a_line_that_nobody_can_join_ends() {
        let used = Arc::new(());
        let carried = Arc::clone(&used);
        let line = Line::open(move |batch: Vec<u32>| {
            let _carried = &carried;
            async move { Ok(batch) }
        });
        assert_eq!(line.send(1).await, Ok(1));
        drop(line);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(Arc::strong_count(&used), 1);
    }

    #[tokio::test]
    async fn a_full_line_refuses_at_once() {
        let line = Line::open(|_: Vec<u32>| std::future::pending::<Result<Vec<u32>, StoreError>>());
        let mut waiting: Vec<_> = (0..WAITING_MAX + BATCH_MAX)
            .map(|_| Box::pin(line.send(1)))
            .collect();
        for request in &mut waiting {
            let first_look = futures_util::future::poll_immediate(request).await;
            assert!(first_look.is_none() || matches!(first_look, Some(Err(_))));
            tokio::task::yield_now().await;
        }
        let refused = line.send(2).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)));
    }
}

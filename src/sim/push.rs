//! Callbacks on their way: signed and sealed, posted, tried again as WeCom does.

use crate::callback::seal;
use crate::model::time::Timestamp;
use crate::sim::Sim;
use crate::sim::console::Retries;
use crate::sim::event_xml::EventXml;
use crate::sim::faults::PushFault;
use crate::sim::grants::random_bytes;
use crate::sim::receiver::{Receiver, ReceiverKind, nonce, read, with_query};

/// How often a callback is posted at most (path/90930).
const TRIES: usize = 3;

/// One callback and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// When it was due.
    pub at: Timestamp,
    /// Such as `change_external_contact/add_external_contact`.
    pub event: String,
    /// Which kind of receiver it is for.
    pub to: ReceiverKind,
    /// One entry for each try; none when it was lost or is held back.
    pub attempts: Vec<Attempt>,
    /// What a scripted fault did to it.
    pub fault: Option<PushFault>,
}

impl PushReport {
    /// Whether the receiver took it.
    pub fn accepted(&self) -> bool {
        self.attempts
            .iter()
            .any(|attempt| matches!(attempt, Attempt::Answered { status: 200, .. }))
    }
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// There was an answer.
    Answered {
        /// Its status.
        status: u16,
        /// Its body; a passive reply is sealed.
        reply: Vec<u8>,
    },
    /// There was none in time.
    TimedOut,
    /// No connection, or it broke.
    Broken,
}

/// In which order held callbacks are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    AsHappened,
    /// The last one first.
    Reversed,
}

/// Callbacks that are not on their way yet.
#[derive(Debug, Default)]
pub(crate) struct Held {
    holding: bool,
    held: Vec<Parcel>,
    /// Comes after the next one.
    postponed: Option<Parcel>,
}

#[derive(Debug, Clone)]
struct Parcel {
    receiver: Receiver,
    event: String,
    xml: String,
    at: Timestamp,
}

impl Sim {
    /// Holds callbacks back from now on, to send them later in another order.
    pub fn hold_pushes(&self) {
        self.held().holding = true;
    }

    /// Sends what was held back, and holds no more.
    pub async fn release_pushes(&self, order: Order) -> Vec<PushReport> {
        let mut parcels = {
            let mut held = self.held();
            held.holding = false;
            std::mem::take(&mut held.held)
        };
        if order == Order::Reversed {
            parcels.reverse();
        }
        let mut reports = Vec::new();
        for parcel in parcels {
            reports.push(self.deliver(parcel, None).await);
        }
        reports
    }

    /// Sends a callback to every receiver of its kind.
    pub(crate) async fn push(&self, to: ReceiverKind, event: &EventXml) -> Vec<PushReport> {
        let receivers = self.corp().receivers.clone();
        let mut reports = Vec::new();
        for receiver in receivers.into_iter().filter(|receiver| receiver.kind == to) {
            let parcel = Parcel {
                receiver,
                event: event.name.clone(),
                xml: event.finish(),
                at: self.now(),
            };
            reports.push(self.dispatch(parcel).await);
        }
        reports
    }

    async fn dispatch(&self, parcel: Parcel) -> PushReport {
        {
            let mut held = self.held();
            if held.holding {
                let report = parcel.report(None);
                held.held.push(parcel);
                return report;
            }
        }
        let fault = self.faults().take_push();
        match fault {
            Some(PushFault::Suppress) => {
                let report = parcel.report(fault);
                self.corp().ledger.pushed(report.clone());
                return report;
            }
            Some(PushFault::OutOfOrder) => {
                let report = parcel.report(fault);
                let earlier = self.held().postponed.replace(parcel);
                if let Some(earlier) = earlier {
                    self.deliver(earlier, None).await;
                }
                return report;
            }
            Some(PushFault::Duplicate) => {
                // The answer to the first is lost on its way, or there would be no second.
                self.send(parcel.clone(), fault).await;
            }
            None => {}
        }
        let report = self.deliver(parcel, fault).await;
        let postponed = self.held().postponed.take();
        if let Some(postponed) = postponed {
            self.deliver(postponed, Some(PushFault::OutOfOrder)).await;
        }
        report
    }

    /// Sends a callback and shows the reply in its answer.
    async fn deliver(&self, parcel: Parcel, fault: Option<PushFault>) -> PushReport {
        let (receiver, xml) = (parcel.receiver.clone(), parcel.xml.clone());
        let report = self.send(parcel, fault).await;
        if let Some(Attempt::Answered { status: 200, reply }) = report.attempts.last() {
            self.show_reply(&receiver, &xml, reply);
        }
        report
    }

    async fn send(&self, parcel: Parcel, fault: Option<PushFault>) -> PushReport {
        let mut report = parcel.report(fault);
        let retries = self.corp().console.retries;
        for number in 0..TRIES {
            if number > 0 {
                tokio::time::sleep(self.settings().retry_wait).await;
            }
            let attempt = self.post(&parcel).await;
            let again = match (&attempt, retries) {
                (Attempt::Answered { status, .. }, Retries::AnyStatus) => *status != 200,
                (Attempt::Answered { .. }, Retries::ConnectionOnly) => false,
                (Attempt::TimedOut | Attempt::Broken, _) => true,
            };
            report.attempts.push(attempt);
            if !again {
                break;
            }
        }
        self.corp().ledger.pushed(report.clone());
        report
    }

    /// Every try is sealed anew; the plaintext stays the same.
    async fn post(&self, parcel: &Parcel) -> Attempt {
        let receiver = &parcel.receiver;
        let sealed = seal(
            &receiver.keys,
            &receiver.receive_id,
            parcel.xml.as_bytes(),
            self.now(),
            &nonce(),
            random_bytes(),
        );
        let request = self
            .http()
            .post(with_query(&receiver.url, &sealed.query))
            .header("content-type", "text/xml")
            .timeout(self.settings().push_timeout)
            .body(sealed.body);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(problem) if problem.is_timeout() => return Attempt::TimedOut,
            Err(_) => return Attempt::Broken,
        };
        let status = answer.status().as_u16();
        match read(answer).await {
            Ok(reply) => Attempt::Answered { status, reply },
            Err(problem) if problem.is_timeout() => Attempt::TimedOut,
            Err(_) => Attempt::Broken,
        }
    }
}

impl Parcel {
    fn report(&self, fault: Option<PushFault>) -> PushReport {
        PushReport {
            at: self.at,
            event: self.event.clone(),
            to: self.receiver.kind,
            attempts: Vec::new(),
            fault,
        }
    }
}

//! Scripted trouble, for calls of the API and for callbacks.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::model::ids::UserId;

/// What goes wrong with a call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Every token becomes invalid before its time: 40014 for this call and until a new one is fetched.
    ExpireToken,
    /// This code is answered and nothing is done.
    ErrCode(i64),
    /// The answer takes this long.
    Slow(Duration),
    /// The connection is closed without an answer and nothing is done.
    Cut,
    /// Everything is done, then the connection is closed without an answer.
    CutAfter,
    /// A page of some gateway is answered instead of JSON; nothing is done.
    Html,
    /// `user/update` answers "ok" and keeps none of the attributes.
    IgnoreAttribute,
    /// A member edits the external profile right before the call is carried out.
    EditBefore(ProfileEdit),
    /// A member edits it right after.
    EditAfter(ProfileEdit),
}

/// What a member does to the external profile in WeCom's own pages: it becomes these attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileEdit {
    /// Who.
    pub userid: UserId,
    /// The attributes from then on.
    pub external_attr: Vec<Value>,
}

/// What goes wrong with a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushFault {
    /// It comes twice, although the first was taken.
    Duplicate,
    /// It comes after the one that follows.
    OutOfOrder,
    /// It is lost.
    Suppress,
}

/// The script.
#[derive(Debug, Default)]
pub struct Faults {
    once: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    pushes: VecDeque<PushFault>,
}

impl Faults {
    /// The next call of `api` (the path without `/cgi-bin/`) goes wrong, after those that were scripted before.
    pub fn next(&mut self, api: &str, fault: Fault) {
        self.times(1, api, &fault);
    }

    /// The next `n` calls of `api` go wrong.
    pub fn times(&mut self, n: usize, api: &str, fault: &Fault) {
        let script = self.once.entry(api.into()).or_default();
        script.extend(std::iter::repeat_n(fault.clone(), n));
    }

    /// Every call of `api` goes wrong once its script is used up, until [`clear`](Self::clear).
    pub fn always(&mut self, api: &str, fault: Fault) {
        self.always.insert(api.into(), fault);
    }

    /// The next callback goes wrong, after those that were scripted before.
    pub fn next_push(&mut self, fault: PushFault) {
        self.pushes.push_back(fault);
    }

    /// Everything goes well again.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What was scripted to happen a number of times and did not, for tests that must use up their script.
    pub fn left(&self) -> Vec<String> {
        let calls = self.once.iter().flat_map(|(api, script)| {
            let line = move |fault| format!("{api}: {fault:?}");
            script.iter().map(line)
        });
        let pushes = self.pushes.iter().map(|fault| format!("push: {fault:?}"));
        calls.chain(pushes).collect()
    }

    /// What happens to this call.
    pub(crate) fn take(&mut self, api: &str) -> Option<Fault> {
        let scripted = self.once.get_mut(api).and_then(VecDeque::pop_front);
        scripted.or_else(|| self.always.get(api).cloned())
    }

    /// What happens to this callback.
    pub(crate) fn take_push(&mut self) -> Option<PushFault> {
        self.pushes.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_comes_before_the_rule() {
        let mut faults = Faults::default();
        faults.always("user/get", Fault::Html);
        faults.times(2, "user/get", &Fault::Cut);
        faults.next_push(PushFault::Suppress);
        assert_eq!(faults.left().len(), 3);
        let taken: Vec<_> = (0..4).map(|_| faults.take("user/get").unwrap()).collect();
        assert_eq!(taken, [Fault::Cut, Fault::Cut, Fault::Html, Fault::Html]);
        assert_eq!(faults.take("user/list"), None);
        assert_eq!(faults.take_push(), Some(PushFault::Suppress));
        assert!(faults.left().is_empty());
    }
}

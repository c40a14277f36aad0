//! The scripts that run in Redis, and their calls.

use std::fmt;

use redis::{Arg, Cmd};

use crate::model::ids::CorpId;
use crate::store::redis::keys;

/// A script in Lua.
pub(in crate::store::redis) struct Script {
    source: String,
    hash: String,
}

impl Script {
    /// Takes the source.
    pub(in crate::store::redis) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            hash: redis::Script::new(source).get_hash().to_owned(),
        }
    }

    /// Takes the source of a script that names keys of a corp and works on no queue.
    pub(in crate::store::redis) fn of_corp(body: &str) -> Self {
        Self::new(&[include_str!("keys.lua"), body].join("\n"))
    }

    /// Begins a call: its keys are written, its arguments are to follow.
    pub(in crate::store::redis) fn call(&self, keys: &[&str]) -> Cmd {
        self.sized_call(keys, 0, 0)
    }

    /// The same with room for so many arguments and their bytes, so that a long call does not move while it grows.
    pub(in crate::store::redis) fn sized_call(
        &self,
        keys: &[&str],
        args: usize,
        bytes: usize,
    ) -> Cmd {
        let mut call = Cmd::with_capacity(args + 16, bytes + 512);
        call.arg("EVALSHA");
        call.arg(&self.hash).arg(keys.len()).arg(keys);
        call
    }

    /// Begins a call of a script that adds names to the prefix of a corp's keys.
    ///
    /// Redis sees none of the keys that it makes so. While their slot moves to another node of a Cluster, some of them
    /// are here and some there, and a script would find half of the state. Two keys that never exist keep it from being
    /// run at all: the old node sends such a call to the new one, and that says `TRYAGAIN` until the slot is its own.
    pub(in crate::store::redis) fn corp_call(&self, corp: &CorpId) -> Cmd {
        self.call(&[&keys::prefix(corp), &keys::nothing(corp)])
    }

    /// The same call, with the source instead of its hash: for a server that restarted, took over or got the slot, and
    /// does not know the script. It does afterwards.
    pub(in crate::store::redis) fn with_source(&self, call: &Cmd) -> Cmd {
        let mut taught = redis::cmd("EVAL");
        taught.arg(&self.source);
        for part in call.args_iter().skip(2) {
            if let Arg::Simple(bytes) = part {
                taught.arg(bytes);
            }
        }
        taught
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script({})", self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_with_source_has_the_same_keys_and_arguments() {
        let script = Script::new("return ARGV[1]");
        let mut call = script.call(&["a", "b"]);
        call.arg("one").arg(2);
        let taught = script.with_source(&call).get_packed_command();
        let mut expected = redis::cmd("EVAL");
        expected.arg("return ARGV[1]").arg(2).arg("a").arg("b");
        expected.arg("one").arg(2);
        assert_eq!(taught, expected.get_packed_command());
    }
}

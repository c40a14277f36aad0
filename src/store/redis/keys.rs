//! What lies where in Redis.
//!
//! Every key of a corp begins with `wb:{<corp id>}:`. The braces are Redis's hash tag: on a Cluster all keys of a corp
//! lie in one slot, so that one script can change them together. A *place* is an item's name within its corp: the id
//! of its stream entry, such as `1700000000000-0`; for an outgoing call the place of its cause and a number, such as
//! `1700000000000-0.1`, or two numbers for a message to one of the company's systems. `in:` is the inbox, `out:` the
//! outbox; where both have a key, one row stands for two keys.
//!
//! | key | type | what it holds |
//! |---|---|---|
//! | `seen:<hour>` | set | hashes of the contents whose own `CreateTime` lies in that hour since 1970; expires |
//! | `in:log` | stream | every delivery, encoded, in the field `d` |
//! | `in:cursor` | string | the place up to which the log has been looked at for the normal lane |
//! | `out:items` | hash | place → call, encoded |
//! | `out:index` | sorted set | every call; score: order |
//! | `in:ready:u` `out:ready:u` | list | urgent items to take next; accepted urgent deliveries come here at once |
//! | `in:ready:n` `out:ready:n` | list | normal items to take next; for deliveries, before those after the cursor |
//! | `in:aside` `out:aside` | sorted set | items that were looked at (or owed) and are neither in work nor done; score: order |
//! | `in:busy` `out:busy` | hash | subject → place of its item that is in work |
//! | `in:parked:<subject>` `out:parked:<subject>` | sorted set | items that wait for their subject; score: order, less 2^52 when urgent |
//! | `in:leases` `out:leases` | sorted set | items in work; score: when the lease ends, in milliseconds |
//! | `in:delayed` `out:delayed` | sorted set | items that wait for another attempt; score: when it is due, in milliseconds |
//! | `in:work` `out:work` | hash | place → a line `token attempts lane subject`, then a line of JSON for each failed attempt |
//! | `in:dead` `out:dead` | sorted set | dead items; score: since when, in milliseconds |
//! | `in:done` `out:done` | sorted set | done items; score: since when, in milliseconds |
//! | `in:discarded` `out:discarded` | sorted set | those of the done items that were dead and discarded; score: order |
//! | `in:came` | hash | hour since 1970 → how many deliveries of the log, up to the cursor, came in it; two days |
//! | `marks` | hash | kind and subject of a refresh → place of the one that waits |
//! | `numbers` | string | the last number given to a claim; none is given twice |
//! | `t:<table>` | hash | key of a record → number of the claim whose commit wrote it, a blank, its JSON |
//! | `k:<table>` | sorted set | keys of the records, all with score 0, to list them in order |
//! | `limit:<bucket>` | string | when the bucket is full again, and from when till when it is paused, in microseconds; expires |
//! | `note:<name>` | string | until when it counts, in milliseconds, a blank, its text; expires; `note:ended <name>` is a session that was ended |
//!
//! *Order* is the place as one number: milliseconds × 1024 + the number within the millisecond (at most 1023).
//! An item without a line in `work` was never claimed or, when it is done, was done at the first attempt. `token` is
//! the number of the claim, or `-` when the item is not in work. Of the queues nothing but `seen:<hour>` expires: `trim` removes what was done long ago.
//!
//! A key `nothing` never exists. It is named in calls, so that a Cluster does not run them while it moves the slot.

use crate::model::ids::CorpId;

/// What every key of the corp begins with. Scripts get it as their only key and add the names above.
pub(in crate::store::redis) fn prefix(corp: &CorpId) -> String {
    format!("wb:{{{corp}}}:")
}

/// A key that never exists.
pub(in crate::store::redis) fn nothing(corp: &CorpId) -> String {
    format!("wb:{{{corp}}}:nothing")
}

/// The stream of deliveries.
pub(in crate::store::redis) fn log(corp: &CorpId) -> String {
    format!("wb:{{{corp}}}:in:log")
}

/// The urgent deliveries that nobody has taken yet.
pub(in crate::store::redis) fn ready_urgent(corp: &CorpId) -> String {
    format!("wb:{{{corp}}}:in:ready:u")
}

/// The contents seen that were created in this hour since 1970.
pub(in crate::store::redis) fn seen(corp: &CorpId, hour: u32) -> String {
    ["wb:{", corp.as_str(), "}:seen:", &hour.to_string()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_begin_with_the_prefix() {
        let corp = CorpId::parse("ww1").unwrap();
        assert_eq!(prefix(&corp), "wb:{ww1}:");
        for key in [
            nothing(&corp),
            log(&corp),
            ready_urgent(&corp),
            seen(&corp, 472_222),
        ] {
            assert!(key.starts_with(&prefix(&corp)), "{key}");
        }
    }
}

//! What the file holds.
//!
//! ```text
//! corps      corp id                          → number; the other tables name corps by it
//! counters   corp, name                       → last version given ("version"); of no corp: last number given ("place")
//! items      queue, number, corp, path        → the encoded delivery or call
//! waiting    queue, number, corp, path        → lane; when claims of it were counted, a blank and how many
//! retrying   corp, queue, number, path        → due ms, claims so far, lane, failures as JSON
//! dead       corp, queue, number, path        → when it died, ms; claims; failures as JSON
//! done       corp, queue, number, path        → when it was settled, ms; claims
//! discarded  corp, queue, number, path        → when it was discarded, ms; claims; failures as JSON
//! done_at    corp, queue, settled ms, number, path  → ()
//! marks      corp, mark                       → number of the newest open refresh with this mark
//! fresh      number in the order of arrival   → corp, window, hash: of what came, not yet in `seen`
//! seen       corp, window, hash               → ()
//! windows    corp, window                     → when something of this window last came, ms
//! records    corp, table, key                 → version, JSON
//! ended      corp, name of an ended session   → when it would have ended by itself, ms
//! ```
//!
//! An item is in `items` and in exactly one of `waiting`, `retrying`, `dead`, `done` and `discarded`: that table is its
//! state. A claim changes nothing here, unless the item was open when the file was opened. `done_at` repeats `done` and
//! `discarded` in the order of time, for trimming.
//!
//! What arrives goes to `items`, `waiting` and `fresh`. They have the items of all corps in the order of arrival, so that
//! those of a transaction share the last pages of each table, whichever corps they are for.

use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, Value,
    WriteTransaction,
};

use crate::store::embedded::place::{ArrivalKey, ItemKey};

/// The key of `items` and `waiting`.
type Arrival = ArrivalKey<'static>;
/// The key of `retrying`, `dead`, `done` and `discarded`.
type Item = ItemKey<'static>;
type Text = &'static str;

macro_rules! tables {
    (
        read { $($name:ident: $key:ty => $value:ty;)+ }
        inner { $($inner:ident: $inner_key:ty => $inner_value:ty;)+ }
    ) => {
        /// Every table, open for writing.
        pub(in crate::store::embedded) struct Tables<'tx> {
            $(pub(in crate::store::embedded) $name: Table<'tx, $key, $value>,)+
            $(pub(in crate::store::embedded) $inner: Table<'tx, $inner_key, $inner_value>,)+
        }

        impl<'tx> Tables<'tx> {
            /// Opens every table, and makes those that do not exist.
            pub(in crate::store::embedded) fn open(
                transaction: &'tx WriteTransaction,
            ) -> Result<Self, redb::Error> {
                Ok(Self {
                    $($name: transaction.open_table(TableDefinition::new(stringify!($name)))?,)+
                    $($inner: transaction.open_table(TableDefinition::new(stringify!($inner)))?,)+
                })
            }
        }

        /// Copies every table into an empty file.
        pub(in crate::store::embedded) fn copy(
            from: &ReadTransaction,
            to: &WriteTransaction,
        ) -> Result<(), redb::Error> {
            $(copy_table(from, to, TableDefinition::<$key, $value>::new(stringify!($name)))?;)+
            $(copy_table(from, to, TableDefinition::<$inner_key, $inner_value>::new(stringify!($inner)))?;)+
            Ok(())
        }

        /// The tables as they were when the transaction began.
        pub(in crate::store::embedded) struct View {
            $(pub(in crate::store::embedded) $name: ReadOnlyTable<$key, $value>,)+
        }

        impl View {
            /// Opens the tables for reading.
            pub(in crate::store::embedded) fn open(
                transaction: &ReadTransaction,
            ) -> Result<Self, redb::Error> {
                Ok(Self {
                    $($name: transaction.open_table(TableDefinition::new(stringify!($name)))?,)+
                })
            }
        }
    };
}

fn copy_table<K: Key + 'static, V: Value + 'static>(
    from: &ReadTransaction,
    to: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), redb::Error> {
    let mut copy = to.open_table(table)?;
    for row in from.open_table(table)?.iter()? {
        let (key, value) = row?;
        copy.insert(key.value(), value.value())?;
    }
    Ok(())
}

tables! {
    read {
        counters: (u16, Text) => u64;
        items: Arrival => Text;
        waiting: Arrival => Text;
        retrying: Item => (i64, u32, Text, Text);
        dead: Item => (i64, u32, Text);
        done: Item => (i64, u32);
        discarded: Item => (i64, u32, Text);
        done_at: (u16, u8, i64, u64, &'static [u8]) => ();
        seen: (u16, u32, &'static [u8; 16]) => ();
        fresh: u64 => (u16, u32, &'static [u8; 16]);
        windows: (u16, u32) => i64;
        records: (u16, Text, Text) => (u64, Text);
        ended: (u16, Text) => i64;
    }
    inner {
        corps: Text => u16;
        marks: (u16, Text) => u64;
    }
}

//! What one store holds as lines of JSON, and back into another: out of the embedded one into Redis, or the other way.
//!
//! ```text
//! {"version":1}
//! {"corp":"ww…"}
//! {"piece":{"record":{…}}}      of the corp before
//! {"end":1234}                  how many pieces: a file without it was cut off
//! ```

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use crate::model::ids::CorpId;
use crate::model::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::transfer::Piece;

/// The form of the lines.
const VERSION: u32 = 1;

/// No line of ours is longer: a delivery has at most 1 MiB, and escaping makes a byte six.
const LINE_MAX: u64 = 16 * 1024 * 1024;

/// How many pieces, and how many bytes of them, are taken in at once.
const STEP: usize = 100;
const STEP_BYTES: usize = 1024 * 1024;

/// Why an export or an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store does not answer, or cannot take this.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// Something is kept here already.
    #[error(
        "the store is not empty: it has something of {0}; empty it (move its file away, or name another Redis database) \
         and import again"
    )]
    NotEmpty(CorpId),
    /// The file has a corp that is not served.
    #[error(
        "{0} is not in the configuration: add its [[corp]], empty the store if anything was imported, and import again"
    )]
    UnknownCorp(CorpId),
    /// This is no export, or not all of one.
    #[error("line {0} is not as an export of this version has it")]
    Line(u64),
    /// What is here is not all of a store.
    #[error(transparent)]
    Half(#[from] Half),
    /// The file was cut off; what it has is imported.
    #[error("the file has no end: it was cut off; empty the store and import a whole one")]
    CutOff,
}

/// A store whose import ended in the middle.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store has a part of {0} only: an import goes on, or ended in the middle; then empty it (move its file away, or \
     name another Redis database) and import again"
)]
pub struct Half(CorpId);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Version(u32),
    Corp(CorpId),
    Piece(Piece),
    End(u64),
}

/// Tells if one of these corps was not imported to its end.
///
/// # Errors
/// [`StoreError`].
pub async fn half(store: &Store, corps: &[CorpId]) -> Result<Option<Half>, StoreError> {
    for corp in corps {
        if store.is_half_imported(corp).await? {
            return Ok(Some(Half(corp.clone())));
        }
    }
    Ok(None)
}

/// Writes everything that is to be taken along; tells how many pieces.
///
/// # Errors
/// [`TransferError`].
pub async fn export(
    store: &Store,
    corps: &[CorpId],
    to: &mut impl Write,
) -> Result<u64, TransferError> {
    if let Some(half) = half(store, corps).await? {
        return Err(half.into());
    }
    let mut count = 0;
    write(to, &Line::Version(VERSION))?;
    for corp in corps {
        write(to, &Line::Corp(corp.clone()))?;
        let take = |piece| {
            count += 1;
            write(to, &Line::Piece(piece))
        };
        store.export(corp, take).await?;
    }
    write(to, &Line::End(count))?;
    to.flush()?;
    Ok(count)
}

/// Reads what an export wrote into a store that is empty; tells how many pieces.
///
/// # Errors
/// [`TransferError`]; what was read by then is in the store, which is known to be [half] of one.
pub async fn import(
    store: &Store,
    corps: &[CorpId],
    mut from: impl BufRead,
    now: Timestamp,
) -> Result<u64, TransferError> {
    let (mut count, mut number) = (0, 0);
    let mut begun: Vec<CorpId> = Vec::new();
    let (mut waiting, mut bytes) = (Vec::new(), 0);
    while let Some((line, length)) = read(&mut from, number + 1)? {
        number += 1;
        let is_piece = matches!(line, Line::Piece(_));
        if !is_piece || waiting.len() == STEP || bytes >= STEP_BYTES {
            take(store, begun.last(), &mut waiting, now).await?;
            bytes = 0;
        }
        match line {
            Line::Version(VERSION) if number == 1 => {}
            Line::Corp(next) if number > 1 => {
                if !corps.contains(&next) {
                    return Err(TransferError::UnknownCorp(next));
                }
                if !store.is_empty(&next).await? {
                    return Err(TransferError::NotEmpty(next));
                }
                store.import_begins(&next, now).await?;
                begun.push(next);
            }
            Line::Piece(piece) if !begun.is_empty() => {
                count += 1;
                bytes += length;
                waiting.push(piece);
            }
            Line::End(all) if all == count => {
                for corp in &begun {
                    store.import_is_whole(corp, now).await?;
                }
                return Ok(count);
            }
            Line::Version(_) | Line::Corp(_) | Line::Piece(_) | Line::End(_) => {
                return Err(TransferError::Line(number));
            }
        }
    }
    Err(TransferError::CutOff)
}

async fn take(
    store: &Store,
    corp: Option<&CorpId>,
    waiting: &mut Vec<Piece>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let pieces = std::mem::take(waiting);
    match corp {
        Some(corp) if !pieces.is_empty() => store.import(corp, pieces, now).await,
        Some(_) | None => Ok(()),
    }
}

fn write(to: &mut impl Write, line: &Line) -> Result<(), TransferError> {
    serde_json::to_writer(&mut *to, line).map_err(io::Error::from)?;
    Ok(to.write_all(b"\n")?)
}

/// The next line and how long it is.
fn read(from: &mut impl BufRead, number: u64) -> Result<Option<(Line, usize)>, TransferError> {
    let mut text = Vec::new();
    from.take(LINE_MAX).read_until(b'\n', &mut text)?;
    if text.is_empty() {
        return Ok(None);
    }
    // What is wrong with it may repeat what is in it.
    let line = serde_json::from_slice(&text).map_err(|_| TransferError::Line(number))?;
    Ok(Some((line, text.len())))
}

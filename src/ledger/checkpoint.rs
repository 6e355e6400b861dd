//! The totals at the close of a day in one file, so that a rebuild begins there and not at row one.
//!
//! It is the database key by key, with a checksum, taken between two commits: which rows are in it is
//! said by its own watermark. `magic | (tree u8, key length u16, value length u32, key, value)… |
//! 255 | entries u64 | crc32c u32`, little-endian; the checksum is over all before it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use tracing::error;

use super::close::{make_folder, sync_folder};
use super::shelf::names;
use super::store::{In, KEYS_MAX, Store};
use super::{Ledger, LedgerError, meta};

/// The first bytes, with the version.
const MAGIC: &[u8; 24] = b"tollgate checkpoint 001\n";
/// The end of a checkpoint's name.
const SUFFIX: &str = ".totals";
/// Stands where an entry's tree would, behind the last one.
const END: u8 = u8::MAX;
/// Checkpoints that are kept: the last one, and one in case it is damaged.
const KEPT: usize = 2;
/// The largest value is what was learned of 1,024 models, some 1.3 MB where their names are long; a
/// damaged length does not make us allocate.
const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// All trees, with their numbers in the file.
const TREES: [(u8, In); 4] = [
    (0, In::Meta),
    (1, In::Totals),
    (2, In::Names),
    (3, In::Demand),
];

/// What a new database was filled from.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// The checkpoint, if there was a good one.
    pub(super) from: Option<PathBuf>,
    /// The ones that were not, in words.
    pub(super) problems: Vec<String>,
}

/// Where the checkpoint of a day is.
pub(super) fn path(dir: &Path, day: Date) -> PathBuf {
    dir.join(format!("{day}{SUFFIX}"))
}

impl Ledger {
    /// Writes the checkpoint of a day and deletes those that are no longer needed. Totals wait until
    /// the database is read: a moment, in which the journal keeps what comes.
    pub(super) fn checkpoint(&self, day: Date) -> Result<(), LedgerError> {
        let dir = &self.settings.checkpoints_dir;
        make_folder(dir)?;
        // Days are closed by one thread, and calls priced again by another.
        let _turn = self.checkpointing.lock();
        let path = path(dir, day);
        self.checkpoint_at(&path)?;
        sync_folder(dir)?;
        for old in all(dir)?.iter().rev().skip(KEPT) {
            std::fs::remove_file(old).map_err(LedgerError::io("delete", old))?;
        }
        Ok(())
    }

    /// Writes a checkpoint as a whole or not at all.
    pub(super) fn checkpoint_at(&self, path: &Path) -> Result<(), LedgerError> {
        let new = path.with_extension("totals.new");
        let written = self.write_checkpoint(&new);
        if written.is_err() {
            // Where the disk is full, half a checkpoint takes what the journal needs.
            let _ = std::fs::remove_file(&new);
        }
        written?;
        std::fs::rename(&new, path).map_err(LedgerError::io("rename", &new))
    }

    fn write_checkpoint(&self, path: &Path) -> Result<(), LedgerError> {
        let file = {
            let writer = self.writer();
            let store = writer.store()?;
            dump(&store, path)?
        };
        file.sync_all().map_err(LedgerError::io("sync", path))?;
        let read = entries(path).map_err(LedgerError::io("read back", path));
        read.map(drop)
    }
}

/// Reads all of a checkpoint; says how many entries it has.
pub(super) fn entries(path: &Path) -> io::Result<u64> {
    let mut entries = 0_u64;
    each_entry(path, |_, _, _| {
        entries = entries.saturating_add(1);
        Ok(())
    })?;
    Ok(entries)
}

/// How far the newest good checkpoint has counted; 0 if there is none.
pub(super) fn watermark(dir: &Path) -> Result<u64, LedgerError> {
    number(dir, meta::WATERMARK)
}

/// The last pass that is in the totals of the newest good checkpoint; 0 if none is.
pub(super) fn passes(dir: &Path) -> Result<u64, LedgerError> {
    number(dir, meta::PASSES)
}

/// A number of the state in the newest good checkpoint; 0 if it has none.
fn number(dir: &Path, name: &str) -> Result<u64, LedgerError> {
    for path in all(dir)?.into_iter().rev() {
        let mut found = None;
        let read = each_entry(&path, |tree, key, value| {
            if tree == In::Meta && key == name.as_bytes() {
                found = Some(value);
            }
            Ok(())
        });
        if read.is_ok() {
            return found.map_or(Ok(0), |value| meta::read_number(&value));
        }
    }
    Ok(0)
}

/// Fills a new database from the newest checkpoint that is good. Twice is as good as once.
pub(super) fn restore(store: &Store, dir: &Path) -> Result<Restored, LedgerError> {
    let mut restored = Restored::default();
    for path in all(dir)?.into_iter().rev() {
        if let Err(problem) = each_entry(&path, |_, _, _| Ok(())) {
            let problem = format!("{}: {problem}", path.display());
            error!(
                problem,
                "a checkpoint of the totals is damaged; an earlier one is used"
            );
            restored.problems.push(problem);
            continue;
        }
        fill(store, &path)?;
        restored.from = Some(path);
        break;
    }
    Ok(restored)
}

/// The checkpoints of a folder, the oldest first.
pub(super) fn all(dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let mut days: Vec<Date> = names(dir)?
        .iter()
        .filter_map(|name| name.strip_suffix(SUFFIX)?.parse().ok())
        .collect();
    days.sort_unstable();
    Ok(days.into_iter().map(|day| path(dir, day)).collect())
}

fn dump(store: &Store, path: &Path) -> Result<File, LedgerError> {
    let writing = || LedgerError::io("write", path);
    let file = File::create(path).map_err(writing())?;
    let mut out = Summed::new(BufWriter::new(file));
    out.write_all(MAGIC).map_err(writing())?;
    let mut entries = 0_u64;
    for (number, tree) in TREES {
        for entry in store.scan(tree, Vec::new()..vec![u8::MAX]) {
            let (key, value) = entry?;
            if !is_kept(tree, &key) {
                continue;
            }
            put(&mut out, number, &key, &value).map_err(writing())?;
            entries = entries.saturating_add(1);
        }
    }
    out.write_all(&[END]).map_err(writing())?;
    out.write_all(&entries.to_le_bytes()).map_err(writing())?;
    let Summed {
        inner: mut out,
        crc,
    } = out;
    out.write_all(&crc.to_le_bytes()).map_err(writing())?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    file.map_err(writing())
}

/// Not the name of the database, which is another one after a rebuild.
fn is_kept(tree: In, key: &[u8]) -> bool {
    match tree {
        In::Meta => key != meta::DB_ID.as_bytes() && key != meta::SCHEMA.as_bytes(),
        In::Totals | In::Names | In::Demand => true,
    }
}

fn put(out: &mut Summed<impl Write>, tree: u8, key: &[u8], value: &[u8]) -> io::Result<()> {
    let key_bytes = u16::try_from(key.len()).map_err(io::Error::other)?;
    let value_bytes = u32::try_from(value.len()).map_err(io::Error::other)?;
    out.write_all(&[tree])?;
    out.write_all(&key_bytes.to_le_bytes())?;
    out.write_all(&value_bytes.to_le_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

fn fill(store: &Store, path: &Path) -> Result<(), LedgerError> {
    let mut writes = Vec::with_capacity(KEYS_MAX);
    let mut failed = None;
    let mut write = |writes: &mut Vec<_>| {
        let written = store.commit(writes);
        writes.clear();
        written.map_err(|error| {
            failed = Some(error);
            io::Error::other("the database refused")
        })
    };
    let read = each_entry(path, |tree, key, value| {
        writes.push((tree, key, Some(value)));
        if writes.len() < KEYS_MAX {
            return Ok(());
        }
        write(&mut writes)
    });
    let read = read.and_then(|()| write(&mut writes));
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, read) => read.map_err(LedgerError::io("read", path)),
    }
}

/// Visits all entries; an error if the file is not whole, which shows at the end.
fn each_entry(
    path: &Path,
    mut visit: impl FnMut(In, Vec<u8>, Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut from = Summed::new(BufReader::new(File::open(path)?));
    if from.array::<24>()? != *MAGIC {
        return Err(io::Error::other("it is not a checkpoint of this version"));
    }
    let mut entries = 0_u64;
    loop {
        let [number] = from.array()?;
        if number == END {
            break;
        }
        let tree = TREES.into_iter().find(|(tree, _)| *tree == number);
        let (_, tree) = tree.ok_or_else(|| io::Error::other("it is damaged"))?;
        let key_bytes = usize::from(u16::from_le_bytes(from.array()?));
        let value_bytes = u32::from_le_bytes(from.array()?);
        let value_bytes = usize::try_from(value_bytes).unwrap_or(usize::MAX);
        if value_bytes > VALUE_BYTES_MAX {
            return Err(io::Error::other("it is damaged"));
        }
        let (mut key, mut value) = (vec![0; key_bytes], vec![0; value_bytes]);
        from.read_exact(&mut key)?;
        from.read_exact(&mut value)?;
        visit(tree, key, value)?;
        entries = entries.saturating_add(1);
    }
    let expected = u64::from_le_bytes(from.array()?);
    let crc = from.crc;
    if u32::from_le_bytes(from.array()?) == crc && entries == expected {
        Ok(())
    } else {
        Err(io::Error::other("its checksum is not that of its bytes"))
    }
}

/// Bytes with their CRC32C.
struct Summed<T> {
    inner: T,
    crc: u32,
}

impl<T> Summed<T> {
    const fn new(inner: T) -> Self {
        Self { inner, crc: 0 }
    }
}

impl<T: Write> Summed<T> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        self.inner.write_all(bytes)
    }
}

impl<T: Read> Summed<T> {
    fn read_exact(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(into)?;
        self.crc = crc32c::crc32c_append(self.crc, into);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

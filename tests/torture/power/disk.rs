//! A disk that promises what POSIX does: a write is safe once a sync of its file has begun after it
//! and ended; a name, once a sync of its folder has.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;

use super::record::{Event, What};

/// The disk at one moment of the recording.
pub(super) struct Disk {
    root: String,
    nodes: Vec<Node>,
    by_number: HashMap<u64, usize>,
    /// Where in the recording a sync began.
    begun: HashMap<u64, usize>,
}

enum Node {
    File(File),
    Folder(Folder),
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<(usize, Change)>,
}

#[derive(Clone)]
enum Change {
    Write { offset: usize, bytes: Range<usize> },
    SetLen(usize),
}

#[derive(Default)]
struct Folder {
    now: BTreeMap<String, usize>,
    synced: BTreeMap<String, usize>,
    pending: Vec<(usize, Naming)>,
}

#[derive(Clone)]
enum Naming {
    Put(String, usize),
    Move(String, String),
    Remove(String),
}

/// What of the unsynced survives.
pub(super) trait Survives {
    /// Whether the change of a name does; later ones in its folder do not survive earlier ones.
    fn name(&mut self, event: usize) -> bool;
    /// Which parts of a write of so many bytes at an offset do.
    fn write(&mut self, event: usize, offset: usize, bytes: usize) -> Vec<Range<usize>>;
    /// Whether a change of length does.
    fn len(&mut self, event: usize) -> bool;
}

impl Disk {
    /// An empty folder, by its path and its number.
    pub(super) fn new(root: &Path, number: u64) -> Self {
        Self {
            root: format!("{}/", root.display()),
            nodes: vec![Node::Folder(Folder::default())],
            by_number: HashMap::from([(number, 0)]),
            begun: HashMap::new(),
        }
    }

    /// The next event of the recording.
    pub(super) fn take(&mut self, at: usize, event: &Event, log: &[u8]) {
        match &event.what {
            What::Write {
                file,
                offset,
                bytes,
            } => {
                let (offset, bytes) = (*offset, bytes.clone());
                self.change(*file, at, Change::Write { offset, bytes });
            }
            What::SetLen { file, len } => self.change(*file, at, Change::SetLen(*len)),
            What::Create { file, path, folder } => {
                let node = if *folder {
                    Node::Folder(Folder::default())
                } else {
                    Node::File(File::default())
                };
                self.nodes.push(node);
                let node = self.nodes.len() - 1;
                self.by_number.insert(*file, node);
                let (place, name) = self.place(path);
                self.folder(place).rename(at, Naming::Put(name, node));
            }
            What::Rename { from, to } => {
                let ((place, from), (target, to)) = (self.place(from), self.place(to));
                assert_eq!(place, target, "a rename stays in its folder");
                self.folder(place).rename(at, Naming::Move(from, to));
            }
            What::Remove { path } => {
                let (place, name) = self.place(path);
                self.folder(place).rename(at, Naming::Remove(name));
            }
            What::SyncBegin { id } => {
                self.begun.insert(*id, at);
            }
            What::SyncEnd { id, file, dropped } => {
                let began = self.begun.remove(id).unwrap();
                if let (false, Some(node)) = (dropped, self.by_number.get(file)) {
                    self.nodes[*node].sync(began, log);
                }
            }
        }
    }

    /// Changes that no sync has covered yet, as their events.
    pub(super) fn pending(&self) -> Vec<usize> {
        let mut events = Vec::new();
        for node in &self.nodes {
            match node {
                Node::File(file) => events.extend(file.pending.iter().map(|(at, _)| *at)),
                Node::Folder(folder) => events.extend(folder.pending.iter().map(|(at, _)| *at)),
            }
        }
        events.sort_unstable();
        events
    }

    /// Writes the disk as a power cut would leave it.
    pub(super) fn write_to(&self, target: &Path, log: &[u8], survives: &mut impl Survives) {
        self.write_folder(0, target, log, survives);
    }

    fn write_folder(&self, node: usize, to: &Path, log: &[u8], survives: &mut impl Survives) {
        let Node::Folder(folder) = &self.nodes[node] else {
            panic!("a file holds no names")
        };
        let mut names = folder.synced.clone();
        for (_, naming) in folder
            .pending
            .iter()
            .take_while(|(at, _)| survives.name(*at))
        {
            naming.apply(&mut names);
        }
        for (name, node) in names {
            let path = to.join(name);
            match &self.nodes[node] {
                Node::File(file) => fs::write(path, file.left(log, survives)).unwrap(),
                Node::Folder(_) => {
                    fs::create_dir(&path).unwrap();
                    self.write_folder(node, &path, log, survives);
                }
            }
        }
    }

    fn change(&mut self, file: u64, at: usize, change: Change) {
        let node = self.by_number.get(&file).map(|node| &mut self.nodes[*node]);
        // What lies outside of the folder has no node.
        if let Some(Node::File(file)) = node {
            file.pending.push((at, change));
        }
    }

    /// The folder of a path, and its name there.
    fn place(&self, path: &str) -> (usize, String) {
        let path = path.strip_prefix(&self.root).unwrap();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut node = 0;
        for step in folders.split('/').filter(|step| !step.is_empty()) {
            let Node::Folder(folder) = &self.nodes[node] else {
                panic!("{path} goes through a file")
            };
            node = folder.now[step];
        }
        (node, name.to_owned())
    }

    fn folder(&mut self, node: usize) -> &mut Folder {
        match &mut self.nodes[node] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("a file holds no names"),
        }
    }
}

impl Node {
    /// All that was asked for before event `began` is safe.
    fn sync(&mut self, began: usize, log: &[u8]) {
        match self {
            Self::File(file) => {
                let safe = file.pending.partition_point(|(at, _)| *at < began);
                for (_, change) in file.pending.drain(..safe) {
                    change.apply(&mut file.synced, log, None);
                }
            }
            Self::Folder(folder) => {
                let safe = folder.pending.partition_point(|(at, _)| *at < began);
                for (_, naming) in folder.pending.drain(..safe) {
                    naming.apply(&mut folder.synced);
                }
            }
        }
    }
}

impl File {
    fn left(&self, log: &[u8], survives: &mut impl Survives) -> Vec<u8> {
        let mut left = self.synced.clone();
        for (at, change) in &self.pending {
            match change {
                Change::Write { offset, bytes } => {
                    let parts = survives.write(*at, *offset, bytes.len());
                    change.apply(&mut left, log, Some(&parts));
                }
                Change::SetLen(_) if survives.len(*at) => change.apply(&mut left, log, None),
                Change::SetLen(_) => {}
            }
        }
        left
    }
}

impl Folder {
    fn rename(&mut self, at: usize, naming: Naming) {
        naming.apply(&mut self.now);
        self.pending.push((at, naming));
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Put(name, node) => {
                names.insert(name.clone(), *node);
            }
            Self::Move(from, to) => {
                let node = names.remove(from).unwrap();
                names.insert(to.clone(), node);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

impl Change {
    /// Whole, or only these parts of it; what is left out of a longer file reads as zeros.
    fn apply(&self, file: &mut Vec<u8>, log: &[u8], parts: Option<&[Range<usize>]>) {
        match self {
            Self::SetLen(len) => file.resize(*len, 0),
            Self::Write { offset, bytes } => {
                let whole = std::iter::once(0..bytes.len()).collect::<Vec<_>>();
                for part in parts.unwrap_or(&whole) {
                    let to = offset + part.start..offset + part.end;
                    if file.len() < to.end {
                        file.resize(to.end, 0);
                    }
                    let from = bytes.start + part.start..bytes.start + part.end;
                    file[to].copy_from_slice(&log[from]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct All(bool);

    impl Survives for All {
        fn name(&mut self, _: usize) -> bool {
            self.0
        }
        fn write(&mut self, _: usize, _: usize, bytes: usize) -> Vec<Range<usize>> {
            self.0.then_some(0..bytes).into_iter().collect()
        }
        fn len(&mut self, _: usize) -> bool {
            self.0
        }
    }

    /// A file `/r/a` that gets `xy`, with a sync of some files begun at once or behind the write.
    #[track_caller]
    fn check(synced: &[(u64, bool)], keep: bool, expected: Option<&str>) {
        let log = b"xy";
        let mut events = vec![
            What::Create {
                file: 7,
                path: "/r/f/a".into(),
                folder: false,
            },
            What::Write {
                file: 7,
                offset: 0,
                bytes: 0..2,
            },
        ];
        for (id, (file, early)) in (0_u64..).zip(synced) {
            let begin = if *early { 0 } else { events.len() };
            events.insert(begin, What::SyncBegin { id });
            events.push(What::SyncEnd {
                id,
                file: *file,
                dropped: false,
            });
        }
        let folder = What::Create {
            file: 5,
            path: "/r/f".into(),
            folder: true,
        };
        let mut disk = Disk::new(Path::new("/r"), 1);
        for (at, what) in std::iter::once(folder).chain(events).enumerate() {
            disk.take(at, &Event { at_ns: 0, what }, log);
        }
        // The folder's own name is not what is asked about.
        disk.nodes[0].sync(usize::MAX, log);
        let target = tempfile::tempdir().unwrap();
        disk.write_to(target.path(), log, &mut All(keep));
        let found = fs::read_to_string(target.path().join("f/a")).ok();
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_write_is_safe_once_its_file_and_its_folder_are_synced() {
        check(&[], false, None);
        check(&[], true, Some("xy"));
        check(&[(7, false)], false, None);
        check(&[(5, false)], false, Some(""));
        check(&[(7, false), (5, false)], false, Some("xy"));
        check(&[(7, true), (5, false)], false, Some(""));
    }
}

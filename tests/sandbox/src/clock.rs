//! The time of a world, which specs move: seals, links, messages and leavers can be months old.
//!
//! The stand-ins ask [`Clock::now`]. The functions and the operator's program are asked nothing: they are started with a
//! small library in C (`clock.c`) that answers in place of the C library when they look at the time of day. So nothing
//! that is deployed knows of this. It works on Linux alone, where `LD_PRELOAD` does.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use jiff::{SignedDuration, Timestamp};
use tempfile::NamedTempFile;

/// What answers in place of the C library.
const SOURCE: &str = include_str!("clock.c");

/// The seconds of a day.
const DAY: i64 = 24 * 3600;

/// The time of a world.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// How many seconds it is ahead of the real time.
    ahead: AtomicI64,
    /// What tells it to processes, if there are any that go by this clock.
    shared: OnceLock<Shared>,
}

#[derive(Debug)]
struct Shared {
    library: &'static Path,
    /// It holds the seconds.
    file: NamedTempFile,
}

impl Clock {
    /// What time it is in the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.ahead.load(Ordering::Relaxed))
    }

    /// Lets so much time pass at once, in whole seconds. It never goes back.
    ///
    /// # Panics
    ///
    /// If the functions do not go by this clock: see [`World::gets_a_clock`](crate::World::gets_a_clock).
    pub fn passes(&self, time: SignedDuration) {
        assert!(!time.is_negative() && time.subsec_nanos() == 0, "whole seconds, and never back");
        let seconds = time.as_secs();
        let Shared { file, .. } = self.0.shared.get().expect("the spec has said world.gets_a_clock()");
        let ahead = self.0.ahead.fetch_add(seconds, Ordering::Relaxed) + seconds;
        write(file.as_file(), ahead).expect("the file is there");
    }

    /// Makes ready to tell the time to processes. It is noon then, so nothing that takes seconds crosses a midnight.
    pub(crate) fn set_up(&self) -> anyhow::Result<()> {
        static LIBRARY: LazyLock<Result<PathBuf, String>> =
            LazyLock::new(|| library().map_err(|error| format!("{error:#}")));

        let library = LIBRARY.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        let file = NamedTempFile::new().context("there is no place for a file")?;
        let noon = (DAY + DAY / 2 - Timestamp::now().as_second().rem_euclid(DAY)) % DAY;
        write(file.as_file(), noon)?;
        if self.0.shared.set(Shared { library, file }).is_ok() {
            self.0.ahead.store(noon, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What has to be in the environment of a process: nothing, if it goes by the real time.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let variables = |Shared { library, file }: &Shared| {
            let [library, file] = [library, file.path()].map(|it| it.display().to_string());
            vec![("LD_PRELOAD", library), ("SANDBOX_CLOCK", file)]
        };
        self.0.shared.get().map(variables).unwrap_or_default()
    }
}

/// Where the library is. It is built when it is first needed, whatever else needs it at the same time.
fn library() -> anyhow::Result<PathBuf> {
    ensure!(cfg!(target_os = "linux"), "only on Linux can a clock be moved");
    let mut hasher = DefaultHasher::new();
    SOURCE.hash(&mut hasher);
    let target = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clock"));
    let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let library = target.join(format!("{}-{:016x}.so", std::env::consts::ARCH, hasher.finish()));
    // The loader takes it for a list, and goes on without what it does not find.
    let is_list = library.to_string_lossy().contains([' ', ':']);
    ensure!(!is_list, "a clock needs a path without spaces and colons: {}", library.display());
    if library.exists() {
        return Ok(library);
    }
    fs::create_dir_all(&target)?;
    let built = NamedTempFile::new_in(&target)?.into_temp_path();
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(&built);
    compiler.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/clock.c"));
    let output =
        compiler.output().context("there is no C compiler called cc, which the clock of a world needs")?;
    ensure!(output.status.success(), "clock.c does not build: {}", String::from_utf8_lossy(&output.stderr));
    built.persist(&library)?;
    Ok(library)
}

/// The file must never be empty meanwhile: who looks at it then would die.
fn write(file: &File, ahead: i64) -> anyhow::Result<()> {
    Ok(file.write_all_at(&ahead.to_ne_bytes(), 0)?)
}

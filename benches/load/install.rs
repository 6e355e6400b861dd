//! Finds programs of others, or fetches them into a folder beside the build: no root, no service,
//! nothing that outlives `cargo clean`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};

/// Where what was fetched is.
pub(crate) struct Tools {
    dir: PathBuf,
}

impl Tools {
    /// `target/tools`, as for the tests.
    pub(crate) fn beside_the_build() -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let dir = target.context("the target folder")?.join("tools");
        Ok(Self { dir })
    }

    /// Where a program is, if it is here.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
        let own = ["usr/sbin", "usr/bin"].map(|dir| self.dir.join(dir));
        let dirs = env::split_paths(&path).chain(system).chain(own);
        dirs.map(|dir| dir.join(program))
            .find(|file| file.is_file())
    }

    /// Where libraries of unpacked packages are.
    pub(crate) fn libraries(&self) -> PathBuf {
        let machine = format!("{}-linux-gnu", env::consts::ARCH);
        self.dir.join("usr/lib").join(machine)
    }

    /// Unpacks a Debian package, and those it needs that the system does not have.
    pub(crate) fn unpack(&self, package: &str) -> Result<()> {
        eprintln!("load: unpacking {package} into {}", self.dir.display());
        let debs = self.dir.join("deb");
        // What was left half fetched is fetched anew.
        let _ = fs::remove_dir_all(&debs);
        fs::create_dir_all(&debs)?;
        let missing = ["install", "-qq", "--no-install-recommends", "--print-uris"];
        let mut list = Command::new("apt-get");
        list.args(missing)
            .args(["-o", "Debug::NoLocking=1", package]);
        let list = finish(&mut list, package)?;
        let list = String::from_utf8_lossy(&list.stdout);
        // 'http://…' name_version_architecture.deb 1234
        let files = list.lines().filter_map(|line| line.split(' ').nth(1));
        let names: Vec<&str> = files.filter_map(|file| file.split('_').next()).collect();
        let mut download = Command::new("apt-get");
        download.args(["-qq", "-o", "APT::Sandbox::User=root", "download"]);
        finish(download.args(names).current_dir(&debs), package)?;
        for deb in fs::read_dir(&debs)? {
            let mut unpack = Command::new("dpkg-deb");
            finish(unpack.arg("-x").arg(deb?.path()).arg(&self.dir), package)?;
        }
        Ok(())
    }

    /// A Python environment with a package from `PyPI`; where its programs are.
    pub(crate) fn python(&self, name: &str, package: &str) -> Result<PathBuf> {
        let venv = self.dir.join(name);
        let programs = venv.join("bin");
        if !programs.join(name).is_file() {
            eprintln!("load: installing {package} into {}", venv.display());
            finish(
                Command::new("python3").args(["-m", "venv"]).arg(&venv),
                package,
            )?;
            let mut install = Command::new(programs.join("python"));
            let pip = [
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ];
            finish(install.args(pip).arg(package), package)?;
        }
        Ok(programs)
    }
}

fn finish(command: &mut Command, package: &str) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| {
        format!("{package} is not here and cannot be fetched without {program}: install {package}")
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{package} cannot be fetched, install it. {program} said: {}",
            said.trim()
        );
    }
    Ok(output)
}

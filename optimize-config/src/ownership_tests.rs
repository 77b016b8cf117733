use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A directory with a program in it.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::TempDir::new().unwrap();
    fs::create_dir(directory.path().join("bin")).unwrap();
    fs::write(directory.path().join("bin/program"), "#!/bin/sh\n").unwrap();
    set(directory.path(), "bin", 0o755);
    set(directory.path(), "bin/program", 0o755);
    directory
}

fn set(directory: &Path, name: &str, mode: u32) {
    fs::set_permissions(directory.join(name), Permissions::from_mode(mode)).unwrap();
}

fn problem(directory: &Path, name: &str) -> String {
    match check_program(&directory.join(name)) {
        Ok(()) => "none".to_owned(),
        Err(problem) => problem.to_string().replace(directory.to_str().unwrap(), "[DIRECTORY]"),
    }
}

#[test]
fn a_program_and_every_directory_above_it_must_be_closed_to_others() {
    let directory = directory();
    assert_eq!(problem(directory.path(), "bin/program"), "none");
    for mode in [0o777, 0o775, 0o757] {
        set(directory.path(), "bin/program", mode);
        assert_eq!(
            problem(directory.path(), "bin/program"),
            "other users can write to [DIRECTORY]/bin/program",
            "{mode:o}"
        );
    }
    set(directory.path(), "bin/program", 0o755);
    for mode in [0o777, 0o775] {
        set(directory.path(), "bin", mode);
        assert_eq!(problem(directory.path(), "bin/program"), "other users can write to [DIRECTORY]/bin", "{mode:o}");
    }
    // Others can add files there, and cannot replace those of the user.
    set(directory.path(), "bin", 0o1777);
    assert_eq!(problem(directory.path(), "bin/program"), "none");
    set(directory.path(), "bin/program", 0o644);
    assert_eq!(problem(directory.path(), "bin/program"), "[DIRECTORY]/bin/program is not executable");
    assert!(check_file(&directory.path().join("bin/program")).is_ok());
    assert_eq!(problem(directory.path(), "bin"), "[DIRECTORY]/bin is not a file");
    assert!(problem(directory.path(), "bin/nothing").contains("No such file"));
}

#[test]
fn links_are_followed_and_their_own_directories_count() {
    let directory = directory();
    fs::create_dir(directory.path().join("open")).unwrap();
    symlink("../bin/program", directory.path().join("open/link")).unwrap();
    symlink("bin", directory.path().join("directory-link")).unwrap();
    assert_eq!(problem(directory.path(), "open/link"), "none");
    assert_eq!(problem(directory.path(), "directory-link/program"), "none");
    set(directory.path(), "open", 0o777);
    assert_eq!(
        problem(directory.path(), "open/link"),
        "other users can write to [DIRECTORY]/open",
        "the link can be replaced"
    );
    fs::write(directory.path().join("open/program"), "").unwrap();
    set(directory.path(), "open/program", 0o755);
    symlink("../open/program", directory.path().join("bin/into-open")).unwrap();
    assert_eq!(problem(directory.path(), "bin/into-open"), "other users can write to [DIRECTORY]/open");
    symlink("loop", directory.path().join("loop")).unwrap();
    assert!(problem(directory.path(), "loop").contains("too many symbolic links"));
}

#[test]
fn the_script_of_an_interpreter_counts_as_the_program() {
    let directory = directory();
    let script = directory.path().join("bin/program").display().to_string();
    let command = |script: &str| ["/bin/sh", "-e", script, "argument"].map(str::to_owned);
    assert!(check_command(&command(&script)).is_ok());
    set(directory.path(), "bin/program", 0o666);
    assert!(check_command(&command(&script)).is_err());
    assert!(check_command(&command("not a path")).is_ok());
    assert!(check_command(&["/bin/nothing".to_owned()]).is_err());
}

#[test]
fn what_belongs_to_another_user_does_not_count() {
    let directory = directory();
    let program = directory.path().join("bin/program");
    // Only root can give files away.
    if std::os::unix::fs::chown(&program, Some(65_534), None).is_err() {
        return;
    }
    assert_eq!(problem(directory.path(), "bin/program"), "[DIRECTORY]/bin/program belongs to another user");
    std::os::unix::fs::chown(&program, Some(0), None).unwrap();
    std::os::unix::fs::chown(directory.path().join("bin"), Some(65_534), None).unwrap();
    assert_eq!(problem(directory.path(), "bin/program"), "[DIRECTORY]/bin belongs to another user");
}

#[test]
fn a_record_that_others_can_change_is_not_read() {
    let directory = directory();
    let path = directory.path().join("bin/record");
    assert!(read_own(&path).unwrap().is_none());
    fs::write(&path, "{}").unwrap();
    set(directory.path(), "bin/record", 0o600);
    assert_eq!(read_own(&path).unwrap().unwrap(), b"{}");
    set(directory.path(), "bin/record", 0o606);
    assert_eq!(read_own(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
}

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A directory with a program in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::write(folder.path().join("bin/program"), "#!/bin/sh\n").unwrap();
    set(folder.path(), "bin", 0o755);
    set(folder.path(), "bin/program", 0o755);
    folder
}

fn set(folder: &Path, name: &str, mode: u32) {
    fs::set_permissions(folder.join(name), Permissions::from_mode(mode)).unwrap();
}

fn problem(folder: &Path, name: &str) -> String {
    match check_program(&folder.join(name)) {
        Ok(()) => "none".to_owned(),
        Err(problem) => problem.to_string().replace(folder.to_str().unwrap(), "[FOLDER]"),
    }
}

#[test]
fn a_program_and_every_directory_above_it_must_be_closed_to_others() {
    let folder = folder();
    assert_eq!(problem(folder.path(), "bin/program"), "none");
    for mode in [0o777, 0o775, 0o757] {
        set(folder.path(), "bin/program", mode);
        assert_eq!(problem(folder.path(), "bin/program"), "other users can write to [FOLDER]/bin/program", "{mode:o}");
    }
    set(folder.path(), "bin/program", 0o755);
    for mode in [0o777, 0o775] {
        set(folder.path(), "bin", mode);
        assert_eq!(problem(folder.path(), "bin/program"), "other users can write to [FOLDER]/bin", "{mode:o}");
    }
    // Others can add files there, and cannot replace those of the user.
    set(folder.path(), "bin", 0o1777);
    assert_eq!(problem(folder.path(), "bin/program"), "none");
    set(folder.path(), "bin/program", 0o644);
    assert_eq!(problem(folder.path(), "bin/program"), "[FOLDER]/bin/program is not executable");
    assert!(check_file(&folder.path().join("bin/program")).is_ok());
    assert_eq!(problem(folder.path(), "bin"), "[FOLDER]/bin is not a file");
    assert!(problem(folder.path(), "bin/nothing").contains("No such file"));
}

#[test]
fn links_are_followed_and_their_own_directories_count() {
    let folder = folder();
    fs::create_dir(folder.path().join("open")).unwrap();
    symlink("../bin/program", folder.path().join("open/link")).unwrap();
    symlink("bin", folder.path().join("folder-link")).unwrap();
    assert_eq!(problem(folder.path(), "open/link"), "none");
    assert_eq!(problem(folder.path(), "folder-link/program"), "none");
    set(folder.path(), "open", 0o777);
    assert_eq!(
        problem(folder.path(), "open/link"),
        "other users can write to [FOLDER]/open",
        "the link can be replaced"
    );
    fs::write(folder.path().join("open/program"), "").unwrap();
    set(folder.path(), "open/program", 0o755);
    symlink("../open/program", folder.path().join("bin/into-open")).unwrap();
    assert_eq!(problem(folder.path(), "bin/into-open"), "other users can write to [FOLDER]/open");
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(problem(folder.path(), "loop").contains("too many symbolic links"));
}

#[test]
fn the_script_of_an_interpreter_counts_as_the_program() {
    let folder = folder();
    let script = folder.path().join("bin/program").display().to_string();
    let command = |script: &str| ["/bin/sh", "-e", script, "argument"].map(str::to_owned);
    assert!(check_command(&command(&script)).is_ok());
    set(folder.path(), "bin/program", 0o666);
    assert!(check_command(&command(&script)).is_err());
    assert!(check_command(&command("not a path")).is_ok());
    assert!(check_command(&["/bin/nothing".to_owned()]).is_err());
}

#[test]
fn what_belongs_to_another_user_does_not_count() {
    let folder = folder();
    let program = folder.path().join("bin/program");
    // Only root can give files away.
    if std::os::unix::fs::chown(&program, Some(65_534), None).is_err() {
        return;
    }
    assert_eq!(problem(folder.path(), "bin/program"), "[FOLDER]/bin/program belongs to another user");
    std::os::unix::fs::chown(&program, Some(0), None).unwrap();
    std::os::unix::fs::chown(folder.path().join("bin"), Some(65_534), None).unwrap();
    assert_eq!(problem(folder.path(), "bin/program"), "[FOLDER]/bin belongs to another user");
}

#[test]
fn a_record_that_others_can_change_is_not_read() {
    let folder = folder();
    let path = folder.path().join("bin/record");
    assert!(read_own(&path).unwrap().is_none());
    fs::write(&path, "{}").unwrap();
    set(folder.path(), "bin/record", 0o600);
    assert_eq!(read_own(&path).unwrap().unwrap(), b"{}");
    set(folder.path(), "bin/record", 0o606);
    assert_eq!(read_own(&path).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
}
